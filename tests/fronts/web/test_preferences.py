"""Language, theme and the sandbox strip: read from query, cookie and header, in this order."""

from __future__ import annotations

import pytest

from genkan.fronts.web.i18n import negotiate
from genkan.fronts.web.preferences import Preferences, read_preferences


def preferences(
    query: dict[str, str] | None = None,
    cookies: dict[str, str] | None = None,
    accept: str | None = None,
) -> Preferences:
    return read_preferences(query=query or {}, cookies=cookies or {}, accept_language=accept)


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        (None, "en"),
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", "ja"),
        ("en-GB,en;q=0.9,ja;q=0.8", "en"),
        ("fr,de;q=0.9,ja;q=0.3", "ja"),
        ("JA-jp", "ja"),
        ("ja;q=0,en;q=0.1", "en"),
        ("ja;q=0", "en"),
        ("ja;q=abc", "en"),
        ("ja;q=7", "en"),
        ("ja;q=nan", "en"),
        ("*", "en"),
        ("x" * 100_000 + ",ja", "en"),
    ],
)
def test_accept_language_is_weighed(header: str | None, lang: str) -> None:
    assert negotiate(header) == lang


def test_query_wins_over_cookie_and_cookie_over_header() -> None:
    cookies = {"genkan_lang": "ja"}
    assert preferences(accept="en", cookies=cookies).lang == "ja"
    assert preferences({"lang": "en"}, cookies, "ja").lang == "en"


def test_only_what_the_query_asked_for_is_remembered() -> None:
    assert preferences(cookies={"genkan_lang": "ja"}).remember == ()
    asked = preferences({"lang": "ja", "theme": "dark"})
    assert asked.remember == (("genkan_lang", "ja"), ("genkan_theme", "dark"))


@pytest.mark.parametrize("value", ["xx", "", "JA", "ja; Path=/", "ja\r\nSet-Cookie: a=b"])
def test_unknown_words_are_ignored_and_never_reach_a_cookie(value: str) -> None:
    ignored = preferences({"lang": value, "theme": value, "hint": value}, {"genkan_theme": value})
    assert (ignored.lang, ignored.theme, ignored.hint) == ("en", "auto", True)
    assert ignored.remember == ()


def test_the_sandbox_strip_stays_away_once_dismissed() -> None:
    dismissed = preferences({"hint": "off"})
    assert not dismissed.hint
    assert dismissed.remember == (("genkan_hint", "off"),)
    assert not preferences(cookies={"genkan_hint": "off"}).hint
    assert preferences({"hint": "on"}, {"genkan_hint": "off"}).hint


def test_cookies_are_secure_under_tls() -> None:
    (value,) = preferences({"lang": "ja"}).set_cookie_headers(secure=True)
    assert value == "genkan_lang=ja; Path=/; Max-Age=31536000; SameSite=Lax; Secure"
    (plain,) = preferences({"lang": "ja"}).set_cookie_headers(secure=False)
    assert "Secure" not in plain
