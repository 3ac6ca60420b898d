"""Effects, not echoes: an assignment makes a role, the role limits a session, a removal ends it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.fronts.aws import trail
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.wire import Keys
from tests.fronts.aws.world import INLINE, VIEW_ONLY, Clients, World, until
from tests.support.person import role_credentials

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
DEAD = "The security token included in the request is invalid."
ALIAS = "sakura-web-dev"


def allow(*actions: str, effect: str = "Allow") -> str:
    """A policy about these actions on everything."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": list(actions), "Resource": "*"}],
        }
    )


def make_policy(world: World, alias: str, name: str, document: str) -> None:
    """What an account's own administrator does."""
    account_iam(world, alias).create_policy(PolicyName=name, PolicyDocument=document)


def set_with(world: World, name: str, **content: Any) -> str:
    """A new permission set with inline policy, managed ones, references and boundary as given."""
    arn = world.permission_set(name, Description="For a test")
    target = {"InstanceArn": world.instance, "PermissionSetArn": arn}
    sso = world.admin.sso_admin
    if "inline" in content:
        sso.put_inline_policy_to_permission_set(**target, InlinePolicy=content["inline"])
    for managed in content.get("managed", ()):
        sso.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=managed)
    for reference in content.get("customer", ()):
        sso.attach_customer_managed_policy_reference_to_permission_set(
            **target, CustomerManagedPolicyReference={"Name": reference}
        )
    if "boundary" in content:
        sso.put_permissions_boundary_to_permission_set(
            **target, PermissionsBoundary=content["boundary"]
        )
    return arn


def account_iam(world: World, alias: str = ALIAS) -> Any:
    return Clients(world.server, world.member_administrator(alias)).iam


def roles_of(iam: Any, name: str) -> list[str]:
    found = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    return [role_name for role_name in found if role_name.startswith(f"AWSReservedSSO_{name}_")]


def session(world: World, name: str, user: str = "ken", alias: str = ALIAS) -> Clients:
    """Clients of a person with a permission set in an account."""
    return Clients(world.server, role_credentials(world.server, user, alias, name))


def test_an_assignment_makes_the_role_that_it_says(world: World) -> None:
    make_policy(world, ALIAS, "OwnRules", allow("iam:List*"))
    arn = set_with(
        world,
        "Whole",
        inline=INLINE,
        managed=[VIEW_ONLY],
        customer=["OwnRules"],
        boundary={"ManagedPolicyArn": ADMINISTRATOR},
    )
    iam = account_iam(world)
    assert roles_of(iam, "Whole") == []
    world.assign(arn, world.users["ken"], ALIAS)
    (role_name,) = roles_of(iam, "Whole")
    role = iam.get_role(RoleName=role_name)["Role"]
    (provider,) = iam.list_saml_providers()["SAMLProviderList"]
    statement = role["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Principal"] == {"Federated": provider["Arn"]}
    assert role["Description"] == "For a test"
    assert role["PermissionsBoundary"] == {
        "PermissionsBoundaryType": "Policy",
        "PermissionsBoundaryArn": ADMINISTRATOR,
    }
    inline = iam.get_role_policy(RoleName=role_name, PolicyName="AwsSSOInlinePolicy")
    assert inline["PolicyDocument"] == json.loads(INLINE)
    attached = iam.list_attached_role_policies(RoleName=role_name)["AttachedPolicies"]
    assert {policy["PolicyArn"] for policy in attached} == {
        VIEW_ONLY,
        f"arn:aws:iam::{world.account(ALIAS)}:policy/OwnRules",
    }
    elsewhere = account_iam(world, "sakura-data-dev")
    assert roles_of(elsewhere, "Whole") == []


def test_a_role_goes_with_its_last_assignment_and_comes_back_as_another(world: World) -> None:
    arn = set_with(world, "Shared", inline=INLINE)
    ken, auditors = world.users["ken"], world.groups["Auditors"]
    iam = account_iam(world)
    world.assign(arn, ken, ALIAS)
    (first,) = roles_of(iam, "Shared")
    world.assign(arn, auditors, ALIAS, "GROUP")
    assert roles_of(iam, "Shared") == [first]
    world.unassign(arn, ken, ALIAS)
    assert roles_of(iam, "Shared") == [first]
    world.unassign(arn, auditors, ALIAS, "GROUP")
    assert roles_of(iam, "Shared") == []
    world.assign(arn, ken, ALIAS)
    (second,) = roles_of(iam, "Shared")
    assert second != first
    assert second[:-16] == first[:-16]


