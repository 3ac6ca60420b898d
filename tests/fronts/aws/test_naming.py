"""Each member that names a resource naming nothing, and naming what is another's.

What to expect is read from the errors of botocore's models (reference §15) and from the tables
here, which give the section. Whatever is refused changes nothing, and nothing of another's is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.fronts.aws.naming import (
    STRANGER,
    Naming,
    Other,
    Params,
    furnish_other,
    named,
    namings,
    requests,
    unknown,
)
from tests.fronts.aws.samples import SIGNED, sample
from tests.fronts.aws.wire import Answer, service_model
from tests.fronts.aws.world import NOBODY, World, at_rest
from tests.perform.dump import AUDIT, Dump, changes

ABSENT = "ResourceNotFoundException"
DENIED = "AccessDeniedException"
INVALID = "ValidationException"

#: Operations that take what names nothing, by the reason; `*` for any operation.
TAKEN = {
    "CreateAccountAssignment.PrincipalId": "it fails later (§4)",
    "DeleteAccountAssignment.PrincipalId": "it fails later (§4)",
    "DeleteAccountAssignment.TargetId": "it fails later (§4)",
    "ListAccountAssignments.AccountId": "nothing is assigned there",
    "ListAccountAssignmentsForPrincipal.Filter.AccountId": "nothing is assigned there",
    "ListPermissionSetsProvisionedToAccount.AccountId": "nothing is provisioned there",
    "ListApplications.Filter.ApplicationAccount": "a filter that nothing passes",
    "ListApplications.Filter.ApplicationProvider": "a filter that nothing passes",
    "DeleteApplicationAssignment.PrincipalId": "idempotent (§15.1)",
    "DeleteApplicationAccessScope.Scope": "idempotent (§15.1)",
    "DeleteApplicationAuthenticationMethod.AuthenticationMethodType": "idempotent (§15.1)",
    "DeleteApplicationGrant.GrantType": "idempotent (§15.1)",
    "AttachCustomerManagedPolicyReferenceToPermissionSet.CustomerManagedPolicyReference": (
        "nobody looks before it is provisioned (§15.1)"
    ),
    "PutPermissionsBoundaryToPermissionSet.PermissionsBoundary.CustomerManagedPolicyReference": (
        "nobody looks before it is provisioned (§15.1)"
    ),
}
#: Members that name what is to be made, not what is there.
MAKES = {
    "AddRegion.RegionName",
    "PutApplicationAccessScope.Scope",
    "PutApplicationAuthenticationMethod.AuthenticationMethodType",
    "PutApplicationGrant.GrantType",
}
#: Where the model's errors do not decide.
EXPECTED = {
    # Which of the two is not known; either says that it cannot be used.
    "PutApplicationAccessScope.AuthorizedTargets": (ABSENT, INVALID),
    "PutApplicationGrant.Grant.JwtBearer.AuthorizedTokenIssuers.TrustedTokenIssuerArn": (
        ABSENT,
        INVALID,
    ),
    "CreateApplication.ApplicationProviderArn": (ABSENT,),
}
#: Tables in which requests that are taken leave something.
LEAVES = {
    "CreateAccountAssignment": {"assignment_requests"},
    "DeleteAccountAssignment": {"assignment_requests"},
    "AttachCustomerManagedPolicyReferenceToPermissionSet": {
        "permission_set_customer_policies",
        "permission_sets",
    },
    "PutPermissionsBoundaryToPermissionSet": {"permission_sets"},
}
RESOURCE_TYPES = {
    "store": "IDENTITY_STORE",
    "user": "USER",
    "group": "GROUP",
    "membership": "GROUP_MEMBERSHIP",
}
#: Another's things by an ARN that says whose they are: their owner is asked first (§1.1).
OWNED = {"instance", "store", "application", "issuer", "tagged"}
#: Members that say where to look: what is the caller's own is not found there.
LOOKED_FOR = {
    "TagResource.InstanceArn",
    "UntagResource.InstanceArn",
    "ListTagsForResource.InstanceArn",
    "ListApplicationAssignmentsForPrincipal.Filter.ApplicationArn",
}

OPERATIONS = [pair for pair in SIGNED if pair[0] in ("sso-admin", "identitystore")]
NAMING = [pair for pair in OPERATIONS if namings(*pair)]
#: Kinds of which nobody has something of their own.
COMMON = {"account", "provider", "policy", "key", "region", "method", "grant", "scope", "reference"}
ANOTHERS = [pair for pair in NAMING if {n.kind for n in namings(*pair)} - COMMON]


@dataclass(slots=True)
class House:
    """The organization, the other's instance beside it, and the store as it stood last."""

    world: World
    other: Other
    state: Dump = field(default_factory=dict)

    def changed(self) -> set[str]:
        """The tables that are no longer what they were when this was last asked."""
        before, self.state = self.state, at_rest(self.world)
        return set(changes(before, self.state)) - {AUDIT}


@pytest.fixture(scope="module")
def house(furnished: World) -> House:
    other = furnish_other(furnished)
    return House(furnished, other, at_rest(furnished))


