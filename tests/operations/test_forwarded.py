"""Forwarding headers: believed from trusted proxies only, as far as those vouch for them."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.forwarded import TrustedProxies, scheme
from tests.operations.exchange import HOST, Listening, a_server, ask

PROXY, INNER, CLIENT, FORGED = "10.0.0.5", "10.0.0.9", "203.0.113.9", "198.51.100.66"
PROXIES = TrustedProxies([ip_network("10.0.0.0/24"), ip_network("2001:db8:1::/48")])


def client(*values: str, peer: str = PROXY) -> str:
    """Who the client is when a trusted peer sends these headers."""
    return PROXIES.client(peer, [(b"x-forwarded-for", value.encode()) for value in values])


def test_the_address_next_to_the_trusted_proxies_is_the_client() -> None:
    assert client(CLIENT) == CLIENT
    assert client(f"{FORGED}, {CLIENT}") == CLIENT
    assert client(f"{FORGED}, {CLIENT}, {INNER}") == CLIENT
    assert client(f"{FORGED},{CLIENT},\t{INNER} , 2001:db8:1::7") == CLIENT


def test_several_headers_are_one_list() -> None:
    assert client(FORGED, f"{CLIENT}, {INNER}", INNER) == CLIENT


def test_a_forged_trusted_address_left_of_the_client_is_not_reached() -> None:
    assert client(f"{INNER}, {CLIENT}") == CLIENT


def test_when_all_are_trusted_the_first_is_the_client() -> None:
    assert client(f"10.0.0.77, {INNER}") == "10.0.0.77"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0::0001", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("203.0.113.9:4711", CLIENT),
        ("::ffff:203.0.113.9", CLIENT),
    ],
)
def test_addresses_are_read_in_the_ways_that_proxies_write_them(written: str, meant: str) -> None:
    assert client(written) == meant


def test_ipv4_mapped_into_ipv6_is_trusted_like_itself() -> None:
    assert PROXIES.trusts(f"::ffff:{PROXY}")
    assert not PROXIES.trusts(f"::ffff:{CLIENT}")
    assert client(f"{CLIENT}, ::ffff:{INNER}") == CLIENT


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        ",",
        "unknown",
        "_hidden",
        "localhost",
        "203.0.113",
        "203.0.113.256",
        "0203.0.113.9",
        "203.0.113.9:",
        "203.0.113.9:port",
        "203.0.113.9:123456",
        "[203.0.113.9]",
        "[2001:db8::1",
        "[2001:db8::1]443",
        "2001:db8::1%eth0",
        "fe80::1%25eth0",
        "203.0.113.9;203.0.113.8",
        "٢٠٣.0.113.9",
        "1" * 5000,
        "203.0.113.9\x00",
        "for=203.0.113.9",
    ],
)
def test_what_is_malformed_counts_as_not_sent(garbage: str) -> None:
    assert client(garbage) == PROXY
    assert client(f"{CLIENT}, {garbage}") == PROXY
    assert client(f"{CLIENT}, {garbage}, {INNER}") == PROXY


def test_garbage_left_of_the_client_is_not_looked_at() -> None:
    assert client(f"garbage, {CLIENT}") == CLIENT


def test_a_chain_that_never_ends_is_not_followed() -> None:
    assert client(", ".join([CLIENT, *[INNER] * 40])) == PROXY


@given(st.lists(st.text(max_size=30), max_size=5))
def test_whatever_is_sent_the_client_has_an_address(values: list[str]) -> None:
    headers = [(b"x-forwarded-for", value.encode("utf-8", "replace")) for value in values]
    from ipaddress import ip_address

    assert ip_address(PROXIES.client(PROXY, headers))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (["https"], "https"),
        (["HTTPS "], "https"),
        (["http"], "http"),
        (["https, https"], "https"),
        (["https, http"], "http"),
        (["http", "https"], "http"),
        (["ftp"], "http"),
        ([""], "http"),
        (["https,"], "http"),
        ([], "http"),
    ],
)
def test_the_scheme_is_https_only_when_every_proxy_says_so(said: list[str], meant: str) -> None:
    headers = [(b"x-forwarded-proto", value.encode()) for value in said]
    assert scheme("http", headers) == meant


def test_a_scheme_that_is_none_leaves_the_connections_own() -> None:
    assert scheme("https", [(b"x-forwarded-proto", b"gopher")]) == "https"
    assert scheme("https", [(b"x-forwarded-proto", b"http")]) == "http"


# --- through the application ----------------------------------------------------------------------

FORWARDED = {"x-forwarded-for": f"{FORGED}, {CLIENT}", "x-forwarded-proto": "https"}
NETWORKS = [ip_network("10.0.0.0/24")]


async def test_both_fronts_are_told_the_client_that_a_trusted_proxy_names() -> None:
    front = Listening()
    server = a_server(front, trusted_proxies=NETWORKS)
    await ask(server, "/", method="POST", client=PROXY, headers=FORWARDED)
    await ask(server, "/start", client=PROXY, headers=FORWARDED)
    (origin,) = front.origins
    assert (origin.source_ip, origin.secure_transport) == (CLIENT, True)
    assert front.clients == [(CLIENT, "https")]


@pytest.mark.parametrize("peer", [CLIENT, "10.0.1.5", "2001:db8:1::1", "testclient", ""])
async def test_forwarding_headers_of_anybody_else_are_ignored(peer: str) -> None:
    front = Listening()
    server = a_server(front, trusted_proxies=NETWORKS)
    await ask(server, "/", method="POST", client=peer, headers=FORWARDED)
    (origin,) = front.origins
    assert (origin.source_ip, origin.secure_transport) == (peer, False)


async def test_without_trusted_proxies_nobody_is_believed() -> None:
    front = Listening()
    await ask(a_server(front), "/", method="POST", client="127.0.0.1", headers=FORWARDED)
    assert front.origins[0].source_ip == "127.0.0.1"


async def test_no_header_changes_the_host_that_is_answered_and_verified() -> None:
    front = Listening()
    server = a_server(front, trusted_proxies=NETWORKS)
    headers = {**FORWARDED, "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}
    await ask(server, "/", method="POST", client=PROXY, headers=headers)
    assert front.hosts == [HOST.encode()]
    answer = await ask(
        server, "/", host="evil.example", client=PROXY, headers={"x-forwarded-host": HOST}
    )
    assert answer.status == 421
