"""A database as a command opens it: one transaction after the other, without an event loop.

For commands that work beside running nodes, such as rotation and backup. On SQLite that is a second
process on the file: transactions are short, and the lock on the data directory is not taken.
Leaves to others: `SqliteDatabase` and `PostgresDatabase`, which servers use.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from genkan.db.database import Connection
from genkan.db.failures import Unavailable, Unsuitable
from genkan.db.migrate import shipped
from genkan.db.ours import Tables, is_anothers, tables_of
from genkan.db.sqlite import SqliteConnection

T = TypeVar("T")
_BUSY_SECONDS = 30


class DirectDatabase(Protocol):
    """Synchronous transactions. `work` may be run again when others were in its way.

    Errors are those of `db.failures`: `Unsuitable` when this is no database of ours, `Unavailable`
    when it cannot be used now.
    """

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one snapshot."""

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, durable on return, undone by an exception."""

    def tables(self) -> Tables:
        """All tables with their columns, whoever made them."""

    def scrub(self) -> None:
        """Have what was overwritten or deleted gone from the files, as far as can be had now."""

    def close(self) -> None:
        """Release the database."""


class DirectSqlite:
    """An SQLite file that exists; its journal mode stays as it is."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise Unsuitable(f"{path.parent} holds no organization")
        self._path = path
        with self._told():
            self._raw = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,
                timeout=_BUSY_SECONDS,
            )
            self._raw.execute("PRAGMA synchronous=FULL")
            self._raw.execute("PRAGMA foreign_keys=ON")
            self._raw.execute("PRAGMA secure_delete=ON")
        self._connection = SqliteConnection(self._raw)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one snapshot."""
        with self._told():
            return self._in_transaction("BEGIN", work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, durable on return, undone by an exception."""
        with self._told():
            return self._in_transaction("BEGIN IMMEDIATE", work)

    def tables(self) -> Tables:
        """All tables of the file."""
        return self.read(tables_of)

    def scrub(self) -> None:
        """Empty the write-ahead log; a reader at that very moment keeps it until later."""
        with self._told():
            self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def _in_transaction(self, begin: str, work: Callable[[Connection], T]) -> T:
        self._raw.execute(begin)
        try:
            value = work(self._connection)
            self._raw.execute("COMMIT")
        except BaseException:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            raise
        return value

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.OperationalError as error:
            raise Unavailable(f"{self._path} cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            raise Unsuitable(f"{self._path} cannot be used: {error}") from error


def require_this_release(connection: Connection) -> None:
    """`Unsuitable` unless every step of this release, and no other, was taken."""
    tables = tables_of(connection)
    if not tables:
        raise Unsuitable("the database is empty")
    if is_anothers(tables):
        raise Unsuitable("the database is another program's")
    applied: dict[int, str] = dict(
        connection.all("SELECT number, digest FROM schema_migrations", ())
    )
    wanted = {migration.number: migration.digest for migration in shipped()}
    if applied != wanted:
        older = applied.items() < wanted.items()
        raise Unsuitable(
            "the database is of an older release: run `genkan migrate`, or start the sandbox once"
            if older
            else "the database was not made by this release"
        )
