"""Compatibility caseless matching."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from genkan.identity_store.folding import LONGEST_BYTES, fold, is_reserved


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_every_normal_form_and_case_of_a_text_folds_alike(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold(unicodedata.normalize(form, text)) == fold(text)
    assert fold(text.casefold()) == fold(text)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_folds_to_lower_case(text: str) -> None:
    assert fold(text) == text.lower()


def test_a_long_text_folds_to_a_short_one_that_tells_it_from_others() -> None:
    long = "Ünïcödé" * 400
    assert len(fold(long).encode()) <= LONGEST_BYTES
    assert fold(long) == fold(long.upper()) == fold(fold(long))
    assert fold(long) != fold(long + "x")
    assert fold("\ufdfa" * 20) != fold("\ufdfa" * 21)


def test_different_names_stay_different() -> None:
    names = ["alice", "alice1", "álice", "alicé", "аlice", "山田", "山本"]
    assert len({fold(name) for name in names}) == len(names)


def test_reserved_names_are_the_two_of_aws() -> None:
    assert is_reserved("aDMINISTRATOR")
    assert is_reserved("AWSAdministrators")
    assert not is_reserved("Administrators")
    assert not is_reserved("AWSAdministrator")
