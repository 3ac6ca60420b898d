"""`genkan audit`: head, verify, seal, export, prune."""

from typing import TYPE_CHECKING

import click

from genkan.commands.audit_export import export
from genkan.commands.audit_options import TIME, opened
from genkan.commands.directory import refusals
from genkan.commands.installation import Installation, on_installation

if TYPE_CHECKING:
    from typing import BinaryIO


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

    with opened(installation) as (database, sealer):
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

    with opened(installation) as (database, sealer):
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

    with opened(installation) as (database, sealer):
        batches, records = seal_everything(database, sealer, late=late)
    click.echo(f"{_counted(records, 'record')} sealed in {_counted(batches, 'batch')}.")


@audit.command()
@refusals
@on_installation
@click.option("--before", type=TIME, required=True, help="Remove what is older.")
def prune(installation: Installation, *, before: int) -> None:
    """Remove old records, by whole batches; the rest of the chain stays verifiable."""
    from genkan.audit.direct import prune_everything
    from genkan.audit.pruning import PruningRefused

    with opened(installation) as (database, sealer):
        try:
            batches, records = prune_everything(database, sealer, before=before)
        except PruningRefused as refused:
            raise click.ClickException(str(refused)) from None
    click.echo(f"{_counted(records, 'record')} removed in {_counted(batches, 'batch')}.")


def _counted(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}es" if noun == "batch" else f"{count} {noun}s"


audit.add_command(export)
