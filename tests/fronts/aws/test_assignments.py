"""sso-admin by boto3: assignments, their statuses, provisioning (reference §3.3, §4)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.wire import is_request_id
from tests.fronts.aws.world import INLINE, NOBODY, World, until


@pytest.fixture
def sso(world: World) -> Any:
    return world.admin.sso_admin


def assignment(world: World, **changed: str) -> dict[str, str]:
    """ReadOnlyAccess for ken in the web development account, or something near it."""
    return {
        "InstanceArn": world.instance,
        "TargetId": world.account("sakura-web-dev"),
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": world.sets["ReadOnlyAccess"],
        "PrincipalType": "USER",
        "PrincipalId": world.users["ken"],
        **changed,
    }


def rows(world: World, **params: str) -> set[tuple[str, str]]:
    listed = world.admin.sso_admin.list_account_assignments(
        **{
            "InstanceArn": world.instance,
            "AccountId": world.account("sakura-web-dev"),
            "PermissionSetArn": world.sets["ReadOnlyAccess"],
            **params,
        }
    )["AccountAssignments"]
    return {(row["PrincipalType"], row["PrincipalId"]) for row in listed}


def test_an_assignment_is_asked_for_and_then_stands(world: World, sso: Any) -> None:
    before = rows(world)
    asked = assignment(world)
    answer = sso.create_account_assignment(**asked)["AccountAssignmentCreationStatus"]
    request_id = answer["RequestId"]
    assert is_request_id(request_id)
    named = {name: value for name, value in asked.items() if name != "InstanceArn"}
    assert answer == {"Status": "IN_PROGRESS", "RequestId": request_id, **named}
    done = world.settled("creation", request_id)
    assert abs(done.pop("CreatedDate") - datetime.now(UTC)) < timedelta(minutes=1)
    assert done == {"Status": "SUCCEEDED", "RequestId": request_id, **named}
    assert rows(world) == before | {("USER", world.users["ken"])}


def test_an_assignment_that_stands_may_be_asked_for_again(world: World) -> None:
    before = rows(world)
    for _ in range(2):
        world.assign(
            world.sets["ReadOnlyAccess"], world.groups["Auditors"], "sakura-web-dev", "GROUP"
        )
    assert rows(world) == before


def test_an_assignment_is_taken_away(world: World, sso: Any) -> None:
    world.assign(world.sets["ReadOnlyAccess"], world.users["ken"], "sakura-web-dev")
    before = rows(world)
    asked = assignment(world)
    answer = sso.delete_account_assignment(**asked)["AccountAssignmentDeletionStatus"]
    named = {name: value for name, value in asked.items() if name != "InstanceArn"}
    assert answer == {"Status": "IN_PROGRESS", "RequestId": answer["RequestId"], **named}
    done = world.settled("deletion", answer["RequestId"])
    assert done["Status"] == "SUCCEEDED"
    assert rows(world) == before - {("USER", world.users["ken"])}


def test_taking_away_what_is_not_there_fails_later_as_on_aws(world: World, sso: Any) -> None:
    answer = sso.delete_account_assignment(**assignment(world))["AccountAssignmentDeletionStatus"]
    assert answer["Status"] == "IN_PROGRESS"
    done = world.settled("deletion", answer["RequestId"], "FAILED")
    assert done["FailureReason"].startswith(
        "Received a 404 status error: EntitlementItem doesn't exist with the given entitlement key"
        " EntitlementKey{accessorId=" + world.users["ken"]
    )


@pytest.mark.parametrize("kind", ["USER", "GROUP"])
def test_an_unknown_principal_fails_later_as_on_aws(world: World, sso: Any, kind: str) -> None:
    asked = assignment(world, PrincipalType=kind, PrincipalId=NOBODY)
    answer = sso.create_account_assignment(**asked)["AccountAssignmentCreationStatus"]
    done = world.settled("creation", answer["RequestId"], "FAILED")
    assert done["FailureReason"] == (
        f"Received a 404 status error: the {kind} assignee {NOBODY} was not found in directory"
        f" {world.store}"
    )
    assert (kind, NOBODY) not in rows(world)


def test_a_user_id_is_no_group(world: World, sso: Any) -> None:
    asked = assignment(world, PrincipalType="GROUP")
    answer = sso.create_account_assignment(**asked)["AccountAssignmentCreationStatus"]
    assert "assignee" in world.settled("creation", answer["RequestId"], "FAILED")["FailureReason"]


def test_a_missing_customer_managed_policy_fails_later_and_leaves_no_role(world: World) -> None:
    arn = world.permission_set("Needy")
    world.admin.sso_admin.attach_customer_managed_policy_reference_to_permission_set(
        InstanceArn=world.instance,
        PermissionSetArn=arn,
        CustomerManagedPolicyReference={"Name": "NotThere", "Path": "/x/"},
    )
    asked = assignment(world, PermissionSetArn=arn)
    answer = world.admin.sso_admin.create_account_assignment(**asked)
    request_id = answer["AccountAssignmentCreationStatus"]["RequestId"]
    done = world.settled("creation", request_id, "FAILED")
    policy = f"arn:aws:iam::{world.account('sakura-web-dev')}:policy/x/NotThere"
    assert done["FailureReason"].startswith(
        f"Received a 404 status error: Not supported policy {policy}"
    )
    assert rows(world, PermissionSetArn=arn) == set()
    keys = world.member_administrator("sakura-web-dev")
    iam = world.server.client("iam", keys)

    def needy() -> list[str]:
        names = [role["RoleName"] for role in iam.list_roles()["Roles"]]
        return [name for name in names if "Needy" in name]

    until(needy, lambda found: not found)


def test_an_account_outside_the_organization_is_not_found(sso: Any, world: World) -> None:
    refused(
        sso.create_account_assignment,
        "ResourceNotFoundException",
        "Could not find account 000000000000 in the organization",
        **assignment(world, TargetId="000000000000"),
    )


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        (
            {"TargetType": "PLANET"},
            "Value 'PLANET' at 'targetType' failed to satisfy constraint: Member must satisfy enum"
            " value set: [AWS_ACCOUNT]",
        ),
        (
            {"PrincipalType": "ROLE"},
            "Value 'ROLE' at 'principalType' failed to satisfy constraint: Member must satisfy enum"
            " value set: [USER, GROUP]",
        ),
        (
            {"TargetId": "12345"},
            "Value '12345' at 'targetId' failed to satisfy constraint",
        ),
        (
            {"PrincipalId": "me"},
            "Value 'me' at 'principalId' failed to satisfy constraint: Member must satisfy regular"
            " expression pattern",
        ),
    ],
)
def test_an_assignment_that_is_none_is_a_validation_exception(
    world: World, sso: Any, changed: dict[str, str], part: str
) -> None:
    for call in (sso.create_account_assignment, sso.delete_account_assignment):
        message = refused(call, "ValidationException", members={}, **assignment(world, **changed))
        assert part in message


def test_a_user_is_assigned_directly_and_through_groups(world: World, sso: Any) -> None:
    alex, developers = world.users["alex"], world.groups["Developers"]
    params = {"InstanceArn": world.instance, "PrincipalId": alex, "PrincipalType": "USER"}
    found = sso.list_account_assignments_for_principal(**params)["AccountAssignments"]
    web_prod, playground = world.account("sakura-web-prod"), world.account("sakura-playground")
    names = {arn: name for name, arn in world.sets.items()}
    shown = {
        (row["AccountId"], names[row["PermissionSetArn"]], row["PrincipalType"], row["PrincipalId"])
        for row in found
    }
    assert shown == {
        (playground, "AdministratorAccess", "USER", alex),
        (web_prod, "DeveloperAccess", "GROUP", developers),
        (world.account("sakura-web-dev"), "DeveloperAccess", "GROUP", developers),
        (playground, "DeveloperAccess", "GROUP", developers),
        (web_prod, "ReadOnlyAccess", "GROUP", developers),
        (world.account("sakura-log-archive"), "ReadOnlyAccess", "GROUP", developers),
    }
    filtered = sso.list_account_assignments_for_principal(**params, Filter={"AccountId": web_prod})[
        "AccountAssignments"
    ]
    assert {row["AccountId"] for row in filtered} == {web_prod}
    assert len(filtered) == 2
    group = sso.list_account_assignments_for_principal(
        InstanceArn=world.instance, PrincipalId=developers, PrincipalType="GROUP"
    )["AccountAssignments"]
    assert len(group) == 5
    refused(
        sso.list_account_assignments_for_principal,
        "ResourceNotFoundException",
        "USER not found.",
        **{**params, "PrincipalId": NOBODY},
    )


def test_an_edit_reaches_no_account_until_it_is_provisioned(world: World, sso: Any) -> None:
    arn, web_dev = world.sets["ReadOnlyAccess"], world.account("sakura-web-dev")
    target = {"InstanceArn": world.instance, "PermissionSetArn": arn}
    latest = "LATEST_PERMISSION_SET_PROVISIONED"
    outdated = "LATEST_PERMISSION_SET_NOT_PROVISIONED"

    def accounts(status: str) -> set[str]:
        return set(
            sso.list_accounts_for_provisioned_permission_set(**target, ProvisioningStatus=status)[
                "AccountIds"
            ]
        )

    def sets(status: str) -> set[str]:
        return set(
            sso.list_permission_sets_provisioned_to_account(
                InstanceArn=world.instance, AccountId=web_dev, ProvisioningStatus=status
            )["PermissionSets"]
        )

    everywhere = set(sso.list_accounts_for_provisioned_permission_set(**target)["AccountIds"])
    assert len(everywhere) == 8
    assert accounts(latest) == everywhere
    assert accounts(outdated) == set()
    sso.put_inline_policy_to_permission_set(**target, InlinePolicy=INLINE)
    assert accounts(outdated) == everywhere
    assert sets(outdated) == {arn}
    world.provision(arn, "sakura-web-dev")
    assert accounts(latest) == {web_dev}
    assert arn in sets(latest)
    answer = sso.provision_permission_set(**target, TargetType="ALL_PROVISIONED_ACCOUNTS")
    status = answer["PermissionSetProvisioningStatus"]
    assert (status["Status"], status["PermissionSetArn"]) == ("IN_PROGRESS", arn)
    assert "AccountId" not in status
    done = world.settled("provisioning", status["RequestId"])
    assert "AccountId" not in done
    assert accounts(latest) == everywhere


def test_provisioning_an_account_without_assignments_makes_a_role_that_stays(
    world: World, sso: Any
) -> None:
    arn = world.permission_set("Prepared")
    world.provision(arn, "sakura-web-dev")
    listed = sso.list_permission_sets_provisioned_to_account(
        InstanceArn=world.instance, AccountId=world.account("sakura-web-dev")
    )["PermissionSets"]
    assert arn in listed
    refused(
        sso.delete_permission_set,
        "ConflictException",
        "PermissionSet has ApplicationProfile associated with it.",
        InstanceArn=world.instance,
        PermissionSetArn=arn,
    )


def test_provisioning_needs_an_account_exactly_when_it_is_for_one(world: World, sso: Any) -> None:
    target = {"InstanceArn": world.instance, "PermissionSetArn": world.sets["ReadOnlyAccess"]}
    account = world.account("sakura-web-dev")
    for params in (
        {"TargetType": "AWS_ACCOUNT"},
        {"TargetType": "ALL_PROVISIONED_ACCOUNTS", "TargetId": account},
        {"TargetType": "SOME"},
    ):
        refused(sso.provision_permission_set, "ValidationException", members={}, **target, **params)


@pytest.mark.parametrize("kind", ["creation", "deletion", "provisioning"])
def test_a_request_is_known_under_its_own_kind_only(world: World, sso: Any, kind: str) -> None:
    made = {
        "creation": lambda: world.assign(
            world.sets["ReadOnlyAccess"], world.users["ken"], "sakura-web-dev"
        ),
        "deletion": lambda: world.unassign(
            world.sets["ReadOnlyAccess"], world.users["ken"], "sakura-playground"
        ),
        "provisioning": lambda: world.provision(world.sets["ReadOnlyAccess"], "sakura-web-dev"),
    }[kind]()
    calls = {
        "creation": (
            sso.describe_account_assignment_creation_status,
            "AccountAssignmentCreationRequestId",
        ),
        "deletion": (
            sso.describe_account_assignment_deletion_status,
            "AccountAssignmentDeletionRequestId",
        ),
        "provisioning": (
            sso.describe_permission_set_provisioning_status,
            "ProvisionPermissionSetRequestId",
        ),
    }
    for other, (call, member) in calls.items():
        if other == kind:
            assert world.status(kind, made)["Status"] == "SUCCEEDED"
        else:
            refused(
                call,
                "ResourceNotFoundException",
                members={},
                **{"InstanceArn": world.instance, member: made},
            )
        refused(
            call,
            "ValidationException",
            **{"InstanceArn": world.instance, member: "not-a-request-id"},
        )


@pytest.mark.parametrize(
    ("operation", "member", "kind"),
    [
        (
            "list_account_assignment_creation_status",
            "AccountAssignmentsCreationStatus",
            "creation",
        ),
        (
            "list_account_assignment_deletion_status",
            "AccountAssignmentsDeletionStatus",
            "deletion",
        ),
        (
            "list_permission_set_provisioning_status",
            "PermissionSetsProvisioningStatus",
            "provisioning",
        ),
    ],
)
def test_requests_are_listed_by_kind_and_status(
    world: World, sso: Any, operation: str, member: str, kind: str
) -> None:
    read_only, ken = world.sets["ReadOnlyAccess"], world.users["ken"]
    made = {
        "creation": world.assign(read_only, ken, "sakura-web-dev"),
        "deletion": world.unassign(read_only, ken, "sakura-web-dev"),
        "provisioning": world.provision(read_only, "sakura-web-dev"),
    }
    sso.delete_account_assignment(**assignment(world))
    listed = getattr(sso, operation)(InstanceArn=world.instance)[member]
    assert made[kind] in {row["RequestId"] for row in listed}
    assert not ({made[other] for other in made if other != kind} & {r["RequestId"] for r in listed})
    for row in listed:
        assert row.keys() == {"Status", "RequestId", "CreatedDate"}
    dates = [row["CreatedDate"] for row in listed]
    assert dates == sorted(dates, reverse=True)
    for status in ("SUCCEEDED", "FAILED", "IN_PROGRESS"):
        filtered = getattr(sso, operation)(InstanceArn=world.instance, Filter={"Status": status})[
            member
        ]
        wanted = [row["RequestId"] for row in listed if row["Status"] == status]
        assert [row["RequestId"] for row in filtered] == wanted
    assert bool([row for row in listed if row["Status"] == "FAILED"]) == (kind == "deletion")
