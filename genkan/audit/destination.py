"""Where exported lines go, and how far they went: a stream, or a file with a file of its state.

A file may be rotated by renaming it, while an export runs and while none does: what comes next goes
to a new file of the old name.

Invariants: a batch is in the file whole before the state says so, and both are on disk; the state
names a file before anything is written to it; what the state does not know of is cut off when the
export goes on, by whatever name the file has then. So every record is in the files once, wherever
the process was killed, and nothing is cut off that an export did not write.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from genkan.audit.exporting import Position
from genkan.db.files import make_durable

_STREAM = "-"


class StateRefused(Exception):
    """The file of the state holds no state."""


class State(msgspec.Struct, frozen=True):
    """The last batch that was written, and into which file, as long as it was then.

    `after` and `digest` are the batch's. `file` is the device and the inode, so that a renamed file
    is known, and "-" for a stream. Older states have neither `digest` nor `file`.
    """

    after: int
    bytes: int = 0
    file: str = ""
    digest: str = ""

    @property
    def position(self) -> Position:
        """Where the next export goes on."""
        return Position(self.after, self.digest)


class Output(Protocol):
    """What takes the lines."""

    def place(self) -> tuple[int, str]:
        """Where what is written next begins: `State.bytes` and `State.file`."""

    def write(self, content: bytes) -> None:
        """Add the lines there, so that they last."""


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

    def place(self) -> tuple[int, str]:
        """Nowhere that can be come back to."""
        return 0, _STREAM

    def write(self, content: bytes) -> None:
        """Hand the lines over."""
        try:
            view = memoryview(content)
            while view:  # without a buffer (PYTHONUNBUFFERED) a signal cuts a write short
                view = view[self._stream.write(view) :]
            self._stream.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, "the output") from None


class FileOutput:
    """A file that only its owner can read, opened anew where it was rotated away."""

    def __init__(self, path: Path, state: State | None) -> None:
        self._path = path
        self._descriptor = _open(path)
        if state is not None:
            self._cut(state)

    def place(self) -> tuple[int, str]:
        """The end of the file, of a new one where it was rotated away.

        Asked before each batch, so whole batches stand between two rotations.
        """
        if not self._has_its_name():
            renamed, self._descriptor = self._descriptor, _open(self._path)
            os.close(renamed)
        found = os.fstat(self._descriptor)
        return found.st_size, _identity(found)

    def write(self, content: bytes) -> None:
        """Append the lines and wait for the disk."""
        view = memoryview(content)
        while view:
            view = view[os.write(self._descriptor, view) :]
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _has_its_name(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return _identity(self._path.stat()) == _identity(os.fstat(self._descriptor))
        return False

    def _cut(self, state: State) -> None:
        """Cut off what an interrupted export left beyond its state, where it had written to."""
        for path in (self._path, *self._rotated()):
            try:
                found = path.stat()
            except OSError:
                continue
            if _is_named(state, found):
                if found.st_size > state.bytes:
                    os.truncate(path, state.bytes)
                return

    def _rotated(self) -> Iterator[Path]:
        for entry in self._path.parent.iterdir():
            if entry.name.startswith(self._path.name) and entry != self._path:
                yield entry


class Destination:
    """Takes batches one after the other and remembers how far it came, from `state` on."""

    def __init__(self, output: Output, state_file: Path | None, state: State | None) -> None:
        self._output = output
        self._state_file = state_file
        self._state = state

    def write(self, lines: Sequence[str], position: Position) -> None:
        """Add a batch's lines, then the state."""
        size, file = self._output.place()
        if self._state is not None:
            # Else a kill would leave lines in a file that the state does not name, or behind less.
            self._remember(_state(self._state.position, size, file))
        self._output.write("".join(f"{line}\n" for line in lines).encode())
        self._remember(_state(position, *self._output.place()))

    def _remember(self, state: State) -> None:
        if self._state_file is not None and state != self._state:
            _replace(self._state_file, msgspec.json.encode(state))
            self._state = state


def _state(position: Position, size: int, file: str) -> State:
    return State(position.sequence, size, file, position.digest)


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    make_durable(path.parent)
    return descriptor


def _identity(found: os.stat_result) -> str:
    return f"{found.st_dev}:{found.st_ino}"


def _is_named(state: State, found: os.stat_result) -> bool:
    """Whether the state is of this file. An older one names none, and none at all for a stream."""
    return state.file == _identity(found) or (state.file == "" and state.bytes > 0)


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
