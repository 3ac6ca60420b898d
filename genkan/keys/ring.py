"""The ring: data keys as a process knows them, unwrapped and read from the database on a miss.

`KeyRing` is `core.vault.Ring`. Which key seals is asked in the very transaction that writes, so
that a node needs no notice of a rotation; keys that open are remembered, because the id of a key
is derived from it and never means another one.
"""

from dataclasses import replace

from genkan.core.vault import Cipher, Unsealable, Vault, key_id, new_key
from genkan.db.database import Connection
from genkan.keys import store
from genkan.keys.kek import KeyEncryptionKey, KeyRefused
from genkan.keys.records import Purpose, WrappedKey


class KeyRing:
    """Data keys wrapped by one key-encryption key. Used by several threads."""

    def __init__(self, kek: KeyEncryptionKey) -> None:
        self._kek = kek
        self._ciphers: dict[bytes, Cipher] = {}

    def sealing(self, rows: Connection) -> tuple[bytes, Cipher]:
        """Id and cipher of the active data key."""
        active = store.active_data_key(rows)
        cipher = self.opening(rows, bytes.fromhex(active)) if active else None
        if active is None or cipher is None:
            raise LookupError("the database has no active data key")
        return bytes.fromhex(active), cipher

    def opening(self, rows: Connection, key_id: bytes) -> Cipher | None:
        """The cipher of a data key; `Unsealable` when another key-encryption key wrapped it."""
        found = self._ciphers.get(key_id)
        if found is None:
            wrapped = store.find_key(rows, key_id.hex())
            if wrapped is None or wrapped.purpose != "seal":
                return None
            found = self._ciphers[key_id] = Cipher(unwrapped(wrapped, self._kek))
        return found


def open_vault(connection: Connection, kek: KeyEncryptionKey) -> Vault:
    """The vault of a database; `KeyRefused` when it has no keys or this key does not open them."""
    root = store.find_root(connection)
    if root is None:
        raise KeyRefused("the database has no keys: it was made by an unreleased version")
    if root.wrapped_by != kek.name:
        raise KeyRefused(f"{kek.origin} is not the key of this database")
    try:
        return Vault(unwrapped(root, kek), KeyRing(kek))
    except Unsealable:
        raise KeyRefused("the keys in the database are damaged") from None


def list_keys(connection: Connection, kek: KeyEncryptionKey) -> list[WrappedKey]:
    """Every key of a database, oldest first; `KeyRefused` as `open_vault`."""
    open_vault(connection, kek)
    return store.all_keys(connection)


def make_keys(connection: Connection, kek: KeyEncryptionKey, now: int) -> None:
    """Give a new database its root secret and first data key; `now` in epoch milliseconds."""
    store.insert_key(connection, wrapped_key(new_key(), "root", kek, now))
    store.insert_key(connection, wrapped_key(new_key(), "seal", kek, now))


def wrapped_key(key: bytes, purpose: Purpose, kek: KeyEncryptionKey, now: int) -> WrappedKey:
    """A key as the row that will hold it, active."""
    name = key_id(key).hex()
    return WrappedKey(
        key_id=name,
        purpose=purpose,
        state="active",
        wrapped=kek.cipher.seal(key, _place(purpose, name)),
        wrapped_by=kek.name,
        created_at=now,
    )


def wrapped_again(wrapped: WrappedKey, kek: KeyEncryptionKey, new: KeyEncryptionKey) -> WrappedKey:
    """The same key under another key-encryption key; `Unsealable` when `kek` does not open it."""
    sealed = new.cipher.seal(unwrapped(wrapped, kek), _place(wrapped.purpose, wrapped.key_id))
    return replace(wrapped, wrapped=sealed, wrapped_by=new.name)


def unwrapped(wrapped: WrappedKey, kek: KeyEncryptionKey) -> bytes:
    """The key itself; `Unsealable` when it was wrapped otherwise or changed."""
    if wrapped.wrapped_by != kek.name:
        raise Unsealable(
            f"data key {wrapped.key_id} was wrapped anew: this process has an old"
            f" key-encryption key ({kek.origin})"
        )
    return kek.cipher.open(wrapped.wrapped, _place(wrapped.purpose, wrapped.key_id))


def _place(purpose: str, name: str) -> str:
    return f"data_keys.wrapped:{purpose}:{name}"
