"""Only an empty place is filled, and an older release's backup is brought to this one."""

import contextlib
import re
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from genkan.backup.refusal import BackupRefused
from genkan.db import migrate
from genkan.db.failures import Unavailable, Unsuitable
from genkan.db.migrate import Migration, migrate_sqlite, shipped
from genkan.db.place import Place, PostgresPlace, SqlitePlace
from genkan.db.sqlite import connect, lock
from tests.backup.conftest import LATER, back_up, contents, restore
from tests.backup.rows import everything, fill_every_table
from tests.support.engines import (
    POSTGRES,
    SQLITE,
    PostgresData,
    SqliteData,
    migrate_postgres_at,
    new_postgres_database,
)
from tests.support.store import NOW, Store, open_store

NewPlace = Callable[[str], Place]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A backup with rows in every table."""
    store = open_store(tmp_path)
    fill_every_table(store.data, count=3)
    back_up(store.data, tmp_path / "file")
    store.close()
    return tmp_path / "file"


def held(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


# --- SQLite ---------------------------------------------------------------------------------------


def test_a_file_with_an_organization_is_refused_and_stays(good: Path, tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path / "genkan.sqlite")
    before = held(tmp_path)
    with pytest.raises(Unsuitable) as refused:
        restore(good, place)
    assert str(refused.value) == (
        f"{place.path} holds an organization already: restore into an empty place"
    )
    assert held(tmp_path) == before


def test_a_file_with_nothing_but_keys_is_refused(good: Path, tmp_path: Path) -> None:
    """Something was begun there, and whatever it is, its key would be lost."""
    (tmp_path / "begun").mkdir()
    open_store(tmp_path / "begun").close()
    with pytest.raises(Unsuitable, match="holds an organization already"):
        restore(good, SqlitePlace(tmp_path / "begun" / "genkan.sqlite"))


def test_another_programs_file_is_refused_and_stays(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "other" / "genkan.sqlite"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE bookmarks (url TEXT)")
    before = held(path.parent)
    with pytest.raises(Unsuitable) as refused:
        restore(good, SqlitePlace(path))
    assert str(refused.value) == f"{path} is another program's database"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Unsuitable, match="cannot be read: file is not a database"):
        restore(good, SqlitePlace(path))
    path.write_bytes(before[path.name])
    assert held(path.parent) == before


def test_a_directory_in_use_is_refused(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "used" / "genkan.sqlite"
    path.parent.mkdir()
    with closing(lock(path.parent)), pytest.raises(Unsuitable, match="another process"):
        restore(good, SqlitePlace(path))
    restore(good, SqlitePlace(path))


def test_a_file_without_rows_is_filled(good: Path, tmp_path: Path) -> None:
    for migrated in (False, True):
        path = tmp_path / f"migrated {migrated}" / "genkan.sqlite"
        path.parent.mkdir()
        if migrated:
            SqlitePlace(path).migrate(NOW)
        else:
            path.touch()
        restore(good, SqlitePlace(path))
        with closing(SqliteData(path)) as data:
            assert len(everything(data)["users"]) == 3


def test_only_the_owner_may_read_what_was_restored(good: Path, tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path / "a" / "b" / "genkan.sqlite")
    restore(good, place)
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.path.parent.stat().st_mode) == 0o700


def test_a_log_that_belongs_to_no_file_is_not_taken_for_the_new_ones(
    good: Path, tmp_path: Path
) -> None:
    """Its pages are valid by themselves, and would be put into any file of that name."""
    other = tmp_path / "other.sqlite"
    raw = connect(other, read_only=False)
    migrate_sqlite(raw, NOW)
    raw.execute("INSERT INTO user_code_guesses VALUES ('ghost', 1, 1)")
    place = SqlitePlace(tmp_path / "there" / "genkan.sqlite")
    place.path.parent.mkdir()
    Path(f"{place.path}-wal").write_bytes(Path(f"{other}-wal").read_bytes())
    raw.close()
    restore(good, place)
    with closing(SqliteData(place.path)) as data:
        assert ("ok",) in data.rows("PRAGMA integrity_check")
        assert data.rows("SELECT 1 FROM user_code_guesses WHERE user_id = 'ghost'") == []
        assert len(everything(data)["users"]) == 3


def test_the_remains_of_a_restore_that_was_killed_are_replaced(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "there" / "genkan.sqlite"
    path.parent.mkdir()
    path.with_name("genkan.sqlite.partial").write_bytes(b"half of something")
    restore(good, SqlitePlace(path))
    assert {entry.name for entry in path.parent.iterdir()} == {"genkan.sqlite", "lock.sqlite"}


# --- PostgreSQL -----------------------------------------------------------------------------------


def test_a_database_with_an_organization_is_refused_and_stays(good: Path) -> None:
    dsn = new_postgres_database()
    with closing(PostgresData(dsn)) as data:
        fill_every_table(data, count=2)
        before = everything(data)
        with pytest.raises(Unsuitable) as refused:
            restore(good, PostgresPlace(dsn))
        assert str(refused.value) == (
            "the database holds an organization already: restore into an empty place"
        )
        assert everything(data) == before


def test_another_programs_database_is_refused_and_stays(good: Path) -> None:
    dsn = new_postgres_database(migrated=False)
    with closing(psycopg.connect(dsn, autocommit=True)) as raw:
        raw.execute("CREATE TABLE bookmarks (url TEXT)")
        with pytest.raises(Unsuitable, match="the database is another program's database"):
            restore(good, PostgresPlace(dsn))
        names = raw.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
    assert names == [("bookmarks",)]


def test_a_database_that_was_only_migrated_is_filled(good: Path) -> None:
    dsn = new_postgres_database()
    restore(good, PostgresPlace(dsn))
    with closing(PostgresData(dsn)) as data:
        assert len(everything(data)["users"]) == 3


def test_a_database_in_which_an_installation_is_being_made_is_refused(good: Path) -> None:
    place = PostgresPlace(new_postgres_database(migrated=False))
    with place.hold(), pytest.raises(Unsuitable, match="another command is making an installation"):
        restore(good, place)
    restore(good, place)


def test_a_database_that_cannot_be_reached_is_told_before_anything_is_read(good: Path) -> None:
    with pytest.raises(Unavailable, match="the database cannot be used: "):
        restore(good, PostgresPlace("postgresql://127.0.0.1:1/genkan"))


def test_a_text_that_postgresql_cannot_hold_is_told(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.raw.execute("INSERT INTO user_code_guesses VALUES (?, 1, 1)", ("a\0b",))
    back_up(store.data, tmp_path / "file")
    store.close()
    dsn = new_postgres_database(migrated=False)
    with pytest.raises(Unsuitable, match="PostgreSQL cannot hold its rows: a text with NUL"):
        restore(tmp_path / "file", PostgresPlace(dsn))
    with closing(PostgresData(dsn)) as data:
        assert data.tables() == []
    restore(tmp_path / "file", SqlitePlace(tmp_path / "there" / "genkan.sqlite"))


# --- releases -------------------------------------------------------------------------------------

AFTER = Migration(
    9000,
    "nicknames",
    "ALTER TABLE users ADD COLUMN nickname {text} NOT NULL DEFAULT 'none';\n"
    "CREATE TABLE nicknames (user_id {text} PRIMARY KEY REFERENCES users (id)) {strict};\n"
    "INSERT INTO nicknames SELECT id FROM users;\n",
)


@contextlib.contextmanager
def release(monkeypatch: pytest.MonkeyPatch, *steps: Migration) -> Iterator[None]:
    """Let this be the release's migrations meanwhile."""
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "shipped", lambda: list(steps))
        yield


