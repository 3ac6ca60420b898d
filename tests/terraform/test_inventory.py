"""Which resources the provider has, that each is led through its life, and every argument changed.

The list is that of terraform-provider-aws 6: a resource that it has and this does not is a gap.
"""

from typing import Any

import pytest

from tests.terraform.applications import Application, ApplicationGrant
from tests.terraform.cases import CASES, Case
from tests.terraform.instances import Region
from tests.terraform.scene import CUSTOM, Scene

#: Resource → the arguments whose change replaces it; all others must change in place.
RESOURCES: dict[str, set[str]] = {
    "aws_identitystore_group": {"identity_store_id"},
    "aws_identitystore_group_membership": {"identity_store_id", "group_id", "member_id"},
    "aws_identitystore_user": {"identity_store_id", "user_name"},
    "aws_ssoadmin_account_assignment": {
        "instance_arn",
        "permission_set_arn",
        "principal_id",
        "principal_type",
        "target_id",
        "target_type",
    },
    "aws_ssoadmin_application": {"instance_arn", "application_provider_arn"},
    "aws_ssoadmin_application_access_scope": {"application_arn", "scope", "authorized_targets"},
    "aws_ssoadmin_application_assignment": {"application_arn", "principal_id", "principal_type"},
    "aws_ssoadmin_application_assignment_configuration": {"application_arn"},
    "aws_ssoadmin_application_grant": {"application_arn", "grant_type"},
    "aws_ssoadmin_customer_managed_policy_attachment": {
        "instance_arn",
        "permission_set_arn",
        "customer_managed_policy_reference",
    },
    "aws_ssoadmin_customer_managed_policy_attachments_exclusive": {
        "instance_arn",
        "permission_set_arn",
    },
    "aws_ssoadmin_instance": {"key_type"},
    "aws_ssoadmin_instance_access_control_attributes": {"instance_arn"},
    "aws_ssoadmin_managed_policy_attachment": {
        "instance_arn",
        "permission_set_arn",
        "managed_policy_arn",
    },
    "aws_ssoadmin_managed_policy_attachments_exclusive": {"instance_arn", "permission_set_arn"},
    "aws_ssoadmin_permission_set": {"instance_arn", "name"},
    "aws_ssoadmin_permission_set_inline_policy": {"instance_arn", "permission_set_arn"},
    "aws_ssoadmin_permissions_boundary_attachment": {
        "instance_arn",
        "permission_set_arn",
        "permissions_boundary",
    },
    "aws_ssoadmin_region": {"instance_arn", "region_name"},
    "aws_ssoadmin_trusted_token_issuer": {"instance_arn", "trusted_token_issuer_type"},
}


class Paper(Scene):
    """A scene on paper: configurations can be written down, and nothing is made."""

    def __init__(self) -> None:
        anything: Any = _Paper()
        super().__init__(anything, anything, "instance", "store")

    def permission_set(self, name: str = "Base") -> dict[str, str]:
        return {"permission_set_arn": name} | self.here

    def user(self, name: str = "base") -> str:
        return name

    group = issuer = user

    def application(self, name: str = "Base") -> dict[str, str]:
        return {"application_arn": name}

    def member(self, alias: str) -> Any:
        return None


class _Paper:
    """A server on paper."""

    def account(self, alias: str) -> str:
        return alias


def cases() -> dict[str, list[Case]]:
    """Every case by the resource that it is of."""
    found: dict[str, list[Case]] = {}
    for make in CASES.values():
        case = make(Paper())
        found.setdefault(case.kind.type_name, []).append(case)
    return found


def test_every_resource_of_the_provider_is_led_through_its_life() -> None:
    assert cases().keys() == RESOURCES.keys()


@pytest.mark.parametrize("name", RESOURCES)
def test_every_argument_that_may_change_in_place_does(name: str) -> None:
    found = cases()[name]
    kind = found[0].kind
    changed = {argument for case in found for one in case.changes for argument in one}
    assert set(kind.arguments) - changed == RESOURCES[name]


# --- what is no resource: an action, and the lists of `terraform query` ---------------------------


def test_the_action_that_renames_an_application_changes_its_name_alone(scene: Scene) -> None:
    resource = Application(scene.provider)
    config = {"name": "Before", "application_provider_arn": CUSTOM, "status": "DISABLED"}
    arn = resource.create(config | scene.here)
    before = resource.read(arn)
    described = scene.provider.sso("describe_application", ApplicationArn=arn)
    scene.provider.sso(
        "update_application",
        ApplicationArn=arn,
        Name="After",
        # What the application has not, the action leaves out.
        Description=described.get("Description"),
        Status=described["Status"],
    )
    assert before is not None
    assert resource.read(arn) == before | {"name": "After"}


def test_lists_find_what_resources_read(scene: Scene) -> None:
    case = CASES["account_assignment"](scene)
    assignment = case.kind(scene.provider)
    assignment_id = assignment.create(case.least)
    listed = scene.provider.pages(
        "sso-admin",
        "list_account_assignments",
        "AccountAssignments",
        InstanceArn=scene.instance_arn,
        AccountId=case.least["target_id"],
        PermissionSetArn=case.least["permission_set_arn"],
    )
    assert [(one["PrincipalType"], one["PrincipalId"]) for one in listed] == [
        tuple(assignment_id.split(",")[1::-1])
    ]
    grant = ApplicationGrant(scene.provider)
    base = scene.application() | {"grant_type": "refresh_token"}
    grant.create(base)
    grants = scene.provider.pages(
        "sso-admin", "list_application_grants", "Grants", ApplicationArn=base["application_arn"]
    )
    assert [one["GrantType"] for one in grants] == ["refresh_token"]
    region = Region(scene.provider)
    region.create({"region_name": "eu-central-1"} | scene.here)
    regions = scene.provider.pages(
        "sso-admin", "list_regions", "Regions", InstanceArn=scene.instance_arn
    )
    assert "eu-central-1" in [one["RegionName"] for one in regions]
    assert all(region.read(f"{scene.instance_arn},{one['RegionName']}") for one in regions)
