"""Language, theme and the dismissed sandbox strip: what a browser prefers, kept in three cookies.

A link `?lang=ja`, `?theme=dark` or `?hint=off` is honoured by the page it leads to and remembered.
That is the one thing a GET changes here, on purpose: a link works without JavaScript and on every
page, no page needs a redirect, and all that a hostile link could do is change the reader's
language. The cookies hold one of a few known words, anything else is ignored; they never reach a
slice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, get_args

from genkan.fronts.web.i18n import Lang, known, negotiate
from genkan.fronts.web.pages import Theme

LANG_COOKIE: Final = "genkan_lang"
THEME_COOKIE: Final = "genkan_theme"
HINT_COOKIE: Final = "genkan_hint"
_YEAR: Final = 365 * 24 * 3600
_THEMES: Final[tuple[Theme, ...]] = get_args(Theme)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What one request prefers, and what its answer should remember."""

    lang: Lang
    theme: Theme
    hint: bool
    """Whether the sandbox strip is wanted."""
    remember: tuple[tuple[str, str], ...] = ()
    """Cookies to set, as (name, value): those that the query asked for."""

    def set_cookie_headers(self, *, secure: bool) -> Iterator[str]:
        """Values of the answer's Set-Cookie headers. Not HttpOnly: the theme switch writes one
        too."""
        attributes = f"Path=/; Max-Age={_YEAR}; SameSite=Lax" + ("; Secure" if secure else "")
        for name, value in self.remember:
            yield f"{name}={value}; {attributes}"


def read_preferences(
    *, query: Mapping[str, str], cookies: Mapping[str, str], accept_language: str | None
) -> Preferences:
    """Query before cookie before Accept-Language; unknown values count as absent."""
    asked_lang = known(query.get("lang"))
    asked_theme = _theme(query.get("theme"))
    asked_hint = query.get("hint") if query.get("hint") in ("on", "off") else None
    asked = ((LANG_COOKIE, asked_lang), (THEME_COOKIE, asked_theme), (HINT_COOKIE, asked_hint))
    return Preferences(
        lang=asked_lang or known(cookies.get(LANG_COOKIE)) or negotiate(accept_language),
        theme=asked_theme or _theme(cookies.get(THEME_COOKIE)) or "auto",
        hint=(asked_hint or cookies.get(HINT_COOKIE)) != "off",
        remember=tuple((name, value) for name, value in asked if value),
    )


def _theme(value: str | None) -> Theme | None:
    for theme in _THEMES:
        if theme == value:
            return theme
    return None