def test_an_inline_policy_allows_what_it_names_and_nothing_else(world: World) -> None:
    arn = set_with(world, "Inline", inline=allow("sso:ListPermissionSets", "sso:ListInstances"))
    world.assign(arn, world.users["ken"], "sakura-management")
    sso = session(world, "Inline", alias="sakura-management").sso_admin
    assert len(sso.list_permission_sets(InstanceArn=world.instance)["PermissionSets"]) == 5
    message = refused(
        sso.create_permission_set, "AccessDeniedException", InstanceArn=world.instance, Name="New"
    )
    assert message.endswith(
        " is not authorized to perform: sso:CreatePermissionSet on resource: "
        f"{world.instance} because no identity-based policy allows the sso:CreatePermissionSet"
        " action"
    )
    listed = world.admin.sso_admin.list_permission_sets(InstanceArn=world.instance)
    assert len(listed["PermissionSets"]) == 5


def test_a_resource_in_a_policy_means_that_resource(world: World) -> None:
    read_only, analyst = world.sets["ReadOnlyAccess"], world.sets["DataAnalyst"]
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sso:DescribePermissionSet",
                    "Resource": [world.instance, read_only],
                }
            ],
        }
    )
    arn = set_with(world, "One", inline=document)
    world.assign(arn, world.users["ken"], "sakura-management")
    sso = session(world, "One", alias="sakura-management").sso_admin
    target = {"InstanceArn": world.instance}
    found = sso.describe_permission_set(**target, PermissionSetArn=read_only)["PermissionSet"]
    assert found["Name"] == "ReadOnlyAccess"
    refused(
        sso.describe_permission_set, "AccessDeniedException", **target, PermissionSetArn=analyst
    )


def test_the_read_only_policy_of_aws_reads_and_changes_nothing(world: World) -> None:
    clients = session(world, "ReadOnlyAccess", "maria", "sakura-management")
    users = clients.identitystore.list_users(IdentityStoreId=world.store)["Users"]
    assert len(users) == 5
    assert clients.sso_admin.list_instances()["Instances"]
    assert len(clients.organizations.list_accounts()["Accounts"]) == 8
    for call, params in (
        (
            clients.identitystore.delete_user,
            {"IdentityStoreId": world.store, "UserId": world.users["ken"]},
        ),
        (
            clients.sso_admin.create_permission_set,
            {"InstanceArn": world.instance, "Name": "New"},
        ),
    ):
        refused(call, "AccessDeniedException", **params)
    assert len(world.admin.identitystore.list_users(IdentityStoreId=world.store)["Users"]) == 5


def test_an_explicit_deny_beats_every_allow(world: World) -> None:
    arn = set_with(
        world,
        "Denied",
        managed=[ADMINISTRATOR],
        inline=allow("identitystore:ListGroups", effect="Deny"),
    )
    world.assign(arn, world.users["ken"], "sakura-management")
    store = session(world, "Denied", alias="sakura-management").identitystore
    assert store.list_users(IdentityStoreId=world.store)["Users"]
    message = refused(store.list_groups, "AccessDeniedException", IdentityStoreId=world.store)
    assert message.endswith(" with an explicit deny in an identity-based policy")


def test_a_customer_managed_policy_is_the_accounts_own(world: World) -> None:
    make_policy(world, ALIAS, "OwnRules", allow("iam:ListRoles"))
    make_policy(world, "sakura-data-dev", "OwnRules", allow("iam:ListSAMLProviders"))
    arn = set_with(world, "Customer", customer=["OwnRules"])
    for alias in (ALIAS, "sakura-data-dev"):
        world.assign(arn, world.users["ken"], alias)
    here = session(world, "Customer").iam
    there = session(world, "Customer", alias="sakura-data-dev").iam
    assert here.list_roles()["Roles"]
    refused(here.list_saml_providers, "AccessDenied", status=403)
    assert there.list_saml_providers()["SAMLProviderList"]
    refused(there.list_roles, "AccessDenied", status=403)


