"""What this node counts, in the form that Prometheus scrapes.

Requests are counted here, in dictionaries of our own, since a labelled counter of the client
library costs as much as a look-up in the database; the library is imported when `Metrics` is made
and only writes them down at a scrape. What others count (the database, the worker, the pool that
hashes) is read from them then.

Invariants: labels are words of our own, never a sender's, and bounded in number; whatever is
scraped however often, the job table is counted at most once a second, and no further than `MOST`.
"""

import asyncio
import logging
import platform
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from genkan import __version__
from genkan.core import ids
from genkan.core.app import Transactions
from genkan.core.call import Call, Operation, Origin, Owner, System
from genkan.core.trace import Trace
from genkan.db import jobs
from genkan.db.jobs import Backlog
from genkan.protocols.aws.wire import Response

if TYPE_CHECKING:
    from prometheus_client.core import Metric

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the durations of requests, in seconds."""
MOST_LABELS = 500
"""Operations, or codes, that are told apart; those beyond are `other`."""
READ_SECONDS = 1.0
DEADLINE_SECONDS = 2.0
_SIGN_INS = {"SignedIn": "succeeded", "PasswordChallenge": ""}
_log = logging.getLogger("genkan.metrics")
_COUNT = Operation(name="CountJobs", run=lambda tx: None, access=System(), reads="scan")


class Working(Protocol):
    """What is read of a worker."""

    counts: Counter[tuple[str, str]]

    @property
    def running(self) -> int:
        """How many jobs run now."""


class Hashing(Protocol):
    """What is read of the pool that hashes passwords."""

    @property
    def taken(self) -> int:
        """Places that are taken."""

    @property
    def refused(self) -> int:
        """How many were refused a place so far."""


class Throttling(Protocol):
    """What is read of the rates that the node counts."""

    @property
    def refused(self) -> Counter[str]:
        """Requests that were refused, by the name of the rate."""


class NotRecorded(Protocol):
    """What is read of the limit of recorded refusals: how many are beyond, by the budget."""

    not_recorded: Counter[str]


class Metrics:
    """The node's own registry. `scrape` is its text."""

    def __init__(
        self,
        db: Transactions,
        *,
        worker: Working | None = None,
        hashing: Hashing | None = None,
        throttle: Throttling | None = None,
        refusals: NotRecorded | None = None,
    ) -> None:
        from prometheus_client import CollectorRegistry, ProcessCollector
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

        self._db = db
        self._worker = worker
        self._hashing = hashing
        self._not_recorded = refusals
        self._throttle = throttle
        self._requests: dict[tuple[str, str, int], int] = {}
        self._durations: dict[tuple[str, str], list[float]] = {}
        self._refusals: Counter[str] = Counter()
        self._sign_ins: Counter[str] = Counter()
        self._backlog: Backlog | None = None
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._generate = generate_latest
        self._type = CONTENT_TYPE_LATEST
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def request(
        self, front: str, trace: Trace, operation: str, status: int, seconds: float
    ) -> None:
        """A request was answered. `operation` is a word of ours; empty when none was reached."""
        durations = self._durations.get((front, operation))
        if durations is None:
            if len(self._durations) >= MOST_LABELS:
                operation = "other"
            durations = self._durations.setdefault((front, operation), [0.0] * (len(BUCKETS) + 2))
        durations[bisect_left(BUCKETS, seconds)] += 1
        durations[-1] += seconds
        key = (front, operation, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        if trace.refusal:
            known = trace.refusal in self._refusals or len(self._refusals) < MOST_LABELS
            self._refusals[trace.refusal if known else "other"] += 1
        if trace.sign_in:
            outcome = _SIGN_INS.get(trace.sign_in, trace.sign_in)
            if outcome:
                self._sign_ins[outcome] += 1

    async def scrape(self) -> tuple[str, bytes]:
        """The media type and the text of all metrics."""
        if self._reading is None and time.monotonic() - self._read_at >= READ_SECONDS:
            self._reading = asyncio.create_task(self._read_backlog(), name="genkan-count-jobs")
        if self._reading is not None:
            # One that hangs is not asked a second time; the rest is told without it.
            await asyncio.wait([self._reading], timeout=DEADLINE_SECONDS)
        return self._type, self._generate(self._registry)

    async def _read_backlog(self) -> None:
        try:
            self._backlog = await self._db.scan(_call(), jobs.backlog)
        except Exception as error:
            self._backlog = None
            _log.info("jobs could not be counted: %s", error)
        finally:
            self._read_at = time.monotonic()
            self._reading = None

    def collect(self) -> Iterator["Metric"]:
        """What the client library writes down, as it asks for it."""
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        yield InfoMetricFamily(
            "genkan_build",
            "The release that runs",
            value={"version": __version__, "python": platform.python_version()},
        )
        yield from self._of_requests()
        yield _counter(
            "genkan_refusals", "Operations that were refused", ["code"], _single(self._refusals)
        )
        yield _counter(
            "genkan_sign_ins", "Sign-ins with a password", ["outcome"], _single(self._sign_ins)
        )
        if self._throttle is not None:
            yield _counter(
                "genkan_throttled_requests",
                "Requests beyond AWS's published rates",
                ["rate"],
                _single(self._throttle.refused),
            )
        yield from self._of_database()
        yield from self._of_audit()
        yield from self._of_jobs()
        if self._hashing is not None:
            taken = GaugeMetricFamily("genkan_password_hashing_places", "Places taken to hash")
            taken.add_metric([], self._hashing.taken)
            yield taken
            yield _counter(
                "genkan_password_hashing_refusals",
                "Sign-ins without a place",
                [],
                {(): self._hashing.refused},
            )

    def _of_requests(self) -> Iterator["Metric"]:
        from prometheus_client.core import HistogramMetricFamily

        yield _counter(
            "genkan_requests",
            "Requests that were answered",
            ["front", "operation", "code"],
            {
                (front, name or "none", str(code)): n
                for (front, name, code), n in self._requests.items()
            },
        )
        durations = HistogramMetricFamily(
            "genkan_request_duration_seconds",
            "From a request's head to the end of its answer",
            labels=["front", "operation"],
        )
        for (front, name), held in self._durations.items():
            total = 0.0
            buckets = []
            for bound, number in zip([*map(str, BUCKETS), "+Inf"], held[:-1], strict=True):
                total += number
                buckets.append((bound, total))
            durations.add_metric([front, name or "none"], buckets, sum_value=held[-1])
        yield durations

    def _of_audit(self) -> Iterator["Metric"]:
        if self._not_recorded is not None:
            yield _counter(
                "genkan_audit_refusals_not_recorded",
                "Refusals that left no record, by the budget that was used up",
                ["budget"],
                _single(self._not_recorded.not_recorded),
            )

    def _of_database(self) -> Iterator["Metric"]:
        counts = getattr(self._db, "counts", None)
        for name, meaning in _DATABASE.items():
            value = getattr(counts, name, None)
            if value is not None:
                yield _counter(f"genkan_database_{name}", meaning, [], {(): value})

    def _of_jobs(self) -> Iterator["Metric"]:
        from prometheus_client.core import GaugeMetricFamily

        if self._backlog is not None:
            waiting = GaugeMetricFamily(
                "genkan_jobs", f"Jobs by state, counted up to {jobs.MOST_COUNTED}", labels=["state"]
            )
            for state, number in self._backlog.states.items():
                waiting.add_metric([state], number)
            yield waiting
            oldest = GaugeMetricFamily(
                "genkan_jobs_oldest_due_seconds", "How long the job that is due longest has waited"
            )
            oldest.add_metric([], self._backlog.oldest_due_ms / 1000)
            yield oldest
        if self._worker is not None:
            yield _counter(
                "genkan_jobs_ended",
                "Jobs by how they ended here",
                ["kind", "end"],
                self._worker.counts,
            )
            running = GaugeMetricFamily("genkan_jobs_running", "Jobs that run here now")
            running.add_metric([], self._worker.running)
            yield running


def error_code(response: Response) -> str:
    """AWS's code of an error that we wrote, from its header or, in the Query protocol, its body."""
    for name, value in response.headers:
        if name == b"x-amzn-errortype":
            return value.decode()
    found = response.body.partition(b"<Code>")[2].partition(b"</Code>")
    return found[0].decode() if found[1] else ""


_DATABASE = {
    "conflicts": "Attempts undone because other transactions were in the way",
    "lost_connections": "Attempts undone because the connection was lost",
    "given_up": "Operations that failed after every attempt",
    "outcomes_unknown": "Commits whose answer was lost",
}


def _counter(name: str, meaning: str, labels: list[str], values: Mapping[Any, float]) -> "Metric":
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, meaning, labels=labels)
    for key, value in values.items():
        family.add_metric(list(key), value)
    return family


def _single(counts: Counter[str]) -> Mapping[Any, float]:
    return {(word,): number for word, number in counts.items()}


def _call() -> Call:
    return Call(
        operation=_COUNT,
        params={},
        caller=Owner(reason="metrics"),
        origin=Origin(request_id=ids.request_id()),
        event_source="metrics.genkan",
    )
