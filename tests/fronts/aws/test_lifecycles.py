"""Lives of permission sets, assignments, users and groups as infrastructure code leads them.

Ten at once through boto3. Each life is what a provider for Terraform asks for a resource: create
and wait, read, update each field, read, import by id alone, delete and wait, read again.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from tests.fronts.aws.world import READ_ONLY, SECURITY_AUDIT, VIEW_ONLY, Clients, World

AT_ONCE = 10
ALIAS = "sakura-web-dev"
BUSY = ("ConflictException", "ThrottlingException")
GONE = "ResourceNotFoundException"


def together(world: World, live: Callable[[Clients, int], str]) -> list[str]:
    """The ids of ten lives led at once, each with clients of its own."""
    clients = [Clients(world.server) for _ in range(AT_ONCE)]
    for one in clients:
        # Made before the threads: boto's own session is not for several of them.
        assert one.sso_admin
        assert one.identitystore
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(live, clients, range(AT_ONCE)))


def patiently(call: Callable[..., Any], **params: Any) -> Any:
    """Call again while the service says that it is busy, as providers do."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return call(**params)
        except ClientError as error:
            if error.response["Error"]["Code"] not in BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def code_of(call: Callable[..., Any], **params: Any) -> str:
    """The error's code, empty when there is none."""
    try:
        call(**params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def provision(sso: Any, target: dict[str, str]) -> None:
    """What follows every change of a permission set: all accounts, and wait."""
    started = patiently(
        sso.provision_permission_set, **target, TargetType="ALL_PROVISIONED_ACCOUNTS"
    )["PermissionSetProvisioningStatus"]
    asked = {
        "InstanceArn": target["InstanceArn"],
        "ProvisionPermissionSetRequestId": started["RequestId"],
    }

    def ask() -> Any:
        return sso.describe_permission_set_provisioning_status(**asked)[
            "PermissionSetProvisioningStatus"
        ]

    assert waited(ask)["Status"] == "SUCCEEDED"


def waited(ask: Callable[[], Any]) -> Any:
    """The status that is not IN_PROGRESS any more."""
    deadline = time.monotonic() + 60
    while (found := ask())["Status"] == "IN_PROGRESS":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_ten_permission_sets_with_all_their_policies(world: World) -> None:
    boundary = {"ManagedPolicyArn": READ_ONLY}
    reference = {"Name": "Edge", "Path": "/team/"}
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
        }
    )

    def live(clients: Clients, number: int) -> str:
        sso = clients.sso_admin
        tags = [{"Key": "n", "Value": str(number)}]
        made = sso.create_permission_set(
            InstanceArn=world.instance, Name=f"Life{number}", Tags=tags
        )["PermissionSet"]
        arn: str = made["PermissionSetArn"]
        target = {"InstanceArn": world.instance, "PermissionSetArn": arn}
        named = {"InstanceArn": world.instance, "ResourceArn": arn}
        assert made["SessionDuration"] == "PT1H"
        changes = {
            "Description": "Changed",
            "RelayState": "https://example.org/",
            "SessionDuration": "PT2H",
        }
        for count in range(1, len(changes) + 1):
            stated = dict(list(changes.items())[:count])
            sso.update_permission_set(**target, **stated)
            provision(sso, target)
            found = sso.describe_permission_set(**target)["PermissionSet"]
            assert {name: found.get(name) for name in stated} == stated
        sso.tag_resource(**named, Tags=[{"Key": "m", "Value": "new"}])
        sso.untag_resource(**named, TagKeys=["n"])
        assert sso.list_tags_for_resource(**named)["Tags"] == [{"Key": "m", "Value": "new"}]

        for policy in (VIEW_ONLY, SECURITY_AUDIT):
            sso.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=policy)
            provision(sso, target)
        attached = sso.list_managed_policies_in_permission_set(**target)["AttachedManagedPolicies"]
        assert {one["Arn"] for one in attached} == {VIEW_ONLY, SECURITY_AUDIT}
        sso.attach_customer_managed_policy_reference_to_permission_set(
            **target, CustomerManagedPolicyReference=reference
        )
        listed = sso.list_customer_managed_policy_references_in_permission_set(**target)
        assert listed["CustomerManagedPolicyReferences"] == [reference]
        sso.put_inline_policy_to_permission_set(**target, InlinePolicy=document)
        assert sso.get_inline_policy_for_permission_set(**target)["InlinePolicy"] == document
        sso.put_permissions_boundary_to_permission_set(**target, PermissionsBoundary=boundary)
        got = sso.get_permissions_boundary_for_permission_set(**target)["PermissionsBoundary"]
        assert got == boundary
        provision(sso, target)

        sso.delete_permissions_boundary_from_permission_set(**target)
        assert code_of(sso.get_permissions_boundary_for_permission_set, **target) == GONE
        sso.delete_inline_policy_from_permission_set(**target)
        assert sso.get_inline_policy_for_permission_set(**target)["InlinePolicy"] == ""
        sso.detach_customer_managed_policy_reference_from_permission_set(
            **target, CustomerManagedPolicyReference=reference
        )
        sso.detach_managed_policy_from_permission_set(**target, ManagedPolicyArn=VIEW_ONLY)
        gone = {**target, "ManagedPolicyArn": VIEW_ONLY}
        assert code_of(sso.detach_managed_policy_from_permission_set, **gone) == GONE
        provision(sso, target)
        sso.delete_permission_set(**target)
        for call in (sso.describe_permission_set, sso.delete_permission_set):
            assert code_of(call, **target) == GONE
        assert code_of(sso.list_tags_for_resource, **named) == GONE
        return arn

    before = world.admin.sso_admin.list_permission_sets(InstanceArn=world.instance)
    assert len(set(together(world, live))) == AT_ONCE
    after = world.admin.sso_admin.list_permission_sets(InstanceArn=world.instance)
    assert after["PermissionSets"] == before["PermissionSets"]


