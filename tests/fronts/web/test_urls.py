"""Links back to the same page cannot lead anywhere else."""

from __future__ import annotations

import pytest

from genkan.fronts.web import urls


def test_query_parameters_are_replaced_and_others_kept() -> None:
    here = "/authorize?a=1&lang=en&scopes=sso%3Aaccount%3Aaccess&b="
    assert urls.with_query(here, {"lang": "ja"}) == (
        "/authorize?a=1&scopes=sso%3Aaccount%3Aaccess&b=&lang=ja"
    )


@pytest.mark.parametrize(
    "here",
    [
        "//evil.example/",
        "/\\evil.example/",
        "https://evil.example/",
        "evil",
        "",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "/a\\b",
    ],
)
def test_anything_but_a_path_of_ours_becomes_the_portal(here: str) -> None:
    assert urls.local_path(here) == urls.PORTAL
    assert urls.with_query(here, {"lang": "ja"}) == "/start?lang=ja"
