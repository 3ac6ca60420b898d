"""A store of either engine as a command opens it."""

from collections.abc import Callable, Iterator

import pytest

from genkan.db.direct import DirectDatabase, DirectSqlite
from genkan.db.direct_postgres import DirectPostgres
from tests.support.engines import PostgresData, SqliteData
from tests.support.store import Store


def opened(store: Store) -> DirectDatabase:
    """Another process's way into the store."""
    if isinstance(store.data, PostgresData):
        return DirectPostgres(store.data.dsn)
    assert isinstance(store.data, SqliteData)
    return DirectSqlite(store.data.path)


@pytest.fixture
def beside(store: Store) -> Iterator[Callable[[], DirectDatabase]]:
    """Opens the store once more, as often as it is called."""
    made: list[DirectDatabase] = []

    def another() -> DirectDatabase:
        made.append(opened(store))
        return made[-1]

    yield another
    for database in made:
        database.close()
