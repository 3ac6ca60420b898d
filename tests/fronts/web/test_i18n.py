"""Catalogues are complete, and times and lengths read as each language writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from genkan.fronts.web import catalogues
from genkan.fronts.web.i18n import (
    LANGUAGES,
    Lang,
    format_duration,
    format_environment,
    format_moment,
    format_wait,
)


def test_every_message_is_translated_and_no_catalogue_is_stale() -> None:
    assert list(catalogues.problems()) == []


def test_a_missing_translation_would_be_noticed() -> None:
    template = catalogues.extracted()
    template.add("A sentence nobody has translated.")
    assert "A sentence nobody has translated." in catalogues.untranslated(
        catalogues.updated("ja", template)
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_translations_keep_every_placeholder(lang: Lang) -> None:
    for message in catalogues.read(lang):
        wanted = placeholders(message.id if isinstance(message.id, str) else message.id[-1])
        strings = [message.string] if isinstance(message.string, str) else message.string or []
        for string in strings:
            assert placeholders(str(string)) == wanted, string


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|\{\w+\}", text))


def test_japanese_terms_are_used_consistently() -> None:
    text = "".join(str(message.string) for message in catalogues.read("ja") if message.id)
    for wrong in (
        "ログイン",
        "ログアウト",
        "ユーザ名",
        "ユーザーネーム",
        "役割",
        "口座",
        "アクセスキー ー",
    ):
        assert wrong not in text


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (-5, "", ""),
        (59, "", ""),
        (60, "1 minute", "1 分"),
        (3599, "59 minutes", "59 分"),
        (3600, "1 hour", "1 時間"),
        (4800, "1 hour 20 minutes", "1 時間 20 分"),
        (28800, "8 hours", "8 時間"),
        (86400, "1 day", "1 日"),
        (90000, "1 day 1 hour", "1 日 1 時間"),
        (90 * 86400, "90 days", "90 日"),
    ],
)
def test_lengths_of_time_have_at_most_two_units(seconds: int, english: str, japanese: str) -> None:
    assert format_duration(seconds, "en") == english
    assert format_duration(seconds, "ja") == japanese


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (1, "1 second", "1 秒"),
        (15, "15 seconds", "15 秒"),
        (59, "59 seconds", "59 秒"),
        (60, "1 minute", "1 分"),
        (61, "2 minutes", "2 分"),
        (3541, "1 hour", "1 時間"),
    ],
)
def test_a_wait_is_told_to_the_second_or_rounded_up(
    seconds: int, english: str, japanese: str
) -> None:
    assert format_wait(seconds, "en") == english
    assert format_wait(seconds, "ja") == japanese


@pytest.mark.parametrize(
    ("word", "english", "japanese"),
    [
        ("production", "Production", "本番"),
        ("Development", "Development", "開発"),
        ("management", "Management", "管理"),
        ("trAining", "TrAining", "TrAining"),
        ("", "", ""),
    ],
)
def test_well_known_environments_are_said_in_the_readers_language(
    word: str, english: str, japanese: str
) -> None:
    assert format_environment(word, "en") == english
    assert format_environment(word, "ja") == japanese


def test_moments_say_that_they_are_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 3, 14, 18, 5, 0, tzinfo=tokyo)
    assert moment == datetime(2026, 3, 14, 9, 5, 0, tzinfo=UTC)
    english = format_moment(moment, "en").replace("\u202f", " ")
    assert english == "Mar 14, 2026, 9:05:00 AM UTC"
    assert format_moment(moment, "ja") == "2026/03/14 9:05:00 UTC"
