"""Languages of the pages: which one, its catalogue, and how it writes times and lengths of time.

Owns the choice of language and localized formatting; the wording itself lives in the templates
(English, which is also the key) and in `locales/<lang>/LC_MESSAGES/messages.po`. Adding a language
is one entry in `LANGUAGES` and one catalogue (`python -m genkan.fronts.web.catalogues`).
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Literal, get_args

Lang = Literal["en", "ja"]
LANGUAGES: Final[tuple[Lang, ...]] = get_args(Lang)
DEFAULT: Final[Lang] = "en"
NATIVE_NAMES: Final[Mapping[Lang, str]] = {"en": "English", "ja": "日本語"}
LOCALES: Final = Path(__file__).with_name("locales")

_MAX_HEADER = 500


def known(value: str | None) -> Lang | None:
    """`value` as one of our languages, or None. For `?lang=` and the cookie, which must be
    exact."""
    for lang in LANGUAGES:
        if lang == value:
            return lang
    return None


def negotiate(accept_language: str | None) -> Lang:
    """The language of ours that an Accept-Language header (RFC 9110 §12.5.4) likes best.

    Reads a bounded part of the header; ties go to the one named first; `*` and nothing mean
    English.
    """
    best: Lang = DEFAULT
    best_quality = 0.0
    for item in (accept_language or "")[:_MAX_HEADER].split(","):
        tag, _, parameters = item.strip().partition(";")
        lang = known(tag.strip().split("-")[0].lower())
        quality = _quality(parameters)
        if lang is not None and quality > best_quality:
            best, best_quality = lang, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


@cache
def catalogue(lang: Lang) -> gettext.GNUTranslations:
    """The compiled catalogue. Raises FileNotFoundError when the package is incomplete."""
    path = LOCALES / lang / "LC_MESSAGES" / "messages.mo"
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)


def format_moment(moment: datetime, lang: Lang) -> str:
    """A moment as people write it, in UTC: the server does not know the reader's time zone.

    The page's script rewrites it to the reader's own; both say which zone they mean.
    """
    from babel.dates import format_datetime  # 30 ms and its locale data: not needed by every start

    text = format_datetime(moment, "medium", tzinfo=UTC, locale=lang)
    return f"{text} UTC"


def format_wait(seconds: int, lang: Lang) -> str:
    """How long to wait, never too short: to the second below a minute, else in whole minutes."""
    if seconds < 60:
        ngettext = catalogue(lang).ngettext
        return ngettext("%(num)s second", "%(num)s seconds", seconds) % {"num": seconds}
    return format_duration(rounded_up(seconds), lang)


def rounded_up(seconds: float) -> int:
    """The next whole minute, in seconds."""
    return -(-int(seconds) // 60) * 60


@lru_cache(maxsize=256)
def format_environment(word: str, lang: Lang) -> str:
    """An account's environment in the reader's language; words we do not know as they are."""
    gettext = catalogue(lang).gettext
    known = {
        "production": gettext("Production"),
        "staging": gettext("Staging"),
        "development": gettext("Development"),
        "test": gettext("Test"),
        "sandbox": gettext("Sandbox"),
        "security": gettext("Security"),
        "management": gettext("Management"),
    }
    return known.get(word.lower(), word[:1].upper() + word[1:])


def format_duration(seconds: int, lang: Lang) -> str:
    """A length of time in at most two units, rounded down to minutes: "1 hour 20 minutes".

    Below a minute returns the empty string: the caller has a word for "less than a minute".
    """
    ngettext = catalogue(lang).ngettext
    minutes = max(seconds, 0) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        ngettext("%(num)s day", "%(num)s days", days) % {"num": days} if days else "",
        ngettext("%(num)s hour", "%(num)s hours", hours) % {"num": hours} if hours else "",
        ngettext("%(num)s minute", "%(num)s minutes", minutes) % {"num": minutes}
        if minutes and not days
        else "",
    ]
    return " ".join(part for part in parts if part)
