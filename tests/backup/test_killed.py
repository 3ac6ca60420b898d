"""Killed in the middle, a restore leaves nothing and a backup leaves no file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from genkan.db.place import PostgresPlace, SqlitePlace
from genkan.keys.kek import write_key_file
from tests.backup.command import settings_for, url_of
from tests.backup.conftest import back_up, contents, restore
from tests.backup.rows import everything, fill_every_table
from tests.support.engines import (
    PostgresData,
    SqliteData,
    migrate_postgres_at,
    new_postgres_database,
)
from tests.support.store import KEK, Store, open_store


@pytest.fixture
def source(tmp_path: Path) -> Store:
    """A store with rows in every table."""
    (tmp_path / "from").mkdir()
    store = open_store(tmp_path / "from")
    fill_every_table(store.data, count=5)
    write_key_file(tmp_path / "from" / "key", KEK.key)
    return store


def dies(
    moment: str, number: int, *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> None:
    """Run `genkan …`, which must be killed."""
    command = [sys.executable, "-m", "tests.backup.dying", moment, str(number)]
    done = subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == -signal.SIGKILL, done


def files(directory: Path) -> set[str]:
    """What is there besides the lock."""
    return {path.name for path in directory.iterdir() if not path.name.startswith("lock.sqlite")}


def assert_restorable(file: Path, there: Path, expected: object) -> None:
    """What was left behind is in nobody's way."""
    restore(file, SqlitePlace(there / "genkan.sqlite"), copy=SqlitePlace(there / "seed.sqlite"))
    with closing(SqliteData(there / "genkan.sqlite")) as data:
        assert everything(data) == expected
    assert files(there) <= {
        *("key", "seed.sqlite", "genkan.sqlite", "genkan.sqlite-wal", "genkan.sqlite-shm"),
    }


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("statement", 1),
        ("statement", 60),
        ("statement", 130),
        ("statement", 190),
        ("statement", 340),
        ("statement", 400),
        ("durable", 1),
        ("rename", 1),
        ("durable", 3),
        ("rename", 2),
    ],
)
def test_a_killed_restore_leaves_no_store(
    source: Store, tmp_path: Path, moment: str, number: int
) -> None:
    file, there = tmp_path / "file", tmp_path / "there"
    back_up(source.data, file)
    there.mkdir()
    write_key_file(there / "key", KEK.key)
    dies(moment, number, "restore", "--data-dir", there, file)
    # The copy comes first: without the store it is nobody's, and the next start removes it.
    assert files(there) <= {
        *("key", "seed.sqlite", "seed.sqlite.partial", "genkan.sqlite.partial"),
    }
    assert_restorable(file, there, everything(source.data))
    source.close()


def test_a_restore_that_is_killed_after_the_rename_is_complete(
    source: Store, tmp_path: Path
) -> None:
    file, there = tmp_path / "file", tmp_path / "there"
    back_up(source.data, file)
    there.mkdir()
    write_key_file(there / "key", KEK.key)
    dies("durable", 4, "restore", "--data-dir", there, file)
    with closing(SqliteData(there / "genkan.sqlite")) as data:
        assert everything(data) == everything(source.data)
    source.close()


@pytest.mark.parametrize("prepared", [False, True])
@pytest.mark.parametrize(
    ("moment", "number"), [("statement", 3), ("statement", 90), ("statement", 200), ("commit", 1)]
)
def test_a_killed_restore_leaves_no_row_in_postgresql(
    source: Store, tmp_path: Path, moment: str, number: int, prepared: bool
) -> None:
    if prepared and number > 90:
        number = 100  # The schema is there already.
    file = tmp_path / "file"
    back_up(source.data, file)
    dsn = new_postgres_database(migrated=False)
    if prepared:
        migrate_postgres_at(dsn)
    with closing(PostgresData(dsn)) as data:
        before = {table: data.rows(f"SELECT COUNT(*) FROM {table}") for table in data.tables()}
        settings = settings_for(url_of(dsn), tmp_path / "settings.toml", KEK.key)
        dies(moment, number, "restore", "--settings", settings, file)
        _until_alone(data)
        after = {table: data.rows(f"SELECT COUNT(*) FROM {table}") for table in data.tables()}
        assert after == before
    restore(file, PostgresPlace(dsn))
    with closing(contents(PostgresPlace(dsn))) as data:
        found, expected = everything(data), everything(source.data)
    if prepared:  # It says itself when it took its steps.
        del found["schema_migrations"], expected["schema_migrations"]
    assert found == expected
    source.close()


def _until_alone(data: PostgresData) -> None:
    """Until the server has noticed that the other side is gone."""
    deadline = time.monotonic() + 120
    others = (
        "SELECT COUNT(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    while data.rows(others) != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(("moment", "number"), [("durable", 1), ("rename", 1)])
def test_a_killed_backup_leaves_no_file_or_the_older_one(
    source: Store, tmp_path: Path, moment: str, number: int
) -> None:
    folder = tmp_path / "to"
    folder.mkdir()
    dies(moment, number, "backup", "--data-dir", tmp_path / "from", folder / "file")
    assert not (folder / "file").exists()
    back_up(source.data, folder / "file")
    before = (folder / "file").read_bytes()
    dies(moment, number, "backup", "--force", "--data-dir", tmp_path / "from", folder / "file")
    assert (folder / "file").read_bytes() == before
    # What lies there besides is hidden, and nothing takes it for a backup.
    assert all(name == "file" or name.startswith(".file.") for name in files(folder))
    source.close()
