"""`genkan audit`: head, verify, seal, export, prune."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genkan.commands.directory import refusals
from genkan.commands.installation import Installation, on_installation

if TYPE_CHECKING:
    from typing import BinaryIO

    from genkan.audit.batches import Sealer
    from genkan.audit.destination import State
    from genkan.db.direct import DirectDatabase

_POLL_SECONDS = 1.0
_LEFT_TO_THE_SERVER_MS = 30_000
"""What is younger is sealed by a server, if one is running."""


class _Time(click.ParamType[int]):
    """A time of ISO 8601; without an offset it is UTC. Epoch milliseconds."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        try:
            given = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time: one looks like 2026-11-22T08:30:00Z", param, ctx)
        if given.tzinfo is None:
            given = given.replace(tzinfo=UTC)
        return int(given.timestamp() * 1000)


@click.group()
def audit() -> None:
    """The audit trail (docs/audit.md). A server may be running."""


@audit.command()
@refusals
@on_installation
def head(installation: Installation) -> None:
    """Print the end of the sealed chain, as JSON, to be kept elsewhere."""
    from msgspec import json

    from genkan.audit.direct import reader
    from genkan.audit.verification import head_of

    with _opened(installation) as (database, sealer):
        found = reader(database)(lambda rows: head_of(rows, sealer))
    if found is None:
        raise click.ClickException("nothing is sealed yet")
    click.echo(json.encode(found).decode())


@audit.command()
@refusals
@on_installation
@click.option(
    "--head",
    "head_file",
    type=click.File("rb"),
    help="A head that was printed before, with which the chain must agree.",
)
def verify(installation: Installation, head_file: "BinaryIO | None") -> None:
    """Compute the whole chain anew, and every record in it; exit 1 with a line a problem."""
    from genkan.audit.direct import reader
    from genkan.audit.verification import HeadRefused, read_head
    from genkan.audit.verification import verify as verify_chain

    with _opened(installation) as (database, sealer):
        try:
            kept = read_head(head_file.read(1 << 16), sealer) if head_file else None
        except HeadRefused as refused:
            raise click.ClickException(str(refused)) from None
        report = verify_chain(reader(database), sealer, kept)
    for problem in report.problems:
        click.echo(problem)
    pruned = f" {_counted(report.pruned, 'record')} were pruned." if report.pruned else ""
    click.echo(
        f"{_counted(report.batches, 'batch')} with {_counted(report.records, 'record')} good,"
        f" {_counted(len(report.problems), 'problem')};"
        f" {_counted(report.unsealed, 'record')} not sealed yet.{pruned}"
    )
    if report.problems:
        raise SystemExit(1)


@audit.command()
@refusals
@on_installation
@click.option(
    "--late",
    is_flag=True,
    help="Also what appeared after its time had been sealed: look at it first.",
)
def seal(installation: Installation, *, late: bool) -> None:
    """Seal now what is not sealed yet. Servers do that by themselves within seconds."""
    from genkan.audit.direct import seal_everything

    with _opened(installation) as (database, sealer):
        batches, records = seal_everything(database, sealer, late=late)
    click.echo(f"{_counted(records, 'record')} sealed in {_counted(batches, 'batch')}.")


@audit.command()
@refusals
@on_installation
@click.option("--since", type=_Time(), help="Leave out what is older.")
@click.option("--until", type=_Time(), help="Leave out what is younger.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until interrupted.")
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
    from genkan.audit.direct import reader, seal_everything
    from genkan.audit.exporting import end_of_chain
    from genkan.audit.exporting import export as export_records
    from genkan.audit.sealing import FAR_FUTURE

    state = _state(state_file, after)
    last = state.after if state else after or 0
    with _opened(installation) as (database, sealer), _destination(output, state_file, state) as to:
        seal_everything(database, sealer)
        if last > reader(database)(end_of_chain):
            raise click.ClickException(
                f"the chain ends before batch {last}: it was reset or restored, or cut off"
            )
        if state is None:
            to([], last)
        while True:
            for chunk in export_records(
                reader(database), after=last, since=since or 0, until=until or FAR_FUTURE
            ):
                to(chunk.lines, chunk.sequence)
                last = chunk.sequence
            if not follow:
                break
            time.sleep(_POLL_SECONDS)
            seal_everything(database, sealer, until=_now() - _LEFT_TO_THE_SERVER_MS)
    if state_file is None:
        click.echo(f"the next export goes on with --after {last}", err=True)


@audit.command()
@refusals
@on_installation
@click.option("--before", type=_Time(), required=True, help="Remove what is older.")
def prune(installation: Installation, *, before: int) -> None:
    """Remove old records, by whole batches; the rest of the chain stays verifiable."""
    from genkan.audit.direct import prune_everything
    from genkan.audit.pruning import PruningRefused

    with _opened(installation) as (database, sealer):
        try:
            batches, records = prune_everything(database, sealer, before=before)
        except PruningRefused as refused:
            raise click.ClickException(str(refused)) from None
    click.echo(f"{_counted(records, 'record')} removed in {_counted(batches, 'batch')}.")


@contextmanager
def _opened(installation: Installation) -> "Iterator[tuple[DirectDatabase, Sealer]]":
    from genkan.audit.batches import Sealer
    from genkan.keys.ring import open_vault

    kek = installation.kek()
    with installation.database() as database:
        yield database, Sealer(database.read(lambda rows: open_vault(rows, kek)))


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
) -> Iterator[Callable[[list[str], int], None]]:
    from genkan.audit.destination import Destination, open_output

    if output is None:
        yield Destination(sys.stdout.buffer, state_file, is_file=False).write
        return
    with open_output(output, state) as file:
        yield Destination(file, state_file, is_file=True).write


def _counted(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}es" if noun == "batch" else f"{count} {noun}s"


def _now() -> int:
    return time.time_ns() // 1_000_000
