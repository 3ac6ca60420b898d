"""One run through everything, and then its CloudTrail records: who, what, and not one secret."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.fronts.aws import trail
from tests.fronts.aws.oidc import DEVICE_CODE, Challenge, Oidc, authorization_code
from tests.fronts.aws.saml import response_of, role_and_provider
from tests.fronts.aws.wire import Answer, Keys, Sent
from tests.fronts.aws.world import World, assumed, read_world
from tests.support.person import Person
from tests.support.server import Server

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
BEARER = "x-amz-sso_bearer_token"
#: Of these the refusals are recorded.
READS = ("GetUserId", "ListUsers", "ListRoles")
SECRET_NAME = "Zebrafinch"
SECRET_MAIL = "zebra.finch@sakura.example"


@dataclass(slots=True)
class Run:
    """What happened, and what nobody may read of it."""

    world: World
    log_began: int
    secrets: dict[str, str] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    members: dict[str, Keys] = field(default_factory=dict)

    def noted(self, name: str, answer: Answer) -> Any:
        """Remember a request by a name of the test's; its answer."""
        assert answer.status == 200, answer
        self.requests[name] = answer.request_id
        return answer.json if answer.body.startswith(b"{") else None

    def keep(self, name: str, secret: str | None) -> str:
        """Remember a secret."""
        assert secret
        self.secrets[name] = secret
        return secret


@pytest.fixture(scope="module")
def run(running_server: Server) -> Run:
    """Sign in, log in by both flows, use an account both ways, administer, sign out."""
    running_server.reset()
    # What `genkan up` tells the person who started it, sample passwords too, is no log.
    run = Run(read_world(running_server), len(running_server.log()))
    run.keep("administrator's secret key", run.world.wire.administrator["secret_access_key"])
    if "reset_url" in running_server.facts:
        run.keep("reset secret", running_server.facts["reset_url"].rpartition("/")[2])
    for user in running_server.facts["users"]:
        run.keep(f"password of {user['user_name']}", user["password"])
    person = Person(running_server, "alex")
    page = person.http.get("/start")
    page = person.post_form(page, "/signin", user_name="alex", action="continue")
    wrong = run.keep("a mistyped password", "correct-horse-battery-staple")
    person.post_form(page, "/signin", password=wrong, action="continue")
    person.sign_in()
    _log_in(run, person)
    _open_accounts(run, person)
    _administer(run)
    _be_refused(run)
    for name, value in person.http.cookies.items():
        run.keep(f"cookie {name}", value)
    answer = run.world.wire.send(
        Sent("POST", "/logout").with_header(BEARER, run.secrets["access token"])
    )
    run.noted("Logout", answer)
    return run


def _log_in(run: Run, person: Person) -> None:
    oidc = Oidc(run.world.wire)
    client = oidc.client()
    run.keep("client secret", client["clientSecret"])
    started = oidc.start(client)
    run.keep("device code", started["deviceCode"])
    run.keep("user code", started["userCode"])
    person.approve_device(started["userCode"])
    first = run.noted("CreateToken by device code", oidc.poll(client, started))
    run.keep("first refresh token", first["refreshToken"])
    run.keep("first access token", first["accessToken"])
    answer = oidc.token(client, "refresh_token", refreshToken=first["refreshToken"])
    second = run.noted("CreateToken by refresh token", answer)
    run.keep("access token", second["accessToken"])
    run.keep("second refresh token", second["refreshToken"])
    pkce, challenge = oidc.pkce_client(), Challenge()
    run.keep("second client secret", pkce["clientSecret"])
    code = authorization_code(person, pkce, challenge)
    run.keep("authorization code", code)
    run.keep("code verifier", challenge.verifier)
    answer = oidc.token(
        pkce,
        "authorization_code",
        code=code,
        redirectUri="http://127.0.0.1:43210/oauth/callback",
        codeVerifier=challenge.verifier,
    )
    third = run.noted("CreateToken by authorization code", answer)
    run.keep("third access token", third["accessToken"])
    run.keep("third refresh token", third["refreshToken"])


