"""A PostgreSQL database as a command opens it (`db.direct`): one connection, no threads."""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import psycopg

from genkan.db.database import Connection
from genkan.db.failures import Contended, Unavailable, Unsuitable
from genkan.db.migrate import MigrationRefused, migrate_postgres, shipped
from genkan.db.ours import Tables, tables_of
from genkan.db.postgres_connection import PostgresConnection, open_connection

T = TypeVar("T")
_READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_WRITE = b"BEGIN ISOLATION LEVEL SERIALIZABLE"
_CONFLICTS = frozenset({"40001", "40P01"})
_ATTEMPTS = 50
_LAST_PAUSE_SECONDS = 0.5
_NO_TIMEOUT = 0
_MAKING = 0x67656E6B6D616B65  # "genkmake": ours among the database's advisory locks
_HOLD = "SELECT pg_try_advisory_lock(?)"


class DirectPostgres:
    """`db.direct.DirectDatabase` at a connection string. Statements take as long as they take."""

    def __init__(self, dsn: str) -> None:
        try:
            self._connection = open_connection(dsn, statement_timeout_ms=_NO_TIMEOUT)
        except psycopg.OperationalError as error:
            raise Unavailable(f"the database cannot be reached: {_line(error)}") from error
        except psycopg.ProgrammingError:
            # Its text repeats the address, which may hold a password.
            raise Unsuitable("the address of the database is malformed") from None

    def migrate(self, now: int) -> list[str]:
        """Bring it to this release; the names of the steps taken. `now` in epoch milliseconds."""
        try:
            return migrate_postgres(self._connection, now)
        except MigrationRefused as refused:
            raise Unsuitable(str(refused)) from None
        except psycopg.Error as error:
            raise Unavailable(f"nothing was migrated: {_line(error)}") from error

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one snapshot."""
        return self._transaction(_READ, work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, durable on return, again while others are in the way."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._transaction(_WRITE, work)
            except psycopg.Error as error:
                if error.sqlstate not in _CONFLICTS:
                    raise
            longest = min(_LAST_PAUSE_SECONDS, 0.001 * 2**attempt)
            time.sleep(random.uniform(0, longest))  # noqa: S311 - spreads load, guards nothing
        raise Contended(f"in the way of others at {_ATTEMPTS} attempts")

    def tables(self) -> Tables:
        """The tables of the schema in use."""
        return self.read(tables_of)

    def empty(self) -> None:
        """Remove every row of every table of ours; which steps were taken stays known."""
        ours = {name for step in shipped() for name in step.makes}
        names = ", ".join(f'"{name}"' for name in self.tables() if name in ours)
        self.write(lambda rows: rows.run(f"TRUNCATE {names}", ()))

    def scrub(self) -> None:
        """The server's own vacuum does that, and its archives are its administrator's."""

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _transaction(self, begin: bytes, work: Callable[[Connection], T]) -> T:
        connection: PostgresConnection = self._connection
        try:
            connection.begin(begin)
            value = work(connection)
            connection.commit()
        except BaseException as error:
            alive = connection.alive
            with contextlib.suppress(psycopg.Error):
                connection.rollback()
            if not alive and isinstance(error, psycopg.Error):
                raise Unavailable(f"the connection was lost: {_line(error)}") from error
            raise
        return value


@contextlib.contextmanager
def held(dsn: str) -> Iterator[None]:
    """Hold a lock of all nodes for as long as the connection lives; `Unsuitable` if it is held."""
    with contextlib.closing(DirectPostgres(dsn)) as database:
        if database.read(lambda rows: rows.one(_HOLD, (_MAKING,))) != (True,):
            raise Unsuitable("another command is making an installation in this database")
        yield


def _line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
