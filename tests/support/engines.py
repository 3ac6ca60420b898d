"""The two engines as tests see them: data of one store, and which engines a test runs on.

`SqliteData` is a file, copied from a migrated one. `PostgresData` is a database of the session's
server, made from a migrated template, emptied and used again by the next test of this process.
"""

import contextlib
import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import psycopg

from genkan.core.clock import Clock
from genkan.db.database import Connection, Database, Row, Services
from genkan.db.migrate import migrate_postgres, migrate_sqlite
from genkan.db.postgres import PostgresDatabase
from genkan.db.postgres_connection import PostgresConnection, open_connection
from genkan.db.sqlite import SqliteConnection, SqliteDatabase, connect
from tests.support import postgresql

SQLITE, POSTGRES = "sqlite", "postgres"
ENGINES = (SQLITE, POSTGRES)
_MADE_AT = 1_800_000_000_000


class Data(Protocol):
    """One store's data, and one connection to it in autocommit."""

    @property
    def engine(self) -> str:
        """Its name."""

    @property
    def raw(self) -> Any:
        """The driver's connection."""

    @property
    def connection(self) -> Connection:
        """The same connection, as `Tx` has it."""

    def begin(self) -> None:
        """Begin a write."""

    def commit(self) -> None:
        """Commit it."""

    def rollback(self) -> None:
        """Undo it."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """What a query outside any transaction gives."""

    def tables(self) -> list[str]:
        """The names of all tables."""

    def whole_reads(self, sql: str, parameters: Sequence[Any]) -> list[str]:
        """Steps of a statement's plan that read a whole table or index."""

    def sorts(self, sql: str, parameters: Sequence[Any]) -> list[str]:
        """Steps of a statement's plan that sort what an index could give in order."""

    def another(self) -> "Data":
        """The same data on a connection of its own."""

    def database(self, services: Services, clock: Clock) -> Database:
        """The engine's own transactions on this data."""

    def close(self) -> None:
        """Close the connection."""


# --- SQLite ---------------------------------------------------------------------------------------


@cache
def _sqlite_template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="genkan-")) / "template.sqlite"
    raw = connect(path, read_only=False)
    migrate_sqlite(raw, _MADE_AT)
    raw.close()
    return path


class SqliteData:
    """A file; made from the template unless it exists."""

    engine: str = SQLITE

    def __init__(self, path: Path) -> None:
        if not path.exists():
            shutil.copyfile(_sqlite_template(), path)
        self.path = path
        self.raw = connect(path, read_only=False)
        # What a test writes need not outlive the machine.
        self.raw.execute("PRAGMA synchronous=OFF")
        self.connection: Connection = SqliteConnection(self.raw)

    def begin(self) -> None:
        self.raw.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.raw.execute("COMMIT")

    def rollback(self) -> None:
        self.raw.execute("ROLLBACK")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.raw.execute(sql, parameters).fetchall()

    def tables(self) -> list[str]:
        rows = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        return [name for (name,) in rows]

    def whole_reads(self, sql: str, parameters: Sequence[Any]) -> list[str]:
        return [step for step in self._plan(sql, parameters) if "SCAN" in step]

    def sorts(self, sql: str, parameters: Sequence[Any]) -> list[str]:
        return [step for step in self._plan(sql, parameters) if "TEMP B-TREE" in step]

    def _plan(self, sql: str, parameters: Sequence[Any]) -> list[str]:
        return [row[3] for row in self.rows(f"EXPLAIN QUERY PLAN {sql}", parameters)]

    def another(self) -> Data:
        return SqliteData(self.path)

    def database(self, services: Services, clock: Clock) -> SqliteDatabase:
        return SqliteDatabase(self.path, services=services, clock=clock)

    def close(self) -> None:
        self.raw.close()


# --- PostgreSQL -----------------------------------------------------------------------------------

_TEMPLATE = "genkan_template"
_LOCK_TIMEOUT = "5s"
_holding = contextlib.ExitStack()
_free: list["PostgresData"] = []
_numbers = itertools.count()


@cache
def server_dsn() -> str:
    """The session's server, held until this process ends; a connection string without database."""
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(6)
    return _holding.enter_context(postgresql.shared_server(session))


