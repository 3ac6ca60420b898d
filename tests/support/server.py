"""A real `genkan up` in a process of its own, and clients for it.

`tests.support.installation` has a server with the same interface on PostgreSQL. What a test wants
of either is had by `facts`, `place`, `kek`, `reset()` and clients; `data_dir` is a sandbox's own.
"""

import errno
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config

from genkan.db.place import Place, SqlitePlace
from genkan.keys.kek import KeyEncryptionKey, read_key

START_SECONDS = END_SECONDS = 120
ANSWER_SECONDS = 60
"""How long one answer may take where the machine is slow; clients' own limits are for people."""
_TAKEN = frozenset({errno.EADDRINUSE, errno.EACCES})


def share_of_ports(worker: int, workers: int) -> range:
    """The ports of one of the processes of a session.

    None of those that the system gives to clients (32768 and up on Linux): a connection of another
    test could have it before the server has.
    """
    return range(15_000, 32_000)[worker % workers :: workers]


def _ports() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = share_of_ports(worker, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    first = random.SystemRandom().randrange(len(share))
    return itertools.cycle((*share[first:], *share[:first]))


_PORTS = _ports()


def free_port() -> int:
    """A port of both loopbacks that nothing listens on now.

    It is this test's from now on, although a server may come late or go and come back: no other
    test of the session is given it.
    """
    return next(port for port in _PORTS if not _is_taken(port))


def _is_taken(port: int) -> bool:
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.bind((address, port))
        except OSError as error:
            if error.errno in _TAKEN:  # and not: no IPv6 here
                return True
    return False


class Server:
    """`genkan up` on a data directory. `facts` is sandbox.json."""

    engine = "sqlite"
    nodes = 1
    """Processes that answer."""

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        fresh: bool = False,
        command: tuple[str, ...] = ("-m", "genkan.cli"),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self._command = [
            sys.executable,
            *command,
            "up",
            "--port",
            str(self.port),
            "--data-dir",
            str(data_dir),
            *(["--fresh"] if fresh else []),
        ]
        self._environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen[str] | None = None
        self.facts: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://localhost:{self.port}"

    @property
    def place(self) -> Place:
        """Where its data is."""
        return SqlitePlace(self.data_dir / "genkan.sqlite")

    @property
    def kek(self) -> KeyEncryptionKey:
        """What its secrets are sealed with."""
        return read_key(self.data_dir / "key")

    @property
    def cookie_suffix(self) -> str:
        """What the names of its cookies end in: browsers share cookies between ports."""
        return f"_{self.port}"

    def files(self) -> list[Path]:
        """Every file in which its data is, and those beside."""
        return sorted(self.data_dir.iterdir())

    def start(self) -> Self:
        """Start and wait for the first answer."""
        with self._log_file.open("a") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=log, text=True, env=self._environment
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop(kill=True)
                raise RuntimeError(f"the server did not start:\n{self.log()[-4000:]}")
            time.sleep(0.02)
        self.facts = self.read_facts()
        return self

    def read_facts(self) -> dict[str, Any]:
        """What is told to whoever may enter first."""
        facts: dict[str, Any] = json.loads((self.data_dir / "sandbox.json").read_text())
        return facts

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(
                    b"GET /robots.txt HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % self.port
                )
                return connection.recv(12).startswith(b"HTTP/1.1")
        except OSError:
            return False

    @property
    def _log_file(self) -> Path:
        return self.data_dir.parent / f"{self.data_dir.name}.log"

    def log(self) -> str:
        """What the process wrote so far; a line may be on its way, half a character of it here."""
        return self._log_file.read_text(errors="replace")

    def stop(self, *, kill: bool = False) -> None:
        """End the process: gracefully, or by SIGKILL."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            self.process.wait(timeout=END_SECONDS)

    def reset(self) -> None:
        """Put the organization back to its seed."""
        request = urllib.request.Request(self.facts["reset_url"], method="POST")
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            assert answer.status == 204

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A boto3 client, by default with the administrator's key. It does not retry."""
        keys = dict(credentials or self.facts["administrator"])
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=self.facts["region"],
            aws_access_key_id=keys["access_key_id"],
            aws_secret_access_key=keys["secret_access_key"],
            aws_session_token=keys.get("session_token"),
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )

    def user(self, user_name: str) -> dict[str, str]:
        """A sample user's entry."""
        return next(user for user in self.facts["users"] if user["user_name"] == user_name)

    def account(self, alias: str) -> str:
        """A sample account's id."""
        return next(entry["id"] for entry in self.facts["accounts"] if entry["alias"] == alias)
