"""What is refused leaves a record, whoever asked: strangers within a budget of theirs."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fronts.aws import trail
from tests.fronts.aws.oidc import DEVICE_CODE, Challenge, Oidc
from tests.fronts.aws.saml import response_of, role_and_provider
from tests.fronts.aws.samples import BEARER, SIGNED, furnish, sample, writes
from tests.fronts.aws.trail import Record
from tests.fronts.aws.wire import Answer, Sent, scope_of
from tests.fronts.aws.world import NOBODY, World, read_world, until
from tests.support.person import Person, access_token, role_credentials
from tests.support.server import Server

pytestmark = pytest.mark.sandbox_only("its reset fills the budgets of strangers again")
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
TOKEN = "x-amz-sso_bearer_token"
SOURCES = {"sso-admin": "sso", "sso-oidc": "sso"}
BY_SERVICE = {
    service: [name for model, name in SIGNED if model == service] for service, _ in SIGNED
}
BURST_OF_A_NETWORK = 200


def recorded(world: World, answer: Answer, service: str, operation: str) -> Record:
    """The record of a stranger's request; there is one."""
    assert answer.status >= 400
    (record,) = trail.of_request(world, answer.request_id, operation)
    assert record["eventSource"] == f"{SOURCES.get(service, service)}.amazonaws.com"
    assert record["errorCode"] == answer.code
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["recipientAccountId"] == world.management
    assert record["responseElements"] is None
    return record


# --- nobody is proven -----------------------------------------------------------------------------


@pytest.mark.parametrize("service", BY_SERVICE)
def test_a_wrong_signature_is_recorded_whatever_it_asks_for(world: World, service: str) -> None:
    """Without parameters: nobody has said that they are what was signed."""
    forged = {**world.wire.administrator, "secret_access_key": "A" * 40}
    furnish(world)
    for operation in BY_SERVICE[service]:
        answer = world.wire.call(service, operation, sample(world, service, operation), forged)
        record = recorded(world, answer, service, operation)
        assert record["userIdentity"] == {
            "type": "Unknown",
            "accountId": world.management,
            "accessKeyId": forged["access_key_id"],
        }
        assert record["readOnly"] is not writes(service, operation)
        assert record["requestParameters"] is None
    criterion = {"AttributeKey": "AccessKeyId", "AttributeValue": forged["access_key_id"]}
    found = trail.records(world, LookupAttributes=[criterion])
    unknown = Counter(
        record["eventName"] for record in found if record["userIdentity"]["type"] == "Unknown"
    )
    assert unknown == Counter(BY_SERVICE[service])


def _unsigned(world: World, sent: Sent) -> Sent:
    return sent


def _unknown_key(world: World, sent: Sent) -> Sent:
    keys = {"access_key_id": "AKIA" + "Z" * 16, "secret_access_key": "x" * 40}
    return world.wire.sign(sent, keys, scope_of("sso-admin"))


def _secret_as_key(world: World, sent: Sent) -> Sent:
    """Both halves of a key in the wrong order, as people paste them."""
    keys = world.wire.administrator
    swapped = {
        "access_key_id": keys["secret_access_key"].replace("/", "x").replace("+", "x"),
        "secret_access_key": keys["access_key_id"],
    }
    return world.wire.sign(sent, swapped, scope_of("sso-admin"))


def _forged_token(world: World, sent: Sent) -> Sent:
    keys = world.member_administrator()
    return world.wire.sign(sent, {**keys, "session_token": "x" * 40}, scope_of("sso-admin"))


def _changed(world: World, sent: Sent) -> Sent:
    signed = world.wire.sign(sent, world.wire.administrator, scope_of("sso-admin"))
    return replace(signed, body=signed.body + b" ")


@pytest.mark.parametrize(
    ("how", "key"),
    [
        (_unsigned, None),
        (_unknown_key, "AKIA" + "Z" * 16),
        (_secret_as_key, None),
        (_forged_token, "ASIA"),
        (_changed, "AKIA"),
    ],
)
def test_a_request_that_proves_nobody_is_recorded_as_nobodys(
    world: World, how: Callable[[World, Sent], Sent], key: str | None
) -> None:
    sent = how(world, world.wire.request("sso-admin", "ListInstances", {}))
    record = recorded(world, world.wire.send(sent), "sso-admin", "ListInstances")
    claimed = record["userIdentity"].pop("accessKeyId", None)
    assert (claimed or "").startswith(key or "")
    assert (claimed is None) == (key is None)
    assert record["userIdentity"] == {"type": "Unknown", "accountId": world.management}
    assert world.wire.administrator["secret_access_key"] not in json.dumps(record)


