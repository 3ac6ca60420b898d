"""Stores with rows in every table, and places to restore into."""

from collections.abc import Callable
from pathlib import Path

import pytest

from genkan.backup.restoring import Restored, restore_backup
from genkan.backup.writing import Written, write_backup
from genkan.db.direct import DirectDatabase, DirectSqlite
from genkan.db.direct_postgres import DirectPostgres
from genkan.db.place import Place, PostgresPlace, SqlitePlace
from tests.backup.rows import fill_every_table
from tests.support.engines import (
    SQLITE,
    Data,
    PostgresData,
    SqliteData,
    new_postgres_database,
)
from tests.support.store import KEK, NOW, Store

LATER = NOW + 86_400_000


def opened(data: Data) -> DirectDatabase:
    """The store as a command opens it."""
    if isinstance(data, PostgresData):
        return DirectPostgres(data.dsn)
    assert isinstance(data, SqliteData)
    return DirectSqlite(data.path)


def back_up(data: Data, path: Path, *, now: int = LATER, **options: object) -> Written:
    """A backup of the store."""
    database = opened(data)
    try:
        return write_backup(database, path, KEK, now=now, **options)  # type: ignore[arg-type]
    finally:
        database.close()


def restore(path: Path, place: Place, **options: object) -> Restored:
    """Restore with the tests' key."""
    return restore_backup(path, KEK, place, now=LATER, **options)  # type: ignore[arg-type]


def contents(place: Place) -> Data:
    """What was restored."""
    return SqliteData(place.path) if isinstance(place, SqlitePlace) else PostgresData(place.dsn)


@pytest.fixture
def full(store: Store) -> Store:
    """A store with odd rows in every table, on either engine."""
    fill_every_table(store.data)
    return store


@pytest.fixture
def new_place(tmp_path: Path) -> Callable[[str], Place]:
    """Makes a new, empty place on an engine, as often as it is called."""
    made: list[Place] = []

    def another(engine: str) -> Place:
        if engine == SQLITE:
            made.append(SqlitePlace(tmp_path / f"place{len(made)}" / "genkan.sqlite"))
        else:
            made.append(PostgresPlace(new_postgres_database(migrated=False)))
        return made[-1]

    return another
