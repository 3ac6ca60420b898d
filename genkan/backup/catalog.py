"""What a database declares, told alike for both engines: tables, columns, keys, references.

Asked of the database itself, not of the migrations, so that whatever steps made the schema is
covered. Types are the three of our schema: text, int64, bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from genkan.backup.refusal import BackupRefused
from genkan.db.database import Connection, Row
from genkan.db.migrate import Migration
from genkan.db.ours import LEDGER
from genkan.db.sqlite import SqliteConnection

Kind = Literal["text", "int64", "bytes"]
_KINDS: dict[str, Kind] = {
    "TEXT": "text",
    "INTEGER": "int64",
    "BLOB": "bytes",
    "text": "text",
    "bigint": "int64",
    "bytea": "bytes",
}
MOST_STEPS = 10_000

# The name, the declared type, whether NULL is refused, the place in the primary key (0: none).
_SQLITE_COLUMNS = (
    'SELECT m.name, c.name, c.type, c."notnull" OR c.pk, c.pk FROM sqlite_master AS m,'
    " pragma_table_info(m.name) AS c WHERE m.type = 'table' ORDER BY m.name, c.cid"
)
_POSTGRES_COLUMNS = (
    "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod)::text,"
    " a.attnotnull, COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0)::int8"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
    " WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace"
    " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum"
)
_SQLITE_REFERENCES = (
    'SELECT DISTINCT m.name, f."table" FROM sqlite_master AS m,'
    " pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'"
)
_POSTGRES_REFERENCES = (
    "SELECT DISTINCT c.relname::text, r.relname::text FROM pg_constraint f"
    " JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class r ON r.oid = f.confrelid"
    " WHERE f.contype = 'f' AND c.relnamespace = current_schema()::regnamespace"
)

_SQLITE_LEDGER = "SELECT name FROM sqlite_master WHERE name = 'schema_migrations'"
_POSTGRES_LEDGER = "SELECT to_regclass('schema_migrations')::text"


@dataclass(frozen=True, slots=True)
class Column:
    """`required`: NULL is refused."""

    name: str
    kind: Kind
    required: bool


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` in the order of the schema, `key` the primary key's in its order."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


def taken_by(connection: Connection) -> dict[int, str]:
    """The steps that a database took, with their digests; none when there are no tables of ours."""
    on_sqlite = isinstance(connection, SqliteConnection)
    ledger = connection.one(_SQLITE_LEDGER if on_sqlite else _POSTGRES_LEDGER, ())
    if ledger is None or ledger[0] is None:
        return {}
    return dict(
        connection.all("SELECT number, digest FROM schema_migrations LIMIT ?", (MOST_STEPS,))
    )


def tables_of(connection: Connection, steps: Iterable[Migration]) -> list[Table]:
    """The tables that these steps made, each after those that it refers to.

    Another program's tables in the same database are left out, and so is the ledger of steps.
    """
    ours = {name for step in steps for name in step.makes} - LEDGER
    on_sqlite = isinstance(connection, SqliteConnection)
    columns: dict[str, list[Row]] = {}
    for table, *column in connection.all(_SQLITE_COLUMNS if on_sqlite else _POSTGRES_COLUMNS, ()):
        if table in ours:
            columns.setdefault(table, []).append(tuple(column))
    references = connection.all(_SQLITE_REFERENCES if on_sqlite else _POSTGRES_REFERENCES, ())
    return [_table(name, columns[name]) for name in _parents_first(columns, references)]


def _table(name: str, rows: list[Row]) -> Table:
    columns = tuple(
        Column(column, _kind(name, declared), bool(required))
        for column, declared, required, _ in rows
    )
    in_key = sorted((place, column) for column, _, _, place in rows if place)
    return Table(name, columns, tuple(column for _, column in in_key))


def _kind(table: str, declared: str) -> Kind:
    try:
        return _KINDS[declared]
    except KeyError:
        raise BackupRefused(f"the table {table} has a column of the type {declared}") from None


def _parents_first(names: Iterable[str], references: Iterable[Row]) -> list[str]:
    waiting = {name: {to for table, to in references if table == name} for name in sorted(names)}
    ordered: list[str] = []
    while waiting:
        ready = [name for name, parents in waiting.items() if not parents & waiting.keys()]
        if not ready:
            raise BackupRefused(f"the tables {', '.join(waiting)} refer to each other in a circle")
        ordered += ready
        for name in ready:
            del waiting[name]
    return ordered
