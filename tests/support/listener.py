"""What stands before a server: a port of both loopbacks, and an event loop in a thread of its own.

Owns: the thread, taking connections, and their end. Leaves to subclasses what becomes of one.
"""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Coroutine
from typing import Any

from tests.support.server import ANSWER_SECONDS, free_port


class Listener:
    """Listens from now on until it is closed; `tls`: for connections of TLS."""

    def __init__(self, port: int | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.port = port or free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []
        self._do(self._listen(tls))

    def close(self) -> None:
        """Take no connections any more, and close those there are."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, until this returns."""
        raise NotImplementedError

    async def _listen(self, tls: ssl.SSLContext | None) -> None:
        await self._listen_on("127.0.0.1", tls)
        with contextlib.suppress(OSError):  # a machine without IPv6
            await self._listen_on("::1", tls)

    async def _listen_on(self, address: str, tls: ssl.SSLContext | None) -> None:
        made = await asyncio.start_server(self._take, address, self.port, backlog=1024, ssl=tls)
        self._servers.append(made)

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_SECONDS)
