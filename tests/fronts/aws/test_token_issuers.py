"""sso-admin by boto3: trusted token issuers (reference §5.6, §15.1)."""

from typing import Any

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.samples_applications import issuer
from tests.fronts.aws.test_applications import answer_of
from tests.fronts.aws.world import Clients, World

ZEROS = "tti-00000000-0000-0000-0000-000000000000"


@pytest.fixture
def sso(world: World) -> Any:
    return world.admin.sso_admin


def made(world: World, name: str = "issuer", **more: Any) -> str:
    arn: str = world.admin.sso_admin.create_trusted_token_issuer(**issuer(world, name), **more)[
        "TrustedTokenIssuerArn"
    ]
    return arn


def test_an_issuer_is_read_as_it_was_written_and_changed_one_by_one(world: World, sso: Any) -> None:
    arn = made(world, ClientToken="once", Tags=[{"Key": "team", "Value": "docs"}])
    instance_id = world.instance.rpartition("/")[2]
    prefix = f"arn:aws:sso::{world.management}:trustedTokenIssuer/{instance_id}/tti-"
    assert arn.startswith(prefix)
    expected = issuer(world, "issuer")
    del expected["InstanceArn"]
    expected["TrustedTokenIssuerArn"] = arn
    described = sso.describe_trusted_token_issuer(TrustedTokenIssuerArn=arn)
    assert answer_of(described) == expected
    oidc = expected["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"]
    for change in (
        {"ClaimAttributePath": "sub"},
        {"IdentityStoreAttributePath": "userName"},
        {"JwksRetrievalOption": "OPEN_ID_DISCOVERY"},
    ):
        sso.update_trusted_token_issuer(
            TrustedTokenIssuerArn=arn,
            TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": change},
        )
        oidc |= change
        described = sso.describe_trusted_token_issuer(TrustedTokenIssuerArn=arn)
        assert answer_of(described) == expected
    sso.update_trusted_token_issuer(TrustedTokenIssuerArn=arn, Name="other")
    (listed,) = sso.list_trusted_token_issuers(InstanceArn=world.instance)["TrustedTokenIssuers"]
    assert listed == {
        "TrustedTokenIssuerArn": arn,
        "Name": "other",
        "TrustedTokenIssuerType": "OIDC_JWT",
    }


def test_the_url_and_the_token_are_good_for_one_issuer(world: World, sso: Any) -> None:
    arn = made(world, ClientToken="once")
    assert made(world, ClientToken="once") == arn
    refused(sso.create_trusted_token_issuer, "ConflictException", **issuer(world, "issuer"))
    refused(
        sso.create_trusted_token_issuer,
        "ConflictException",
        **issuer(world, "other"),
        ClientToken="once",
    )
    sso.delete_trusted_token_issuer(TrustedTokenIssuerArn=arn)
    assert made(world, ClientToken="once") != arn


def test_the_eleventh_issuer_exceeds_the_quota(world: World, sso: Any) -> None:
    for number in range(10):
        made(world, f"issuer{number}")
    refused(
        sso.create_trusted_token_issuer, "ServiceQuotaExceededException", **issuer(world, "eleven")
    )


def test_an_issuer_that_is_not_there_is_not_found(world: World, sso: Any) -> None:
    arn = made(world)
    instance_id = world.instance.rpartition("/")[2]
    for wrong in (
        f"{arn.rpartition('/')[0]}/{ZEROS}",
        arn.replace(instance_id, "ssoins-0000000000000000"),
        arn.replace(world.management, world.account("sakura-data-dev")),
    ):
        for name in ("describe", "update", "delete"):
            refused(
                getattr(sso, f"{name}_trusted_token_issuer"),
                "ResourceNotFoundException",
                TrustedTokenIssuerArn=wrong,
            )


def test_a_member_account_sees_no_issuer(world: World) -> None:
    arn = made(world)
    member = Clients(world.server, world.member_administrator()).sso_admin
    refused(
        member.describe_trusted_token_issuer, "AccessDeniedException", TrustedTokenIssuerArn=arn
    )
    refused(member.list_trusted_token_issuers, "AccessDeniedException", InstanceArn=world.instance)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("IssuerUrl", "ldap://issuer.example.com"),
        ("IssuerUrl", "https://issuer.example.com/.well-known/openid-configuration"),
        ("ClaimAttributePath", "a.b.c.d"),
        ("IdentityStoreAttributePath", "displayName"),
        ("JwksRetrievalOption", "INLINE"),
    ],
)
def test_a_configuration_that_breaks_a_rule_is_refused(
    world: World, sso: Any, member: str, value: str
) -> None:
    params = issuer(world, "issuer")
    params["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"][member] = value
    refused(sso.create_trusted_token_issuer, "ValidationException", **params)
    assert sso.list_trusted_token_issuers(InstanceArn=world.instance)["TrustedTokenIssuers"] == []
