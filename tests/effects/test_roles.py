"""Becoming another role: the caller's policies, the role's trust, and what a session policy takes.

`OrganizationAccountAccessRole` of each member account trusts the management account.
"""

from typing import Any

import pytest

from tests.effects.limited import MANAGEMENT, Limited, document, may, sign_in, statement
from tests.fronts.aws.saml import role_and_provider
from tests.fronts.aws.world import Clients, World, assumed
from tests.support.person import role_credentials

MEMBER = "sakura-web-dev"
OTHER = "sakura-data-dev"
TRUSTING = "OrganizationAccountAccessRole"
HERE = ["127.0.0.0/8", "::1/128"]
ELSEWHERE = "192.0.2.0/24"


@pytest.fixture
def ken(world: World) -> Limited:
    """Ken in the management account, in a clean organization."""
    return sign_in(world)


def role_of(world: World, alias: str) -> str:
    return f"arn:aws:iam::{world.account(alias)}:role/{TRUSTING}"


def becomes(clients: Clients, role: str, name: str = "ken", **more: Any) -> bool:
    return may(clients.sts.assume_role, RoleArn=role, RoleSessionName=name, **more)


def test_a_session_assumes_the_roles_that_its_policy_names(world: World, ken: Limited) -> None:
    session = ken.by(statement("Allow", "sts:AssumeRole", Resource=role_of(world, MEMBER)))
    assert becomes(session, role_of(world, MEMBER))
    assert not becomes(session, role_of(world, OTHER))
    session = ken.by(statement("Allow", "sts:TagSession"))
    assert not becomes(session, role_of(world, MEMBER))


#: Operator, key, a value that holds, a value that does not.
CONDITIONS: list[tuple[str, str, Any, Any]] = [
    ("IpAddress", "aws:SourceIp", HERE, ELSEWHERE),
    ("DateLessThan", "aws:CurrentTime", "2100-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ("StringLike", "aws:UserAgent", "Boto3/*", "aws-cli/*"),
    ("StringEquals", "sts:RoleSessionName", "ken", "maria"),
    ("StringLike", "aws:userid", "*:ken", "*:maria"),
    ("StringLike", "aws:PrincipalOrgID", "o-*", "r-*"),
    ("StringLike", "aws:ResourceOrgID", "o-*", "r-*"),
    ("Bool", "aws:MultiFactorAuthPresent", "false", "true"),
]


def test_conditions_decide_about_assuming_a_role(world: World, ken: Limited) -> None:
    role = role_of(world, MEMBER)
    for operator, key, right, wrong in CONDITIONS:
        for value, holds in ((right, True), (wrong, False)):
            when = {operator: {key: value}}
            session = ken.by(statement("Allow", "sts:AssumeRole", Condition=when))
            assert becomes(session, role) is holds, when
            session = ken.by(
                statement("Allow", "sts:AssumeRole"), statement("Deny", "sts:*", Condition=when)
            )
            assert becomes(session, role) is not holds, when


def test_tags_that_are_passed_need_a_right_of_their_own(world: World, ken: Limited) -> None:
    role, tags = role_of(world, MEMBER), [{"Key": "team", "Value": "web"}]
    session = ken.by(statement("Allow", "sts:AssumeRole"))
    assert becomes(session, role)
    assert not becomes(session, role, Tags=tags)
    of_web = {"StringEquals": {"aws:RequestTag/team": "web"}}
    session = ken.by(
        statement("Allow", "sts:AssumeRole"),
        statement("Allow", "sts:TagSession", Condition=of_web),
    )
    assert not becomes(session, role, Tags=[{"Key": "team", "Value": "data"}])
    # The role trusts for AssumeRole alone, so that nobody brings tags into it.
    assert not becomes(session, role, Tags=tags)


def test_a_role_of_identity_center_trusts_nobody_who_assumes(world: World) -> None:
    """Not the administrator of its own account, nor another account's, with every right."""
    roles = {
        alias: role_and_provider(world, alias, "ReadOnlyAccess")["RoleArn"]
        for alias in (MANAGEMENT, MEMBER)
    }
    member = Clients(world.server, world.member_administrator(MEMBER))
    for role in roles.values():
        assert not becomes(world.admin, role)
        assert not becomes(member, role)


def test_a_trusting_role_is_assumed_from_the_account_that_it_trusts_only(
    world: World, ken: Limited
) -> None:
    everything = statement("Allow", "*")
    assert becomes(ken.by(everything), role_of(world, MEMBER))
    world.assign(world.sets["AdministratorAccess"], world.users["ken"], OTHER)
    keys = role_credentials(world.server, "ken", OTHER, "AdministratorAccess")
    assert not becomes(Clients(world.server, keys), role_of(world, MEMBER))


def test_a_session_policy_and_the_role_must_both_allow(world: World, ken: Limited) -> None:
    session = ken.by(statement("Allow", "sts:AssumeRole"))
    passed = document(
        statement("Allow", ["iam:ListRoles", "sso:*"]),
        statement("Deny", "iam:ListSAMLProviders"),
    )
    answer = session.sts.assume_role(
        RoleArn=role_of(world, MEMBER), RoleSessionName="ken", Policy=passed
    )
    taken = Clients(world.server, assumed(answer))
    assert may(taken.iam.list_roles)
    assert not may(taken.iam.get_role, RoleName=TRUSTING)
    assert not may(taken.iam.list_saml_providers)
    # It is the member's session: what its policy names elsewhere stays closed.
    assert not may(taken.sso_admin.list_permission_sets, InstanceArn=world.instance)