def test_ten_users_in_ten_groups(world: World) -> None:
    at = {"IdentityStoreId": world.store}

    def live(clients: Clients, number: int) -> str:
        store = clients.identitystore
        name = {"GivenName": "A", "FamilyName": "B"}
        user = {
            **at,
            "UserId": store.create_user(
                **at, UserName=f"life{number}", DisplayName="Life", Name=name
            )["UserId"],
        }
        group = {
            **at,
            "GroupId": store.create_group(**at, DisplayName=f"Lives {number}")["GroupId"],
        }
        changes: dict[str, Any] = {
            "displayName": "Changed",
            "nickName": "ch",
            "title": "Chief",
            "emails": [{"value": f"life{number}@example.org", "type": "work", "primary": True}],
            "name": {"givenName": "C", "familyName": "D"},
            "aws:identitystore:enterprise.department": "Life",
        }
        for path, value in changes.items():
            operations = [{"AttributePath": path, "AttributeValue": value}]
            store.update_user(**user, Operations=operations)
        found = store.describe_user(**user, Extensions=["aws:identitystore:enterprise"])
        assert (found["DisplayName"], found["NickName"], found["Title"]) == (
            "Changed",
            "ch",
            "Chief",
        )
        assert found["Emails"][0]["Value"] == f"life{number}@example.org"
        assert found["Name"] == {"GivenName": "C", "FamilyName": "D"}
        assert found["Extensions"]["aws:identitystore:enterprise"] == {"department": "Life"}
        for path, value in (
            ("userName", f"LIFE{number}"),
            ("emails.value", f"life{number}@EXAMPLE.org"),
        ):
            unique = {"AttributePath": path, "AttributeValue": value}
            by = store.get_user_id(**at, AlternateIdentifier={"UniqueAttribute": unique})
            assert by["UserId"] == user["UserId"]
        store.update_user(**user, Operations=[{"AttributePath": "title"}])
        assert "Title" not in store.describe_user(**user)
        change = {"AttributePath": "description", "AttributeValue": "All lives"}
        store.update_group(**group, Operations=[change])
        assert store.describe_group(**group)["Description"] == "All lives"

        pair = {**group, "MemberId": {"UserId": user["UserId"]}}
        membership = {
            **at,
            "MembershipId": store.create_group_membership(**pair)["MembershipId"],
        }
        assert code_of(store.create_group_membership, **pair) == "ConflictException"
        assert store.describe_group_membership(**membership)["GroupId"] == group["GroupId"]
        store.delete_group_membership(**membership)
        assert code_of(store.describe_group_membership, **membership) == GONE
        store.create_group_membership(**pair)
        store.delete_group(**group)
        assert code_of(store.describe_group, **group) == GONE
        member = {**at, "MemberId": {"UserId": user["UserId"]}}
        assert store.list_group_memberships_for_member(**member)["GroupMemberships"] == []
        store.delete_user(**user)
        for call in (store.describe_user, store.delete_user):
            assert code_of(call, **user) == GONE
        user_id: str = user["UserId"]
        return user_id

    assert len(set(together(world, live))) == AT_ONCE
    assert len(world.admin.identitystore.list_users(**at)["Users"]) == 5


