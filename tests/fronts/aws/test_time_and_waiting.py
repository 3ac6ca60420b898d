"""What time ends, and what is refused while something runs, on a server with both in hand."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.fronts.aws import trail
from tests.fronts.aws.adjustable import Knobs
from tests.fronts.aws.conftest import StartProgram
from tests.fronts.aws.oidc import DEVICE_CODE, Challenge, Oidc, authorization_code
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.saml import response_of, role_and_provider
from tests.fronts.aws.wire import Sent
from tests.fronts.aws.world import INLINE, READ_ONLY, VIEW_ONLY, World, assumed, read_world
from tests.support.person import Person, device_token
from tests.support.server import Server

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
BUSY = "There is a conflicting operation in process."
FULL = "There are too many requests processing. Please try again later."


@pytest.fixture(scope="module")
def adjustable(
    start_program: StartProgram, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Knobs]]:
    """A server of this module's own."""
    knobs = Knobs(tmp_path_factory.mktemp("knobs"))
    yield start_program("adjustable", knobs.environment), knobs
    knobs.reset()


@pytest.fixture
def knobs(adjustable: tuple[Server, Knobs]) -> Knobs:
    adjustable[1].reset()
    return adjustable[1]


@pytest.fixture
def world(adjustable: tuple[Server, Knobs], knobs: Knobs) -> Iterator[World]:
    """A clean organization at the right time."""
    adjustable[0].reset()
    yield read_world(adjustable[0])
    knobs.reset()


def role(world: World, alias: str = "sakura-web-dev") -> dict[str, str]:
    account = world.account(alias)
    return {
        "RoleArn": f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
        "RoleSessionName": "tests",
    }


def test_a_session_that_has_run_out_is_called_expired(world: World, knobs: Knobs) -> None:
    keys = assumed(world.admin.sts.assume_role(**role(world), DurationSeconds=900))
    sentence = "The security token included in the request is expired"
    for minutes, status in ((14, 200), (16, 403)):
        knobs.forward(minutes * MINUTE)
        at = timedelta(minutes=minutes)
        answer = world.wire.call("sts", "GetCallerIdentity", {}, keys, at=at)
        assert answer.status == status
    assert (answer.code, answer.message) == ("ExpiredToken", sentence)
    answer = world.wire.call("sso-admin", "ListInstances", {}, keys, at=at)
    assert (answer.status, answer.code, answer.message) == (400, "ExpiredTokenException", sentence)
    expired = answer.request_id
    # Only who can sign is told that it has expired.
    wrong = {**keys, "secret_access_key": "x" * 40}
    answer = world.wire.call("sts", "GetCallerIdentity", {}, wrong, at=at)
    assert answer.code == "SignatureDoesNotMatch"
    knobs.forward(0)
    account = assumed(world.admin.sts.assume_role(**role(world)))
    (record,) = trail.of_request(world, expired, "ListInstances", account)
    assert record["errorCode"] == "ExpiredTokenException"
    assert record["userIdentity"]["type"] == "AssumedRole"
    assert record["userIdentity"]["accessKeyId"] == keys["access_key_id"]


def test_a_signature_is_as_old_as_the_servers_clock_says(world: World, knobs: Knobs) -> None:
    knobs.forward(16 * MINUTE)
    answer = world.wire.call("identitystore", "ListUsers", {"IdentityStoreId": world.store})
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert (answer.message or "").startswith("Signature expired: ")


def test_a_device_code_runs_out_after_ten_minutes(world: World, knobs: Knobs) -> None:
    oidc = Oidc(world.wire)
    client = oidc.client()
    started = oidc.start(client)
    assert oidc.poll(client, started).json["error"] == "authorization_pending"
    knobs.forward(10 * MINUTE + 1000)
    # Also when what was kept of it is long gone.
    for forward in (10 * MINUTE + 1000, DAY):
        knobs.forward(forward)
        oidc.start(client)
        answer = oidc.poll(client, started)
        assert (answer.status, answer.error_type) == (400, "ExpiredTokenException")
        assert answer.body == b'{"error":"expired_token","error_description":null}'


