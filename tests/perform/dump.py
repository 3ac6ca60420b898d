"""Everything that a store holds, table by table, to see what a call has left behind.

But for the seals of the audit trail: those a server makes by itself, some time after a record.
"""

from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from genkan.audit.sealing import SEAL_JOB
from genkan.db.direct import DirectDatabase
from genkan.db.place import Place, PostgresPlace, SqlitePlace

Dump = Mapping[str, frozenset[tuple[Any, ...]]]
AUDIT = "audit_events"
_SEALS = ("audit_batches", "audit_pruned")
_SELECTED = {
    AUDIT: "SELECT event_id, event_time, account_id, event_name, event_source, user_name,"
    " access_key_id, read_only, record, resources FROM {}",
    "jobs": f"SELECT * FROM {{}} WHERE kind <> '{SEAL_JOB}'",
}


def dump(source: Place | Path) -> dict[str, frozenset[tuple[Any, ...]]]:
    """Every row of every table that is committed at a place, or in the SQLite file of that path."""
    if isinstance(source, PostgresPlace):
        return _rows(_kept(source))
    place = SqlitePlace(source) if isinstance(source, Path) else source
    with closing(place.direct()) as database:
        return _rows(database)


@cache
def _kept(place: PostgresPlace) -> DirectDatabase:
    """Connecting and preparing so many statements anew would take much longer than the rows do."""
    return place.direct()


def _rows(database: DirectDatabase) -> dict[str, frozenset[tuple[Any, ...]]]:
    ask = statements(database.tables())
    return database.read(
        lambda rows: {name: frozenset(rows.all(sql, ())) for name, sql in ask.items()}
    )


def statements(names: Iterable[str], schema: str = "") -> dict[str, str]:
    """What asks for every row of these tables, by the table; `schema` ends with its dot."""
    return {
        name: _SELECTED.get(name, "SELECT * FROM {}").format(f'{schema}"{name}"')
        for name in sorted(names)
        if not name.startswith("sqlite_") and name not in _SEALS
    }


def changes(before: Dump, after: Dump) -> dict[str, tuple[int, int]]:
    """The tables that differ, with how many rows are new and how many are gone."""
    assert before.keys() == after.keys()
    return {
        name: (len(after[name] - before[name]), len(before[name] - after[name]))
        for name in before
        if before[name] != after[name]
    }
