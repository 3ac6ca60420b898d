"""A new data key, every sealed value under it, the old one gone; a new key-encryption key.

Works beside running nodes, which ask in each transaction which key seals (`keys.ring`). May be
interrupted anywhere: what is left to do is read from the database, and the next call does it.
Two calls at once share the work: a value is replaced only if it is still the one that was read.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from genkan.core.vault import HEADER_BYTES, Cipher, Unsealable, Vault, new_key, sealed_header
from genkan.db.database import Connection, Row
from genkan.db.direct import DirectDatabase
from genkan.keys import store
from genkan.keys.columns import SEALED, SealedColumn
from genkan.keys.kek import KeyEncryptionKey
from genkan.keys.records import WrappedKey
from genkan.keys.ring import open_vault, unwrapped, wrapped_again, wrapped_key

BATCH = 200
_ROUNDS = 100
_REPORTED = 5


class RotationFailed(Exception):
    """Values could not be sealed anew; the old key was kept, and so was everything it opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What was done: the ids of keys, and how many values were sealed anew."""

    active: str
    retired: tuple[str, ...]
    resealed: int


def rotate(
    database: DirectDatabase,
    kek: KeyEncryptionKey,
    *,
    now: int,
    copies: Sequence[DirectDatabase] = (),
    pause: Callable[[float], None] = time.sleep,
) -> Rotation:
    """Replace the data key of `database`, or finish a rotation that was interrupted.

    `copies` are sealed with the same keys and hold none, such as a sandbox's seed; they come
    first, so that what is put back from them meanwhile is sealed anew with the rest. `now` in
    epoch milliseconds. `pause` is told how long a batch has kept others from writing.
    """
    database.read(lambda connection: open_vault(connection, kek))
    keys = database.write(lambda connection: _begin(connection, kek, now))
    held = _HeldKeys(keys, kek)
    vault = Vault(new_key(), held).within(held)  # for rows alone: nothing is derived here
    old = tuple(key.key_id for key in keys if key.state == "retiring")
    resealed = 0
    for _ in range(_ROUNDS):
        for each in (*copies, database):
            resealed += _reseal(each, vault, old, pause)
        if database.write(lambda connection: _retire(connection, old)):
            database.scrub()
            active = next(key.key_id for key in keys if key.key_id not in old)
            return Rotation(active=active, retired=old, resealed=resealed)
    raise RotationFailed("values kept coming under the old key, which was therefore kept")


def rewrap(database: DirectDatabase, kek: KeyEncryptionKey, new: KeyEncryptionKey) -> int:
    """Wrap every key with `new` instead of `kek`; how many, 0 when `new` wraps them already.

    One transaction. Running nodes go on with the keys that they hold; they need `new` when they
    start again, or to learn of another data key.
    """
    count = database.write(lambda connection: _rewrap(connection, kek, new))
    database.scrub()
    return count


class _HeldKeys:
    """`core.vault.Ring` over keys that were read beforehand, for work outside transactions."""

    def __init__(self, keys: Sequence[WrappedKey], kek: KeyEncryptionKey) -> None:
        self._ciphers = {bytes.fromhex(key.key_id): Cipher(unwrapped(key, kek)) for key in keys}
        (self._active,) = (bytes.fromhex(key.key_id) for key in keys if key.state == "active")

    def sealing(self, rows: object) -> tuple[bytes, Cipher]:
        """The new key."""
        return self._active, self._ciphers[self._active]

    def opening(self, rows: object, key_id: bytes) -> Cipher | None:
        """A key that was there."""
        return self._ciphers.get(key_id)


def _begin(connection: Connection, kek: KeyEncryptionKey, now: int) -> list[WrappedKey]:
    keys = _data_keys(connection)
    if not any(key.state == "retiring" for key in keys):
        store.begin_retiring(connection)
        store.insert_key(connection, wrapped_key(new_key(), "seal", kek, now))
    return _data_keys(connection)


def _data_keys(connection: Connection) -> list[WrappedKey]:
    return [key for key in store.all_keys(connection) if key.purpose == "seal"]


def _reseal(
    database: DirectDatabase, vault: Vault, old: Sequence[str], pause: Callable[[float], None]
) -> int:
    """Seal anew what the old keys sealed; how many values."""
    count = 0
    lost: list[str] = []
    for column in SEALED:
        for batch in _batches(database, column, old):
            changes: list[tuple[bytes, Row, bytes]] = []
            for *key, sealed in batch:
                place = column.place.format(*key)
                try:
                    changes.append(
                        (vault.seal(vault.open(sealed, place), place), tuple(key), sealed)
                    )
                except Unsealable:
                    lost.append(f"{column.table} {' '.join(map(str, key))}")
            began = time.monotonic()
            count += database.write(partial(_replace, column=column, changes=changes))
            pause(time.monotonic() - began)
    if lost:
        named = ", ".join(lost[:_REPORTED]) + (", …" if len(lost) > _REPORTED else "")
        raise RotationFailed(
            f"{len(lost)} sealed values cannot be opened, so the old key was kept: {named}"
        )
    return count


def _batches(
    database: DirectDatabase, column: SealedColumn, old: Sequence[str]
) -> Iterator[list[Row]]:
    """Key columns and value of everything an old key has sealed, in the order of the keys."""
    key = ", ".join(column.key)
    after: Row = ()
    while True:
        sql = (
            f"SELECT {key}, {column.column} FROM {column.table}"  # noqa: S608 - our own schema
            f" WHERE substr({column.column}, 1, {HEADER_BYTES}) IN ({_marks(old)})"
            + (f" AND ({key}) > ({_marks(after)})" if after else "")
            + f" ORDER BY {key} LIMIT {BATCH}"
        )
        parameters = (*map(_header, old), *after)
        rows = database.read(partial(_all, sql=sql, parameters=parameters))
        if not rows:
            return
        yield rows
        after = tuple(rows[-1][:-1])


def _replace(
    connection: Connection, column: SealedColumn, changes: Sequence[tuple[bytes, Row, bytes]]
) -> int:
    where = " AND ".join(f"{name} = ?" for name in (*column.key, column.column))
    sql = f"UPDATE {column.table} SET {column.column} = ? WHERE {where}"  # noqa: S608
    return sum(connection.run(sql, (new, *key, was)) for new, key, was in changes)


def _retire(connection: Connection, old: Sequence[str]) -> bool:
    """Forget the old keys, unless this transaction sees that one of them is still needed."""
    for column in SEALED:
        sql = (
            f"SELECT 1 FROM {column.table}"  # noqa: S608 - our own schema
            f" WHERE substr({column.column}, 1, {HEADER_BYTES}) IN ({_marks(old)}) LIMIT 1"
        )
        if connection.one(sql, tuple(map(_header, old))) is not None:
            return False
    for key_id in old:
        store.delete_retiring(connection, key_id)
    return True


def _rewrap(connection: Connection, kek: KeyEncryptionKey, new: KeyEncryptionKey) -> int:
    keys = store.all_keys(connection)
    if keys and all(key.wrapped_by == new.name for key in keys):
        open_vault(connection, new)
        return 0
    open_vault(connection, kek)
    for key in keys:
        again = wrapped_again(key, kek, new)
        store.put_wrapped(connection, key.key_id, again.wrapped, again.wrapped_by)
    return len(keys)


def _header(key_id: str) -> bytes:
    return sealed_header(bytes.fromhex(key_id))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _all(connection: Connection, sql: str, parameters: Sequence[object]) -> list[Row]:
    return connection.all(sql, parameters)
