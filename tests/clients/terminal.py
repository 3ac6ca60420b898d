"""A pseudo-terminal: a program that asks is answered at its prompts, as a person would.

Owns: starting the program on a terminal of its own, reading what it shows, typing.
Leaves to others: which program, and what the answers are.
Invariant: nothing is typed before the awaited words have appeared, so no test depends on a pause.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_=>78]|[\x00\x07\x08\r]"
)
_SIZE = struct.pack("HHHH", 50, 200, 0, 0)

ENTER = "\r"
DOWN = "\x1b[B"


class Terminal:
    """A program on a terminal of 200 columns; leave the `with` block and it is gone."""

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], directory: Path
    ) -> None:
        self._screen, program_side = pty.openpty()
        fcntl.ioctl(program_side, termios.TIOCSWINSZ, _SIZE)
        self._process = subprocess.Popen(
            command,
            stdin=program_side,
            stdout=program_side,
            stderr=program_side,
            env={**environment, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
            cwd=directory,
            start_new_session=True,
        )
        os.close(program_side)
        self._shown = b""
        self._read_to = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._screen)

    @property
    def shown(self) -> str:
        """All that was shown so far, without escape sequences."""
        return _ESCAPES.sub("", self._shown.decode("utf-8", errors="replace"))

    def expect(self, words: str, timeout: float = 60.0) -> None:
        """Wait until `words` appear after what earlier calls waited for."""
        deadline = time.monotonic() + timeout
        while (found := self.shown.find(words, self._read_to)) < 0:
            if not self._read(deadline):
                raise AssertionError(f"{words!r} did not appear in:\n{self.shown}")
        self._read_to = found + len(words)

    def answer(self, words: str, text: str) -> None:
        """Wait for the prompt `words`, then type `text` and Enter."""
        self.expect(words)
        self.type(text + ENTER)

    def type(self, keys: str) -> None:
        """Type, without Enter."""
        os.write(self._screen, keys.encode())

    def finish(self, timeout: float = 120.0) -> int:
        """Read until the program ends; its exit status."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            pass
        try:
            return self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running, showing:\n{self.shown}") from None

    def _read(self, deadline: float) -> bool:
        """Take in what is shown next; false when the program closed its side or time is up."""
        ready, _, _ = select.select([self._screen], [], [], max(0.0, deadline - time.monotonic()))
        chunk = b""
        if ready:
            # Linux answers EIO when the other side is closed.
            with contextlib.suppress(OSError):
                chunk = os.read(self._screen, 65536)
        self._shown += chunk
        return bool(chunk)
