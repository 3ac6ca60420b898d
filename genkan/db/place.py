"""Where a database is, as a settings file says it: `sqlite:/path/to/file` or `postgresql://…`.

Owns what the two kinds of place have in common for commands and nodes: make, migrate, look into,
serve from. psycopg is imported for a place that needs it only; `Unsuitable` when it is missing.
"""

import os
import re
import sqlite3
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from genkan.core.clock import Clock
from genkan.db.database import Database, Services
from genkan.db.direct import DirectDatabase, DirectSqlite
from genkan.db.failures import Unsuitable
from genkan.db.files import open_to_read
from genkan.db.migrate import MigrationRefused, migrate_sqlite
from genkan.db.ours import is_anothers, tables_of
from genkan.db.sqlite import AlreadyOpen, SqliteConnection, SqliteDatabase, connect, lock

_SQLITE = "sqlite:"
_POSTGRES = re.compile(r"postgres(?:ql)?://", re.ASCII)
_MINIMUM_SQLITE = (3, 37, 0)


@dataclass(frozen=True, slots=True)
class SqlitePlace:
    """A file on this machine; one process serves from it."""

    path: Path

    def __str__(self) -> str:
        return f"{_SQLITE}{self.path}"

    def migrate(self, now: int) -> list[str]:
        """Make the file if need be and bring it to this release; the names of the steps taken.

        `Unsuitable` when it is another program's, or of a newer release: it was not changed.
        """
        if sqlite3.sqlite_version_info < _MINIMUM_SQLITE:
            raise Unsuitable("this Python carries an SQLite older than 3.37")
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._require_ours()
            with closing(connect(self.path, read_only=False)) as raw:
                self.path.chmod(0o600)
                return migrate_sqlite(raw, now)
        except MigrationRefused as refused:
            raise Unsuitable(str(refused)) from None
        except sqlite3.Error as error:
            raise Unsuitable(f"{self.path} cannot be used: {error}") from None

    def _require_ours(self) -> None:
        # Connecting as usual would already change the file: to write ahead.
        if not self.path.exists():
            return
        with closing(open_to_read(self.path)) as raw:
            if is_anothers(tables_of(SqliteConnection(raw))):
                raise Unsuitable(f"{self.path} is another program's database")

    def direct(self) -> DirectDatabase:
        """For a command; `Unsuitable` when there is no such file."""
        return DirectSqlite(self.path)

    def forget(self) -> None:
        """Remove everything. For the remains of what was never served."""
        for name in (self.path.name, f"{self.path.name}-wal", f"{self.path.name}-shm"):
            self.path.with_name(name).unlink(missing_ok=True)

    def hold(self) -> AbstractContextManager[object]:
        """Be the only process that serves from it, until closed; `Unsuitable` when one does.

        And when it is another program's: beside that no lock is left.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._require_ours()
            return closing(lock(self.path.parent))
        except AlreadyOpen:
            raise Unsuitable(f"another process serves from {self.path}") from None
        except sqlite3.Error as error:
            raise Unsuitable(f"{self.path.parent} cannot be used: {error}") from None

    def serve(self, services: Services, clock: Clock) -> Database:
        """Transactions for a node."""
        return SqliteDatabase(self.path, services=services, clock=clock)


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A PostgreSQL database; any number of nodes serve from it. `dsn` may hold a password."""

    dsn: str = field(repr=False)

    def __str__(self) -> str:
        url = urlsplit(self.dsn)
        return f"postgresql://{url.hostname or ''}{url.path}"

    def migrate(self, now: int) -> list[str]:
        """Bring it to this release; the names of the steps taken.

        `Unsuitable` when it is another program's, or of a newer release: it was not changed.
        """
        require_driver()
        from genkan.db.direct_postgres import DirectPostgres

        with closing(DirectPostgres(self.dsn)) as database:
            return database.migrate(now)

    def direct(self) -> DirectDatabase:
        """For a command; `Unavailable` when it cannot be reached."""
        require_driver()
        from genkan.db.direct_postgres import DirectPostgres

        return DirectPostgres(self.dsn)

    def forget(self) -> None:
        """Remove every row. For the remains of what was never served."""
        require_driver()
        from genkan.db.direct_postgres import DirectPostgres

        with closing(DirectPostgres(self.dsn)) as database:
            database.empty()

    def hold(self) -> AbstractContextManager[object]:
        """Be the only one that makes an installation in it; `Unsuitable` when another does."""
        require_driver()
        from genkan.db.direct_postgres import held

        return held(self.dsn)

    def serve(self, services: Services, clock: Clock) -> Database:
        """Transactions for a node."""
        require_driver()
        from genkan.db.postgres import PostgresDatabase

        return PostgresDatabase(self.dsn, services=services, clock=clock)


Place = SqlitePlace | PostgresPlace


def place_of(text: str) -> Place:
    """The place that `text` names; `Unsuitable` when it names none. Nothing is opened."""
    if _POSTGRES.match(text):
        return PostgresPlace(text)
    if text.startswith(_SQLITE) and (path := text.removeprefix(_SQLITE)):
        # sqlite:///var/lib/x and sqlite:/var/lib/x are the same place; both are in use elsewhere.
        # So is a link to it: its lock, and what tells a sandbox's, lie beside the file itself.
        return SqlitePlace(Path(os.path.realpath(re.sub(r"^//(?=/)", "", path))))
    raise Unsuitable("the database must be sqlite:/path/to/file or postgresql://user@host/name")


def require_driver() -> None:
    """`Unsuitable` where what speaks to PostgreSQL is not installed."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise Unsuitable("PostgreSQL needs the extra: pip install 'genkan[postgres]'") from None
