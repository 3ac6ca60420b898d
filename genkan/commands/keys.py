"""`genkan keys`: list, rotate, rewrap."""

import time
from pathlib import Path

import click

from genkan.commands.directory import data_dir_option, database_of, key_of, refusals, seed_of
from genkan.settings import data_directory, key_setting

_SHORTEST_PAUSE_SECONDS = 0.005


@click.group()
def keys() -> None:
    """The installation's own keys (docs/keys.md). A server may be running."""


@keys.command("list")
@data_dir_option
@refusals
def list_keys(data_dir: Path | None) -> None:
    """Show which keys there are, by their ids."""
    from genkan.core.clock import iso8601
    from genkan.keys import ring

    directory = data_directory(data_dir)
    kek = key_of(directory)
    with database_of(directory) as database:
        for key in database.read(lambda connection: ring.list_keys(connection, kek)):
            click.echo(f"{key.key_id}  {key.purpose}  {key.state:8}  {iso8601(key.created_at)}")


@keys.command()
@data_dir_option
@refusals
def rotate(data_dir: Path | None) -> None:
    """Make a new data key, seal everything anew with it, and retire the old one.

    Interrupted, the next call finishes it.
    """
    from genkan.keys import rotation

    directory = data_directory(data_dir)
    kek = key_of(directory)
    with database_of(directory) as database, seed_of(directory) as copies:
        done = rotation.rotate(
            database, kek, copies=copies, now=time.time_ns() // 1_000_000, pause=_pause
        )
    retired = ", ".join(done.retired)
    click.echo(f"{done.resealed} values are sealed with {done.active} now; {retired} is retired.")


@keys.command()
@data_dir_option
@click.option(
    "--new-key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The new key-encryption key (or GENKAN_NEW_KEY_FILE, or GENKAN_NEW_KEY).",
)
@refusals
def rewrap(data_dir: Path | None, new_key_file: Path | None) -> None:
    """Change the key-encryption key.

    Where the old one is the file `key` in the data directory, the new one takes its place.
    """
    from genkan.keys import rotation
    from genkan.keys.kek import KeyRefused, given_key, write_key_file
    from genkan.sandbox.directory import KEY_FILE

    directory = data_directory(data_dir)
    setting = key_setting("GENKAN_NEW_KEY")
    new = given_key(setting.text, new_key_file or setting.file, "GENKAN_NEW_KEY")
    if new is None:
        raise KeyRefused("which key is the new one? Give --new-key-file or GENKAN_NEW_KEY")
    old = key_of(directory)
    with database_of(directory) as database:
        count = rotation.rewrap(database, old, new)
    if old.origin == str(directory / KEY_FILE):
        write_key_file(directory / KEY_FILE, new.key)
    if not count:
        click.echo("That key-encryption key wraps the keys already; nothing was changed.")
        return
    click.echo(f"{count} keys are wrapped by the new key-encryption key now.")
    click.echo("Running servers go on with the keys they hold; start them again with the new one.")


def _pause(taken: float) -> None:
    """Others write for as long as they had to wait."""
    time.sleep(max(_SHORTEST_PAUSE_SECONDS, taken))
