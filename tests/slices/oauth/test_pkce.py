"""PKCE, against RFC 7636's own example and everything that must not pass."""

import base64
import hashlib

from hypothesis import given
from hypothesis import strategies as st

from genkan.oauth.pkce import is_challenge, verifies

# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def test_the_example_of_the_rfc_verifies() -> None:
    assert is_challenge(CHALLENGE)
    assert verifies(VERIFIER, CHALLENGE)


@given(st.text(alphabet=UNRESERVED, min_size=43, max_size=128))
def test_every_well_formed_verifier_verifies_its_own_challenge_only(verifier: str) -> None:
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert is_challenge(challenge)
    assert verifies(verifier, challenge)
    assert verifies(verifier, CHALLENGE) == (verifier == VERIFIER)


def test_a_verifier_of_42_or_129_characters_is_refused() -> None:
    for verifier in ("a" * 42, "a" * 129):
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert not verifies(verifier, challenge)


def test_the_challenge_is_not_its_own_verifier() -> None:
    assert not verifies(CHALLENGE, CHALLENGE)


@given(st.text())
def test_no_other_text_is_a_challenge_or_breaks_the_check(text: str) -> None:
    assert is_challenge(text) is False or len(text) == 43
    assert not verifies(text, CHALLENGE) or text == VERIFIER


def test_a_padded_challenge_is_refused() -> None:
    assert not is_challenge(CHALLENGE + "=")
    assert not is_challenge(CHALLENGE + "\n")