@pytest.mark.parametrize("kind", ["aws", "customer"])
def test_a_boundary_takes_away_whatever_policies_give(world: World, kind: str) -> None:
    make_policy(world, ALIAS, "Edge", allow("iam:ListRoles"))
    boundary = {
        "aws": {"ManagedPolicyArn": VIEW_ONLY},
        "customer": {"CustomerManagedPolicyReference": {"Name": "Edge"}},
    }[kind]
    arn = set_with(world, "Bound", managed=[ADMINISTRATOR], boundary=boundary)
    world.assign(arn, world.users["ken"], ALIAS)
    iam = session(world, "Bound").iam
    assert iam.list_roles()["Roles"]
    (role_name,) = roles_of(iam, "Bound")
    message = refused(iam.get_role, "AccessDenied", status=403, RoleName=role_name)
    assert message.endswith(" because no permissions boundary allows the iam:GetRole action")


def test_an_edit_limits_sessions_once_it_is_provisioned(world: World) -> None:
    arn = set_with(world, "Edited", inline=allow("iam:ListRoles"))
    world.assign(arn, world.users["ken"], ALIAS)
    iam = session(world, "Edited").iam
    target = {"InstanceArn": world.instance, "PermissionSetArn": arn}
    world.admin.sso_admin.put_inline_policy_to_permission_set(
        **target, InlinePolicy=allow("iam:ListSAMLProviders")
    )
    assert iam.list_roles()["Roles"]
    refused(iam.list_saml_providers, "AccessDenied", status=403)
    world.provision(arn, ALIAS)
    refused(iam.list_roles, "AccessDenied", status=403)
    assert iam.list_saml_providers()["SAMLProviderList"]


def test_a_session_lasts_as_long_as_the_permission_set_says(world: World) -> None:
    for name, hours in {"DeveloperAccess": 8, "AdministratorAccess": 4}.items():
        role_credentials(world.server, "alex", "sakura-playground", name)
        newest = trail.records(world, **trail.named("GetRoleCredentials"))[0]
        ends = newest["responseElements"]["roleCredentials"]["expiration"]
        assert ends / 1000 - time.time() == pytest.approx(hours * 3600, abs=60)


def is_dead(clients: Clients, world: World) -> None:
    """Whatever it calls, a session whose right has ended is a key that nobody knows."""
    refused(clients.sts.get_caller_identity, "InvalidClientTokenId", DEAD, status=403)
    refused(clients.iam.list_roles, "InvalidClientTokenId", DEAD, status=403)
    refused(clients.sso_admin.list_instances, "UnrecognizedClientException", DEAD)
    refused(
        clients.identitystore.create_group,
        "UnrecognizedClientException",
        DEAD,
        IdentityStoreId=world.store,
        DisplayName="Ghosts",
    )
    names = {
        group["DisplayName"]
        for group in world.admin.identitystore.list_groups(IdentityStoreId=world.store)["Groups"]
    }
    assert "Ghosts" not in names


def _take_assignment(world: World, arn: str, group: str, membership: str) -> None:
    world.admin.sso_admin.delete_account_assignment(
        InstanceArn=world.instance,
        TargetId=world.management,
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=arn,
        PrincipalType="GROUP",
        PrincipalId=group,
    )


def _take_membership(world: World, arn: str, group: str, membership: str) -> None:
    world.admin.identitystore.delete_group_membership(
        IdentityStoreId=world.store, MembershipId=membership
    )


def _take_group(world: World, arn: str, group: str, membership: str) -> None:
    world.admin.identitystore.delete_group(IdentityStoreId=world.store, GroupId=group)


def _take_person(world: World, arn: str, group: str, membership: str) -> None:
    world.admin.identitystore.delete_user(IdentityStoreId=world.store, UserId=world.users["ken"])


