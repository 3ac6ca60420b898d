"""Token buckets: how often something may happen, key by key.

A bucket holds `burst` tokens, gains `per_second` of them a second and loses one whenever something
happens; what finds none has to wait, and costs nothing. Time is a monotonic clock's, in whole
nanoseconds, so that no rounding adds up and no correction of the wall clock matters.

Invariants: memory is bounded, since a bucket that is full again is forgotten (it is like one never
used) and there are never more than `most_keys`; beyond, the one that was used longest ago is
forgotten, and is full when its key comes back. Safe to use from several threads.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

SECOND = 1_000_000_000
MOST_KEYS = 16_384
_SWEPT = 2  # of each bucket that is made, so that they go faster than they come

Monotonic = Callable[[], int]
"""Nanoseconds since some moment."""


class Buckets:
    """One bucket for each key, full at first. `burst` is the tokens of a second where not given."""

    def __init__(
        self,
        per_second: int,
        *,
        burst: int | None = None,
        most_keys: int = MOST_KEYS,
        clock: Monotonic = time.monotonic_ns,
    ) -> None:
        self._token = SECOND // per_second
        self._capacity = self._token * (burst or per_second)
        self._most_keys = most_keys
        self._clock = clock
        self._full_at: OrderedDict[Hashable, int] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Buckets that are remembered."""
        return len(self._full_at)

    def take(self, key: Hashable) -> int:
        """Take a token: 0 when there was one, else the nanoseconds until there is."""
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.get(key, now), now) + self._token
            wait = full_at - self._capacity - now
            if wait > 0:
                return wait
            if key not in self._full_at:
                self._make_room(now)
            self._full_at[key] = full_at
            self._full_at.move_to_end(key)
            return 0

    def give_back(self, key: Hashable) -> None:
        """Undo a `take`: what happened was none of this key's."""
        with self._lock:
            if key in self._full_at:
                self._full_at[key] -= self._token

    def _make_room(self, now: int) -> None:
        """Forget what is full, in the order of use: nothing stays longer than a bucket fills."""
        for _ in range(_SWEPT):
            if not self._full_at or next(iter(self._full_at.values())) > now:
                break
            self._full_at.popitem(last=False)
        if len(self._full_at) >= self._most_keys:
            self._full_at.popitem(last=False)
