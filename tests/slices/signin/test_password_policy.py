"""The password policy of reference §6.2."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.signin.password_policy import SYMBOLS, Violation, normalized, violations

GOOD = "Correct-horse-7"


def test_a_password_with_all_four_classes_is_accepted() -> None:
    assert violations(GOOD) == ()


@pytest.mark.parametrize(
    ("password", "violation"),
    [
        ("Ab-4567", Violation.TOO_SHORT),
        ("Ab-4" * 16 + "x", Violation.TOO_LONG),
        ("CORRECT-HORSE-7", Violation.NO_LOWER_CASE),
        ("correct-horse-7", Violation.NO_UPPER_CASE),
        ("Correct-horse-x", Violation.NO_DIGIT),
        ("Correct7horse7x", Violation.NO_SYMBOL),
        ("Correct-horse-7\0", Violation.CONTROL_CHARACTER),
    ],
)
def test_each_rule_is_reported_alone(password: str, violation: Violation) -> None:
    assert violations(password) == (violation,)


def test_eight_and_sixty_four_characters_are_within_the_limits() -> None:
    assert violations("Ab-45678") == ()
    assert violations("Ab-4" * 16) == ()


def test_a_password_in_japanese_with_the_four_classes_is_accepted() -> None:
    assert violations("玄関を開けるAa1!") == ()


def test_a_symbol_outside_the_list_is_no_symbol() -> None:
    assert violations("Correct7horse§") == (Violation.NO_SYMBOL,)


@given(st.text(max_size=80))
def test_composed_and_decomposed_spellings_are_the_same_password(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert normalized(text) == normalized(decomposed)
    assert violations(text) == violations(decomposed)


@given(st.sampled_from(sorted(SYMBOLS)))
def test_every_listed_symbol_counts(symbol: str) -> None:
    assert violations(f"Correct7horse{symbol}") == ()
