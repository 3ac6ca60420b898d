"""Terraform's data sources, by the calls that the provider makes for each."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.terraform.applications import Application, ApplicationAssignment
from tests.terraform.cases import CASES
from tests.terraform.identity_store import GroupMembership, User
from tests.terraform.permission_sets import PermissionSet
from tests.terraform.provider import code_of
from tests.terraform.scene import CUSTOM, Scene


def _by_attribute(path: str, value: str) -> dict[str, Any]:
    attribute = {"AttributePath": path, "AttributeValue": value}
    return {"AlternateIdentifier": {"UniqueAttribute": attribute}}


def test_instances_are_found_with_their_identity_stores(scene: Scene) -> None:
    instances = scene.provider.pages("sso-admin", "list_instances", "Instances")
    assert [one["InstanceArn"] for one in instances] == [scene.instance_arn]
    assert [one["IdentityStoreId"] for one in instances] == [scene.identity_store_id]


def test_a_permission_set_is_found_by_name_and_by_arn(scene: Scene) -> None:
    config = CASES["permission_set"](scene).most
    assert config is not None
    resource = PermissionSet(scene.provider)
    arn = resource.create(config).split(",")[0]
    # By name: the provider lists all, and describes one after the other until the name is it.
    listed = scene.provider.pages(
        "sso-admin", "list_permission_sets", "PermissionSets", InstanceArn=scene.instance_arn
    )
    named = [
        one
        for one in listed
        if (state := resource.read(f"{one},{scene.instance_arn}")) and state["name"] == "Least"
    ]
    assert named == [arn]
    found = resource.read(f"{arn},{scene.instance_arn}")
    assert found is not None
    assert {name: found[name] for name in config} == config


def test_a_person_is_found_by_user_name_by_mail_and_by_id(scene: Scene) -> None:
    case = CASES["user"](scene)
    assert case.most is not None
    resource_id = User(scene.provider).create(case.most)
    user_id = resource_id.split("/")[1]
    for path, value in (("UserName", "ada"), ("Emails.Value", "ada@example.com")):
        answer = scene.provider.store(
            "get_user_id", IdentityStoreId=scene.identity_store_id, **_by_attribute(path, value)
        )
        assert answer["UserId"] == user_id
    filtered = scene.provider.pages(
        "identitystore",
        "list_users",
        "Users",
        IdentityStoreId=scene.identity_store_id,
        Filters=[{"AttributePath": "UserName", "AttributeValue": "ada"}],
    )
    everybody = scene.provider.pages(
        "identitystore", "list_users", "Users", IdentityStoreId=scene.identity_store_id
    )
    assert [one["UserId"] for one in filtered] == [user_id]
    assert user_id in [one["UserId"] for one in everybody]


def test_nobody_is_found_by_what_nobody_has(scene: Scene) -> None:
    for path in ("UserName", "Emails.Value"):
        with pytest.raises(ClientError) as caught:
            scene.provider.store(
                "get_user_id",
                IdentityStoreId=scene.identity_store_id,
                **_by_attribute(path, "nobody@example.com"),
            )
        assert code_of(caught.value) == "ResourceNotFoundException"


def test_a_group_is_found_by_name_and_its_memberships_by_its_id(scene: Scene) -> None:
    store = {"IdentityStoreId": scene.identity_store_id}
    group_id, user_id = scene.group("Readers"), scene.user()
    member = GroupMembership(scene.provider).create(
        {"group_id": group_id, "member_id": user_id} | scene.store
    )
    answer = scene.provider.store(
        "get_group_id", **store, **_by_attribute("DisplayName", "Readers")
    )
    assert answer["GroupId"] == group_id
    groups = scene.provider.pages("identitystore", "list_groups", "Groups", **store)
    assert group_id in [one["GroupId"] for one in groups]
    memberships = scene.provider.pages(
        "identitystore",
        "list_group_memberships",
        "GroupMemberships",
        **store,
        GroupId=group_id,
    )
    assert [(one["MembershipId"], one["MemberId"]) for one in memberships] == [
        (member.split("/")[1], {"UserId": user_id})
    ]


def test_applications_their_assignments_and_their_providers_are_found(scene: Scene) -> None:
    config = {"name": "App", "application_provider_arn": CUSTOM} | scene.here
    arn = Application(scene.provider).create(config)
    user_id, group_id = scene.user(), scene.group()
    for kind, principal in (("USER", user_id), ("GROUP", group_id)):
        ApplicationAssignment(scene.provider).create(
            {"application_arn": arn, "principal_id": principal, "principal_type": kind}
        )
    there = scene.provider.pages(
        "sso-admin", "list_application_assignments", "ApplicationAssignments", ApplicationArn=arn
    )
    assert {(one["PrincipalType"], one["PrincipalId"]) for one in there} == {
        ("USER", user_id),
        ("GROUP", group_id),
    }
    of_user = scene.provider.pages(
        "sso-admin",
        "list_application_assignments_for_principal",
        "ApplicationAssignments",
        InstanceArn=scene.instance_arn,
        PrincipalId=user_id,
        PrincipalType="USER",
    )
    assert [one["ApplicationArn"] for one in of_user] == [arn]
    providers = scene.provider.pages(
        "sso-admin", "list_application_providers", "ApplicationProviders"
    )
    assert CUSTOM in [one["ApplicationProviderArn"] for one in providers]


def test_assignments_of_an_account_and_of_a_principal_are_found(scene: Scene) -> None:
    case = CASES["account_assignment"](scene)
    config = case.least
    case.kind(scene.provider).create(config)
    of_principal = scene.provider.pages(
        "sso-admin",
        "list_account_assignments_for_principal",
        "AccountAssignments",
        InstanceArn=scene.instance_arn,
        PrincipalId=config["principal_id"],
        PrincipalType=config["principal_type"],
    )
    assert [(one["AccountId"], one["PermissionSetArn"]) for one in of_principal] == [
        (config["target_id"], config["permission_set_arn"])
    ]