def test_ten_assignments_of_one_permission_set_in_one_account(world: World) -> None:
    """All of them want the one role: they wait for each other and none is lost."""
    arn = world.permission_set("Shared")
    people = [world.user(f"assignee{number}") for number in range(AT_ONCE)]

    def live(clients: Clients, number: int) -> str:
        sso = clients.sso_admin
        key = {
            "InstanceArn": world.instance,
            "PermissionSetArn": arn,
            "TargetId": world.account(ALIAS),
            "TargetType": "AWS_ACCOUNT",
            "PrincipalType": "USER",
            "PrincipalId": people[number],
        }
        listing = {
            "InstanceArn": world.instance,
            "PermissionSetArn": arn,
            "AccountId": world.account(ALIAS),
        }

        def mine() -> list[Any]:
            pages = sso.get_paginator("list_account_assignments").paginate(
                **listing, PaginationConfig={"PageSize": 3}
            )
            rows = [row for page in pages for row in page["AccountAssignments"]]
            return [row for row in rows if row["PrincipalId"] == people[number]]

        def settled(kind: str, started: Any) -> Any:
            describe = getattr(sso, f"describe_account_assignment_{kind}_status")
            parameter = f"AccountAssignment{kind.title()}RequestId"
            asked = {"InstanceArn": world.instance, parameter: started["RequestId"]}
            return waited(lambda: describe(**asked)[f"AccountAssignment{kind.title()}Status"])

        assert mine() == []
        for _ in range(2):
            started = patiently(sso.create_account_assignment, **key)
            ended = settled("creation", started["AccountAssignmentCreationStatus"])
            assert ended["Status"] == "SUCCEEDED"
            assert len(mine()) == 1
        started = patiently(sso.delete_account_assignment, **key)
        assert mine() == []
        ended = settled("deletion", started["AccountAssignmentDeletionStatus"])
        assert ended["Status"] == "SUCCEEDED"
        started = patiently(sso.delete_account_assignment, **key)
        ended = settled("deletion", started["AccountAssignmentDeletionStatus"])
        assert ended["Status"] == "FAILED"
        assert "Received a 404 status error" in ended["FailureReason"]
        assert "EntitlementItem doesn't exist" in ended["FailureReason"]
        return people[number]

    together(world, live)
    target = {"InstanceArn": world.instance, "PermissionSetArn": arn}
    sso = world.admin.sso_admin
    assert sso.list_accounts_for_provisioned_permission_set(**target)["AccountIds"] == []
    patiently(sso.delete_permission_set, **target)


def test_an_edited_permission_set_reaches_every_account_with_its_progress_shown(
    world: World,
) -> None:
    """One change in several accounts at once; what is not done yet is listed as not the latest."""
    arn = world.permission_set("Wide")
    target = {"InstanceArn": world.instance, "PermissionSetArn": arn}
    aliases = (ALIAS, "sakura-data-dev", "sakura-security", "sakura-playground")
    for alias in aliases:
        world.assign(arn, world.users["ken"], alias)
    sso = world.admin.sso_admin

    def outdated() -> list[str]:
        found: list[str] = sso.list_accounts_for_provisioned_permission_set(
            **target, ProvisioningStatus="LATEST_PERMISSION_SET_NOT_PROVISIONED"
        )["AccountIds"]
        return found

    assert outdated() == []
    sso.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=VIEW_ONLY)
    assert len(outdated()) == len(aliases)
    provision(sso, target)
    assert outdated() == []
    for alias in aliases:
        iam = Clients(world.server, world.member_administrator(alias)).iam
        (role,) = (
            one["RoleName"] for one in iam.list_roles()["Roles"] if "_Wide_" in one["RoleName"]
        )
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert [one["PolicyArn"] for one in attached] == [VIEW_ONLY]
