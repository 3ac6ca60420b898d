"""`sandbox.json` and what is printed: everything in it is true of the running sandbox."""

import stat

import httpx
import pytest

from tests.sandbox.contents import LOCK
from tests.support.person import Person, register_client
from tests.support.server import ANSWER_SECONDS, Server

pytestmark = pytest.mark.sandbox_only("the sandbox itself")
MEMBERS = {
    "base_url",
    "start_url",
    "aws_start_url",
    "issuer_url",
    "region",
    "instance_arn",
    "identity_store_id",
    "management_account_id",
    "administrator",
    "users",
    "accounts",
    "reset_url",
}


def test_the_file_has_every_member_that_is_documented(server: Server) -> None:
    facts = server.facts
    assert set(facts) == MEMBERS
    assert set(facts["administrator"]) == {"access_key_id", "secret_access_key"}
    assert {frozenset(user) for user in facts["users"]} == {
        frozenset({"user_name", "password", "user_id"})
    }
    assert {frozenset(account) for account in facts["accounts"]} == {
        frozenset({"id", "name", "alias"})
    }


def test_nobody_else_may_read_what_is_in_the_data_directory(server: Server) -> None:
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in server.data_dir.iterdir()
        if not path.name.startswith(LOCK)
    }
    assert {"sandbox.json", "key", "genkan.sqlite", "seed.sqlite"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_what_a_person_needs_is_printed_and_the_administrators_secret_is_not(
    server: Server,
) -> None:
    printed = server.log()
    assert server.facts["start_url"] in printed
    assert server.facts["aws_start_url"] in printed
    assert str(server.data_dir / "sandbox.json") in printed
    for user in server.facts["users"]:
        (line,) = [one for one in printed.splitlines() if user["password"] in one]
        assert line.split() == [user["user_name"], user["password"]]
    assert server.facts["administrator"]["secret_access_key"] not in printed
    assert server.facts["reset_url"] not in printed


def test_each_users_password_signs_in_and_another_does_not(server: Server) -> None:
    for user in server.facts["users"]:
        person = Person(server, user["user_name"])
        assert person.sign_in().is_success, user["user_name"]
        portal = person.http.get("/start")
        assert portal.is_success
        assert "/signout" in portal.text
    stranger = Person(server, server.facts["users"][0]["user_name"], password="Wrong-one-12345")
    stranger.sign_in()
    assert "/signout" not in stranger.http.get("/start", follow_redirects=True).text


def test_one_user_has_a_japanese_name(server: Server) -> None:
    names = [user["user_name"] for user in server.facts["users"]]
    assert len(names) >= 4
    assert any(not name.isascii() for name in names)


def test_each_user_has_the_id_that_is_told(server: Server) -> None:
    store = server.client("identitystore")
    for user in server.facts["users"]:
        found = store.describe_user(
            IdentityStoreId=server.facts["identity_store_id"], UserId=user["user_id"]
        )
        assert found["UserName"] == user["user_name"]


def test_the_administrators_key_is_the_management_accounts(server: Server) -> None:
    caller = server.client("sts").get_caller_identity()
    assert caller["Account"] == server.facts["management_account_id"]
    (instance,) = server.client("sso-admin").list_instances()["Instances"]
    assert instance["InstanceArn"] == server.facts["instance_arn"]
    assert instance["IdentityStoreId"] == server.facts["identity_store_id"]
    assert instance["OwnerAccountId"] == server.facts["management_account_id"]


@pytest.mark.parametrize("member", ["start_url", "aws_start_url", "issuer_url"])
def test_each_start_url_is_taken_for_ours(server: Server, member: str) -> None:
    answer = start_device(server, server.facts[member])
    assert answer.status_code == 200
    assert answer.json()["deviceCode"]


def test_another_start_url_is_not_taken(server: Server) -> None:
    assert start_device(server, "https://d-0000000000.awsapps.com/start").status_code == 400


def test_our_start_url_leads_the_command_line_to_the_alias(server: Server) -> None:
    answer = httpx.head(server.facts["start_url"], timeout=ANSWER_SECONDS)
    assert answer.status_code == 302
    assert answer.headers["location"] == server.facts["aws_start_url"]


def test_the_accounts_exist_with_name_and_alias(server: Server) -> None:
    pages = server.client("organizations").get_paginator("list_accounts").paginate()
    accounts = {one["Id"]: one["Name"] for page in pages for one in page["Accounts"]}
    assert accounts == {one["id"]: one["name"] for one in server.facts["accounts"]}
    assert server.facts["management_account_id"] in accounts
    assert len(accounts) >= 7
    aliases = [one["alias"] for one in server.facts["accounts"]]
    assert all(aliases)
    assert len(set(aliases)) == len(aliases)
    person = Person(server, "hanako")
    portal = person.sign_in().text
    assert [one for one in (*aliases, *accounts) if one not in portal] == []


def test_the_region_is_where_the_instance_is(server: Server) -> None:
    described = server.client("sso-admin").describe_instance(
        InstanceArn=server.facts["instance_arn"]
    )
    assert server.facts["region"] == "us-east-1"
    assert described["Status"] == "ACTIVE"


def start_device(server: Server, start_url: str) -> httpx.Response:
    client = register_client(server)
    return httpx.post(
        f"{server.url}/device_authorization",
        json={**client, "startUrl": start_url},
        timeout=ANSWER_SECONDS,
    )
