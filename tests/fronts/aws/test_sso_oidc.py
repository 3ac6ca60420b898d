"""sso-oidc over the raw wire: exact bodies of every error, and what tokens are (reference §8.3)."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.fronts.aws import trail
from tests.fronts.aws.oidc import (
    ACCOUNT_ACCESS,
    DEVICE_CODE,
    PKCE,
    REDIRECT,
    Challenge,
    Oidc,
    authorization_code,
)
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.wire import Answer, is_request_id
from tests.fronts.aws.world import World
from tests.perform.dump import AUDIT, changes, dump
from tests.support.person import Person

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


@pytest.fixture
def oidc(world: World) -> Oidc:
    return Oidc(world.wire)


@pytest.fixture
def person(world: World) -> Person:
    signed_in = Person(world.server, "ken")
    signed_in.sign_in()
    return signed_in


def is_error(
    answer: Answer, shape: str, error: str, description: str | None, status: int = 400
) -> None:
    """The whole answer as AWS was recorded to give it: no __type, no message."""
    assert answer.status == status, answer
    assert answer.error_type == shape
    assert answer.headers["content-type"] == "application/json"
    assert is_request_id(answer.request_id)
    body = f'{{"error":"{error}","error_description":{json.dumps(description)}}}'
    assert answer.body == body.encode()


def invalid_request(answer: Answer, description: str) -> None:
    is_error(answer, "InvalidRequestException", "invalid_request", description)


def invalid_client(answer: Answer) -> None:
    is_error(
        answer, "InvalidClientException", "invalid_client", "Invalid client provided", status=401
    )


def invalid_grant(answer: Answer, description: str = "Invalid grant provided") -> None:
    is_error(answer, "InvalidGrantException", "invalid_grant", description)


def test_a_client_is_registered_for_ninety_days(world: World, oidc: Oidc) -> None:
    answer = oidc.ask(
        "RegisterClient",
        {
            "clientName": "botocore-client-tests",
            "clientType": "public",
            "scopes": [ACCOUNT_ACCESS],
            "grantTypes": list(PKCE),
            "redirectUris": [REDIRECT],
            "issuerUrl": world.server.facts["aws_start_url"],
        },
    )
    assert answer.status == 200
    body = answer.json
    now = datetime.now(UTC).timestamp()
    assert isinstance(body["clientIdIssuedAt"], int)
    assert abs(body["clientIdIssuedAt"] - now) < 60
    assert body["clientSecretExpiresAt"] - body["clientIdIssuedAt"] == 90 * 86400
    assert body["clientId"]
    assert body["clientSecret"]
    assert body["authorizationEndpoint"] is None
    assert body["tokenEndpoint"] is None


@pytest.mark.parametrize("name", ["start_url", "aws_start_url", "issuer_url"])
def test_every_url_of_the_instance_is_taken(world: World, oidc: Oidc, name: str) -> None:
    url = world.server.facts[name]
    client = oidc.client(issuerUrl=url)
    for spelled in (url, url + "/", url + "/#/", url + "#"):
        answer = oidc.ask("StartDeviceAuthorization", {**client, "startUrl": spelled})
        assert answer.status == 200, spelled


@pytest.mark.parametrize(
    ("changed", "shape", "error", "description"),
    [
        (
            {"clientType": "confidential"},
            "InvalidClientMetadataException",
            "invalid_client_metadata",
            "Invalid client type provided",
        ),
        (
            {"clientName": ""},
            "InvalidClientMetadataException",
            "invalid_client_metadata",
            "Invalid client name provided",
        ),
        (
            {"clientName": "a\u202eb"},
            "InvalidClientMetadataException",
            "invalid_client_metadata",
            "Invalid client name provided",
        ),
        (
            {"scopes": ["sso:everything"]},
            "InvalidScopeException",
            "invalid_scope",
            "Invalid scope provided",
        ),
        (
            {"scopes": [ACCOUNT_ACCESS] * 26},
            "InvalidScopeException",
            "invalid_scope",
            "Invalid scope provided",
        ),
        (
            {"grantTypes": ["implicit"]},
            "UnsupportedGrantTypeException",
            "unsupported_grant_type",
            "Unsupported grant type",
        ),
        (
            {"redirectUris": ["https://stranger.example/"]},
            "InvalidRedirectUriException",
            "invalid_redirect_uri",
            "Invalid redirect uri provided",
        ),
        (
            {"redirectUris": ["http://127.0.0.1.stranger.example/"]},
            "InvalidRedirectUriException",
            "invalid_redirect_uri",
            "Invalid redirect uri provided",
        ),
        (
            {"grantTypes": ["authorization_code"]},
            "InvalidRedirectUriException",
            "invalid_redirect_uri",
            "Invalid redirect uri provided",
        ),
        (
            {"issuerUrl": "https://stranger.example/start"},
            "InvalidRequestException",
            "invalid_request",
            "Invalid start url provided",
        ),
        (
            {"clientName": None},
            "InvalidRequestException",
            "invalid_request",
            "1 validation error detected: Value null at 'clientName' failed to satisfy constraint:"
            " Member must not be null",
        ),
    ],
)
def test_a_client_that_may_not_be_is_refused(
    oidc: Oidc, changed: dict[str, Any], shape: str, error: str, description: str
) -> None:
    params = {"clientName": "tests", "clientType": "public", **changed}
    given = {name: value for name, value in params.items() if value is not None}
    is_error(oidc.ask("RegisterClient", given), shape, error, description)


def test_a_device_is_told_where_to_send_its_person(world: World, oidc: Oidc) -> None:
    started = oidc.start(oidc.client())
    user_code = started["userCode"]
    assert len(user_code) == 9
    assert user_code[4] == "-"
    assert user_code.replace("-", "").isalpha()
    assert user_code == user_code.upper()
    assert started["verificationUri"] == f"{world.server.url}/device"
    assert started["verificationUriComplete"] == f"{world.server.url}/device?user_code={user_code}"
    assert (started["expiresIn"], started["interval"]) == (600, 1)


def test_a_device_needs_a_client_and_a_start_url_of_ours(world: World, oidc: Oidc) -> None:
    client, other = oidc.client(), oidc.client()
    start = {"startUrl": world.server.facts["start_url"]}
    for url in ("https://stranger.example/start", world.server.url, "x", ""):
        answer = oidc.ask("StartDeviceAuthorization", {**client, "startUrl": url})
        invalid_request(answer, "Invalid start url provided")
    for broken in (
        {**client, "clientSecret": "x"},
        {**client, "clientSecret": other["clientSecret"]},
        {**client, "clientId": client["clientId"][:-1]},
        {**client, "clientId": "x"},
        {**client, "clientId": client["clientId"] + "="},
    ):
        invalid_client(oidc.ask("StartDeviceAuthorization", {**broken, **start}))
        invalid_client(oidc.token(broken, DEVICE_CODE, deviceCode="x"))
    is_error(
        oidc.ask("StartDeviceAuthorization", {**oidc.pkce_client(), **start}),
        "UnauthorizedClientException",
        "unauthorized_client",
        "The client is not registered for this grant type",
    )


def test_a_device_waits_is_slowed_down_and_gets_one_token(
    world: World, oidc: Oidc, person: Person
) -> None:
    client = oidc.client()
    started = oidc.start(client)
    # AWS CLI polls before it shows the code, and again at once.
    for _ in range(4):
        is_error(
            oidc.poll(client, started),
            "AuthorizationPendingException",
            "authorization_pending",
            None,
        )
    is_error(oidc.poll(client, started), "SlowDownException", "slow_down", None)
    person.approve_device(started["userCode"])
    answer = oidc.poll(client, started)
    assert answer.status == 200
    body = answer.json
    assert body["accessToken"].startswith("aoa")
    assert body["refreshToken"].startswith("aor")
    assert body["tokenType"] == "Bearer"
    assert body["expiresIn"] == 3600
    assert body["idToken"] is None
    invalid_grant(oidc.poll(client, started))
    assert accounts_of(world, body["accessToken"]) == [world.account("sakura-playground")]


def accounts_of(world: World, token: str) -> list[str]:
    sent = world.wire.request("sso", "ListAccounts", {"accessToken": token})
    answer = world.wire.send(sent)
    return [entry["accountId"] for entry in answer.json.get("accountList", [])]


def test_a_client_without_scopes_gets_one_long_token(
    world: World, oidc: Oidc, person: Person
) -> None:
    client = oidc.client(scopes=[])
    started = oidc.start(client)
    person.approve_device(started["userCode"])
    body = oidc.poll(client, started).json
    assert 28_700 < body["expiresIn"] <= 28_800
    assert body["refreshToken"] is None
    assert accounts_of(world, body["accessToken"])


def test_a_device_that_was_refused_is_denied(oidc: Oidc, person: Person) -> None:
    client = oidc.client()
    started = oidc.start(client)
    person.approve_device(started["userCode"], decision="deny")
    is_error(oidc.poll(client, started), "AccessDeniedException", "access_denied", None)


def test_a_device_code_is_its_own_clients_only(oidc: Oidc, person: Person) -> None:
    client, thief = oidc.client(), oidc.client()
    started = oidc.start(client)
    person.approve_device(started["userCode"])
    for code in (started["deviceCode"] + "x", "x", started["userCode"]):
        invalid_grant(oidc.token(client, DEVICE_CODE, deviceCode=code))
    invalid_grant(oidc.poll(thief, started))
    assert oidc.poll(client, started).status == 200


def test_a_grant_type_needs_what_belongs_to_it(oidc: Oidc) -> None:
    device, pkce = oidc.client(), oidc.pkce_client()
    for grant_type in ("implicit", "", "client_credentials", "password"):
        is_error(
            oidc.token(device, grant_type),
            "UnsupportedGrantTypeException",
            "unsupported_grant_type",
            "Unsupported grant type",
        )
    for client, grant_type in ((device, "authorization_code"), (pkce, DEVICE_CODE)):
        is_error(
            oidc.token(client, grant_type, code="x", deviceCode="x"),
            "UnauthorizedClientException",
            "unauthorized_client",
            "The client is not registered for this grant type",
        )
    whole = {"code": "x", "redirectUri": REDIRECT, "codeVerifier": "v" * 43}
    for missing in whole:
        rest = {name: value for name, value in whole.items() if name != missing}
        invalid_request(
            oidc.token(pkce, "authorization_code", **rest),
            f"{missing} is required for this grant type",
        )
    invalid_request(
        oidc.token(pkce, "refresh_token"), "refreshToken is required for this grant type"
    )
    invalid_request(oidc.token(device, DEVICE_CODE), "deviceCode is required for this grant type")


def test_pkce_gives_a_token_to_whoever_holds_the_verifier(
    world: World, oidc: Oidc, person: Person
) -> None:
    client, thief = oidc.pkce_client(), oidc.pkce_client()
    uri = "http://127.0.0.1:43210/oauth/callback"

    def redeem(code: str, **changed: str) -> Answer:
        params = {"code": code, "redirectUri": uri, "codeVerifier": challenge.verifier, **changed}
        return oidc.token(client, "authorization_code", **params)

    challenge = Challenge()
    code = authorization_code(person, client, challenge)
    answer = redeem(code)
    assert answer.status == 200
    body = answer.json
    assert (body["tokenType"], body["expiresIn"]) == ("Bearer", 3600)
    assert accounts_of(world, body["accessToken"])
    # A code presented twice was seen by two: what the first one got is taken back.
    invalid_grant(redeem(code))
    assert accounts_of(world, body["accessToken"]) == []
    for changed in (
        {"codeVerifier": Challenge().verifier},
        {"redirectUri": "http://127.0.0.1:9/oauth/callback"},
        {"redirectUri": REDIRECT},
        {"codeVerifier": "short"},
    ):
        code = authorization_code(person, client, challenge)
        invalid_grant(redeem(code, **changed))
        # It is spent, whatever the outcome.
        invalid_grant(redeem(code))
    code = authorization_code(person, client, challenge)
    params = {"code": code, "redirectUri": uri, "codeVerifier": challenge.verifier}
    invalid_grant(oidc.token(thief, "authorization_code", **params))
    invalid_grant(redeem("x"))
    denied = authorization_code(person, client, challenge, decision="deny")
    assert denied == "access_denied"


def test_refresh_tokens_rotate_and_reuse_ends_the_grant(
    world: World, oidc: Oidc, person: Person
) -> None:
    client, thief = oidc.client(), oidc.client()
    started = oidc.start(client)
    person.approve_device(started["userCode"])
    first = oidc.poll(client, started).json
    wrong = "Invalid refresh token provided"
    for token in ("x", first["accessToken"], first["refreshToken"][:-1]):
        invalid_grant(oidc.token(client, "refresh_token", refreshToken=token), wrong)
    invalid_grant(oidc.token(thief, "refresh_token", refreshToken=first["refreshToken"]), wrong)
    second = oidc.token(client, "refresh_token", refreshToken=first["refreshToken"]).json
    assert second["refreshToken"] != first["refreshToken"]
    assert second["accessToken"] != first["accessToken"]
    assert accounts_of(world, second["accessToken"])
    third = oidc.token(client, "refresh_token", refreshToken=second["refreshToken"])
    assert third.status == 200
    # The first one again, after its successor was used: two parties hold it.
    invalid_grant(oidc.token(client, "refresh_token", refreshToken=first["refreshToken"]), wrong)
    last = third.json
    invalid_grant(oidc.token(client, "refresh_token", refreshToken=last["refreshToken"]), wrong)
    for token in (first, second, last):
        assert accounts_of(world, token["accessToken"]) == []


def test_a_stranger_makes_no_row_by_registering_but_records_of_refusals(
    world: World, oidc: Oidc
) -> None:
    place = world.server.place
    before = dump(place)
    client = oidc.client()
    invalid_grant(oidc.token(client, DEVICE_CODE, deviceCode="x"))
    invalid_client(oidc.token({**client, "clientSecret": "x"}, DEVICE_CODE, deviceCode="x"))
    assert changes(before, dump(place)).keys() <= {AUDIT}


def test_a_token_is_recorded_without_a_single_secret(
    world: World, oidc: Oidc, person: Person
) -> None:
    client = oidc.client()
    started = oidc.start(client)
    person.approve_device(started["userCode"])
    answer = oidc.poll(client, started)
    (record,) = trail.of_request(world, answer.request_id, "CreateToken")
    assert record["eventSource"] == "sso.amazonaws.com"
    assert record["requestParameters"] == {
        "clientId": client["clientId"],
        "clientSecret": HIDDEN,
        "grantType": DEVICE_CODE,
        "deviceCode": HIDDEN,
    }
    shown = record["responseElements"]
    assert (shown["accessToken"], shown["refreshToken"]) == (HIDDEN, HIDDEN)
    assert (shown["tokenType"], shown["expiresIn"]) == ("Bearer", 3600)
    identity = record["userIdentity"]
    assert identity["type"] == "IdentityCenterUser"
    assert identity["onBehalfOf"]["userId"] == world.users["ken"]
    assert identity["credentialId"]


def test_boto_raises_the_exceptions_that_programs_catch(world: World, oidc: Oidc) -> None:
    """`except client.exceptions.AuthorizationPendingException` works."""
    boto = boto3.client(
        "sso-oidc",
        endpoint_url=world.server.url,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    registered = boto.register_client(
        clientName="tests", clientType="public", scopes=[ACCOUNT_ACCESS]
    )
    client = {name: registered[name] for name in ("clientId", "clientSecret")}
    started = boto.start_device_authorization(
        **client, startUrl=world.server.facts["aws_start_url"]
    )
    polled = {**client, "grantType": DEVICE_CODE, "deviceCode": started["deviceCode"]}
    refused(
        boto.create_token,
        "AuthorizationPendingException",
        members={"error": "authorization_pending"},
        **polled,
    )
    with pytest.raises(boto.exceptions.AuthorizationPendingException):
        boto.create_token(**polled)
    refused(
        boto.create_token,
        "InvalidClientException",
        status=401,
        members={"error": "invalid_client", "error_description": "Invalid client provided"},
        **{**polled, "clientSecret": "x"},
    )
