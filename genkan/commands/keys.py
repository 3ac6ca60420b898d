"""`genkan keys`: list, rotate, rewrap."""

import time
from pathlib import Path

import click

from genkan.commands.directory import refusals
from genkan.commands.installation import Installation, on_installation
from genkan.settings import key_setting

_SHORTEST_PAUSE_SECONDS = 0.005


@click.group()
def keys() -> None:
    """The installation's own keys (docs/keys.md). A server may be running."""


@keys.command("list")
@refusals
@on_installation
def list_keys(installation: Installation) -> None:
    """Show which keys there are, by their ids."""
    from genkan.core.clock import iso8601
    from genkan.keys import ring

    kek = installation.kek()
    with installation.database() as database:
        for key in database.read(lambda connection: ring.list_keys(connection, kek)):
            click.echo(f"{key.key_id}  {key.purpose}  {key.state:8}  {iso8601(key.created_at)}")


@keys.command()
@refusals
@on_installation
def rotate(installation: Installation) -> None:
    """Make a new data key, seal everything anew with it, and retire the old one.

    Interrupted, the next call finishes it.
    """
    from genkan.keys import rotation

    kek = installation.kek()
    with installation.database() as database, installation.copies() as copies:
        done = rotation.rotate(
            database, kek, copies=copies, now=time.time_ns() // 1_000_000, pause=_pause
        )
    retired = ", ".join(done.retired)
    click.echo(f"{done.resealed} values are sealed with {done.active} now; {retired} is retired.")


@keys.command()
@refusals
@on_installation
@click.option(
    "--new-key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The new key-encryption key (or GENKAN_NEW_KEY_FILE, or GENKAN_NEW_KEY).",
)
def rewrap(installation: Installation, new_key_file: Path | None) -> None:
    """Change the key-encryption key.

    Where the old one is the file `key` in a sandbox's data directory, the new one takes its place.
    """
    from genkan.keys import rotation
    from genkan.keys.kek import KeyRefused, given_key, write_key_file

    setting = key_setting("GENKAN_NEW_KEY")
    new = given_key(setting.text, new_key_file or setting.file, "GENKAN_NEW_KEY")
    if new is None:
        raise KeyRefused("which key is the new one? Give --new-key-file or GENKAN_NEW_KEY")
    old = installation.kek()
    with installation.database() as database:
        count = rotation.rewrap(database, old, new)
    own = installation.own_key_file
    if own is not None and old.origin == str(own):
        write_key_file(own, new.key)
    if not count:
        click.echo("That key-encryption key wraps the keys already; nothing was changed.")
        return
    click.echo(f"{count} keys are wrapped by the new key-encryption key now.")
    click.echo("Running servers go on with the keys they hold; start them again with the new one.")


def _pause(taken: float) -> None:
    """Others write for as long as they had to wait."""
    time.sleep(max(_SHORTEST_PAUSE_SECONDS, taken))
