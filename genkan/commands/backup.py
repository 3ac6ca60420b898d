"""`genkan backup` and `genkan restore`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genkan.commands.directory import refusals
from genkan.commands.installation import Installation, on_installation
from genkan.settings import key_setting

if TYPE_CHECKING:
    from genkan.backup.contents import Counts
    from genkan.keys.kek import KeyEncryptionKey

_file = click.argument("file", type=click.Path(path_type=Path))


@click.command()
@_file
@click.option("--force", is_flag=True, help="Replace the backup that FILE is already.")
@refusals
@on_installation
def backup(installation: Installation, file: Path, force: bool) -> None:
    """Write everything into FILE, while servers go on (docs/backup.md).

    The key-encryption key is not in it, and without that key it cannot be restored.
    """
    from genkan.backup.refusal import BackupRefused
    from genkan.backup.writing import write_backup

    kek = installation.kek()
    try:
        with installation.database() as database, installation.copies() as copies:
            written = write_backup(
                database,
                file,
                kek,
                now=_now(),
                copy=copies[0] if copies else None,
                replace=force,
            )
    except BackupRefused as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"{_rows(written.counts)} are in {file} ({written.size:,} bytes).")
    click.echo(f"Restoring it needs the key-encryption key {written.kek}.")


@click.command()
@_file
@click.option("--check", is_flag=True, help="Only see whether FILE is whole and this key its key.")
@refusals
@on_installation
def restore(installation: Installation, file: Path, check: bool) -> None:
    """Make an empty place the installation that FILE holds (docs/backup.md)."""
    from genkan.backup.refusal import BackupRefused
    from genkan.backup.restoring import check_backup, restore_backup
    from genkan.core.clock import iso8601
    from genkan.db.failures import OutcomeUnknown
    from genkan.db.place import SqlitePlace
    from genkan.sandbox.reset import SEED_FILE

    directory = installation.directory
    copy = SqlitePlace(directory / SEED_FILE) if directory is not None else None
    try:
        if check:
            found = check_backup(file, _kek(installation))
            click.echo(f"{file} is whole: {_rows(found.counts)}, {iso8601(found.created_at)}.")
            return
        restored = restore_backup(
            file, _kek(installation), installation.place, now=_now(), copy=copy
        )
    except BackupRefused as refused:
        raise click.ClickException(str(refused)) from None
    except OutcomeUnknown as unknown:
        raise click.ClickException(
            f"{unknown}: restore again, which is refused if it was done"
        ) from None
    click.echo(f"{_rows(restored.counts)} are restored, as of {iso8601(restored.created_at)}.")
    if restored.steps:
        click.echo(f"Brought from an older release to this one: {', '.join(restored.steps)}.")


def _kek(installation: Installation) -> "KeyEncryptionKey":
    """The key, which an empty data directory lacks unless somebody has put it there."""
    from genkan.keys.kek import KeyRefused

    own, given = installation.own_key_file, key_setting()
    if own is not None and given.text is None and given.file is None and not own.exists():
        raise KeyRefused(
            f"the key-encryption key of the backup is needed: as {own}, or in GENKAN_KEY_FILE"
        )
    return installation.kek()


def _rows(counts: "Counts") -> str:
    store = counts["store"]
    return f"{sum(store.values()):,} rows of {len(store)} tables"


def _now() -> int:
    return time.time_ns() // 1_000_000
