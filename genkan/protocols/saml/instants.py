"""SAML time values: xs:dateTime in UTC (SAML core §1.3.3), to and from aware datetimes."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind

_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z"
)


def utc(moment: datetime) -> datetime:
    """`moment` in UTC. A naive one is a bug of the caller: ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a time without a time zone")
    return moment.astimezone(UTC)


def format_instant(moment: datetime) -> str:
    """Milliseconds, `Z`: what AWS writes and every service provider reads."""
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_instant(text: str, what: str) -> datetime:
    """The moment `text` names; digits beyond microseconds are dropped.

    Refuses (MALFORMED) every form but UTC with `Z`, which is all that SAML allows.
    """
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise SamlRefusal(SamlRefusalKind.MALFORMED, f"{what} is not a UTC time")
    seconds, fraction = found.groups()
    try:
        moment = datetime.strptime(seconds, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise SamlRefusal(
            SamlRefusalKind.MALFORMED, f"{what} is not a time of the calendar"
        ) from None
    return moment.replace(microsecond=int((fraction or "0").ljust(6, "0")[:6]))
