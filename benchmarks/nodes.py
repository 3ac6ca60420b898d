"""An installation on PostgreSQL, served by one node or two. All share the machine's processors.

The database server is a throw-away one that really waits for the disk. The nodes answer on ports
of their own under one name, as behind a balancer; the load client is the balancer.
"""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import stores
from benchmarks.dataset import Scale
from benchmarks.sites import GENKAN, QUOTAS, Site, unpin
from genkan.sandbox.sample import SAMPLE_FILE
from tests.support.postgresql import Cluster, public_folder
from tests.support.server import free_port

START_SECONDS = 60
_SETTINGS = {
    "autovacuum_naptime": "1min",
    "checkpoint_timeout": "15min",
    "max_wal_size": "4GB",
    "shared_buffers": "1GB",
}


class _Database(Cluster):
    """A server with the memory that a small production one would have."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, fsync=True)
        self._settings |= _SETTINGS

    def pids(self) -> Sequence[int]:
        """The server's processes, those of connections included."""
        assert self._process is not None
        own = self._process.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return [own, *map(int, children)]


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A filled database, and what opens it."""

    database: _Database
    dsn: str
    folder: Path
    port: int
    facts: dict[str, Any]


@contextlib.contextmanager
def installation(scale: Scale) -> Iterator[Installation]:
    """`genkan init` with the sample organization, filled to `scale`."""
    unpin()
    database = _Database(public_folder() / f"genkan-bench-{secrets.token_hex(4)}")
    with tempfile.TemporaryDirectory(prefix="genkan-bench-") as directory:
        folder = Path(directory)
        key = folder / "key"
        key.touch(mode=0o600)
        key.write_text(b64encode(secrets.token_bytes(32)).decode() + "\n")
        try:
            dsn = database.make().start().url()
            port = free_port()
            settings = _settings_file(folder, dsn, port, port)
            _run("init", "--settings", str(settings), "--seed", str(SAMPLE_FILE))
            facts = json.loads((folder / "first.json").read_text())
            stores.fill_postgres(dsn, scale)
            yield Installation(
                database=database,
                dsn=dsn,
                folder=folder,
                port=port,
                facts=facts,
            )
        finally:
            database.remove()


def _settings_file(folder: Path, dsn: str, name: int, port: int) -> Path:
    """The settings of the node that listens on `port` of the installation called `name`."""
    file = folder / f"node{port}.toml"
    file.touch(mode=0o600)
    file.write_text(
        f'base_url = "http://localhost:{name}"\n'
        f'listen = "127.0.0.1:{port}"\n'
        f'database = "{dsn}"\n'
        f'key_file = "{folder / "key"}"\n'
        'log_level = "warning"\n'
    )
    return file


def _run(*arguments: str) -> None:
    folder = Path(arguments[2]).parent
    told = [*arguments, "--output", str(folder / "first.json")]
    done = subprocess.run(
        [sys.executable, "-m", "genkan.cli", *told], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"genkan {arguments[0]}: {done.stderr}")


@contextlib.contextmanager
def on_postgres(made: Installation, count: int) -> Iterator[Site]:
    """`count` nodes that serve an installation."""
    ports = [made.port, *(free_port() for _ in range(count - 1))]
    nodes: list[subprocess.Popen[bytes]] = []
    try:
        for port in ports:
            settings = _settings_file(made.folder, made.dsn, made.port, port)
            with (made.folder / "log").open("ab") as log:
                nodes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "genkan.cli", "serve", "--settings", str(settings)],
                        stdout=log,
                        stderr=log,
                        env={**os.environ, **QUOTAS},
                    )
                )
        for port, node in zip(ports, nodes, strict=True):
            _wait_for(made, port, node)
        yield Site(
            kind=GENKAN,
            host=f"localhost:{made.port}",
            ports=ports,
            pids=[node.pid for node in nodes],
            facts=made.facts,
            database_pids=made.database.pids,
            unsealed=lambda: _unsealed(made.dsn),
        )
    finally:
        for node in nodes:
            node.terminate()
        for node in nodes:
            node.wait(timeout=START_SECONDS)


def _unsealed(dsn: str) -> int:
    with psycopg.connect(dsn) as raw:
        found = raw.execute("SELECT COUNT(*) FROM audit_events WHERE batch = 0").fetchone()
        return int(found[0]) if found else 0


def _wait_for(made: Installation, port: int, node: "subprocess.Popen[bytes]") -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/robots.txt", headers={"Host": f"localhost:{made.port}"}
    )
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(request, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            pass
        if node.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(
                f"a node did not start:\n{(made.folder / 'log').read_text()[-4000:]}"
            )
        time.sleep(0.05)
