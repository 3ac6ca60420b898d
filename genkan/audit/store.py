"""The only SQL of `audit_events`."""

from dataclasses import dataclass

from genkan.db.database import Tx

SEARCHED = {
    "EventId": "event_id",
    "EventName": "event_name",
    "EventSource": "event_source",
    "Username": "user_name",
    "AccessKeyId": "access_key_id",
    "ReadOnly": "read_only",
}
_COLUMNS = (
    "event_id, event_time, account_id, event_name, event_source, user_name, access_key_id,"
    " read_only, record"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row; `record` is the whole CloudTrail record as JSON text."""

    event_id: str
    event_time: int
    account_id: str
    event_name: str
    event_source: str
    user_name: str
    access_key_id: str
    read_only: bool
    record: str


def append(tx: Tx, entry: Entry) -> None:
    """Add a record; records are never changed."""
    tx.run(
        f"INSERT INTO audit_events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        entry.event_id,
        entry.event_time,
        entry.account_id,
        entry.event_name,
        entry.event_source,
        entry.user_name,
        entry.access_key_id,
        int(entry.read_only),
        entry.record,
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
    where = "" if attribute is None else f" AND {SEARCHED[attribute]} = ?"
    extra = () if attribute is None else (value,)
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM audit_events WHERE account_id = ?"  # noqa: S608 - own column names
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
    return [
        Entry(
            event_id=row[0],
            event_time=row[1],
            account_id=row[2],
            event_name=row[3],
            event_source=row[4],
            user_name=row[5],
            access_key_id=row[6],
            read_only=bool(row[7]),
            record=row[8],
        )
        for row in rows
    ]
