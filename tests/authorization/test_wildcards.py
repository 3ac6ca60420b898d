"""Wildcard matching against a reference that is slow and obviously right."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genkan.authorization.variables import confine_to_arn_fields, template, without_variables
from genkan.authorization.wildcards import PatternSet, compile_glob, compile_tokens, tokenize


def reference_match(pattern: str, text: str, *, arn: bool = False) -> bool:
    """Dynamic programming over (pattern position, text position), straight from the definition."""

    def may_take_colon(at: int) -> bool:
        if not arn or pattern[:at].count(":") >= 5:
            return True
        run_end = at
        while run_end < len(pattern) and pattern[run_end] == "*":
            run_end += 1
        ends_field = run_end == len(pattern) or pattern[run_end] == ":"
        return pattern[at] == "*" and ends_field

    @cache
    def matches(p: int, t: int) -> bool:
        if p == len(pattern):
            return t == len(text)
        wild = pattern[p] in "*?"
        takes = t < len(text) and (
            (text[t] != ":" or may_take_colon(p)) if wild else pattern[p] == text[t]
        )
        if pattern[p] == "*":
            return matches(p + 1, t) or (takes and matches(p, t + 1))
        return takes and matches(p + 1, t + 1)

    return matches(0, 0)


def arn_match(pattern: str, text: str) -> bool:
    tokens = confine_to_arn_fields(template(pattern, variables=False, wildcards=True))
    return compile_tokens(without_variables(tokens))(text)


patterns = st.text("ab*?", max_size=8)
texts = st.text("ab", max_size=10)
arn_patterns = st.lists(st.text("a*?", max_size=3), max_size=8).map(":".join)
arn_texts = st.lists(st.text("a", max_size=2), max_size=9).map(":".join)


@settings(max_examples=1000)
@given(patterns, texts)
def test_a_compiled_pattern_matches_what_the_reference_matches(pattern: str, text: str) -> None:
    assert compile_glob(pattern)(text) == reference_match(pattern, text)


@settings(max_examples=1000)
@given(arn_patterns, arn_texts)
def test_an_arn_pattern_matches_what_the_reference_matches(pattern: str, text: str) -> None:
    assert arn_match(pattern, text) == reference_match(pattern, text, arn=True)


@given(st.lists(patterns, max_size=5), texts)
def test_a_pattern_set_matches_when_one_of_its_patterns_does(listed: list[str], text: str) -> None:
    compiled = PatternSet(tokenize(pattern) for pattern in listed)
    assert compiled.matches(text) == any(reference_match(pattern, text) for pattern in listed)
    assert compiled.matches_nothing == (not listed)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("*", "anything: at all", True),
        ("?", "", False),
        ("?", ":", True),
        ("a*", "a", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("ab*ba", "aba", False),
        ("*a*b*", "xaxbx", True),
        ("*a*b*", "xbxax", False),
        ("*ab*ba*", "xaba", False),
        ("*ab*ba*", "xabba", True),
        ("[a-z]", "b", False),
        ("[a-z]", "[a-z]", True),
        ("a.c", "abc", False),
        ("A", "a", False),
        ("日?語", "日本語", True),
    ],
)
def test_plain_pattern(pattern: str, text: str, expected: bool) -> None:
    assert compile_glob(pattern)(text) is expected


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("arn:aws:s3:::*", "arn:aws:s3:::bucket/key:with:colons", True),
        ("arn:aws:iam::*:role/x", "arn:aws:iam::111111111111:role/x", True),
        ("arn:aws:s3:*", "arn:aws:s3:::bucket", True),
        ("arn:aws:sqs:us-*-2:1:q", "arn:aws:sqs:us-east-2:1:q", True),
        (
            "arn:aws:logs:*:*:log-group:/a/*:log-stream:s",
            "arn:aws:logs:r:1:log-group:/a/b:c:log-stream:s",
            True,
        ),
        # A `*` that ends its field may run past colons, as the User Guide says …
        ("arn:aws:sns:*:1:t", "arn:aws:sns:r:2:x:1:t", True),
        # … one inside its field may not, nor may a `?`.
        ("arn:aws:sns:us-*-1:1:*", "arn:aws:sns:us-west-2:2:foo-1:1:t", False),
        ("arn:aws:sns:us-west?2:1:*", "arn:aws:sns:us-west:2:1:t", False),
        ("arn:aws:sns:r:1*1:t", "arn:aws:sns:r:121:t", True),
        ("arn:aws:sns:r:1*1:t", "arn:aws:sns:r:12:1:t", False),
        ("arn:aws:sns:r:1?1:t", "arn:aws:sns:r:1:1:t", False),
        ("arn:aws:sns:r:1:a?b", "arn:aws:sns:r:1:a:b", True),
    ],
)
def test_wildcards_of_the_first_arn_fields_stay_inside(
    pattern: str, arn: str, expected: bool
) -> None:
    assert arn_match(pattern, arn) is expected
    assert reference_match(pattern, arn, arn=True) is expected


@pytest.mark.parametrize("pattern", ["*a" * 2000 + "b", "a*" * 2000 + "b", "?*" * 1000 + "b"])
def test_a_catastrophic_pattern_ends(pattern: str) -> None:
    # With backtracking none of these would ever end.
    assert compile_glob(pattern)("a" * 4000) is False
    assert compile_glob(pattern)("a" * 4000 + "b") is True
