"""A small load client: sends as fast as it is answered, and counts only whole right answers.

Costs a few microseconds a request, so that one core of it saturates one core of the server. Each
connection does one operation after the other; an operation is one request, or several where each
is made from the answer before (a `Flow`). A wrong answer ends the run: a figure that counts wrong
answers is worth nothing.
"""

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_TICK = os.sysconf("SC_CLK_TCK")
_WHOLE_PROCESS = 2
"""CPUCLOCK_SCHED of every thread together."""


class Wrong(Exception):
    """The server did not answer what it should have."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole response."""

    status: int
    head: bytes
    body: bytes


class Flow(Protocol):
    """What one connection does, again and again."""

    def begin(self) -> bytes | None:
        """The first request of the next operation; None when there is nothing left to do."""

    def answered(self, answer: Answer) -> bytes | None:
        """The operation's next request, None when it is complete; raises `Wrong`."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What happens beside a run and is not counted: a request every so many seconds."""

    requests: Iterator[bytes]
    seconds: float


class Repeated:
    """One request an operation, in turn; an answer is right with its status and a text in it."""

    def __init__(self, requests: Iterator[bytes], *, contains: bytes, status: int = 200) -> None:
        self._requests = requests
        self._contains = contains
        self._status = status

    def begin(self) -> bytes | None:
        return next(self._requests, None)

    def answered(self, answer: Answer) -> bytes | None:
        if answer.status != self._status or self._contains not in answer.body:
            raise Wrong(f"{answer.status}: {answer.body[:300]!r}")
        return None


@dataclass(frozen=True, slots=True)
class Result:
    """What a run saw. Latencies in milliseconds of whole operations, CPU in microseconds each.

    `database_us` is what a database server of its own used, 0 without one; `client_us` what this
    client did. `body_bytes` is the mean length of an operation's answers without their heads.
    """

    operations: int
    seconds: float
    p50: float
    p95: float
    p99: float
    cpu_us: float
    database_us: float = 0.0
    client_us: float = 0.0
    body_bytes: float = 0.0

    @property
    def rate(self) -> float:
        """Operations a second."""
        return self.operations / self.seconds

    @property
    def cores(self) -> float:
        """How many processors were busy with it, the client's part included."""
        return self.rate * (self.cpu_us + self.database_us + self.client_us) / 1e6


class _Connection(asyncio.Protocol):
    """One connection; opened again where the server closes after each answer, as moto's does."""

    _counted = True

    def __init__(self, run: "_Run", port: int, flow: Flow) -> None:
        self._run = run
        self._port = port
        self._flow = flow
        self._buffer = b""
        self._began = 0.0
        self._waiting: bytes | None = None
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[Wrong | None] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        await self._connect()
        self._operate()

    async def _connect(self) -> None:
        opened = await asyncio.get_running_loop().create_connection(
            lambda: self, "127.0.0.1", self._port
        )
        self._transport = opened[0]

    def _operate(self) -> None:
        self._began = time.perf_counter()
        request = self._flow.begin() if self._began < self._run.until else None
        if request is None:
            self._finish(None)
        else:
            self._send(request)

    def _send(self, request: bytes) -> None:
        self._waiting = request
        if self._transport is None:
            self._run.reconnecting(self._again())
        else:
            self._transport.write(request)

    async def _again(self) -> None:
        try:
            await self._connect()
        except OSError as error:
            self._finish(Wrong(f"no further connection: {error}"))
            return
        if self._transport is not None and self._waiting is not None:
            self._transport.write(self._waiting)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        try:
            answer = take(self._buffer)
            if answer is None:
                return
            self._buffer = b""
            self._waiting = None
            if closes(answer.head):
                self._leave()
            self._run.received += len(answer.body) if self._counted else 0
            following = self._flow.answered(answer)
        except Wrong as wrong:
            self._finish(wrong)
            return
        if following is not None:
            self._send(following)
            return
        self._operated(answer)

    def _operated(self, answer: Answer) -> None:
        self._run.ended = time.perf_counter()
        self._run.latencies.append(self._run.ended - self._began)
        self._operate()

    def _leave(self) -> None:
        if self._transport is not None:
            self._transport.close()
        self._transport = None

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and self._transport is not None:
            self._finish(Wrong(f"the connection was lost: {error}"))

    def _finish(self, wrong: Wrong | None) -> None:
        self._leave()
        if self.done.done():
            return
        self.done.set_result(wrong)


