"""Where exported lines go, and how far they went: a stream, or a file with a file of its state.

Invariant: a batch is in the file whole before the state says so, and both are on disk; what the
state does not know of is cut off when the export goes on. So every record is in the file once,
wherever the process was killed.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec


class StateRefused(Exception):
    """The file of the state holds no state, or not that of this file."""


class State(msgspec.Struct, frozen=True):
    """The sequence of the last batch that was written, and how long the file was then."""

    after: int
    bytes: int = 0


def read_state(path: Path) -> State | None:
    """What a former export left; None when there was none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        raise StateRefused(f"{path} holds no state of an export") from None


def open_output(path: Path, state: State | None) -> BinaryIO:
    """The file, open at its end; what an interrupted export left beyond its state is cut off."""
    output = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    # A shorter one was rotated away meanwhile: it has nothing of ours.
    if state is not None and os.fstat(output.fileno()).st_size > state.bytes:
        os.ftruncate(output.fileno(), state.bytes)
    return output


class Destination:
    """Takes batches one after the other."""

    def __init__(self, output: BinaryIO, state_file: Path | None, *, is_file: bool) -> None:
        self._output = output
        self._state_file = state_file
        self._is_file = is_file

    def write(self, lines: Sequence[str], sequence: int) -> None:
        """Add a batch's lines, then the state."""
        self._output.write("".join(f"{line}\n" for line in lines).encode())
        self._output.flush()
        if self._state_file is None:
            return
        size = 0
        if self._is_file:
            os.fsync(self._output.fileno())
            size = os.fstat(self._output.fileno()).st_size
        _replace(self._state_file, msgspec.json.encode(State(sequence, size)))


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
