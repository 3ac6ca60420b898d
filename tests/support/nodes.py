"""An installation as a user runs it: nodes and workers in processes of their own, and a balancer.

Made from the sample organization by `genkan init`. On PostgreSQL any number of `genkan serve` and
`genkan worker`, on SQLite one `genkan serve`. The base URL is the balancer's, which gives each
connection to a node that takes it; a client may also be told to speak to one node only. Any of
them can be killed and started again.
"""

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM, Signals
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import psycopg
from psycopg.conninfo import make_conninfo

from tests.support.forwarder import Forwarder
from tests.support.postgresql import postgres_url
from tests.support.server import (
    ANSWER_SECONDS,
    END_SECONDS,
    START_SECONDS,
    Server,
    free_port,
)

SAMPLE = Path(__file__).parents[2] / "genkan" / "sandbox" / "sample.yaml"
_NODE = """\
base_url = "{base_url}"
listen = "127.0.0.1:{port}"
database = "{database}"
key_file = "{key_file}"
worker = {worker}
log_format = "text"
"""


class Running(Protocol):
    """A process."""

    pid: int

    def running(self) -> bool:
        """Whether it goes on."""

    def signal(self, number: Signals) -> None:
        """Send a signal; nothing happens to one that is over."""

    def wait(self) -> int:
        """Wait for its end; its exit code, negative for a signal."""


Begin = Callable[[Sequence[str], Path], Running]
"""Begins `genkan` with these arguments; what it says is appended to the file."""


