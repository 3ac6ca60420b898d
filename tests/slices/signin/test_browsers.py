"""Tokens that recognise a browser."""

from hypothesis import given
from hypothesis import strategies as st

from genkan.core.vault import Vault
from genkan.signin.browsers import LIFETIME_MS, browser_token, recognised

VAULT = Vault(bytes(range(32)))
NOW = 1_800_000_000_000


def test_a_browser_is_recognised_for_the_user_who_signed_in_with_it() -> None:
    token = browser_token(VAULT, "hana", None, NOW)
    assert recognised(VAULT, [token], "hana", NOW) == token.split(".")[0]
    assert recognised(VAULT, [token], "ken", NOW) is None
    assert recognised(VAULT, [token], "", NOW) is None


def test_a_recognised_browser_keeps_its_id() -> None:
    token = browser_token(VAULT, "hana", None, NOW)
    browser_id = recognised(VAULT, [token], "hana", NOW)
    later = browser_token(VAULT, "hana", browser_id, NOW + 1)
    assert recognised(VAULT, [later], "hana", NOW + 1) == browser_id


def test_a_token_of_another_installation_is_not_recognised() -> None:
    token = browser_token(Vault(bytes(32)), "hana", None, NOW)
    assert recognised(VAULT, [token], "hana", NOW) is None


def test_a_browser_is_forgotten_after_its_time() -> None:
    token = browser_token(VAULT, "hana", None, NOW)
    assert recognised(VAULT, [token], "hana", NOW + LIFETIME_MS) is not None
    assert recognised(VAULT, [token], "hana", NOW + LIFETIME_MS + 1) is None
    assert recognised(VAULT, [token], "hana", NOW - 1) is None


@given(st.text(), st.sampled_from(["hana", ""]))
def test_no_invented_token_is_recognised(token: str, user_id: str) -> None:
    assert recognised(VAULT, [token, f"a.{NOW}.{token}"], user_id, NOW) is None
