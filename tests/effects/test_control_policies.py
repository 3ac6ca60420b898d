"""Service control policies over sessions that administer: a delegate's, and by conditions (§10)."""

import json
from typing import Any

import pytest

from tests.effects.limited import MANAGEMENT, document, may, sign_in, statement
from tests.fronts.aws.world import Clients, World
from tests.support.person import role_credentials

SCP = "SERVICE_CONTROL_POLICY"
DELEGATE = "sakura-security"


@pytest.fixture
def delegate(world: World) -> Clients:
    """Ken with every right in the account that administers Identity Center for the organization."""
    organizations = world.admin.organizations
    organizations.enable_policy_type(
        RootId=organizations.list_roots()["Roots"][0]["Id"], PolicyType=SCP
    )
    organizations.register_delegated_administrator(
        AccountId=world.account(DELEGATE), ServicePrincipal="sso.amazonaws.com"
    )
    world.assign(world.sets["AdministratorAccess"], world.users["ken"], DELEGATE)
    keys = role_credentials(world.server, "ken", DELEGATE, "AdministratorAccess")
    return Clients(world.server, keys)


def attach(world: World, target: str, *statements: Any) -> str:
    """Attach a policy of these statements; its id."""
    organizations = world.admin.organizations
    made = organizations.create_policy(
        Name="Guard", Description="", Content=document(*statements), Type=SCP
    )
    policy_id: str = made["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy_id, TargetId=target)
    return policy_id


def test_a_delegate_is_limited_by_the_policies_over_its_account(
    world: World, delegate: Clients
) -> None:
    at = {"InstanceArn": world.instance}
    sso = delegate.sso_admin
    assert may(sso.create_permission_set, **at, Name="One")
    attach(world, world.account(DELEGATE), statement("Deny", ["sso:Create*", "identitystore:*"]))
    assert not may(sso.create_permission_set, **at, Name="Two")
    assert not may(delegate.identitystore.list_users, IdentityStoreId=world.store)
    assert may(sso.list_permission_sets, **at)
    # The owner's own administrators stand above it.
    assert may(world.admin.sso_admin.create_permission_set, **at, Name="Two")


def test_a_policy_over_the_root_spares_the_management_account(
    world: World, delegate: Clients
) -> None:
    (root,) = world.admin.organizations.list_roots()["Roots"]
    attach(world, root["Id"], statement("Deny", "sso:*"))
    at = {"InstanceArn": world.instance}
    assert not may(delegate.sso_admin.list_permission_sets, **at)
    session = sign_in(world, "maria", MANAGEMENT).by(statement("Allow", "sso:*"))
    assert may(session.sso_admin.list_permission_sets, **at)


#: The condition of a Deny, and whether a delegate's session in Identity Center's Region gets by.
GUARD_RAILS: list[tuple[dict[str, dict[str, Any]], bool]] = [
    ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*AWSReservedSSO_Admin*"}}, False),
    ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*AWSReservedSSO_Admin*"}}, True),
    ({"StringNotEqualsIfExists": {"aws:ResourceOrgID": "o-0000000000"}}, False),
    ({"StringNotEqualsIfExists": {"aws:ResourceOrgID": "{organization}"}}, True),
    ({"StringNotEquals": {"aws:PrincipalOrgID": "{organization}"}}, True),
    ({"NotIpAddress": {"aws:SourceIp": ["127.0.0.0/8", "::1"]}}, True),
    ({"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, False),
    ({"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}, False),
    ({"StringNotEquals": {"aws:RequestedRegion": ["{region}"]}}, True),
    ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, False),
]


def test_the_usual_guard_rails_deny_by_their_conditions(world: World, delegate: Clients) -> None:
    organization = world.admin.organizations.describe_organization()["Organization"]["Id"]
    names = {"{organization}": organization, "{region}": world.server.facts["region"]}
    policy_id = attach(world, world.account(DELEGATE), statement("Allow", "*"))
    for condition, expected in GUARD_RAILS:
        written = json.dumps(condition)
        for name, value in names.items():
            written = written.replace(name, value)
        denial = statement("Deny", "sso:*", Condition=json.loads(written))
        world.admin.organizations.update_policy(PolicyId=policy_id, Content=document(denial))
        listed = may(delegate.sso_admin.list_permission_sets, InstanceArn=world.instance)
        assert listed is expected, condition
