"""The only SQL of `data_keys`."""

from genkan.db.database import Connection, Row
from genkan.keys.records import WrappedKey

_COLUMNS = "key_id, purpose, state, wrapped, wrapped_by, created_at"
_MOST_KEYS = 1000


def active_data_key(connection: Connection) -> str | None:
    """The id of the data key that seals, as this transaction sees it."""
    row = connection.one(
        "SELECT key_id FROM data_keys WHERE purpose = 'seal' AND state = 'active'", ()
    )
    return row[0] if row else None


def find_key(connection: Connection, key_id: str) -> WrappedKey | None:
    """One key."""
    row = connection.one(f"SELECT {_COLUMNS} FROM data_keys WHERE key_id = ?", (key_id,))  # noqa: S608
    return _key(row) if row else None


def find_root(connection: Connection) -> WrappedKey | None:
    """The root secret."""
    row = connection.one(f"SELECT {_COLUMNS} FROM data_keys WHERE purpose = 'root'", ())  # noqa: S608
    return _key(row) if row else None


def all_keys(connection: Connection) -> list[WrappedKey]:
    """Every key, oldest first."""
    rows = connection.all(
        f"SELECT {_COLUMNS} FROM data_keys ORDER BY created_at, key_id LIMIT ?",  # noqa: S608
        (_MOST_KEYS,),
    )
    return [_key(row) for row in rows]


def insert_key(connection: Connection, key: WrappedKey) -> None:
    """Add a key."""
    connection.run(
        "INSERT INTO data_keys VALUES (?, ?, ?, ?, ?, ?)",
        (key.key_id, key.purpose, key.state, key.wrapped, key.wrapped_by, key.created_at),
    )


def begin_retiring(connection: Connection) -> None:
    """The active data key seals no more."""
    connection.run(
        "UPDATE data_keys SET state = 'retiring' WHERE purpose = 'seal' AND state = 'active'", ()
    )


def put_wrapped(connection: Connection, key_id: str, wrapped: bytes, wrapped_by: str) -> None:
    """Replace what a key is wrapped in."""
    connection.run(
        "UPDATE data_keys SET wrapped = ?, wrapped_by = ? WHERE key_id = ?",
        (wrapped, wrapped_by, key_id),
    )


def delete_retiring(connection: Connection, key_id: str) -> None:
    """Forget a data key that has sealed nothing any more."""
    connection.run("DELETE FROM data_keys WHERE key_id = ? AND state = 'retiring'", (key_id,))


def _key(row: Row) -> WrappedKey:
    return WrappedKey(
        key_id=row[0],
        purpose=row[1],
        state=row[2],
        wrapped=row[3],
        wrapped_by=row[4],
        created_at=row[5],
    )
