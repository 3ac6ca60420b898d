"""What somebody else changed is seen by the next plan and put right by the next apply."""

from typing import Any

import pytest

from tests.terraform.cases import CASES
from tests.terraform.identity_store import GroupMembership
from tests.terraform.permission_sets import PermissionSet
from tests.terraform.scene import Scene

#: What hangs on something else, and how that something goes away.
OF_PERMISSION_SETS = [
    "managed_policy_attachment",
    "managed_policy_attachments_exclusive",
    "customer_managed_policy_attachment",
    "customer_managed_policy_attachments_exclusive",
    "inline_policy",
    "permissions_boundary_attachment",
]
OF_APPLICATIONS = [
    "application_access_scope",
    "application_assignment",
    "application_assignment_configuration",
    "application_grant",
]


@pytest.mark.parametrize(
    ("name", "call", "change"),
    [
        ("permission_set", "update_permission_set", {"Description": "by-hand"}),
        ("permission_set", "update_permission_set", {"SessionDuration": "PT12H"}),
        ("application", "update_application", {"Name": "by-hand"}),
        ("trusted_token_issuer", "update_trusted_token_issuer", {"Name": "by-hand"}),
    ],
)
def test_a_change_by_hand_is_seen_and_put_right(
    scene: Scene, name: str, call: str, change: dict[str, str]
) -> None:
    case = CASES[name](scene)
    assert case.most is not None
    resource = case.kind(scene.provider)
    resource_id = resource.create(case.most)
    scene.provider.sso(call, **change, **_target(name, resource_id))

    drifted = resource.read(resource_id)
    assert drifted is not None
    assert resource.plan(case.most, drifted) != {}
    resource.update(resource_id, drifted, case.most)
    right = resource.read(resource_id)
    assert right is not None
    assert resource.plan(case.most, right) == {}


def _target(name: str, resource_id: str) -> dict[str, str]:
    if name == "permission_set":
        permission_set_arn, instance_arn = resource_id.split(",")
        return {"InstanceArn": instance_arn, "PermissionSetArn": permission_set_arn}
    if name == "application":
        return {"ApplicationArn": resource_id}
    return {"TrustedTokenIssuerArn": resource_id}


def test_tags_of_another_hand_are_seen_and_taken_away(scene: Scene) -> None:
    resource = PermissionSet(scene.provider)
    config: dict[str, Any] = {"name": "Tagged", "tags": {"team": "a"}} | scene.here
    resource_id = resource.create(config)
    arn = resource_id.split(",")[0]
    by_hand = [{"Key": "team", "Value": "z"}, {"Key": "extra", "Value": ""}]
    scene.provider.sso(
        "tag_resource", InstanceArn=scene.instance_arn, ResourceArn=arn, Tags=by_hand
    )
    drifted = resource.read(resource_id)
    assert drifted is not None
    assert resource.plan(config, drifted) == {
        "tags": ({"team": "z", "extra": ""}, {"team": "a"}),
    }
    resource.update(resource_id, drifted, config)
    assert resource.plan(config, resource.read(resource_id) or {}) == {}


@pytest.mark.parametrize("name", OF_PERMISSION_SETS)
def test_what_hangs_on_a_permission_set_is_gone_with_it(scene: Scene, name: str) -> None:
    case = CASES[name](scene)
    resource = case.kind(scene.provider)
    resource_id = resource.create(case.least)
    scene.provider.sso(
        "delete_permission_set",
        InstanceArn=scene.instance_arn,
        PermissionSetArn=case.least["permission_set_arn"],
    )
    assert resource.read(resource_id) is None
    resource.delete(resource_id)


@pytest.mark.parametrize("name", OF_APPLICATIONS)
def test_what_hangs_on_an_application_is_gone_with_it(scene: Scene, name: str) -> None:
    case = CASES[name](scene)
    resource = case.kind(scene.provider)
    resource_id = resource.create(case.least)
    scene.provider.sso("delete_application", ApplicationArn=case.least["application_arn"])
    assert resource.read(resource_id) is None
    resource.delete(resource_id)


@pytest.mark.parametrize("gone", ["user", "group"])
def test_a_membership_is_gone_with_its_person_or_group(scene: Scene, gone: str) -> None:
    parts = {"group_id": scene.group(), "member_id": scene.user()}
    resource = GroupMembership(scene.provider)
    resource_id = resource.create(parts | scene.store)
    params = {"UserId": parts["member_id"]} if gone == "user" else {"GroupId": parts["group_id"]}
    scene.provider.store(f"delete_{gone}", IdentityStoreId=scene.identity_store_id, **params)
    assert resource.read(resource_id) is None
    resource.delete(resource_id)


def test_an_assignment_taken_away_by_hand_is_made_again(scene: Scene) -> None:
    case = CASES["account_assignment"](scene)
    resource = case.kind(scene.provider)
    resource_id = resource.create(case.least)
    case.kind(scene.provider).delete(resource_id)
    assert resource.read(resource_id) is None
    assert resource.create(case.least) == resource_id
    assert resource.plan(case.least, resource.read(resource_id) or {}) == {}
