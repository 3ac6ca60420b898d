"""Quotas as they are set: AWS's where nothing is said."""

import pytest

from genkan.core.quotas import HIGHEST, NAMES, Quotas
from genkan.settings import SettingsRefused, sandbox_settings
from genkan.settings.values import quotas


def test_what_is_not_said_is_awss() -> None:
    assert quotas("quotas", "") == Quotas()
    assert Quotas().permission_sets == 3_500
    assert Quotas().account_assignment_requests == 15


def test_every_quota_can_be_set() -> None:
    text = ",".join(f"{name}={number}" for number, name in enumerate(NAMES, start=1))
    given = quotas("quotas", text)
    assert [getattr(given, name) for name in NAMES] == list(range(1, len(NAMES) + 1))


def test_blanks_do_not_matter() -> None:
    assert quotas("quotas", " users = 5 , groups=6,") == Quotas(users=5, groups=6)


@pytest.mark.parametrize(
    "text",
    [
        "users",
        "users=",
        "users=0",
        "users=-1",
        "users=1.5",
        "users=many",
        "users=٣",
        f"users={HIGHEST + 1}",
        "users=" + "9" * 10_000,
        "users=1,users=2",
        "people=5",
        "=5",
    ],
)
def test_what_is_no_quota_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(SettingsRefused) as caught:
        quotas("quotas", text)
    assert "\n" not in str(caught.value)


def test_a_sandbox_takes_them_from_its_environment() -> None:
    found = sandbox_settings(environment={"GENKAN_QUOTAS": "users=7"})
    assert found.quotas == Quotas(users=7)
    with pytest.raises(SettingsRefused, match="GENKAN_QUOTAS"):
        sandbox_settings(environment={"GENKAN_QUOTAS": "users=none"})
