"""Typed values of conditions: numbers, dates, booleans, base64 bytes, IP addresses and ranges.

Owns how such a value is read from text, in the policy and in the request, and the tests built on
it. Leaves strings and ARNs, and the table of operators, to `operators`.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

from genkan.authorization.variables import Lookup
from genkan.core.addresses import Address, Network, plain, plain_network

Check: TypeAlias = Callable[[str], bool | None]
"""Whether one value of the request matches any value of the policy; None when that is open."""
Test: TypeAlias = Callable[[Lookup], Check]
"""From a request's context to the check: policy variables are replaced once, not for each value."""
TestFactory: TypeAlias = Callable[[tuple[str, ...], bool], Test]
"""From the policy's values, and whether they may hold variables, to the test."""

_T = TypeVar("_T")


class ValueSyntaxError(ValueError):
    """A value in the policy is not of its operator's type."""


# --- numbers and dates ---------------------------------------------------------------------------

_MAX_NUMBER = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NANOSECONDS = 1_000_000_000


def parse_number(text: str) -> Decimal | None:
    """An integer or a decimal number, without exponent; None when the text is not one."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    whole, dot, fraction = digits.partition(".")
    if len(text) > _MAX_NUMBER or not text.isascii() or not whole.isdigit():
        return None
    return Decimal(text) if not dot or fraction.isdigit() else None


def parse_date(text: str) -> int | None:
    """Nanoseconds since 1970 of a W3C date (ISO 8601 profile) or of seconds since 1970.

    Digits alone are seconds, as IAM reads them, never a year. A date without a zone is UTC.
    """
    if len(text) > _MAX_NUMBER or not text.isascii():
        return None
    if (number := parse_number(text)) is not None:
        return int(number * _NANOSECONDS)
    match = _W3C_DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0),
            int(second or 0), tzinfo=_zone(zone),
        )  # fmt: skip
    except ValueError:
        return None
    whole = (moment - _EPOCH) // timedelta(seconds=1)
    return whole * _NANOSECONDS + int((fraction or "").ljust(9, "0")[:9])


# No quantifier can give back what it took: every part starts with its own separator.
_W3C_DATE = re.compile(
    r"(\d{4})-(\d{2})(?:-(\d{2})(?:[Tt](\d{2}):?(\d{2})(?::?(\d{2})(?:\.(\d{1,9}))?)?"
    r"([Zz]|[+-]\d{2}:?\d{2})?)?)?",
    re.ASCII,
)


def _zone(zone: str | None) -> timezone:
    if zone is None or zone in "Zz":
        return UTC
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))


def comparison_test(
    parse: Callable[[str], _T | None], compare: Callable[[Any, Any], bool]
) -> TestFactory:
    """Numeric… and Date… operators."""

    def factory(values: tuple[str, ...], variables: bool) -> Test:
        wanted = tuple(required(parse(value), value) for value in values)

        def check(value: str) -> bool | None:
            found = parse(value)
            if found is None:
                return None
            return any(compare(found, limit) for limit in wanted)

        return lambda lookup: check

    return factory


def required(parsed: _T | None, value: str) -> _T:
    """The parsed value; `value` is quoted when there is none."""
    if parsed is None:
        raise ValueSyntaxError(f"The value {value[:64]!r} is not of the operator's type.")
    return parsed


# --- booleans, bytes, addresses ------------------------------------------------------------------


def parse_bool(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def binary_test(values: tuple[str, ...], variables: bool) -> Test:
    """BinaryEquals: both sides are base64 text, compared byte for byte once decoded."""
    wanted = frozenset(required(_parse_base64(value), value) for value in values)

    def check(value: str) -> bool | None:
        found = _parse_base64(value)
        return None if found is None else found in wanted

    return lambda lookup: check


def _parse_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def ip_test(values: tuple[str, ...], variables: bool) -> Test:
    """IpAddress: an address or CIDR range of either family; `::ffff:192.0.2.1` is `192.0.2.1`."""
    wanted: tuple[Any, ...] = tuple(required(_parse_network(value), value) for value in values)

    def check(value: str) -> bool | None:
        found = _parse_address(value)
        return None if found is None else any(found in network for network in wanted)

    return lambda lookup: check


def _parse_network(text: str) -> Network | None:
    _, slash, length = text.partition("/")
    # The library also reads masks, and `/0.0.0.255` as a length of 24: IAM knows lengths alone.
    if "%" in text or (slash and not (length.isascii() and length.isdigit())):
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return plain_network(network)


def _parse_address(text: str) -> Address | None:
    if "%" in text:
        return None
    try:
        return plain(ipaddress.ip_address(text))
    except ValueError:
        return None