@pytest.mark.parametrize("engine", [SQLITE, POSTGRES])
def test_a_backup_of_an_older_release_is_restored_and_brought_to_this_one(
    good: Path, monkeypatch: pytest.MonkeyPatch, new_place: NewPlace, engine: str
) -> None:
    place = new_place(engine)
    with release(monkeypatch, *shipped(), AFTER):
        restored = restore(good, place)
    assert restored.steps == ("nicknames",)
    with closing(contents(place)) as data:
        assert data.rows("SELECT COUNT(*), MIN(nickname) FROM users") == [(3, "none")]
        assert data.rows("SELECT COUNT(*) FROM nicknames") == [(3,)]
        ledger = data.rows("SELECT number, applied_at FROM schema_migrations ORDER BY number")
        assert ledger[-1] == (9000, LATER)
        assert ledger[0] == (1, 1_800_000_000_000)


@pytest.mark.parametrize("engine", [SQLITE, POSTGRES])
def test_a_backup_made_after_a_step_has_what_the_step_made(
    store: Store, monkeypatch: pytest.MonkeyPatch, new_place: NewPlace, tmp_path: Path, engine: str
) -> None:
    fill_every_table(store.data, count=2)
    back_up(store.data, tmp_path / "older")
    with release(monkeypatch, *shipped(), AFTER):
        first, second = new_place(engine), new_place(SQLITE)
        restore(tmp_path / "older", first)
        with closing(contents(first)) as data:
            data.rows("UPDATE users SET nickname = 'changed' RETURNING id")
            written = back_up(data, tmp_path / "newer")
        assert written.counts["store"]["nicknames"] == 2
        assert restore(tmp_path / "newer", second).steps == ()
        with closing(contents(second)) as data:
            assert set(data.rows("SELECT nickname FROM users")) == {("changed",)}
    with pytest.raises(BackupRefused, match=r"is of a newer release.*step 9000 .nicknames."):
        restore(tmp_path / "newer", new_place(SQLITE))


def test_a_database_prepared_by_another_release_than_the_backups_is_refused(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = new_postgres_database(migrated=False)
    with release(monkeypatch, *shipped(), AFTER):
        migrate_postgres_at(dsn)
        with pytest.raises(BackupRefused, match=re.escape("restore into one without tables")):
            restore(good, PostgresPlace(dsn))


def test_a_database_of_a_newer_release_is_not_backed_up_in_part(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tables that this release does not know would be missing from the file."""
    with (
        release(monkeypatch, *shipped()[:-1]),
        pytest.raises(BackupRefused, match=r"of a newer release \(step \d+\): back it up with"),
    ):
        back_up(store.data, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_another_programs_tables_are_left_out(tmp_path: Path) -> None:
    dsn = new_postgres_database()
    with closing(open_store(tmp_path)) as store:
        back_up(store.data, tmp_path / "first")
    restore(tmp_path / "first", PostgresPlace(dsn))
    with closing(PostgresData(dsn)) as data:
        data.raw.execute("CREATE TABLE bookmarks (url TEXT PRIMARY KEY)")
        data.raw.execute("CREATE TABLE odd (x REAL)")
        written = back_up(data, tmp_path / "second")
    assert {"bookmarks", "odd"}.isdisjoint(written.counts["store"])
    assert written.counts["store"]["data_keys"] == 2