def test_a_client_that_was_slowed_down_may_go_on_later(world: World, knobs: Knobs) -> None:
    oidc = Oidc(world.wire)
    client = oidc.client()
    started = oidc.start(client)
    errors = [oidc.poll(client, started).json["error"] for _ in range(6)]
    assert errors == ["authorization_pending"] * 4 + ["slow_down"] * 2
    knobs.forward(5000)
    assert oidc.poll(client, started).json["error"] == "authorization_pending"


def test_a_registration_runs_out_after_ninety_days(world: World, knobs: Knobs) -> None:
    oidc = Oidc(world.wire)
    client = oidc.client()
    start = {**client, "startUrl": world.server.facts["start_url"]}
    knobs.forward(90 * DAY - MINUTE)
    assert oidc.ask("StartDeviceAuthorization", start).status == 200
    knobs.forward(90 * DAY + MINUTE)
    answer = oidc.ask("StartDeviceAuthorization", start)
    assert (answer.status, answer.error_type) == (401, "InvalidClientException")


def test_an_authorization_code_runs_out_after_two_minutes(world: World, knobs: Knobs) -> None:
    oidc, person, challenge = Oidc(world.wire), Person(world.server, "ken"), Challenge()
    person.sign_in()
    client = oidc.pkce_client()
    code = authorization_code(person, client, challenge)
    knobs.forward(2 * MINUTE + 1000)
    answer = oidc.token(
        client,
        "authorization_code",
        code=code,
        redirectUri="http://127.0.0.1:43210/oauth/callback",
        codeVerifier=challenge.verifier,
    )
    assert (answer.status, answer.error_type) == (400, "ExpiredTokenException")


def test_tokens_run_out_in_an_hour_and_never_outlive_the_sign_in(
    world: World, knobs: Knobs
) -> None:
    oidc = Oidc(world.wire)
    given = device_token(world.server, "ken")
    client = {name: given[name] for name in ("clientId", "clientSecret")}

    def listed(token: str) -> int:
        sent = Sent("GET", "/assignment/accounts").with_header("x-amz-sso_bearer_token", token)
        answer = world.wire.send(sent)
        if answer.status != 200:
            assert answer.body == b'{"message":"Session token not found or invalid"}'
        return answer.status

    assert listed(given["accessToken"]) == 200
    knobs.forward(HOUR + MINUTE)
    assert listed(given["accessToken"]) == 401
    second = oidc.token(client, "refresh_token", refreshToken=given["refreshToken"]).json
    assert listed(second["accessToken"]) == 200
    knobs.forward(7 * HOUR + 30 * MINUTE)
    third = oidc.token(client, "refresh_token", refreshToken=second["refreshToken"]).json
    assert third["expiresIn"] <= 30 * 60
    knobs.forward(8 * HOUR + MINUTE)
    assert listed(third["accessToken"]) == 401
    answer = oidc.token(client, "refresh_token", refreshToken=third["refreshToken"])
    assert answer.body == (
        b'{"error":"invalid_grant","error_description":"Invalid refresh token provided"}'
    )


def test_a_saml_response_runs_out_after_five_minutes(world: World, knobs: Knobs) -> None:
    person = Person(world.server, "ken")
    person.sign_in()
    arns = role_and_provider(world, "sakura-playground", "ReadOnlyAccess")
    response = response_of(person, world, "sakura-playground", "ReadOnlyAccess")
    # A minute is granted to the clocks.
    knobs.forward(6 * MINUTE + 1000)
    answer = world.wire.send(
        world.wire.request("sts", "AssumeRoleWithSAML", {**arns, "SAMLAssertion": response})
    )
    assert (answer.status, answer.code, answer.message) == (
        400,
        "ExpiredTokenException",
        "Token must be redeemed within 5 minutes of issuance",
    )


