"""Patterns mean what they mean in Java, and none can hold the process."""

import pytest

from genkan.protocols.aws import patterns
from genkan.protocols.aws.model import SERVICES, load
from genkan.protocols.aws.patterns import whole_match

PATTERNS = sorted(
    {
        shape.pattern
        for service in SERVICES
        for shape in load(service).shapes.values()
        if shape.pattern is not None
    }
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_of_the_models_compiles(pattern):
    assert callable(whole_match(pattern))


@pytest.mark.parametrize("value", ["bad name<>!", "name\n", " name", "näme", "", "名前"])
def test_word_characters_are_ascii_and_the_whole_value_counts(value):
    assert not whole_match(r"[\w+=,.@-]+")(value)
    assert whole_match(r"[\w+=,.@-]+")("na-me.1")


def test_digits_are_ascii():
    assert not whole_match(r"\d{12}")("１２３４５６７８９０１２")


@pytest.mark.parametrize("value", ["Ünïcode", "日本語", "élan"])
def test_unicode_properties_take_letters_of_every_script(value):
    assert whole_match(r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+")(value)
    assert not whole_match(r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+")(value + " ")


def test_anchored_alternatives_still_need_the_whole_value():
    match = whole_match(r"^(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$")
    assert match("123456789012")
    assert not match("123456789012 and more")


def test_character_beyond_the_basic_plane_in_two_escapes_is_one():
    (pattern,) = {pattern for pattern in PATTERNS if r"\uD800\uDC00" in pattern}
    assert whole_match(pattern)("a\U0001f600")
    assert not whole_match(pattern)("a\x07")


def test_nested_repetition_gives_up_instead_of_backtracking_for_ever():
    assert not whole_match(r"(a+)+")("a" * 64 + "!")


def test_nested_repetition_is_recognised():
    assert patterns._NESTED_REPEAT.search(r"((/[A-Za-z0-9]+)*)/")
    assert patterns._NESTED_REPEAT.search(r"([a-z]{2,}(-[a-z0-9]+)+){1}")
    assert not patterns._NESTED_REPEAT.search(r"arn:aws(-[a-z]{1,5}){0,3}:sso")


@pytest.mark.parametrize("pattern", [r"\p{L}\w", r"(\p{L}+)+"])
def test_pattern_without_one_clear_meaning_is_refused_at_compilation(pattern):
    with pytest.raises(ValueError, match=r"one pattern|nested"):
        whole_match(pattern)


@pytest.mark.parametrize(
    ("value", "accepted"),
    [("/", True), ("/a/b/", True), ("/a//b/", False), ("/a" * 120 + "/", True), ("/a/b", False)],
)
def test_managed_policy_path_is_matched_under_the_time_limit(value, accepted):
    path = load("sso-admin").shapes["ManagedPolicyPath"].pattern
    assert bool(whole_match(path)(value)) is accepted
