"""Registered clients: signed, self-contained, and what they may say about themselves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.core.vault import Vault
from genkan.oauth import clients
from genkan.oauth.records import Client, Registration
from tests.slices.oauth.program import DEVICE, PKCE, START_URL, error_of, register, try_register
from tests.slices.signin.household import Household
from tests.support.store import Store

VAULT = Vault(bytes(range(32)))
NOW = 1_800_000_000_000
DAY_MS = 24 * 3600 * 1000


def made(**members: Any) -> tuple[str, str]:
    wanted: dict[str, Any] = {
        "client_name": "a program",
        "client_type": "public",
        "scopes": (),
        "redirect_uris": (),
        "grant_types": (),
        "issuer_url": None,
    }
    answer = clients.register(VAULT, NOW, **{**wanted, **members})
    assert isinstance(answer, tuple)
    return answer


def test_a_client_is_what_it_registered() -> None:
    client_id, client_secret = made(
        client_name="tool", scopes=["sso:account:access"], issuer_url=START_URL
    )
    client = clients.authenticate(VAULT, NOW, client_id, client_secret)
    assert isinstance(client, Client)
    assert client.client_name == "tool"
    assert client.scopes == ("sso:account:access",)
    assert client.issuer_url == START_URL


def test_a_client_survives_a_restart_and_another_node() -> None:
    client_id, client_secret = made()
    other_process = Vault(bytes(range(32)))
    assert clients.authenticate(other_process, NOW, client_id, client_secret) is not None


def test_a_client_of_another_installation_is_unknown() -> None:
    client_id, client_secret = made()
    assert clients.find(Vault(bytes(32)), NOW, client_id) is None
    assert clients.authenticate(Vault(bytes(32)), NOW, client_id, client_secret) is None


def test_a_registration_lasts_ninety_days() -> None:
    client_id, _ = made()
    assert clients.find(VAULT, NOW + 90 * DAY_MS - 1, client_id) is not None
    assert clients.find(VAULT, NOW + 90 * DAY_MS, client_id) is None


def test_every_registration_is_another_client() -> None:
    assert made()[0] != made()[0]


def test_the_secret_of_another_client_does_not_fit() -> None:
    client_id, _ = made()
    _, other_secret = made()
    assert clients.authenticate(VAULT, NOW, client_id, other_secret) is None


@given(position=st.integers(0, 10_000), letter=st.sampled_from("AZaz09-_=. \n"))
def test_a_changed_client_id_is_unknown(position: int, letter: str) -> None:
    client_id, _ = made()
    position %= len(client_id)
    changed = client_id[:position] + letter + client_id[position + 1 :]
    found = clients.find(VAULT, NOW, changed)
    assert found is None or changed == client_id


@given(st.text() | st.text(alphabet="AZaz09-_", min_size=40))
def test_an_invented_client_id_is_unknown(client_id: str) -> None:
    assert clients.find(VAULT, NOW, client_id) is None
    assert clients.authenticate(VAULT, NOW, client_id, client_id) is None


def test_another_spelling_of_a_client_id_is_unknown() -> None:
    client_id, _ = made()
    for spelling in (client_id + "=", client_id + "==", " " + client_id, client_id + "\n"):
        assert clients.find(VAULT, NOW, spelling) is None


def test_registering_makes_no_row(store: Store, household: Household) -> None:
    before = store.everything()
    for _ in range(20):
        register(store, **PKCE)
    assert store.everything() == before


def test_the_times_of_a_registration_are_epoch_seconds(store: Store, household: Household) -> None:
    answer = register(store, **PKCE)
    assert answer.client_id_issued_at == NOW // 1000
    assert answer.client_secret_expires_at == NOW // 1000 + 90 * 24 * 3600


@pytest.mark.parametrize(
    ("members", "error", "shape"),
    [
        ({"client_type": "confidential"}, "invalid_client_metadata", "ClientMetadata"),
        ({"client_name": ""}, "invalid_client_metadata", "ClientMetadata"),
        ({"client_name": "x" * 257}, "invalid_client_metadata", "ClientMetadata"),
        ({"client_name": "evil\u202ename"}, "invalid_client_metadata", "ClientMetadata"),
        ({"client_name": "two\nlines"}, "invalid_client_metadata", "ClientMetadata"),
        ({"scopes": ["sso:everything"]}, "invalid_scope", "Scope"),
        ({"scopes": ["sso:account:access"] * 26}, "invalid_scope", "Scope"),
        ({"grant_types": ["password"]}, "unsupported_grant_type", "UnsupportedGrantType"),
        ({"grant_types": ["authorization_code"]}, "invalid_redirect_uri", "RedirectUri"),
        ({"issuer_url": "https://evil.example/start"}, "invalid_request", "InvalidRequest"),
        ({"issuer_url": ""}, "invalid_request", "InvalidRequest"),
        ({"entitled_application_arn": "arn:x"}, "invalid_request", "InvalidRequest"),
    ],
)
def test_what_a_client_may_not_say(
    store: Store, household: Household, members: dict[str, Any], error: str, shape: str
) -> None:
    answer = try_register(store, **members)
    assert error_of(answer) == error
    assert not isinstance(answer, Registration)
    assert shape in answer.shape
    assert answer.http_status == 400


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/oauth/callback",
        "http://127.0.0.1",
        "http://127.0.0.1:8080/",
        "http://localhost/callback",
        "http://[::1]/callback",
    ],
)
def test_a_program_on_the_same_machine_is_a_redirect_target(uri: str) -> None:
    made(redirect_uris=[uri])


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/callback",
        "http://evil.example/callback",
        "https://127.0.0.1/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.1:80@evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1\\evil.example/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1/#fragment",
        "http://127.0.0.1/?query",
        "http://127.0.0.1/ ",
        "http://127.0.0.1/\n",
        " http://127.0.0.1/",
        "HTTP://127.0.0.1/",
        "http://127.1/",
        "http://0.0.0.0/",
        "http://127.0.0.2/",
        "http://2130706433/",
        "javascript:alert(1)",
        "kiro://callback",
        "//127.0.0.1/",
        "",
        "http://127.0.0.1/" + "a" * 600,
        "http://127.0.0.1/玄関",
    ],
)
def test_any_other_redirect_target_is_refused(store: Store, household: Household, uri: str) -> None:
    assert error_of(try_register(store, redirect_uris=[uri])) == "invalid_redirect_uri"


def test_the_port_of_a_redirect_is_ignored_and_nothing_else() -> None:
    client_id, _ = made(redirect_uris=["http://127.0.0.1/oauth/callback"])
    client = clients.find(VAULT, NOW, client_id)
    assert client is not None
    assert clients.redirects_to(client, "http://127.0.0.1:37019/oauth/callback")
    assert clients.redirects_to(client, "http://127.0.0.1/oauth/callback")
    for other in (
        "http://127.0.0.1:37019/oauth/callback/",
        "http://127.0.0.1:37019/",
        "http://localhost:37019/oauth/callback",
        "http://[::1]:37019/oauth/callback",
        "http://127.0.0.1:37019/oauth/callback?x=1",
        "http://127.0.0.1:37019/oauth/../oauth/callback",
        "https://127.0.0.1:37019/oauth/callback",
    ):
        assert not clients.redirects_to(client, other)


@pytest.mark.parametrize(
    ("members", "device", "code", "refresh"),
    [
        (PKCE, False, True, True),
        (DEVICE, True, False, True),
        ({}, True, False, False),
        ({"grant_types": [clients.DEVICE_CODE]}, True, False, False),
        ({"grant_types": [clients.REFRESH_TOKEN]}, False, False, True),
    ],
)
def test_a_client_uses_the_grant_types_it_registered(
    store: Store,
    household: Household,
    members: dict[str, Any],
    device: bool,
    code: bool,
    refresh: bool,
) -> None:
    answer = register(store, **members)
    client = clients.find(store.services.vault, NOW, answer.client_id)
    assert client is not None
    assert clients.may_use(client, clients.DEVICE_CODE) is device
    assert clients.may_use(client, clients.AUTHORIZATION_CODE) is code
    assert clients.may_use(client, clients.REFRESH_TOKEN) is refresh


def test_the_longest_registration_still_fits_a_url() -> None:
    client_id, _ = made(
        client_name="名" * 256,
        scopes=sorted(clients.SCOPES),
        redirect_uris=[f"http://127.0.0.1/{n}{'a' * 490}" for n in range(5)],
        grant_types=clients.GRANT_TYPES,
        issuer_url="https://" + "a" * 500,
    )
    assert clients.find(VAULT, NOW, client_id) is not None
    assert len(client_id) < 8192


def test_the_secret_does_not_show_in_a_traceback(store: Store, household: Household) -> None:
    answer = register(store)
    assert answer.client_secret not in repr(answer)
