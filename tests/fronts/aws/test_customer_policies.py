"""Customer managed policies by boto3, and what they do to assignments and sessions (§3.2, §4)."""

import json
from typing import Any

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.test_effects import allow, roles_of, session, set_with
from tests.fronts.aws.world import INLINE, READ_ONLY, Clients, World
from tests.support.person import role_credentials

ALIAS = "sakura-web-dev"
OTHER = "sakura-log-archive"
FULL = {
    "PolicyName": "Own+=,.@-_1",
    "Path": "/team/data/",
    "Description": "All that a policy says",
    "PolicyDocument": INLINE,
    "Tags": [{"Key": "stage", "Value": ""}, {"Key": "team", "Value": "data lake"}],
}


def iam_of(world: World, alias: str = ALIAS) -> Any:
    return Clients(world.server, world.member_administrator(alias)).iam


def arn_of(world: World, name: str, alias: str = ALIAS) -> str:
    return f"arn:aws:iam::{world.account(alias)}:policy/{name}"


def test_everything_written_is_read_again(world: World) -> None:
    iam = iam_of(world)
    made = iam.create_policy(**FULL)["Policy"]
    arn = f"arn:aws:iam::{world.account(ALIAS)}:policy/team/data/Own+=,.@-_1"
    assert made["Arn"] == arn
    assert made["Tags"] == FULL["Tags"]
    got = iam.get_policy(PolicyArn=arn)["Policy"]
    assert got == {**made, "Description": FULL["Description"]}
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert version["Document"] == json.loads(INLINE)
    listed = iam.list_policies(Scope="Local", PathPrefix="/team/")["Policies"]
    assert listed == [{name: value for name, value in made.items() if name != "Tags"}]
    document = allow("s3:Get*")
    second = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)["PolicyVersion"]
    assert (second["VersionId"], second["IsDefaultVersion"]) == ("v2", False)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(one["VersionId"], one["IsDefaultVersion"]) for one in versions] == [
        ("v2", True),
        ("v1", False),
    ]
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "stage", "Value": "live"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["team"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "stage", "Value": "live"}]
    refused(iam.delete_policy, "DeleteConflict", status=409, PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)
    refused(iam.get_policy, "NoSuchEntity", status=404, PolicyArn=arn)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_the_shortest_request_makes_a_policy(world: World) -> None:
    made = iam_of(world).create_policy(PolicyName="a", PolicyDocument=INLINE)["Policy"]
    assert (made["Path"], made["DefaultVersionId"]) == ("/", "v1")
    assert made["IsAttachable"] is True


@pytest.mark.parametrize(
    ("params", "code", "status"),
    [
        ({"PolicyDocument": "{}"}, "MalformedPolicyDocument", 400),
        ({"PolicyDocument": allow("nothing")}, "MalformedPolicyDocument", 400),
        ({"PolicyDocument": allow("s3:Get*")[:-1]}, "MalformedPolicyDocument", 400),
        ({"PolicyName": "TAKEN", "Path": "/other/"}, "EntityAlreadyExists", 409),
        ({"PolicyDocument": allow("s3:" + "a" * 6_200)}, "LimitExceeded", 409),
        ({"PolicyName": "a b"}, "ValidationError", 400),
        ({"Path": "no/slashes"}, "ValidationError", 400),
        ({"Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]}, "InvalidInput", 400),
    ],
)
def test_a_bad_policy_is_refused_and_not_there(
    world: World, params: dict[str, Any], code: str, status: int
) -> None:
    iam = iam_of(world)
    iam.create_policy(PolicyName="Taken", PolicyDocument=INLINE)
    given = {"PolicyName": "New", "PolicyDocument": INLINE, **params}
    refused(iam.create_policy, code, status=status, **given)
    names = [policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]]
    assert names == ["Taken"]


def test_five_versions_and_no_more(world: World) -> None:
    iam, arn = iam_of(world), arn_of(world, "Many")
    iam.create_policy(PolicyName="Many", PolicyDocument=INLINE)
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=INLINE)
    refused(
        iam.create_policy_version,
        "LimitExceeded",
        status=409,
        PolicyArn=arn,
        PolicyDocument=INLINE,
    )
    refused(iam.delete_policy_version, "DeleteConflict", status=409, PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=INLINE, SetAsDefault=True)
    assert made["PolicyVersion"]["VersionId"] == "v6"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v6"


