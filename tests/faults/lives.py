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
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.support.server import START_SECONDS, Server, free_port

END_SECONDS = 60


class Step(NamedTuple):
    """Where a life ends: a transaction's name, a moment ("ran" or "committed"), its occurrence."""

    name: str
    moment: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.name}#{self.occurrence} {self.moment}"


class Cradle:
    """The program `dying_server`: one life at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.dying_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._living: int | None = None

    def bear(self, order: Mapping[str, object]) -> int:
        """Begin a life; its process id. One that a failed test left is ended first."""
        self._end_what_lives()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._living = self._next_number(START_SECONDS)
        return self._living

    def end_of_life(self) -> int:
        """Wait for the end of the life; its exit code, negative for a signal."""
        code = self._next_number(END_SECONDS)
        self._living = None
        return code

    def says_something(self, seconds: float = 0) -> bool:
        """Whether a line can be read within so many seconds."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        return bool(ready)

    def _next_number(self, seconds: float) -> int:
        assert self.says_something(seconds), "the life neither began nor ended in time"
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """No more lives."""
        self._end_what_lives()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=END_SECONDS)

    def _end_what_lives(self) -> None:
        if self._living is not None:
            os.kill(self._living, signal.SIGKILL)
            self.end_of_life()


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
        self._pid: int | None = None
        self.ended: int | None = None
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
        self._pid = self._cradle.bear(self._order)
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
        """Whether the life goes on: the next line of the program would be its end."""
        return self._pid is not None and self.ended is None and not self._cradle.says_something()

    def end(self) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        if self.ended is None and self._pid is not None:
            self.ended = self._cradle.end_of_life()
        assert self.ended is not None
        return self.ended

    @property
    def pid(self) -> int:
        """The process id of a life that was begun."""
        assert self._pid is not None
        return self._pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens to a life that is over."""
        os.kill(self.pid, number)

    def stop(self, *, kill: bool = False) -> None:
        """End the life: gracefully, or by SIGKILL."""
        if self._pid is not None and self.ended is None:
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
