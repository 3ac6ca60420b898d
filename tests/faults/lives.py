"""Servers whose lives are short: started by forking, killed at a step, started again."""

import json
import os
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.support.server import END_SECONDS, START_SECONDS, Server, free_port

_USUAL = {
    "steps": None,
    "die_at": None,
    "by": signal.SIGKILL,
    "together": None,
    "lease_ms": None,
    "knobs": None,
}


class Step(NamedTuple):
    """Where a life ends: a transaction's name, a moment ("ran" or "committed"), its occurrence."""

    name: str
    moment: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.name}#{self.occurrence} {self.moment}"


class Born:
    """One process of the cradle's."""

    def __init__(self, cradle: "Cradle", pid: int) -> None:
        self._cradle = cradle
        self.pid = pid
        self.ended: int | None = None

    def running(self) -> bool:
        """Whether it goes on."""
        return self._cradle.code_of(self) is None

    def wait(self, seconds: float = END_SECONDS) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        deadline = time.monotonic() + seconds
        while (code := self._cradle.code_of(self)) is None:
            assert time.monotonic() < deadline, "the life did not end in time"
            time.sleep(0.002)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens to one that is over."""
        self._cradle.signal(self, number)


class Cradle:
    """The program `dying_server`. May be used by several threads."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.dying_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._lock = threading.RLock()
        self._unread = b""
        self._births: list[int] = []
        self._codes: dict[int, int] = {}
        self._only: Born | None = None

    def bear(self, order: Mapping[str, object], *, only: bool = False) -> Born:
        """Begin a life. `only`: one that a failed test left of these is ended first."""
        with self._lock:
            if only and self._only is not None:
                self._only.signal(signal.SIGKILL)
                self._only.wait()
            self._say({**_USUAL, **order})
            born = Born(self, self._next_birth())
            if only:
                self._only = born
        return born

    def code_of(self, born: Born) -> int | None:
        """The exit code of a life that is over."""
        with self._lock:
            while self._listen(0):
                pass
            if born.pid in self._codes:
                born.ended = self._codes.pop(born.pid)
                self._say({"forget": born.pid})
        return born.ended

    def signal(self, born: Born, number: signal.Signals) -> None:
        """Send a signal; the process id is not another's before the end was read."""
        with self._lock:
            if born.ended is None:
                os.kill(born.pid, number)

    def _next_birth(self) -> int:
        deadline = time.monotonic() + START_SECONDS
        self._births.clear()
        while not self._births:
            assert self._listen(deadline - time.monotonic()), "no life begins"
        return self._births.pop()

    def _say(self, order: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    def _listen(self, seconds: float) -> bool:
        """Hear one piece of what is said within so many seconds, if anything is."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, seconds))
        if not ready:
            return False
        heard = os.read(self._process.stdout.fileno(), 65536)
        assert heard, "the cradle fell"
        *lines, self._unread = (self._unread + heard).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if "born" in event:
                self._births.append(event["born"])
            else:
                self._codes[event["ended"]] = event["code"]
        return True

    def close(self) -> None:
        """No more lives; those that are left end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=END_SECONDS)


class Life(Server):
    """One life of `genkan up` on a data directory; see `dying_server.Order`."""

    def __init__(
        self,
        cradle: Cradle,
        data_dir: Path,
        *,
        port: int | None = None,
        fresh: bool = False,
        options: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        die_at: Step | None = None,
        steps: Path | None = None,
        together: tuple[str, int] | None = None,
    ) -> None:
        super().__init__(data_dir, port=port or free_port())
        self._cradle = cradle
        self._born: Born | None = None
        self._order = {
            "arguments": [
                *("up", "--port", str(self.port), "--data-dir", str(data_dir)),
                *(["--fresh"] if fresh else []),
                *options,
            ],
            "environment": dict(environment or {}),
            "log": str(data_dir.parent / f"{data_dir.name}.log"),
            "steps": str(steps) if steps else None,
            "die_at": die_at,
            "together": together,
        }

    def answers(self) -> bool:
        """Whether it refuses a foreign host name, which takes it no time."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: foreign\r\n\r\n")
                return connection.recv(12) == b"HTTP/1.1 421"
        except OSError:
            return False

    def begin(self) -> "Life":
        """Start without waiting for an answer."""
        self._born = self._cradle.bear(self._order, only=True)
        return self

    def start(self) -> "Life":
        """Start and wait for the first answer."""
        self.begin()
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if not self.running() or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{self.log()[-4000:]}")
            time.sleep(0.005)
        self.facts = json.loads((self.data_dir / "sandbox.json").read_text())
        return self

    def running(self) -> bool:
        """Whether the life was begun and goes on."""
        return self._born is not None and self._born.running()

    @property
    def ended(self) -> int | None:
        """The exit code of a life that is known to be over."""
        return self._born.ended if self._born is not None else None

    def end(self) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        return self.born.wait()

    @property
    def born(self) -> Born:
        """The process of a life that was begun."""
        assert self._born is not None
        return self._born

    @property
    def pid(self) -> int:
        """Its id."""
        return self.born.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens to a life that is over."""
        self.born.signal(number)

    def stop(self, *, kill: bool = False) -> None:
        """End the life: gracefully, or by SIGKILL."""
        if self._born is not None and self._born.running():
            self.signal(signal.SIGKILL if kill else signal.SIGTERM)
            self.end()

    def jobs_left(self) -> int:
        """How many rows the job table has."""
        raw = sqlite3.connect(self.data_dir / "genkan.sqlite")
        (count,) = raw.execute("SELECT count(*) FROM jobs").fetchone()
        raw.close()
        return int(count)


def copy_of(seeded: Path, to: Path) -> Path:
    """A data directory of its own with the same organization, keys and sessions."""
    shutil.copytree(seeded, to)
    return to
