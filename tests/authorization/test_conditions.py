"""Condition operators: for each a table of policy values, request value and answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from genkan.authorization import PolicySyntaxError
from genkan.authorization.operators import OPERATORS
from tests.authorization.build import allow, ask, deny, doc, identity

KEY = "aws:Key"


def holds(operator: str, values: Any, context: Mapping[str, Any], *, effect: str = "Allow") -> bool:
    """Whether a statement with this one condition applies."""
    condition = {operator: {KEY: values}}
    if effect == "Allow":
        return ask("s3:Get", identity(allow("*", Condition=condition)), context=context).allowed
    policies = identity(allow("*"), deny("*", Condition=condition))
    return not ask("s3:Get", policies, context=context).allowed


TABLE: list[tuple[str, Any, Any, bool]] = [
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a", "A", False),
    ("StringEquals", ["x", "a"], "a", True),
    ("StringEquals", [], "a", False),
    ("StringEquals", "a*", "ab", False),
    ("StringEquals", "a*", "a*", True),
    ("StringEquals", "", "", True),
    ("StringEquals", 10, "10", True),
    ("StringEquals", True, "true", True),
    ("StringNotEquals", "a", "b", True),
    ("StringNotEquals", "a", "a", False),
    ("StringNotEquals", ["x", "a"], "a", False),
    ("StringNotEquals", [], "a", True),
    ("StringEqualsIgnoreCase", "Ab", "aB", True),
    ("StringEqualsIgnoreCase", "ab", "ac", False),
    ("StringEqualsIgnoreCase", "strasse", "straße", False),
    ("StringNotEqualsIgnoreCase", "Ab", "aB", False),
    ("StringNotEqualsIgnoreCase", "Ab", "aC", True),
    ("StringLike", "a*c", "abbc", True),
    ("StringLike", "a?c", "abc", True),
    ("StringLike", "a?c", "abbc", False),
    ("StringLike", "A*", "abc", False),
    ("StringNotLike", "a*", "abc", False),
    ("StringNotLike", "a*", "xyz", True),
    ("NumericEquals", "10", "10.0", True),
    ("NumericEquals", 10, 10, True),
    ("NumericEquals", "9007199254740993", "9007199254740992", False),
    ("NumericEquals", "10", "ten", False),
    ("NumericNotEquals", "10", "11", True),
    ("NumericNotEquals", "10", "10", False),
    ("NumericLessThan", "10", "9.5", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThan", ["5", "10"], "7", True),
    ("NumericLessThan", "-1", "-2", True),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericLessThanEquals", "10", "10.1", False),
    ("NumericGreaterThan", "10", "9", False),
    ("NumericGreaterThan", "9", "10", True),
    ("NumericGreaterThanEquals", "10", "10", True),
    ("NumericGreaterThanEquals", "10", "9", False),
    ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", True),
    ("DateEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
    ("DateEquals", "1767225600", "2026-01-01T00:00:00Z", True),
    ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z", False),
    ("DateEquals", "2026-01-01", "yesterday", False),
    ("DateNotEquals", "2026-01-01", "2026-01-02", True),
    ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59.999Z", True),
    ("DateLessThan", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", False),
    ("DateLessThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
    ("DateGreaterThan", "2026-01", "2026-01-01T00:00:01Z", True),
    ("DateGreaterThan", "2026-01-01T00:00Z", datetime(2026, 1, 2, tzinfo=UTC), True),
    ("DateGreaterThanEquals", "2026-01-01T00:00:00-01:00", "2026-01-01T00:59:59Z", False),
    ("DateGreaterThanEquals", "2026-01-01T00:00:00-01:00", "2026-01-01T01:00:00Z", True),
    ("Bool", "true", "true", True),
    ("Bool", True, True, True),
    ("Bool", "TRUE", "true", True),
    ("Bool", "false", False, True),
    ("Bool", "false", "true", False),
    ("Bool", "true", "yes", False),
    ("BinaryEquals", "QmluYXJ5", b"Binary", True),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
    ("BinaryEquals", "QmluYXJ5", b"binary", False),
    ("BinaryEquals", "QmluYXJ5", "not base64!", False),
    ("IpAddress", "203.0.113.0/24", "203.0.113.77", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.1", False),
    ("IpAddress", "203.0.113.7", "203.0.113.7", True),
    ("IpAddress", "203.0.113.7", "203.0.113.8", False),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
    ("IpAddress", "2001:db8::/32", "2001:db9::1", False),
    ("IpAddress", ["10.0.0.0/8", "2001:db8::/32"], "2001:db8::1", True),
    ("IpAddress", "10.0.0.0/8", "::ffff:10.1.2.3", True),
    ("IpAddress", "0.0.0.0/0", "::1", False),
    ("IpAddress", "0.0.0.0/0", "not an address", False),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.77", False),
    ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
    ("NotIpAddress", "203.0.113.0/24", "2001:db8::1", True),
    ("ArnEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:us-east-1:1:t", True),
    ("ArnEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:us-east-1:2:t", False),
    ("ArnLike", "arn:aws:sns:*:1:finance/*", "arn:aws:sns:r:2:store/abc:1:finance/d", False),
    ("ArnLike", "arn:aws:sns:*:*:finance:*", "arn:aws:sns:r:2:finance:a:b", True),
    ("ArnLike", "arn:aws:iam::1:role/A?", "arn:aws:iam::1:role/AB", True),
    ("ArnLike", "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/A", False),
    ("ArnLike", "arn:aws:iam::*", "arn:aws:iam::1:role/A", False),
    ("ArnLike", "*", "arn:aws:iam::1:role/A", True),
    ("ArnLike", "*", "not an arn", False),
    ("ArnNotEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:r:2:t", True),
    ("ArnNotLike", "arn:aws:sns:*:1:t", "arn:aws:sns:r:1:t", False),
    ("ArnNotLike", ["arn:aws:sns:*:1:t", "arn:aws:sns:*:2:t"], "arn:aws:sns:r:2:t", False),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "values", "value", "expected"), TABLE)
def test_operator_on_a_present_key(operator: str, values: Any, value: Any, expected: bool) -> None:
    assert holds(operator, values, {KEY: value}) is expected


def test_every_operator_stands_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(OPERATORS)


VALUES = {
    "Numeric": "1",
    "Date": "2026-01-01",
    "Bool": "true",
    "Binary": "YQ==",
    "Ip": "10.0.0.0/8",
    "NotIp": "10.0.0.0/8",
    "Arn": "arn:aws:sns:r:1:t",
    "String": "a",
}


def valid_value(operator: str) -> str:
    return next(value for start, value in VALUES.items() if operator.startswith(start))


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_absent_key_satisfies_only_negated_operators_and_if_exists(operator: str) -> None:
    value = valid_value(operator)
    negated = "Not" in operator
    assert holds(operator, value, {}) is negated
    assert holds(f"{operator}IfExists", value, {}) is True
    assert holds(f"ForAllValues:{operator}", value, {}) is True
    assert holds(f"ForAnyValue:{operator}", value, {}) is False
    assert holds(f"ForAnyValue:{operator}IfExists", value, {}) is True
    # A key with no values at all is an absent key.
    assert holds(operator, value, {KEY: ()}) is negated


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("StringEqualsIfExists", "a", True),
        ("StringEqualsIfExists", "b", False),
        ("StringNotEqualsIfExists", "a", False),
        ("NumericLessThanIfExists", "0", True),
        ("NumericLessThanIfExists", "2", False),
    ],
)
def test_if_exists_compares_a_present_key(operator: str, value: str, expected: bool) -> None:
    assert holds(operator, valid_value(operator), {KEY: value}) is expected


@pytest.mark.parametrize(
    ("values", "context", "expected"),
    [
        ("true", {}, True),
        ("true", {KEY: "x"}, False),
        ("false", {KEY: "x"}, True),
        ("false", {}, False),
        (True, {KEY: ()}, True),
        (["true", "false"], {}, True),
        ([], {}, False),
    ],
)
def test_null_asks_whether_the_key_is_absent(
    values: Any, context: dict[str, Any], expected: bool
) -> None:
    assert holds("Null", values, context) is expected


@pytest.mark.parametrize(
    ("operator", "policy", "request_values", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "c"), False),
        ("ForAllValues:StringEquals", ["a", "b"], ("",), True),
        ("ForAnyValue:StringEquals", ["a", "b"], ("c", "b"), True),
        ("ForAnyValue:StringEquals", ["a", "b"], ("c", "d"), False),
        ("ForAnyValue:StringEquals", ["a", ""], ("",), False),
        ("ForAllValues:StringNotEquals", ["a"], ("b", "c"), True),
        ("ForAllValues:StringNotEquals", ["a"], ("b", "a"), False),
        ("ForAnyValue:StringNotEquals", ["a"], ("a", "b"), True),
        ("ForAnyValue:StringNotEquals", ["a"], ("a",), False),
        ("ForAllValues:StringLike", ["a*"], ("ab", "ac"), True),
        ("ForAnyValue:ArnLike", ["arn:aws:iam::1:*"], ("x", "arn:aws:iam::1:role/a"), True),
        ("ForAllValues:NumericLessThan", ["10"], ("1", "11"), False),
    ],
)
def test_set_qualifier(
    operator: str, policy: Any, request_values: tuple[str, ...], expected: bool
) -> None:
    assert holds(operator, policy, {KEY: request_values}) is expected


def test_several_values_without_a_qualifier_allow_only_when_all_match_and_deny_when_one_does() -> (
    None
):
    assert holds("StringEquals", ["a", "b"], {KEY: ("a", "b")}) is True
    assert holds("StringEquals", "a", {KEY: ("a", "b")}) is False
    assert holds("StringEquals", "a", {KEY: ("a", "b")}, effect="Deny") is True


def test_a_value_of_the_wrong_type_under_a_negated_operator_denies_but_never_allows() -> None:
    assert holds("NotIpAddress", "10.0.0.0/8", {KEY: "garbage"}) is False
    assert holds("NotIpAddress", "10.0.0.0/8", {KEY: "garbage"}, effect="Deny") is True
    assert holds("NumericNotEquals", "1", {KEY: "garbage"}) is False
    assert holds("ArnNotLike", "arn:aws:iam::1:x", {KEY: "garbage"}, effect="Deny") is True


def test_condition_keys_are_not_case_sensitive() -> None:
    assert holds("StringEquals", "a", {"AWS:kEY": "a"}) is True


def test_two_spellings_of_a_key_in_the_request_grant_nothing() -> None:
    assert holds("StringEquals", "a", {"aws:key": "a", "AWS:KEY": "b"}) is False
    assert holds("StringEquals", "b", {"aws:key": "a", "AWS:KEY": "b"}) is False
    assert holds("ForAnyValue:StringEquals", "a", {"aws:key": "a", "AWS:KEY": "b"}) is True


def test_all_operators_and_all_keys_must_hold() -> None:
    condition = {"StringEquals": {"aws:a": "1", "aws:b": "2"}, "Bool": {"aws:c": "true"}}
    policies = identity(allow("*", Condition=condition))
    full = {"aws:a": "1", "aws:b": "2", "aws:c": "true"}
    assert ask("s3:Get", policies, context=full).allowed
    for key in full:
        assert not ask("s3:Get", policies, context={**full, key: "no"}).allowed


@pytest.mark.parametrize(
    "operator",
    [
        "StringEqual",
        "stringequals",
        "NullIfExists",
        "ForAllValues:Null",
        "ForSomeValues:StringEquals",
        "ForAllValues:",
        "IfExists",
        "",
        "StringEqualsIfExistsIfExists",
        "ForAllValues:ForAnyValue:StringEquals",
        "BinaryNotEquals",
        "StringLike ",
    ],
)
def test_unknown_operator_is_refused_even_without_keys(operator: str) -> None:
    for keys in ({KEY: "a"}, {}):
        with pytest.raises(PolicySyntaxError, match=r"Syntax errors in policy\."):
            doc(allow("*", Condition={operator: keys}))


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("NumericEquals", "ten"),
        ("NumericEquals", "1e3"),
        ("NumericEquals", ""),
        ("NumericEquals", "1."),
        ("NumericEquals", "٣"),
        ("NumericEquals", "9" * 65),
        ("NumericEquals", "${aws:Number}"),
        ("DateLessThan", "yesterday"),
        ("DateLessThan", "2026-13-01"),
        ("DateLessThan", "2026-02-30"),
        ("DateLessThan", "2026-01-01T25:00:00Z"),
        ("DateLessThan", "${aws:CurrentTime}"),
        ("Bool", "yes"),
        ("Bool", 1),
        ("BinaryEquals", "###"),
        ("IpAddress", "10.0.0.0/33"),
        ("IpAddress", "10.0.0"),
        ("IpAddress", "fe80::1%eth0"),
        ("IpAddress", "*"),
        ("Null", "maybe"),
    ],
)
def test_policy_value_of_the_wrong_type_is_refused(operator: str, value: Any) -> None:
    with pytest.raises(PolicySyntaxError) as caught:
        doc(allow("*", Condition={operator: {KEY: value}}))
    assert caught.value.path == f"Statement[0].Condition.{operator}"
    assert caught.value.detail
