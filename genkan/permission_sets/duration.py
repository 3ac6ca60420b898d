"""Session durations: ISO 8601 durations between one hour and twelve (reference §3.1)."""

import re

from genkan.core.errors import Invalid

DEFAULT = "PT1H"
SHORTEST = 3600
LONGEST = 12 * 3600

_SHAPE = re.compile(
    r"P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})([DW]))?"
    r"(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.\d{1,9})?S)?)?"
)


def seconds(duration: str) -> int:
    """Whole seconds of `PT8H`; `Invalid` outside one to twelve hours.

    Years and months have no fixed length and any of them is beyond twelve hours.
    """
    match = _SHAPE.fullmatch(duration)
    if match is None:
        raise _refused(duration)
    years, months, days, unit, hours, minutes, rest = match.groups()
    if int(years or 0) or int(months or 0):
        raise _refused(duration)
    total = int(days or 0) * 86_400 * (7 if unit == "W" else 1)
    total += int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(rest or 0)
    if not SHORTEST <= total <= LONGEST:
        raise _refused(duration)
    return total


def _refused(duration: str) -> Invalid:
    return Invalid(
        f"SessionDuration {duration} is not valid: it must be an ISO-8601 duration of at least"
        " one hour (PT1H) and at most twelve (PT12H)."
    )
