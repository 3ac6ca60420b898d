"""Every binary column is known for what it holds, and what is listed as sealed is sealed."""

import sqlite3
from contextlib import closing

import httpx

from genkan.core.vault import HEADER_BYTES, key_id_of
from genkan.db.database import Connection
from genkan.db.migrate import migrate_sqlite
from genkan.keys.columns import HASHED, PLAIN, SEALED, WRAPPED
from genkan.keys.ring import open_vault
from tests.support.person import Person, role_credentials
from tests.support.server import ANSWER_SECONDS, Server


def schema() -> sqlite3.Connection:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    migrate_sqlite(raw, 0)
    return raw


def columns_of(raw: sqlite3.Connection) -> dict[str, list[tuple[str, str, int]]]:
    """Name, type and place in the primary key (0: none) of each table's columns."""
    tables = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {
        table: [
            (name, kind, key)
            for _, name, kind, _, _, key in raw.execute(f"PRAGMA table_info({table})").fetchall()
        ]
        for (table,) in tables
    }


def test_every_binary_column_is_listed_once() -> None:
    binary = {
        f"{table}.{name}"
        for table, columns in columns_of(schema()).items()
        for name, kind, _ in columns
        if kind not in ("TEXT", "INTEGER")
    }
    assert len(binary) > 10
    sealed = [f"{column.table}.{column.column}" for column in SEALED]
    listed = [*sealed, *HASHED, *WRAPPED, *PLAIN]
    assert sorted(listed) == sorted(binary)


def test_sealed_columns_name_the_whole_primary_key() -> None:
    found = columns_of(schema())
    for column in SEALED:
        in_order = sorted((key, name) for name, _, key in found[column.table] if key)
        assert column.key == tuple(name for _, name in in_order)
        assert column.place.count("{}") == len(column.key)


def test_no_column_is_called_sealed_without_being_listed() -> None:
    named = {
        f"{table}.{name}"
        for table, columns in columns_of(schema()).items()
        for name, _, _ in columns
        if "sealed" in name
    }
    assert named == {f"{column.table}.{column.column}" for column in SEALED}


def test_every_listed_column_of_a_real_run_holds_what_opens_in_its_place(server: Server) -> None:
    role_credentials(server, "hanako", "sakura-web-prod", "ReadOnlyAccess")
    with closing(server.place.direct()) as database:
        database.read(lambda rows: each_opens(rows, server))


def each_opens(connection: Connection, server: Server) -> None:
    vault = open_vault(connection, server.kek).within(connection)
    for column in SEALED:
        if column.table == "sandbox_facts" and server.engine != "sqlite":
            continue  # Only a sandbox has them.
        rows = connection.all(
            f"SELECT {', '.join(column.key)}, {column.column} FROM {column.table}", ()
        )
        assert rows, f"{column.table} is empty"
        for *key, sealed in rows:
            assert len(key_id_of(sealed)) == HEADER_BYTES - 1
            assert vault.open(sealed, column.place.format(*key))


def test_every_hashed_column_of_a_real_run_holds_hashes_of_one_length(server: Server) -> None:
    role_credentials(server, "hanako", "sakura-web-prod", "ReadOnlyAccess")
    register = httpx.post(
        f"{server.url}/client/register",
        json={"clientName": "left", "clientType": "public", "scopes": ["sso:account:access"]},
        timeout=ANSWER_SECONDS,
    ).json()
    started = httpx.post(
        f"{server.url}/device_authorization",
        json={
            "clientId": register["clientId"],
            "clientSecret": register["clientSecret"],
            "startUrl": server.facts["start_url"],
        },
        timeout=ANSWER_SECONDS,
    ).raise_for_status()
    assert started.json()["deviceCode"]
    Person(server, "ken", "a wrong password").sign_in()
    with closing(server.place.direct()) as database:
        empty = database.read(of_one_length)
    # Those come with a code of the browser's journey and with an assertion, which are not run here.
    assert empty <= {
        "authorization_codes.client_key",
        "authorization_codes.code_hash",
        "used_assertions.assertion_hash",
    }


def of_one_length(connection: Connection) -> set[str]:
    """Checks what is there; the columns in which there is nothing."""
    empty = set()
    for name in sorted(HASHED):
        table, column = name.split(".")
        lengths = connection.all(f"SELECT DISTINCT length({column}) FROM {table}", ())
        assert lengths in ([], [(32,)], [(16,)]), name
        if not lengths:
            empty.add(name)
    return empty
