"""An empty PostgreSQL database that a restore fills (`db.filling`): one transaction.

A node that starts meanwhile waits for it, because a migration takes the same lock.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import psycopg

from genkan.db.database import Connection
from genkan.db.failures import Unavailable, Unsuitable
from genkan.db.filling import require_no_rows
from genkan.db.migrate import MIGRATION_LOCK, POSTGRES_TOKENS
from genkan.db.ours import tables_of
from genkan.db.place import PostgresPlace
from genkan.db.postgres_connection import PostgresConnection, open_connection

T = TypeVar("T")
_NAME = "the database"


class PostgresFilling:
    """A database without tables, or with ours and no rows in them."""

    tokens = POSTGRES_TOKENS

    def __init__(self, place: PostgresPlace) -> None:
        self._place = place

    def require_free(self) -> None:
        """`Unsuitable` when something is there; changes nothing."""
        with self._connected() as connection:
            connection.begin(b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            require_no_rows(connection, _NAME)
            connection.rollback()

    def hold(self) -> contextlib.AbstractContextManager[object]:
        """Keep others from making an installation here; `fill` itself keeps nodes away."""
        return self._place.hold()

    def fill(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction."""
        with self._connected() as connection:
            # Nobody else is in here: without predicate locks a million rows take none.
            connection.begin(b"BEGIN ISOLATION LEVEL READ COMMITTED")
            connection.run("SELECT pg_advisory_xact_lock(?)", (MIGRATION_LOCK,))
            connection.run("SET LOCAL lock_timeout = '10s'", ())
            require_no_rows(connection, _NAME)
            for name in tables_of(connection):
                connection.run(f'LOCK TABLE "{name}" IN ACCESS EXCLUSIVE MODE', ())
            require_no_rows(connection, _NAME)
            try:
                value = work(connection)
            except (psycopg.IntegrityError, psycopg.DataError) as error:
                raise Unsuitable(f"its rows do not fit together: {_line(error)}") from None
            except ValueError as error:
                raise Unsuitable(f"PostgreSQL cannot hold its rows: {error}") from None
            connection.commit()
            return value

    @contextlib.contextmanager
    def _connected(self) -> Iterator[PostgresConnection]:
        try:
            with contextlib.closing(
                open_connection(self._place.dsn, statement_timeout_ms=0)
            ) as connection:
                yield connection
        except psycopg.Error as error:
            raise Unavailable(f"the database cannot be used: {_line(error)}") from error


def _line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
