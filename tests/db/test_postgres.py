"""PostgreSQL on a real server: what is durable, what is run again, what its caller is told."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genkan.core.errors import Conflict
from genkan.db import jobs
from genkan.db.database import Tx
from genkan.db.failures import Contended, OutcomeUnknown, Unreachable, Unsuitable
from genkan.db.migrate import MigrationRefused, migrate_postgres, shipped
from genkan.db.postgres import _LOCKS, PostgresDatabase, _Turns
from genkan.db.postgres_connection import PostgresConnection, open_connection
from tests.support.engines import new_postgres_database, server_dsn
from tests.support.postgresql import Cluster, own_server
from tests.support.store import SettableClock, a_call, some_services

NOTES = 'CREATE TABLE notes (id TEXT COLLATE "C" PRIMARY KEY, body BIGINT NOT NULL)'


@pytest.fixture(scope="module")
def dsn() -> str:
    """A database with a table of its own."""
    made = new_postgres_database()
    with psycopg.connect(made, autocommit=True) as raw:
        raw.execute(NOTES)
    return made


@pytest.fixture
def other(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else's connection; the table is empty."""
    with psycopg.connect(dsn, autocommit=True) as raw:
        raw.execute("DELETE FROM notes")
        yield raw


def a_database(dsn: str, **options: Any) -> PostgresDatabase:
    return PostgresDatabase(dsn, services=some_services(), clock=SettableClock(), **options)


@pytest.fixture
async def database(dsn: str, other: Any) -> AsyncIterator[PostgresDatabase]:
    opened = a_database(dsn)
    yield opened
    await opened.close()


def _add(name: str, body: int = 0) -> Callable[[Tx], int]:
    return lambda tx: tx.run("INSERT INTO notes VALUES (?, ?)", name, body)


def _names(other: psycopg.Connection[Any]) -> set[str]:
    return {row[0] for row in other.execute("SELECT id FROM notes")}


def named(name: str) -> Any:
    """A call of an operation of this name."""
    call = a_call()
    return replace(call, operation=replace(call.operation, name=name))


# --- what is durable ------------------------------------------------------------------------------


