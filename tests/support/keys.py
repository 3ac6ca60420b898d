"""The keys of a data directory, opened as a server opens them."""

import sqlite3
from pathlib import Path

from genkan.core.vault import Vault
from genkan.db.sqlite import SqliteConnection
from genkan.keys.kek import read_key
from genkan.keys.ring import open_vault, unwrapped
from genkan.keys.store import all_keys


def reading(data_dir: Path, name: str = "genkan.sqlite") -> SqliteConnection:
    """A connection that only reads."""
    return SqliteConnection(sqlite3.connect(f"file:{data_dir / name}?mode=ro", uri=True))


def vault_of(data_dir: Path) -> Vault:
    """What opens the sealed values of the store."""
    connection = reading(data_dir)
    return open_vault(connection, read_key(data_dir / "key")).within(connection)


def keys_of(data_dir: Path) -> list[bytes]:
    """The key-encryption key and every key that it wraps."""
    kek = read_key(data_dir / "key")
    return [kek.key, *(unwrapped(key, kek) for key in all_keys(reading(data_dir)))]
