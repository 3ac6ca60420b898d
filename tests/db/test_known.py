"""What SQLite's writer remembers is what the tables say, whoever changed them and however."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from genkan.core.errors import Conflict
from genkan.db.database import Tx
from genkan.db.known import Known, tables_of
from genkan.db.sqlite import SqliteDatabase
from tests.support.store import SettableClock, a_call, open_store
from tests.tree.files import ROOT


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    prepared = open_store(tmp_path)
    for table in ("notes", "others"):
        prepared.raw.execute(f"CREATE TABLE {table} (id TEXT PRIMARY KEY, body TEXT) STRICT")
        prepared.raw.execute(f"INSERT INTO {table} VALUES ('one', 'old')")
    prepared.raw.close()
    opened = SqliteDatabase(
        tmp_path / "genkan.sqlite", services=prepared.services, clock=SettableClock()
    )
    yield opened
    await opened.close()


class Reader:
    """Remembers a note's body, and counts how often it was really read."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, tx: Tx) -> str:
        return tx.remembered("note", lambda: self._read(tx))

    def _read(self, tx: Tx) -> str:
        self.count += 1
        row = tx.one("SELECT body FROM notes WHERE id = 'one'")
        assert row is not None
        body: str = row[0]
        return body


def _set(body: str):
    return lambda tx: tx.run("UPDATE notes SET body = ? WHERE id = 'one'", body)


async def test_a_value_is_read_once_while_its_table_stays_as_it_is(
    database: SqliteDatabase,
) -> None:
    read = Reader()
    for _ in range(3):
        assert await database.write(a_call(), read) == "old"
        await database.write(a_call(), lambda tx: tx.run("UPDATE others SET body = 'x'"))
    assert read.count == 1


async def test_a_change_is_seen_by_the_next_operation_of_its_group(
    database: SqliteDatabase,
) -> None:
    read = Reader()
    seen = await asyncio.gather(
        database.write(a_call(), read),
        database.write(a_call(), _set("new")),
        database.write(a_call(), read),
    )
    assert (seen[0], seen[2]) == ("old", "new")


async def test_an_operation_sees_its_own_change(database: SqliteDatabase) -> None:
    read = Reader()

    def change(tx: Tx) -> tuple[str, str]:
        before = read(tx)
        _set("new")(tx)
        return before, read(tx)

    assert await database.write(a_call(), change) == ("old", "new")


async def test_what_a_refused_operation_read_of_its_own_change_is_forgotten(
    database: SqliteDatabase,
) -> None:
    read = Reader()

    def refuse(tx: Tx) -> None:
        _set("undone")(tx)
        assert read(tx) == "undone"
        raise Conflict("no")

    with pytest.raises(Conflict):
        await database.write(a_call(), refuse)
    assert await database.write(a_call(), read) == "old"


async def test_a_refusal_leaves_what_it_did_not_change_known(database: SqliteDatabase) -> None:
    read = Reader()

    def refuse(tx: Tx) -> None:
        read(tx)
        tx.run("UPDATE others SET body = 'undone'")
        raise Conflict("no")

    for _ in range(3):
        with pytest.raises(Conflict):
            await database.write(a_call(), refuse)
    assert read.count == 1


async def test_a_refusal_after_a_statement_of_unknown_effect_forgets_everything(
    database: SqliteDatabase,
) -> None:
    read = Reader()

    def refuse(tx: Tx) -> None:
        tx.run("REPLACE INTO notes VALUES ('one', 'undone')")
        assert read(tx) == "undone"
        raise Conflict("no")

    with pytest.raises(Conflict):
        await database.write(a_call(), refuse)
    assert await database.write(a_call(), read) == "old"


async def test_a_change_before_the_undone_operation_of_a_group_stays_seen(
    database: SqliteDatabase,
) -> None:
    read = Reader()

    def refuse(tx: Tx) -> None:
        raise Conflict("no")

    seen = await asyncio.gather(
        database.write(a_call(), read),
        database.write(a_call(), _set("new")),
        database.write(a_call(), refuse),
        database.write(a_call(), read),
        return_exceptions=True,
    )
    assert (seen[0], seen[3]) == ("old", "new")


