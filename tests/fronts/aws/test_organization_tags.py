"""organizations: tags of the root, of units, accounts and policies (reference §10)."""

import json
from typing import Any

import pytest

from tests.fronts.aws import trail
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.samples_accounts import CONFIG, DELEGATE
from tests.fronts.aws.world import INLINE, Clients, World
from tests.support.person import role_credentials

SCP = "SERVICE_CONTROL_POLICY"
FULL = "p-FullAWSAccess"
NOT_FOUND = "TargetNotFoundException"
KINDS = ["root", "unit", "account", "policy"]
Tag = dict[str, str]


@pytest.fixture
def organizations(world: World) -> Any:
    return world.admin.organizations


@pytest.fixture
def ids(world: World, organizations: Any) -> dict[str, str]:
    """One thing of each kind."""
    root = organizations.list_roots()["Roots"][0]["Id"]
    units = organizations.list_organizational_units_for_parent(ParentId=root)
    return {
        "root": root,
        "unit": units["OrganizationalUnits"][0]["Id"],
        "account": world.account("sakura-playground"),
        "policy": policy(organizations),
    }


def policy(organizations: Any, *tags: Tag, name: str = "Guard") -> str:
    made = organizations.create_policy(
        Name=name, Description="", Content=INLINE, Type=SCP, Tags=list(tags)
    )
    policy_id: str = made["Policy"]["PolicySummary"]["Id"]
    return policy_id


def tag(key: str, value: str = "") -> Tag:
    return {"Key": key, "Value": value}


def tags(organizations: Any, resource_id: str) -> dict[str, str]:
    pages = organizations.get_paginator("list_tags_for_resource").paginate(ResourceId=resource_id)
    return {each["Key"]: each["Value"] for page in pages for each in page["Tags"]}


@pytest.mark.parametrize("kind", KINDS)
def test_tags_are_added_replaced_listed_and_taken_away(
    organizations: Any, ids: dict[str, str], kind: str
) -> None:
    resource = ids[kind]
    assert tags(organizations, resource) == {}
    organizations.tag_resource(ResourceId=resource, Tags=[tag("team", "a"), tag("Stage", "x")])
    # Keys differ by case.
    organizations.tag_resource(ResourceId=resource, Tags=[tag("stage", "東京"), tag("team")])
    assert tags(organizations, resource) == {"Stage": "x", "stage": "東京", "team": ""}
    listed = organizations.list_tags_for_resource(ResourceId=resource)["Tags"]
    assert [each["Key"] for each in listed] == ["Stage", "stage", "team"]
    organizations.untag_resource(ResourceId=resource, TagKeys=["team", "no such key"])
    assert tags(organizations, resource) == {"Stage": "x", "stage": "東京"}
    for other, other_id in ids.items():
        assert other == kind or tags(organizations, other_id) == {}
    organizations.untag_resource(ResourceId=resource, TagKeys=["Stage", "stage"])
    assert tags(organizations, resource) == {}


def test_a_policy_keeps_the_tags_that_it_is_made_with_as_long_as_it_is_there(
    organizations: Any,
) -> None:
    made = policy(organizations, tag("team", "a"), tag("empty"))
    assert tags(organizations, made) == {"team": "a", "empty": ""}
    organizations.update_policy(PolicyId=made, Description="changed")
    assert tags(organizations, made) == {"team": "a", "empty": ""}
    organizations.delete_policy(PolicyId=made)
    refused(organizations.list_tags_for_resource, NOT_FOUND, ResourceId=made)


