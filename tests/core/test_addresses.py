"""IPv4 written as IPv6 is IPv4, whoever compares or counts addresses."""

from ipaddress import ip_address, ip_network

import pytest

from genkan.core.addresses import customer, plain, plain_network


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::192.0.2.7", "::192.0.2.7"),
        ("2001:db8::ffff:192.0.2.7", "2001:db8::ffff:192.0.2.7"),
    ],
)
def test_an_address_of_ipv4_written_as_ipv6_is_that_address(written: str, meant: str) -> None:
    assert plain(ip_address(written)) == ip_address(meant)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::ffff:0:0/95", "::fffe:0:0/95"),
        ("2001:db8::/100", "2001:db8::/100"),
    ],
)
def test_a_network_of_ipv4_written_as_ipv6_is_that_network(written: str, meant: str) -> None:
    assert plain_network(ip_network(written, strict=False)) == ip_network(meant)


@pytest.mark.parametrize(
    ("source", "counted"),
    [
        ("192.0.2.7", ip_address("192.0.2.7")),
        ("::ffff:192.0.2.7", ip_address("192.0.2.7")),
        ("2001:db8:1:2ff::9", ip_network("2001:db8:1:200::/56")),
        ("fe80::1%eth0", ip_network("fe80::/56")),
        ("testclient", None),
        ("", None),
    ],
)
def test_what_one_customer_holds_counts_as_one_source(source: str, counted: object) -> None:
    assert customer(source) == counted
