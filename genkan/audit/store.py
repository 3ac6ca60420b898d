"""The only SQL of `audit_events`, `audit_batches` and `audit_pruned`."""

from typing import Any, Protocol

from genkan.audit.records import Batch, Entry, Members, Pruned
from genkan.db.database import Row, Tx

SEARCHED = {
    "EventId": "event_id",
    "EventName": "event_name",
    "EventSource": "event_source",
    "Username": "user_name",
    "AccessKeyId": "access_key_id",
    "ReadOnly": "read_only",
}
COLUMNS = (
    "event_id, event_time, account_id, event_name, event_source, user_name, access_key_id,"
    " read_only, record, resources"
)
# What `resources` contains exactly then. SQLite's LIKE folds case, PostgreSQL's does not.
_RESOURCES = {"ResourceType": "\n{}\t", "ResourceName": "\t{}\n"}
SEARCHABLE = frozenset(SEARCHED) | frozenset(_RESOURCES)


_BATCH = "sequence, made_at, records, first_time, last_time, horizon, previous, digest, signature"
_PRUNED = "sequence, digest, records, pruned_at, signature"
_IDS_A_STATEMENT = 100


class Rows(Protocol):
    """What is read from and written to: a `Tx`, or a command's own transaction."""

    def run(self, sql: str, *parameters: Any) -> int:
        """Execute; the number of rows changed."""

    def one(self, sql: str, *parameters: Any) -> Row | None:
        """The first row."""

    def all(self, sql: str, *parameters: Any) -> list[Row]:
        """All rows."""


# --- the trail -----------------------------------------------------------------------------------


def append(tx: Tx, entry: Entry) -> None:
    """Add a record; records are never changed."""
    tx.run(
        f"INSERT INTO audit_events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        entry.event_id,
        entry.event_time,
        entry.account_id,
        entry.event_name,
        entry.event_source,
        entry.user_name,
        entry.access_key_id,
        int(entry.read_only),
        entry.record,
        entry.resources,
    )


def find(
    tx: Tx,
    *,
    account_id: str,
    start: int,
    end: int,
    attribute: str | None,
    value: str | int,
    before: tuple[int, str],
    limit: int,
) -> list[Entry]:
    """Newest first, older than `before` (time, event id), at most `limit`."""
    where, extra = _condition(attribute, value)
    rows = tx.all(
        f"SELECT {COLUMNS} FROM audit_events WHERE account_id = ?"  # noqa: S608 - own column names
        " AND event_time >= ? AND event_time <= ?"
        f" AND (event_time < ? OR (event_time = ? AND event_id < ?)){where}"
        " ORDER BY event_time DESC, event_id DESC LIMIT ?",
        account_id,
        start,
        end,
        before[0],
        before[0],
        before[1],
        *extra,
        limit,
    )
    return [entry_of(row) for row in rows]


def _condition(attribute: str | None, value: str | int) -> tuple[str, tuple[str | int, ...]]:
    if attribute is None:
        return "", ()
    if attribute in _RESOURCES:
        return " AND replace(resources, ?, '') <> resources", (_RESOURCES[attribute].format(value),)
    return f" AND {SEARCHED[attribute]} = ?", (value,)


def entry_of(row: Row) -> Entry:
    """A row of `COLUMNS`."""
    return Entry(
        event_id=row[0],
        event_time=row[1],
        account_id=row[2],
        event_name=row[3],
        event_source=row[4],
        user_name=row[5],
        access_key_id=row[6],
        read_only=bool(row[7]),
        record=row[8],
        resources=row[9],
    )


# --- the chain -----------------------------------------------------------------------------------


def last_batch(rows: Rows) -> Batch | None:
    """The end of the chain."""
    row = rows.one(f"SELECT {_BATCH} FROM audit_batches ORDER BY sequence DESC LIMIT 1")  # noqa: S608
    return _batch(row) if row else None


def next_batch(rows: Rows, at_least: int) -> tuple[Batch, str] | None:
    """The first batch whose sequence is at least this, and its list of members."""
    row = rows.one(
        f"SELECT {_BATCH}, members FROM audit_batches WHERE sequence >= ?"  # noqa: S608
        " ORDER BY sequence LIMIT 1",
        at_least,
    )
    return (_batch(row), row[-1]) if row else None


