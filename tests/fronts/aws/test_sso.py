"""sso, the access portal's API: bearer tokens, and what one may do with one (reference §8.1)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.fronts.aws import trail
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.wire import Answer, Sent, is_request_id
from tests.fronts.aws.world import World
from tests.support.person import access_token, device_token, role_credentials

BEARER = "x-amz-sso_bearer_token"
NO_TOKEN = "Session token not found or invalid"


@pytest.fixture
def sso(world: World) -> Any:
    """A client without keys, as the AWS CLI uses it."""
    return boto3.client(
        "sso",
        endpoint_url=world.server.url,
        region_name="us-east-1",
        config=Config(
            signature_version=UNSIGNED,
            retries={"total_max_attempts": 1},
            parameter_validation=False,
        ),
    )


@pytest.fixture
def token(world: World) -> str:
    return access_token(world.server, "alex")


def routes(world: World) -> dict[str, Sent]:
    """Every operation's request without its token."""
    playground = world.account("sakura-playground")
    credentials = urlencode({"account_id": playground, "role_name": "ReadOnlyAccess"})
    return {
        "ListAccounts": Sent("GET", "/assignment/accounts"),
        "ListAccountRoles": Sent("GET", f"/assignment/roles?account_id={playground}"),
        "GetRoleCredentials": Sent("GET", f"/federation/credentials?{credentials}"),
        "Logout": Sent("POST", "/logout"),
    }


def is_unauthorized(answer: Answer) -> None:
    assert answer.status == 401
    assert answer.code == "UnauthorizedException"
    assert answer.body == b'{"message":"Session token not found or invalid"}'
    assert answer.headers["content-type"] == "application/json"
    assert is_request_id(answer.request_id)


@pytest.mark.parametrize(
    "operation", ["ListAccounts", "ListAccountRoles", "GetRoleCredentials", "Logout"]
)
def test_a_token_that_is_none_is_unauthorized(world: World, operation: str) -> None:
    given = device_token(world.server, "ken")
    token: str = given["accessToken"]
    bare = routes(world)[operation]
    for wrong in (
        bare,
        bare.with_header(BEARER, ""),
        bare.with_header(BEARER, "aoa"),
        bare.with_header(BEARER, token[:-1] + ("A" if token[-1] != "A" else "B")),
        bare.with_header(BEARER, token + "A"),
        bare.with_header(BEARER, token.upper()),
        bare.with_header(BEARER, f"Bearer {token}"),
        bare.with_header(BEARER, given["refreshToken"]),
        bare.with_header(BEARER, given["clientSecret"]),
        bare.with_header(BEARER, "a" * 5000),
        bare.with_header(BEARER, "é" * 20),
        bare.with_header("Authorization", f"Bearer {token}"),
        bare.with_header(BEARER, token).and_header("x-amz-sso-bearer-token", token),
        bare.with_header(BEARER, token).and_header(BEARER, token),
    ):
        is_unauthorized(world.wire.send(wrong))
    signed = world.wire.sign(bare, world.wire.administrator, "sso")
    is_unauthorized(world.wire.send(signed))
    # The token itself was good all the while, in either spelling of the header.
    for header in (BEARER, "x-amz-sso-bearer-token", BEARER.upper()):
        good = routes(world)["ListAccounts"].with_header(header, token)
        assert world.wire.send(good).status == 200


def test_one_lists_the_accounts_one_is_assigned_to(world: World, sso: Any, token: str) -> None:
    listed = sso.list_accounts(accessToken=token)["accountList"]
    by_id = {entry["id"]: entry for entry in world.server.facts["accounts"]}
    wanted = {"sakura-web-prod", "sakura-web-dev", "sakura-playground", "sakura-log-archive"}
    assert {by_id[account["accountId"]]["alias"] for account in listed} == wanted
    for account in listed:
        known = by_id[account["accountId"]]
        assert account["accountName"] == known["name"]
        assert account["emailAddress"] == f"aws+{known['alias']}@sakura.example"
    names = [account["accountName"].casefold() for account in listed]
    assert names == sorted(names)


