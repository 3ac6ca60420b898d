"""iam by boto3: what stands in an account after provisioning (reference §3.4)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.world import MEMBER, Clients, World

ANALYST_POLICY = "DataLakeReaders"
RESERVED = "/aws-reserved/sso.amazonaws.com/"
SIGN_IN = "https://signin.aws.amazon.com/saml"


@pytest.fixture(scope="module")
def world(furnished: World) -> World:
    """Only read here."""
    return furnished


@pytest.fixture(scope="module")
def iam(world: World) -> Any:
    """The member account that has a customer managed policy."""
    return Clients(world.server, world.member_administrator()).iam


def role_named(iam: Any, permission_set: str) -> dict[str, Any]:
    (found,) = [
        role
        for role in iam.list_roles()["Roles"]
        if role["RoleName"].startswith(f"AWSReservedSSO_{permission_set}_")
    ]
    role: dict[str, Any] = found
    return role


def test_every_permission_set_assigned_here_has_its_role(world: World, iam: Any) -> None:
    kinds = {
        role["RoleName"].split("_")[1] for role in iam.list_roles(PathPrefix=RESERVED)["Roles"]
    }
    assert kinds == {"AdministratorAccess", "ReadOnlyAccess", "DataAnalyst"}
    others = [role for role in iam.list_roles()["Roles"] if role["Path"] == "/"]
    assert [role["RoleName"] for role in others] == ["OrganizationAccountAccessRole"]
    assert iam.list_roles(PathPrefix="/nothing/")["Roles"] == []


def test_a_role_is_as_aws_makes_it(world: World, iam: Any) -> None:
    listed = role_named(iam, "DataAnalyst")
    account = world.account(MEMBER)
    suffix = listed["RoleName"].rpartition("_")[2]
    assert len(suffix) == 16
    assert int(suffix, 16) >= 0
    assert listed["Path"] == RESERVED
    assert listed["Arn"] == f"arn:aws:iam::{account}:role{RESERVED}{listed['RoleName']}"
    assert listed["RoleId"].startswith("AROA")
    assert listed["MaxSessionDuration"] == 43_200
    assert listed["Description"] == "Query the data lake"
    assert datetime.now(UTC) - listed["CreateDate"] < timedelta(days=1)
    got = iam.get_role(RoleName=listed["RoleName"])["Role"]
    assert {name: got[name] for name in listed} == listed
    assert got["RoleLastUsed"] == {}
    (provider,) = iam.list_saml_providers()["SAMLProviderList"]
    assert got["AssumeRolePolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider["Arn"]},
                "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                "Condition": {"StringEquals": {"SAML:aud": SIGN_IN}},
            }
        ],
    }


def test_documents_are_url_encoded_on_the_wire(world: World, iam: Any) -> None:
    role_name = world.more["role"]
    answer = world.wire.call("iam", "GetRole", {"RoleName": role_name})
    for element in ElementTree.fromstring(answer.body).iter():
        if element.tag.endswith("AssumeRolePolicyDocument"):
            text = element.text or ""
            assert text.startswith("%7B%22Version%22%3A%222012-10-17%22")
            assert json.loads(unquote(text))["Version"] == "2012-10-17"
            break
    else:
        raise AssertionError("no trust policy")


def test_policies_of_a_role_are_read_one_by_one(world: World, iam: Any) -> None:
    analyst = role_named(iam, "DataAnalyst")["RoleName"]
    policy_arn = f"arn:aws:iam::{world.account(MEMBER)}:policy/{ANALYST_POLICY}"
    assert iam.list_attached_role_policies(RoleName=analyst)["AttachedPolicies"] == [
        {"PolicyName": ANALYST_POLICY, "PolicyArn": policy_arn}
    ]
    assert iam.list_role_policies(RoleName=analyst)["PolicyNames"] == []
    admin = role_named(iam, "AdministratorAccess")["RoleName"]
    assert iam.list_attached_role_policies(RoleName=admin)["AttachedPolicies"] == [
        {
            "PolicyName": "AdministratorAccess",
            "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
        }
    ]
    web_dev = Clients(world.server, world.member_administrator("sakura-web-dev")).iam
    developer = role_named(web_dev, "DeveloperAccess")["RoleName"]
    assert web_dev.list_role_policies(RoleName=developer)["PolicyNames"] == ["AwsSSOInlinePolicy"]
    inline = web_dev.get_role_policy(RoleName=developer, PolicyName="AwsSSOInlinePolicy")
    assert inline["RoleName"] == developer
    text = world.admin.sso_admin.get_inline_policy_for_permission_set(
        InstanceArn=world.instance, PermissionSetArn=world.sets["DeveloperAccess"]
    )["InlinePolicy"]
    assert inline["PolicyDocument"] == json.loads(text)


def test_a_customer_managed_policy_and_its_document_are_read(world: World, iam: Any) -> None:
    arn = f"arn:aws:iam::{world.account(MEMBER)}:policy/{ANALYST_POLICY}"
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (policy["PolicyName"], policy["Arn"], policy["Path"]) == (
        ANALYST_POLICY,
        arn,
        "/",
    )
    assert policy["AttachmentCount"] == 1
    assert policy["DefaultVersionId"] == "v1"
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    (statement,) = version["Document"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
    assert "athena:*" in statement["Action"]
    assert version["IsDefaultVersion"] is True


def test_the_saml_provider_is_ours_and_its_metadata_names_us(world: World, iam: Any) -> None:
    (listed,) = iam.list_saml_providers()["SAMLProviderList"]
    account = world.account(MEMBER)
    name = listed["Arn"].rpartition("/")[2]
    assert listed["Arn"] == f"arn:aws:iam::{account}:saml-provider/{name}"
    assert name.startswith("AWSSSO_")
    assert name.endswith("_DO_NOT_DELETE")
    got = iam.get_saml_provider(SAMLProviderArn=listed["Arn"])
    assert got["ValidUntil"] == listed["ValidUntil"]
    metadata = ElementTree.fromstring(got["SAMLMetadataDocument"])
    assert metadata.tag == "{urn:oasis:names:tc:SAML:2.0:metadata}EntityDescriptor"
    assert account in metadata.attrib["entityID"]
    own = world.admin.iam.list_saml_providers()["SAMLProviderList"]
    assert listed["Arn"] not in {provider["Arn"] for provider in own}


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        (
            "get_role",
            {"RoleName": "Nothing"},
            "The role with name Nothing cannot be found.",
        ),
        (
            "list_role_policies",
            {"RoleName": "Nothing"},
            "The role with name Nothing cannot be found.",
        ),
        (
            "list_attached_role_policies",
            {"RoleName": "Nothing"},
            "The role with name Nothing cannot be found.",
        ),
        (
            "get_role_policy",
            {"RoleName": "OrganizationAccountAccessRole", "PolicyName": "Nothing"},
            "The role policy with name Nothing cannot be found.",
        ),
        (
            "get_policy",
            {"PolicyArn": "arn:aws:iam::111122223333:policy/Nothing"},
            "Policy arn:aws:iam::111122223333:policy/Nothing was not found.",
        ),
        (
            "get_saml_provider",
            {"SAMLProviderArn": "arn:aws:iam::111122223333:saml-provider/Nothing"},
            "Manifest not found for arn arn:aws:iam::111122223333:saml-provider/Nothing",
        ),
    ],
)
def test_what_is_not_there_is_no_such_entity(
    iam: Any, operation: str, params: dict[str, str], message: str
) -> None:
    refused(getattr(iam, operation), "NoSuchEntity", message, status=404, **params)


def test_a_version_that_is_not_there_is_no_such_entity(world: World, iam: Any) -> None:
    arn = f"arn:aws:iam::{world.account(MEMBER)}:policy/{ANALYST_POLICY}"
    refused(iam.get_policy_version, "NoSuchEntity", status=404, PolicyArn=arn, VersionId="v2")


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("list_roles", {"Marker": "AAAA"}, "Invalid Marker: AAAA"),
        (
            "list_roles",
            {"MaxItems": 1001},
            "1 validation error detected: Value '1001' at 'maxItems' failed to satisfy constraint:"
            " Member must have value less than or equal to 1000",
        ),
        (
            "get_role",
            {"RoleName": "a b"},
            "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint:"
            " Member must satisfy regular expression pattern: [\\w+=,.@-]+",
        ),
        (
            "get_saml_provider",
            {"SAMLProviderArn": "saml-provider/Nothing"},
            "Invalid ARN:  Could not be parsed!",
        ),
    ],
)
def test_what_makes_no_sense_is_a_validation_error(
    iam: Any, operation: str, params: dict[str, Any], message: str
) -> None:
    refused(getattr(iam, operation), "ValidationError", message, **params)


def test_another_accounts_role_arn_opens_nothing(world: World, iam: Any) -> None:
    provider = world.more["provider"]
    refused(
        iam.get_saml_provider,
        "NoSuchEntity",
        f"Manifest not found for arn {provider}",
        status=404,
        SAMLProviderArn=provider,
    )
    refused(iam.get_role, "NoSuchEntity", status=404, RoleName=world.more["role"])
