"""Two `genkan serve` on one PostgreSQL, every request at another one than the request before.

To a test it is one server (`Server`): what one process remembers and the other does not, or what
either knows no longer rightly, shows as a wrong answer.
"""

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from tests.support.alternator import Alternator
from tests.support.installation import PostgresServer, settings_file
from tests.support.server import END_SECONDS, START_SECONDS, free_port

FORGETFUL = "tests.support.forgetful"


class Pair(PostgresServer):
    """`process` is the first node; both write one log."""

    nodes = 2

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.ports = [free_port() for _ in range(self.nodes)]
        self.alternator: Alternator | None = None
        self._commands = [
            [sys.executable, "-m", FORGETFUL, "serve", "--settings", str(self._settings(port))]
            for port in self.ports
        ]
        self._others: list[subprocess.Popen[str]] = []

    def _settings(self, port: int) -> Path:
        return settings_file(
            self.data_dir.parent / f"{self.data_dir.name}-{port}",
            port=port,
            dsn=self._installed.dsn,
            key=self._installed.key,
            base_url=self.url,
        )

    def start(self) -> Self:
        """Start all nodes, and wait for each one's first answer."""
        self._command, *others = self._commands
        with self._log_file.open("a") as log:
            self._others = [
                subprocess.Popen(command, stdout=log, stderr=log, text=True, env=self._environment)
                for command in others
            ]
        self.alternator = Alternator(self.ports, self.port)
        super().start()
        deadline = time.monotonic() + START_SECONDS
        while not all(self._answers() for _ in range(2 * self.nodes)):
            if any(other.poll() is not None for other in self._others):
                raise RuntimeError(f"a node did not start:\n{self.log()[-4000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError("a node does not answer")
            time.sleep(0.02)
        return self

    def reset(self) -> None:
        """Put the organization back to its seed, and let the nodes forget whom they refused."""
        for node in (self.process, *self._others):
            if node is not None:
                node.send_signal(signal.SIGUSR1)
        super().reset()

    def stop(self, *, kill: bool = False) -> None:
        """End all nodes."""
        super().stop(kill=kill)
        for other in self._others:
            (other.kill if kill else other.terminate)()
        for other in self._others:
            with contextlib.suppress(ProcessLookupError):
                other.wait(timeout=END_SECONDS)
        if self.alternator is not None:
            self.alternator.close()
            self.alternator = None