@pytest.mark.parametrize("operation", BEARER)
def test_a_token_that_nobody_has_is_recorded(world: World, operation: str) -> None:
    sent = world.wire.request("sso", operation, sample(world, "sso", operation))
    answer = world.wire.send(sent.with_header(TOKEN, "no-such-token-" + "x" * 20))
    record = recorded(world, answer, "sso", operation)
    assert record["errorCode"] == "UnauthorizedException"
    assert record["userIdentity"] == {"type": "Unknown", "accountId": world.management}
    assert record["readOnly"] is operation.startswith("List")
    assert "no-such-token" not in json.dumps(record)


# --- the proof is over ----------------------------------------------------------------------------


def test_a_session_whose_assignment_went_is_recorded_as_whose_it_was(world: World) -> None:
    read_only, ken = world.sets["ReadOnlyAccess"], world.users["ken"]
    world.assign(read_only, ken, "sakura-management")
    keys = role_credentials(world.server, "ken", "sakura-management", "ReadOnlyAccess")
    world.unassign(read_only, ken, "sakura-management")
    answer = world.wire.call("sso-admin", "ListInstances", {}, keys)
    assert answer.code == "UnrecognizedClientException"
    record = recorded(world, answer, "sso-admin", "ListInstances")
    assert record["userIdentity"]["type"] == "AssumedRole"
    assert record["userIdentity"]["accessKeyId"] == keys["access_key_id"]
    assert record["userIdentity"]["onBehalfOf"]["userId"] == ken
    assert keys["session_token"] not in json.dumps(record)
    assert keys["secret_access_key"] not in json.dumps(record)
    # Who cannot sign learns nothing more of it, and is nobody.
    wrong = {**keys, "secret_access_key": "x" * 40}
    again = world.wire.call("sso-admin", "ListInstances", {}, wrong)
    assert (again.code, again.message) == (answer.code, answer.message)
    record = recorded(world, again, "sso-admin", "ListInstances")
    assert record["userIdentity"]["type"] == "Unknown"


def test_a_token_after_the_sign_out_is_recorded(world: World) -> None:
    oidc, person = Oidc(world.wire), Person(world.server, "alex")
    client = oidc.client()
    started = oidc.start(client)
    person.sign_in()
    person.approve_device(started["userCode"])
    token = oidc.poll(client, started).json["accessToken"]
    sent = world.wire.request("sso", "ListAccounts", {}).with_header(TOKEN, token)
    assert world.wire.send(sent).status == 200
    assert world.wire.send(Sent("POST", "/logout").with_header(TOKEN, token)).status == 200
    record = recorded(world, world.wire.send(sent), "sso", "ListAccounts")
    assert token not in json.dumps(record)


# --- sso-oidc -------------------------------------------------------------------------------------


def test_what_a_client_is_refused_is_recorded_without_its_secrets(world: World) -> None:
    oidc = Oidc(world.wire)
    client = oidc.client()
    wrong = {**client, "clientSecret": "wrong-secret"}
    url = world.server.facts["start_url"]
    for operation, params, code in (
        ("StartDeviceAuthorization", {**wrong, "startUrl": url}, "InvalidClientException"),
        (
            "StartDeviceAuthorization",
            {**client, "startUrl": "https://elsewhere.example/start"},
            "InvalidRequestException",
        ),
        (
            "CreateToken",
            {**wrong, "grantType": DEVICE_CODE, "deviceCode": "wrong-secret"},
            "InvalidClientException",
        ),
        (
            "CreateToken",
            {**client, "grantType": "refresh_token", "refreshToken": "wrong-secret"},
            "InvalidGrantException",
        ),
        (
            "CreateToken",
            {
                **oidc.pkce_client(),
                "grantType": "authorization_code",
                "code": "wrong-secret",
                "codeVerifier": Challenge().verifier,
                "redirectUri": "http://127.0.0.1:1/oauth/callback",
            },
            "InvalidGrantException",
        ),
    ):
        answer = oidc.ask(operation, params)
        assert answer.error_type == code, answer
        record = recorded(world, answer, "sso-oidc", operation)
        assert record["requestParameters"]["clientSecret"] == HIDDEN
        assert record["requestParameters"]["clientId"] == params["clientId"]
        assert record["readOnly"] is False
        text = json.dumps(record)
        assert "wrong-secret" not in text
        assert params["clientSecret"] not in text


