"""Every signed operation by somebody who may not, and then by somebody who may.

Each request's CloudTrail records are counted: exactly one for a change and for whatever is refused,
none for a read that is answered.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from genkan.audit import redaction
from genkan.protocols.aws.names import snake_case
from tests.fronts.aws import trail
from tests.fronts.aws.samples import SIGNED, keys_of, sample, writes
from tests.fronts.aws.samples_instances import BY
from tests.fronts.aws.wire import PROTOCOLS, Answer, Keys
from tests.fronts.aws.world import World, at_rest
from tests.perform.dump import AUDIT, Dump, changes
from tests.support.person import role_credentials

SOURCES = {"sso-admin": "sso"}
#: What every member account may read of its organization (reference §1.7, §10).
MEMBERS_READ = {
    ("sso-admin", "ListInstances"),
    # Of its own account: none.
    ("identitystore", "ListIdentityStores"),
    ("sso-admin", "ListApplicationProviders"),
    ("sso-admin", "DescribeApplicationProvider"),
    ("organizations", "DescribeOrganization"),
    *(
        ("identitystore", name)
        for name in (
            "DescribeUser",
            "ListUsers",
            "GetUserId",
            "DescribeGroup",
            "ListGroups",
            "GetGroupId",
            "DescribeGroupMembership",
            "GetGroupMembershipId",
            "ListGroupMemberships",
            "ListGroupMembershipsForMember",
            "IsMemberInGroups",
        )
    ),
}
#: What is always about the caller's own account.
OWN_ACCOUNT = ("iam", "sts", "cloudtrail")
ANYBODY = ("sts", "GetCallerIdentity")
#: Members are refused by sentences of AWS Organizations itself.
ORGANIZATIONS_SENTENCE = "You don't have permissions to access this resource."


@pytest.fixture(scope="module")
def world(furnished: World) -> World:
    return furnished


@pytest.fixture(scope="module")
def clerk(furnished: World) -> Keys:
    """A person in the management account who may use nothing but s3."""
    return role_credentials(furnished.server, "ken", "sakura-management", "Clerk")


@pytest.fixture(scope="module")
def outsider(furnished: World) -> Keys:
    """The administrator of a member account."""
    return furnished.member_administrator()


@pytest.fixture(scope="module")
def standing(world: World, clerk: Keys, outsider: Keys) -> list[Dump]:
    """The store as it stood when a test last looked, and after all have signed in."""
    return [at_rest(world)]


@pytest.fixture
def only_audited(world: World, standing: list[Dump]) -> Iterator[list[int]]:
    """The test's request leaves nothing but the audit records that it says it leaves."""
    expected = [0]
    yield expected
    before, standing[0] = standing[0], at_rest(world)
    wanted = {AUDIT: (expected[0], 0)} if expected[0] else {}
    assert changes(before, standing[0]) == wanted


def action_of(service: str, operation: str) -> str:
    """The IAM action of an operation."""
    return f"{SOURCES.get(service, service)}:{operation}"


def _lower(name: str) -> str:
    """A member's name as a record spells it."""
    return redaction.camel(snake_case(name))


def is_denied(service: str, answer: Answer) -> None:
    """AWS's code and status for a caller who is known and may not."""
    if PROTOCOLS[service] == "query":
        assert (answer.status, answer.code) == (403, "AccessDenied"), answer
    else:
        assert (answer.status, answer.code) == (400, "AccessDeniedException"), answer