@cache
def _postgres_template() -> tuple[str, ...]:
    """The names of the template's tables. Whoever needs it first makes it."""
    with psycopg.connect(f"{server_dsn()} dbname=postgres", autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(1)")
        known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE])
        if known.fetchone() is None:
            admin.execute(f"CREATE DATABASE {_TEMPLATE}_partial")
            migrate_postgres_at(f"{server_dsn()} dbname={_TEMPLATE}_partial")
            admin.execute(f"ALTER DATABASE {_TEMPLATE}_partial RENAME TO {_TEMPLATE}")
        with contextlib.closing(psycopg.connect(f"{server_dsn()} dbname={_TEMPLATE}")) as raw:
            rows = raw.execute(f"{_TABLES} AND table_name NOT LIKE 'schema%'").fetchall()
    return tuple(name for (name,) in rows)


def migrate_postgres_at(dsn: str) -> list[str]:
    """Bring the database to this release; the names of the steps taken."""
    opened = open_connection(dsn)
    try:
        return migrate_postgres(opened, _MADE_AT)
    finally:
        opened.close()


def new_postgres_database(*, migrated: bool = True, template: str = "") -> str:
    """The connection string of a new database, which stays until the session's server ends.

    It is a copy of the `template` if one is named, otherwise empty, `migrated` or not.
    """
    if migrated and not template:
        _postgres_template()
    copied = template or (_TEMPLATE if migrated else "template0")
    name = f"t{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(f"{server_dsn()} dbname=postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {copied}")
    return f"{server_dsn()} dbname={name}"


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _whole_read(node: dict[str, Any]) -> str:
    kind: str = node["Node Type"]
    by_index = kind in ("Index Scan", "Index Only Scan", "Bitmap Index Scan")
    if kind == "Seq Scan" or (by_index and "Index Cond" not in node):
        return f"{kind} on {node.get('Relation Name') or node.get('Index Name')}"
    return ""


_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"


class PostgresData:
    """A database of the session's server."""

    engine: str = POSTGRES

    def __init__(self, dsn: str, *, shared: bool = False) -> None:
        self.dsn = dsn
        self._shared = shared
        self.connection: PostgresConnection = open_connection(dsn)
        self.raw: psycopg.Connection[Any] = self.connection.raw

    @classmethod
    def lease(cls) -> "PostgresData":
        """An empty, migrated database, which the next test gets after `close`."""
        while _free:
            data = _free.pop()
            # One that somebody whom a test left holds on to is left to them.
            with contextlib.suppress(psycopg.OperationalError):
                data.empty()
                return data
            data.raw.close()
        return cls(new_postgres_database(), shared=True)

    def begin(self) -> None:
        self.connection.begin(b"BEGIN ISOLATION LEVEL SERIALIZABLE")

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.connection.all(sql, parameters)

    def tables(self) -> list[str]:
        return sorted(name for (name,) in self.rows(_TABLES))

    def sorts(self, sql: str, parameters: Sequence[Any]) -> list[str]:
        return []  # A few rows are sorted whatever the indexes, so the plan tells nothing.

    def whole_reads(self, sql: str, parameters: Sequence[Any]) -> list[str]:
        ((plan,),) = self.rows(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        return [step for node in _nodes(plan[0]["Plan"]) if (step := _whole_read(node))]

    def another(self) -> Data:
        return PostgresData(self.dsn)

    def database(self, services: Services, clock: Clock) -> PostgresDatabase:
        return PostgresDatabase(self.dsn, services=services, clock=clock)

    def empty(self) -> None:
        """Remove every row; what one test left open must not hold up the next."""
        self.connection.rollback()
        deletes = "".join(f'DELETE FROM "{name}";' for name in _postgres_template())
        self.raw.execute(
            # Without references being checked: any order will do.
            f"SET lock_timeout = '{_LOCK_TIMEOUT}'; SET session_replication_role = replica;"
            f" {deletes} RESET session_replication_role; RESET lock_timeout".encode()
        )

    def close(self) -> None:
        if self._shared:
            _free.append(self)
        else:
            self.raw.close()


# --- which engines a test runs on -----------------------------------------------------------------


def open_data(engine: str, directory: Path) -> Data:
    """Empty, migrated data on an engine; a file of `directory` if it needs one."""
    if engine == SQLITE:
        return SqliteData(directory / "genkan.sqlite")
    return PostgresData.lease()


def chosen() -> tuple[str, ...]:
    """The engines of this run: all, or the one that GENKAN_TEST_ENGINES names."""
    wanted = os.environ.get("GENKAN_TEST_ENGINES", "all")
    if wanted == "all":
        return ENGINES
    if wanted in ENGINES:
        return (wanted,)
    raise ValueError(f"GENKAN_TEST_ENGINES must be all, {' or '.join(ENGINES)}")
