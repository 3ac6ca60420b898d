"""The clock: epoch milliseconds, UTC, as every table stores time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

Clock = Callable[[], int]


def system_clock() -> int:
    """Now, in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def iso8601(milliseconds: int) -> str:
    """`2026-11-22T01:02:03Z`, second precision, as CloudTrail and SAML write it."""
    return _of_second(milliseconds // 1000)


@lru_cache(maxsize=64)
def _of_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_datetime(milliseconds: int) -> datetime:
    """An aware UTC datetime for epoch milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
