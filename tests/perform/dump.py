"""Everything that a store holds, table by table, to see what a call has left behind."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Dump = Mapping[str, frozenset[tuple[Any, ...]]]
AUDIT = "audit_events"


def dump(path: Path) -> dict[str, frozenset[tuple[Any, ...]]]:
    """Every row of every table that is committed in the database file."""
    raw = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        raw.execute("BEGIN")
        names = [
            row[0]
            for row in raw.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        return {name: frozenset(raw.execute(f'SELECT * FROM "{name}"')) for name in names}
    finally:
        raw.close()


def changes(before: Dump, after: Dump) -> dict[str, tuple[int, int]]:
    """The tables that differ, with how many rows are new and how many are gone."""
    assert before.keys() == after.keys()
    return {
        name: (len(after[name] - before[name]), len(before[name] - after[name]))
        for name in before
        if before[name] != after[name]
    }