@pytest.mark.parametrize(
    "resource", ["r-zzzz", "ou-zzzz-12345678", "123456789012", "p-0123456789", "rp-zzzzzzzz"]
)
def test_what_is_not_there_has_no_tags(organizations: Any, resource: str) -> None:
    sentence = "We can't find a root, OU, account, or policy with the TargetId that you specified."
    for call, more in (
        (organizations.list_tags_for_resource, {}),
        (organizations.tag_resource, {"Tags": [tag("a")]}),
        (organizations.untag_resource, {"TagKeys": ["a"]}),
    ):
        refused(call, NOT_FOUND, sentence, ResourceId=resource, members={}, **more)


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_has_fifty_tags_at_most(organizations: Any, ids: dict[str, str], kind: str) -> None:
    resource = ids[kind]
    organizations.tag_resource(ResourceId=resource, Tags=[tag(f"k{n}") for n in range(50)])
    assert len(tags(organizations, resource)) == 50
    organizations.tag_resource(ResourceId=resource, Tags=[tag("k7", "changed")])
    for more in ([tag("one more")], [tag("k1"), tag("one more")]):
        refused(
            organizations.tag_resource,
            "ConstraintViolationException",
            members={"Reason": "MAX_TAG_LIMIT_EXCEEDED"},
            ResourceId=resource,
            Tags=more,
        )
    assert len(tags(organizations, resource)) == 50


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([tag("aws:team")], "INVALID_SYSTEM_TAGS_PARAMETER"),
        ([tag("fine"), tag("AWS:team")], "INVALID_SYSTEM_TAGS_PARAMETER"),
        ([tag("twice", "a"), tag("twice", "b")], "DUPLICATE_TAG_KEY"),
        ([tag("k" * 129)], "MAX_LENGTH_EXCEEDED"),
        ([tag("")], "MIN_LENGTH_EXCEEDED"),
        ([tag("k", "v" * 257)], "MAX_LENGTH_EXCEEDED"),
        ([tag("k*")], "INVALID_PATTERN"),
        ([tag("k", "<v>")], "INVALID_PATTERN"),
    ],
)
def test_tags_that_aws_does_not_take_are_refused_and_none_is_added(
    organizations: Any, ids: dict[str, str], given: list[Tag], reason: str
) -> None:
    organizations.tag_resource(ResourceId=ids["account"], Tags=[tag("kept", "yes")])
    refused(
        organizations.tag_resource,
        "InvalidInputException",
        members={"Reason": reason},
        ResourceId=ids["account"],
        Tags=given,
    )
    assert tags(organizations, ids["account"]) == {"kept": "yes"}
    refused(
        lambda: policy(organizations, *given, name="Another"),
        "InvalidInputException",
        members={"Reason": reason},
    )
    listed = organizations.list_policies(Filter=SCP)["Policies"]
    assert "Another" not in {each["Name"] for each in listed}


def test_a_key_of_aws_cannot_be_taken_away(organizations: Any, ids: dict[str, str]) -> None:
    refused(
        organizations.untag_resource,
        "InvalidInputException",
        members={"Reason": "INVALID_SYSTEM_TAGS_PARAMETER"},
        ResourceId=ids["root"],
        TagKeys=["aws:team"],
    )


def test_a_policy_of_aws_has_no_tags_and_takes_none(organizations: Any) -> None:
    assert tags(organizations, FULL) == {}
    refused(
        organizations.tag_resource,
        "InvalidInputException",
        members={"Reason": "IMMUTABLE_POLICY"},
        ResourceId=FULL,
        Tags=[tag("a")],
    )


@pytest.mark.parametrize(
    "resource", ["o-0123456789", "arn:aws:iam::123456789012:role/x", "x" * 131]
)
def test_what_can_be_no_id_is_refused(organizations: Any, resource: str) -> None:
    message = refused(
        organizations.list_tags_for_resource, "InvalidInputException", ResourceId=resource
    )
    assert message


# --- who may, and what conditions see -------------------------------------------------------------


def session(world: World, *statements: dict[str, Any]) -> Any:
    """organizations as a person of the management account who may this."""
    arn = world.permission_set("Tagger")
    world.admin.sso_admin.put_inline_policy_to_permission_set(
        InstanceArn=world.instance,
        PermissionSetArn=arn,
        InlinePolicy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}),
    )
    world.assign(arn, world.users["ken"], "sakura-management")
    keys = role_credentials(world.server, "ken", "sakura-management", "Tagger")
    return Clients(world.server, keys).organizations


def allow(action: str, resource: str = "*", **condition: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": f"organizations:{action}",
        "Resource": resource,
    }
    return {**statement, "Condition": condition} if condition else statement


def denied(call: Any, **params: Any) -> str:
    return refused(call, "AccessDeniedException", **params)


def test_who_may_tag_one_thing_may_not_tag_another(
    world: World, organizations: Any, ids: dict[str, str]
) -> None:
    whole = organizations.describe_organization()["Organization"]["Id"]
    arn = f"arn:aws:organizations::{world.management}:account/{whole}/{ids['account']}"
    ken = session(world, allow("TagResource", arn))
    ken.tag_resource(ResourceId=ids["account"], Tags=[tag("a")])
    denied(ken.tag_resource, ResourceId=ids["unit"], Tags=[tag("a")])
    message = denied(ken.untag_resource, ResourceId=ids["account"], TagKeys=["a"])
    assert f"organizations:UntagResource on resource: {arn}" in message


