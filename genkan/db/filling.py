"""An empty place that a restore fills, whole or not at all.

On SQLite a partial file that takes its name when it is complete and durable; on PostgreSQL
(`db.filling_postgres`) one transaction. Leaves to others: what is filled in (`genkan.backup`).
Invariants: a place that holds a row is refused and not changed; a process that is killed leaves the
place as it was, but for a partial file that nothing reads and the next restore removes.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from genkan.db.database import Connection
from genkan.db.failures import Unavailable, Unsuitable
from genkan.db.files import make_durable, open_to_read
from genkan.db.migrate import SQLITE_TOKENS
from genkan.db.ours import LEDGER, is_anothers, tables_of
from genkan.db.place import Place, SqlitePlace, require_driver
from genkan.db.sqlite import SqliteConnection

T = TypeVar("T")


class Filling(Protocol):
    """A place while it is filled. `tokens` are the engine's types in migrations."""

    @property
    def tokens(self) -> dict[str, str]:
        """What stands for a migration's tokens here."""

    def require_free(self) -> None:
        """`Unsuitable` when something is there; changes nothing."""

    def hold(self) -> contextlib.AbstractContextManager[object]:
        """Keep every other process away; `Unsuitable` when one is there."""

    def fill(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the empty place, durable on return, undone by an exception.

        `Unsuitable` when the rows break the schema's rules, `Unavailable` when the place cannot be
        used now.
        """


def filling_of(place: Place) -> Filling:
    """How this place is filled. Nothing is opened."""
    if isinstance(place, SqlitePlace):
        return SqliteFilling(place)
    require_driver()
    from genkan.db.filling_postgres import PostgresFilling

    return PostgresFilling(place)


class SqliteFilling:
    """A file that does not exist yet, or has no rows, unless it may be replaced."""

    tokens = SQLITE_TOKENS

    def __init__(self, place: SqlitePlace, *, replaces: bool = False) -> None:
        """`replaces`: what lies there is known to be nobody's."""
        self._place = place
        self._path = place.path
        self._replaces = replaces

    def require_free(self) -> None:
        """`Unsuitable` when something is there; changes nothing."""
        if self._replaces or not self._path.exists() or not self._path.stat().st_size:
            return
        try:
            with contextlib.closing(open_to_read(self._path)) as raw:
                require_no_rows(SqliteConnection(raw), self._path)
        except sqlite3.Error as error:
            raise Unsuitable(f"{self._path} cannot be read: {error}") from None

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Make the directory if need be, and be the only process in it."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._place.hold():
            yield

    def fill(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a partial file, which then takes its name."""
        partial = self._path.with_name(f"{self._path.name}.partial")
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            value = _fill(partial, work)
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            self.require_free()
            # A log that lies there belongs to no file, and would be taken for this one's.
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            partial.replace(self._path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        make_durable(self._path.parent)
        return value


def require_no_rows(connection: Connection, place: object) -> None:
    """`Unsuitable` when another program's tables are there, or rows in any but the ledger."""
    tables = tables_of(connection)
    if is_anothers(tables):
        raise Unsuitable(f"{place} is another program's database")
    for name in tables.keys() - LEDGER:
        if connection.one(f'SELECT 1 FROM "{name}" LIMIT 1', ()) is not None:  # noqa: S608
            raise Unsuitable(f"{place} holds an organization already: restore into an empty place")


def _fill(partial: Path, work: Callable[[Connection], T]) -> T:
    try:
        with contextlib.closing(sqlite3.connect(partial, isolation_level=None)) as raw:
            # Nothing reads the file before it is complete, and half of it is thrown away.
            raw.execute("PRAGMA journal_mode=OFF")
            raw.execute("PRAGMA synchronous=OFF")
            raw.execute("PRAGMA cache_size=-32000")
            raw.execute("PRAGMA foreign_keys=ON")
            raw.execute("BEGIN EXCLUSIVE")
            value = work(SqliteConnection(raw))
            raw.execute("COMMIT")
    except sqlite3.IntegrityError as error:
        raise Unsuitable(f"its rows do not fit together: {error}") from None
    except sqlite3.Error as error:
        raise Unavailable(f"{partial} cannot be written: {error}") from error
    return value
