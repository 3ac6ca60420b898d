"""Writing a backup: one snapshot of the store, and of the copy that a sandbox is reset to.

Reads by pages in the order of the primary key, so that memory is bounded and nodes go on writing.
The copy is sealed with the store's keys; both snapshots are taken at once, and a rotation that
comes in between is seen, because a key of the copy is then not in the store.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from genkan import __version__
from genkan.backup.catalog import MOST_STEPS, Table, tables_of, taken_by
from genkan.backup.contents import (
    COPY,
    PURPOSE,
    STORE,
    Counts,
    Header,
    Part,
    Root,
    Step,
    declared,
    payloads,
)
from genkan.backup.envelope import MAGIC, PieceWriter, begin
from genkan.backup.refusal import BackupRefused
from genkan.core.vault import HEADER_BYTES, key_id_of
from genkan.db import migrate
from genkan.db.database import Connection, Row
from genkan.db.direct import DirectDatabase
from genkan.db.files import make_durable
from genkan.keys.columns import SEALED
from genkan.keys.kek import KeyEncryptionKey
from genkan.keys.ring import list_keys, open_vault

PAGE = 200
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.2

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is in the file: rows by part and table; `size` in bytes, `kek` the key's name."""

    counts: Counts
    size: int
    kek: str


class _Rotating(Exception):
    """The copy is sealed with a key that the store's snapshot does not have."""


def write_backup(
    database: DirectDatabase,
    path: Path,
    kek: KeyEncryptionKey,
    *,
    now: int,
    copy: DirectDatabase | None = None,
    replace: bool = False,
) -> Written:
    """Write the installation to `path`, whole or not at all, readable by this user only.

    A server may be running. `copy` is what a sandbox is reset to; `now` in epoch milliseconds;
    `replace` allows an older backup at `path` to be replaced. `BackupRefused`, `KeyRefused`, and
    the errors of `db.direct` and of the file system; nothing is left behind by any of them.
    """
    _require_free(path, replace=replace)
    for _ in range(_ATTEMPTS):
        try:
            return _snapshots(
                database,
                copy,
                lambda store, seed: _write(path, store, seed, kek, now=now, replace=replace),
            )
        except _Rotating:
            time.sleep(_PAUSE_SECONDS)
    raise BackupRefused("keys are being rotated: try again when that is done")


def _snapshots(
    database: DirectDatabase,
    copy: DirectDatabase | None,
    work: Callable[[Connection, Connection | None], T],
) -> T:
    if copy is None:
        return database.read(lambda store: work(store, None))

    def both(store: Connection) -> T:
        taken_by(store)  # A snapshot is that of the first statement.
        return copy.read(lambda seed: work(store, seed))

    return database.read(both)


def _write(
    path: Path,
    store: Connection,
    seed: Connection | None,
    kek: KeyEncryptionKey,
    *,
    now: int,
    replace: bool,
) -> Written:
    vault = open_vault(store, kek)
    sources = {STORE: store} if seed is None else {STORE: store, COPY: seed}
    steps = _steps(store)
    if seed is not None and taken_by(seed) != taken_by(store):
        raise BackupRefused("the copy for a reset is of another release: start a server once")
    tables = {name: tables_of(rows, steps) for name, rows in sources.items()}
    if seed is not None and not _keys_used(seed, tables[COPY]) <= _keys(store, kek):
        raise _Rotating
    header = _header(store, kek, tables, now)
    with _whole(path, replace=replace) as file:
        digest = begin(file, msgspec.json.encode(header))
        pieces = PieceWriter(file, digest, vault.cipher(PURPOSE))
        counts = {
            name: {table.name: _add(pieces, name, table, rows) for table in tables[name]}
            for name, rows in sources.items()
        }
        pieces.add(msgspec.msgpack.encode(counts), last=True)
        size = file.tell()
    return Written(counts=counts, size=size, kek=kek.name)


def _add(pieces: PieceWriter, part: str, table: Table, connection: Connection) -> int:
    total = 0
    for count, payload in payloads(part, table, _rows(connection, table)):
        pieces.add(payload)
        total += count
    return total


def _rows(connection: Connection, table: Table) -> Iterator[Row]:
    """Every row of this snapshot, a page at a time."""
    names = [column.name for column in table.columns]
    in_key = [names.index(name) for name in table.key]
    key = _quoted(table.key)
    select = f'SELECT {_quoted(names)} FROM "{table.name}"'  # noqa: S608 - our own schema
    following = f" WHERE ({key}) > ({', '.join('?' * len(in_key))})"
    order = f" ORDER BY {key} LIMIT {PAGE}"
    page = connection.all(select + order, ())
    while page:
        yield from page
        if len(page) < PAGE:
            return
        after = [page[-1][index] for index in in_key]
        page = connection.all(select + following + order, after)


def _quoted(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _steps(connection: Connection) -> list[migrate.Migration]:
    """The steps that the database took; every one of them must be known here."""
    known = {step.number: step for step in migrate.shipped()}
    taken = taken_by(connection)
    for number, digest in taken.items():
        if number not in known:
            raise BackupRefused(
                f"the database is of a newer release (step {number}): back it up with that release"
            )
        if known[number].digest != digest:
            raise BackupRefused("the database was not made by this release")
    return [known[number] for number in sorted(taken)]


def _header(
    store: Connection, kek: KeyEncryptionKey, tables: dict[str, list[Table]], now: int
) -> Header:
    ledger = store.all(
        "SELECT number, name, digest, applied_at FROM schema_migrations ORDER BY number LIMIT ?",
        (MOST_STEPS,),
    )
    (root,) = (key for key in list_keys(store, kek) if key.purpose == "root")
    return Header(
        release=__version__,
        created_at=now,
        steps=tuple(Step(*row) for row in ledger),
        root=Root(root.key_id, root.wrapped, root.wrapped_by, root.created_at),
        parts=tuple(
            Part(name, tuple(declared(table) for table in found)) for name, found in tables.items()
        ),
    )


def _keys(store: Connection, kek: KeyEncryptionKey) -> set[bytes]:
    return {bytes.fromhex(key.key_id) for key in list_keys(store, kek)}


def _keys_used(seed: Connection, tables: list[Table]) -> set[bytes]:
    there = {table.name for table in tables}
    return {
        key_id_of(start)
        for column in SEALED
        if column.table in there
        for (start,) in seed.all(
            f"SELECT DISTINCT substr({column.column}, 1, {HEADER_BYTES}) FROM {column.table}",  # noqa: S608
            (),
        )
    }


def _require_free(path: Path, *, replace: bool) -> None:
    """`BackupRefused` unless `path` is free, or an older backup that may be replaced."""
    if path.is_dir():
        raise BackupRefused(f"{path} is a directory")
    if not os.path.lexists(path):
        return
    if not replace:
        raise BackupRefused(f"{path} exists already: choose another name, or say --force")
    if not path.is_file():
        raise BackupRefused(f"{path} is no file that could be replaced")
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise BackupRefused(f"{path} is no backup, and only a backup is replaced")


@contextmanager
def _whole(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """A file that takes its name once it is complete and durable."""
    descriptor, name = tempfile.mkstemp(
        prefix=f".{path.name}.", suffix=".partial", dir=path.absolute().parent
    )
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _require_free(path, replace=replace)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    make_durable(path.absolute().parent)
