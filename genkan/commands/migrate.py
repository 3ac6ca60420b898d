"""`genkan migrate`: bring a database to this release, before its nodes."""

import time
from pathlib import Path

import click

from genkan.commands.directory import refusals
from genkan.commands.installation import settings_option
from genkan.settings.node import node_settings


@click.command()
@settings_option
@refusals
def migrate(settings_file: Path | None) -> None:
    """Bring the database to this release. Nodes of the release before go on working.

    Run it once with the new release, then start the nodes anew, one after the other.
    """
    from genkan.assembly import node

    place = node.place(node_settings(settings_file))
    taken = place.migrate(time.time_ns() // 1_000_000)
    click.echo(f"{place}: " + (", ".join(taken) if taken else "nothing to do"))
