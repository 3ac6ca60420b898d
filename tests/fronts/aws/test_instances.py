"""Instances, Regions, tags and attributes for access control through boto3, with their effects."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fronts.aws import trail
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.saml import response_of, role_and_provider
from tests.fronts.aws.test_effects import set_with
from tests.fronts.aws.world import Clients, World, assumed, until
from tests.support.person import Person, role_credentials

OWNER = "sakura-web-dev"
MANAGEMENT = "sakura-management"
UNKNOWN = "arn:aws:sso:::instance/ssoins-0000000000000000"


@pytest.fixture
def own(world: World) -> Clients:
    """Clients of the administrator of a member account."""
    return Clients(world.server, world.member_administrator(OWNER))


def active(clients: Clients, arn: str) -> dict[str, Any]:
    """The instance once it is made."""
    found: dict[str, Any] = until(
        lambda: clients.sso_admin.describe_instance(InstanceArn=arn),
        lambda found: found["Status"] != "CREATE_IN_PROGRESS",
        lambda found: found["Status"] == "ACTIVE",
    )
    return found


def gone(clients: Clients, arn: str) -> None:
    """Wait until the instance is deleted: then describing it is denied, as on AWS."""

    def describe() -> str:
        try:
            status: str = clients.sso_admin.describe_instance(InstanceArn=arn)["Status"]
        except ClientError as error:
            status = error.response["Error"]["Code"]
        return status

    until(
        describe,
        lambda found: found != "DELETE_IN_PROGRESS",
        lambda found: found == "AccessDeniedException",
    )


def test_a_member_account_has_a_whole_instance_of_its_own(world: World, own: Clients) -> None:
    sso, began = own.sso_admin, datetime.now(UTC)
    tags = [{"Key": "team", "Value": "web"}]
    arn = sso.create_instance(Name="own", ClientToken="once", Tags=tags)["InstanceArn"]
    assert sso.create_instance(Name="own", ClientToken="once", Tags=tags)["InstanceArn"] == arn
    refused(sso.create_instance, "ConflictException", Name="other", ClientToken="once")
    refused(sso.create_instance, "ConflictException", Name="second")
    found = active(own, arn)
    assert (found["Name"], found["OwnerAccountId"]) == ("own", world.account(OWNER))
    assert found["PermissionSetsEnabled"] is False
    assert abs((found["CreatedDate"] - began).total_seconds()) < 30
    assert sso.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    seen = {one["InstanceArn"] for one in sso.list_instances()["Instances"]}
    assert seen == {arn, world.instance}
    refused(
        sso.create_permission_set,
        "ValidationException",
        "The operation is not supported for this Identity Center instance",
        InstanceArn=arn,
        Name="None",
    )
    store = {"IdentityStoreId": found["IdentityStoreId"]}
    (listed,) = own.identitystore.list_identity_stores()["IdentityStores"]
    assert listed == {**store, "IdentityStoreArn": found["IdentityStoreArn"]}
    user = own.identitystore.create_user(
        **store,
        UserName="ken",
        DisplayName="Another Ken",
        Name={"GivenName": "K", "FamilyName": "N"},
    )["UserId"]
    assert user != world.users["ken"]
    refused(world.admin.identitystore.describe_user, "AccessDeniedException", **store, UserId=user)
    refused(world.admin.sso_admin.describe_instance, "AccessDeniedException", InstanceArn=arn)
    refused(world.admin.sso_admin.delete_instance, "AccessDeniedException", InstanceArn=arn)
    sso.delete_instance(InstanceArn=arn)
    gone(own, arn)
    refused(own.identitystore.list_users, "ResourceNotFoundException", **store)
    assert [one["InstanceArn"] for one in sso.list_instances()["Instances"]] == [world.instance]
    assert len(world.admin.identitystore.list_users(IdentityStoreId=world.store)["Users"]) == 5


def test_a_client_token_is_written_down_nowhere(world: World, own: Clients) -> None:
    own.sso_admin.create_instance(Name="own", ClientToken="my-client-token")
    keys = world.member_administrator(OWNER)
    (record,) = trail.records(world, keys, **trail.named("CreateInstance"))
    assert record["eventSource"] == "sso.amazonaws.com"
    assert "my-client-token" not in json.dumps(record)


def test_the_management_account_neither_makes_nor_deletes_an_instance(world: World) -> None:
    sso = world.admin.sso_admin
    refused(sso.create_instance, "AccessDeniedException")
    refused(sso.delete_instance, "ValidationException", InstanceArn=world.instance)
    refused(sso.delete_instance, "AccessDeniedException", InstanceArn=UNKNOWN)


def test_an_instance_is_renamed(world: World) -> None:
    sso = world.admin.sso_admin
    before = sso.describe_instance(InstanceArn=world.instance)
    sso.update_instance(
        InstanceArn=world.instance,
        Name="new.name",
        EncryptionConfiguration={"KeyType": "AWS_OWNED_KMS_KEY"},
    )
    after = sso.describe_instance(InstanceArn=world.instance)
    about = {"ResponseMetadata": None, "Name": "new.name"}
    assert {**after, **about} == {**before, **about}
    assert after["Name"] == "new.name"
    assert after["EncryptionConfigurationDetails"] == {
        "KeyType": "AWS_OWNED_KMS_KEY",
        "EncryptionStatus": "ENABLED",
    }
    refused(sso.update_instance, "ResourceNotFoundException", InstanceArn=UNKNOWN, Name="x")
    key = "arn:aws:kms:us-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
    refused(
        sso.update_instance,
        "ResourceNotFoundException",
        None,
        members={"Reason": "KMS_NotFoundException"},
        InstanceArn=world.instance,
        EncryptionConfiguration={"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": key},
    )


def test_a_region_comes_and_goes(world: World) -> None:
    sso = world.admin.sso_admin
    target = {"InstanceArn": world.instance, "RegionName": "eu-central-1"}
    assert sso.add_region(**target)["Status"] == "ADDING"
    until(
        lambda: sso.describe_region(**target)["Status"],
        lambda status: status != "ADDING",
        lambda status: status == "ACTIVE",
    )
    described = sso.describe_region(**target)
    assert described["IsPrimaryRegion"] is False
    names = [one["RegionName"] for one in sso.list_regions(InstanceArn=world.instance)["Regions"]]
    assert names == ["eu-central-1", "us-east-1"]
    (listed,) = sso.list_instances()["Instances"]
    assert [one["RegionName"] for one in listed["Regions"]] == ["us-east-1", "eu-central-1"]
    refused(sso.add_region, "ConflictException", **target)
    assert sso.remove_region(**target)["Status"] == "REMOVING"
    until(
        lambda: sso.list_regions(InstanceArn=world.instance)["Regions"],
        lambda regions: all(one["Status"] == "ACTIVE" for one in regions),
        lambda regions: len(regions) == 1,
    )
    refused(sso.describe_region, "ResourceNotFoundException", **target)
    refused(sso.remove_region, "ResourceNotFoundException", **target)
    refused(sso.list_regions, "AccessDeniedException", InstanceArn=UNKNOWN)


def test_tags_of_a_permission_set_decide_who_may_change_it(world: World) -> None:
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sso:PutInlinePolicyToPermissionSet",
                    "Resource": world.instance,
                },
                {
                    "Effect": "Allow",
                    "Action": "sso:PutInlinePolicyToPermissionSet",
                    "Resource": "arn:aws:sso:::permissionSet/*",
                    "Condition": {"StringEquals": {"aws:ResourceTag/team": "web"}},
                },
                {
                    "Effect": "Allow",
                    "Action": "sso:TagResource",
                    "Resource": "*",
                    "Condition": {
                        "ForAllValues:StringEquals": {"aws:TagKeys": ["note"]},
                        "Null": {"aws:TagKeys": "false"},
                    },
                },
            ],
        }
    )
    arn = set_with(world, "Tagger", inline=document)
    world.assign(arn, world.users["ken"], MANAGEMENT)
    ken = Clients(world.server, role_credentials(world.server, "ken", MANAGEMENT, "Tagger"))
    target = {"InstanceArn": world.instance, "PermissionSetArn": world.sets["DataAnalyst"]}
    change = {**target, "InlinePolicy": document}
    refused(ken.sso_admin.put_inline_policy_to_permission_set, "AccessDeniedException", **change)
    named = {"InstanceArn": world.instance, "ResourceArn": world.sets["DataAnalyst"]}
    web = {**named, "Tags": [{"Key": "team", "Value": "web"}]}
    refused(ken.sso_admin.tag_resource, "AccessDeniedException", **web)
    world.admin.sso_admin.tag_resource(**web)
    ken.sso_admin.put_inline_policy_to_permission_set(**change)
    ken.sso_admin.tag_resource(**named, Tags=[{"Key": "note", "Value": "mine"}])
    found = world.admin.sso_admin.list_tags_for_resource(**named)["Tags"]
    assert found == [{"Key": "note", "Value": "mine"}, {"Key": "team", "Value": "web"}]
    world.admin.sso_admin.untag_resource(**named, TagKeys=["team"])
    refused(ken.sso_admin.put_inline_policy_to_permission_set, "AccessDeniedException", **change)


def attributes(**sources: str) -> dict[str, Any]:
    """The parameter of the three operations that take one."""
    listed = [{"Key": key, "Value": {"Source": [source]}} for key, source in sources.items()]
    return {"InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": listed}}


def test_a_configuration_is_read_as_it_was_written(world: World) -> None:
    sso, at = world.admin.sso_admin, {"InstanceArn": world.instance}
    describe = sso.describe_instance_access_control_attribute_configuration
    refused(describe, "ResourceNotFoundException", **at)
    for given, write in (
        (
            attributes(Zeta="${path:title}", Alpha='${path:addresses[type eq "work"].region}'),
            sso.create_instance_access_control_attribute_configuration,
        ),
        (attributes(Team="x"), sso.update_instance_access_control_attribute_configuration),
        (attributes(), sso.update_instance_access_control_attribute_configuration),
    ):
        write(**at, **given)
        found = describe(**at)
        assert found["Status"] == "ENABLED"
        name = "InstanceAccessControlAttributeConfiguration"
        assert found[name] == given[name]
    refused(
        sso.create_instance_access_control_attribute_configuration,
        "ConflictException",
        **at,
        **attributes(),
    )
    sso.delete_instance_access_control_attribute_configuration(**at)
    refused(describe, "ResourceNotFoundException", **at)


def by_credentials(world: World, user: str, role_name: str) -> Clients:
    """A session by GetRoleCredentials."""
    return Clients(world.server, role_credentials(world.server, user, MANAGEMENT, role_name))


def by_saml(world: World, user: str, role_name: str) -> Clients:
    """A session by the portal's SAML response and AssumeRoleWithSAML."""
    person = Person(world.server, user)
    person.sign_in()
    response = response_of(person, world, MANAGEMENT, role_name)
    named = role_and_provider(world, MANAGEMENT, role_name)
    answer = world.admin.sts.assume_role_with_saml(**named, SAMLAssertion=response)
    return Clients(world.server, assumed(answer))


