"""The rates that AWS publishes for its APIs (reference §12), as a node counts them when it is told.

One literal table. What AWS publishes no number for has no rate here: the portal's API, iam, sts and
organizations. How many requests may be *outstanding* is another thing, a quota (`core/quotas.py`).
"""

from dataclasses import dataclass
from typing import Literal

Throttling = Literal["off", "aws"]
"""The setting: no rates, or those of `RATES`."""

Scope = Literal["account", "store", "address", "client", "instance"]
"""Whose requests are counted together.

`account`: those signed by one account. `store`: those of one account to one identity store.
`address`: those from one remote address (of IPv6, from one /56). `client`: those of one registered
client. `instance`: all that were granted.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`per_second` requests a second, and as many at once after a second without any.

    AWS publishes no burst; a second's worth is the least that lets a client reach the rate at all.
    `name` is a word of ours for metrics. `operations` empty: all of the service. `each`: every
    operation is counted by itself, else they share the rate.
    """

    name: str
    service: str
    per_second: int
    scope: Scope
    operations: tuple[str, ...] = ()
    each: bool = False


RATES: tuple[Rate, ...] = (
    Rate(name="sso-admin", service="sso-admin", per_second=20, scope="account"),
    Rate(name="identitystore", service="identitystore", per_second=20, scope="store", each=True),
    Rate(
        name="sso-oidc-address",
        service="sso-oidc",
        operations=("RegisterClient",),
        per_second=20,
        scope="address",
    ),
    Rate(
        name="sso-oidc-client",
        service="sso-oidc",
        operations=("CreateToken", "StartDeviceAuthorization"),
        per_second=80,
        scope="client",
        each=True,
    ),
    Rate(
        name="sso-oidc-instance",
        service="sso-oidc",
        operations=("CreateToken",),
        per_second=250,
        scope="instance",
    ),
    # "Quotas in AWS CloudTrail" of its user guide; not one that can be raised.
    Rate(
        name="cloudtrail",
        service="cloudtrail",
        operations=("LookupEvents",),
        per_second=2,
        scope="account",
    ),
)
