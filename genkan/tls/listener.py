"""Accepting connections on a TLS port: one look at the first byte, then the handshake.

Whoever speaks plain HTTP here is told the right address instead of getting a broken connection.
What strangers may hold before the handshake is bounded in time and number; nothing of it is logged.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any

from genkan.tls.certificates import Certificates

HANDSHAKE_SECONDS = 10.0
"""From the connection to its first byte, and again until the handshake is done."""
FAREWELL_SECONDS = 1.0
"""How long a closed connection waits for the client's word: a stop waits as long for idle ones."""
MOST_GREETED = 1_000
"""Connections that are not yet encrypted."""

_BACKLOG = 2048
_TLS_HANDSHAKE = b"\x16"
_DRAINED_BYTES = 65_536
_log = logging.getLogger("genkan.tls")


class Listener:
    """Accepts on one socket until closed. Has what uvicorn asks of an `asyncio.Server`."""

    def __init__(
        self,
        listening: socket.socket,
        certificates: Certificates,
        make_protocol: Callable[[], asyncio.BaseProtocol],
        *,
        base_url: str,
    ) -> None:
        self._socket = listening
        self._certificates = certificates
        self._make_protocol = make_protocol
        self._hint = _plain_http_answer(base_url)
        self._greeted: set[asyncio.Task[None]] = set()
        listening.setblocking(False)
        listening.listen(_BACKLOG)
        self._accepting = asyncio.create_task(self._accept())

    def close(self) -> None:
        """Accept nobody from now on; connections that stand are left alone."""
        self._accepting.cancel()
        for task in self._greeted:
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait until nothing of it runs."""
        await asyncio.gather(self._accepting, *self._greeted, return_exceptions=True)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._socket)
            except OSError as error:
                # Out of descriptors, most likely: the next ones must wait for some to be closed.
                _log.warning("no connection can be accepted: %s", error.strerror)
                await asyncio.sleep(0.5)
                continue
            if len(self._greeted) >= MOST_GREETED:
                connection.close()
                continue
            task = asyncio.create_task(self._greet(connection))
            self._greeted.add(task)
            task.add_done_callback(self._greeted.discard)

    async def _greet(self, connection: socket.socket) -> None:
        handed_over = False
        with contextlib.suppress(OSError, TimeoutError):
            try:
                async with asyncio.timeout(HANDSHAKE_SECONDS):
                    first = await _first_byte(connection)
                if first == _TLS_HANDSHAKE:
                    handed_over = True
                    await self._shake_hands(connection)
                elif first.isalpha():
                    async with asyncio.timeout(HANDSHAKE_SECONDS):
                        await _say(connection, self._hint)
            finally:
                if not handed_over:
                    connection.close()

    async def _shake_hands(self, connection: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(
            self._make_protocol,
            connection,
            ssl=self._certificates.context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=FAREWELL_SECONDS,
        )


async def _first_byte(connection: socket.socket) -> bytes:
    """Look without taking: the handshake must find it. Empty when the client has gone."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def readable() -> None:
        if not ready.done():
            ready.set_result(None)

    try:
        loop.add_reader(connection, readable)
    except NotImplementedError:  # Windows' own event loop: there the handshake finds out
        return _TLS_HANDSHAKE
    try:
        await ready
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)


async def _say(connection: socket.socket, answer: bytes) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, answer)
    connection.shutdown(socket.SHUT_WR)
    # Closing over unread bytes would reset the connection, and the answer with it.
    drained = 0
    while drained < _DRAINED_BYTES and (got := await loop.sock_recv(connection, 4096)):
        drained += len(got)


def _plain_http_answer(base_url: str) -> bytes:
    body = f"This port speaks https: {base_url}/\n".encode()
    return (
        b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
        b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)
    )


async def listen(
    server: Any, sockets: list[socket.socket], certificates: Certificates, *, base_url: str
) -> list[Listener]:
    """Listeners for a `uvicorn.Server` that has started without any."""

    def make_protocol() -> asyncio.BaseProtocol:
        made: asyncio.BaseProtocol = server.config.http_protocol_class(
            config=server.config,
            server_state=server.server_state,
            app_state=server.lifespan.state,
        )
        return made

    return [
        Listener(listening, certificates, make_protocol, base_url=base_url) for listening in sockets
    ]
