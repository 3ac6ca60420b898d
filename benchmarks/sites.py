"""The servers that are measured: `genkan up` on SQLite, moto's server. All on this machine.

A `Site` is what an operation needs to know of a server, whichever it is. Where there are two cores
and the server is one process, it is pinned to one and the client to another.
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from benchmarks import stores
from benchmarks.dataset import Scale
from benchmarks.wire import FORM, JSON11, Signer
from tests.support.server import Server, free_port

GENKAN, MOTO = "genkan", "moto"
QUOTAS = {"GENKAN_QUOTAS": "users=1000000, account_assignment_requests=10000"}
"""For the servers: the large data set is as large as AWS lets one be, and writes add to it."""
SETTLE_SECONDS = 240.0
_MOTO_USERS = 200
_MOTO_STORE = "d-9067f8b1c2"


@dataclass(kw_only=True)
class Site:
    """A running server with its data. `kept` is what operations remember from run to run.

    `pids` are the server's own processes, `database_pids` those of a database server behind it.
    `unsealed` tells how many audit records are not sealed yet, `users` how many users there are.
    """

    kind: str
    host: str
    ports: Sequence[int]
    pids: Sequence[int]
    facts: dict[str, Any]
    database_pids: Callable[[], Sequence[int]] = tuple
    unsealed: Callable[[], int] = int
    users: int = 0
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://{self.host}"

    def user(self, name: str) -> dict[str, str]:
        """A sample user's entry, with the password."""
        return next(user for user in self.facts["users"] if user["user_name"] == name)

    def signer(self, service: str) -> Signer:
        """Signs with the administrator's key."""
        key = self.facts["administrator"]
        return Signer(
            key["access_key_id"],
            key["secret_access_key"],
            self.facts["region"],
            service,
            self.host,
            FORM if service == "sts" else JSON11,
        )

    def client(self, service: str) -> Any:
        """A boto3 client with the administrator's key."""
        key = self.facts["administrator"]
        made: Any = boto3.client
        return made(
            service,
            endpoint_url=self.url,
            region_name=self.facts["region"],
            aws_access_key_id=key["access_key_id"],
            aws_secret_access_key=key["secret_access_key"],
        )

    def memory_mib(self) -> float:
        """Resident memory of the server's processes together."""
        return sum(_resident(pid) for pid in self.pids)


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def pin(pids: Sequence[int]) -> None:
    """Every thread of the server to the first core, this process to the second."""
    if (os.cpu_count() or 1) < 2 or not hasattr(os, "sched_setaffinity"):
        return
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(thread.name), {0})
    os.sched_setaffinity(0, {1})


def unpin() -> None:
    """Let this process, and what it starts, run on any core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


@contextlib.contextmanager
def on_sqlite(name: str, scale: Scale) -> Iterator[Site]:
    """`genkan up` on a copy of the data set."""
    unpin()
    with tempfile.TemporaryDirectory(prefix="genkan-bench-") as directory:
        data_dir = stores.sqlite_directory(name, scale, Path(directory) / "data")
        server = Server(data_dir, environment=QUOTAS).start()
        assert server.process is not None
        site = Site(
            kind=GENKAN,
            host=f"localhost:{server.port}",
            ports=(server.port,),
            pids=(server.process.pid,),
            facts=server.facts,
            unsealed=lambda: _unsealed(data_dir / "genkan.sqlite"),
            users=scale.users,
        )
        try:
            pin(site.pids)
            yield site
        finally:
            server.stop()


def _unsealed(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
        (count,) = raw.execute("SELECT COUNT(*) FROM audit_events WHERE batch = 0").fetchone()
        return int(count)


def settled(site: Site, seconds: float = SETTLE_SECONDS) -> bool:
    """Wait until the audit trail is sealed, so that nothing measured pays for what came before.

    False when it takes longer than so many seconds.
    """
    deadline = time.monotonic() + seconds
    while site.unsealed():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.25)
    return True


def first_answer(data_dir: Path) -> float:
    """Seconds from starting the process to its first answer, on an existing data directory."""
    server = Server(data_dir)
    began = time.perf_counter()
    server.start()
    elapsed = time.perf_counter() - began
    server.stop()
    return elapsed


@contextlib.contextmanager
def on_moto() -> Iterator[Site]:
    """moto's server with a few hundred users."""
    unpin()
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        site = Site(
            kind=MOTO,
            host=f"127.0.0.1:{port}",
            ports=(port,),
            pids=(process.pid,),
            facts={
                "administrator": {"access_key_id": "AKIAEXAMPLE", "secret_access_key": "example"},
                "region": "us-east-1",
                "identity_store_id": _MOTO_STORE,
                "users": [],
            },
        )
        client = site.client("identitystore")
        for number in range(_MOTO_USERS):
            client.create_user(
                IdentityStoreId=_MOTO_STORE,
                UserName=f"user{number:06d}",
                DisplayName="Yuki Sato",
                Name={"GivenName": "Yuki", "FamilyName": "Sato"},
                Title="Engineer",
                PreferredLanguage="en",
                Emails=[
                    {"Value": f"user{number:06d}@sakura.example", "Type": "work", "Primary": True}
                ],
            )
        pin(site.pids)
        yield site
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5).close()
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("moto's server did not start")
        time.sleep(0.1)
