"""Rows for every table of the schema, as odd as the columns allow.

Made from what SQLite says of the schema, not from our own catalog of it, which is under test.
"""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from genkan.db.migrate import migrate_sqlite
from tests.support.engines import Data

KEPT = {"data_keys", "schema_migrations", "schema_floors"}
"""Tables whose rows must make sense, and are there already."""
TEXTS = (
    "",
    " ",
    "\n",
    "'\"\\;--",
    "%s ? $1",
    "Ünïcödé",
    "佐藤健",
    "😀\U0010ffff",
    "\x01\x7f\ufffe",
    "e\u0301",
)
NUMBERS = (0, 1, -1, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, -(2**63))
BLOBS = (b"", b"\0", b"\0\1\2\xff" * 9, bytes(range(256)), b"\x78\x9c" + b"\0" * 40)


@dataclass(slots=True)
class Shape:
    """A table as SQLite has it. `numbers` are those of its keys that are numbers."""

    columns: list[tuple[str, str, bool]]
    numbers: frozenset[str]
    references: dict[str, tuple[str, str]] = field(default_factory=dict)


def shapes() -> dict[str, Shape]:
    """Every table, parents first."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as raw:
        migrate_sqlite(raw, 0)
        found = {}
        for (table,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            told = raw.execute(f"PRAGMA table_info({table})").fetchall()
            columns = [
                (name, kind, not required and not key) for _, name, kind, required, _, key in told
            ]
            numbers = frozenset(row[1] for row in told if row[5] and row[2] == "INTEGER")
            references = {
                column: (to, to_column)
                for _, _, to, column, to_column, *_ in raw.execute(
                    f"PRAGMA foreign_key_list({table})"
                )
            }
            found[table] = Shape(columns, numbers, references)
    return dict(_parents_first(found))


def _parents_first(found: dict[str, Shape]) -> Iterator[tuple[str, Shape]]:
    done: set[str] = set()
    while len(done) < len(found):
        for table, shape in found.items():
            if table not in done and {to for to, _ in shape.references.values()} <= done:
                done.add(table)
                yield table, shape


def fill_every_table(data: Data, *, count: int = 12, seed: int = 1) -> None:
    """`count` rows in every table, with references that hold and unique texts."""
    chance = random.Random(seed)
    made: dict[tuple[str, str], list[Any]] = {}
    data.begin()
    for table, shape in shapes().items():
        if table in KEPT:
            continue
        for number in range(count):
            row = [
                made[shape.references[name]][number % count]
                if name in shape.references
                else 2**62 - number
                if name in shape.numbers
                else _value(chance, kind, nullable, number)
                for name, kind, nullable in shape.columns
            ]
            for (name, _, _), value in zip(shape.columns, row, strict=True):
                made.setdefault((table, name), []).append(value)
            names = ", ".join(name for name, _, _ in shape.columns)
            marks = ", ".join("?" * len(row))
            data.connection.run(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)
    data.commit()


def _value(chance: random.Random, kind: str, nullable: bool, number: int) -> Any:
    if nullable and chance.random() < 0.4:
        return None
    if kind == "INTEGER":
        return chance.choice(NUMBERS)
    # A number makes it unique, except that the first may be as short as can be.
    if kind == "TEXT":
        text = chance.choice(TEXTS)
        return text if not number else f"{text}{number}"
    return chance.choice(BLOBS) + (bytes([number]) if number else b"")


def everything(data: Data) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table by the names of its columns, in an order of its own."""
    return {
        table: sorted(
            (tuple(map(_comparable, row)) for row in _rows(data, table, shape)),
            key=repr,
        )
        for table, shape in shapes().items()
    }


def _rows(data: Data, table: str, shape: Shape) -> list[tuple[Any, ...]]:
    names = ", ".join(name for name, _, _ in shape.columns)
    return data.rows(f"SELECT {names} FROM {table}")


def _comparable(value: Any) -> Any:
    return type(value).__name__, value
