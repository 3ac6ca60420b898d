"""Internet addresses as whoever compares or counts them must read them. Pure.

IPv4 that is written as IPv6 (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) is IPv4: a socket of both
families reports its IPv4 clients so, and who could choose the form would pass as two.
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_MAPPED_BITS = 96
"""The bits before the IPv4 address in `::ffff:192.0.2.1`."""
_OF_A_CUSTOMER = 56
"""The IPv6 prefix that one customer holds."""


def plain(address: Address) -> Address:
    """The address, or the IPv4 address that it holds."""
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


def plain_network(network: Network) -> Network:
    """The network, or the network of IPv4 that it holds: what is `plain` is in it as before."""
    if isinstance(network, IPv4Network) or network.prefixlen < _MAPPED_BITS:
        return network
    mapped = network.network_address.ipv4_mapped
    if mapped is None:
        return network
    return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))


def customer(source: str) -> Address | Network | None:
    """What counts as one source: an IPv4 address, or the /56 that one IPv6 customer holds.

    None for what is no address.
    """
    try:
        address = plain(ip_address(source.partition("%")[0]))
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    return ip_network((address, _OF_A_CUSTOMER), strict=False)