class _Timed(_Connection):
    """A connection that waits between its requests, and whose answers count for nothing."""

    _counted = False

    def __init__(self, run: "_Run", port: int, beside: Beside) -> None:
        super().__init__(run, port, Repeated(beside.requests, contains=b"{"))
        self._every = beside.seconds

    def _operated(self, answer: Answer) -> None:
        due = self._began + self._every - time.perf_counter()
        asyncio.get_running_loop().call_later(max(0.0, due), self._operate)


class _Run:
    def __init__(self, seconds: float) -> None:
        self.until = time.perf_counter() + seconds
        self.latencies: list[float] = []
        self.received = 0
        self.ended = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def reconnecting(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def take(buffer: bytes) -> Answer | None:
    """The response in `buffer` once it is whole, else None; `Wrong` for more than that."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = buffer[:end].lower()
    start = head.find(b"\r\ncontent-length:")
    if start < 0:
        raise Wrong(f"an answer without a length: {buffer[:end]!r}")
    length = int(head[start + 17 :].split(b"\r\n", 1)[0])
    have = len(buffer) - end - 4
    if have < length:
        return None
    if have > length:
        raise Wrong("more than one answer to one request")
    return Answer(int(buffer[9:12]), buffer[:end], buffer[end + 4 :])


def closes(head: bytes) -> bool:
    """Whether the server closes the connection after this answer (RFC 9112 §9.3)."""
    lowered = head.lower()
    if b"\r\nconnection: close" in lowered:
        return True
    return lowered.startswith(b"http/1.0") and b"\r\nconnection: keep-alive" not in lowered


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor time that the processes have used so far, user and system."""
    if sys.platform != "linux":
        return _cpu_seconds_in_ticks(pids)
    return sum(map(_cpu_seconds, pids))


def _cpu_seconds(pid: int) -> float:
    """Nothing of a process that has ended meanwhile, as a database's do."""
    try:
        return time.clock_gettime(_cpu_clock(pid))
    except OSError:
        return 0.0


def _cpu_clock(pid: int) -> int:
    """The clock of another process, as clock_getcpuclockid(3) names it on Linux."""
    return (~pid << 3) | _WHOLE_PROCESS


def _cpu_seconds_in_ticks(pids: Sequence[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICK


def run(
    ports: Sequence[int],
    flows: Sequence[Flow],
    *,
    seconds: float,
    pids: Sequence[int],
    database_pids: Callable[[], Sequence[int]] = tuple,
    beside: Beside | None = None,
) -> Result:
    """Each flow on a connection of its own for `seconds`, connections spread over the ports.

    `Wrong` when any answer is. What has begun is waited for and counted.
    """
    cpu, database = cpu_seconds(pids), cpu_seconds(database_pids())
    client, began = time.process_time(), time.perf_counter()
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        done = runner.run(_work(ports, flows, seconds, beside))
    elapsed = done.ended - began
    latencies = done.latencies
    count = len(latencies)
    if not count:
        raise Wrong("nothing was answered")
    in_order = sorted(latency * 1000 for latency in latencies)
    return Result(
        operations=count,
        seconds=elapsed,
        p50=in_order[count // 2],
        p95=in_order[int(count * 0.95)],
        p99=in_order[int(count * 0.99)],
        cpu_us=(cpu_seconds(pids) - cpu) / count * 1e6,
        database_us=max(0.0, cpu_seconds(database_pids()) - database) / count * 1e6,
        client_us=(time.process_time() - client) / count * 1e6,
        body_bytes=done.received / count,
    )


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _work(
    ports: Sequence[int], flows: Sequence[Flow], seconds: float, beside: Beside | None
) -> _Run:
    run = _Run(seconds)
    connections = [
        _Connection(run, port, flow) for port, flow in zip(itertools.cycle(ports), flows)
    ]
    if beside is not None:
        connections.append(_Timed(run, ports[0], beside))
    await asyncio.gather(*(connection.start() for connection in connections))
    for wrong in await asyncio.gather(*(connection.done for connection in connections)):
        if wrong is not None:
            raise wrong
    return run
