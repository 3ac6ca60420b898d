"""Where exported lines go, and how far they went: a stream, or a file with a file of its state.

A file may be rotated by renaming it, while an export runs and while none does: what comes next goes
to a new file of the old name.

Invariant: a batch is in the file whole before the state says so, and both are on disk; what the
state does not know of is cut off when the export goes on, by whatever name the file has then. So
every record is in the files once, wherever the process was killed.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec


class StateRefused(Exception):
    """The file of the state holds no state, or not that of this file."""


class State(msgspec.Struct, frozen=True):
    """The sequence of the last batch that was written, and into which file, as long as it was then.

    `file` is the device and the inode, so that a renamed file is known; empty in older states.
    """

    after: int
    bytes: int = 0
    file: str = ""


class Output(Protocol):
    """What takes the lines."""

    def write(self, content: bytes) -> tuple[int, str]:
        """Add them, so that they last; `State.bytes` and `State.file` from now on."""


def read_state(path: Path) -> State | None:
    """What a former export left; None when there was none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        raise StateRefused(f"{path} holds no state of an export") from None


class StreamOutput:
    """A stream that somebody else reads."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, content: bytes) -> tuple[int, str]:
        """Hand the lines over."""
        self._stream.write(content)
        self._stream.flush()
        return 0, ""


class FileOutput:
    """A file that only its owner can read, opened anew where it was rotated away."""

    def __init__(self, path: Path, state: State | None) -> None:
        self._path = path
        self._descriptor = _open(path)
        if state is not None:
            self._cut(state)

    def write(self, content: bytes) -> tuple[int, str]:
        """Append the lines and wait for the disk."""
        self._follow_the_name()
        view = memoryview(content)
        while view:
            view = view[os.write(self._descriptor, view) :]
        os.fsync(self._descriptor)
        found = os.fstat(self._descriptor)
        return found.st_size, _identity(found)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _follow_the_name(self) -> None:
        """Whole batches stand between two rotations, since this is asked before each."""
        with contextlib.suppress(FileNotFoundError):
            if _identity(self._path.stat()) == _identity(os.fstat(self._descriptor)):
                return
        os.close(self._descriptor)
        self._descriptor = _open(self._path)

    def _cut(self, state: State) -> None:
        """Cut off what an interrupted export left beyond its state, where it had written to."""
        for path in (self._path, *self._rotated()):
            with contextlib.suppress(OSError):
                found = path.stat()
                if state.file in ("", _identity(found)):
                    if found.st_size > state.bytes:
                        os.truncate(path, state.bytes)
                    return

    def _rotated(self) -> Iterator[Path]:
        for entry in self._path.parent.iterdir():
            if entry.name.startswith(self._path.name) and entry != self._path:
                yield entry


class Destination:
    """Takes batches one after the other, and remembers how far it came."""

    def __init__(self, output: Output, state_file: Path | None) -> None:
        self._output = output
        self._state_file = state_file

    def write(self, lines: Sequence[str], sequence: int) -> None:
        """Add a batch's lines, then the state."""
        size, file = self._output.write("".join(f"{line}\n" for line in lines).encode())
        if self._state_file is not None:
            _replace(self._state_file, msgspec.json.encode(State(sequence, size, file)))


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _identity(found: os.stat_result) -> str:
    return f"{found.st_dev}:{found.st_ino}"


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
