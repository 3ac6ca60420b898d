"""Migrations: forward-only, numbered, one time line for both engines.

`migrations/NNNN_name.sql`, statements separated by a line that ends in `;`. Tokens stand where the
engines' types differ: `{int64}`, `{bytes}`, `{text}` (byte order on PostgreSQL), `{strict}`.
A file that was applied must never change: its hash is kept and compared.
All steps are one transaction; nodes that start together take turns.

A line `-- keeps: NNNN` says that nodes whose own last step is NNNN or later go on working beside
this step; without it only nodes that know the step do. Which database a node may use follows from
that in `db.release`.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from genkan.db.database import Connection
from genkan.db.ours import is_anothers, tables_of
from genkan.db.sqlite import SqliteConnection

if TYPE_CHECKING:
    from genkan.db.postgres_connection import PostgresConnection

SQLITE_TOKENS = {"int64": "INTEGER", "bytes": "BLOB", "text": "TEXT", "strict": "STRICT"}
POSTGRES_TOKENS = {"int64": "BIGINT", "bytes": "BYTEA", "text": 'TEXT COLLATE "C"', "strict": ""}
MIGRATION_LOCK = 0x67656E6B616E  # "genkan": one lock for all nodes of a database
_NAME = re.compile(r"^(\d{4})_([a-z_]+)\.sql$")
_MADE = re.compile(r"\b(?:CREATE TABLE|RENAME TO)\s+([a-z_0-9]+)")
_KEEPS = re.compile(r"^-- keeps: (\d{4})$", re.MULTILINE)


class MigrationRefused(Exception):
    """The database is of a newer or another release, or not ours; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step."""

    number: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text as shipped."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def keeps(self) -> int:
        """The last step of the oldest release whose nodes go on working beside this one."""
        said = _KEEPS.search(self.text)
        return int(said[1]) if said else self.number

    @property
    def makes(self) -> list[str]:
        """The names of the tables that it makes."""
        return _MADE.findall(self.text)

    def statements(self, tokens: dict[str, str]) -> Iterator[str]:
        """The statements for an engine, tokens replaced."""
        text = re.sub(r"--[^\n]*", "", self.text)
        text = re.sub(r"\{(\w+)\}", lambda match: tokens[match.group(1)], text)
        for statement in text.split(";\n"):
            if statement.strip():
                yield statement.strip().rstrip(";")


_LEDGER = Migration(
    0,
    "ledger",
    "CREATE TABLE IF NOT EXISTS schema_migrations (number {int64} PRIMARY KEY,"
    " name {text} NOT NULL, digest {text} NOT NULL, applied_at {int64} NOT NULL) {strict};\n"
    "CREATE TABLE IF NOT EXISTS schema_floors (number {int64} PRIMARY KEY,"
    " keeps {int64} NOT NULL) {strict};\n",
)


def shipped() -> list[Migration]:
    """Every migration of this release, in order."""
    found = []
    for entry in resources.files("genkan.db").joinpath("migrations").iterdir():
        match = _NAME.match(entry.name)
        if match:
            found.append(Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.number)


def migrate_sqlite(raw: sqlite3.Connection, now: int) -> list[str]:
    """Bring a SQLite file to this release; the names of the steps taken. `now`: epoch ms."""
    raw.execute("BEGIN IMMEDIATE")
    try:
        taken = take_steps(SqliteConnection(raw), SQLITE_TOKENS, now)
    except BaseException:
        raw.execute("ROLLBACK")
        raise
    raw.execute("COMMIT")
    return taken


def migrate_postgres(connection: "PostgresConnection", now: int) -> list[str]:
    """Bring a PostgreSQL database to this release; the names of the steps taken.

    A node that comes second waits for the first and finds nothing to do.
    """
    connection.begin(b"BEGIN ISOLATION LEVEL READ COMMITTED")
    try:
        # A step may take long, and so may another node's; but no step may wait long for a table
        # that is in use, since everybody else would wait behind it.
        connection.run("SET LOCAL statement_timeout = 0", ())
        connection.run("SELECT pg_advisory_xact_lock(?)", (MIGRATION_LOCK,))
        connection.run("SET LOCAL lock_timeout = '10s'", ())
        taken = take_steps(connection, POSTGRES_TOKENS, now)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return taken


def make_schema(connection: Connection, tokens: dict[str, str], applied: Mapping[int, int]) -> None:
    """In a database without tables, the schema as it was after the steps that `applied` numbers.

    For a restore, in its own transaction: each step is recorded at the time given, epoch ms.
    """
    for statement in _LEDGER.statements(tokens):
        connection.run(statement, ())
    for migration in shipped():
        if migration.number in applied:
            _take(connection, tokens, migration, applied[migration.number])


def take_steps(connection: Connection, tokens: dict[str, str], now: int) -> list[str]:
    """Bring a database to this release inside the caller's transaction; the steps' names."""
    if is_anothers(tables_of(connection)):
        raise MigrationRefused("this is another program's database")
    for statement in _LEDGER.statements(tokens):
        connection.run(statement, ())
    taken = []
    for migration in _pending(
        dict(connection.all("SELECT number, digest FROM schema_migrations", ()))
    ):
        _take(connection, tokens, migration, now)
        taken.append(migration.name)
    return taken


def _take(connection: Connection, tokens: dict[str, str], migration: Migration, now: int) -> None:
    for statement in migration.statements(tokens):
        connection.run(statement, ())
    connection.run(
        "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
        (migration.number, migration.name, migration.digest, now),
    )
    connection.run("INSERT INTO schema_floors VALUES (?, ?)", (migration.number, migration.keeps))


def _pending(applied: dict[int, str]) -> list[Migration]:
    known = {migration.number: migration for migration in shipped()}
    for number, digest in applied.items():
        if number not in known:
            raise MigrationRefused(f"the database is newer than this release (step {number})")
        if known[number].digest != digest:
            raise MigrationRefused(f"step {number} is not the one this database was made with")
    return [migration for number, migration in known.items() if number not in applied]
