"""Migrations: every step once, recorded with its digest, whole or not at all."""

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from genkan.db import migrate
from genkan.db.migrate import Migration, MigrationRefused, migrate_sqlite, shipped
from genkan.db.sqlite import connect
from tests.tree.files import ROOT

NOW = 1_800_000_000_000
LATER = NOW + 60_000
FOLDER = ROOT / "genkan" / "db" / "migrations"


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty file."""
    opened = connect(tmp_path / "genkan.sqlite", read_only=False)
    yield opened
    opened.close()


def schema(raw: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
    """Everything the file defines."""
    return raw.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def recorded(raw: sqlite3.Connection) -> list[tuple[int, str, str, int]]:
    """What the file says was applied."""
    return raw.execute(
        "SELECT number, name, digest, applied_at FROM schema_migrations ORDER BY number"
    ).fetchall()


def ship(monkeypatch: pytest.MonkeyPatch, *steps: Migration) -> None:
    """Let this be the release's migrations."""
    monkeypatch.setattr(migrate, "shipped", lambda: list(steps))


def test_an_empty_file_takes_every_shipped_step_in_order(raw: sqlite3.Connection) -> None:
    files = sorted(FOLDER.glob("*.sql"))
    assert len(files) >= 13
    assert migrate_sqlite(raw, NOW) == [path.stem[5:] for path in files]
    assert recorded(raw) == [
        (int(path.name[:4]), path.stem[5:], hashlib.sha256(path.read_bytes()).hexdigest(), NOW)
        for path in files
    ]


def test_every_table_that_the_files_name_is_made_strict(raw: sqlite3.Connection) -> None:
    migrate_sqlite(raw, NOW)
    named = {
        line.split()[2]
        for path in FOLDER.glob("*.sql")
        for line in path.read_text().splitlines()
        if line.startswith("CREATE TABLE ")
    }
    strict = {
        row[1]: bool(row[5])
        for row in raw.execute("PRAGMA table_list").fetchall()
        if not row[1].startswith("sqlite_")
    }
    assert named <= strict.keys()
    assert all(strict.values())


def test_applying_again_changes_nothing(raw: sqlite3.Connection) -> None:
    migrate_sqlite(raw, NOW)
    before = (schema(raw), recorded(raw))
    assert migrate_sqlite(raw, LATER) == []
    assert (schema(raw), recorded(raw)) == before


def test_from_every_earlier_step_the_rest_leads_to_the_same_schema(
    raw: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate_sqlite(raw, NOW)
    steps = shipped()
    for count in range(len(steps)):
        older = connect(tmp_path / f"{count}.sqlite", read_only=False)
        ship(monkeypatch, *steps[:count])
        migrate_sqlite(older, NOW)
        ship(monkeypatch, *steps)
        assert migrate_sqlite(older, LATER) == [step.name for step in steps[count:]]
        assert schema(older) == schema(raw)
        older.close()


def test_rows_are_carried_through_the_steps_that_follow(
    raw: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = shipped()
    job = ("id", "Work", "{}", "", "ready", 0, NOW, 0, 0, "", NOW)
    ship(monkeypatch, steps[0])
    migrate_sqlite(raw, NOW)
    raw.execute(f"INSERT INTO jobs VALUES ({', '.join('?' * len(job))})", job)
    ship(monkeypatch, *steps)
    migrate_sqlite(raw, LATER)
    assert raw.execute("SELECT * FROM jobs").fetchall() == [job]


def test_a_changed_step_is_refused_and_nothing_is_applied(
    raw: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Migration(1, "one", "CREATE TABLE a (x {int64}) {strict};\n")
    ship(monkeypatch, first)
    migrate_sqlite(raw, NOW)
    before = (schema(raw), recorded(raw))
    second = Migration(2, "two", "CREATE TABLE b (x {int64}) {strict};\n")
    ship(monkeypatch, Migration(1, "one", first.text + "-- changed\n"), second)
    with pytest.raises(MigrationRefused, match="step 1 is not the one"):
        migrate_sqlite(raw, LATER)
    assert (schema(raw), recorded(raw)) == before
    assert not raw.in_transaction


def test_a_database_of_a_newer_release_is_refused(
    raw: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = shipped()
    migrate_sqlite(raw, NOW)
    before = (schema(raw), recorded(raw))
    ship(monkeypatch, *steps[:-1])
    with pytest.raises(MigrationRefused, match=f"newer than this release .step {len(steps)}"):
        migrate_sqlite(raw, LATER)
    assert (schema(raw), recorded(raw)) == before


def test_a_step_that_fails_takes_the_others_of_its_run_with_it(
    raw: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = Migration(1, "good", "CREATE TABLE a (x {int64}) {strict};\n")
    ship(monkeypatch, good)
    migrate_sqlite(raw, NOW)
    before = (schema(raw), recorded(raw))
    better = Migration(2, "better", "CREATE TABLE b (x {int64}) {strict};\n")
    bad = Migration(3, "bad", "CREATE TABLE c (x {int64}) {strict};\nCREATE TABLE a (y INTEGER);\n")
    ship(monkeypatch, good, better, bad)
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate_sqlite(raw, LATER)
    assert (schema(raw), recorded(raw)) == before
    ship(monkeypatch, good, better)
    assert migrate_sqlite(raw, LATER) == ["better"]