def _open_accounts(run: Run, person: Person) -> None:
    world = run.world
    playground = world.account("sakura-playground")
    target = f"/federation/credentials?role_name=DeveloperAccess&account_id={playground}"
    sent = Sent("GET", target).with_header(BEARER, run.secrets["access token"])
    given = run.noted("GetRoleCredentials", world.wire.send(sent))["roleCredentials"]
    run.keep("role session's secret key", given["secretAccessKey"])
    run.keep("role session's token", given["sessionToken"])
    response = response_of(person, world, "sakura-playground", "AdministratorAccess")
    run.keep("SAML response", response)
    arns = role_and_provider(world, "sakura-playground", "AdministratorAccess")
    answer = world.wire.send(
        world.wire.request("sts", "AssumeRoleWithSAML", {**arns, "SAMLAssertion": response})
    )
    run.noted("AssumeRoleWithSAML", answer)
    for name in ("SecretAccessKey", "SessionToken"):
        start = answer.body.index(f"<{name}>".encode()) + len(name) + 2
        end = answer.body.index(b"<", start)
        run.keep(f"SAML session's {name}", answer.body[start:end].decode())
    wanted = {"account_id": playground, "role_name": "AdministratorAccess"}
    page = person.http.get("/access-keys", params=wanted)
    page = person.post_form(page, "/access-keys", **wanted)
    assert "ASIA" in page.text


def _administer(run: Run) -> None:
    world = run.world
    answer = world.wire.call(
        "identitystore",
        "CreateUser",
        {
            "IdentityStoreId": world.store,
            "UserName": run.keep("user name", SECRET_NAME),
            "DisplayName": f"{SECRET_NAME} Display",
            "Name": {"GivenName": f"{SECRET_NAME} Given", "FamilyName": f"{SECRET_NAME} Family"},
            "Emails": [{"Value": run.keep("e-mail", SECRET_MAIL), "Primary": True}],
            "PhoneNumbers": [{"Value": run.keep("phone", "+81-90-5555-4444")}],
            "Birthdate": run.keep("birthdate", "1987-06-05"),
        },
    )
    user_id = run.noted("CreateUser", answer)["UserId"]
    changed = [{"AttributePath": "title", "AttributeValue": run.keep("title", "Chief Secretary")}]
    params = {"IdentityStoreId": world.store, "UserId": user_id}
    answer = world.wire.call("identitystore", "UpdateUser", {**params, "Operations": changed})
    run.noted("UpdateUser", answer)
    run.noted("DeleteUser", world.wire.call("identitystore", "DeleteUser", params))
    for entry in world.server.facts["accounts"]:
        if entry["id"] != world.management:
            given = world.admin.sts.assume_role(
                RoleArn=f"arn:aws:iam::{entry['id']}:role/OrganizationAccountAccessRole",
                RoleSessionName="auditor",
            )
            run.members[entry["alias"]] = assumed(given)
            run.keep(f"secret in {entry['alias']}", given["Credentials"]["SecretAccessKey"])
            run.keep(f"token in {entry['alias']}", given["Credentials"]["SessionToken"])
            run.requests["AssumeRole"] = given["ResponseMetadata"]["RequestId"]


def _be_refused(run: Run) -> None:
    """Every secret once more, where it does not fit."""
    world, oidc, kept = run.world, Oidc(run.world.wire), dict(run.secrets)
    client = oidc.client()
    run.keep("third client secret", client["clientSecret"])
    mixed = {**client, "clientSecret": kept["client secret"]}
    for sent in (
        oidc.token(mixed, DEVICE_CODE, deviceCode=kept["device code"]),
        oidc.token(client, DEVICE_CODE, deviceCode=kept["user code"]),
        oidc.token(client, "refresh_token", refreshToken=kept["second refresh token"]),
        oidc.token(
            client,
            "authorization_code",
            code=kept["authorization code"],
            codeVerifier=kept["code verifier"],
            redirectUri="http://127.0.0.1:43210/oauth/callback",
        ),
    ):
        assert sent.status >= 400
        assert trail.of_request(world, sent.request_id, "CreateToken")
    target = "/federation/credentials?role_name=No&account_id=" + world.management
    for token in ("access token", "role session's token", "first access token"):
        answer = world.wire.send(Sent("GET", target).with_header(BEARER, kept[token]))
        assert answer.status >= 400
        assert trail.of_request(world, answer.request_id, "GetRoleCredentials")
    member = run.members["sakura-playground"]
    administrator = world.wire.administrator
    for keys in (
        {**member, "session_token": kept["role session's token"]},
        {**member, "secret_access_key": administrator["secret_access_key"]},
        {"access_key_id": "AKIA" + "Q" * 16, "secret_access_key": member["secret_access_key"]},
        {**administrator, "session_token": member["session_token"]},
    ):
        answer = world.wire.call("iam", "ListRoles", {}, keys)
        assert answer.status >= 400
        assert trail.of_request(world, answer.request_id, "ListRoles")
    arns = role_and_provider(world, "sakura-playground", "AdministratorAccess")
    assertion = {**arns, "SAMLAssertion": kept["SAML response"]}
    answer = world.wire.send(world.wire.request("sts", "AssumeRoleWithSAML", assertion))
    assert answer.status >= 400
    assert trail.of_request(world, answer.request_id, "AssumeRoleWithSAML")
    _look_for_people(run, member)


