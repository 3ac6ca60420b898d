"""From which addresses a store may be called: `NetworkConfiguration` of UpdateIdentityStore. Pure.

Addresses are enforced before any policy is asked. There is no VPC here, so what would restrict
calls to one is refused rather than kept without effect.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genkan.core.addresses import Network, plain, plain_network
from genkan.core.errors import Invalid


def sources(blocks: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and CIDR blocks that were checked before.

    Those of IPv4 that are written as IPv6 (RFC 4291 §2.5.5.2) are IPv4's, as in `within`.
    """
    return tuple(plain_network(ipaddress.ip_network(block, strict=False)) for block in blocks)


def within(address: str, allowed: Sequence[Network]) -> bool:
    """Whether `address` is in one of the blocks; what is no address is in none."""
    try:
        found = plain(ipaddress.ip_address(address))
    except ValueError:
        return False
    return any(found in block for block in allowed if block.version == found.version)


def checked(configuration: Mapping[str, Any], source_ip: str | None) -> dict[str, Any]:
    """The configuration as it is kept; `Invalid` for what cannot be true here.

    `source_ip` is the caller's own address, which may not be left out: nobody who is locked out
    could undo it. None when the process itself asks.
    """
    if configuration["vpce_access_required"] or configuration.get("api_restrict_source_vpcs"):
        raise Invalid("Access cannot be restricted to VPCs: this identity store is not in AWS.")
    kept: dict[str, Any] = {"vpce_access_required": False}
    for name in ("api_allow_source_ips", "scim_allow_source_ips"):
        blocks = configuration.get(name)
        if blocks:
            _readable(blocks)
            kept[name] = list(blocks)
    allowed = sources(kept.get("api_allow_source_ips", ()))
    if allowed and source_ip is not None and not within(source_ip, allowed):
        raise Invalid("ApiAllowSourceIps must include the address that this request comes from.")
    return kept


def _readable(blocks: Iterable[str]) -> None:
    for block in blocks:
        try:
            ipaddress.ip_network(block, strict=False)
        except ValueError:
            raise Invalid(f"{block} is not an address or CIDR block.") from None
