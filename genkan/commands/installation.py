"""What a command works on: a sandbox's data directory, or the installation of a settings file.

`--data-dir` means the first, `--settings` (or `GENKAN_SETTINGS`) the second; without either it is
the sandbox in its usual place.
"""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genkan.commands.directory import data_dir_option, key_of, seed_of
from genkan.settings import SettingsRefused, data_directory
from genkan.settings.node import NodeSettings, node_settings

if TYPE_CHECKING:
    from genkan.db.direct import DirectDatabase
    from genkan.db.place import Place
    from genkan.keys.kek import KeyEncryptionKey

settings_option = click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The settings file of an installation (docs/production.md).",
)


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it is and what opens it. `directory` is a sandbox's, `settings` another's."""

    directory: Path | None
    settings: NodeSettings | None

    @property
    def place(self) -> "Place":
        """Where its database is, which need not exist."""
        from genkan.assembly import node
        from genkan.db.place import SqlitePlace
        from genkan.sandbox.directory import DATABASE_FILE

        if self.settings is not None:
            return node.place(self.settings)
        assert self.directory is not None
        return SqlitePlace(self.directory / DATABASE_FILE)

    def kek(self) -> "KeyEncryptionKey":
        """Its key-encryption key."""
        from genkan.assembly import node

        if self.settings is not None:
            return node.key_encryption_key(self.settings)
        assert self.directory is not None
        return key_of(self.directory)

    @property
    def own_key_file(self) -> Path | None:
        """Where a sandbox has its key, if it is not given."""
        from genkan.sandbox.directory import KEY_FILE

        return self.directory / KEY_FILE if self.directory is not None else None

    @contextmanager
    def database(self) -> "Iterator[DirectDatabase]":
        """Its database, which must be of this release."""
        from genkan.db.direct import require_this_release

        database = self.place.direct()
        try:
            database.read(require_this_release)
            yield database
        finally:
            database.close()

    @contextmanager
    def copies(self) -> "Iterator[list[DirectDatabase]]":
        """The copy that a sandbox is reset to, where there is one."""
        if self.directory is None:
            yield []
            return
        with seed_of(self.directory) as copies:
            yield copies


def on_installation(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command its `installation`, from `--data-dir` or `--settings`."""

    @data_dir_option
    @settings_option
    @functools.wraps(command)
    def chosen(data_dir: Path | None, settings_file: Path | None, **options: Any) -> None:
        command(installation=installation_of(data_dir, settings_file), **options)

    return chosen


def installation_of(data_dir: Path | None, settings_file: Path | None) -> Installation:
    """The one that is meant; `SettingsRefused` when two are."""
    if data_dir is not None and settings_file is not None:
        raise SettingsRefused("--data-dir and --settings name two installations: which is meant?")
    if settings_file is not None or (data_dir is None and os.environ.get("GENKAN_SETTINGS")):
        return Installation(directory=None, settings=node_settings(settings_file))
    return Installation(directory=data_directory(data_dir), settings=None)
