"""Restoring a backup: everything is verified first, then an empty place is filled at once.

The schema is made at the steps that the backup's database had taken, the rows are filled in, and
the steps since are taken like by any database of an older release. What was verified is read again
and verified again while it is filled in: a file that changes meanwhile undoes all of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from genkan.backup.catalog import tables_of, taken_by
from genkan.backup.contents import COPY, STORE, Counts, Declared, Header, Part, columns_of
from genkan.backup.reading import BackupFile, opened
from genkan.backup.refusal import BackupRefused
from genkan.db import migrate
from genkan.db.database import Connection, Row
from genkan.db.filling import Filling, SqliteFilling, filling_of
from genkan.db.place import Place, SqlitePlace
from genkan.keys.kek import KeyEncryptionKey, KeyRefused
from genkan.keys.ring import open_vault

_INSERTED_VALUES = 2000
_KEYS = "data_keys"
_SANDBOX = "sandbox_facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is in a backup: rows by part and table; when it was made, in epoch milliseconds."""

    counts: Counts
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(Checked):
    """`steps`: those taken since then; `copy`: whether there is one for a reset."""

    steps: tuple[str, ...]
    copy: bool


def check_backup(path: Path, kek: KeyEncryptionKey) -> Checked:
    """Read the backup at `path` as a restore would, and change nothing; `BackupRefused`."""
    with opened(path) as backup:
        _require_known_steps(backup)
        backup.unlock(kek)
        return Checked(counts=backup.verify(), created_at=backup.header.created_at)


def restore_backup(
    path: Path, kek: KeyEncryptionKey, place: Place, *, now: int, copy: SqlitePlace | None = None
) -> Restored:
    """Fill an empty place with the backup at `path`; `now` in epoch milliseconds.

    `copy` is where a sandbox's copy for a reset goes; if the backup is a sandbox's and has none,
    because it came by way of PostgreSQL, the restored state is what a reset puts back.
    `BackupRefused`, `KeyRefused`, the errors of `db.filling` and of the file system: nothing was
    changed then.
    """
    filling = filling_of(place)
    with opened(path) as backup:
        _require_known_steps(backup)
        backup.unlock(kek)
        filling.require_free()
        counts = backup.verify()
        source = _source_of_copy(backup, counts) if copy is not None else None
        with filling.hold():
            filling.require_free()
            with _copied(backup, copy, source, now):
                taken = filling.fill(partial(_fill_store, backup, kek, filling, now))
    return Restored(
        counts=counts,
        created_at=backup.header.created_at,
        steps=tuple(taken),
        copy=source is not None,
    )


def _require_known_steps(backup: BackupFile) -> None:
    known = {step.number: step.digest for step in migrate.shipped()}
    for step in backup.header.steps:
        if step.number not in known:
            raise BackupRefused(
                f"{backup.path} is of a newer release, {backup.header.release}, whose step"
                f" {step.number} ({step.name}) is not known here: restore it with that release"
            )
        if known[step.number] != step.digest:
            raise BackupRefused(
                f"{backup.path} is of another release, {backup.header.release}, whose step"
                f" {step.number} ({step.name}) is not the one that is known here"
            )
    if backup.header.part(STORE) is None:
        raise BackupRefused(f"{backup.path} holds no installation")


def _source_of_copy(backup: BackupFile, counts: Counts) -> Part | None:
    """Which part a sandbox is to be reset to; None when the backup is no sandbox's."""
    part = backup.header.part(COPY)
    if part is None and counts[STORE].get(_SANDBOX):
        part = backup.header.part(STORE)
    return part


def _fill_store(
    backup: BackupFile, kek: KeyEncryptionKey, filling: Filling, now: int, connection: Connection
) -> list[str]:
    part = backup.header.part(STORE)
    assert part is not None
    taken = _fill(connection, backup, part, filling.tokens, now)
    try:
        open_vault(connection, kek)
    except KeyRefused as refused:
        raise BackupRefused(f"{backup.path} cannot be used: {refused}") from None
    return taken


@contextmanager
def _copied(
    backup: BackupFile, copy: SqlitePlace | None, source: Part | None, now: int
) -> Iterator[None]:
    """Fill the copy first: without the store it is nobody's, and is gone if that fails."""
    if copy is None or source is None:
        yield
        return
    left_out = frozenset({_KEYS} if source.name == STORE else ())
    filling = SqliteFilling(copy, replaces=True)
    try:
        filling.fill(lambda rows: _fill(rows, backup, source, filling.tokens, now, left_out))
        yield
    except BaseException:
        copy.path.unlink(missing_ok=True)
        raise


def _fill(
    connection: Connection,
    backup: BackupFile,
    part: Part,
    tokens: dict[str, str],
    now: int,
    left_out: frozenset[str] = frozenset(),
) -> list[str]:
    """Schema, rows, and the steps since; the names of those."""
    _make_schema(connection, backup.header, tokens)
    _require_same_tables(connection, backup, part)
    inserts = {table.name: _Insert(table) for table in part.tables if table.name not in left_out}
    for name, table, rows in backup.rows():
        if name == part.name and table in inserts:
            inserts[table].run(connection, rows)
    return migrate.take_steps(connection, tokens, now)


def _make_schema(connection: Connection, header: Header, tokens: dict[str, str]) -> None:
    there = taken_by(connection)
    if not there:
        applied = {step.number: step.applied_at for step in header.steps}
        migrate.make_schema(connection, tokens, applied)
    elif there != {step.number: step.digest for step in header.steps}:
        raise BackupRefused(
            "the database was prepared by `genkan migrate` of another release than the backup's:"
            " restore into one without tables"
        )


def _require_same_tables(connection: Connection, backup: BackupFile, part: Part) -> None:
    numbers = {step.number for step in backup.header.steps}
    steps = [step for step in migrate.shipped() if step.number in numbers]
    there = {table.name: frozenset(table.columns) for table in tables_of(connection, steps)}
    told = {table.name: frozenset(columns_of(table)) for table in part.tables}
    if there != told:
        odd = sorted(name for name in there | told if there.get(name) != told.get(name))
        raise BackupRefused(
            f"{backup.path} has other tables than the release that it names: {', '.join(odd)}"
        )


class _Insert:
    """Inserts rows of one table, many at a time, by few statements that differ in their number."""

    def __init__(self, table: Declared) -> None:
        self._width = len(table.columns)
        names = ", ".join(f'"{name}"' for name, _, _ in table.columns)
        self._start = f'INSERT INTO "{table.name}" ({names}) VALUES '  # noqa: S608
        self._most = 1 << max(0, (_INSERTED_VALUES // self._width).bit_length() - 1)

    def run(self, connection: Connection, rows: list[Row]) -> None:
        done = 0
        count = self._most
        marks = f"({', '.join('?' * self._width)})"
        while done < len(rows):
            while count > len(rows) - done:
                count //= 2
            values = [value for row in rows[done : done + count] for value in row]
            connection.run(self._start + ", ".join([marks] * count), values)
            done += count