async def test_an_acknowledged_write_is_seen_by_another_connection(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    await database.write(a_call(), _add("one"))
    assert _names(other) == {"one"}


async def test_a_refusal_leaves_its_audit_record_and_nothing_else(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    def refuse(tx: Tx) -> None:
        _add("half")(tx)
        raise Conflict("no")

    with pytest.raises(Conflict):
        await database.write(a_call(), refuse, lambda tx, refusal: _add("audit")(tx))
    assert _names(other) == {"audit"}


async def test_a_refusal_whose_record_fails_is_not_told(database: PostgresDatabase) -> None:
    def refuse(tx: Tx) -> None:
        raise Conflict("no")

    with pytest.raises(psycopg.errors.UndefinedTable):
        await database.write(a_call(), refuse, lambda tx, refusal: tx.run("DELETE FROM nowhere"))


async def test_a_caller_that_goes_away_does_not_keep_a_refusal_from_being_recorded(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    started, go_on = threading.Event(), threading.Event()

    def refuse(tx: Tx) -> None:
        started.set()
        go_on.wait(30)
        raise Conflict("no")

    task = asyncio.ensure_future(
        database.write(a_call(), refuse, lambda tx, refusal: _add("audit")(tx))
    )
    await asyncio.to_thread(started.wait, 30)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    go_on.set()
    await database.close()
    assert task.cancelled()
    assert _names(other) == {"audit"}


async def test_a_bug_propagates_and_leaves_nothing(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    def bug(tx: Tx) -> None:
        _add("half")(tx)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(a_call(), bug, lambda tx, refusal: _add("audit")(tx))
    assert _names(other) == set()


async def test_an_error_that_an_operation_swallowed_is_raised_all_the_same(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    def swallow(tx: Tx) -> str:
        _add("half")(tx)
        try:
            tx.run("DELETE FROM nowhere")
        except Exception:
            return "fine"
        raise AssertionError

    with pytest.raises(psycopg.errors.UndefinedTable):
        await database.write(a_call(), swallow)
    assert _names(other) == set()


async def test_reads_see_one_snapshot(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    def twice(tx: Tx) -> list[Any]:
        seen = [tx.one("SELECT COUNT(*) FROM notes")]
        other.execute("INSERT INTO notes VALUES ('meanwhile', 0)")
        return [*seen, tx.one("SELECT COUNT(*) FROM notes")]

    assert await database.point(a_call(), twice) == [(0,), (0,)]
    assert await database.scan(a_call(), lambda tx: tx.one("SELECT COUNT(*) FROM notes")) == (1,)


@pytest.mark.parametrize("how", ["point", "scan"])
async def test_a_read_cannot_write(
    database: PostgresDatabase, other: psycopg.Connection[Any], how: str
) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await getattr(database, how)(a_call(), _add("one"))
    assert _names(other) == set()


async def test_enqueueing_wakes_the_workers_after_the_commit(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    woken: list[set[str]] = []
    database.on_wake = lambda: woken.append(_names(other))

    def enqueue(tx: Tx) -> None:
        _add("job")(tx)
        tx.wake_workers()

    await database.write(a_call(), enqueue)
    await database.write(a_call(), _add("no job"))
    assert woken == [{"job"}]


async def test_nothing_is_remembered_from_one_read_to_the_next(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    def count(tx: Tx) -> Any:
        return tx.remembered("count", lambda: tx.one("SELECT COUNT(*) FROM notes"))

    assert await database.point(a_call(), count) == (0,)
    other.execute("INSERT INTO notes VALUES ('elsewhere', 0)")
    assert await database.point(a_call(), count) == (1,)


# --- what is run again ----------------------------------------------------------------------------


async def test_of_two_transactions_in_each_others_way_both_come_through(
    dsn: str, other: psycopg.Connection[Any]
) -> None:
    """Write skew: each counts what the other adds. At a lower isolation both would add `0`."""
    nodes = [a_database(dsn), a_database(dsn)]
    met = threading.Barrier(2, timeout=30)
    runs: list[str] = []

    def count_and_add(name: str) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            runs.append(name)
            row = tx.one("SELECT COUNT(*) FROM notes")
            assert row is not None
            if len(runs) <= 2:
                met.wait()
            tx.run("INSERT INTO notes VALUES (?, ?)", name, row[0])

        return work

    await asyncio.gather(
        *(
            node.write(named(name), count_and_add(name))
            for node, name in zip(nodes, ("a", "b"), strict=True)
        )
    )
    assert sorted(row[0] for row in other.execute("SELECT body FROM notes")) == [0, 1]
    assert len(runs) >= 3
    assert sum(node.counts.conflicts for node in nodes) >= 1
    for node in nodes:
        await node.close()


async def test_a_hot_row_takes_every_change_of_two_nodes(
    dsn: str, other: psycopg.Connection[Any]
) -> None:
    other.execute("INSERT INTO notes VALUES ('counter', 0)")
    nodes = [a_database(dsn), a_database(dsn)]

    def add_one(tx: Tx) -> None:
        row = tx.one("SELECT body FROM notes WHERE id = 'counter'")
        assert row is not None
        tx.run("UPDATE notes SET body = ? WHERE id = 'counter'", row[0] + 1)

    await asyncio.gather(*(nodes[i % 2].write(named("AddOne"), add_one) for i in range(100)))
    assert other.execute("SELECT body FROM notes").fetchall() == [(100,)]
    assert [node.counts.given_up for node in nodes] == [0, 0]
    for node in nodes:
        await node.close()


def in_each_others_way(
    other: psycopg.Connection[Any], runs: list[int], name: str
) -> Callable[[Tx], str]:
    """Work that conflicts at its first run, while `other` takes the turn of operations so named."""
    other.execute("INSERT INTO notes VALUES ('row', 0)")

    def work(tx: Tx) -> str:
        runs.append(len(runs))
        tx.one("SELECT body FROM notes WHERE id = 'row'")
        if len(runs) == 1:
            other.execute("UPDATE notes SET body = 1")
            other.execute("SELECT pg_advisory_lock(%s, %s)", (_LOCKS, _Turns(name).key))
        tx.run("UPDATE notes SET body = body + 10 WHERE id = 'row'")
        return "done"

    return work


async def test_after_a_conflict_nodes_wait_for_each_others_turn(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    runs: list[int] = []
    work = in_each_others_way(other, runs, "Hot")
    task = asyncio.ensure_future(database.write(named("Hot"), work))
    # The view shows the locks of every database of the server, also of other tests.
    ours = (
        "FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    waiting = f"SELECT 1 {ours} AND NOT granted"
    for _ in range(3000):
        if other.execute(waiting).fetchone():
            break
        await asyncio.sleep(0.01)
    assert other.execute(waiting).fetchone() == (1,)
    assert runs == [0]
    assert await database.write(named("Other"), _add("others are served")) == 1
    other.execute("SELECT pg_advisory_unlock_all()")
    assert await task == "done"
    assert runs == [0, 1]
    assert other.execute(f"SELECT COUNT(*) {ours}").fetchone() == (0,)


async def test_a_turn_that_does_not_come_is_told(dsn: str, other: psycopg.Connection[Any]) -> None:
    database = a_database(dsn, statement_timeout_ms=2_000)
    runs: list[int] = []
    with pytest.raises(Contended, match="no turn"):
        await database.write(named("Hot"), in_each_others_way(other, runs, "Hot"))
    assert runs == [0]
    other.execute("SELECT pg_advisory_unlock_all()")
    assert await database.write(named("Hot"), _add("later")) == 1
    await database.close()


async def test_a_conflict_that_became_a_refusal_is_not_told_but_run_again(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    other.execute("INSERT INTO notes VALUES ('row', 0)")
    runs: list[int] = []

    def work(tx: Tx) -> str:
        runs.append(len(runs))
        tx.one("SELECT body FROM notes WHERE id = 'row'")
        if len(runs) == 1:
            other.execute("UPDATE notes SET body = 1")
        try:
            tx.run("UPDATE notes SET body = body + 10 WHERE id = 'row'")
        except Exception:
            raise Conflict("somebody was faster") from None
        return "done"

    assert await database.write(a_call(), work) == "done"
    assert runs == [0, 1]
    assert other.execute("SELECT body FROM notes").fetchall() == [(11,)]


async def test_a_name_taken_meanwhile_is_seen_at_the_second_attempt(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    def add(tx: Tx) -> None:
        if tx.one("SELECT 1 FROM notes WHERE id = 'name'") is not None:
            raise Conflict("taken")
        other.execute("INSERT INTO notes VALUES ('name', 7)")
        _add("name")(tx)

    with pytest.raises(Conflict, match="taken"):
        await database.write(a_call(), add)
    assert other.execute("SELECT body FROM notes").fetchall() == [(7,)]


async def test_a_name_that_is_always_taken_is_a_bug_and_told_as_one(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    other.execute("INSERT INTO notes VALUES ('name', 7)")
    runs: list[int] = []

    def add(tx: Tx) -> None:
        runs.append(1)
        _add("name")(tx)

    with pytest.raises(psycopg.errors.UniqueViolation) as raised:
        await database.write(a_call(), add)
    assert len(runs) == 2
    assert "name" not in str(raised.value).replace("notes_pkey", "")


async def test_after_so_many_conflicts_the_caller_is_told(
    dsn: str, other: psycopg.Connection[Any]
) -> None:
    other.execute("INSERT INTO notes VALUES ('row', 0)")
    database = a_database(dsn, attempts=4)
    runs: list[int] = []

    def work(tx: Tx) -> None:
        runs.append(1)
        tx.one("SELECT body FROM notes WHERE id = 'row'")
        other.execute("UPDATE notes SET body = body + 1")
        tx.run("UPDATE notes SET body = body + 100 WHERE id = 'row'")

    with pytest.raises(Contended, match="4 attempts"):
        await database.write(a_call(), work)
    assert len(runs) == 4
    assert other.execute("SELECT body FROM notes").fetchall() == [(4,)]
    assert database.counts.given_up == 1
    await database.close()


# --- jobs -----------------------------------------------------------------------------------------


async def test_workers_of_several_nodes_never_claim_one_job_twice(dsn: str, other: Any) -> None:
    other.execute("DELETE FROM jobs")
    nodes = [a_database(dsn) for _ in range(4)]
    wanted = set()
    for number in range(60):
        key = f"key{number}" if number % 2 else ""
        wanted.add(
            await nodes[0].write(
                named("Enqueue"), lambda tx, key=key: jobs.enqueue(tx, "Work", {}, key=key)
            )
        )
    claimed: list[str] = []

    async def work(node: PostgresDatabase) -> None:
        while found := await node.write(named("Claim"), lambda tx: jobs.claim(tx, 4)):
            claimed.extend(job.id for job in found)

    await asyncio.gather(*(work(node) for node in nodes))
    assert len(claimed) == len(set(claimed))
    assert set(claimed) == wanted
    for node in nodes:
        await node.close()
    other.execute("DELETE FROM jobs")


async def test_workers_of_several_nodes_run_jobs_of_one_key_one_at_a_time(
    dsn: str, other: Any
) -> None:
    other.execute("DELETE FROM jobs")
    nodes = [a_database(dsn) for _ in range(4)]
    for _ in range(12):
        await nodes[0].write(
            named("Enqueue"), lambda tx: jobs.enqueue(tx, "Work", {}, key="account")
        )
    running, most, done = 0, 0, 0

    async def work(node: PostgresDatabase) -> None:
        nonlocal running, most, done
        while done < 12:
            for job in await node.write(named("Claim"), lambda tx: jobs.claim(tx, 4)):
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                running -= 1
                await node.write(named("Finish"), lambda tx, job=job: jobs.finish(tx, job.worker))
                done += 1

    await asyncio.gather(*(work(node) for node in nodes))
    assert (most, done) == (1, 12)
    for node in nodes:
        await node.close()


# --- lost connections -----------------------------------------------------------------------------


def _end(other: psycopg.Connection[Any], tx: Tx) -> None:
    """End the transaction's connection, as an administrator would."""
    row = tx.one("SELECT pg_backend_pid()")
    assert row is not None
    other.execute("SELECT pg_terminate_backend(%s, 10000)", row)


async def test_a_write_whose_connection_ends_before_the_commit_is_run_again(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    runs: list[int] = []

    def work(tx: Tx) -> str:
        runs.append(1)
        _add("one")(tx)
        if len(runs) == 1:
            _end(other, tx)
            tx.one("SELECT 1")
        return "done"

    assert await database.write(a_call(), work) == "done"
    assert len(runs) == 2
    assert _names(other) == {"one"}
    assert database.counts.lost_connections == 1


async def test_a_commit_without_an_answer_is_an_error_and_never_run_again(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    runs: list[int] = []

    def work(tx: Tx) -> None:
        runs.append(1)
        _add("one")(tx)
        _end(other, tx)

    with pytest.raises(OutcomeUnknown):
        await database.write(a_call(), work, lambda tx, refusal: _add("audit")(tx))
    assert len(runs) == 1
    assert database.counts.outcomes_unknown == 1
    assert "audit" not in _names(other)
    await database.write(a_call(), _add("later"))
    assert "later" in _names(other)


async def test_a_connection_that_ends_between_the_commit_and_the_end_of_the_turn_undoes_nothing(
    database: PostgresDatabase, other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    commit = PostgresConnection.commit

    def committed_and_cut_off(connection: PostgresConnection) -> None:
        (pid,) = connection.one("SELECT pg_backend_pid()", ()) or (0,)
        commit(connection)
        if len(runs) == 1:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])

    def work(tx: Tx) -> str:
        runs.append(1)
        _add("one")(tx)
        return "done"

    monkeypatch.setattr(PostgresConnection, "commit", committed_and_cut_off)
    database._turns["Test"] = _Turns("Test")
    database._turns["Test"].take()
    assert await database.write(a_call(), work) == "done"
    assert len(runs) == 1
    assert _names(other) == {"one"}
    monkeypatch.undo()
    database._turns["Test"].take()
    await database.write(a_call(), _add("later"))
    assert "later" in _names(other)


async def test_a_connection_that_ended_after_the_commit_costs_the_next_write_nothing(
    database: PostgresDatabase, other: psycopg.Connection[Any]
) -> None:
    await database.write(a_call(), _add("one"))
    other.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await database.write(a_call(), _add("two"))
    assert _names(other) == {"one", "two"}


async def test_a_statement_that_takes_too_long_is_ended(
    dsn: str, other: psycopg.Connection[Any]
) -> None:
    database = a_database(dsn, statement_timeout_ms=2_000)

    def slow(tx: Tx) -> None:
        _add("half")(tx)
        tx.one("SELECT pg_sleep(30)")

    with pytest.raises(psycopg.errors.QueryCanceled):
        await database.write(a_call(), slow)
    assert _names(other) == set()
    await database.write(a_call(), _add("after"))
    assert _names(other) == {"after"}
    await database.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A server that tests may stop."""
    with own_server() as cluster:
        with psycopg.connect(cluster.dsn(), autocommit=True) as raw:
            raw.execute(NOTES)
        yield cluster


@pytest.mark.parametrize("crash", [False, True], ids=["in order", "crash"])
async def test_a_server_restarted_in_the_middle_loses_nothing_that_was_acknowledged(
    server: Cluster, crash: bool
) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as raw:
        raw.execute("DELETE FROM notes")
    database = a_database(server.dsn(), patience_seconds=30)
    acknowledged: set[str] = set()
    unknown: set[str] = set()
    under_way = asyncio.Event()

    async def keep_writing(writer: int) -> None:
        for number in range(60):
            name = f"{writer}-{number}"
            try:
                await database.write(named("Write"), _add(name))
            except OutcomeUnknown:
                unknown.add(name)
            else:
                acknowledged.add(name)
            if len(acknowledged) >= 40:
                under_way.set()

    writers = [asyncio.create_task(keep_writing(writer)) for writer in range(4)]
    await under_way.wait()
    await asyncio.to_thread(server.restart, crash=crash)
    await asyncio.gather(*writers)
    with psycopg.connect(server.dsn()) as raw:
        kept = _names(raw)
    assert acknowledged <= kept
    assert kept <= acknowledged | unknown
    assert len(acknowledged) + len(unknown) == 240
    await database.close()


async def test_without_a_server_the_caller_is_told_and_later_served(server: Cluster) -> None:
    database = a_database(server.dsn(), patience_seconds=0.2)
    await database.write(a_call(), lambda tx: tx.run("DELETE FROM notes"))
    server.stop()
    try:
        for _ in range(2):
            with pytest.raises(Unreachable):
                await database.write(a_call(), _add("lost"))
    finally:
        server.start()
    await database.write(a_call(), _add("later"))
    names = await database.point(a_call(), lambda tx: tx.all("SELECT id FROM notes"))
    assert names == [("later",)]
    await database.close()


# --- values ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def values(dsn: str) -> Iterator[PostgresConnection]:
    opened = open_connection(dsn)
    opened.run('CREATE TABLE kept (t TEXT COLLATE "C", i BIGINT, b BYTEA)', ())
    yield opened
    opened.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    text=st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    number=st.none() | st.integers(-(2**63), 2**63 - 1),
    data=st.none() | st.binary(),
)
def test_values_come_back_as_they_went(
    values: PostgresConnection, text: str | None, number: int | None, data: bytes | None
) -> None:
    values.run("DELETE FROM kept", ())
    assert values.run("INSERT INTO kept VALUES (?, ?, ?)", (text, number, data)) == 1
    row = values.one("SELECT t, i, b FROM kept", ())
    assert row == (text, number, data)
    assert row is not None
    assert [type(value) for value in row] == [type(text), type(number), type(data)]


def test_a_text_with_nul_is_refused_and_not_cut_off(values: PostgresConnection) -> None:
    values.run("DELETE FROM kept", ())
    with pytest.raises(ValueError, match="NUL"):
        values.run("INSERT INTO kept VALUES (?, 0, NULL)", ("admin\0istrator",))
    assert values.all("SELECT t FROM kept", ()) == []


def test_what_is_neither_text_number_nor_bytes_is_refused(values: PostgresConnection) -> None:
    with pytest.raises(TypeError):
        values.run("INSERT INTO kept VALUES ('x', ?, NULL)", (1.5,))


def test_text_is_ordered_by_its_bytes(values: PostgresConnection) -> None:
    words = ["b", "B", "a", "_", "é", "z", "\U0001f600", "\uffee"]
    values.run("DELETE FROM kept", ())
    for word in words:
        values.run("INSERT INTO kept VALUES (?, 0, NULL)", (word,))
    kept = [row[0] for row in values.all("SELECT t FROM kept ORDER BY t", ())]
    assert kept == sorted(words, key=lambda word: word.encode())


def test_more_statements_than_are_kept_prepared_still_run(values: PostgresConnection) -> None:
    for number in range(900):
        assert values.one(f"SELECT {number} + ?", (1,)) == (number + 1,)
    held = values.one("SELECT COUNT(*) FROM pg_prepared_statements", ())
    assert held is not None
    assert held[0] <= 400


def test_an_error_does_not_quote_the_row(values: PostgresConnection) -> None:
    values.run("CREATE TEMP TABLE once (secret TEXT PRIMARY KEY)", ())
    values.run("INSERT INTO once VALUES (?)", ("hunter2",))
    with pytest.raises(psycopg.errors.UniqueViolation) as raised:
        values.run("INSERT INTO once VALUES (?)", ("hunter2",))
    assert "hunter2" not in f"{raised.value!r} {raised.value}"


# --- schema and server ----------------------------------------------------------------------------


def test_migrating_again_changes_nothing_and_a_newer_database_is_refused() -> None:
    with closing(open_connection(new_postgres_database(migrated=False))) as opened:
        assert migrate_postgres(opened, 0) == [step.name for step in shipped()]
        assert migrate_postgres(opened, 0) == []
        opened.run("INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0)", ())
        with pytest.raises(MigrationRefused, match="newer than this release"):
            migrate_postgres(opened, 0)
        opened.run("DELETE FROM schema_migrations WHERE number = 9999", ())
        opened.run("UPDATE schema_migrations SET digest = 'x' WHERE number = 3", ())
        with pytest.raises(MigrationRefused, match="step 3"):
            migrate_postgres(opened, 0)


def test_a_step_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [*shipped()[:2], replace(shipped()[2], text="CREATE TABLE half (a {int64}) x;\n")]
    monkeypatch.setattr("genkan.db.migrate.shipped", lambda: steps)
    with closing(open_connection(new_postgres_database(migrated=False))) as opened:
        with pytest.raises(psycopg.errors.SyntaxError):
            migrate_postgres(opened, 0)
        tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'"
        assert opened.one(tables, ()) == (0,)


def test_nodes_that_start_together_migrate_once() -> None:
    dsn = new_postgres_database(migrated=False)

    def start(_: int) -> list[str]:
        with closing(open_connection(dsn)) as opened:
            return migrate_postgres(opened, 0)

    with ThreadPoolExecutor(4) as nodes:
        taken = list(nodes.map(start, range(4)))
    assert sorted(map(len, taken)) == [0, 0, 0, len(shipped())]


def test_a_database_in_another_encoding_is_refused() -> None:
    with psycopg.connect(f"{server_dsn()} dbname=postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        with pytest.raises(Unsuitable, match="UTF8"):
            open_connection(f"{server_dsn()} dbname=latin")
        admin.execute("DROP DATABASE latin")


def test_a_server_told_to_forget_durability_is_told_otherwise() -> None:
    dsn = f"{server_dsn()} dbname=postgres options='-c synchronous_commit=off'"
    with closing(open_connection(dsn)) as opened:
        assert opened.one("SHOW synchronous_commit", ()) == ("on",)


def test_the_password_is_asked_on_the_loopback_and_not_in_errors(server: Cluster) -> None:
    with closing(open_connection(server.url())) as opened:
        assert opened.one("SELECT 1", ()) == (1,)
    wrong = server.url().replace("@", "hunter2@")
    with pytest.raises(psycopg.OperationalError) as raised:
        open_connection(wrong)
    assert "hunter2" not in str(raised.value)


def test_the_sandbox_needs_no_psycopg() -> None:
    """It is an optional dependency: nothing imports it before PostgreSQL is asked for."""
    script = "import sys; sys.modules['psycopg'] = None; import genkan.cli, genkan.assembly"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_text_is_compared_by_its_bytes_whatever_the_databases_locale() -> None:
    with closing(open_connection(new_postgres_database())) as opened:
        rows = opened.all(
            "SELECT table_name, column_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'text'",
            (),
        )
    assert len(rows) > 50
    assert [row for row in rows if row[2] != "C"] == []