def test_awss_policies_are_listed_and_read_and_changed_by_nobody(world: World) -> None:
    iam = iam_of(world)
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={})
    listed = [policy for page in pages for policy in page["Policies"]]
    assert len({policy["Arn"] for policy in listed}) == len(listed) > 1_000
    (read_only,) = [policy for policy in listed if policy["Arn"] == READ_ONLY]
    got = iam.get_policy(PolicyArn=READ_ONLY)["Policy"]
    assert {name: got[name] for name in read_only} == read_only
    version = iam.get_policy_version(PolicyArn=READ_ONLY, VersionId=got["DefaultVersionId"])
    assert version["PolicyVersion"]["Document"]["Statement"]
    refused(iam.delete_policy, "AccessDenied", status=403, PolicyArn=READ_ONLY)
    attached = iam.list_policies(Scope="AWS", OnlyAttached=True)["Policies"]
    assert "AdministratorAccess" in {policy["PolicyName"] for policy in attached}
    assert all(policy["AttachmentCount"] for policy in attached)


def test_another_account_has_policies_of_its_own(world: World) -> None:
    arn = iam_of(world).create_policy(PolicyName="Mine", PolicyDocument=INLINE)["Policy"]["Arn"]
    other = iam_of(world, OTHER)
    assert other.list_policies(Scope="Local")["Policies"] == []
    for call, more in (
        (other.get_policy, {}),
        (other.delete_policy, {}),
        (other.tag_policy, {"Tags": [{"Key": "a", "Value": "b"}]}),
        (other.create_policy_version, {"PolicyDocument": INLINE, "SetAsDefault": True}),
        (other.set_default_policy_version, {"VersionId": "v1"}),
    ):
        refused(call, "NoSuchEntity", status=404, PolicyArn=arn, **more)
    other.create_policy(PolicyName="Mine", PolicyDocument=INLINE)


def test_who_may_make_policies_under_one_path_makes_none_elsewhere(world: World) -> None:
    rights = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["iam:CreatePolicy", "iam:GetPolicy"],
                "Resource": "arn:aws:iam::*:policy/team/*",
                "Condition": {"StringNotEquals": {"aws:ResourceTag/secret": "yes"}},
            }
        ],
    }
    arn = set_with(world, "Author", inline=json.dumps(rights))
    world.assign(arn, world.users["ken"], ALIAS)
    iam = session(world, "Author").iam
    document = {"PolicyDocument": INLINE}
    made = iam.create_policy(PolicyName="One", Path="/team/", **document)["Policy"]
    iam.get_policy(PolicyArn=made["Arn"])
    for call, params in (
        (iam.create_policy, {"PolicyName": "Two", **document}),
        (iam.delete_policy, {"PolicyArn": made["Arn"]}),
        (iam.list_policies, {}),
    ):
        refused(call, "AccessDenied", status=403, **params)
    iam_of(world).tag_policy(PolicyArn=made["Arn"], Tags=[{"Key": "secret", "Value": "yes"}])
    refused(iam.get_policy, "AccessDenied", status=403, PolicyArn=made["Arn"])