def creating(world: World, alias: str, **changed: str) -> dict[str, str]:
    return {
        "InstanceArn": world.instance,
        "TargetId": world.account(alias),
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": world.sets["ReadOnlyAccess"],
        "PrincipalType": "USER",
        "PrincipalId": world.users["ken"],
        **changed,
    }


def test_nothing_changes_under_a_running_request(world: World, knobs: Knobs) -> None:
    sso = world.admin.sso_admin
    knobs.hold()
    asked = creating(world, "sakura-web-dev")
    request_id = sso.create_account_assignment(**asked)["AccountAssignmentCreationStatus"][
        "RequestId"
    ]
    assert world.status("creation", request_id)["Status"] == "IN_PROGRESS"
    running = sso.list_account_assignment_creation_status(
        InstanceArn=world.instance, Filter={"Status": "IN_PROGRESS"}
    )["AccountAssignmentsCreationStatus"]
    assert [row["RequestId"] for row in running] == [request_id]
    target = {"InstanceArn": world.instance, "PermissionSetArn": asked["PermissionSetArn"]}
    reference = {"CustomerManagedPolicyReference": {"Name": "Mine"}}
    calls: list[tuple[Any, dict[str, Any]]] = [
        (sso.create_account_assignment, asked),
        (sso.create_account_assignment, {**asked, "PrincipalId": world.users["maria"]}),
        (sso.delete_account_assignment, asked),
        (
            sso.provision_permission_set,
            {**target, "TargetType": "AWS_ACCOUNT", "TargetId": asked["TargetId"]},
        ),
        (sso.update_permission_set, target),
        (sso.delete_permission_set, target),
        (sso.attach_managed_policy_to_permission_set, {**target, "ManagedPolicyArn": VIEW_ONLY}),
        (sso.detach_managed_policy_from_permission_set, {**target, "ManagedPolicyArn": READ_ONLY}),
        (
            sso.attach_customer_managed_policy_reference_to_permission_set,
            {**target, **reference},
        ),
        (
            sso.detach_customer_managed_policy_reference_from_permission_set,
            {**target, **reference},
        ),
        (sso.put_inline_policy_to_permission_set, {**target, "InlinePolicy": INLINE}),
        (sso.delete_inline_policy_from_permission_set, target),
        (
            sso.put_permissions_boundary_to_permission_set,
            {**target, "PermissionsBoundary": {"ManagedPolicyArn": VIEW_ONLY}},
        ),
        (sso.delete_permissions_boundary_from_permission_set, target),
    ]
    for call, params in calls:
        refused(call, "ConflictException", BUSY, members={}, **params)
    # What runs elsewhere is nobody's business here.
    other = sso.create_account_assignment(**creating(world, "sakura-data-dev"))
    knobs.release()
    world.settled("creation", request_id)
    world.settled("creation", other["AccountAssignmentCreationStatus"]["RequestId"])
    refusals = [
        record
        for record in trail.records(world, **trail.named("CreateAccountAssignment"))
        if record.get("errorCode") == "ConflictException"
    ]
    assert len(refusals) == 2
    assert {record["errorMessage"] for record in refusals} == {BUSY}


def test_fifteen_assignments_may_be_made_at_a_time(world: World, knobs: Knobs) -> None:
    sso = world.admin.sso_admin
    sets = [world.permission_set(f"Set{number}") for number in range(3)]
    aliases = [entry["alias"] for entry in world.server.facts["accounts"]]
    pairs = [(arn, alias) for arn in sets for alias in aliases][:16]
    knobs.hold()
    made = []
    for arn, alias in pairs[:15]:
        asked = creating(world, alias, PermissionSetArn=arn)
        answer = sso.create_account_assignment(**asked)
        made.append(answer["AccountAssignmentCreationStatus"]["RequestId"])
    arn, alias = pairs[15]
    asked = creating(world, alias, PermissionSetArn=arn)
    refused(sso.create_account_assignment, "ThrottlingException", FULL, members={}, **asked)
    answer = world.wire.call("sso-admin", "CreateAccountAssignment", asked)
    assert answer.json == {"__type": "ThrottlingException", "Message": FULL}
    knobs.release()
    for request_id in made:
        world.settled("creation", request_id)
    assert world.assign(arn, world.users["ken"], alias)


