"""The outermost ASGI application: request id, host allowlist, size limits, route ownership.

Owns which front answers a route on the one port (DESIGN §5) and what every answer carries. Leaves
everything else to the fronts. Invariants: a request under a foreign host name reaches no front; no
body is read beyond its front's limit; a bug is answered 500 with the request id and nothing more.
"""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from genkan.core import ids
from genkan.core.call import Origin
from genkan.fronts.aws.gateway import Gateway
from genkan.protocols.aws.wire import Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

AWS_BODY_LIMIT = 1_048_576
WEB_BODY_LIMIT = 262_144
TARGET_LIMIT = 65_536
_AWS_PATHS = frozenset({"/token", "/client/register", "/device_authorization", "/logout"})
_AWS_PREFIXES = ("/assignment/", "/federation/")
_access = logging.getLogger("genkan.access")
_log = logging.getLogger("genkan.asgi")


class TooLarge(Exception):
    """The body is longer than its front accepts."""


class Server:
    """The application that uvicorn runs.

    `started` and `stopped` run with the event loop: workers start and the database closes there.
    """

    def __init__(
        self,
        *,
        gateway: Gateway,
        web: Callable[[Scope, Receive, Send], Awaitable[None]],
        allowed_hosts: frozenset[str],
        started: Callable[[], Awaitable[None]],
        stopped: Callable[[], Awaitable[None]],
    ) -> None:
        self._gateway = gateway
        self._web = web
        self._allowed_hosts = frozenset(host.encode() for host in allowed_hosts)
        self._started = started
        self._stopped = stopped

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event of the ASGI server."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._started()
        except Exception as error:
            _log.exception("the server could not start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stopped()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = ids.request_id()
        scope["genkan.request_id"] = request_id
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self._allowed_hosts:
            await _plain(
                send, 421, b"This server does not answer under that host name.\n", request_id
            )
            return
        if len(scope["raw_path"]) + len(scope["query_string"]) > TARGET_LIMIT:
            await _plain(send, 414, b"The request target is too long.\n", request_id)
            return
        began = time.perf_counter()
        if _is_aws(scope):
            status = await self._aws(scope, receive, send, request_id)
        else:
            status = await self._pages(scope, receive, send, request_id)
        if _access.isEnabledFor(logging.INFO):
            _access.info(
                "%s %s %s %.1fms %s",
                scope["method"],
                scope["path"],
                status,
                (time.perf_counter() - began) * 1000,
                request_id,
            )

    async def _aws(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> int:
        try:
            body = await _read(receive, AWS_BODY_LIMIT)
        except TooLarge:
            await _plain(send, 413, b"The request body is too large.\n", request_id)
            return 413
        request = Request(
            method=scope["method"],
            path=scope["raw_path"],
            query=scope["query_string"],
            headers=scope["headers"],
            body=body,
        )
        client = scope.get("client")
        agent = request.header(b"user-agent") or b""
        origin = Origin(
            request_id=request_id,
            source_ip=client[0] if client else "",
            user_agent=agent.decode("latin-1"),
            secure_transport=scope["scheme"] == "https",
        )
        response = await self._gateway.answer(request, origin)
        await _send(send, response)
        return response.status

    async def _pages(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> int:
        status = received = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > WEB_BODY_LIMIT:
                raise TooLarge
            return message

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._web(scope, counted, watched)
        except TooLarge:
            await _plain(send, 413, b"The request body is too large.\n", request_id)
            return 413
        return status


def _is_aws(scope: Scope) -> bool:
    path: str = scope["path"]
    if path == "/":
        if scope["method"] == "POST":
            return True
        query: bytes = scope["query_string"]
        return b"Action=" in query or b"X-Amz-Signature=" in query
    return path in _AWS_PATHS or path.startswith(_AWS_PREFIXES)


async def _read(receive: Receive, limit: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > limit:
            raise TooLarge
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise TooLarge
    return b"".join(parts)


async def _send(send: Send, response: Response) -> None:
    length = (b"content-length", str(len(response.body)).encode())
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [*response.headers, length],
        }
    )
    await send({"type": "http.response.body", "body": response.body})


async def _plain(send: Send, status: int, body: bytes, request_id: str) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-requestid", request_id.encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
