"""Quotas as they are set: AWS's where nothing is said."""

from pathlib import Path

import pytest

from genkan.assembly.sandbox import Sandbox
from genkan.core.call import Call, Origin, Owner
from genkan.core.errors import QuotaExceeded
from genkan.core.quotas import HIGHEST, NAMES, Quotas
from genkan.identity_store import operations as identity_store
from genkan.perform import perform
from genkan.settings import SandboxSettings, SettingsRefused, sandbox_settings
from genkan.settings.values import quotas
from tests.support.server import free_port


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


async def test_what_was_set_is_what_the_sandbox_has(tmp_path: Path) -> None:
    sandbox = Sandbox(
        SandboxSettings(port=free_port(), data_dir=tmp_path / "data", quotas=Quotas(users=7))
    )
    await sandbox.start()
    try:
        assert sandbox.app.deployment.quotas == Quotas(users=7)
        with pytest.raises(QuotaExceeded, match="7 users"):
            for number in range(8):
                await perform(sandbox.app, _create_user(sandbox, number))
    finally:
        await sandbox.stop()


def _create_user(sandbox: Sandbox, number: int) -> Call:
    operation = next(one for one in identity_store.OPERATIONS if one.name == "CreateUser")
    return Call(
        operation=operation,
        params={
            "identity_store_id": sandbox.described["identity_store_id"],
            "user_name": f"quota{number}",
            "display_name": "Quota",
            "name": {"given_name": "Q", "family_name": "Q"},
        },
        caller=Owner(reason="test"),
        origin=Origin(request_id="r"),
        event_source="identitystore.amazonaws.com",
    )