class Process:
    """A `genkan` like any user's."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        with log.open("ab") as written:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "genkan.cli", *arguments], stdout=written, stderr=written
            )
        self.pid = self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(timeout=END_SECONDS)


class Member:
    """A node (`serve`) or a worker (`worker`) of an installation."""

    def __init__(self, name: str, command: str, folder: Path, settings: str, port: int) -> None:
        self.name = name
        self.port = port
        self._command = command
        self._settings = folder / f"{name}.toml"
        self._settings.write_text(settings)
        self._settings.chmod(0o600)
        self.log_file = folder / f"{name}.log"
        self.process: Running | None = None
        self._said = 0

    def begin(self, begin: Begin = Process) -> "Member":
        """Start without waiting for anything."""
        self._said = len(self.log)
        self.process = begin([self._command, "--settings", str(self._settings)], self.log_file)
        return self

    def start(self, begin: Begin = Process) -> "Member":
        """Start and wait until it is at work."""
        self.begin(begin)
        self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        """Return once it is at work."""
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if not self.running() or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{self.log[-4000:]}")
            time.sleep(0.005)

    def is_ready(self) -> bool:
        """Whether a node refuses a foreign host name, or a worker said that it works."""
        if self._command == "worker":
            return "Genkan works" in self.log[self._said :]
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: foreign\r\n\r\n")
                return connection.recv(12) == b"HTTP/1.1 421"
        except OSError:
            return False

    def running(self) -> bool:
        """Whether its process goes on."""
        return self.process is not None and self.process.running()

    def signal(self, number: Signals) -> None:
        """Send a signal to the process."""
        assert self.process is not None
        self.process.signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self.end(SIGKILL)

    def end(self, number: Signals = SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code, negative for a signal."""
        if self.process is None:
            return 0
        self.process.signal(number)
        return self.process.wait()

    @property
    def log(self) -> str:
        """What all its processes wrote."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""


class Nodes(Server):
    """`nodes` of them that serve, `workers` that only work, on `database` as settings name it.

    `begin` starts a process of a member. `works`: whether serving nodes work on jobs, too.
    """

    def __init__(
        self,
        folder: Path,
        database: str,
        *,
        nodes: int = 1,
        workers: int = 0,
        works: bool = True,
        begin: Begin = Process,
        port: int | None = None,
    ) -> None:
        super().__init__(folder, port=port or free_port())
        folder.mkdir(exist_ok=True, parents=True)
        self.folder = folder
        self.database = database
        self._begin = begin
        self._works = works
        self.key_file = folder / "key"
        self.serving = [self._member(f"node{number}", "serve") for number in range(nodes)]
        self.working = [self._member(f"worker{number}", "worker") for number in range(workers)]
        self.balancer: Forwarder | None = None

    def _member(self, name: str, command: str, database: str = "") -> Member:
        port = free_port()
        settings = _NODE.format(
            base_url=self.url,
            port=port,
            database=database or self.database,
            key_file=self.key_file,
            worker="true" if self._works else "false",
        )
        return Member(name, command, self.folder, settings, port)

    def another(self, name: str, command: str, database: str = "") -> Member:
        """One more member, not started; it may reach the database by another way."""
        member = self._member(name, command, database)
        (self.serving if command == "serve" else self.working).append(member)
        return member

    def make(self, seed: Path = SAMPLE) -> "Nodes":
        """`genkan init` in the empty database."""
        descriptor = os.open(self.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)))
        settings = self.folder / f"{self.serving[0].name}.toml"
        handed = self.folder / "handed.json"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "genkan.cli", "init", "--settings", str(settings)),
                *("--seed", str(seed), "--output", str(handed)),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
        if done.returncode != 0:
            raise RuntimeError(f"genkan init: {done.stderr}")
        return self.take(handed, self.key_file)

    def take(self, handed: Path, key_file: Path) -> "Nodes":
        """Use an installation that was made before: what init handed over, and its key.

        The address is a node's setting, so that an installation may move.
        """
        text = handed.read_text()
        self.facts = json.loads(text.replace(json.loads(text)["base_url"], self.url))
        if key_file != self.key_file:
            self.key_file.write_bytes(key_file.read_bytes())
            self.key_file.chmod(0o600)
        return self

    def start(self) -> "Nodes":
        """Start every member and the balancer, and wait until all are at work."""
        self.balancer = self.balancer or Forwarder(self._ports, self.port)
        for member in self.members:
            member.begin(self._begin)
        for member in self.members:
            member.wait_until_ready()
        return self

    def _ports(self) -> list[int]:
        return [member.port for member in self.serving]

    @property
    def members(self) -> list[Member]:
        """Nodes, then workers."""
        return [*self.serving, *self.working]

    def kill(self, number: int) -> None:
        """SIGKILL a serving node."""
        self.serving[number].kill()

    def restart(self, number: int) -> None:
        """Start a serving node that is over."""
        self.revive(self.serving[number])

    def revive(self, member: Member) -> None:
        """Start a member that is over, and wait until it is at work."""
        member.start(self._begin)

    def stop(self, *, kill: bool = False) -> None:
        """End every member, and the balancer."""
        for member in self.members:
            if member.running():
                member.signal(SIGCONT)
                member.end(SIGKILL if kill else SIGTERM)
        if self.balancer is not None:
            self.balancer.close()
            self.balancer = None

    def log(self) -> str:
        """What all members wrote."""
        return "\n".join(f"== {member.name}\n{member.log}" for member in self.members)

    def client(
        self,
        service: str,
        credentials: Mapping[str, str] | None = None,
        *,
        node: int | None = None,
    ) -> Any:
        """A boto3 client as `Server.client`; it speaks to one node only if that is named."""
        made = super().client(service, credentials)
        if node is not None:
            port = self.serving[node].port

            def turn_aside(request: Any, **_: Any) -> None:
                # After the signature, which is of the base URL's host.
                request.headers["Host"] = urlsplit(self.url).netloc
                request.url = request.url.replace(self.url, f"http://127.0.0.1:{port}", 1)

            made.meta.events.register("before-send.*", turn_aside)
        return made

    def http(self, node: int | None = None) -> httpx.Client:
        """A client of the base URL; it speaks to one node only if that is named."""
        if node is None:
            return httpx.Client(base_url=self.url, timeout=ANSWER_SECONDS)
        return httpx.Client(
            base_url=self.url, timeout=ANSWER_SECONDS, transport=_ToOneNode(self.serving[node].port)
        )


class _ToOneNode(httpx.HTTPTransport):
    """Sends what is meant for the base URL to a port of the loopback."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        turned_aside = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1", port=self._port),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return super().handle_request(turned_aside)


@contextmanager
def new_database(dsn: str, template: str = "template0") -> Iterator[str]:
    """A database of its own on the server of `dsn`, as settings name it; dropped at the end."""
    name = f"genkan_{secrets.token_hex(6)}"
    with psycopg.connect(dsn, autocommit=True) as raw:
        raw.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    try:
        yield postgres_url(make_conninfo(dsn, dbname=name))
    finally:
        with psycopg.connect(dsn, autocommit=True) as raw:
            raw.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