def test_one_lists_the_permission_sets_of_an_account(world: World, sso: Any, token: str) -> None:
    playground = world.account("sakura-playground")
    listed = sso.list_account_roles(accessToken=token, accountId=playground)["roleList"]
    assert listed == [
        {"roleName": "AdministratorAccess", "accountId": playground},
        {"roleName": "DeveloperAccess", "accountId": playground},
    ]


def test_an_account_of_others_has_no_roles_for_one(world: World, sso: Any, token: str) -> None:
    for account in (world.account("sakura-security"), "000000000000"):
        assert sso.list_account_roles(accessToken=token, accountId=account)["roleList"] == []


def test_role_credentials_are_a_session_of_the_role(world: World, sso: Any, token: str) -> None:
    account = world.account("sakura-playground")
    given = sso.get_role_credentials(
        accessToken=token, accountId=account, roleName="DeveloperAccess"
    )["roleCredentials"]
    assert given["accessKeyId"].startswith("ASIA")
    # Milliseconds, which every client divides by a thousand.
    lasts = datetime.fromtimestamp(given["expiration"] / 1000, UTC) - datetime.now(UTC)
    assert timedelta(hours=7, minutes=59) < lasts <= timedelta(hours=8)
    keys = {
        "access_key_id": given["accessKeyId"],
        "secret_access_key": given["secretAccessKey"],
        "session_token": given["sessionToken"],
    }
    found = world.server.client("sts", keys).get_caller_identity()
    assert found["Account"] == account
    again = sso.get_role_credentials(
        accessToken=token, accountId=account, roleName="DeveloperAccess"
    )["roleCredentials"]
    assert again["accessKeyId"] != given["accessKeyId"]


@pytest.mark.parametrize(
    ("alias", "role_name"),
    [
        # Whatever names no account of the person's names nothing.
        ("sakura-security", "ReadOnlyAccess"),
        ("sakura-playground", "ReadOnlyAccess"),
        ("sakura-playground", "Nothing"),
        ("", "ReadOnlyAccess"),
        ("sakura-playground", "administratoraccess"),
    ],
)
def test_a_role_that_is_not_ones_own_is_forbidden(
    world: World, sso: Any, token: str, alias: str, role_name: str
) -> None:
    account = world.account(alias) if alias else "000000000000"
    refused(
        sso.get_role_credentials,
        "ForbiddenException",
        "No access",
        status=403,
        accessToken=token,
        accountId=account,
        roleName=role_name,
    )
    query = urlencode({"account_id": account, "role_name": role_name})
    sent = Sent("GET", f"/federation/credentials?{query}").with_header(BEARER, token)
    answer = world.wire.send(sent)
    assert answer.body == b'{"message":"No access"}'
    assert answer.error_type == "ForbiddenException"


@pytest.mark.parametrize(
    "target",
    [
        "/federation/credentials",
        "/federation/credentials?role_name=ReadOnlyAccess",
        "/federation/credentials?account_id=000000000000&account_id=111111111111&role_name=a",
        "/assignment/roles",
        "/assignment/accounts?max_result=0",
        "/assignment/accounts?max_result=101",
        "/assignment/accounts?max_result=many",
        "/assignment/accounts?next_token=AAAA",
    ],
)
def test_a_request_that_makes_no_sense_is_invalid(world: World, token: str, target: str) -> None:
    answer = world.wire.send(Sent("GET", target).with_header(BEARER, token))
    assert (answer.status, answer.code) == (400, "InvalidRequestException")
    assert answer.json.keys() == {"message"}


def test_a_logout_ends_every_token_of_the_session(world: World, sso: Any) -> None:
    given = device_token(world.server, "alex")
    token = given["accessToken"]
    keys = role_of(world, sso, token)
    answer = world.wire.send(routes(world)["Logout"].with_header(BEARER, token))
    assert (answer.status, answer.body) == (200, b"")
    for sent in routes(world).values():
        is_unauthorized(world.wire.send(sent.with_header(BEARER, token)))
    refresh = world.wire.request(
        "sso-oidc",
        "CreateToken",
        {
            "clientId": given["clientId"],
            "clientSecret": given["clientSecret"],
            "grantType": "refresh_token",
            "refreshToken": given["refreshToken"],
        },
    )
    answer = world.wire.send(refresh)
    assert answer.body == (
        b'{"error":"invalid_grant","error_description":"Invalid refresh token provided"}'
    )
    # Role sessions run on after a sign-out, as on AWS.
    assert world.server.client("sts", keys).get_caller_identity()["Arn"].endswith("/alex")


