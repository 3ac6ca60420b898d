"""`genkan audit export`: the records as lines of JSON, once or as a SIEM's shipper.

Told to stop, it ends with the batch it is at and is done; told so twice, it ends at once.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genkan.commands.audit_options import TIME, opened
from genkan.commands.directory import refusals
from genkan.commands.installation import Installation, on_installation
from genkan.commands.stopping import Stopping, told_to_stop

if TYPE_CHECKING:
    from genkan.audit.destination import State
    from genkan.audit.exporting import Chunk, Position
    from genkan.db.direct import DirectDatabase

_POLL_SECONDS = 1.0
_LEFT_TO_THE_SERVER_MS = 30_000
"""What is younger is sealed by a server, if one is running."""

Take = Callable[[list[str], "Position"], None]


@click.command()
@refusals
@on_installation
@click.option("--since", type=TIME, help="Leave out what is older.")
@click.option("--until", type=TIME, help="Leave out what is younger.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until told to stop.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append to a file instead of printing.",
)
@click.option("--after", type=click.IntRange(0), help="Go on after this batch.")
@click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that remembers how far an export came; the next one goes on from there.",
)
def export(
    installation: Installation,
    *,
    since: int | None,
    until: int | None,
    follow: bool,
    output: Path | None,
    after: int | None,
    state_file: Path | None,
) -> None:
    """Write the records as lines of JSON, each once, in the order of the chain."""
    from genkan.audit.direct import seal_everything
    from genkan.audit.exporting import Position

    _check(output, state_file)
    state = _state(state_file, after)
    with (
        told_to_stop() as stopping,
        opened(installation) as (database, sealer),
        _destination(output, state_file, state) as take,
    ):
        seal_everything(database, sealer)
        last = state.position if state else Position(after or 0)
        shipper = _Shipper(database, take, last, stopping)
        if state is None:
            take([], shipper.last)
        shipper.ship(since, until)
        while follow and not stopping.wait(_POLL_SECONDS):
            seal_everything(database, sealer, until=_now() - _LEFT_TO_THE_SERVER_MS)
            shipper.ship(since, until)
    if state_file is None:
        click.echo(f"the next export goes on with --after {shipper.last.sequence}", err=True)


class _Shipper:
    """Takes batches out of the chain in order. `last` is the one that was taken last."""

    def __init__(
        self, database: "DirectDatabase", take: Take, last: "Position", stopping: Stopping
    ) -> None:
        self._database = database
        self._take = take
        self._stopping = stopping
        self.last = last

    def ship(self, since: int | None, until: int | None) -> None:
        """Everything that there is now, unless told to stop."""
        from genkan.audit.direct import reader
        from genkan.audit.exporting import ChainReplaced
        from genkan.audit.exporting import export as export_records
        from genkan.audit.sealing import FAR_FUTURE

        chunks = export_records(
            reader(self._database), after=self.last, since=since or 0, until=until or FAR_FUTURE
        )
        try:
            for chunk in chunks:
                self._ship(chunk)
                if self._stopping.asked:
                    return
        except ChainReplaced as replaced:
            raise click.ClickException(str(replaced)) from None

    def _ship(self, chunk: "Chunk") -> None:
        before, now = self.last.sequence, chunk.position.sequence
        if before and now > before + 1:
            gone = f"batches {before + 1} to {now - 1}"
            click.echo(f"{gone} were pruned before they were exported", err=True)
        self._take(chunk.lines, chunk.position)
        self.last = chunk.position


def _check(output: Path | None, state_file: Path | None) -> None:
    if output is None:
        return
    if output.exists() and not output.is_file():
        raise click.ClickException(f"{output} is no file: leave out --output to print the records")
    if state_file is not None and output.resolve() == state_file.resolve():
        raise click.UsageError("--output and --state name the same file")


def _state(state_file: Path | None, after: int | None) -> "State | None":
    from genkan.audit.destination import StateRefused, read_state

    if state_file is None:
        return None
    if after is not None:
        raise click.UsageError("--after and --state both say where to go on")
    try:
        return read_state(state_file)
    except StateRefused as refused:
        raise click.ClickException(str(refused)) from None


@contextmanager
def _destination(
    output: Path | None, state_file: Path | None, state: "State | None"
) -> Iterator[Take]:
    from genkan.audit.destination import Destination, FileOutput, StreamOutput

    if output is None:
        yield Destination(StreamOutput(sys.stdout.buffer), state_file, state).write
        return
    file = FileOutput(output, state)
    try:
        yield Destination(file, state_file, state).write
    finally:
        file.close()


def _now() -> int:
    return time.time_ns() // 1_000_000