@pytest.mark.parametrize(("service", "operation"), [pair for pair in SIGNED if pair != ANYBODY])
def test_nobody_does_what_no_policy_of_theirs_allows(
    world: World, clerk: Keys, only_audited: list[int], service: str, operation: str
) -> None:
    answer = world.wire.call(service, operation, sample(world, service, operation), clerk)
    is_denied(service, answer)
    caller = f"arn:aws:sts::{world.management}:assumed-role/{world.more['role']}/ken"
    action = action_of(service, operation)
    reason = f" because no identity-based policy allows the {action} action"
    assert re.fullmatch(
        f"User: {caller} is not authorized to perform: {action}( on resource: arn:aws:[^ ]+)?"
        f"({reason})?",
        answer.message or "",
    )
    # Another account's instance: no policy of this one is asked.
    unasked = operation in ("AssumeRole", "DeleteInstance")
    assert unasked or (answer.message or "").endswith(reason)
    only_audited[0] = 1
    (record,) = trail.of_request(world, answer.request_id, operation)
    assert record["eventSource"] == f"{SOURCES.get(service, service)}.amazonaws.com"
    assert record["eventName"] == operation
    assert record["errorCode"] == "AccessDenied"
    assert record["errorMessage"] == answer.message
    assert record["readOnly"] is not writes(service, operation)
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["responseElements"] is None
    asked = record["requestParameters"] or {}
    assert asked.keys() >= {_lower(name) for name in sample(world, service, operation)}
    identity = record["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == caller
    assert identity["onBehalfOf"]["userId"] == world.users["ken"]


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        pair
        for pair in SIGNED
        if pair[0] not in OWN_ACCOUNT and pair != ("sso-admin", "CreateInstance")
    ],
)
def test_a_member_account_administers_nothing(
    world: World, outsider: Keys, only_audited: list[int], service: str, operation: str
) -> None:
    answer = world.wire.call(service, operation, sample(world, service, operation), outsider)
    if (service, operation) in MEMBERS_READ:
        assert answer.status == 200, answer
        return
    is_denied(service, answer)
    assert answer.message is not None
    if service == "organizations":
        assert answer.message == ORGANIZATIONS_SENTENCE
    else:
        assert f"is not authorized to perform: {action_of(service, operation)}" in answer.message
    only_audited[0] = 1
    (record,) = trail.of_request(world, answer.request_id, operation, outsider)
    assert record["errorCode"] == "AccessDenied"
    assert record["readOnly"] is not writes(service, operation)
    assert trail.of_request(world, answer.request_id, operation) == []


@pytest.mark.parametrize(
    "operation", [name for service, name in SIGNED if service == "iam" and name != "CreatePolicy"]
)
def test_iam_answers_a_member_account_about_itself_only(
    world: World, outsider: Keys, only_audited: list[int], operation: str
) -> None:
    params = sample(world, "iam", operation)
    answer = world.wire.call("iam", operation, params, outsider)
    if operation.startswith("GetPolicy"):
        assert answer.status == 200
        answer = world.wire.call("iam", operation, params)
    if operation.startswith("List") and not {"RoleName", "PolicyArn"} & params.keys():
        assert answer.status == 200
        assert f"arn:aws:iam::{world.account('sakura-data-dev')}:".encode() in answer.body
        assert f"arn:aws:iam::{world.management}:".encode() not in answer.body
    else:
        assert (answer.status, answer.code) == (404, "NoSuchEntity")
        only_audited[0] = 1
        keys = None if operation.startswith("GetPolicy") else outsider
        (record,) = trail.of_request(world, answer.request_id, operation, keys)
        assert record["errorCode"] == "NoSuchEntity"
        assert record["readOnly"] is not writes("iam", operation)


def test_a_member_account_sees_its_own_trail_only(
    world: World, outsider: Keys, only_audited: list[int]
) -> None:
    only_audited[0] = 1
    world.wire.call("sso-admin", "CreatePermissionSet", {}, outsider)
    found = trail.records(world, outsider)
    assert {record["recipientAccountId"] for record in found} == {world.account("sakura-data-dev")}


@pytest.mark.parametrize(("service", "operation"), SIGNED)
def test_every_sample_succeeds_and_a_change_leaves_exactly_one_record(
    world: World, service: str, operation: str
) -> None:
    keys = keys_of(world, service, operation)
    began = datetime.now(UTC)
    answer = world.wire.call(service, operation, sample(world, service, operation), keys)
    assert answer.status == 200, answer
    found = trail.of_request(world, answer.request_id, operation, keys)
    assert len(found) == int(writes(service, operation))
    own = world.account(BY[operation]) if operation in BY else world.management
    for record in found:
        assert record["eventSource"] == f"{SOURCES.get(service, service)}.amazonaws.com"
        assert record["eventName"] == operation
        assert record["eventType"] == "AwsApiCall"
        assert record["readOnly"] is False
        assert record["awsRegion"] == "us-east-1"
        assert record["sourceIPAddress"] == "127.0.0.1"
        assert record["recipientAccountId"] == own
        assert "errorCode" not in record
        moment = datetime.fromisoformat(record["eventTime"])
        assert abs((moment - began).total_seconds()) < 30
        if operation in BY:
            continue
        assert record["userIdentity"] == {
            "type": "IAMUser",
            "principalId": record["userIdentity"]["principalId"],
            "arn": f"arn:aws:iam::{world.management}:user/administrator",
            "accountId": world.management,
            "accessKeyId": world.wire.administrator["access_key_id"],
            "userName": "administrator",
        }
