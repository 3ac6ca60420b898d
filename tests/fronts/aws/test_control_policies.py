"""Service control policies by boto3: they limit sessions of member accounts, no others (§10)."""

from typing import Any

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.test_effects import allow, session, set_with
from tests.fronts.aws.world import Clients, World

SCP = "SERVICE_CONTROL_POLICY"
FULL = "p-FullAWSAccess"
ALIAS = "sakura-web-dev"
OTHER = "sakura-data-dev"


@pytest.fixture
def organizations(world: World) -> Any:
    """AWS Organizations, with service control policies enabled."""
    found = world.admin.organizations
    world.more["root"] = found.list_roots()["Roots"][0]["Id"]
    found.enable_policy_type(RootId=world.more["root"], PolicyType=SCP)
    return found


def create(organizations: Any, content: str, name: str = "Guard") -> str:
    made = organizations.create_policy(Name=name, Description="", Content=content, Type=SCP)
    policy_id: str = made["Policy"]["PolicySummary"]["Id"]
    return policy_id


def iam_of(world: World, alias: str = ALIAS) -> Any:
    return Clients(world.server, world.member_administrator(alias)).iam


def parent_of(world: World, organizations: Any, alias: str = ALIAS) -> str:
    found: str = organizations.list_parents(ChildId=world.account(alias))["Parents"][0]["Id"]
    return found


def denied(call: Any, **params: Any) -> str:
    return refused(call, "AccessDenied", status=403, **params)


def test_enabling_alone_limits_nobody(world: World, organizations: Any) -> None:
    iam_of(world).list_roles()
    (root,) = organizations.list_roots()["Roots"]
    assert root["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    listed = organizations.list_policies(Filter=SCP)["Policies"]
    assert [(policy["Id"], policy["AwsManaged"]) for policy in listed] == [(FULL, True)]


@pytest.mark.parametrize("place", ["root", "unit", "account"])
def test_a_denial_at_any_level_denies_at_the_next_call(
    world: World, organizations: Any, place: str
) -> None:
    target = {
        "root": world.more["root"],
        "unit": parent_of(world, organizations),
        "account": world.account(ALIAS),
    }[place]
    iam = iam_of(world)
    iam.list_roles()
    policy_id = create(organizations, allow("iam:ListRoles", effect="Deny"))
    organizations.attach_policy(PolicyId=policy_id, TargetId=target)
    message = denied(iam.list_roles)
    assert "with an explicit deny in a service control policy" in message
    iam.list_saml_providers()
    world.admin.iam.list_roles()
    organizations.update_policy(
        PolicyId=policy_id, Content=allow("iam:ListSAMLProviders", effect="Deny")
    )
    iam.list_roles()
    denied(iam.list_saml_providers)
    organizations.detach_policy(PolicyId=policy_id, TargetId=target)
    iam.list_saml_providers()


def test_without_full_access_only_what_is_allowed_is_left(world: World, organizations: Any) -> None:
    iam, target = iam_of(world), world.account(ALIAS)
    policy_id = create(organizations, allow("iam:List*"))
    organizations.attach_policy(PolicyId=policy_id, TargetId=target)
    iam.create_policy(PolicyName="One", PolicyDocument=allow("s3:*"))
    organizations.detach_policy(PolicyId=FULL, TargetId=target)
    iam.list_roles()
    denied(iam.create_policy, PolicyName="Two", PolicyDocument=allow("s3:*"))
    iam_of(world, OTHER).create_policy(PolicyName="Two", PolicyDocument=allow("s3:*"))
    organizations.disable_policy_type(RootId=world.more["root"], PolicyType=SCP)
    iam.create_policy(PolicyName="Two", PolicyDocument=allow("s3:*"))


def test_a_persons_session_is_limited_and_never_widened(world: World, organizations: Any) -> None:
    permission_set = set_with(world, "Lister", inline=allow("iam:ListRoles"))
    world.assign(permission_set, world.users["ken"], ALIAS)
    iam = session(world, "Lister").iam
    iam.list_roles()
    denied(iam.list_saml_providers)
    policy_id = create(organizations, allow("iam:ListRoles", effect="Deny"))
    organizations.attach_policy(PolicyId=policy_id, TargetId=world.account(ALIAS))
    denied(iam.list_roles)
    world.assign(permission_set, world.users["ken"], "sakura-management")
    organizations.attach_policy(PolicyId=policy_id, TargetId=world.management)
    session(world, "Lister", alias="sakura-management").iam.list_roles()


def test_an_account_instance_is_guarded_as_the_reference_says(
    world: World, organizations: Any
) -> None:
    policy_id = create(organizations, allow("sso:CreateInstance", effect="Deny"))
    organizations.attach_policy(PolicyId=policy_id, TargetId=world.more["root"])
    sso = Clients(world.server, world.member_administrator(ALIAS)).sso_admin
    refused(sso.create_instance, "AccessDeniedException", Name="own")


def test_members_change_no_policies_and_a_delegate_reads_them(
    world: World, organizations: Any
) -> None:
    member = Clients(world.server, world.member_administrator(ALIAS)).organizations
    code = "AccessDeniedException"
    detach = {"PolicyId": FULL, "TargetId": world.account(ALIAS)}
    refused(member.list_policies, code, Filter=SCP)
    refused(member.detach_policy, code, **detach)
    organizations.register_delegated_administrator(
        AccountId=world.account(ALIAS), ServicePrincipal="sso.amazonaws.com"
    )
    assert member.list_policies(Filter=SCP)["Policies"]
    assert member.describe_policy(PolicyId=FULL)["Policy"]["Content"]
    refused(member.detach_policy, code, **detach)
    refused(member.disable_policy_type, code, RootId=world.more["root"], PolicyType=SCP)


def test_everything_written_is_read_again(world: World, organizations: Any) -> None:
    content = allow("iam:ListRoles", effect="Deny")
    policy_id = create(organizations, content)
    found = organizations.describe_policy(PolicyId=policy_id)["Policy"]
    assert found["Content"] == content
    assert found["PolicySummary"]["Name"] == "Guard"
    unit = parent_of(world, organizations)
    organizations.attach_policy(PolicyId=policy_id, TargetId=unit)
    (target,) = organizations.list_targets_for_policy(PolicyId=policy_id)["Targets"]
    assert (target["TargetId"], target["Type"]) == (unit, "ORGANIZATIONAL_UNIT")
    listed = organizations.list_policies_for_target(TargetId=unit, Filter=SCP)["Policies"]
    assert {policy["Id"] for policy in listed} == {FULL, policy_id}
    refused(organizations.delete_policy, "PolicyInUseException", PolicyId=policy_id)
    organizations.detach_policy(PolicyId=policy_id, TargetId=unit)
    organizations.delete_policy(PolicyId=policy_id)
    refused(organizations.describe_policy, "PolicyNotFoundException", PolicyId=policy_id)
    refused(
        organizations.create_policy,
        "MalformedPolicyDocumentException",
        Name="Bad",
        Description="",
        Content="{}",
        Type=SCP,
    )
