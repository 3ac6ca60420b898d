"""A burst: many requests at once over a few connections, with somebody else asking beside it.

Owns the connections, the clock and what is asked again: a request that is refused because another
one of the same account and permission set runs (ConflictException) waits and is asked again, each
time twice as long, as AWS tells clients to do. Leaves what is asked for, and when it is over, to
`benchmarks.assignments`.
"""

import asyncio
import heapq
import itertools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.load import Answer, Wrong, cpu_seconds, take
from benchmarks.sites import Site

CONNECTIONS = 32
_FIRST_PAUSE_SECONDS = 0.1
_LAST_PAUSE_SECONDS = 1.0
_NOTHING_YET_SECONDS = 0.01
_PROBE_SECONDS = 0.005
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """One burst of `acts`. Microseconds are of each act, `probe_p99` milliseconds.

    `conflicts`: how often something had to be asked again.
    """

    name: str
    acts: int
    seconds: float
    cpu_us: float
    database_us: float
    conflicts: int
    probe_p99: float


class Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answer = take(self._buffer)
        if answer is not None:
            self._buffer = b""
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Wrong(f"the connection was lost: {error}"))

    async def ask(self, request: bytes) -> Answer:
        """The answer to one request."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


async def open_line(port: int) -> Line:
    """A new connection."""
    _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
    return line


@dataclass(kw_only=True)
class Asked:
    """What is still to be asked, and what was refused and waits, by when it is asked again."""

    fresh: deque[bytes]
    again: list[tuple[float, int, bytes]] = field(default_factory=list)
    accepted: list[Answer] = field(default_factory=list)
    conflicts: int = 0

    def next(self) -> tuple[int, bytes] | None:
        """What is to be asked now, and how often it was before."""
        if self.again and self.again[0][0] <= time.perf_counter():
            _, tries, request = heapq.heappop(self.again)
            return tries, request
        return (0, self.fresh.popleft()) if self.fresh else None

    def refused(self, tries: int, request: bytes) -> None:
        """Another request was in the way."""
        self.conflicts += 1
        pause = min(_LAST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**tries)
        heapq.heappush(self.again, (time.perf_counter() + pause, tries + 1, request))


Work = Callable[[Asked, Sequence[Line]], Awaitable[None]]


async def ask_all(asked: Asked, lines: Sequence[Line]) -> None:
    """Ask until everything is accepted."""
    wanted = len(asked.fresh)
    await asyncio.gather(*(_ask(asked, line, wanted) for line in lines))


async def _ask(asked: Asked, line: Line, wanted: int) -> None:
    while len(asked.accepted) < wanted:
        one = asked.next()
        if one is None:
            await asyncio.sleep(_NOTHING_YET_SECONDS)
            continue
        answer = await line.ask(one[1])
        if b"ConflictException" in answer.body:
            asked.refused(*one)
        else:
            asked.accepted.append(answer)


def run(site: Site, name: str, acts: int, requests: Iterable[bytes], work: Work) -> Burst:
    """Have `work` done with the requests; the clock stops when it is over."""
    asked = Asked(fresh=deque(requests))
    probes: list[float] = []
    cpu, database = cpu_seconds(site.pids), cpu_seconds(site.database_pids())
    clocked = _clocked(site, asked, probes, work)
    seconds = asyncio.run(asyncio.wait_for(clocked, _PATIENCE_SECONDS))
    return Burst(
        name=name,
        acts=acts,
        seconds=seconds,
        cpu_us=(cpu_seconds(site.pids) - cpu) * 1e6 / acts,
        database_us=max(0.0, cpu_seconds(site.database_pids()) - database) * 1e6 / acts,
        conflicts=asked.conflicts,
        probe_p99=sorted(probes)[int(len(probes) * 0.99)],
    )


def middle(bursts: Sequence[Burst]) -> Burst:
    """The one whose time is the median; the others' worst 99th percentile stays with it."""
    chosen = sorted(bursts, key=lambda burst: burst.seconds)[len(bursts) // 2]
    return replace(chosen, probe_p99=max(burst.probe_p99 for burst in bursts))


async def _clocked(site: Site, asked: Asked, probes: list[float], work: Work) -> float:
    lines = [
        await open_line(port) for _, port in zip(range(CONNECTIONS), itertools.cycle(site.ports))
    ]
    beside = await open_line(site.ports[0])
    over = asyncio.Event()
    probing = asyncio.create_task(_probe(site, beside, probes, over))
    try:
        began = time.perf_counter()
        await work(asked, lines)
        elapsed = time.perf_counter() - began
        over.set()
        await probing
        return elapsed
    finally:
        probing.cancel()
        await asyncio.gather(probing, return_exceptions=True)
        for line in (*lines, beside):
            line.close()


async def _probe(site: Site, line: Line, probes: list[float], over: asyncio.Event) -> None:
    """Somebody else who wants an answer, again and again until it is over; milliseconds of each.

    The answer that is awaited when it is over counts, too: under load it may be the only one.
    """
    request = site.signer("sts").signed(b"Action=GetCallerIdentity&Version=2011-06-15")
    while True:
        began = time.perf_counter()
        answer = await line.ask(request)
        probes.append((time.perf_counter() - began) * 1000)
        if b"<Arn>" not in answer.body:
            raise Wrong(f"{answer.status}: {answer.body[:300]!r}")
        if over.is_set():
            return
        await asyncio.sleep(_PROBE_SECONDS)