async def test_what_another_connection_changed_is_read_again(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    read = Reader()
    assert await database.write(a_call(), read) == "old"
    other = sqlite3.connect(tmp_path / "genkan.sqlite")
    other.execute("UPDATE notes SET body = 'from outside'")
    other.commit()
    other.close()
    assert await database.write(a_call(), read) == "from outside"


async def test_what_maintenance_changed_is_read_again(database: SqliteDatabase) -> None:
    read = Reader()
    assert await database.write(a_call(), read) == "old"
    await database.maintain(lambda raw: raw.execute("UPDATE notes SET body = 'restored'"))
    assert await database.write(a_call(), read) == "restored"


async def test_a_value_depends_on_what_the_values_inside_it_were_read_from(
    database: SqliteDatabase,
) -> None:
    read = Reader()

    def outer(tx: Tx) -> str:
        return tx.remembered("outer", lambda: f"<{read(tx)}>")

    assert await database.write(a_call(), read) == "old"
    assert await database.write(a_call(), outer) == "<old>"
    await database.write(a_call(), _set("new"))
    assert await database.write(a_call(), outer) == "<new>"


def test_a_failure_to_read_is_not_remembered() -> None:
    known = Known()
    with pytest.raises(LookupError):
        known.get("key", lambda: (_ for _ in ()).throw(LookupError("not there yet")))
    assert known.get("key", lambda: "there") == "there"


def test_a_statement_without_a_table_forgets_everything() -> None:
    known = Known()
    known.get("key", lambda: "old")
    known.changed("ROLLBACK TO operation")
    assert known.get("key", lambda: "new") == "new"


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT a.x FROM one a LEFT JOIN two b ON b.y = a.y WHERE a.x = ?", {"one", "two"}),
        ("SELECT x FROM one WHERE NOT EXISTS (SELECT 1 FROM two AS t)", {"one", "two"}),
        ("INSERT INTO one VALUES (?) ON CONFLICT (x) DO UPDATE SET x = ?", {"one"}),
        ("UPDATE one SET x = ?", {"one"}),
        ("DELETE FROM one WHERE x IN (SELECT x FROM two LIMIT ?)", {"one", "two"}),
    ],
)
def test_the_tables_of_a_statement_are_all_that_it_names(sql: str, tables: set[str]) -> None:
    assert tables_of(sql) == tables


@pytest.mark.parametrize(
    "sql",
    [
        'DELETE FROM main."users"',
        'INSERT INTO main."users" SELECT * FROM seed."users"',
        "WITH gone AS (SELECT 1) DELETE FROM users",
        "PRAGMA defer_foreign_keys = ON",
        "REPLACE INTO users VALUES (1)",
        "ALTER TABLE users ADD COLUMN x",
    ],
)
def test_what_is_not_plainly_a_change_of_one_table_forgets_everything(sql: str) -> None:
    known = Known()
    for table in ("users", "jobs"):
        known.get(table, lambda: known.read(f"SELECT 1 FROM {table}"))  # noqa: B023
    known.changed(sql)
    assert known.get("jobs", lambda: "read again") == "read again"


def test_no_table_changes_another_behind_a_statement() -> None:
    for path in (ROOT / "genkan" / "db" / "migrations").glob("*.sql"):
        text = re.sub(r"--[^\n]*", "", path.read_text()).upper()
        assert not re.search(r"\b(TRIGGER|CASCADE|SET NULL|SET DEFAULT)\b", text), path.name


def test_no_statement_names_tables_in_a_list_that_tables_of_does_not_read() -> None:
    listed = re.compile(r"\b(?:FROM|JOIN) +[a-z_]+(?: +AS)?(?: +[a-z]+)? *, *[a-z]")
    for path in (ROOT / "genkan").rglob("*.py"):
        assert not listed.search(path.read_text(encoding="utf-8")), path
