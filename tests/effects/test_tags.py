"""Tags in conditions: those of a resource, those of a request, and those that a person brings."""

from typing import Any

import pytest

from tests.effects.limited import Limited, Statement, may, sign_in, statement
from tests.fronts.aws.world import World

TARGET = "sakura-web-dev"
TEAM = {"StringEquals": {"aws:ResourceTag/team": "web"}}


@pytest.fixture
def ken(world: World) -> Limited:
    """Ken in the management account, in a clean organization."""
    return sign_in(world)


@pytest.fixture
def sets(world: World) -> dict[str, str]:
    """Three permission sets: the web team's, the data team's and nobody's."""
    tags = {"web": [tag("team", "web")], "data": [tag("team", "data")], "none": []}
    return {name: world.permission_set(f"Of-{name}", Tags=given) for name, given in tags.items()}


def tag(key: str, value: str) -> dict[str, str]:
    return {"Key": key, "Value": value}


def elsewhere(world: World) -> Statement:
    """What every policy about permission sets needs: the instance and the accounts."""
    return statement(
        "Allow", "sso:*", Resource=[world.instance, "arn:aws:sso:::account/*"], Sid="Elsewhere"
    )


def on_sets(effect: str, condition: Any, action: str = "sso:*") -> Statement:
    return statement(
        effect, action, Resource="arn:aws:sso:::permissionSet/*/*", Condition=condition
    )


def assignment(world: World, permission_set: str) -> dict[str, str]:
    return {
        "InstanceArn": world.instance,
        "PermissionSetArn": permission_set,
        "TargetId": world.account(TARGET),
        "TargetType": "AWS_ACCOUNT",
        "PrincipalType": "USER",
        "PrincipalId": world.users["maria"],
    }


def test_who_may_administer_one_teams_permission_sets_assigns_no_others(
    world: World, ken: Limited, sets: dict[str, str]
) -> None:
    """AWS's own example of delegating permission sets: by their tags and by accounts."""
    sso = ken.by(elsewhere(world), on_sets("Allow", TEAM)).sso_admin
    allowed = {
        name: (
            may(sso.describe_permission_set, InstanceArn=world.instance, PermissionSetArn=arn),
            may(
                sso.list_account_assignments,
                InstanceArn=world.instance,
                PermissionSetArn=arn,
                AccountId=world.account(TARGET),
            ),
            may(sso.create_account_assignment, **assignment(world, arn)),
        )
        for name, arn in sets.items()
    }
    assert allowed == {"web": (True,) * 3, "data": (False,) * 3, "none": (False,) * 3}


def test_a_denial_by_tag_reaches_assignments(
    world: World, ken: Limited, sets: dict[str, str]
) -> None:
    sso = ken.by(statement("Allow", "sso:*"), on_sets("Deny", TEAM)).sso_admin
    may_assign = {
        name: may(sso.create_account_assignment, **assignment(world, arn))
        for name, arn in sets.items()
    }
    assert may_assign == {"web": False, "data": True, "none": True}


def test_an_account_named_by_its_arn_is_the_only_one_to_assign_in(
    world: World, ken: Limited, sets: dict[str, str]
) -> None:
    sso = ken.by(
        statement(
            "Allow",
            "sso:CreateAccountAssignment",
            Resource=[
                world.instance,
                "arn:aws:sso:::permissionSet/*/*",
                f"arn:aws:sso:::account/{world.account(TARGET)}",
            ],
        )
    ).sso_admin
    here = assignment(world, sets["none"])
    away = here | {"TargetId": world.account("sakura-data-dev")}
    assert may(sso.create_account_assignment, **here)
    assert not may(sso.create_account_assignment, **away)


def test_each_resource_is_asked_about_with_its_own_tags(
    world: World, ken: Limited, sets: dict[str, str]
) -> None:
    """A condition on everything is one on the instance, too, which has tags of its own."""
    describe = {"InstanceArn": world.instance, "PermissionSetArn": sets["web"]}
    sso = ken.by(statement("Allow", "sso:*", Condition=TEAM)).sso_admin
    assert not may(sso.describe_permission_set, **describe)
    assert not may(sso.list_permission_sets, InstanceArn=world.instance)
    world.admin.sso_admin.tag_resource(
        InstanceArn=world.instance, ResourceArn=world.instance, Tags=[tag("team", "web")]
    )
    assert may(sso.describe_permission_set, **describe)
    assert may(sso.list_permission_sets, InstanceArn=world.instance)
    assert not may(sso.describe_permission_set, **describe | {"PermissionSetArn": sets["data"]})


def test_what_is_made_must_bear_the_tags_that_the_policy_wants(world: World, ken: Limited) -> None:
    sso = ken.by(
        statement(
            "Allow",
            ["sso:CreatePermissionSet", "sso:CreateTrustedTokenIssuer", "sso:CreateApplication"],
            Condition={
                "StringEquals": {"aws:RequestTag/team": "web"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "note"]},
            },
        )
    ).sso_admin

    def make(name: str, *tags: dict[str, str]) -> bool:
        return may(
            sso.create_permission_set, InstanceArn=world.instance, Name=name, Tags=list(tags)
        )

    assert make("Right", tag("team", "web"), tag("note", "x"))
    assert not make("Other", tag("team", "data"))
    assert not make("More", tag("team", "web"), tag("owner", "me"))
    assert not make("None")


def test_tags_are_given_and_taken_within_what_keys_and_values_allow(
    world: World, ken: Limited, sets: dict[str, str]
) -> None:
    keys = {"ForAllValues:StringEquals": {"aws:TagKeys": "note"}, "Null": {"aws:TagKeys": "false"}}
    sso = ken.by(
        statement("Allow", ["sso:TagResource", "sso:UntagResource"], Condition=keys | TEAM),
        statement(
            "Deny", "sso:TagResource", Condition={"StringLike": {"aws:RequestTag/note": "x*"}}
        ),
    ).sso_admin

    def named(name: str) -> dict[str, str]:
        return {"InstanceArn": world.instance, "ResourceArn": sets[name]}

    assert may(sso.tag_resource, **named("web"), Tags=[tag("note", "mine")])
    assert not may(sso.tag_resource, **named("web"), Tags=[tag("note", "xenon")])
    assert not may(sso.tag_resource, **named("web"), Tags=[tag("team", "data")])
    assert not may(sso.tag_resource, **named("web"), Tags=[tag("note", "a"), tag("b", "")])
    assert not may(sso.tag_resource, **named("data"), Tags=[tag("note", "mine")])
    assert may(sso.untag_resource, **named("web"), TagKeys=["note"])
    assert not may(sso.untag_resource, **named("web"), TagKeys=["note", "team"])
    assert not may(sso.untag_resource, **named("none"), TagKeys=["note"])
    found = world.admin.sso_admin.list_tags_for_resource(**named("web"))["Tags"]
    assert found == [tag("team", "web")]


def test_the_account_that_made_an_application_is_a_condition(world: World, ken: Limited) -> None:
    arn = world.admin.sso_admin.create_application(
        InstanceArn=world.instance,
        ApplicationProviderArn="arn:aws:sso::aws:applicationProvider/custom",
        Name="Wiki",
    )["ApplicationArn"]

    def describes(account_id: str) -> bool:
        made_by = {"StringEquals": {"sso:ApplicationAccount": account_id}}
        sso = ken.by(statement("Allow", "sso:DescribeApplication", Condition=made_by)).sso_admin
        return may(sso.describe_application, ApplicationArn=arn)

    assert describes(world.management)
    assert not describes(world.account(TARGET))
