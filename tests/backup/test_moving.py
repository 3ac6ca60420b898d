"""A running sandbox is backed up under load; where it is restored, all are still who they were.

Ids, passwords, sessions, tokens and keys are good after it, also by way of PostgreSQL.
"""

import itertools
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from genkan.keys.kek import read_key
from tests.backup.command import settings_for, url_of
from tests.keys.command import genkan
from tests.support.engines import new_postgres_database
from tests.support.keys import reading
from tests.support.person import Person, device_token, role_credentials
from tests.support.server import ANSWER_SECONDS, Server


@dataclass(slots=True, repr=False)
class Before:
    """What people held while the old server ran, and what it was told around the backup."""

    server: Server
    login: dict[str, Any]
    role: dict[str, str]
    person: Person
    facts: dict[str, Any]
    users_before: set[str]
    users_after: set[str]
    file: Path


def users_of(server: Server) -> set[str]:
    pages = server.client("identitystore").get_paginator("list_users")
    found = pages.paginate(IdentityStoreId=server.facts["identity_store_id"])
    return {user["UserId"] for page in found for user in page["Users"]}


def _write_until(server: Server, stop: threading.Event, made: list[str]) -> None:
    client = server.client("identitystore")
    store = server.facts["identity_store_id"]
    group = client.create_group(IdentityStoreId=store, DisplayName="crowd")["GroupId"]
    for number in itertools.count():
        if stop.is_set():
            return
        user = client.create_user(
            IdentityStoreId=store,
            UserName=f"crowd{number}",
            DisplayName="One of many",
            Name={"GivenName": "One", "FamilyName": "Many"},
        )["UserId"]
        client.create_group_membership(
            IdentityStoreId=store, GroupId=group, MemberId={"UserId": user}
        )
        made.append(user)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Before]:
    """A server that was backed up while it wrote, and then stopped."""
    folder = tmp_path_factory.mktemp("moving")
    server = Server(folder / "old").start()
    login = device_token(server, "hanako")
    role = role_credentials(server, "hanako", "sakura-playground", "ReadOnlyAccess")
    person = Person(server, "ken")
    assert person.sign_in().status_code == 200
    stop, made = threading.Event(), list[str]()
    writer = threading.Thread(target=_write_until, args=(server, stop, made))
    writer.start()
    while len(made) < 30:
        assert writer.is_alive()
        time.sleep(0.01)
    users_before = set(made)
    genkan("backup", "--data-dir", server.data_dir, folder / "file")
    written_meanwhile = len(made) - len(users_before)
    stop.set()
    writer.join()
    assert written_meanwhile > 0
    yield Before(
        server=server,
        login=login,
        role=role,
        person=person,
        facts=server.facts,
        users_before=users_before,
        users_after=users_of(server),
        file=folder / "file",
    )
    server.stop()


@pytest.fixture(params=["sqlite", "by way of postgresql"])
def moved(request: pytest.FixtureRequest, before: Before, tmp_path: Path) -> Iterator[Server]:
    """A server on what was restored, at the old one's address."""
    before.server.stop()
    there = tmp_path / "new"
    there.mkdir()
    shutil.copyfile(before.server.data_dir / "key", there / "key")
    file = before.file
    if request.param != "sqlite":
        key = read_key(there / "key").key
        dsn = url_of(new_postgres_database(migrated=False))
        settings = settings_for(dsn, tmp_path / "genkan.toml", key)
        genkan("restore", "--settings", settings, file)
        file = tmp_path / "again"
        genkan("backup", "--settings", settings, file)
    genkan("restore", "--data-dir", there, file)
    server = Server(there, port=before.server.port).start()
    yield server
    server.stop()


def accounts(server: Server, token: str) -> httpx.Response:
    return httpx.get(
        f"{server.url}/assignment/accounts",
        headers={"x-amz-sso_bearer_token": token},
        timeout=ANSWER_SECONDS,
    )


def test_everybody_is_still_who_they_were(before: Before, moved: Server) -> None:
    facts = {name: value for name, value in moved.facts.items() if name != "users"}
    assert facts == {name: value for name, value in before.facts.items() if name != "users"}
    assert {user["user_id"] for user in moved.facts["users"]} == {
        user["user_id"] for user in before.facts["users"]
    }

    # A snapshot: all that was there before it, nothing that was not, and no half of a thing.
    users = users_of(moved)
    assert before.users_before <= users <= before.users_after
    with closing(reading(moved.data_dir).raw) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        ((counted,),) = raw.execute("SELECT user_count FROM identity_stores").fetchall()
    assert counted == len(users)

    # The AWS CLI's cached login goes on, by its access token and by its refresh token.
    assert accounts(moved, before.login["accessToken"]).json()["accountList"]
    refreshed = httpx.post(
        f"{moved.url}/token",
        json={
            "clientId": before.login["clientId"],
            "clientSecret": before.login["clientSecret"],
            "grantType": "refresh_token",
            "refreshToken": before.login["refreshToken"],
        },
        timeout=ANSWER_SECONDS,
    ).raise_for_status()
    assert accounts(moved, refreshed.json()["accessToken"]).is_success

    # Keys sign, a browser stays signed in, a password is still the password.
    caller = moved.client("sts", before.role).get_caller_identity()
    assert "AWSReservedSSO_ReadOnlyAccess" in caller["Arn"]
    assert before.person.http.get("/start").status_code == 200
    person = Person(moved, "maria", before.server.user("maria")["password"])
    assert person.sign_in().status_code == 200

    # Nothing that a session may do was added by it: what was asked for and ended stays ended.
    assert accounts(moved, before.login["accessToken"] + "x").status_code == 401


def test_what_is_done_after_a_restore_is_done_and_a_reset_works(
    before: Before, moved: Server, request: pytest.FixtureRequest
) -> None:
    store = moved.facts["identity_store_id"]
    client = moved.client("identitystore")
    names = users_of(moved)
    client.create_user(
        IdentityStoreId=store,
        UserName="later",
        DisplayName="Later",
        Name={"GivenName": "L", "FamilyName": "L"},
    )
    assert len(users_of(moved)) == len(names) + 1
    moved.reset()
    left = users_of(moved)
    assert left <= names
    # The copy came along, except through PostgreSQL, where the restored state is the seed.
    by_postgresql = "postgresql" in request.node.callspec.id
    assert bool(left & before.users_before) == by_postgresql
    assert {user["user_id"] for user in moved.facts["users"]} <= left
    assert Person(moved, "ken").sign_in().status_code == 200
    assert device_token(moved, "hanako")["accessToken"]
    # And again from its own files.
    moved.stop()
    moved.start()
    assert users_of(moved) == left