@pytest.mark.parametrize("take", [_take_assignment, _take_membership, _take_group, _take_person])
def test_a_session_ends_at_the_next_call_when_its_right_does(
    world: World, take: Callable[[World, str, str, str], None]
) -> None:
    arn = set_with(world, "Held", managed=[ADMINISTRATOR])
    group = world.group("Holders")
    membership = world.join(group, world.users["ken"])
    world.join(group, world.users["maria"])
    world.assign(arn, group, "sakura-management", "GROUP")
    held = session(world, "Held", alias="sakura-management")
    theirs = session(world, "Held", "maria", "sakura-management")
    assert held.identitystore.list_groups(IdentityStoreId=world.store)["Groups"]
    take(world, arn, group, membership)
    is_dead(held, world)
    if take in (_take_assignment, _take_group):
        is_dead(theirs, world)
    else:
        # Nobody else's session ends with it.
        assert theirs.sts.get_caller_identity()["Arn"].endswith("/maria")


def test_a_session_of_a_removed_role_does_not_come_back_with_a_new_one(world: World) -> None:
    arn = set_with(world, "Again", inline=allow("iam:ListRoles"))
    ken = world.users["ken"]
    world.assign(arn, ken, ALIAS)
    old = session(world, "Again")
    assert old.iam.list_roles()["Roles"]
    world.unassign(arn, ken, ALIAS)
    refused(old.iam.list_roles, "InvalidClientTokenId", DEAD, status=403)
    world.assign(arn, ken, ALIAS)
    refused(old.iam.list_roles, "InvalidClientTokenId", DEAD, status=403)
    assert session(world, "Again").iam.list_roles()["Roles"]


def test_one_of_two_ways_to_a_right_is_enough(world: World) -> None:
    arn = set_with(world, "Twice", inline=allow("iam:ListRoles"))
    ken = world.users["ken"]
    group = world.group("Holders")
    membership = world.join(group, ken)
    world.assign(arn, ken, ALIAS)
    world.assign(arn, group, ALIAS, "GROUP")
    held = session(world, "Twice")
    world.unassign(arn, ken, ALIAS)
    assert held.iam.list_roles()["Roles"]
    world.admin.identitystore.delete_group_membership(
        IdentityStoreId=world.store, MembershipId=membership
    )
    refused(held.iam.list_roles, "InvalidClientTokenId", DEAD, status=403)


def test_a_deleted_groups_roles_go_away(world: World) -> None:
    arn = set_with(world, "Grouped", inline=INLINE)
    group = world.group("Holders")
    world.assign(arn, group, ALIAS, "GROUP")
    iam = account_iam(world)
    assert roles_of(iam, "Grouped")
    world.admin.identitystore.delete_group(IdentityStoreId=world.store, GroupId=group)
    until(lambda: roles_of(iam, "Grouped"), lambda found: not found)
    world.admin.sso_admin.delete_permission_set(InstanceArn=world.instance, PermissionSetArn=arn)


def test_an_administrator_of_a_member_account_cannot_let_anybody_in(world: World) -> None:
    keys: Keys = role_credentials(world.server, "alex", "sakura-playground", "AdministratorAccess")
    clients = Clients(world.server, keys)
    assert clients.iam.list_roles()["Roles"]
    refused(
        clients.sso_admin.create_account_assignment,
        "AccessDeniedException",
        InstanceArn=world.instance,
        TargetId=world.management,
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=world.sets["AdministratorAccess"],
        PrincipalType="USER",
        PrincipalId=world.users["alex"],
    )
    refused(
        clients.identitystore.create_group_membership,
        "AccessDeniedException",
        IdentityStoreId=world.store,
        GroupId=world.groups["Administrators"],
        MemberId={"UserId": world.users["alex"]},
    )
    for alias in ("sakura-management", "sakura-web-prod"):
        listed = world.admin.sso_admin.list_account_assignments(
            InstanceArn=world.instance,
            AccountId=world.account(alias),
            PermissionSetArn=world.sets["AdministratorAccess"],
        )["AccountAssignments"]
        assert world.users["alex"] not in {row["PrincipalId"] for row in listed}
