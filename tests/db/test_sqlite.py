"""Group commit on a real file: who is told what, and what is on disk then."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from genkan.core.errors import Conflict
from genkan.db.database import Tx
from genkan.db.migrate import migrate_sqlite
from genkan.db.sqlite import GROUP_LIMIT, AlreadyOpen, SqliteDatabase, connect, lock
from tests.support.store import SettableClock, Store, a_call, open_store


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    prepared: Store = open_store(tmp_path)
    prepared.raw.execute("CREATE TABLE notes (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT")
    prepared.raw.close()
    opened = SqliteDatabase(
        tmp_path / "genkan.sqlite", services=prepared.services, clock=SettableClock()
    )
    yield opened
    await opened.close()


def _add(name: str, body: str = "x"):
    return lambda tx: tx.run("INSERT INTO notes VALUES (?, ?)", name, body)


async def _names(database: SqliteDatabase) -> set[str]:
    rows = await database.scan(a_call(), lambda tx: tx.all("SELECT id FROM notes"))
    return {row[0] for row in rows}


async def test_an_acknowledged_write_is_seen_by_another_connection(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    await database.write(a_call(), _add("one"))
    other = sqlite3.connect(tmp_path / "genkan.sqlite")
    assert other.execute("SELECT id FROM notes").fetchall() == [("one",)]


async def test_a_refused_neighbour_in_the_group_costs_the_others_nothing(
    database: SqliteDatabase,
) -> None:
    def refuse(tx: Tx) -> None:
        tx.run("INSERT INTO notes VALUES ('half', 'x')")
        raise Conflict("no")

    results = await asyncio.gather(
        database.write(a_call(), _add("before")),
        database.write(a_call(), refuse),
        database.write(a_call(), _add("after")),
        return_exceptions=True,
    )
    assert isinstance(results[1], Conflict)
    assert await _names(database) == {"before", "after"}


async def test_a_refusal_leaves_its_audit_record_and_nothing_else(database: SqliteDatabase) -> None:
    def refuse(tx: Tx) -> None:
        tx.run("INSERT INTO notes VALUES ('half', 'x')")
        raise Conflict("no")

    with pytest.raises(Conflict):
        await database.write(
            a_call(), refuse, lambda tx, refusal: tx.run("INSERT INTO notes VALUES ('audit', 'x')")
        )
    assert await _names(database) == {"audit"}


async def test_a_bug_propagates_and_leaves_nothing(database: SqliteDatabase) -> None:
    def bug(tx: Tx) -> None:
        tx.run("INSERT INTO notes VALUES ('half', 'x')")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(a_call(), bug, lambda tx, refusal: tx.run("DELETE FROM notes"))
    assert await _names(database) == set()


async def test_a_constraint_violation_is_that_operations_error_alone(
    database: SqliteDatabase,
) -> None:
    results = await asyncio.gather(
        database.write(a_call(), _add("same")),
        database.write(a_call(), _add("same")),
        database.write(a_call(), _add("other")),
        return_exceptions=True,
    )
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert await _names(database) == {"same", "other"}


async def test_when_the_whole_transaction_is_lost_the_others_run_again(
    database: SqliteDatabase,
) -> None:
    def lose(tx: Tx) -> None:
        # What SQLite does by itself on a full disk: the transaction is gone under us.
        database._writer_raw.execute("ROLLBACK")
        tx.run("INSERT INTO no_such_table VALUES (1)")

    results = await asyncio.gather(
        database.write(a_call(), _add("before")),
        database.write(a_call(), lose),
        database.write(a_call(), _add("after")),
        return_exceptions=True,
    )
    assert isinstance(results[1], sqlite3.OperationalError)
    assert await _names(database) == {"before", "after"}


async def test_a_full_disk_refuses_the_write_and_later_ones_work_again(
    database: SqliteDatabase,
) -> None:
    raw = database._writer_raw
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        await database.write(a_call(), _add("big", "x" * 1_000_000))
    raw.execute("PRAGMA max_page_count = 1000000")
    await database.write(a_call(), _add("small"))
    assert await _names(database) == {"small"}


async def test_what_is_remembered_is_forgotten_after_a_commit(database: SqliteDatabase) -> None:
    def count(tx: Tx) -> int:
        return tx.remembered("count", lambda: tx.one("SELECT count(*) FROM notes")[0])  # type: ignore[index]

    assert await database.point(a_call(), count) == 0
    await database.write(a_call(), _add("one"))
    assert await database.point(a_call(), count) == 1


async def test_a_point_read_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.point(a_call(), _add("one"))
    assert await database.point(a_call(), lambda tx: tx.all("SELECT * FROM notes")) == []


async def test_enqueueing_wakes_the_workers_after_the_commit(database: SqliteDatabase) -> None:
    woken: list[set[str]] = []
    other = sqlite3.connect(database._path)
    database.on_wake = lambda: woken.append({r[0] for r in other.execute("SELECT id FROM notes")})

    def enqueue(tx: Tx) -> None:
        tx.run("INSERT INTO notes VALUES ('job', 'x')")
        tx.wake_workers()

    await database.write(a_call(), enqueue)
    assert woken == [{"job"}]


def test_a_second_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    held = lock(tmp_path)
    with pytest.raises(AlreadyOpen):
        lock(tmp_path)
    held.close()
    lock(tmp_path).close()


def test_migrating_again_changes_nothing_and_a_newer_database_is_refused(tmp_path: Path) -> None:
    raw = connect(tmp_path / "genkan.sqlite", read_only=False)
    assert migrate_sqlite(raw, 0)
    assert migrate_sqlite(raw, 0) == []
    raw.execute("INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0)")
    with pytest.raises(Exception, match="newer than this release"):
        migrate_sqlite(raw, 0)


async def test_a_closed_database_is_one_file_without_a_log(tmp_path: Path) -> None:
    prepared: Store = open_store(tmp_path)
    prepared.raw.close()
    path = tmp_path / "genkan.sqlite"
    opened = SqliteDatabase(path, services=prepared.services, clock=SettableClock())
    await opened.write(a_call(), lambda tx: tx.run("CREATE TABLE notes (id TEXT) STRICT"))
    await asyncio.gather(
        *(opened.scan(a_call(), lambda tx: tx.all("SELECT * FROM notes")) for _ in range(8))
    )
    await opened.close()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


async def test_a_write_remembers_until_it_writes(database: SqliteDatabase) -> None:
    def counts(tx: Tx) -> list[int]:
        def count() -> int:
            return tx.remembered("count", lambda: tx.one("SELECT count(*) FROM notes")[0])  # type: ignore[index]

        seen = [count()]
        tx.run("INSERT INTO notes VALUES ('one', 'x')")
        return [*seen, count()]

    assert await database.write(a_call(), counts) == [0, 1]


async def test_what_one_round_of_the_loop_brings_is_committed_in_groups_of_the_limit(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    commit = database._commit

    def counted(group: list) -> list:
        sizes.append(len(group))
        return commit(group)

    monkeypatch.setattr(database, "_commit", counted)
    count = 2 * GROUP_LIMIT + 1
    await asyncio.gather(
        *(database.write(a_call(), _add(f"note {number}")) for number in range(count))
    )
    assert sizes == [GROUP_LIMIT, GROUP_LIMIT, 1]
    assert len(await _names(database)) == count


async def test_closing_finishes_what_was_asked_a_moment_before(tmp_path: Path) -> None:
    prepared = open_store(tmp_path)
    prepared.raw.execute("CREATE TABLE notes (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT")
    prepared.raw.close()
    opened = SqliteDatabase(
        tmp_path / "genkan.sqlite", services=prepared.services, clock=SettableClock()
    )
    writing = opened.write(a_call(), _add("last"))
    await opened.close()
    assert await writing == 1
    other = sqlite3.connect(tmp_path / "genkan.sqlite")
    assert other.execute("SELECT id FROM notes").fetchall() == [("last",)]