def insert_batch(rows: Rows, batch: Batch, members: str) -> None:
    """Add a batch; another one of the same sequence is an integrity error."""
    rows.run(
        f"INSERT INTO audit_batches ({_BATCH}, members)"  # noqa: S608
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        batch.sequence,
        batch.sealed_at,
        batch.records,
        batch.first_time,
        batch.last_time,
        batch.horizon,
        batch.previous,
        batch.digest,
        batch.signature,
        members,
    )


def unsealed(rows: Rows, *, after: int, until: int, limit: int) -> list[Entry]:
    """Records that are in no batch, of the times from `after` (not itself) to `until`."""
    found = rows.all(
        f"SELECT {COLUMNS} FROM audit_events"  # noqa: S608
        " WHERE batch = 0 AND event_time > ? AND event_time <= ? ORDER BY event_time LIMIT ?",
        after,
        until,
        limit,
    )
    return [entry_of(row) for row in found]


def count_unsealed(rows: Rows, *, after: int, until: int) -> int:
    """How many records of these times are in no batch."""
    row = rows.one(
        "SELECT COUNT(*) FROM audit_events WHERE batch = 0 AND event_time > ? AND event_time <= ?",
        after,
        until,
    )
    return row[0] if row else 0


def mark_sealed(rows: Rows, members: Members, sequence: int) -> int:
    """Write down which batch these records are in; how many of them were in none."""
    marked = 0
    for start in range(0, len(members), _IDS_A_STATEMENT):
        ids = [event_id for event_id, _ in members[start : start + _IDS_A_STATEMENT]]
        # One statement for any number, so that an engine prepares one.
        ids += ids[-1:] * (_IDS_A_STATEMENT - len(ids))
        marked += rows.run(
            "UPDATE audit_events SET batch = ? WHERE batch = 0"  # noqa: S608
            f" AND event_id IN ({', '.join('?' * len(ids))})",
            sequence,
            *ids,
        )
    return marked


def of_batch(rows: Rows, sequence: int, limit: int) -> list[Entry]:
    """Records that say that they are in a batch."""
    found = rows.all(
        f"SELECT {COLUMNS} FROM audit_events WHERE batch = ? LIMIT ?",  # noqa: S608
        sequence,
        limit,
    )
    return [entry_of(row) for row in found]


def exists(rows: Rows, event_id: str) -> bool:
    """Whether there is a record of that id."""
    return rows.one("SELECT 1 FROM audit_events WHERE event_id = ?", event_id) is not None


def count_claiming(rows: Rows, first: int, last: int) -> int:
    """How many records say that they are in one of these batches."""
    row = rows.one("SELECT COUNT(*) FROM audit_events WHERE batch >= ? AND batch <= ?", first, last)
    return row[0] if row else 0


# --- pruning --------------------------------------------------------------------------------------


def pruned(rows: Rows) -> Pruned | None:
    """What stands for the batches that were removed."""
    row = rows.one(f"SELECT {_PRUNED} FROM audit_pruned ORDER BY sequence DESC LIMIT 1")  # noqa: S608
    if row is None:
        return None
    return Pruned(
        sequence=row[0], digest=row[1], records=row[2], pruned_at=row[3], signature=row[4]
    )


def prune(rows: Rows, marker: Pruned) -> None:
    """Remove the records and the batch that the marker says, and keep the marker instead."""
    rows.run("DELETE FROM audit_events WHERE batch = ?", marker.sequence)
    rows.run("DELETE FROM audit_batches WHERE sequence = ?", marker.sequence)
    rows.run("DELETE FROM audit_pruned WHERE sequence <= ?", marker.sequence)
    rows.run(
        f"INSERT INTO audit_pruned ({_PRUNED}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
        marker.sequence,
        marker.digest,
        marker.records,
        marker.pruned_at,
        marker.signature,
    )


def _batch(row: Row) -> Batch:
    return Batch(
        sequence=row[0],
        sealed_at=row[1],
        records=row[2],
        first_time=row[3],
        last_time=row[4],
        horizon=row[5],
        previous=row[6],
        digest=row[7],
        signature=row[8],
    )
