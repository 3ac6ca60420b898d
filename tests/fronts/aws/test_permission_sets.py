"""sso-admin by boto3: instances, permission sets and their policies (reference §1, §3, §15.1)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.world import INLINE, READ_ONLY, SECURITY_AUDIT, VIEW_ONLY, World

NO_SET = "ps-0000000000000000"
AWS = "arn:aws:iam::aws:policy/"
LIMITS = "https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"


@pytest.fixture
def sso(world: World) -> Any:
    return world.admin.sso_admin


@pytest.fixture
def target(world: World) -> dict[str, str]:
    """A permission set without anything in it."""
    return {"InstanceArn": world.instance, "PermissionSetArn": world.permission_set("Empty")}


def test_the_instance_is_listed_and_described(world: World, sso: Any) -> None:
    (listed,) = sso.list_instances()["Instances"]
    created = listed["CreatedDate"]
    assert abs(created - datetime.now(UTC)) < timedelta(days=1)
    assert listed["InstanceArn"] == world.instance
    assert listed["IdentityStoreId"] == world.store
    assert listed["OwnerAccountId"] == world.management
    assert listed["Status"] == "ACTIVE"
    described = sso.describe_instance(InstanceArn=world.instance)
    for name in ("InstanceArn", "IdentityStoreId", "OwnerAccountId", "Status", "CreatedDate"):
        assert described[name] == listed[name]
    assert described["EncryptionConfigurationDetails"] == {
        "KeyType": "AWS_OWNED_KMS_KEY",
        "EncryptionStatus": "ENABLED",
    }


def test_the_answer_names_primary_region_and_regions(world: World) -> None:
    """Members that newer clients know (reference §0, finding 10)."""
    (listed,) = world.wire.call("sso-admin", "ListInstances", {}).json["Instances"]
    assert listed["PrimaryRegion"] == "us-east-1"
    (region,) = listed["Regions"]
    assert (region["RegionName"], region["Status"], region["IsPrimaryRegion"]) == (
        "us-east-1",
        "ACTIVE",
        True,
    )


def test_a_member_account_sees_a_limited_instance(world: World) -> None:
    keys = world.member_administrator()
    (listed,) = world.server.client("sso-admin", keys).list_instances()["Instances"]
    assert listed["InstanceArn"] == world.instance
    assert listed["OwnerAccountId"] == world.management
    assert "Name" not in listed


def test_an_unknown_instance_is_access_denied_when_described(sso: Any) -> None:
    refused(
        sso.describe_instance,
        "AccessDeniedException",
        InstanceArn="arn:aws:sso:::instance/ssoins-0000000000000000",
    )


def test_an_unknown_instance_is_not_found_elsewhere(sso: Any) -> None:
    arn = "arn:aws:sso:::instance/ssoins-0000000000000000"
    refused(
        sso.list_permission_sets,
        "ResourceNotFoundException",
        f"Instance with ARN {arn} was not found.",
        InstanceArn=arn,
    )


def test_a_permission_set_comes_back_as_it_was_created(world: World, sso: Any) -> None:
    made = sso.create_permission_set(
        InstanceArn=world.instance,
        Name="Operators",
        Description="Keep it running",
        SessionDuration="PT90M",
        RelayState="https://console.aws.amazon.com/ec2",
        Tags=[{"Key": "team", "Value": "ops"}],
    )["PermissionSet"]
    instance_id = world.instance.rpartition("/")[2]
    assert made["PermissionSetArn"].startswith(f"arn:aws:sso:::permissionSet/{instance_id}/ps-")
    assert abs(made["CreatedDate"] - datetime.now(UTC)) < timedelta(minutes=1)
    found = sso.describe_permission_set(
        InstanceArn=world.instance, PermissionSetArn=made["PermissionSetArn"]
    )["PermissionSet"]
    assert found == made
    assert {
        name: found[name] for name in found if name not in ("PermissionSetArn", "CreatedDate")
    } == {
        "Name": "Operators",
        "Description": "Keep it running",
        "SessionDuration": "PT90M",
        "RelayState": "https://console.aws.amazon.com/ec2",
    }
    listed = sso.list_permission_sets(InstanceArn=world.instance)["PermissionSets"]
    assert sorted(listed) == sorted([*world.sets.values(), made["PermissionSetArn"]])


def test_a_session_lasts_one_hour_unless_told_otherwise(world: World, sso: Any) -> None:
    made = sso.create_permission_set(InstanceArn=world.instance, Name="Plain")["PermissionSet"]
    assert made["SessionDuration"] == "PT1H"
    assert "RelayState" not in made
    assert "Description" not in made


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (
            {"Name": "ReadOnlyAccess"},
            "ConflictException",
            "PermissionSet with name ReadOnlyAccess already exists.",
        ),
        ({"Name": "Short", "SessionDuration": "PT59M"}, "ValidationException", None),
        ({"Name": "Long", "SessionDuration": "PT12H1S"}, "ValidationException", None),
        ({"Name": "Never", "SessionDuration": "forever"}, "ValidationException", None),
        ({"Name": "Mine", "Tags": [{"Key": "aws:x", "Value": ""}]}, "ValidationException", None),
        (
            {"Name": "Twice", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]},
            "ValidationException",
            None,
        ),
        (
            {"Name": "x" * 33},
            "ValidationException",
            "1 validation error detected: Value '" + "x" * 33 + "' at 'name' failed to satisfy"
            " constraint: Member must have length less than or equal to 32",
        ),
        (
            {"Name": "two words"},
            "ValidationException",
            "1 validation error detected: Value 'two words' at 'name' failed to satisfy"
            " constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
        ),
        (
            {},
            "ValidationException",
            "1 validation error detected: Value null at 'name' failed to satisfy constraint:"
            " Member must not be null",
        ),
    ],
)
def test_a_permission_set_that_may_not_be_is_refused(
    world: World, sso: Any, params: dict[str, Any], code: str, message: str | None
) -> None:
    refused(
        sso.create_permission_set, code, message, members={}, InstanceArn=world.instance, **params
    )
    assert sorted(sso.list_permission_sets(InstanceArn=world.instance)["PermissionSets"]) == sorted(
        world.sets.values()
    )


def test_an_update_states_everything_so_what_is_left_out_is_cleared(world: World, sso: Any) -> None:
    arn = world.permission_set("Edited", Description="Old", RelayState="https://a.example/")
    target = {"InstanceArn": world.instance, "PermissionSetArn": arn}
    answer = sso.update_permission_set(**target, SessionDuration="PT3H")
    assert answer.keys() == {"ResponseMetadata"}
    found = sso.describe_permission_set(**target)["PermissionSet"]
    assert found["SessionDuration"] == "PT3H"
    assert found["Name"] == "Edited"
    assert "RelayState" not in found
    assert "Description" not in found
    refused(sso.update_permission_set, "ValidationException", **target, SessionDuration="PT13H")
    assert sso.describe_permission_set(**target)["PermissionSet"] == found


def test_a_permission_set_is_deleted_once(sso: Any, target: dict[str, str]) -> None:
    sso.delete_permission_set(**target)
    permission_set_id = target["PermissionSetArn"].rpartition("/")[2]
    for call in (sso.describe_permission_set, sso.delete_permission_set):
        refused(
            call,
            "ResourceNotFoundException",
            f"Could not find PermissionSet with id {permission_set_id}",
            members={},
            **target,
        )


def test_a_permission_set_in_use_is_not_deleted(world: World, sso: Any) -> None:
    target = {"InstanceArn": world.instance, "PermissionSetArn": world.sets["DataAnalyst"]}
    refused(
        sso.delete_permission_set,
        "ConflictException",
        "PermissionSet has ApplicationProfile associated with it.",
        **target,
    )
    assert sso.describe_permission_set(**target)["PermissionSet"]["Name"] == "DataAnalyst"


def test_every_operation_knows_a_permission_set_that_is_not_there(world: World, sso: Any) -> None:
    instance_id = world.instance.rpartition("/")[2]
    target = {
        "InstanceArn": world.instance,
        "PermissionSetArn": f"arn:aws:sso:::permissionSet/{instance_id}/{NO_SET}",
    }
    reference = {"CustomerManagedPolicyReference": {"Name": "Mine"}}
    account = world.account("sakura-web-dev")
    principal = {
        "TargetId": account,
        "TargetType": "AWS_ACCOUNT",
        "PrincipalType": "USER",
        "PrincipalId": world.users["ken"],
    }
    calls: list[tuple[Any, dict[str, Any]]] = [
        (sso.describe_permission_set, {}),
        (sso.update_permission_set, {}),
        (sso.delete_permission_set, {}),
        (sso.list_managed_policies_in_permission_set, {}),
        (sso.list_customer_managed_policy_references_in_permission_set, {}),
        (sso.get_inline_policy_for_permission_set, {}),
        (sso.get_permissions_boundary_for_permission_set, {}),
        (sso.attach_managed_policy_to_permission_set, {"ManagedPolicyArn": READ_ONLY}),
        (sso.detach_managed_policy_from_permission_set, {"ManagedPolicyArn": READ_ONLY}),
        (sso.attach_customer_managed_policy_reference_to_permission_set, reference),
        (sso.detach_customer_managed_policy_reference_from_permission_set, reference),
        (sso.put_inline_policy_to_permission_set, {"InlinePolicy": INLINE}),
        (sso.delete_inline_policy_from_permission_set, {}),
        (
            sso.put_permissions_boundary_to_permission_set,
            {"PermissionsBoundary": {"ManagedPolicyArn": READ_ONLY}},
        ),
        (sso.delete_permissions_boundary_from_permission_set, {}),
        (sso.create_account_assignment, principal),
        (sso.delete_account_assignment, principal),
        (sso.list_account_assignments, {"AccountId": account}),
        (sso.list_accounts_for_provisioned_permission_set, {}),
        (
            sso.provision_permission_set,
            {"TargetType": "AWS_ACCOUNT", "TargetId": account},
        ),
    ]
    for call, params in calls:
        refused(
            call,
            "ResourceNotFoundException",
            f"Could not find PermissionSet with id {NO_SET}",
            **target,
            **params,
        )


def test_aws_managed_policies_are_attached_listed_and_detached(
    sso: Any, target: dict[str, str]
) -> None:
    assert sso.list_managed_policies_in_permission_set(**target)["AttachedManagedPolicies"] == []
    for arn in (VIEW_ONLY, SECURITY_AUDIT):
        answer = sso.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=arn)
        assert answer.keys() == {"ResponseMetadata"}
    listed = sso.list_managed_policies_in_permission_set(**target)["AttachedManagedPolicies"]
    assert sorted(listed, key=lambda entry: entry["Name"]) == [
        {"Name": "SecurityAudit", "Arn": SECURITY_AUDIT},
        {"Name": "ViewOnlyAccess", "Arn": VIEW_ONLY},
    ]
    refused(
        sso.attach_managed_policy_to_permission_set,
        "ConflictException",
        members={},
        **target,
        ManagedPolicyArn=VIEW_ONLY,
    )
    sso.detach_managed_policy_from_permission_set(**target, ManagedPolicyArn=VIEW_ONLY)
    refused(
        sso.detach_managed_policy_from_permission_set,
        "ResourceNotFoundException",
        members={},
        **target,
        ManagedPolicyArn=VIEW_ONLY,
    )
    listed = sso.list_managed_policies_in_permission_set(**target)["AttachedManagedPolicies"]
    assert [entry["Arn"] for entry in listed] == [SECURITY_AUDIT]


def test_only_policies_of_aws_are_attached_by_arn(sso: Any, target: dict[str, str]) -> None:
    refused(
        sso.attach_managed_policy_to_permission_set,
        "ResourceNotFoundException",
        f"Policy does not exist with ARN: {AWS}NoSuchPolicy",
        **target,
        ManagedPolicyArn=f"{AWS}NoSuchPolicy",
    )
    message = refused(
        sso.attach_managed_policy_to_permission_set,
        "ValidationException",
        **target,
        ManagedPolicyArn="arn:aws:iam::111122223333:policy/Mine",
    )
    assert "at 'managedPolicyArn' failed to satisfy constraint" in message


def test_customer_managed_policies_are_attached_by_name_and_path(
    sso: Any, target: dict[str, str]
) -> None:
    for reference in ({"Name": "Mine"}, {"Name": "Mine", "Path": "/team/"}):
        sso.attach_customer_managed_policy_reference_to_permission_set(
            **target, CustomerManagedPolicyReference=reference
        )
    listed = sso.list_customer_managed_policy_references_in_permission_set(**target)
    assert listed["CustomerManagedPolicyReferences"] == [
        {"Name": "Mine", "Path": "/"},
        {"Name": "Mine", "Path": "/team/"},
    ]
    refused(
        sso.attach_customer_managed_policy_reference_to_permission_set,
        "ConflictException",
        **target,
        CustomerManagedPolicyReference={"Name": "Mine", "Path": "/"},
    )
    sso.detach_customer_managed_policy_reference_from_permission_set(
        **target, CustomerManagedPolicyReference={"Name": "Mine"}
    )
    refused(
        sso.detach_customer_managed_policy_reference_from_permission_set,
        "ResourceNotFoundException",
        **target,
        CustomerManagedPolicyReference={"Name": "Mine"},
    )
    listed = sso.list_customer_managed_policy_references_in_permission_set(**target)
    assert listed["CustomerManagedPolicyReferences"] == [{"Name": "Mine", "Path": "/team/"}]


def test_twenty_policies_of_both_kinds_are_the_most(sso: Any, target: dict[str, str]) -> None:
    sso.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=READ_ONLY)
    for number in range(19):
        sso.attach_customer_managed_policy_reference_to_permission_set(
            **target, CustomerManagedPolicyReference={"Name": f"Mine{number}"}
        )
    permission_set_id = target["PermissionSetArn"].rpartition("/")[2]
    refused(
        sso.attach_managed_policy_to_permission_set,
        "ServiceQuotaExceededException",
        "You have exceeded AWS SSO limits. Cannot create ManagedPolicy more than 20 for id"
        f" {permission_set_id}. Please refer to {LIMITS}",
        members={},
        **target,
        ManagedPolicyArn=VIEW_ONLY,
    )
    refused(
        sso.attach_customer_managed_policy_reference_to_permission_set,
        "ServiceQuotaExceededException",
        **target,
        CustomerManagedPolicyReference={"Name": "Mine19"},
    )
    listed = sso.list_managed_policies_in_permission_set(**target)["AttachedManagedPolicies"]
    assert [entry["Name"] for entry in listed] == ["ReadOnlyAccess"]


def test_the_inline_policy_comes_back_byte_for_byte(sso: Any, target: dict[str, str]) -> None:
    assert sso.get_inline_policy_for_permission_set(**target)["InlinePolicy"] == ""
    refused(sso.delete_inline_policy_from_permission_set, "ResourceNotFoundException", **target)
    text = json.dumps(json.loads(INLINE), indent=3)
    for document in (INLINE, text):
        sso.put_inline_policy_to_permission_set(**target, InlinePolicy=document)
        found = sso.get_inline_policy_for_permission_set(**target)["InlinePolicy"]
        assert found == document
    sso.delete_inline_policy_from_permission_set(**target)
    assert sso.get_inline_policy_for_permission_set(**target)["InlinePolicy"] == ""


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        "{}",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*",'
        '"Resource":"*"}]}',
    ],
)
def test_an_inline_policy_that_is_none_is_a_validation_exception(
    sso: Any, target: dict[str, str], document: str
) -> None:
    refused(
        sso.put_inline_policy_to_permission_set,
        "ValidationException",
        members={},
        **target,
        InlinePolicy=document,
    )
    assert sso.get_inline_policy_for_permission_set(**target)["InlinePolicy"] == ""


def test_white_space_of_an_inline_policy_does_not_count(sso: Any, target: dict[str, str]) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::" + "a" * 100}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement] * 60})
    document = document.replace(" ", " " * 20)
    assert len(document.replace(" ", "")) < 10_240 < len(document) <= 32_768
    sso.put_inline_policy_to_permission_set(**target, InlinePolicy=document)
    big = json.dumps({"Version": "2012-10-17", "Statement": [statement] * 66})
    assert len(big.replace(" ", "")) > 10_240
    refused(
        sso.put_inline_policy_to_permission_set,
        "ServiceQuotaExceededException",
        **target,
        InlinePolicy=big,
    )
    message = refused(
        sso.put_inline_policy_to_permission_set,
        "ValidationException",
        **target,
        InlinePolicy=document + " " * 32_768,
    )
    assert "Member must have length less than or equal to 32768" in message


def test_a_boundary_is_one_policy_of_either_kind(sso: Any, target: dict[str, str]) -> None:
    get = sso.get_permissions_boundary_for_permission_set
    refused(get, "ResourceNotFoundException", **target)
    refused(
        sso.delete_permissions_boundary_from_permission_set, "ResourceNotFoundException", **target
    )
    for boundary in (
        {"ManagedPolicyArn": VIEW_ONLY},
        {"CustomerManagedPolicyReference": {"Name": "Edge", "Path": "/team/"}},
    ):
        sso.put_permissions_boundary_to_permission_set(**target, PermissionsBoundary=boundary)
        assert get(**target)["PermissionsBoundary"] == boundary
    for broken in (
        {},
        {
            "ManagedPolicyArn": VIEW_ONLY,
            "CustomerManagedPolicyReference": {"Name": "Edge"},
        },
    ):
        refused(
            sso.put_permissions_boundary_to_permission_set,
            "ValidationException",
            **target,
            PermissionsBoundary=broken,
        )
    assert get(**target)["PermissionsBoundary"] == boundary
    sso.delete_permissions_boundary_from_permission_set(**target)
    refused(get, "ResourceNotFoundException", **target)
