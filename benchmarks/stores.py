"""Stores filled with a data set: SQLite directories in a cache, PostgreSQL databases by COPY.

A filled SQLite store is kept outside the repository, under the digest of the migrations and of the
data set's own code, and copied for each run: what a run writes does not reach the next one.
"""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import catalogue, dataset
from benchmarks.catalogue import Row
from benchmarks.dataset import Scale
from genkan.db.migrate import shipped
from genkan.identity_store import described
from tests.support.server import Server


class SqliteStore:
    """`catalogue.Store` on a file that nobody else has open."""

    def __init__(self, path: Path) -> None:
        self._raw = sqlite3.connect(path, isolation_level=None)
        # Cut off, the file is thrown away and made again: nothing need be durable before the end.
        self._raw.execute("PRAGMA synchronous=OFF")
        self._raw.execute("PRAGMA cache_size=-400000")
        self._raw.execute("BEGIN")

    def rows(self, sql: str) -> list[Row]:
        return self._raw.execute(sql).fetchall()

    def add(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        marks = ", ".join("?" * len(columns.split(",")))
        indexes = self._drop_indexes(table)
        self._raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        for index in indexes:
            self._raw.execute(index)

    def _drop_indexes(self, table: str) -> list[str]:
        """Without them rows are added several times faster; their statements, to make them anew."""
        found = self._raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?"
            " AND sql IS NOT NULL",
            (table,),
        ).fetchall()
        for name, _ in found:
            self._raw.execute(f"DROP INDEX {name}")
        return [sql for _, sql in found]

    def change(self, sql: str) -> None:
        self._raw.execute(sql)

    def close(self) -> None:
        """Make everything durable, in one file."""
        self._raw.execute("COMMIT")
        self._raw.execute("PRAGMA synchronous=FULL")
        self._raw.execute("ANALYZE")
        self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._raw.close()


class PostgresStore:
    """`catalogue.Store` on a database."""

    def __init__(self, dsn: str) -> None:
        self._raw = psycopg.connect(dsn)

    def rows(self, sql: str) -> list[Row]:
        return self._raw.execute(sql.encode()).fetchall()

    def add(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        statement = f"COPY {table} ({columns}) FROM STDIN".encode()
        with self._raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def change(self, sql: str) -> None:
        self._raw.execute(sql.encode())

    def close(self) -> None:
        """Commit, and tell the planner what there is."""
        self._raw.commit()
        self._raw.autocommit = True
        self._raw.execute("VACUUM (ANALYZE)")
        self._raw.close()


def cache_folder() -> Path:
    """Where filled stores are kept; GENKAN_BENCHMARK_CACHE names another place."""
    given = os.environ.get("GENKAN_BENCHMARK_CACHE")
    if given:
        return Path(given)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "genkan" / "benchmarks"


def digest() -> str:
    """Changes with the schema and with what is written into it."""
    found = hashlib.sha256()
    for migration in shipped():
        found.update(migration.digest.encode())
    for name in (dataset.__file__, catalogue.__file__, described.__file__):
        found.update(Path(name or "").read_bytes())
    return found.hexdigest()[:16]


def sqlite_directory(name: str, scale: Scale, into: Path) -> Path:
    """A copy of the data directory filled to `scale`, in `into`; made once, then cached."""
    kept = cache_folder() / digest() / name
    if not kept.exists():
        _make(kept, scale)
    shutil.copytree(kept, into)
    return into


def _make(kept: Path, scale: Scale) -> None:
    base = kept.parent / "sample"
    _forget_others(kept.parent)
    with tempfile.TemporaryDirectory(dir=kept.parent) as partial:
        if not base.exists():
            made = Path(partial) / "sample"
            Server(made).start().stop()
            made.rename(base)
        filled = Path(partial) / "filled"
        shutil.copytree(base, filled)
        fill_sqlite(filled, scale)
        filled.rename(kept)


def _forget_others(current: Path) -> None:
    current.mkdir(parents=True, exist_ok=True, mode=0o700)
    for other in current.parent.iterdir():
        if other != current:
            shutil.rmtree(other, ignore_errors=True)


def fill_sqlite(directory: Path, scale: Scale) -> None:
    """Fill the store of a sandbox that does not run."""
    store = SqliteStore(directory / "genkan.sqlite")
    dataset.fill(store, scale)
    store.close()


def fill_postgres(dsn: str, scale: Scale) -> Any:
    """Fill a database that `genkan init` has made."""
    store = PostgresStore(dsn)
    dataset.fill(store, scale)
    store.close()
