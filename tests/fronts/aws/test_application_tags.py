"""sso-admin by boto3: tags of applications and trusted token issuers (reference §1.4)."""

import json
from typing import Any

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.samples_applications import CUSTOM, issuer
from tests.fronts.aws.world import Clients, World
from tests.support.person import role_credentials

ALIAS = "sakura-management"


@pytest.fixture
def sso(world: World) -> Any:
    return world.admin.sso_admin


@pytest.fixture(params=["application", "issuer"])
def arn(request: pytest.FixtureRequest, world: World, sso: Any) -> str:
    """One of each, with a tag from its making."""
    tags = [{"Key": "team", "Value": "docs"}]
    if request.param == "application":
        made = sso.create_application(
            InstanceArn=world.instance, ApplicationProviderArn=CUSTOM, Name="Wiki", Tags=tags
        )
        return str(made["ApplicationArn"])
    made = sso.create_trusted_token_issuer(**issuer(world, "issuer"), Tags=tags)
    return str(made["TrustedTokenIssuerArn"])


def tags_of(sso: Any, arn: str, **more: str) -> dict[str, str]:
    answer = sso.list_tags_for_resource(ResourceArn=arn, **more)
    assert "NextToken" not in answer
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def test_tags_are_added_replaced_and_taken_away(world: World, sso: Any, arn: str) -> None:
    assert tags_of(sso, arn) == {"team": "docs"}
    sso.tag_resource(
        ResourceArn=arn,
        Tags=[{"Key": "team", "Value": "ops"}, {"Key": "費用", "Value": "一 二"}],
    )
    assert tags_of(sso, arn) == {"team": "ops", "費用": "一 二"}
    assert tags_of(sso, arn, InstanceArn=world.instance) == {"team": "ops", "費用": "一 二"}
    sso.untag_resource(ResourceArn=arn, TagKeys=["team", "never"])
    assert tags_of(sso, arn) == {"費用": "一 二"}


def test_fifty_tags_are_the_most(sso: Any, arn: str) -> None:
    more = [{"Key": f"k{number}", "Value": ""} for number in range(49)]
    sso.tag_resource(ResourceArn=arn, Tags=more)
    assert len(tags_of(sso, arn)) == 50
    refused(
        sso.tag_resource,
        "ServiceQuotaExceededException",
        ResourceArn=arn,
        Tags=[{"Key": "more", "Value": ""}],
    )
    sso.tag_resource(ResourceArn=arn, Tags=[{"Key": "k0", "Value": "1"}])
    refused(
        sso.tag_resource,
        "ValidationException",
        ResourceArn=arn,
        Tags=[{"Key": "aws:k", "Value": ""}],
    )


def test_what_is_not_there_or_elsewhere_is_not_found(world: World, sso: Any, arn: str) -> None:
    nowhere = arn[:-4] + "0000"
    refused(sso.list_tags_for_resource, "ResourceNotFoundException", ResourceArn=nowhere)
    refused(
        sso.tag_resource,
        "ResourceNotFoundException",
        ResourceArn=nowhere,
        Tags=[{"Key": "a", "Value": "b"}],
    )
    refused(sso.untag_resource, "ResourceNotFoundException", ResourceArn=nowhere, TagKeys=["team"])
    refused(
        sso.list_tags_for_resource,
        "ResourceNotFoundException",
        ResourceArn=arn,
        InstanceArn="arn:aws:sso:::instance/ssoins-0000000000000000",
    )


def test_a_member_account_neither_reads_nor_changes_tags(world: World, sso: Any, arn: str) -> None:
    member = Clients(world.server, world.member_administrator()).sso_admin
    refused(member.list_tags_for_resource, "AccessDeniedException", ResourceArn=arn)
    refused(member.untag_resource, "AccessDeniedException", ResourceArn=arn, TagKeys=["team"])
    assert tags_of(sso, arn) == {"team": "docs"}


def test_a_right_that_a_tag_gives_ends_with_the_tag(world: World, sso: Any) -> None:
    arn = sso.create_application(
        InstanceArn=world.instance, ApplicationProviderArn=CUSTOM, Name="Wiki"
    )["ApplicationArn"]
    document = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "sso:DescribeApplication",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": "docs"}},
        },
    }
    editor = world.permission_set("Editor")
    sso.put_inline_policy_to_permission_set(
        InstanceArn=world.instance, PermissionSetArn=editor, InlinePolicy=json.dumps(document)
    )
    world.assign(editor, world.users["ken"], ALIAS)
    ken = Clients(world.server, role_credentials(world.server, "ken", ALIAS, "Editor")).sso_admin
    refused(ken.describe_application, "AccessDeniedException", ApplicationArn=arn)
    sso.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "docs"}])
    ken.describe_application(ApplicationArn=arn)
    sso.untag_resource(ResourceArn=arn, TagKeys=["team"])
    refused(ken.describe_application, "AccessDeniedException", ApplicationArn=arn)
