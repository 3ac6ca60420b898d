"""Which refusals are recorded: enough for everybody who looks, too few to fill a disk with.

Whoever may nothing can be refused as often as it asks. So a caller's refusals are recorded `burst`
at once and then at a rate, and so are those of all callers together. Strangers have budgets of
their own, far smaller and by source network: they cannot use up what proven callers have. Our own
jobs and commands are not limited, nor is what was done; nor are proven callers where the
installation's setting says so.

What is beyond leaves no record. It is counted for metrics at once, and once a minute, and when the
process ends, told by one record, `RefusalsNotRecorded`.

Invariant: memory is bounded, whatever is sent.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from genkan.audit.codes import error_of
from genkan.core.addresses import customer
from genkan.core.app import App
from genkan.core.call import Anonymous, Call, Operation, Origin, Owner, Person, Signer, System
from genkan.core.clock import Clock, iso8601
from genkan.core.ids import request_id
from genkan.core.token_bucket import Buckets, Monotonic

TELL_SECONDS = 60.0
EVENT_SOURCE = "audit.genkan"
MOST_TOLD = 20
"""Codes and addresses that one record names."""
_MOST_COUNTED = 1000
_OTHERS = "others"
_log = logging.getLogger("genkan.audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Records of refusals: so many at once, and so many a minute after that."""

    burst: int
    a_minute: int


CALLER = Budget(burst=1000, a_minute=60)
CALLERS = Budget(burst=10_000, a_minute=600)
NETWORK = Budget(burst=200, a_minute=6)
STRANGERS = Budget(burst=1000, a_minute=12)
"""A day of strangers is at most some 17,000 records, of proven callers some 860,000."""


@dataclass(slots=True)
class _Kind:
    """Proven callers, or strangers: a budget each, and one for all of them."""

    own_name: str
    own: Buckets
    all_name: str
    all: Buckets

    def exceeded(self, key: Hashable) -> str | None:
        """Which budget has no record left; None when one was taken of both."""
        if self.own.take(key) > 0:
            return self.own_name
        if self.all.take(None) > 0:
            self.own.give_back(key)
            return self.all_name
        return None


@dataclass(slots=True)
class _Untold:
    """What was not recorded since the last record about that. `since` in epoch milliseconds."""

    since: int
    codes: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)


class RefusalLimit:
    """Counts one node's refusals. `not_recorded` is what metrics show, by the budget exceeded.

    `limits_proven=False` admits every refusal of proven callers: `caller` and `callers` then mean
    nothing. Safe to use from several threads: refusals of writes are decided where writes are made.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        caller: Budget = CALLER,
        callers: Budget = CALLERS,
        network: Budget = NETWORK,
        strangers: Budget = STRANGERS,
        limits_proven: bool = True,
        monotonic: Monotonic = time.monotonic_ns,
    ) -> None:
        self._clock = clock
        self._limits_proven = limits_proven
        self._monotonic = monotonic
        self._budgets = {
            "caller": caller,
            "callers": callers,
            "network": network,
            "strangers": strangers,
        }
        self.not_recorded: Counter[str] = Counter(dict.fromkeys(self._budgets, 0))
        self._lock = threading.Lock()
        self._untold: _Untold | None = None
        self.forget()

    def forget(self) -> None:
        """Begin anew, with every budget full: a sandbox was put back to its seed."""
        self._proven = self._kind("caller", "callers")
        self._strangers = self._kind("network", "strangers")
        self.untold()

    def _kind(self, own: str, of_all: str) -> _Kind:
        return _Kind(own, self._buckets(own), of_all, self._buckets(of_all))

    def _buckets(self, name: str) -> Buckets:
        budget = self._budgets[name]
        # A "second" of these buckets is a minute.
        return Buckets(budget.a_minute, burst=budget.burst, clock=lambda: self._monotonic() // 60)

    def admits(self, call: Call, outcome: object) -> bool:
        """Whether to record that `call` was refused, or was rejected by its result; else count."""
        exceeded = self._exceeded(call)
        if exceeded is None:
            return True
        code, _ = error_of(call, outcome) or (call.event_name, "")
        self._count(exceeded, code, call.origin.source_ip)
        return False

    def _exceeded(self, call: Call) -> str | None:
        caller = call.caller
        if isinstance(caller, Signer | Person) and not self._limits_proven:
            return None
        if isinstance(caller, Signer):
            # Sessions are free to make, so what counts is who or what made them.
            whose = caller.person_id or f"{caller.account_id}/{caller.user_id.partition(':')[0]}"
            return self._proven.exceeded(whose)
        if isinstance(caller, Person):
            return self._proven.exceeded(caller.user_id)
        if isinstance(caller, Anonymous):
            return self._strangers.exceeded(_source_of(call.origin))
        return None

    def _count(self, exceeded: str, code: str, source: str) -> None:
        with self._lock:
            self.not_recorded[exceeded] += 1
            if self._untold is None:
                self._untold = _Untold(self._clock())
            for counter, word in ((self._untold.codes, code), (self._untold.sources, source)):
                known = word in counter or len(counter) < _MOST_COUNTED
                counter[word if known else _OTHERS] += 1

    def untold(self) -> "NotRecorded | None":
        """What no record tells of yet. From now on one does."""
        with self._lock:
            found, self._untold = self._untold, None
        if found is None:
            return None
        return NotRecorded(
            audit_data={
                "count": found.codes.total(),
                "since": iso8601(found.since),
                "until": iso8601(self._clock()),
                "errorCodes": _most(found.codes),
                "sourceIPAddresses": _most(found.sources),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRecorded:
    """How many refusals have no record, and of what."""

    audit_data: Mapping[str, Any]


def _most(counter: Counter[str]) -> dict[str, int]:
    shown = dict(counter.most_common(MOST_TOLD))
    rest = counter.total() - sum(shown.values())
    if rest:
        shown[_OTHERS] = shown.get(_OTHERS, 0) + rest
    return shown


def _source_of(origin: Origin) -> Hashable:
    # By customer, so that nobody has many budgets.
    return customer(origin.source_ip) or origin.source_ip[:64]


# --- telling --------------------------------------------------------------------------------------


class Teller:
    """Has one record a minute made of what was not recorded, and one when it is closed.

    `perform` is the door, which stands above this slice.
    """

    def __init__(
        self, app: App, limit: RefusalLimit, perform: Callable[[App, Call], Awaitable[Any]]
    ) -> None:
        self._app = app
        self._limit = limit
        self._perform = perform
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; there must be an event loop."""
        self._task = asyncio.create_task(self._run(), name="genkan-refusals-not-recorded")

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            await self.tell()

    async def tell(self) -> None:
        """Make the record, if there is anything to tell. A failure is logged with the number."""
        told = self._limit.untold()
        if told is None:
            return
        call = Call(
            operation=Operation(name="RefusalsNotRecorded", run=lambda tx: told, access=System()),
            params={},
            caller=Owner(reason="audit"),
            origin=Origin(request_id=request_id()),
            event_source=EVENT_SOURCE,
            region=self._app.deployment.region,
        )
        try:
            await self._perform(self._app, call)
        except Exception:
            _log.exception(
                "%d refusals were not recorded, and nor was that", told.audit_data["count"]
            )

    async def close(self) -> None:
        """Tell the rest."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.tell()