def test_three_permission_sets_may_be_provisioned_at_a_time(world: World, knobs: Knobs) -> None:
    sso = world.admin.sso_admin
    knobs.hold()

    def provision(alias: str) -> dict[str, str]:
        return {
            "InstanceArn": world.instance,
            "PermissionSetArn": world.sets["ReadOnlyAccess"],
            "TargetType": "AWS_ACCOUNT",
            "TargetId": world.account(alias),
        }

    aliases = ["sakura-web-dev", "sakura-data-dev", "sakura-security", "sakura-playground"]
    made = [sso.provision_permission_set(**provision(alias)) for alias in aliases[:3]]
    refused(
        sso.provision_permission_set,
        "ThrottlingException",
        FULL,
        members={},
        **provision(aliases[3]),
    )
    knobs.release()
    for answer in made:
        world.settled("provisioning", answer["PermissionSetProvisioningStatus"]["RequestId"])


def test_access_ends_with_the_answer_although_the_role_goes_later(
    world: World, knobs: Knobs
) -> None:
    given = device_token(world.server, "ken")
    playground = world.account("sakura-playground")
    sent = Sent(
        "GET", f"/federation/credentials?role_name=ReadOnlyAccess&account_id={playground}"
    ).with_header("x-amz-sso_bearer_token", given["accessToken"])
    credentials = world.wire.send(sent).json["roleCredentials"]
    keys = {
        "access_key_id": credentials["accessKeyId"],
        "secret_access_key": credentials["secretAccessKey"],
        "session_token": credentials["sessionToken"],
    }
    assert world.wire.call("sts", "GetCallerIdentity", {}, keys).status == 200
    knobs.hold()
    asked = creating(world, "sakura-playground")
    answer = world.admin.sso_admin.delete_account_assignment(**asked)
    assert world.wire.call("sts", "GetCallerIdentity", {}, keys).status == 403
    assert world.wire.send(sent).status == 403
    iam = world.server.client("iam", world.member_administrator("sakura-playground"))
    names = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    assert any(name.startswith("AWSReservedSSO_ReadOnlyAccess_") for name in names)
    knobs.release()
    request_id = answer["AccountAssignmentDeletionStatus"]["RequestId"]
    world.settled("deletion", request_id)


def test_a_right_comes_only_when_its_role_stands(world: World, knobs: Knobs) -> None:
    given = device_token(world.server, "ken")
    web_dev = world.account("sakura-web-dev")
    sent = Sent(
        "GET", f"/federation/credentials?role_name=ReadOnlyAccess&account_id={web_dev}"
    ).with_header("x-amz-sso_bearer_token", given["accessToken"])
    knobs.hold()
    asked = creating(world, "sakura-web-dev")
    answer = world.admin.sso_admin.create_account_assignment(**asked)
    assert world.wire.send(sent).body == b'{"message":"No access"}'
    knobs.release()
    world.settled("creation", answer["AccountAssignmentCreationStatus"]["RequestId"])
    assert world.wire.send(sent).status == 200


def test_a_poll_that_waits_leaves_no_record_and_a_wrong_one_does(
    world: World, knobs: Knobs
) -> None:
    oidc = Oidc(world.wire)
    client = oidc.client()
    started = oidc.start(client)
    for _ in range(6):
        oidc.poll(client, started)
    assert trail.records(world, **trail.named("CreateToken")) == []
    oidc.token(client, DEVICE_CODE, deviceCode="x")
    (record,) = trail.records(world, **trail.named("CreateToken"))
    assert record["errorCode"] == "InvalidGrantException"