@pytest.mark.parametrize("begin", [by_credentials, by_saml])
def test_an_attribute_becomes_a_session_tag_that_conditions_see(
    world: World, begin: Callable[[World, str, str], Clients]
) -> None:
    """`aws:PrincipalTag/…` in a condition; `identitystore:UserId` as a policy variable."""
    sso, store = world.admin.sso_admin, {"IdentityStoreId": world.store}
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sso:ListPermissionSets",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"aws:PrincipalTag/CostCenter": "4711"}},
                },
                {
                    "Effect": "Allow",
                    "Action": "identitystore:DescribeUser",
                    "Resource": [
                        "arn:aws:identitystore::*:identitystore/*",
                        "arn:aws:identitystore:::user/${identitystore:UserId}",
                    ],
                },
            ],
        }
    )
    arn = set_with(world, "Tagged", inline=document)
    for user in ("ken", "maria"):
        world.assign(arn, world.users[user], MANAGEMENT)
    extension = "aws:identitystore:enterprise.costCenter"
    world.admin.identitystore.update_user(
        **store,
        UserId=world.users["ken"],
        Operations=[{"AttributePath": extension, "AttributeValue": "4711"}],
    )

    def session(user: str) -> Clients:
        return begin(world, user, "Tagged")

    def lists(clients: Clients) -> bool:
        sso = clients.sso_admin
        try:
            return bool(sso.list_permission_sets(InstanceArn=world.instance))
        except sso.exceptions.AccessDeniedException:
            return False

    before = session("ken")
    assert not lists(before)
    sso.create_instance_access_control_attribute_configuration(
        InstanceArn=world.instance, **attributes(CostCenter="${path:enterprise.costCenter}")
    )
    # A session keeps the tags that it began with.
    assert not lists(before)
    during = session("ken")
    assert lists(during)
    assert not lists(session("maria"))
    sso.delete_instance_access_control_attribute_configuration(InstanceArn=world.instance)
    assert lists(during)
    assert not lists(session("ken"))
    ken = during.identitystore
    assert ken.describe_user(**store, UserId=world.users["ken"])["UserName"] == "ken"
    refused(ken.describe_user, "AccessDeniedException", **store, UserId=world.users["maria"])


def test_an_identity_store_takes_calls_from_the_allowed_addresses_only(world: World) -> None:
    store, at = world.admin.identitystore, {"IdentityStoreId": world.store}
    described = store.describe_identity_store(**at)
    assert "NetworkConfiguration" not in described
    arn = described["IdentityStoreArn"]
    assert store.describe_identity_store(IdentityStoreId=arn)["IdentityStoreId"] == world.store
    refused(
        store.update_identity_store,
        "ValidationException",
        **at,
        NetworkConfiguration={"VpceAccessRequired": False, "ApiAllowSourceIps": ["192.0.2.0/24"]},
    )
    refused(
        store.update_identity_store,
        "ValidationException",
        **at,
        NetworkConfiguration={"VpceAccessRequired": True},
    )
    given = {"VpceAccessRequired": False, "ApiAllowSourceIps": ["127.0.0.1", "::1"]}
    store.update_identity_store(**at, NetworkConfiguration=given)
    assert store.describe_identity_store(**at)["NetworkConfiguration"] == given
    assert store.list_users(**at)["Users"]
