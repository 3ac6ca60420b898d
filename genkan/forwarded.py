"""Who is at the other end when there are proxies in between, by what trusted ones say.

Owns the reading of `X-Forwarded-For` and `X-Forwarded-Proto`; no other forwarding header is read,
`Forwarded` (RFC 7239) and `X-Forwarded-Host` neither. Invariants: a header counts only when the
connection comes from a trusted address, and only as far as trusted addresses vouch for it; what is
malformed counts as not sent.
"""

from collections.abc import Iterable, MutableMapping, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from genkan.core.addresses import Address, Network, plain

Headers = Iterable[tuple[bytes, bytes]]

_FOR = b"x-forwarded-for"
_PROTO = b"x-forwarded-proto"
_MOST_HOPS = 32
_LONGEST_ADDRESS = 64


class TrustedProxies:
    """Addresses that are believed about whom they forward."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = tuple(networks)
        self.trusts = lru_cache(maxsize=1024)(self._trusts)

    def _trusts(self, peer: str) -> bool:
        """Whether the peer of a connection is one of them."""
        address = _address(peer)
        return address is not None and self._includes(address)

    def believe(self, scope: MutableMapping[str, Any]) -> None:
        """Put the client in the place of a trusted peer, for everybody who asks from now on."""
        peer = scope.get("client")
        if peer is not None and self.trusts(peer[0]):
            scope["client"] = (self.client(peer[0], scope["headers"]), 0)
            scope["scheme"] = scheme(scope["scheme"], scope["headers"])

    def client(self, peer: str, headers: Headers) -> str:
        """The address of the client whose request a trusted `peer` has sent.

        The right-most address that is not a trusted proxy's: whatever stands left of it came from
        the client and proves nothing. When all are trusted, the left-most.
        """
        hops = [hop for name, value in headers if name == _FOR for hop in value.split(b",")]
        found = ""
        for hop in reversed(hops[-_MOST_HOPS:]):
            address = _hop(hop)
            if address is None:
                return peer
            found = str(address)
            if not self._includes(address):
                return found
        return found if found and len(hops) <= _MOST_HOPS else peer

    def _includes(self, address: Address) -> bool:
        return any(
            address.version == network.version and address in network for network in self._networks
        )


def scheme(connection: str, headers: Headers) -> str:
    """The scheme that the client used, by what a trusted peer says; else that of the connection.

    Proxies that add to the list of others are https only when all of it is.
    """
    said = [
        part.strip().lower()
        for name, value in headers
        if name == _PROTO
        for part in value.split(b",")
    ]
    if not said or any(part not in (b"http", b"https") for part in said):
        return connection
    return "https" if all(part == b"https" for part in said) else "http"


def _hop(text: bytes) -> Address | None:
    """An address as proxies write it: bare, with a port, or in brackets."""
    hop = text.strip(b" \t").decode("latin-1")
    if len(hop) > _LONGEST_ADDRESS:
        return None
    if hop.startswith("["):
        inside, bracket, port = hop[1:].partition("]")
        if not bracket or not _is_port(port):
            return None
        address = _address(inside)
        return address if address is not None and ":" in inside else None
    host, colon, port = hop.partition(":")
    if colon and "." in host and _is_port(colon + port):
        return _address(host)
    return _address(hop)


def _is_port(text: str) -> bool:
    """Whether it is nothing, or a colon and a port."""
    digits = text.removeprefix(":")
    return not text or (
        text != digits and len(digits) <= 5 and digits.isascii() and digits.isdigit()
    )


def _address(text: str) -> Address | None:
    """IPv4 that was mapped into IPv6 is the IPv4 address; zones name nobody elsewhere."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return None
    return plain(address)
