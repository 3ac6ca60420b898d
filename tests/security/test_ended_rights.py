"""Get a session after being disabled, unassigned, removed from a group, or deleted.

Whatever a person holds is taken along into the moment the right ends: keys, keys got with those
keys, an access token, a refresh token, an unused authorization code, an approved device, a signed
SAML response, an open account page, a session cookie.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.fronts.aws.world import read_world
from tests.security.attacker import (
    DEVICE_GRANT,
    HTTP,
    ask_by_pkce,
    assume,
    authorization_code,
    code_of,
    create_token,
    credentials_in,
    person,
    post,
    registered,
    saml_response,
    with_token,
)
from tests.security.enclosed import Enclosed
from tests.support.person import Person, device_token, forms_of
from tests.support.server import Server

ACCOUNT, ROLE = "sakura-management", "AdministratorAccess"
DEAD = "InvalidClientTokenId"


@dataclass(frozen=True, slots=True, repr=False)
class Held:
    """Everything that hanako, an administrator by her group, holds while she may."""

    server: Server
    browser: Person
    keys: dict[str, str]
    chained: dict[str, str]
    token: dict[str, Any]
    response: str
    code: dict[str, str]
    device: dict[str, str]

    def call(self, keys: dict[str, str]) -> str:
        """The error code of a call with these keys, empty when it is allowed."""
        try:
            self.server.client("sts", keys).get_caller_identity()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    def credentials(self, token: str) -> httpx.Response:
        """GetRoleCredentials."""
        return with_token(
            self.server,
            "/federation/credentials",
            token,
            account_id=self.server.account(ACCOUNT),
            role_name=ROLE,
        )

    def refreshed(self) -> httpx.Response:
        """CreateToken with the refresh token."""
        return create_token(
            self.server,
            clientId=self.token["clientId"],
            clientSecret=self.token["clientSecret"],
            grantType="refresh_token",
            refreshToken=self.token["refreshToken"],
        )


def hold(server: Server) -> Held:
    """hanako signs in and takes everything she can get."""
    browser = person(server, "hanako")
    answer = browser.http.post(
        "/saml/console", data={"SAMLResponse": saml_response(browser, ACCOUNT, ROLE)}
    )
    assert answer.headers["location"] == "/account"
    keys = credentials_in(assume(server, saml_response(browser, ACCOUNT, ROLE)))
    chained = server.client("sts", keys).assume_role(
        RoleArn=f"arn:aws:iam::{server.account('sakura-security')}"
        ":role/OrganizationAccountAccessRole",
        RoleSessionName="chained",
    )["Credentials"]
    asked = ask_by_pkce(server)
    client = registered(server, grantTypes=[DEVICE_GRANT, "refresh_token"])
    started = HTTP.post(
        f"{server.url}/device_authorization",
        json={**client, "startUrl": server.facts["start_url"]},
    ).json()
    browser.approve_device(started["userCode"]).raise_for_status()
    held = Held(
        server=server,
        browser=browser,
        keys=keys,
        chained={
            "access_key_id": chained["AccessKeyId"],
            "secret_access_key": chained["SecretAccessKey"],
            "session_token": chained["SessionToken"],
        },
        token=device_token(server, "hanako"),
        response=saml_response(browser, ACCOUNT, ROLE),
        code=asked.redemption(authorization_code(browser, asked)),
        device={**client, "grantType": DEVICE_GRANT, "deviceCode": started["deviceCode"]},
    )
    assert held.call(held.keys) == held.call(held.chained) == ""
    assert held.credentials(held.token["accessToken"]).status_code == 200
    assert is_open(held)
    return held


def is_open(held: Held) -> bool:
    """Whether the account page shows a session that could be signed out of."""
    page = held.browser.http.get("/account")
    return any(form["action"] == "/account/signout" for form in forms_of(page.text))


def nothing_of_the_role_is_left(held: Held) -> None:
    """What holds for every way in which the right to the role may end."""
    assert held.call(held.keys) == DEAD
    assert held.call(held.chained) == DEAD
    assert code_of(assume(held.server, held.response)) == "AccessDenied"


def remove_from_group(server: Server) -> None:
    world = read_world(server)
    store = world.admin.identitystore
    membership_id = store.get_group_membership_id(
        IdentityStoreId=world.store,
        GroupId=world.groups["Administrators"],
        MemberId={"UserId": world.users["hanako"]},
    )["MembershipId"]
    store.delete_group_membership(IdentityStoreId=world.store, MembershipId=membership_id)


def delete_group(server: Server) -> None:
    world = read_world(server)
    world.admin.identitystore.delete_group(
        IdentityStoreId=world.store, GroupId=world.groups["Administrators"]
    )


@pytest.mark.parametrize("end", [remove_from_group, delete_group])
def test_nobody_keeps_a_role_without_the_group_that_gave_it(
    server: Server, end: Callable[[Server], None]
) -> None:
    held = hold(server)
    end(server)
    nothing_of_the_role_is_left(held)
    answer = held.credentials(held.token["accessToken"])
    assert (answer.status_code, code_of(answer)) == (403, "ForbiddenException")
    named = {"account_id": server.account(ACCOUNT), "role_name": ROLE}
    assert post(held.browser, "/console", **named).status_code == 403
    assert post(held.browser, "/access-keys", **named).status_code == 403
    answer = held.browser.http.post("/saml/console", data={"SAMLResponse": held.response})
    assert answer.status_code == 403
    assert not is_open(held)
    # She is still somebody: her sign-in and her tokens stand, and open nothing of this.
    assert held.refreshed().status_code == 200


def test_nobody_keeps_a_role_that_was_unassigned(server: Server) -> None:
    """alex has a role by an assignment of his own; others keep theirs of the same role."""
    alias = "sakura-playground"
    alex, hanako = person(server, "alex"), person(server, "hanako")
    mine = credentials_in(assume(server, saml_response(alex, alias, ROLE)))
    hers = credentials_in(assume(server, saml_response(hanako, alias, ROLE)))
    unused = saml_response(alex, alias, ROLE)
    token = device_token(server, "alex")["accessToken"]
    world = read_world(server)
    request = world.admin.sso_admin.delete_account_assignment(
        InstanceArn=world.instance,
        TargetId=server.account(alias),
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=world.sets[ROLE],
        PrincipalType="USER",
        PrincipalId=world.users["alex"],
    )["AccountAssignmentDeletionStatus"]
    # Not when the role has gone a moment later: with the answer.
    with pytest.raises(ClientError, match=DEAD):
        server.client("sts", mine).get_caller_identity()
    assert code_of(assume(server, unused)) == "AccessDenied"
    named = {"account_id": server.account(alias), "role_name": ROLE}
    assert with_token(server, "/federation/credentials", token, **named).status_code == 403
    world.settled("deletion", request["RequestId"])
    server.client("sts", hers).get_caller_identity()
    with pytest.raises(ClientError, match=DEAD):
        server.client("sts", mine).get_caller_identity()


def test_nobody_keeps_anything_when_deleted(server: Server) -> None:
    held = hold(server)
    world = read_world(server)
    world.admin.identitystore.delete_user(IdentityStoreId=world.store, UserId=world.users["hanako"])
    nothing_of_the_person_is_left(held)
    # Somebody else of the same name is somebody else.
    world.user("hanako")
    nothing_of_the_person_is_left(held)


def nothing_of_the_person_is_left(held: Held) -> None:
    nothing_of_the_role_is_left(held)
    assert held.credentials(held.token["accessToken"]).status_code == 401
    assert code_of(held.refreshed()) == "InvalidGrantException"
    assert code_of(create_token(held.server, **held.code)) == "InvalidGrantException"
    assert code_of(create_token(held.server, **held.device)) in (
        "AccessDeniedException",
        "InvalidGrantException",
    )
    for path in ("/start", "/account", "/device", "/access-keys"):
        assert 'action="/signin"' in held.browser.http.get(path).text, path
    again = Person(held.server, "hanako")
    assert "Access portal" not in again.sign_in().text


def test_nobody_keeps_anything_when_disabled_and_nothing_comes_back_when_enabled(
    enclosed: Enclosed,
) -> None:
    held = hold(enclosed)
    enclosed.set_status("hanako", "DISABLED")
    nothing_of_the_person_is_left(held)
    enclosed.set_status("hanako", "ENABLED")
    # Her own sessions and tokens are gone for good; the roles are hers again.
    assert held.credentials(held.token["accessToken"]).status_code == 401
    assert code_of(held.refreshed()) == "InvalidGrantException"
    assert 'action="/signin"' in held.browser.http.get("/start").text
    assert person(enclosed, "hanako").http.get("/start").status_code == 200


def test_a_disabled_person_cannot_finish_a_sign_in_that_was_under_way(enclosed: Enclosed) -> None:
    someone = Person(enclosed, "ken")
    page = someone.http.get("/start")
    page = someone.post_form(page, "/signin", user_name="ken", action="continue")
    enclosed.set_status("ken", "DISABLED")
    answer = someone.post_form(page, "/signin", password=someone.password, action="continue")
    assert answer.status_code == 403
    assert not any(cookie.startswith("genkan_session") for cookie in someone.http.cookies)


def test_sessions_end_by_themselves(enclosed: Enclosed) -> None:
    held = hold(enclosed)
    enclosed.advance(seconds=8 * 3600 + 1)
    assert held.credentials(held.token["accessToken"]).status_code == 401
    assert code_of(held.refreshed()) == "InvalidGrantException"
    assert 'action="/signin"' in held.browser.http.get("/start").text


def test_signing_out_ends_the_session_and_its_tokens_but_no_role_session(server: Server) -> None:
    """As on AWS (docs/architecture.md): keys that were given live until they expire."""
    browser = person(server, "alex")
    keys = credentials_in(assume(server, saml_response(browser, "sakura-playground", ROLE)))
    asked = ask_by_pkce(server)
    token = create_token(server, **asked.redemption(authorization_code(browser, asked))).json()
    cookies = dict(browser.http.cookies)
    browser.post_form(browser.http.get("/start"), "/signout")
    thief = Person(server, "alex")
    for name, value in cookies.items():
        thief.http.cookies.set(name, value)
    assert 'action="/signin"' in thief.http.get("/start").text
    assert with_token(server, "/assignment/accounts", token["accessToken"]).status_code == 401
    server.client("sts", keys).get_caller_identity()