def test_a_registration_that_is_refused_is_recorded_as_a_change(world: World) -> None:
    oidc = Oidc(world.wire)
    params = {"clientName": "tests", "clientType": "confidential"}
    record = recorded(world, oidc.ask("RegisterClient", params), "sso-oidc", "RegisterClient")
    assert record["requestParameters"]["clientName"] == "tests"
    assert record["readOnly"] is False
    # Undecodable: no value is shown.
    record = recorded(
        world, oidc.ask("RegisterClient", {"clientName": 7}), "sso-oidc", "RegisterClient"
    )
    assert record["requestParameters"] is None
    assert record["readOnly"] is False


def test_a_device_that_waits_leaves_no_record(world: World) -> None:
    oidc = Oidc(world.wire)
    client = oidc.client()
    started = oidc.start(client)
    for _ in range(3):
        assert oidc.poll(client, started).status == 400
    assert trail.records(world, **trail.named("CreateToken")) == []


# --- sign-in, accounts ----------------------------------------------------------------------------


def test_an_attempt_that_must_wait_is_recorded(world: World) -> None:
    person = Person(world.server, "alex", "wrong-password")
    for _ in range(8):
        page = person.http.get("/start")
        page = person.post_form(page, "/signin", user_name="alex", action="continue")
        person.post_form(page, "/signin", password="wrong-password", action="continue")
    found = trail.records(world, **trail.named("CredentialChallenge"))
    outcomes = Counter(record["serviceEventDetails"]["CredentialChallenge"] for record in found)
    assert outcomes == {"Success": 5, "Failure": 3}
    assert "wrong-password" not in json.dumps(found)


def test_an_account_that_is_not_assigned_is_recorded_as_refused(world: World) -> None:
    person = Person(world.server, "alex")
    page = person.sign_in()
    wanted = {"account_id": world.account("sakura-security"), "role_name": "NoSuchRole"}
    assert person.post_form(page, "/console", **wanted).status_code == 403
    (record,) = trail.records(world, **trail.named("Federate"))
    assert record["errorCode"] == "ForbiddenException"
    assert record["userIdentity"]["type"] == "IdentityCenterUser"
    assert record["userIdentity"]["onBehalfOf"]["userId"] == world.users["alex"]
    assert record["requestParameters"]["roleName"] == "NoSuchRole"
    assert record["sourceIPAddress"] == "127.0.0.1"


def test_an_assertion_that_is_no_good_is_recorded(world: World) -> None:
    person = Person(world.server, "alex")
    person.sign_in()
    response = response_of(person, world, "sakura-playground", "AdministratorAccess")
    arns = role_and_provider(world, "sakura-playground", "AdministratorAccess")
    for assertion, provider, code in (
        ("bm8gWE1M", arns["PrincipalArn"], "InvalidIdentityToken"),
        (response[:-8] + "AAAAAAA=", arns["PrincipalArn"], "InvalidIdentityToken"),
        (response, arns["PrincipalArn"] + "x", "AccessDenied"),
    ):
        params = {**arns, "PrincipalArn": provider, "SAMLAssertion": assertion}
        answer = world.wire.send(world.wire.request("sts", "AssumeRoleWithSAML", params))
        assert answer.code == code
        record = recorded(world, answer, "sts", "AssumeRoleWithSAML")
        assert record["requestParameters"]["roleArn"] == arns["RoleArn"]
        assert record["requestParameters"]["principalArn"] == provider
        assert assertion not in json.dumps(record)


# --- reads that find nothing ----------------------------------------------------------------------


def test_a_read_that_finds_nothing_is_recorded_with_what_was_asked(world: World) -> None:
    answer = world.wire.call(
        "identitystore", "DescribeUser", {"IdentityStoreId": world.store, "UserId": NOBODY}
    )
    assert answer.code == "ResourceNotFoundException"
    (record,) = trail.of_request(world, answer.request_id, "DescribeUser")
    assert record["errorCode"] == "ResourceNotFoundException"
    assert record["readOnly"] is True
    assert record["requestParameters"] == {"identityStoreId": world.store, "userId": NOBODY}
    assert record["userIdentity"]["userName"] == "administrator"