def _look_for_people(run: Run, stranger: Keys) -> None:
    """What is told of a person, asked for by who may not, in vain, and in a wrong way."""
    world, at = run.world, {"IdentityStoreId": run.world.store}
    mail = {"AttributePath": "emails.value", "AttributeValue": SECRET_MAIL}
    name = {"AttributePath": "UserName", "AttributeValue": SECRET_NAME}
    whole = {
        "UserName": SECRET_NAME,
        "DisplayName": SECRET_NAME,
        "Emails": [{"Value": SECRET_MAIL}],
    }
    for operation, params, keys in (
        ("GetUserId", {**at, "AlternateIdentifier": {"UniqueAttribute": mail}}, None),
        (
            "GetUserId",
            {"IdentityStoreId": "d-0000000000", "AlternateIdentifier": {"UniqueAttribute": mail}},
            stranger,
        ),
        ("ListUsers", {"IdentityStoreId": "d-0000000000", "Filters": [name]}, None),
        ("ListUsers", {**at, "Filters": [name], "MaxResults": 1000}, None),
        ("CreateUser", {**at, **whole}, stranger),
        ("CreateUser", {**at, **whole, "Title": "x" * 2000}, None),
    ):
        answer = world.wire.call("identitystore", operation, params, keys)
        assert answer.status == 400, answer
        assert trail.of_request(world, answer.request_id, operation, keys)


def person_identity(run: Run) -> dict[str, Any]:
    world = run.world
    return {
        "type": "IdentityCenterUser",
        "accountId": world.management,
        "onBehalfOf": {
            "userId": world.users["alex"],
            "identityStoreArn": (
                f"arn:aws:identitystore::{world.management}:identitystore/{world.store}"
            ),
        },
    }


def test_no_secret_is_in_any_trail_or_in_the_log(run: Run) -> None:
    trails = [trail.events(run.world), *(trail.events(run.world, k) for k in run.members.values())]
    assert len(trails) == 8
    whole = repr(trails)
    assert len(trails[0]) > 75
    log = run.world.server.log()[run.log_began :]
    assert len(run.secrets) > 35
    for name, secret in run.secrets.items():
        assert secret not in whole, name
        assert secret not in log, name


@pytest.mark.parametrize(
    ("request_name", "event", "source", "reads"),
    [
        ("CreateToken by device code", "CreateToken", "sso", "deviceCode"),
        ("CreateToken by refresh token", "CreateToken", "sso", "refreshToken"),
        ("CreateToken by authorization code", "CreateToken", "sso", "code"),
        ("GetRoleCredentials", "GetRoleCredentials", "sso", None),
        ("Logout", "Logout", "sso", None),
    ],
)
def test_what_a_person_does_is_on_behalf_of_that_person(
    run: Run, request_name: str, event: str, source: str, reads: str | None
) -> None:
    (record,) = trail.of_request(run.world, run.requests[request_name], event)
    assert record["eventSource"] == f"{source}.amazonaws.com"
    identity = record["userIdentity"]
    assert identity.pop("credentialId")
    assert identity == person_identity(run)
    if reads:
        assert record["requestParameters"][reads] == HIDDEN
        assert record["requestParameters"]["clientSecret"] == HIDDEN


