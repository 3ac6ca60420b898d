"""How long a login of AWS CLI v2 lasts: refresh, logout, lost assignments, a restarted server."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scripts.install_aws_cli import Slot
from tests.journeys.conftest import NewDesk
from tests.journeys.desk import ALLOW, CONFIRM, Desk, Requests
from tests.journeys.visitor import take_away
from tests.support.person import post
from tests.support.server import ANSWER_SECONDS, Server
from tests.support.wire_engines import new_server

BOTH = pytest.mark.parametrize("slot", ["new", "old"])
WHO = ("sts", "get-caller-identity", "--profile", "reader")
READER = ("sakura-playground", "ReadOnlyAccess")


def from_now(seconds: float) -> str:
    """A moment in the form of AWS CLI's cache."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_left(token: dict[str, str]) -> float:
    expires = datetime.datetime.fromisoformat(token["expiresAt"])
    return (expires - datetime.datetime.now(datetime.UTC)).total_seconds()


def status_of(server: Server, access_token: str) -> int:
    """How the server answers ListAccounts with this token."""
    headers = {"x-amz-sso_bearer_token": access_token}
    where = f"{server.url}/assignment/accounts"
    return httpx.get(where, headers=headers, timeout=ANSWER_SECONDS).status_code


def role_credentials(here: Desk) -> dict[str, str]:
    """The role session that AWS CLI keeps."""
    (path,) = (here.cli.home / ".aws" / "cli" / "cache").glob("*.json")
    kept = json.loads(path.read_text())["Credentials"]
    return {
        "access_key_id": kept["AccessKeyId"],
        "secret_access_key": kept["SecretAccessKey"],
        "session_token": kept["SessionToken"],
    }


# ── access tokens ─────────────────────────────────────────────────────────────────────────────────


@BOTH
def test_an_access_token_near_its_end_is_refreshed_without_the_person(
    slot: Slot, desk: NewDesk, house: Server
) -> None:
    here = desk(slot, "maria")
    here.configure(reader=READER)
    here.log_in()
    before = here.token
    assert 3500 < seconds_left(before) <= 3600
    here.token_file.write_text(json.dumps({**before, "expiresAt": from_now(14 * 60)}))
    requests = Requests(house)
    here.aws(*WHO)
    assert requests.seen() == ["POST /token 200", "GET /federation/credentials 200", "POST / 200"]
    after = here.token
    assert after["accessToken"] != before["accessToken"]
    assert after["refreshToken"] != before["refreshToken"]
    assert seconds_left(after) > 3500
    assert status_of(house, after["accessToken"]) == 200


@BOTH
def test_a_legacy_profile_has_one_long_token_and_no_refresh(
    slot: Slot, desk: NewDesk, house: Server
) -> None:
    here = desk(slot, "maria")
    here.cli.configure(
        "[profile reader]\n"
        f"sso_start_url = {house.facts['aws_start_url']}\n"
        f"sso_region = {house.facts['region']}\n"
        f"sso_account_id = {house.account(READER[0])}\n"
        f"sso_role_name = {READER[1]}\n"
        f"region = {house.facts['region']}\n"
    )
    with here.logging_in("sso", "login", "--profile", "reader") as login:
        here.sign_in(at=login.page())
        here.window.click(CONFIRM)
        here.answer_device(ALLOW)
        done = login.finish()
    assert done.exit_code == 0, done
    assert "refreshToken" not in here.token
    assert 7.9 * 3600 < seconds_left(here.token) <= 8 * 3600
    assert here.aws(*WHO)["Arn"].endswith("/maria")


# ── logout ────────────────────────────────────────────────────────────────────────────────────────


@BOTH
def test_logout_kills_the_token_at_the_server_and_the_next_login_needs_no_new_registration(
    slot: Slot, desk: NewDesk, house: Server
) -> None:
    here = desk(slot, "maria")
    here.configure(reader=READER)
    here.log_in()
    here.aws(*WHO)
    kept, token = role_credentials(here), here.token
    assert status_of(house, token["accessToken"]) == 200
    assert here.cli.run("sso", "logout").exit_code == 0
    assert status_of(house, token["accessToken"]) == 401
    refresh = {
        "grantType": "refresh_token",
        **{name: token[name] for name in ("clientId", "clientSecret", "refreshToken")},
    }
    assert post(house, "/token", refresh).json()["error"] == "invalid_grant"
    assert len(here.cli.cached()) == 1, "the registration stays"
    assert not here.is_signed_in()
    # The role session goes on, as on AWS (DESIGN §4).
    assert house.client("sts", kept).get_caller_identity()["Arn"].endswith("/maria")
    requests = Requests(house)
    here.log_in()
    assert "POST /client/register 200" not in requests.seen()
    assert here.token["clientId"] == token["clientId"]
    assert here.token["accessToken"] != token["accessToken"]


# ── assignments ───────────────────────────────────────────────────────────────────────────────────


@BOTH
def test_a_removed_assignment_ends_the_clis_role_session_at_its_next_call(
    slot: Slot, desk: NewDesk, house: Server
) -> None:
    here = desk(slot, "ken")
    here.configure(reader=READER)
    here.log_in()
    assert here.aws(*WHO)["Arn"].endswith("/ken")
    take_away(house, "ken", READER[1], READER[0])
    requests = Requests(house)
    said = here.refused(*WHO)
    assert "(InvalidClientTokenId) when calling the GetCallerIdentity operation" in said
    assert requests.seen() == ["POST / 403"], "it was the session that AWS CLI had kept"
    here.forget_role_credentials()
    said = here.refused(*WHO)
    assert said.endswith(
        "(ForbiddenException) when calling the GetRoleCredentials operation: No access"
    )


# ── the server's own restart ──────────────────────────────────────────────────────────────────────


@pytest.fixture
def own_server(wire_engine: str, tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, which it may stop and start."""
    server = new_server(wire_engine, tmp_path / "data").start()
    yield server
    server.stop()


def test_a_restarted_server_goes_on_in_the_middle_of_a_login_and_after_it(
    desk: NewDesk, own_server: Server
) -> None:
    here = desk("old", "maria", server=own_server)
    here.configure(reader=READER)
    with here.logging_in() as login:
        here.sign_in(at=login.page())
        own_server.stop()
        own_server.start()
        here.answer(ALLOW)
        assert login.finish().exit_code == 0
    own_server.stop(kill=True)
    own_server.start()
    assert here.aws(*WHO)["Arn"].endswith("/maria")
    assert here.is_signed_in()