def test_a_reference_fails_the_assignment_until_the_policy_is_there(world: World) -> None:
    permission_set = set_with(world, "Needs", customer=["Rules"])
    ken, target = world.users["ken"], world.account(ALIAS)
    wanted = {
        "InstanceArn": world.instance,
        "TargetId": target,
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": permission_set,
        "PrincipalType": "USER",
        "PrincipalId": ken,
    }
    request = world.admin.sso_admin.create_account_assignment(**wanted)
    request_id = request["AccountAssignmentCreationStatus"]["RequestId"]
    failed = world.settled("creation", request_id, "FAILED")
    assert f"Not supported policy {arn_of(world, 'Rules')}." in failed["FailureReason"]
    iam = iam_of(world)
    assert roles_of(iam, "Needs") == []
    iam_of(world, OTHER).create_policy(PolicyName="Rules", PolicyDocument=INLINE)
    request = world.admin.sso_admin.create_account_assignment(**wanted)
    request_id = request["AccountAssignmentCreationStatus"]["RequestId"]
    world.settled("creation", request_id, "FAILED")
    iam.create_policy(PolicyName="Rules", PolicyDocument=allow("iam:ListRoles"))
    world.assign(permission_set, ken, ALIAS)
    (role_name,) = roles_of(iam, "Needs")
    arn = arn_of(world, "Rules")
    used = iam.list_entities_for_policy(PolicyArn=arn)
    assert [role["RoleName"] for role in used["PolicyRoles"]] == [role_name]
    assert used["PolicyUsers"] == used["PolicyGroups"] == []
    refused(
        iam.delete_policy,
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
        status=409,
        PolicyArn=arn,
    )
    world.unassign(permission_set, ken, ALIAS)
    iam.delete_policy(PolicyArn=arn)


def test_a_session_follows_the_version_in_effect_at_its_next_call(world: World) -> None:
    iam, arn = iam_of(world), arn_of(world, "Rules")
    iam.create_policy(PolicyName="Rules", PolicyDocument=allow("iam:ListRoles"))
    permission_set = set_with(world, "Follows", customer=["Rules"])
    world.assign(permission_set, world.users["ken"], ALIAS)
    person = Clients(world.server, role_credentials(world.server, "ken", ALIAS, "Follows")).iam
    person.list_roles()
    refused(person.list_saml_providers, "AccessDenied", status=403)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("iam:ListSAMLProviders"))
    person.list_roles()
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    person.list_saml_providers()
    refused(person.list_roles, "AccessDenied", status=403)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    person.list_roles()


def test_a_boundary_that_is_a_customer_managed_policy_limits_and_stays(world: World) -> None:
    iam, arn = iam_of(world), arn_of(world, "Edge")
    iam.create_policy(PolicyName="Edge", PolicyDocument=allow("iam:ListRoles"))
    permission_set = set_with(
        world,
        "Bounded",
        inline=allow("iam:*"),
        boundary={"CustomerManagedPolicyReference": {"Name": "Edge", "Path": "/"}},
    )
    world.assign(permission_set, world.users["ken"], ALIAS)
    person = session(world, "Bounded").iam
    person.list_roles()
    refused(person.list_saml_providers, "AccessDenied", status=403)
    refused(
        person.create_policy_version,
        "AccessDenied",
        status=403,
        PolicyArn=arn,
        PolicyDocument=allow("iam:*"),
        SetAsDefault=True,
    )
    refused(iam.delete_policy, "DeleteConflict", status=409, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1


def test_pages_of_what_uses_a_policy_show_each_once(world: World) -> None:
    iam, arn = iam_of(world), arn_of(world, "Shared")
    iam.create_policy(PolicyName="Shared", PolicyDocument=INLINE)
    for name in ("One", "Two", "Three"):
        permission_set = set_with(world, name, customer=["Shared"])
        world.assign(permission_set, world.users["ken"], ALIAS)
    pages = iam.get_paginator("list_entities_for_policy").paginate(
        PolicyArn=arn, PaginationConfig={"PageSize": 1}
    )
    found = [role["RoleName"] for page in pages for role in page["PolicyRoles"]]
    assert found == sorted(roles_of(iam, "One") + roles_of(iam, "Two") + roles_of(iam, "Three"))
    refused(
        iam.list_entities_for_policy,
        "ValidationError",
        "Invalid Marker: AAAA",
        PolicyArn=arn,
        Marker="AAAA",
    )