def test_who_was_looked_for_in_vain_is_not_told(world: World) -> None:
    identifier = {
        "UniqueAttribute": {
            "AttributePath": "emails.value",
            "AttributeValue": "zebra.finch@sakura.example",
        }
    }
    answer = world.wire.call(
        "identitystore",
        "GetUserId",
        {"IdentityStoreId": world.store, "AlternateIdentifier": identifier},
    )
    assert answer.status == 400
    (record,) = trail.of_request(world, answer.request_id, "GetUserId")
    asked = record["requestParameters"]["alternateIdentifier"]["uniqueAttribute"]
    assert asked == {"attributePath": "emails.value", "attributeValue": HIDDEN}
    assert "zebra.finch" not in json.dumps(record)


def test_a_token_of_no_page_is_recorded_by_the_code_of_the_service_that_was_asked(
    world: World,
) -> None:
    """Services have codes of their own for it, and several of them one event source."""
    token = access_token(world.server, "alex")
    portal = world.wire.request("sso", "ListAccounts", {"nextToken": "AAAA"})
    for operation, code, answer in (
        (
            "LookupEvents",
            "InvalidNextTokenException",
            world.wire.call("cloudtrail", "LookupEvents", {"NextToken": "AAAA"}),
        ),
        (
            "ListAccounts",
            "InvalidRequestException",
            world.wire.send(portal.with_header(TOKEN, token)),
        ),
        (
            "ListPermissionSets",
            "ValidationException",
            world.wire.call(
                "sso-admin",
                "ListPermissionSets",
                {"InstanceArn": world.instance, "NextToken": "AAAA"},
            ),
        ),
    ):
        assert answer.code == code
        (record,) = trail.of_request(world, answer.request_id, operation)
        assert record["errorCode"] == code


# --- floods ---------------------------------------------------------------------------------------


def test_after_a_reset_every_budget_is_full_again(world: World) -> None:
    """Otherwise it would depend on the tests before whether a refusal's record is found."""
    sent = world.wire.request("sso-admin", "ListInstances", {})

    def is_recorded() -> bool:
        answer = world.wire.send(sent)
        assert answer.status == 400
        return bool(trail.of_request(world, answer.request_id, "ListInstances"))

    for _ in range(2 * BURST_OF_A_NETWORK + 50):  # of two nodes
        world.wire.send(sent)
    assert not all(is_recorded() for _ in range(50))
    world.server.reset()
    assert all(is_recorded() for _ in range(4))


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A process whose end a test can wait for."""
    server = Server(tmp_path / "data").start()
    yield server
    server.stop()


def test_a_flood_of_strangers_leaves_few_records_and_one_that_tells_of_the_others(
    own_server: Server,
) -> None:
    world = read_world(own_server)
    sent = world.wire.request("sso-admin", "ListInstances", {})
    asked = BURST_OF_A_NETWORK + 150
    for _ in range(asked):
        assert world.wire.send(sent).status == 400
    found = trail.records(world, **trail.named("ListInstances"))
    unknown = [record for record in found if record["userIdentity"]["type"] == "Unknown"]
    # What comes while they are sent is six a minute.
    assert BURST_OF_A_NETWORK <= len(unknown) < asked
    # Whoever is proven is not in their way.
    denied = world.wire.call(
        "identitystore", "DescribeUser", {"IdentityStoreId": world.store, "UserId": NOBODY}
    )
    assert len(trail.of_request(world, denied.request_id, "DescribeUser")) == 1
    own_server.stop()
    own_server.start()
    world = read_world(own_server)
    told = until(
        lambda: trail.records(world, **trail.named("RefusalsNotRecorded")), lambda found: found
    )
    assert all(record["eventSource"] == "audit.genkan" for record in told)
    data = [record["additionalEventData"] for record in told]
    assert sum(each["count"] for each in data) == asked - len(unknown)
    assert data[0]["errorCodes"].keys() == {"MissingAuthenticationTokenException"}
    assert data[0]["sourceIPAddresses"].keys() == {"127.0.0.1"}
    assert told[0]["requestParameters"] is None
