"""Policy variables: what they become, where, and what an attacker's value must not do."""

from __future__ import annotations

from typing import Any

import pytest

from genkan.authorization import PolicyKind, PolicySet, PolicySource, PolicySyntaxError
from tests.authorization.build import allow, ask, deny, doc, identity

HOME = "arn:aws:s3:::home/${aws:username}/*"


def allowed(resource_pattern: str, resource: str, context: dict[str, Any] | None = None) -> bool:
    return ask("s3:Get", identity(allow("*", resource_pattern)), resource, context=context).allowed


def holds(operator: str, policy_value: str, value: str, context: dict[str, Any]) -> bool:
    policies = identity(allow("*", Condition={operator: {"aws:Key": policy_value}}))
    return ask("s3:Get", policies, context={"aws:Key": value, **context}).allowed


@pytest.mark.parametrize(
    ("pattern", "resource", "context", "expected"),
    [
        (HOME, "arn:aws:s3:::home/ann/x", {"aws:username": "ann"}, True),
        (HOME, "arn:aws:s3:::home/ann/x", {"AWS:UserName": "ann"}, True),
        (HOME, "arn:aws:s3:::home/bob/x", {"aws:username": "ann"}, False),
        (HOME, "arn:aws:s3:::home//x", {}, False),
        (HOME, "arn:aws:s3:::home/${aws:username}/x", {}, False),
        ("arn:aws:s3:::${aws:PrincipalTag/Team, 'none'}", "arn:aws:s3:::none", {}, True),
        ("arn:aws:s3:::${aws:PrincipalTag/Team,'none'}", "arn:aws:s3:::none", {}, True),
        ("arn:aws:s3:::${aws:PrincipalTag/Team, ''}", "arn:aws:s3:::", {}, True),
        ("arn:aws:s3:::${aws:t, 'none'}", "arn:aws:s3:::red", {"aws:t": "red"}, True),
        ("arn:aws:s3:::${aws:t, 'none'}", "arn:aws:s3:::none", {"aws:t": "red"}, False),
        ("arn:aws:s3:::${aws:a}-${aws:b}", "arn:aws:s3:::1-2", {"aws:a": "1", "aws:b": "2"}, True),
        ("arn:*:kms:*:${aws:PrincipalAccount}:key/*", "arn:aws:kms:r:111111111111:key/k", {}, True),
        ("arn:aws:s3:::a${*}b", "arn:aws:s3:::a*b", {}, True),
        ("arn:aws:s3:::a${*}b", "arn:aws:s3:::axb", {}, False),
        ("arn:aws:s3:::a${?}b", "arn:aws:s3:::a?b", {}, True),
        ("arn:aws:s3:::a${?}b", "arn:aws:s3:::axb", {}, False),
        ("arn:aws:s3:::${$}{x}", "arn:aws:s3:::${x}", {}, True),
    ],
)
def test_variable_in_a_resource(
    pattern: str, resource: str, context: dict[str, Any], expected: bool
) -> None:
    assert allowed(pattern, resource, context) is expected


@pytest.mark.parametrize("name", ["*", "?nn", "a*", "${aws:userid}"])
def test_wildcards_in_a_value_are_plain_characters(name: str) -> None:
    assert not allowed(HOME, "arn:aws:s3:::home/ann/x", {"aws:username": name})
    assert allowed(HOME, f"arn:aws:s3:::home/{name}/x", {"aws:username": name})


def test_a_key_with_several_values_is_no_variable() -> None:
    context = {"aws:username": ("ann", "bob")}
    assert not allowed(HOME, "arn:aws:s3:::home/ann/x", context)
    assert not allowed("arn:aws:s3:::${aws:username, 'd'}", "arn:aws:s3:::d", context)