@pytest.mark.parametrize("kind", KINDS)
def test_conditions_see_the_tags_of_the_thing(
    world: World, organizations: Any, ids: dict[str, str], kind: str
) -> None:
    ken = session(world, allow("*", StringEquals={"aws:ResourceTag/team": "a"}), allow("ListRoots"))
    resource = ids[kind]
    for value, may in (("b", False), ("a", True)):
        organizations.tag_resource(ResourceId=resource, Tags=[tag("team", value)])
        calls = (
            lambda: ken.list_tags_for_resource(ResourceId=resource),
            lambda: ken.tag_resource(ResourceId=resource, Tags=[tag("more")]),
        )
        for call in calls:
            if may:
                call()
            else:
                denied(call)
    # And so do other operations on it.
    if kind == "account":
        ken.describe_account(AccountId=resource)
        denied(ken.describe_account, AccountId=world.account("sakura-security"))
    if kind == "policy":
        ken.describe_policy(PolicyId=resource)
        denied(ken.attach_policy, PolicyId=resource, TargetId=ids["unit"])


def test_conditions_see_the_tags_and_keys_of_the_request(
    world: World, organizations: Any, ids: dict[str, str]
) -> None:
    only_team = {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
    ken = session(
        world,
        allow("TagResource", StringEquals={"aws:RequestTag/team": "a"}, **only_team),
        allow("UntagResource", **only_team),
        allow("CreatePolicy", StringEquals={"aws:RequestTag/team": "a"}),
    )
    unit = ids["unit"]
    ken.tag_resource(ResourceId=unit, Tags=[tag("team", "a")])
    denied(ken.tag_resource, ResourceId=unit, Tags=[tag("team", "b")])
    denied(ken.tag_resource, ResourceId=unit, Tags=[tag("team", "a"), tag("other")])
    organizations.tag_resource(ResourceId=unit, Tags=[tag("other")])
    denied(ken.untag_resource, ResourceId=unit, TagKeys=["other"])
    ken.untag_resource(ResourceId=unit, TagKeys=["team"])
    assert tags(organizations, unit) == {"other": ""}
    assert tags(organizations, policy(ken, tag("team", "a"), name="Theirs")) == {"team": "a"}
    denied(lambda: policy(ken, tag("team", "b"), name="Another"))
    denied(lambda: policy(ken, name="Another"))


def test_a_delegated_administrator_reads_tags_and_changes_none(
    world: World, organizations: Any, ids: dict[str, str]
) -> None:
    organizations.tag_resource(ResourceId=ids["unit"], Tags=[tag("team", "a")])
    member = Clients(world.server, world.member_administrator(DELEGATE)).organizations
    denied(member.list_tags_for_resource, ResourceId=ids["unit"])
    organizations.enable_aws_service_access(ServicePrincipal=CONFIG)
    organizations.register_delegated_administrator(
        AccountId=world.account(DELEGATE), ServicePrincipal=CONFIG
    )
    assert tags(member, ids["unit"]) == {"team": "a"}
    denied(member.tag_resource, ResourceId=ids["unit"], Tags=[tag("team", "b")])
    denied(member.untag_resource, ResourceId=ids["unit"], TagKeys=["team"])
    assert tags(organizations, ids["unit"]) == {"team": "a"}


def test_each_change_and_refusal_is_recorded(
    world: World, organizations: Any, ids: dict[str, str]
) -> None:
    organizations.tag_resource(ResourceId=ids["account"], Tags=[tag("team", "a")])
    organizations.untag_resource(ResourceId=ids["account"], TagKeys=["team"])
    refused(organizations.list_tags_for_resource, NOT_FOUND, ResourceId="p-0123456789")
    wanted = (
        ("TagResource", {"resourceId": ids["account"], "tags": [{"key": "team", "value": "a"}]}),
        ("UntagResource", {"resourceId": ids["account"], "tagKeys": ["team"]}),
        ("ListTagsForResource", {"resourceId": "p-0123456789"}),
    )
    for name, asked in wanted:
        (record,) = trail.records(world, **trail.named(name))
        assert record["eventSource"] == "organizations.amazonaws.com"
        assert record["requestParameters"] == asked
        assert record.get("errorCode") == (NOT_FOUND if name.startswith("List") else None)
        assert record["readOnly"] is name.startswith("List")
    (event,) = trail.events(world, **trail.named("TagResource"))
    resources = {(each["ResourceType"], each["ResourceName"]) for each in event["Resources"]}
    assert resources == {("AWS::Organizations::Account", ids["account"])}
