"""Where a careless evaluator errs: addresses of two families, escapes, letter case, ARN fields."""

from __future__ import annotations

from typing import Any

import pytest

from genkan.authorization import PolicySyntaxError
from tests.authorization.build import allow, ask, deny, doc, identity

KEY = "aws:SourceIp"


def holds(operator: str, values: Any, value: Any, **more: Any) -> bool:
    condition = {operator: {KEY: values}}
    context = {KEY: value, **more}
    return ask("s3:Get", identity(allow("*", Condition=condition)), context=context).allowed


@pytest.mark.parametrize(
    ("ranges", "address", "expected"),
    [
        ("203.0.113.7/32", "203.0.113.7", True),
        ("203.0.113.99/24", "203.0.113.7", True),
        ("0.0.0.0/0", "203.0.113.7", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("::/0", "2001:db8::1", True),
        # A range of one family holds nothing of the other, however wide it is.
        ("::/0", "203.0.113.7", False),
        ("::/0", "::ffff:203.0.113.7", False),
        # An IPv4 client of a server of both families is an IPv4 client.
        ("203.0.113.0/24", "::ffff:203.0.113.7", True),
        ("203.0.113.0/24", "::ffff:cb00:7107", True),
        ("203.0.113.0/24", "::203.0.113.7", False),
        ("::ffff:203.0.113.0/120", "203.0.113.7", True),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("::ffff:203.0.113.0/120", "203.0.114.7", False),
        ("::ffff:0:0/96", "203.0.113.7", True),
        ("2001:db8::/32", "2001:0DB8:0000::0001", True),
        ("2001:DB8::1", "2001:db8:0:0:0:0:0:1", True),
        ("2001:db8::/127", "2001:db8::2", False),
    ],
)
def test_addresses_of_both_families(ranges: str, address: str, expected: bool) -> None:
    assert holds("IpAddress", ranges, address) is expected
    assert holds("NotIpAddress", ranges, address) is not expected


@pytest.mark.parametrize(
    "ranges",
    [
        # Masks: the second would be read as a length of 24, which nobody wrote.
        "203.0.113.0/255.255.255.0",
        "203.0.113.0/0.0.0.255",
        "203.0.113.0/",
        "203.0.113.0/-1",
        "203.0.113.0/٢٤",
        "203.0.113.0/24/24",
        "2001:db8::/129",
        "203.0.113.*",
        "${aws:PrincipalTag/range}",
    ],
)
def test_a_range_that_is_none_is_refused(ranges: str) -> None:
    with pytest.raises(PolicySyntaxError):
        doc(allow("*", Condition={"IpAddress": {KEY: ranges}}))


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("a${*}", "a*", True),
        ("a${*}", "ab", False),
        ("a${*}*", "a*b", True),
        ("a${*}*", "ab", False),
        ("${?}", "?", True),
        ("${?}", "x", False),
        ("${$}{*}", "${*}", True),
        ("${$}{*}", "$*", False),
        ("[ab]", "a", False),
        ("a.c", "abc", False),
        ("*", "", True),
        ("?", "", False),
        ("*\u00e9", "re\u0301", False),
        ("a*", "a\nb", True),
    ],
)
def test_string_like_and_its_escapes(pattern: str, value: str, expected: bool) -> None:
    assert holds("StringLike", pattern, value) is expected
    assert holds("StringNotLike", pattern, value) is not expected


@pytest.mark.parametrize("operator", ["StringEquals", "ArnEquals", "StringLike"])
def test_values_mind_letter_case_and_keys_do_not(operator: str) -> None:
    right = "arn:aws:iam::1:role/Reader"
    for key in ("aws:sourceip", "AWS:SOURCEIP", "aws:SourceIp"):
        condition = {operator: {key: right}}
        for asked in ("aws:SourceIp", "Aws:sourceIP"):
            policies = identity(allow("*", Condition=condition))
            assert ask("s3:Get", policies, context={asked: right}).allowed
            assert not ask("s3:Get", policies, context={asked: right.lower()}).allowed


@pytest.mark.parametrize("resource", ["arn:aws:s3:::Bucket", "arn:aws:S3:::bucket"])
def test_resources_mind_letter_case_and_actions_do_not(resource: str) -> None:
    policies = identity(allow("S3:gEt", "arn:aws:s3:::bucket"))
    assert ask("s3:Get", policies, "arn:aws:s3:::bucket").allowed
    assert not ask("s3:Get", policies, resource).allowed


TEAM = "arn:aws:sns:us-east-1:${aws:PrincipalTag/account}:topic"


@pytest.mark.parametrize(
    ("tag", "resource", "expected"),
    [
        ("111111111111", "arn:aws:sns:us-east-1:111111111111:topic", True),
        ("222222222222", "arn:aws:sns:us-east-1:111111111111:topic", False),
        # A tag with a colon would reach another account's topic whose name ends in `:topic`.
        ("222222222222:x", "arn:aws:sns:us-east-1:222222222222:x:topic", False),
        ("*", "arn:aws:sns:us-east-1:111111111111:topic", False),
    ],
)
def test_a_tag_stays_inside_its_field_of_a_resource(
    tag: str, resource: str, expected: bool
) -> None:
    context = {"aws:PrincipalTag/account": tag}
    assert ask("sns:Publish", identity(allow("*", TEAM)), resource, context=context).allowed is (
        expected
    )
    if ":" in tag:
        others = {"Effect": "Deny", "Action": "*", "NotResource": TEAM}
        policies = identity(allow("*"), others)
        assert not ask("sns:Publish", policies, resource, context=context).allowed


def test_a_tag_may_hold_colons_in_the_last_field() -> None:
    pattern = "arn:aws:s3:::home/${aws:PrincipalTag/path}/*"
    context = {"aws:PrincipalTag/path": "a:b"}
    assert ask("s3:Get", identity(allow("*", pattern)), "arn:aws:s3:::home/a:b/x", context=context)[
        0
    ]


def test_a_denial_for_one_of_several_resources_denies_them_all() -> None:
    policies = identity(allow("*"), deny("*", "arn:aws:s3:::b"))
    both = ("arn:aws:s3:::a", "arn:aws:s3:::b")
    assert ask("s3:Get", policies, both[0]).allowed
    assert not ask("s3:Get", policies, *both).allowed
    assert not ask("s3:Get", policies, *both[::-1]).allowed


def test_two_allows_do_not_add_up_over_conditions() -> None:
    """Each half of a condition in a statement of its own is no whole condition."""
    halves = identity(
        allow("*", Condition={"StringEquals": {"aws:a": "1"}, "Bool": {"aws:b": "true"}}),
        allow("*", Condition={"StringEquals": {"aws:a": "2"}, "Bool": {"aws:b": "false"}}),
    )
    assert not ask("s3:Get", halves, context={"aws:a": "1", "aws:b": "false"}).allowed
    assert ask("s3:Get", halves, context={"aws:a": "2", "aws:b": "false"}).allowed
