"""A small load client: requests made beforehand, sent as fast as they are answered.

Costs a few microseconds a request, so that one core of it saturates one core of the server.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast


@dataclass(frozen=True, slots=True)
class Result:
    """What a run saw. Latencies in milliseconds; `cpu_us` is the server's CPU per request."""

    requests: int
    seconds: float
    failures: int
    p50: float
    p95: float
    p99: float
    cpu_us: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self, requests: "itertools.cycle[bytes]", until: float) -> None:
        self._requests = requests
        self._until = until
        self._buffer = b""
        self._sent = 0.0
        self.latencies: list[float] = []
        self.failures = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is no asyncio.Transport by class, only by what it does.
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        start = self._buffer.lower().find(b"content-length: ", 0, head)
        length = int(self._buffer[start + 16 : self._buffer.index(b"\r\n", start)])
        if len(self._buffer) < head + 4 + length:
            return
        now = time.perf_counter()
        self.latencies.append(now - self._sent)
        self.failures += not self._buffer.startswith(b"HTTP/1.1 200")
        self._buffer = b""
        if now < self._until:
            self._send()
        else:
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.failures += 1
            self.done.set_result(None)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def _run(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> list:
    loop = asyncio.get_running_loop()
    cycle = itertools.cycle(requests)
    until = time.perf_counter() + seconds
    opened = [
        (await loop.create_connection(lambda: _Connection(cycle, until), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for connection in opened))
    return opened


def run(
    port: int, pid: int, requests: Sequence[bytes], *, connections: int = 16, seconds: float = 3.0
) -> Result:
    """Send `requests` in turn for `seconds` and say what was seen."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        from asyncio import new_event_loop
    cpu = _cpu_seconds(pid)
    began = time.perf_counter()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        opened = runner.run(_run(port, requests, connections, seconds))
    elapsed = time.perf_counter() - began
    latencies = sorted(item * 1000 for connection in opened for item in connection.latencies)
    count = len(latencies)
    return Result(
        requests=count,
        seconds=elapsed,
        failures=sum(connection.failures for connection in opened),
        p50=latencies[count // 2],
        p95=latencies[int(count * 0.95)],
        p99=latencies[int(count * 0.99)],
        cpu_us=(_cpu_seconds(pid) - cpu) / count * 1e6,
    )
