"""The tests' own PostgreSQL goes with the last process that uses it, even one that is killed."""

import os
import secrets
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from tests.support.postgresql import public_folder

PATIENCE_SECONDS = 60
HOLD = (
    "import sys; from tests.support.postgresql import shared_server\n"
    "with shared_server(sys.argv[1]) as dsn: print(dsn, flush=True); sys.stdin.read()"
)


def hold(session: str) -> tuple[subprocess.Popen[str], str]:
    """A process that uses the session's server, and the server's connection string."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, session],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_the_server_is_shared_and_ends_with_its_last_user() -> None:
    session = secrets.token_hex(6)
    room = public_folder() / f"genkan-tests-{os.geteuid()}-{session}"
    first, dsn = hold(session)
    second, same = hold(session)
    assert same == dsn
    first.send_signal(signal.SIGKILL)
    first.wait()
    with psycopg.connect(f"{dsn} dbname=postgres") as raw:
        assert raw.execute("SELECT 1").fetchone() == (1,)
    second.send_signal(signal.SIGKILL)
    second.wait()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while room.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not room.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"{dsn} dbname=postgres")
    for process in (first, second):
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()
