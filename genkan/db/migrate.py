"""Migrations: forward-only, numbered, one time line for both engines.

`migrations/NNNN_name.sql`, statements separated by a line that ends in `;`. Tokens stand where the
engines' types differ: `{int64}`, `{bytes}`, `{text}` (byte order on PostgreSQL), `{strict}`.
A file that was applied must never change: its hash is kept and compared.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

SQLITE_TOKENS = {"int64": "INTEGER", "bytes": "BLOB", "text": "TEXT", "strict": "STRICT"}
_NAME = re.compile(r"^(\d{4})_([a-z_]+)\.sql$")


class MigrationRefused(Exception):
    """The database is of a newer or another release; nothing was changed."""


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

    def statements(self, tokens: dict[str, str]) -> Iterator[str]:
        """The statements for an engine, tokens replaced."""
        text = re.sub(r"--[^\n]*", "", self.text)
        text = re.sub(r"\{(\w+)\}", lambda match: tokens[match.group(1)], text)
        for statement in text.split(";\n"):
            if statement.strip():
                yield statement.strip().rstrip(";")


def shipped() -> list[Migration]:
    """Every migration of this release, in order."""
    found = []
    for entry in resources.files("genkan.db").joinpath("migrations").iterdir():
        match = _NAME.match(entry.name)
        if match:
            found.append(Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.number)


def migrate_sqlite(raw: sqlite3.Connection, now: int) -> list[str]:
    """Bring a SQLite file to this release in one transaction; the names of the steps taken."""
    raw.execute("BEGIN IMMEDIATE")
    try:
        raw.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY,"
            " name TEXT NOT NULL, digest TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"
        )
        applied = dict(raw.execute("SELECT number, digest FROM schema_migrations").fetchall())
        taken = []
        for migration in _pending(applied):
            for statement in migration.statements(SQLITE_TOKENS):
                raw.execute(statement)
            raw.execute(
                "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
                (migration.number, migration.name, migration.digest, now),
            )
            taken.append(migration.name)
    except BaseException:
        raw.execute("ROLLBACK")
        raise
    raw.execute("COMMIT")
    return taken


def _pending(applied: dict[int, str]) -> list[Migration]:
    known = {migration.number: migration for migration in shipped()}
    for number, digest in applied.items():
        if number not in known:
            raise MigrationRefused(f"the database is newer than this release (step {number})")
        if known[number].digest != digest:
            raise MigrationRefused(f"step {number} is not the one this database was made with")
    return [migration for number, migration in known.items() if number not in applied]
