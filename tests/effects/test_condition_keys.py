"""Condition keys that every session's requests have: what they say, and that it decides.

For each key one policy with four statements: an Allow and a Deny whose condition holds, and an
Allow and a Deny whose condition does not.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.effects.limited import NAME, Limited, may, statement

ROLES = "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_"
ELSEWHERE = "999999999999"


def of_organization(limited: Limited, path: str = "Id") -> str:
    found = limited.world.admin.organizations.describe_organization()["Organization"]
    if path == "Id":
        return str(found["Id"])
    (root,) = limited.world.admin.organizations.list_roots()["Roots"]
    return f"{found['Id']}/{root['Id']}/"


def store_arn(limited: Limited) -> str:
    found = limited.world.admin.identitystore.describe_identity_store(
        IdentityStoreId=limited.world.store
    )
    return str(found["IdentityStoreArn"])


def secure(limited: Limited) -> str:
    return str(limited.world.server.url.startswith("https:")).lower()


Value = Any
Case = tuple[str, Value | Callable[[Limited], Value], Value]

#: Key → operator, a value that holds (or how to find it), a value that does not.
KEYS: dict[str, Case] = {
    "aws:SourceIp": ("IpAddress", ["127.0.0.0/8", "::1/128"], ["192.0.2.0/24", "2001:db8::/32"]),
    "aws:CurrentTime": ("DateLessThan", "2100-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    "aws:EpochTime": ("NumericGreaterThan", "1577836800", "4102444800"),
    "aws:SecureTransport": ("Bool", secure, None),
    "aws:UserAgent": ("StringLike", "Boto3/*", "aws-cli/*"),
    "aws:RequestedRegion": (
        "StringEquals",
        lambda limited: limited.world.server.facts["region"],
        "ap-southeast-9",
    ),
    "aws:ViaAWSService": ("Bool", "false", "true"),
    # Signing in with MFA is Identity Center's affair; AWS knows of that of its own users alone.
    "aws:MultiFactorAuthPresent": ("Bool", "false", "true"),
    "aws:TokenIssueTime": ("DateGreaterThan", "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"),
    "aws:PrincipalType": ("StringEquals", "AssumedRole", "User"),
    "aws:PrincipalIsAWSService": ("Bool", "false", "true"),
    "aws:PrincipalArn": ("ArnLike", f"{ROLES}{NAME}_*", f"{ROLES}Other_*"),
    "aws:PrincipalAccount": (
        "StringEquals",
        lambda limited: limited.world.management,
        ELSEWHERE,
    ),
    "aws:PrincipalOrgID": ("StringEquals", of_organization, "o-0000000000"),
    "aws:PrincipalOrgPaths": (
        "ForAnyValue:StringLike",
        lambda limited: of_organization(limited, "path") + "*",
        "o-0000000000/*",
    ),
    "aws:ResourceAccount": ("StringEquals", lambda limited: limited.world.management, ELSEWHERE),
    "aws:ResourceOrgID": ("StringEquals", of_organization, "o-0000000000"),
    "aws:ResourceOrgPaths": (
        "ForAnyValue:StringEquals",
        lambda limited: of_organization(limited, "path"),
        "o-0000000000/r-0000/",
    ),
    "aws:userid": ("StringLike", "AROA*:ken", "AROA*:maria"),
    "identitystore:UserId": (
        "StringEquals",
        lambda limited: limited.world.users["ken"],
        "00000000-0000-7000-0000-000000000000",
    ),
    "identitystore:IdentityStoreArn": ("ArnEquals", store_arn, "arn:aws:identitystore::1:x/*"),
}

#: Keys of which a person's session has none.
ABSENT = ["aws:username", "aws:SourceIdentity", "aws:CalledVia", "aws:MultiFactorAuthAge"]


def answers(limited: Limited, right: dict[str, Any], wrong: dict[str, Any]) -> dict[str, bool]:
    """What the session may, by one statement of each effect on either condition."""
    session = limited.by(
        statement("Allow", "sso:ListPermissionSets", Condition=right),
        statement("Allow", "sso:ListTrustedTokenIssuers", Condition=wrong),
        statement("Allow", ["sso:DescribeInstance", "identitystore:ListGroups"]),
        statement("Deny", "sso:DescribeInstance", Condition=right),
        statement("Deny", "identitystore:ListGroups", Condition=wrong),
    )
    at = {"InstanceArn": limited.world.instance}
    sso, store = session.sso_admin, session.identitystore
    return {
        "allowed where it holds": may(sso.list_permission_sets, **at),
        "allowed where it does not": may(sso.list_trusted_token_issuers, **at),
        "denied where it holds": not may(sso.describe_instance, **at),
        "denied where it does not": not may(store.list_groups, IdentityStoreId=limited.world.store),
    }


HOLDS = {
    "allowed where it holds": True,
    "allowed where it does not": False,
    "denied where it holds": True,
    "denied where it does not": False,
}


@pytest.mark.parametrize("key", KEYS)
def test_a_session_may_where_a_condition_holds_and_may_not_where_it_does_not(
    limited: Limited, key: str
) -> None:
    operator, right, wrong = KEYS[key]
    found = right(limited) if callable(right) else right
    if wrong is None:
        wrong = "false" if found == "true" else "true"
    assert answers(limited, {operator: {key: found}}, {operator: {key: wrong}}) == HOLDS
    # The name of a key is the same in any case; that there is one, says Null.
    folded = {operator: {key.upper(): found}}
    assert answers(limited, folded, {"Null": {key.lower(): "true"}}) == HOLDS


@pytest.mark.parametrize("key", ABSENT)
def test_a_key_that_a_persons_session_has_not_is_absent(limited: Limited, key: str) -> None:
    absent, there = {"Null": {key: "true"}}, {"StringLike": {key: "*"}}
    assert answers(limited, absent, there) == HOLDS
