"""The data directory as commands see it: its database, its key, and refusals in one line."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genkan.commands.printing import settle_output
from genkan.settings import SettingsRefused, key_setting

if TYPE_CHECKING:
    from genkan.db.direct import DirectDatabase
    from genkan.keys.kek import KeyEncryptionKey

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the organization is kept (default ~/.local/share/genkan).",
)


def refusals(command: Callable[..., None]) -> Callable[..., None]:
    """End a command that cannot be done with one line that says why."""

    @functools.wraps(command)
    def told(*args: Any, **options: Any) -> None:
        from genkan.db.failures import OutcomeUnknown, Unavailable, Unsuitable
        from genkan.keys.kek import KeyRefused
        from genkan.keys.rotation import RotationFailed

        try:
            command(*args, **options)
        except (SettingsRefused, KeyRefused, RotationFailed, Unsuitable, Unavailable) as refused:
            raise click.ClickException(str(refused)) from None
        except OutcomeUnknown as unknown:
            # Every command does what is left to do, and nothing twice.
            raise click.ClickException(
                f"{unknown}: it may have been done; call this again"
            ) from None
        except BrokenPipeError:
            raise  # who read this has gone, and click ends without a word
        except OSError as error:
            where = "the output" if settle_output() else error.filename or "the directory"
            raise click.ClickException(f"cannot use {where}: {error.strerror}") from None

    return told


def key_of(directory: Path) -> "KeyEncryptionKey":
    """The key-encryption key: of the environment, or of the directory itself."""
    from genkan.keys.kek import given_key, read_key
    from genkan.sandbox.directory import KEY_FILE

    setting = key_setting()
    return given_key(setting.text, setting.file) or read_key(directory / KEY_FILE)


@contextmanager
def seed_of(directory: Path) -> "Iterator[list[DirectDatabase]]":
    """The copy that a sandbox is reset to, where there is one."""
    from genkan.db.direct import DirectSqlite
    from genkan.sandbox.reset import SEED_FILE

    copies: list[DirectDatabase] = []
    if (directory / SEED_FILE).exists():
        copies.append(DirectSqlite(directory / SEED_FILE))
    try:
        yield copies
    finally:
        for copy in copies:
            copy.close()
