"""A small TCP forwarder: what stands in front of nodes, or between a node and its database.

It takes connections on a port of both loopbacks and passes bytes on to the first of its targets
that answers, each new connection beginning with the next target. It can stop passing on without
closing anything (a network that swallows everything), and cut what it has.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from tests.support.listener import Listener

_CHUNK = 65536


class Forwarder(Listener):
    """`targets` says, for each new connection, which ports of the loopback there are now."""

    def __init__(self, targets: Callable[[], Sequence[int]], port: int | None = None) -> None:
        self._targets = targets
        self._turn = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        super().__init__(port)

    def freeze(self) -> None:
        """Pass nothing on, in neither direction; connections stay open, new ones are taken."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def thaw(self) -> None:
        """Pass on again, first of all what was held back."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    def cut(self) -> None:
        """Close every connection."""

        async def close() -> None:
            for writer in self._writers:
                writer.transport.abort()

        self._do(close())

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = await self._target()
        if target is None:
            writer.transport.abort()
            return
        other_reader, other_writer = target
        ends = {writer, other_writer}
        self._writers |= ends
        try:
            await asyncio.gather(
                self._pass_on(reader, other_writer), self._pass_on(other_reader, writer)
            )
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _target(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        ports = self._targets()
        self._turn += 1
        for number in range(len(ports)):
            port = ports[(self._turn + number) % len(ports)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                await self._flowing.wait()
                writer.write(chunk)
                await writer.drain()
        # One half's end is the connection's: what a killed process leaves must not look alive.
        writer.close()
