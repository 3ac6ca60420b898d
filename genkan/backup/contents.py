"""What a backup says: its header, and rows as its pieces carry them.

A file has parts, each a whole database's rows: `STORE`, and for a sandbox `COPY`, which a reset
puts back. A payload is MessagePack: `["store", "users", [[…], …]]` with the columns in the header's
order, the last one `{"store": {"users": 12, …}, …}`, the number of rows of every table.
Reading is strict: tables, columns, types and numbers of rows must be those that the file declares.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Annotated, Any

import msgspec

from genkan.backup.catalog import Column, Kind, Table
from genkan.backup.refusal import BackupRefused
from genkan.db.database import Row
from genkan.keys.records import WrappedKey

STORE, COPY = "store", "copy"
PURPOSE = "backup"
"""What the key of a file is derived from the root secret for."""
_PIECE_BYTES = 256 << 10
_VALUE_BYTES = 9
_TYPES: dict[Kind, Any] = {
    "text": str,
    "int64": Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    "bytes": bytes,
}

Counts = dict[str, dict[str, int]]
"""Numbers of rows by part and table."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A migration that the database had taken; `applied_at` in epoch milliseconds."""

    number: int
    name: str
    digest: str
    applied_at: int


class Root(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The installation's root secret, wrapped by the key-encryption key that `wrapped_by` names."""

    key_id: str
    wrapped: bytes
    wrapped_by: str
    created_at: int

    def key(self) -> WrappedKey:
        """As the database had it."""
        return WrappedKey(
            key_id=self.key_id,
            purpose="root",
            state="active",
            wrapped=self.wrapped,
            wrapped_by=self.wrapped_by,
            created_at=self.created_at,
        )


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table: each column's name, type, and whether NULL is refused."""

    name: str
    columns: tuple[tuple[str, Kind, bool], ...]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One database's tables, each after those that it refers to."""

    name: str
    tables: tuple[Declared, ...]


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What anybody can read of a backup; `created_at` in epoch milliseconds."""

    release: str
    created_at: int
    steps: tuple[Step, ...]
    root: Root
    parts: tuple[Part, ...]

    def part(self, name: str) -> Part | None:
        """The part of that name."""
        return next((part for part in self.parts if part.name == name), None)


def declared(table: Table) -> Declared:
    """A table as the header says it."""
    return Declared(
        table.name, tuple((column.name, column.kind, column.required) for column in table.columns)
    )


def payloads(part: str, table: Table, rows: Iterable[Row]) -> Iterator[tuple[int, bytes]]:
    """Rows cut into pieces of a few hundred kilobytes; how many are in each, and the payload."""
    held: list[Row] = []
    size = 0
    for row in rows:
        held.append(row)
        size += sum(
            _VALUE_BYTES + (len(value) if isinstance(value, str | bytes) else 0) for value in row
        )
        if size >= _PIECE_BYTES:
            yield len(held), msgspec.msgpack.encode((part, table.name, held))
            held, size = [], 0
    if held:
        yield len(held), msgspec.msgpack.encode((part, table.name, held))


class Reading:
    """Takes payloads one after the other, counts, and refuses what the header does not declare."""

    def __init__(self, header: Header) -> None:
        self._tables = {
            (part.name, table.name): table.columns for part in header.parts for table in part.tables
        }
        self.counts: Counts = {
            part.name: dict.fromkeys((table.name for table in part.tables), 0)
            for part in header.parts
        }

    def rows(self, payload: bytes) -> tuple[str, str, list[Row]]:
        """The part, the table and the rows of a payload; `BackupRefused` for any other."""
        try:
            part, name, raw = _ROWS.decode(payload)
            columns = self._tables[part, name]
            rows = _decoder(columns).decode(raw)
        except (msgspec.DecodeError, KeyError):
            raise BackupRefused("the backup holds rows that it does not declare") from None
        self.counts[part][name] += len(rows)
        return part, name, rows

    def end(self, payload: bytes) -> None:
        """`BackupRefused` unless the last payload counts exactly the rows that came."""
        try:
            told = _COUNTS.decode(payload)
        except msgspec.DecodeError:
            told = {}
        if told != self.counts:
            raise BackupRefused("the backup does not hold the rows that it says it has")


_ROWS = msgspec.msgpack.Decoder(tuple[str, str, msgspec.Raw])
_COUNTS = msgspec.msgpack.Decoder(Counts)


@cache
def _decoder(columns: tuple[tuple[str, Kind, bool], ...]) -> msgspec.msgpack.Decoder[list[Row]]:
    types = tuple(
        _TYPES[kind] if required else _TYPES[kind] | None for _, kind, required in columns
    )
    return msgspec.msgpack.Decoder(list[tuple[types]])  # type: ignore[valid-type]


def columns_of(table: Declared) -> tuple[Column, ...]:
    """The columns of a declared table."""
    return tuple(Column(*column) for column in table.columns)
