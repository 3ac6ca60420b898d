"""Where exported lines go: whatever is killed and rotated in between, each is there once."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genkan.audit.destination import Destination, FileOutput, State, StreamOutput, read_state
from genkan.audit.exporting import Position


class Killed(Exception):
    """The process ends here."""


class Dying(FileOutput):
    """Ends in the middle of its lines, or after them."""

    def __init__(self, path: Path, state: State | None, written: int) -> None:
        super().__init__(path, state)
        self._written = written

    def write(self, content: bytes) -> None:
        super().write(content[: self._written])
        raise Killed


class Place:
    """A file and the file of its state."""

    def __init__(self, folder: Path) -> None:
        self.output, self.state_file = folder / "out.jsonl", folder / "state"

    @property
    def state(self) -> State | None:
        return read_state(self.state_file)

    def export(self, *batches: str) -> None:
        """A process that exports batches of one line each, and ends."""
        file = FileOutput(self.output, self.state)
        destination = Destination(file, self.state_file, self.state)
        after = self.state.after if self.state else 0
        for sequence, line in enumerate(batches, start=after + 1):
            destination.write([line], Position(sequence, f"digest of {line}"))
        file.close()

    def die(self, line: str, written: int) -> None:
        """A process that is killed when so much of a batch is in the file."""
        file = Dying(self.output, self.state, written)
        assert self.state is not None
        with pytest.raises(Killed):
            destination = Destination(file, self.state_file, self.state)
            destination.write([line], Position(self.state.after + 1))
        file.close()

    def lines(self) -> list[str]:
        """Those of all files, the oldest first."""
        files = sorted(self.output.parent.glob("out.jsonl*"), reverse=True)
        return [line for file in files for line in file.read_text().splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def _left(place: Place) -> None:
    """Nobody rotates."""


def _renamed(place: Place) -> None:
    place.output.rename(f"{place.output}.1")


def _renamed_for_a_new_one(place: Place) -> None:
    _renamed(place)
    place.output.touch()


def _copied_and_emptied(place: Place) -> None:
    Path(f"{place.output}.1").write_bytes(place.output.read_bytes())
    place.output.write_bytes(b"")


ROTATIONS = [_left, _renamed, _renamed_for_a_new_one, _copied_and_emptied]


@pytest.mark.parametrize("written", [0, 2, 100])
@pytest.mark.parametrize("rotate", ROTATIONS)
def test_what_was_killed_in_the_first_batch_after_a_rotation_is_there_once(
    place: Place, rotate: Callable[[Place], None], written: int
) -> None:
    place.export("first", "second")
    rotate(place)
    place.die("third", written)
    place.export("third", "fourth")
    assert place.lines() == ["first", "second", "third", "fourth"]
    assert place.state is not None
    assert place.state.position == Position(4, "digest of fourth")


@pytest.mark.parametrize("written", [0, 2, 100])
def test_what_was_killed_is_cut_off_though_the_file_was_rotated_afterwards(
    place: Place, written: int
) -> None:
    place.export("first")
    place.die("second", written)
    _renamed_for_a_new_one(place)
    place.export("second")
    assert place.lines() == ["first", "second"]


def test_a_file_after_a_stream_keeps_what_is_in_it(place: Place) -> None:
    """A stream that was sent to the file by its shell, say."""
    stream = io.BytesIO()
    Destination(StreamOutput(stream), place.state_file, None).write(["first"], Position(1))
    place.output.write_bytes(stream.getvalue())
    place.die("second", 3)
    place.export("second")
    assert place.lines() == ["first", "second"]


def test_the_state_of_another_file_cuts_nothing_off(place: Place) -> None:
    place.export("first")
    place.output.rename(place.output.with_name("elsewhere"))
    other = "what somebody else has written\n" * 100
    place.output.write_text(other)
    place.export("second")
    assert place.output.read_text() == f"{other}second\n"


@pytest.mark.parametrize(("size", "kept"), [(6, "first\n"), (0, "first\nhalf")])
def test_a_state_of_before_files_had_names_is_of_any_file_that_had_something(
    place: Place, size: int, kept: str
) -> None:
    place.output.write_text("first\nhalf")
    place.state_file.write_text(f'{{"after":1,"bytes":{size}}}')
    FileOutput(place.output, place.state).close()
    assert place.output.read_text() == kept


def test_what_cannot_be_cut_off_is_not_written_behind(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any) -> None:
        raise PermissionError(1, "Operation not permitted", str(place.output))

    place.export("first")
    place.die("second", 3)
    monkeypatch.setattr(os, "truncate", refuse)
    with pytest.raises(PermissionError):
        place.export("second")
    assert place.output.read_text() == "first\nsec"
