"""The sandbox's data directory: what lies in it, and whether it may be used.

Owns the lock, the key file, the store's file and the copy of its seed, up to the moment when the
database is opened on them. Leaves `sandbox.json` to `facts`.
Invariants: one process uses a directory at a time; a refusal changes nothing; what is removed is
the remains of a seeding that was cut off, or an organization that its owner wants forgotten.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from genkan.core.vault import Vault
from genkan.db.files import open_to_read
from genkan.db.migrate import MigrationRefused, migrate_sqlite
from genkan.db.sqlite import AlreadyOpen, SqliteConnection, connect, lock
from genkan.keys.kek import KeyEncryptionKey, KeyRefused, make_key_file, read_key
from genkan.keys.ring import make_keys, open_vault
from genkan.sandbox import facts
from genkan.sandbox.reset import SEED_FILE

DATABASE_FILE = "genkan.sqlite"
KEY_FILE = "key"
_MINIMUM_SQLITE = (3, 37, 0)
_ANEW = "--fresh makes a new organization"


class DirectoryRefused(Exception):
    """The directory cannot be used as it is; one sentence for whoever starts the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A directory that is ours until this process ends; its database is of this release."""

    path: Path
    vault: Vault
    held: sqlite3.Connection

    @property
    def database(self) -> Path:
        """The store."""
        return self.path / DATABASE_FILE

    @property
    def seed(self) -> Path:
        """The copy of the store that a reset puts back."""
        return self.path / SEED_FILE


def open_directory(
    path: Path,
    *,
    fresh: bool,
    now: int,
    must_be_new: bool = False,
    given: KeyEncryptionKey | None = None,
) -> Directory:
    """Take the directory, made if need be; its store is complete, or empty and to be seeded.

    `fresh` forgets the organization in it first; `must_be_new` accepts none that is to be kept.
    `given` is the key-encryption key where it is not the file `key` in the directory.
    `DirectoryRefused` says what is in the way.
    """
    if sqlite3.sqlite_version_info < _MINIMUM_SQLITE:
        raise DirectoryRefused("this Python carries an SQLite older than 3.37")
    held = _take(path)
    try:
        stands = _is_complete(path / DATABASE_FILE, may_be_damaged=fresh) and not fresh
        if stands and must_be_new:
            raise DirectoryRefused(
                f"{path} holds an organization already, and --seed makes a new one: choose another"
                " --data-dir, or forget that one with --fresh"
            )
        if not stands:
            _forget(path, with_key=fresh)
        else:
            _require_keys(path / DATABASE_FILE)
        kek = given or _own_key(path / KEY_FILE, may_make=not stands)
        if stands:
            _require_our_key(path / DATABASE_FILE, kek)
            _require_seed(path / SEED_FILE, now)
        vault = _prepare(path / DATABASE_FILE, now, kek)
    except KeyRefused as refused:
        raise DirectoryRefused(f"{refused}; {_ANEW}") from None
    except OSError as error:
        raise DirectoryRefused(f"cannot use {error.filename or path}: {error.strerror}") from None
    return Directory(path=path, vault=vault, held=held)


def _take(path: Path) -> sqlite3.Connection:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return lock(path)
    except AlreadyOpen:
        raise DirectoryRefused(f"another process uses {path}") from None
    except OSError as error:
        raise DirectoryRefused(f"cannot use {path}: {error.strerror}") from None
    except sqlite3.Error as error:
        raise DirectoryRefused(f"cannot use {path}: {error}") from None


def _is_complete(database: Path, *, may_be_damaged: bool) -> bool:
    """Whether an organization was made here to its end; False also for nothing, or half of one."""
    if not database.exists():
        return False
    try:
        raw = open_to_read(database)
        try:
            return _holds_a_complete_sandbox(raw, database)
        finally:
            raw.close()
    except sqlite3.Error as error:
        if may_be_damaged:
            return False
        raise DirectoryRefused(f"{database} cannot be read: {error}; {_ANEW}") from None


def _holds_a_complete_sandbox(raw: sqlite3.Connection, database: Path) -> bool:
    tables = {row[0] for row in raw.execute("SELECT name FROM sqlite_master").fetchall()}
    if not tables:
        return False
    if not {"schema_migrations", "sandbox_facts", "audit_events"} <= tables:
        raise DirectoryRefused(f"{database} is another program's database")
    known = {row[0] for row in raw.execute("SELECT name FROM sandbox_facts").fetchall()}
    if not known and raw.execute("SELECT 1 FROM audit_events LIMIT 1").fetchone():
        raise DirectoryRefused(f"{database} holds an organization that is no sandbox's")
    return facts.READY in known


def _forget(path: Path, *, with_key: bool) -> None:
    database = path / DATABASE_FILE
    with_key = with_key and database.exists()  # without a store, whose key it is cannot be known
    # The store goes first: cut off after that, the next start removes the rest.
    for name in (DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm"):
        (path / name).unlink(missing_ok=True)
    (path / SEED_FILE).unlink(missing_ok=True)
    (path / facts.FILE_NAME).unlink(missing_ok=True)
    if with_key:
        (path / KEY_FILE).unlink(missing_ok=True)


def _own_key(path: Path, *, may_make: bool) -> KeyEncryptionKey:
    """The key-encryption key of the directory itself, made with the store."""
    if path.exists():
        return read_key(path)
    if not may_make:
        raise KeyRefused(f"{path} is missing: without it the store cannot be read")
    return make_key_file(path)


def _require_keys(database: Path) -> None:
    raw = open_to_read(database)
    try:
        if not raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'data_keys'").fetchone():
            raise DirectoryRefused(f"{database} was made before the first release; {_ANEW}")
    finally:
        raw.close()


def _require_our_key(database: Path, kek: KeyEncryptionKey) -> None:
    """Before anything is changed, migrations included."""
    raw = open_to_read(database)
    try:
        open_vault(SqliteConnection(raw), kek)
    finally:
        raw.close()


def _prepare(database: Path, now: int, kek: KeyEncryptionKey) -> Vault:
    """Bring the store to this release; a new one is given its keys."""
    try:
        raw = connect(database, read_only=False)
        try:
            database.chmod(0o600)
            migrate_sqlite(raw, now)
            connection = SqliteConnection(raw)
            if not raw.execute("SELECT 1 FROM data_keys").fetchone():
                raw.execute("BEGIN IMMEDIATE")
                make_keys(connection, kek, now)
                raw.execute("COMMIT")
            return open_vault(connection, kek)
        finally:
            raw.close()
    except MigrationRefused as refused:
        raise DirectoryRefused(str(refused)) from None
    except sqlite3.Error as error:
        raise DirectoryRefused(f"{database} cannot be used: {error}") from None


def _require_seed(seed: Path, now: int) -> None:
    """The copy of a complete store is there and of this release."""
    if not seed.exists():
        raise DirectoryRefused(f"{seed} is missing: without it there is no reset; {_ANEW}")
    _prepare_copy(seed, now)


def _prepare_copy(seed: Path, now: int) -> None:
    raw = sqlite3.connect(seed, isolation_level=None)
    try:
        migrate_sqlite(raw, now)
    except MigrationRefused as refused:
        raise DirectoryRefused(f"{seed}: {refused}") from None
    except sqlite3.Error as error:
        raise DirectoryRefused(f"{seed} cannot be used: {error}; {_ANEW}") from None
    finally:
        raw.close()