@pytest.fixture(autouse=True)
def unchanged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Only what is taken leaves anything."""
    yield
    if "house" in request.fixturenames:
        house: House = request.getfixturevalue("house")
        assert house.changed() <= LEAVES.get(request.node.callspec.params["operation"], set())


def expected(service: str, operation: str, naming: Naming) -> tuple[str, ...]:
    """The codes that may refuse a name of nothing."""
    if (given := EXPECTED.get(f"{operation}.{naming.path}")) is not None:
        return given
    errors = {
        shape.name for shape in service_model(service).operation_model(operation).error_shapes
    }
    return (ABSENT,) if ABSENT in errors else (DENIED,)


def settle(world: World, operation: str, answer: Answer) -> None:
    """What fails later has failed, and for the right reason."""
    if operation not in ("CreateAccountAssignment", "DeleteAccountAssignment"):
        return
    kind, reason = {
        "CreateAccountAssignment": ("creation", "was not found in directory"),
        "DeleteAccountAssignment": ("deletion", "EntitlementItem doesn't exist"),
    }[operation]
    ((_, status),) = answer.json.items()
    failed = world.settled(kind, status["RequestId"], "FAILED")
    assert failed["FailureReason"].startswith("Received a 404 status error: ")
    assert reason in failed["FailureReason"]


def nothing_in(answer: Answer) -> bool:
    """Whether an answer lists nothing."""
    return all(not value for value in answer.json.values())


@pytest.mark.parametrize(("service", "operation"), NAMING)
def test_what_is_not_there_is_not_found(house: House, service: str, operation: str) -> None:
    world, complaints = house.world, []
    for naming, value, params in requests(world, service, operation, unknown(world)):
        where = f"{operation}.{naming.path}"
        if where in MAKES:
            continue
        answer = world.wire.call(service, operation, params)
        if where in TAKEN:
            assert answer.status == 200, (where, answer)
            assert nothing_in(answer) or operation in LEAVES
            settle(world, operation, answer)
            continue
        if (answer.status, answer.code) not in [
            (400, code) for code in expected(service, operation, naming)
        ]:
            complaints.append(f"{where} {value}: {answer}")
        elif service == "identitystore":
            complaints += untold(operation, naming, value, answer)
    assert complaints == []


def untold(operation: str, naming: Naming, value: Any, answer: Answer) -> list[str]:
    """What an answer of the identity store does not say of what is not there (§2.3)."""
    kind = naming.kind
    if kind == "identifier":
        kind = "user" if operation == "GetUserId" else "group"
    elif operation == "GetGroupMembershipId" and kind != "store":
        # A membership is looked for: neither of the two is said to be missing.
        kind = "membership"
    told = answer.json
    if told["ResourceType"] != RESOURCE_TYPES[kind]:
        return [f"{operation}.{naming.path}: {told}"]
    if naming.kind == kind and told["ResourceId"] not in (value, str(value).rpartition("/")[2]):
        return [f"{operation}.{naming.path}: {told}"]
    return []


@pytest.mark.parametrize(("service", "operation"), ANOTHERS)
def test_what_is_anothers_is_neither_read_nor_changed(
    house: House, service: str, operation: str
) -> None:
    world, complaints = house.world, []
    for naming, value, params in requests(world, service, operation, house.other.names):
        where = f"{operation}.{naming.path}"
        if where in MAKES:
            continue
        answer = world.wire.call(service, operation, params)
        if STRANGER.encode() in answer.body.replace(str(value).encode(), b""):
            complaints.append(f"{where} tells of another: {answer}")
        if where in TAKEN:
            assert answer.status == 200, (where, answer)
            assert nothing_in(answer) or operation in LEAVES
            settle(world, operation, answer)
            continue
        owned = naming.kind in OWNED and where not in {*EXPECTED, *LOOKED_FOR}
        codes = (DENIED,) if owned else expected(service, operation, naming)
        if (answer.status, answer.code) not in [(400, code) for code in codes]:
            complaints.append(f"{where} {value}: {answer}")
        if naming.kind in ("user", "group", "membership", "principal"):
            # Nobody learns that another has it.
            nobodys = world.wire.call(service, operation, named(params, naming, NOBODY))
            told = (answer.message or "").replace(str(value), NOBODY)
            if (nobodys.code, nobodys.message) != (answer.code, told):
                complaints.append(f"{where} {value}: {answer}, but of nothing: {nobodys}")
    assert complaints == []


def foreign(house: House, service: str, operation: str) -> Params | None:
    """The sample in the other's instance, which so names what is the organization's.

    None for what names nothing but the instance, which is then the caller's own.
    """
    params = sample(house.world, service, operation)
    own = {"InstanceArn": house.other.instance, "IdentityStoreId": house.other.store}
    left = {
        naming.path
        for naming in namings(service, operation)
        if naming.path not in own
        and naming.kind not in COMMON
        and naming.path.partition(".")[0] in params
    }
    return {**params, **{k: v for k, v in own.items() if k in params}} if left else None


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        pair
        for pair in ANOTHERS
        if {n.kind for n in namings(*pair)} - COMMON - {"instance", "store"}
    ],
)
def test_the_others_owner_neither_reads_nor_changes_what_is_the_organizations(
    house: House, service: str, operation: str
) -> None:
    params = foreign(house, service, operation)
    if params is None:
        assert operation == "ListApplications"
        return
    answer = house.world.wire.call(service, operation, params, house.other.keys)
    if f"{operation}.PrincipalId" in TAKEN and answer.status == 200:
        assert nothing_in(answer)
    else:
        assert answer.status == 400, answer
        assert answer.code in (ABSENT, DENIED, INVALID), answer


def test_the_tables_name_members_that_there_are() -> None:
    there = {
        f"{operation}.{naming.path}"
        for service, operation in OPERATIONS
        for naming in namings(service, operation)
    }
    assert {*TAKEN, *MAKES, *EXPECTED, *LOOKED_FOR} <= there