def test_variables_are_literal_text_in_documents_of_2008() -> None:
    statement = {
        **allow("s3:*", "arn:aws:s3:::home/${aws:username}"),
        "Principal": "*",
    }
    document = doc(statement, kind=PolicyKind.RESOURCE, version="2008-10-17")
    policies = PolicySet(resource=(PolicySource("bucket", document),))
    context = {"aws:username": "ann"}
    assert not ask("s3:Get", policies, "arn:aws:s3:::home/ann", context=context).allowed
    assert ask("s3:Get", policies, "arn:aws:s3:::home/${aws:username}", context=context).allowed


@pytest.mark.parametrize(
    ("operator", "policy_value", "value", "expected"),
    [
        ("StringEquals", "${aws:t}", "red", True),
        ("StringEquals", "x-${aws:t}", "x-red", True),
        ("StringEquals", "${aws:t}", "blue", False),
        ("StringEquals", "${aws:none}", "", False),
        ("StringEquals", "${aws:none, 'd'}", "d", True),
        ("StringEqualsIgnoreCase", "${aws:t}", "RED", True),
        ("StringNotEquals", "${aws:t}", "blue", True),
        ("StringNotEquals", "${aws:t}", "red", False),
        ("StringLike", "${aws:t}*", "reddish", True),
        ("StringLike", "${*}*", "*x", True),
        ("StringLike", "${*}*", "x", False),
        ("StringEquals", "${*}", "*", True),
        ("ArnLike", "arn:aws:s3:::${aws:t}/*", "arn:aws:s3:::red/x", True),
        ("ArnEquals", "${aws:arn}", "arn:aws:s3:::b", True),
        ("Bool", "${aws:flag}", "true", True),
        ("Bool", "${aws:flag}", "false", False),
    ],
)
def test_variable_in_a_condition(
    operator: str, policy_value: str, value: str, expected: bool
) -> None:
    context = {"aws:t": "red", "aws:arn": "arn:aws:s3:::b", "aws:flag": "TRUE"}
    assert holds(operator, policy_value, value, context) is expected


def test_a_wildcard_in_a_value_is_literal_in_string_like_too() -> None:
    assert not holds("StringLike", "${aws:t}", "anything", {"aws:t": "*"})
    assert holds("StringLike", "${aws:t}", "*", {"aws:t": "*"})


def test_a_colon_in_a_value_does_not_shift_the_fields_of_an_arn_condition() -> None:
    pattern = "arn:aws:sns:r:${aws:t}:topic"
    assert not holds("ArnLike", pattern, "arn:aws:sns:r:1:x:topic", {"aws:t": "1:x"})
    assert holds("ArnLike", pattern, "arn:aws:sns:r:1:topic", {"aws:t": "1"})


def test_an_unknown_variable_under_a_negation_denies_but_never_allows() -> None:
    condition = {"StringNotEquals": {"aws:ResourceTag/owner": "${aws:PrincipalTag/owner}"}}
    context = {"aws:ResourceTag/owner": "ann"}
    assert not ask("s3:Get", identity(allow("*", Condition=condition)), context=context).allowed
    denied = identity(allow("*"), deny("*", Condition=condition))
    assert not ask("s3:Get", denied, context=context).allowed

    others = {"Action": "*", "NotResource": "arn:aws:s3:::${aws:PrincipalTag/owner}"}
    bucket = "arn:aws:s3:::bucket"
    assert not ask("s3:Get", identity({"Effect": "Allow", **others}), bucket).allowed
    assert not ask("s3:Get", identity(allow("*"), {"Effect": "Deny", **others}), bucket).allowed
    known = {"aws:PrincipalTag/owner": "x"}
    assert ask("s3:Get", identity({"Effect": "Allow", **others}), bucket, context=known).allowed


@pytest.mark.parametrize(
    "malformed",
    ["${aws:username", "${}", "${ }", "${, 'x'}", "${aws:a, x}", "${aws:a, 'x}", "${aws:a,}"],
)
def test_malformed_variable_is_refused(malformed: str) -> None:
    for statement in (
        allow("*", f"arn:aws:s3:::{malformed}"),
        allow("*", Condition={"StringLike": {"aws:Key": malformed}}),
    ):
        with pytest.raises(PolicySyntaxError, match=r"Syntax errors in policy\."):
            doc(statement)
