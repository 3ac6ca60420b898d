"""Attributes for access control: a person's attribute is a tag of the session, and decides (§3.5).

One permission set serves everybody; what each may is in the person's own attributes.
"""

from typing import Any

import pytest

from tests.effects.limited import Limited, may, sign_in, statement
from tests.fronts.aws.world import Clients, World
from tests.support.person import role_credentials


@pytest.fixture
def ken(world: World) -> Limited:
    """Ken, whose nickname and title become tags, with maria beside him."""
    attributes = {"Team": "${path:nickName}", "Title": "${path:title}"}
    world.admin.sso_admin.create_instance_access_control_attribute_configuration(
        InstanceArn=world.instance,
        InstanceAccessControlAttributeConfiguration={
            "AccessControlAttributes": [
                {"Key": key, "Value": {"Source": [source]}} for key, source in attributes.items()
            ]
        },
    )
    set_attributes(world, "ken", nickName="web", title="Chief")
    set_attributes(world, "maria", nickName="data", title=None)
    return sign_in(world)


def set_attributes(world: World, user: str, **values: str | None) -> None:
    world.admin.identitystore.update_user(
        IdentityStoreId=world.store,
        UserId=world.users[user],
        Operations=[
            {"AttributePath": path, **({} if value is None else {"AttributeValue": value})}
            for path, value in values.items()
        ],
    )


def maria(ken: Limited) -> Clients:
    """Maria, with the same permission set."""
    world = ken.world
    world.assign(ken.permission_set, world.users["maria"], ken.alias)
    return Clients(world.server, role_credentials(world.server, "maria", ken.alias, "Limited"))


def test_one_policy_opens_to_each_what_bears_their_teams_tag(world: World, ken: Limited) -> None:
    sets = {
        team: world.permission_set(f"Of-{team}", Tags=[{"Key": "Team", "Value": team}])
        for team in ("web", "data")
    }
    ken.by(
        statement("Allow", "sso:DescribePermissionSet", Resource=world.instance),
        statement(
            "Allow",
            "sso:DescribePermissionSet",
            Resource="arn:aws:sso:::permissionSet/*/*",
            Condition={"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}},
        ),
    )
    assert seen(ken.session, world, sets) == {"web"}
    assert seen(maria(ken), world, sets) == {"data"}


def seen(clients: Clients, world: World, sets: dict[str, str]) -> set[str]:
    describe = clients.sso_admin.describe_permission_set
    return {
        team
        for team, arn in sets.items()
        if may(describe, InstanceArn=world.instance, PermissionSetArn=arn)
    }


def test_a_persons_tag_may_name_the_resource(world: World, ken: Limited) -> None:
    """A variable with and without a default; one without a value names nothing."""
    groups = {name: world.group(name) for name in ("web", "data", "free")}
    for name in ("web", "data"):
        user = {"web": "ken", "data": "maria"}[name]
        set_attributes(world, user, nickName=groups[name])
    own = "arn:aws:identitystore:::group/${aws:PrincipalTag/Team}"
    chosen = "arn:aws:identitystore:::group/${aws:PrincipalTag/Title, '" + groups["free"] + "'}"
    store = {"IdentityStoreId": world.store}
    keys = role_credentials(world.server, "ken", ken.alias, "Limited")
    kens, marias = Clients(world.server, keys), maria(ken)
    ken.by(
        statement(
            "Allow",
            "identitystore:DescribeGroup",
            Resource=["arn:aws:identitystore::*:identitystore/*", own, chosen],
        )
    )

    def described(clients: Clients) -> set[str]:
        describe: Any = clients.identitystore.describe_group
        return {name for name, one in groups.items() if may(describe, **store, GroupId=one)}

    assert described(kens) == {"web"}
    # Maria has no title, so the default stands for it.
    assert described(marias) == {"data", "free"}


def test_a_person_without_the_attribute_has_no_tag(world: World, ken: Limited) -> None:
    none = {"Null": {"aws:PrincipalTag/Title": "true"}}
    not_chief = {"StringNotEquals": {"aws:PrincipalTag/Title": "Chief"}}
    ken.by(
        statement("Allow", "sso:ListPermissionSets", Condition=none),
        statement("Allow", "sso:ListTrustedTokenIssuers", Condition=not_chief),
        statement(
            "Allow",
            "sso:DescribeInstance",
            Condition={"StringEqualsIgnoreCase": {"aws:PrincipalTag/title": "CHIEF"}},
        ),
    )

    def may_what(clients: Clients) -> tuple[bool, bool, bool]:
        sso, at = clients.sso_admin, {"InstanceArn": world.instance}
        return (
            may(sso.list_permission_sets, **at),
            may(sso.list_trusted_token_issuers, **at),
            may(sso.describe_instance, **at),
        )

    assert may_what(ken.session) == (False, False, True)
    assert may_what(maria(ken)) == (True, True, False)
