"""A delegated administrator by boto3: what it may do from its own account, and what not (§1.7)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.wire import Keys
from tests.fronts.aws.world import INLINE, NOBODY, VIEW_ONLY, Clients, World, until
from tests.support.person import role_credentials

SSO = "sso.amazonaws.com"
DELEGATE = "sakura-security"
OTHER = "sakura-data-dev"
TARGET = "sakura-web-dev"
SENTENCE = "You don't have permissions to access this resource."


def keys(world: World, alias: str = DELEGATE) -> Keys:
    return world.member_administrator(alias)


def clients(world: World, alias: str = DELEGATE) -> Clients:
    return Clients(world.server, keys(world, alias))


@pytest.fixture
def delegate(world: World) -> Clients:
    """The administrator of the account that is registered."""
    register(world)
    return clients(world)


def register(world: World) -> None:
    world.admin.organizations.register_delegated_administrator(
        AccountId=world.account(DELEGATE), ServicePrincipal=SSO
    )


def deregister(world: World) -> None:
    world.admin.organizations.deregister_delegated_administrator(
        AccountId=world.account(DELEGATE), ServicePrincipal=SSO
    )


def administered(world: World, who: Clients) -> list[Callable[[], Any]]:
    """Reads and changes of either service that only an administrator makes."""
    of = {"InstanceArn": world.instance}
    spare = world.more["spare"]
    return [
        lambda: who.sso_admin.list_permission_sets(**of),
        lambda: who.sso_admin.describe_instance(**of),
        lambda: who.sso_admin.update_permission_set(
            **of, PermissionSetArn=spare, Description="changed"
        ),
        lambda: who.sso_admin.list_applications(**of),
        lambda: who.sso_admin.tag_resource(
            **of, ResourceArn=world.instance, Tags=[{"Key": "a", "Value": "b"}]
        ),
        lambda: who.identitystore.update_user(
            IdentityStoreId=world.store,
            UserId=world.users["ken"],
            Operations=[{"AttributePath": "title", "AttributeValue": "Boss"}],
        ),
    ]


def denied(call: Callable[[], Any]) -> str:
    return refused(call, "AccessDeniedException")


def test_trusted_access_comes_with_the_organization_instance(world: World) -> None:
    listed = world.admin.organizations.list_aws_service_access_for_organization()
    assert [one["ServicePrincipal"] for one in listed["EnabledServicePrincipals"]] == [SSO]


def test_a_delegated_administrator_administers_until_it_is_deregistered(world: World) -> None:
    world.more["spare"] = world.permission_set("Spare")
    who, other = clients(world), clients(world, OTHER)
    for call in (*administered(world, who), *administered(world, other)):
        denied(call)
    register(world)
    for call in administered(world, who):
        call()
    for call in administered(world, other):
        denied(call)
    deregister(world)
    for call in administered(world, who):
        denied(call)
    register(world)
    world.admin.organizations.disable_aws_service_access(ServicePrincipal=SSO)
    for call in administered(world, who):
        denied(call)


def test_what_it_assigns_is_an_assignment_like_any_other(world: World, delegate: Clients) -> None:
    made = delegate.sso_admin.create_permission_set(InstanceArn=world.instance, Name="Theirs")
    arn = made["PermissionSet"]["PermissionSetArn"]
    delegate.sso_admin.put_inline_policy_to_permission_set(
        InstanceArn=world.instance, PermissionSetArn=arn, InlinePolicy=INLINE
    )
    assignment = {
        "InstanceArn": world.instance,
        "PermissionSetArn": arn,
        "TargetId": world.account(TARGET),
        "TargetType": "AWS_ACCOUNT",
        "PrincipalType": "USER",
        "PrincipalId": world.users["ken"],
    }
    request = delegate.sso_admin.create_account_assignment(**assignment)
    world.settled("creation", request["AccountAssignmentCreationStatus"]["RequestId"])
    session = Clients(world.server, role_credentials(world.server, "ken", TARGET, "Theirs"))
    assert session.sts.get_caller_identity()["Account"] == world.account(TARGET)
    request = delegate.sso_admin.delete_account_assignment(**assignment)
    world.settled("deletion", request["AccountAssignmentDeletionStatus"]["RequestId"])


def test_it_may_no_more_than_its_own_policies_allow(world: World, delegate: Clients) -> None:
    reader = world.permission_set("Reader")
    world.admin.sso_admin.put_inline_policy_to_permission_set(
        InstanceArn=world.instance,
        PermissionSetArn=reader,
        InlinePolicy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "sso:ListPermissionSets", "Resource": "*"}
                ],
            }
        ),
    )
    world.assign(reader, world.users["ken"], DELEGATE)
    ken = Clients(world.server, role_credentials(world.server, "ken", DELEGATE, "Reader"))
    assert (
        reader in ken.sso_admin.list_permission_sets(InstanceArn=world.instance)["PermissionSets"]
    )
    message = denied(lambda: ken.sso_admin.describe_instance(InstanceArn=world.instance))
    assert "because no identity-based policy allows the sso:DescribeInstance action" in message


def test_the_management_accounts_own_access_stays_with_it(world: World, delegate: Clients) -> None:
    sso, of = delegate.sso_admin, {"InstanceArn": world.instance}
    kept, free = world.permission_set("Kept"), world.permission_set("Free")
    for arn in (kept, free):
        world.admin.sso_admin.put_inline_policy_to_permission_set(
            **of, PermissionSetArn=arn, InlinePolicy=INLINE
        )
    ken = world.users["ken"]
    world.assign(kept, ken, "sakura-management")
    world.assign(kept, ken, TARGET)
    assignment = {"TargetType": "AWS_ACCOUNT", "PrincipalType": "USER", "PrincipalId": ken}
    at_home = {**of, **assignment, "TargetId": world.management}
    away = {**of, **assignment, "TargetId": world.account(OTHER)}
    named = {**of, "PermissionSetArn": kept}
    provision = {**named, "TargetType": "AWS_ACCOUNT", "TargetId": world.account(TARGET)}
    for call, resource in (
        (lambda: sso.create_account_assignment(**at_home, PermissionSetArn=free), "account"),
        (lambda: sso.delete_account_assignment(**at_home, PermissionSetArn=kept), "account"),
        (lambda: sso.create_account_assignment(**away, PermissionSetArn=kept), "permissionSet"),
        (lambda: sso.update_permission_set(**named), "permissionSet"),
        (lambda: sso.delete_permission_set(**named), "permissionSet"),
        (lambda: sso.delete_inline_policy_from_permission_set(**named), "permissionSet"),
        (
            lambda: sso.attach_managed_policy_to_permission_set(
                **named, ManagedPolicyArn=VIEW_ONLY
            ),
            "permissionSet",
        ),
        (lambda: sso.provision_permission_set(**provision), "permissionSet"),
        (
            lambda: sso.provision_permission_set(**named, TargetType="ALL_PROVISIONED_ACCOUNTS"),
            "permissionSet",
        ),
    ):
        message = denied(call)
        assert "is not authorized to perform: sso:" in message
        assert f"on resource: arn:aws:sso:::{resource}/" in message
    assert sso.describe_permission_set(**named)["PermissionSet"]["Name"] == "Kept"
    world.unassign(kept, ken, "sakura-management")
    sso.update_permission_set(**named, Description="free now")


def test_the_instance_and_the_delegation_stay_with_the_management_account(
    world: World, delegate: Clients
) -> None:
    denied(lambda: delegate.sso_admin.delete_instance(InstanceArn=world.instance))
    organizations = delegate.organizations
    account = {"AccountId": world.account(OTHER), "ServicePrincipal": SSO}
    for call in (
        lambda: organizations.register_delegated_administrator(**account),
        lambda: organizations.deregister_delegated_administrator(**account),
        lambda: organizations.enable_aws_service_access(ServicePrincipal=SSO),
        lambda: organizations.disable_aws_service_access(ServicePrincipal=SSO),
    ):
        assert denied(call) == SENTENCE
    assert world.admin.sso_admin.describe_instance(InstanceArn=world.instance)["Status"] == "ACTIVE"


def test_a_delegated_administrator_reads_the_organization(world: World, delegate: Clients) -> None:
    organizations = delegate.organizations
    assert (
        organizations.list_accounts()["Accounts"]
        == (world.admin.organizations.list_accounts()["Accounts"])
    )
    (found,) = organizations.list_delegated_administrators()["DelegatedAdministrators"]
    assert (found["Id"], found["Status"]) == (world.account(DELEGATE), "ACTIVE")
    listed = organizations.list_delegated_services_for_account(AccountId=world.account(DELEGATE))
    assert [one["ServicePrincipal"] for one in listed["DelegatedServices"]] == [SSO]
    assert found["DelegationEnabledDate"] == listed["DelegatedServices"][0]["DelegationEnabledDate"]
    other = clients(world, OTHER).organizations
    assert denied(other.list_accounts) == SENTENCE
    assert denied(other.list_delegated_administrators) == SENTENCE


def test_a_delegated_administrator_sees_the_whole_instance(world: World, delegate: Clients) -> None:
    mine = delegate.sso_admin.list_instances()["Instances"]
    assert mine == world.admin.sso_admin.list_instances()["Instances"]
    (limited,) = clients(world, OTHER).sso_admin.list_instances()["Instances"]
    assert "Name" not in limited


def test_who_may_not_register_is_told_why(world: World) -> None:
    organizations = world.admin.organizations
    account = world.account(DELEGATE)
    organizations.disable_aws_service_access(ServicePrincipal=SSO)

    def register_refused(code: str, reason: str | None, **params: str) -> None:
        given = {"AccountId": account, "ServicePrincipal": SSO, **params}
        members = {"Reason": reason} if reason else {}
        call = organizations.register_delegated_administrator
        refused(call, code, members=members, **given)

    violation = "ConstraintViolationException"
    register_refused(violation, "SERVICE_ACCESS_NOT_ENABLED")
    organizations.enable_aws_service_access(ServicePrincipal=SSO)
    register_refused(
        violation,
        "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
        AccountId=world.management,
    )
    register_refused("AccountNotFoundException", None, AccountId="000000000000")
    register_refused("InvalidInputException", "INVALID_PATTERN", AccountId="12")
    unknown = {"ServicePrincipal": "chairs.amazonaws.com"}
    register_refused("InvalidInputException", "UNRECOGNIZED_SERVICE_PRINCIPAL", **unknown)
    register(world)
    register_refused("AccountAlreadyRegisteredException", None)
    register_refused(
        violation,
        "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED",
        AccountId=world.account(OTHER),
    )
    deregister(world)
    refused(
        organizations.deregister_delegated_administrator,
        "AccountNotRegisteredException",
        AccountId=account,
        ServicePrincipal=SSO,
    )


def test_an_account_instance_of_another_member_is_not_delegated(
    world: World, delegate: Clients
) -> None:
    own = clients(world, OTHER).sso_admin
    arn = own.create_instance(Name="own")["InstanceArn"]
    until(lambda: own.describe_instance(InstanceArn=arn)["Status"], lambda found: found == "ACTIVE")
    denied(lambda: delegate.sso_admin.describe_instance(InstanceArn=arn))


def test_an_unknown_instance_stays_unknown(world: World, delegate: Clients) -> None:
    refused(
        delegate.sso_admin.list_permission_sets,
        "ResourceNotFoundException",
        InstanceArn="arn:aws:sso:::instance/ssoins-0000000000000000",
    )
    refused(
        delegate.identitystore.describe_user,
        "ResourceNotFoundException",
        IdentityStoreId=world.store,
        UserId=NOBODY,
    )
