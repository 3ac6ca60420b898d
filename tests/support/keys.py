"""The keys of a data directory, opened as a server opens them."""

import sqlite3
from contextlib import closing
from pathlib import Path

from genkan.core.vault import Vault
from genkan.db.sqlite import SqliteConnection
from genkan.keys.kek import read_key
from genkan.keys.ring import open_vault, unwrapped
from genkan.keys.store import all_keys
from tests.support.server import Server


def reading(data_dir: Path, name: str = "genkan.sqlite") -> SqliteConnection:
    """A connection that only reads."""
    return SqliteConnection(sqlite3.connect(f"file:{data_dir / name}?mode=ro", uri=True))


def vault_of(data_dir: Path) -> Vault:
    """What opens the sealed values of the store."""
    connection = reading(data_dir)
    return open_vault(connection, read_key(data_dir / "key")).within(connection)


def keys_of(server: Server) -> list[bytes]:
    """The key-encryption key of a server and every key that it wraps."""
    with closing(server.place.direct()) as database:
        wrapped = database.read(all_keys)
    return [server.kek.key, *(unwrapped(key, server.kek) for key in wrapped)]
