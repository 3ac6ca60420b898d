"""The constraints of reference §16, one refused and one accepted value each, in AWS's words."""

from typing import Any

import pytest

from genkan.protocols.aws import ConstraintViolations, load
from genkan.protocols.aws.walker import input_walker

from .samples import ours, parameters

LESS = "Member must have length less than or equal to {}"
MORE = "Member must have length greater than or equal to {}"
NOT_OVER = "Member must have value less than or equal to {}"
NOT_UNDER = "Member must have value greater than or equal to {}"
PATTERN = "Member must satisfy regular expression pattern: "
ENUM = "Member must satisfy enum value set: [{}]"
USER = "544894e8-80c1-707f-60e3-3ba6510dfac1"
INSTANCE = "arn:aws:sso:::instance/ssoins-1234567890abcdef"

# service, operation, member, accepted, refused, texts of the broken constraints
CASES: list[tuple[str, str, str, Any, Any, list[str]]] = [
    ("sso-admin", "CreatePermissionSet", "Name", "x" * 32, "x" * 33, [LESS.format(32)]),
    ("sso-admin", "CreatePermissionSet", "Name", "a.b@c", "", [PATTERN, MORE.format(1)]),
    ("sso-admin", "CreatePermissionSet", "Name", "A", "bad name<>!", [PATTERN]),
    ("sso-admin", "CreatePermissionSet", "Name", "A", "näme", [PATTERN]),
    ("sso-admin", "CreatePermissionSet", "Description", "x" * 700, "x" * 701, [LESS.format(700)]),
    ("sso-admin", "CreatePermissionSet", "Description", "é\n", "名", [PATTERN]),
    ("sso-admin", "CreatePermissionSet", "SessionDuration", "PT12H", "PT", [PATTERN]),
    ("sso-admin", "CreatePermissionSet", "SessionDuration", "PT1H30M", "12h", [PATTERN]),
    ("sso-admin", "CreatePermissionSet", "RelayState", "https://x/?a=b", "a\tb", [PATTERN]),
    ("sso-admin", "CreatePermissionSet", "RelayState", "x" * 240, "x" * 241, [LESS.format(240)]),
    ("sso-admin", "CreatePermissionSet", "InstanceArn", INSTANCE, INSTANCE + "\n", [PATTERN]),
    ("sso-admin", "DescribeInstance", "InstanceArn", INSTANCE, "arn:aws:sso:::x", [PATTERN]),
    (
        "sso-admin",
        "ListAccountAssignments",
        "AccountId",
        "1" * 12,
        "1" * 11,
        [PATTERN, MORE.format(12)],
    ),
    ("sso-admin", "ListPermissionSets", "MaxResults", 100, 101, [NOT_OVER.format(100)]),
    ("sso-admin", "ListPermissionSets", "MaxResults", 1, 0, [NOT_UNDER.format(1)]),
    ("sso-admin", "ListApplicationAccessScopes", "MaxResults", 10, 11, [NOT_OVER.format(10)]),
    ("sso-admin", "ListPermissionSets", "NextToken", "a=/_-+", "a b", [PATTERN]),
    ("sso-admin", "ListPermissionSets", "NextToken", "", "x" * 2049, [LESS.format(2048)]),
    ("sso-admin", "CreateAccountAssignment", "PrincipalId", USER, USER[1:], [PATTERN]),
    (
        "sso-admin",
        "CreateAccountAssignment",
        "PrincipalId",
        "9067639464-" + USER,
        "9067-" + USER,
        [PATTERN],
    ),
    (
        "sso-admin",
        "CreateAccountAssignment",
        "PrincipalType",
        "GROUP",
        "ROLE",
        [ENUM.format("USER, GROUP")],
    ),
    (
        "sso-admin",
        "CreateAccountAssignment",
        "TargetType",
        "AWS_ACCOUNT",
        "aws_account",
        [ENUM.format("AWS_ACCOUNT")],
    ),
    (
        "sso-admin",
        "PutInlinePolicyToPermissionSet",
        "InlinePolicy",
        "{}",
        "",
        [PATTERN, MORE.format(1)],
    ),
    (
        "sso-admin",
        "PutInlinePolicyToPermissionSet",
        "InlinePolicy",
        "x" * 32768,
        "x" * 32769,
        [LESS.format(32768)],
    ),
    (
        "sso-admin",
        "AttachManagedPolicyToPermissionSet",
        "ManagedPolicyArn",
        "arn:aws:iam::aws:policy/job-function/Billing",
        "arn:aws:iam::111122223333:policy/Mine",
        [PATTERN],
    ),
    ("sso-admin", "CreateApplication", "ClientToken", "!~", "a b", [PATTERN]),
    ("sso-admin", "CreateApplication", "Name", "名前\n", "x" * 101, [LESS.format(100)]),
    ("sso-admin", "PutApplicationAccessScope", "Scope", "sso:account:access", "a:b:c:d", [PATTERN]),
    ("sso-admin", "AddRegion", "RegionName", "eu-west-1", "EU", [PATTERN]),
    ("sso-admin", "CreateTrustedTokenIssuer", "Name", "x" * 255, "x" * 256, [LESS.format(255)]),
    ("identitystore", "CreateUser", "UserName", "bob@example.org", "b ob", [PATTERN]),
    ("identitystore", "CreateUser", "UserName", "x" * 128, "x" * 129, [LESS.format(128)]),
    ("identitystore", "CreateUser", "DisplayName", "山田 太郎\u3000", "bell\x07", [PATTERN]),
    ("identitystore", "CreateGroup", "DisplayName", "x" * 1024, "x" * 1025, [LESS.format(1024)]),
    ("identitystore", "DescribeUser", "IdentityStoreId", "d-1234567890", "d-123456789", [PATTERN]),
    ("identitystore", "DescribeUser", "UserId", USER, "bob", [PATTERN]),
    ("identitystore", "ListUsers", "NextToken", "a:b", "a b", [PATTERN]),
    ("identitystore", "ListUsers", "MaxResults", 100, 1000, [NOT_OVER.format(100)]),
    ("sso", "ListAccounts", "maxResults", "100", "101", [NOT_OVER.format(100)]),
    ("sts", "AssumeRole", "RoleSessionName", "ab", "Session1:2", [PATTERN]),
    ("sts", "AssumeRole", "RoleSessionName", "x" * 64, "x", [MORE.format(2)]),
    ("sts", "AssumeRole", "DurationSeconds", "43200", "43201", [NOT_OVER.format(43200)]),
    ("sts", "AssumeRoleWithSAML", "DurationSeconds", "900", "899", [NOT_UNDER.format(900)]),
    ("iam", "CreateRole", "RoleName", "x" * 64, "x" * 65, [LESS.format(64)]),
    ("iam", "CreateRole", "Path", "/a/b/", "a", [PATTERN]),
    (
        "organizations",
        "DescribeAccount",
        "AccountId",
        "1" * 12,
        "1" * 13,
        [PATTERN, LESS.format(12)],
    ),
]


def decoded(service: str, name: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The operation's smallest valid input with those members replaced, walked."""
    operation = load(service).operation(name)
    assert operation is not None
    assert operation.input is not None
    text = operation.protocol != "json"
    members = parameters(operation.model, operation.input, full=False)
    walk = input_walker(operation.model, operation.input, text=lambda member: text)
    return walk({**members, **changes})


@pytest.mark.parametrize(("service", "name", "member", "accepted", "refused", "texts"), CASES)
def test_constraint_refuses_and_accepts(service, name, member, accepted, refused, texts):
    decoded(service, name, {member: accepted})
    with pytest.raises(ConstraintViolations) as caught:
        decoded(service, name, {member: refused})
    violations = caught.value.violations
    path = member[0].lower() + member[1:]
    assert [violation.path for violation in violations] == [path] * len(texts)
    for violation, text in zip(violations, texts, strict=True):
        assert violation.constraint.startswith(text)


def test_sample_inputs_are_themselves_valid():
    operation = load("sso-admin").operation("CreateAccountAssignment")
    sample = parameters(operation.model, operation.input, full=False)
    expected = ours(operation.model, operation.input, sample)
    assert decoded("sso-admin", "CreateAccountAssignment", {}) == expected