def role_of(world: World, sso: Any, token: str) -> dict[str, str]:
    given = sso.get_role_credentials(
        accessToken=token,
        accountId=world.account("sakura-playground"),
        roleName="DeveloperAccess",
    )["roleCredentials"]
    return {
        "access_key_id": given["accessKeyId"],
        "secret_access_key": given["secretAccessKey"],
        "session_token": given["sessionToken"],
    }


def test_a_logout_ends_the_session_of_nobody_else(world: World, sso: Any, token: str) -> None:
    other = access_token(world.server, "alex")
    sso.logout(accessToken=token)
    refused(sso.list_accounts, "UnauthorizedException", NO_TOKEN, status=401, accessToken=token)
    assert sso.list_accounts(accessToken=other)["accountList"]


def test_a_deleted_person_has_no_token_any_more(world: World, sso: Any, token: str) -> None:
    world.admin.identitystore.delete_user(IdentityStoreId=world.store, UserId=world.users["alex"])
    refused(sso.list_accounts, "UnauthorizedException", NO_TOKEN, status=401, accessToken=token)


def test_a_lost_assignment_is_gone_from_every_answer_at_once(
    world: World, sso: Any, token: str
) -> None:
    playground = world.account("sakura-playground")
    world.unassign(world.sets["AdministratorAccess"], world.users["alex"], "sakura-playground")
    listed = sso.list_account_roles(accessToken=token, accountId=playground)["roleList"]
    assert [role["roleName"] for role in listed] == ["DeveloperAccess"]
    refused(
        sso.get_role_credentials,
        "ForbiddenException",
        "No access",
        status=403,
        accessToken=token,
        accountId=playground,
        roleName="AdministratorAccess",
    )


def test_acts_of_a_person_are_recorded_as_that_persons(world: World, sso: Any) -> None:
    token = access_token(world.server, "alex")
    playground = world.account("sakura-playground")
    good = sso.get_role_credentials(
        accessToken=token, accountId=playground, roleName="DeveloperAccess"
    )
    denied = world.wire.send(routes(world)["GetRoleCredentials"].with_header(BEARER, token))
    assert denied.status == 403
    ended = sso.logout(accessToken=token)
    store_arn = f"arn:aws:identitystore::{world.management}:identitystore/{world.store}"
    for request_id, operation, code in (
        (good["ResponseMetadata"]["RequestId"], "GetRoleCredentials", None),
        (denied.request_id, "GetRoleCredentials", "ForbiddenException"),
        (ended["ResponseMetadata"]["RequestId"], "Logout", None),
    ):
        (record,) = trail.of_request(world, request_id, operation)
        assert record["eventSource"] == "sso.amazonaws.com"
        assert record.get("errorCode") == code
        identity = record["userIdentity"]
        assert identity == {
            "type": "IdentityCenterUser",
            "accountId": world.management,
            "onBehalfOf": {"userId": world.users["alex"], "identityStoreArn": store_arn},
            "credentialId": identity["credentialId"],
        }
        if operation == "GetRoleCredentials":
            asked = record["requestParameters"]
            assert asked["accountId"] == playground
        if code is None and operation == "GetRoleCredentials":
            shown = record["responseElements"]["roleCredentials"]
            assert shown["accessKeyId"] == good["roleCredentials"]["accessKeyId"]
            assert shown["secretAccessKey"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
            assert shown["sessionToken"] == "HIDDEN_DUE_TO_SECURITY_REASONS"


def test_one_persons_token_shows_nothing_of_another(world: World, sso: Any) -> None:
    maria, ken = access_token(world.server, "maria"), access_token(world.server, "ken")
    theirs = {a["accountId"] for a in sso.list_accounts(accessToken=ken)["accountList"]}
    assert theirs == {world.account("sakura-playground")}
    page = sso.list_accounts(accessToken=maria, maxResults=2)
    refused(
        sso.list_accounts,
        "InvalidRequestException",
        accessToken=ken,
        maxResults=2,
        nextToken=page["nextToken"],
    )
    with pytest.raises(Exception, match="403"):
        role_credentials(world.server, "ken", "sakura-management", "ReadOnlyAccess")