def test_a_role_taken_by_saml_is_recorded_where_it_was_taken(run: Run) -> None:
    keys = run.members["sakura-playground"]
    request_id = run.requests["AssumeRoleWithSAML"]
    (record,) = trail.of_request(run.world, request_id, "AssumeRoleWithSAML", keys)
    playground = run.world.account("sakura-playground")
    assert record["eventSource"] == "sts.amazonaws.com"
    assert record["recipientAccountId"] == playground
    answered = record["responseElements"]
    assert record["userIdentity"] == {
        "type": "SAMLUser",
        "principalId": f"{answered['nameQualifier']}:{run.world.users['alex']}",
        "userName": run.world.users["alex"],
        "identityProvider": answered["nameQualifier"],
    }
    assert answered["subject"] == run.world.users["alex"]
    assert answered["credentials"]["secretAccessKey"] == HIDDEN
    assert answered["credentials"]["sessionToken"] == HIDDEN
    assert answered["credentials"]["accessKeyId"].startswith("ASIA")
    assert trail.of_request(run.world, request_id, "AssumeRoleWithSAML") == []


def test_attributes_of_a_person_are_hidden_and_ids_are_not(run: Run) -> None:
    (record,) = trail.of_request(run.world, run.requests["CreateUser"], "CreateUser")
    asked = record["requestParameters"]
    assert asked["identityStoreId"] == run.world.store
    for name in ("userName", "displayName", "name", "emails", "phoneNumbers", "birthdate"):
        assert asked[name] == HIDDEN
    assert record["responseElements"]["userId"]
    (record,) = trail.of_request(run.world, run.requests["UpdateUser"], "UpdateUser")
    (operation,) = record["requestParameters"]["operations"]
    assert operation == {"attributePath": "title", "attributeValue": HIDDEN}
    assert len(trail.of_request(run.world, run.requests["DeleteUser"], "DeleteUser")) == 1


def test_a_session_of_a_role_is_recorded_without_its_secrets(run: Run) -> None:
    (record,) = trail.of_request(run.world, run.requests["AssumeRole"], "AssumeRole")
    assert record["eventSource"] == "sts.amazonaws.com"
    assert record["userIdentity"]["type"] == "IAMUser"
    assert record["requestParameters"]["roleSessionName"] == "auditor"
    given = record["responseElements"]["credentials"]
    assert (given["secretAccessKey"], given["sessionToken"]) == (HIDDEN, HIDDEN)


def test_a_sign_in_is_three_service_events_and_each_failure_two_more(run: Run) -> None:
    """Reference §11: Challenge, Verification, UserAuthentication under one workflow."""
    source = {"AttributeKey": "EventSource", "AttributeValue": "signin.amazonaws.com"}
    found = trail.records(run.world, LookupAttributes=[source])
    assert sorted((r["eventName"], *r["serviceEventDetails"].items()) for r in found) == [
        ("CredentialChallenge", ("CredentialChallenge", "Success")),
        ("CredentialChallenge", ("CredentialChallenge", "Success")),
        ("CredentialVerification", ("CredentialVerification", "Failure")),
        ("CredentialVerification", ("CredentialVerification", "Success")),
        ("UserAuthentication", ("UserAuthentication", "Success")),
    ]
    assert len({record["additionalEventData"]["AuthWorkflowID"] for record in found}) == 1
    for record in found:
        assert record["eventType"] == "AwsServiceEvent"
        assert record["requestParameters"] is None
        assert record["responseElements"] is None
        data = record["additionalEventData"]
        assert data["CredentialType"] == "PASSWORD"
        named = record["eventName"] == "CredentialChallenge"
        assert data.get("UserName") == ("alex" if named else None)
        if record["eventName"] == "UserAuthentication":
            identity = record["userIdentity"]
            assert identity["onBehalfOf"]["userId"] == run.world.users["alex"]


def test_every_record_has_the_members_of_cloudtrail(run: Run) -> None:
    for record in trail.records(run.world):
        assert record.keys() >= {
            "eventVersion",
            "userIdentity",
            "eventTime",
            "eventSource",
            "eventName",
            "awsRegion",
            "sourceIPAddress",
            "userAgent",
            "requestParameters",
            "responseElements",
            "requestID",
            "eventID",
            "readOnly",
            "eventType",
            "managementEvent",
            "recipientAccountId",
            "eventCategory",
        }
        assert record["readOnly"] is (record["eventName"] in READS)
        assert record["recipientAccountId"] == run.world.management
        assert record["userIdentity"]["type"] in (
            "IAMUser",
            "AssumedRole",
            "IdentityCenterUser",
            "AWSService",
            "Unknown",
        )
    ids = [record["eventID"] for record in trail.records(run.world)]
    assert len(ids) == len(set(ids))
