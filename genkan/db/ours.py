"""Whose database this is: nobody's yet, ours, or another program's.

It is ours when `schema_migrations`, which other programs have too, has the columns that our
migrations gave it. Beside ours there may be tables of others.
"""

from collections.abc import Mapping

from genkan.db.database import Connection
from genkan.db.sqlite import SqliteConnection

LEDGER = frozenset({"schema_migrations", "schema_floors"})
"""Tables whose rows are no part of an installation: they say which steps the schema took."""
_COLUMNS = frozenset({"number", "name", "digest", "applied_at"})
_SQLITE_TABLES = (
    "SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c"
    " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)
# The catalogue itself: information_schema hides tables that this user may not touch. What an
# extension brought (PostGIS has a table) is no program's.
_POSTGRES_TABLES = (
    "SELECT c.relname::text, a.attname::text FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()"
    " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_depend d"
    " WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
)

Tables = Mapping[str, frozenset[str]]
"""The columns of every table of the schema in use, whoever made it."""


def tables_of(connection: Connection) -> Tables:
    """What is there, in the transaction that is open."""
    on_sqlite = isinstance(connection, SqliteConnection)
    found: dict[str, set[str]] = {}
    for table, column in connection.all(_SQLITE_TABLES if on_sqlite else _POSTGRES_TABLES, ()):
        found.setdefault(table, set()).add(column)
    return {table: frozenset(columns) for table, columns in found.items()}


def is_anothers(tables: Tables) -> bool:
    """Whether another program made them; not where there are none."""
    return bool(tables) and not tables.get("schema_migrations", frozenset()) >= _COLUMNS
