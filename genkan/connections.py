"""What a client may send before there is a request: bounds on uvicorn's HTTP/1.1 connections.

uvicorn reads with httptools, which keeps whatever a head holds and waits for it without end. Owns
those bounds: the bytes of a request beside its body, the number of its header fields, the time in
which it must have come, and how much is logged of what breaks them. Leaves bodies to `asgi`.

Invariants: a stranger's connection holds a bounded amount of memory for a bounded time; a trailer
never becomes a header field, since it comes after the fields were judged; a body is chunked in the
one way that every proxy reads alike (request smuggling, RFC 9112 §11.2).
"""

import asyncio
import logging
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT = 131_072
"""Bytes of a request that are not its body: target, header fields, chunk sizes."""
FIELD_LIMIT = 100
"""Header fields of one request."""
REQUEST_SECONDS = 60.0
"""From the first byte of a request, or from the connection, until the request is whole."""
LINES_A_SECOND = 10
_CODING = b"transfer-encoding"


class BadHead(Exception):
    """Too many header fields, fields where none belong, or a coding with two readings."""


class BoundedHttp(HttpToolsProtocol):
    """One connection. A broken bound is answered 400, or not at all, and closes it."""

    _beside_body = 0
    _whole = False
    _in_body = False
    _coded = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_whole()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._whole = False
        self._beside_body += len(data)
        super().data_received(data)
        if self._whole:
            self._stop_waiting()
        elif self._beside_body > HEAD_LIMIT:
            self.transport.close()
        elif self._deadline is None and not self.transport.is_closing():
            self._await_whole()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._beside_body = 0
        self._whole = False
        self._in_body = False
        self._coded = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body or len(self.headers) >= FIELD_LIMIT:
            raise BadHead
        if len(name) == len(_CODING) and name.lower() == _CODING:
            if self._coded or value.lower() != b"chunked":
                raise BadHead
            self._coded = True
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._beside_body = max(0, self._beside_body - len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._whole = True
        super().on_message_complete()

    def _await_whole(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Sparingly(logging.Filter):
    """Lets a few records a second through: what strangers cause must not fill the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._second = 0
        self._seen = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this record is one of the first of its second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._seen = second, 0
        self._seen += 1
        return self._seen <= LINES_A_SECOND
