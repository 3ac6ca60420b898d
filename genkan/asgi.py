"""The outermost ASGI application: request id, host allowlist, size limits, route ownership.

Owns which front answers a route on the one port (DESIGN §5) and what every answer carries. Leaves
everything else to the fronts, what a client sends before there is a request to `connections`, what
proxies say to `forwarded`, and whether the node is ready to `health`.
Invariants: a request under a foreign host name reaches no front (only health is asked by address);
no body is read beyond its front's limit, and none reaches a front in part; a bug is answered 500
with the request id and nothing more; the log shows a path as it was sent, so that no line of it can
be forged.
"""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from genkan import forwarded, health
from genkan.core import ids
from genkan.core.call import Origin
from genkan.forwarded import TrustedProxies
from genkan.fronts.aws.gateway import Gateway
from genkan.health import Health
from genkan.protocols.aws.wire import Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

AWS_BODY_LIMIT = 1_048_576
UNSIGNED_BODY_LIMIT = 65_536
"""Of the routes where anybody may ask: a million characters are work to read."""
WEB_BODY_LIMIT = 262_144
TARGET_LIMIT = 65_536
_UNSIGNED_PATHS = frozenset({"/token", "/client/register", "/device_authorization"})
_AWS_PATHS = _UNSIGNED_PATHS | {"/logout"}
_AWS_PREFIXES = ("/assignment/", "/federation/")
_SECRET_PATH = "/sandbox/reset/"  # noqa: S105 - a route whose last segment is the secret
_access = logging.getLogger("genkan.access")
_log = logging.getLogger("genkan.asgi")


class TooLarge(Exception):
    """The body is longer than its front accepts."""


class HungUp(Exception):
    """The client went away before its request was whole. Nobody waits for an answer."""


class Server:
    """The application that uvicorn runs.

    `started` and `stopped` run with the event loop: workers start and the database closes there.
    `trusted_proxies` are believed about the client's address and scheme. Without `health` there
    are no such paths.
    """

    def __init__(
        self,
        *,
        gateway: Gateway,
        web: Callable[[Scope, Receive, Send], Awaitable[None]],
        allowed_hosts: frozenset[str],
        started: Callable[[], Awaitable[None]],
        stopped: Callable[[], Awaitable[None]],
        trusted_proxies: Sequence[forwarded.Network] = (),
        health: Health | None = None,
    ) -> None:
        self._gateway = gateway
        self._web = web
        self._allowed_hosts = frozenset(host.encode() for host in allowed_hosts)
        self._started = started
        self._stopped = stopped
        self._proxies = TrustedProxies(trusted_proxies) if trusted_proxies else None
        self._health = health

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
        if self._health is not None:
            self._health.begin_stopping()
        await self._stopped()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = ids.request_id()
        scope["genkan.request_id"] = request_id
        if self._proxies is not None:
            _believe(self._proxies, scope)
        if self._health is not None:
            if scope["path"] in health.PATHS:
                await self._health.answer(scope, send)
                return
            if self._health.stopping:
                send = _closing(send)
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
        aws = _is_aws(scope)
        try:
            body = await _read(receive, _body_limit(scope) if aws else WEB_BODY_LIMIT)
        except TooLarge:
            status = 413
            await _plain(send, status, b"The request body is too large.\n", request_id)
        except HungUp:
            return
        else:
            front = self._aws if aws else self._pages
            status = await front(scope, body, receive, send)
        if _access.isEnabledFor(logging.INFO):
            _access.info(
                "%s %s %s %.1fms %s",
                scope["method"],
                _shown_path(scope),
                status,
                (time.perf_counter() - began) * 1000,
                request_id,
            )

    async def _aws(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> int:
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
            request_id=scope["genkan.request_id"],
            source_ip=client[0] if client else "",
            user_agent=agent.decode("latin-1"),
            secure_transport=scope["scheme"] == "https",
        )
        response = await self._gateway.answer(request, origin)
        await _send(send, response)
        return response.status

    async def _pages(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> int:
        status = 0
        unread = True

        async def read_before() -> MutableMapping[str, Any]:
            nonlocal unread
            if not unread:
                return await receive()
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._web(scope, read_before, watched)
        return status


def _believe(proxies: TrustedProxies, scope: Scope) -> None:
    """Put the client in the place of a trusted peer, for everybody who asks from now on."""
    client = scope.get("client")
    if client is None or not proxies.trusts(client[0]):
        return
    scope["client"] = (proxies.client(client[0], scope["headers"]), 0)
    scope["scheme"] = forwarded.scheme(scope["scheme"], scope["headers"])


def _closing(send: Send) -> Send:
    """Tell the client to come back on another connection: this one's node is about to go."""

    async def closing(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [field for field in message.get("headers", ()) if field[0] != b"connection"]
            message["headers"] = [*headers, (b"connection", b"close")]
        await send(message)

    return closing


def _is_aws(scope: Scope) -> bool:
    path: str = scope["path"]
    if path == "/":
        if scope["method"] == "POST":
            return True
        query: bytes = scope["query_string"]
        return b"Action=" in query or b"X-Amz-Signature=" in query
    return path in _AWS_PATHS or path.startswith(_AWS_PREFIXES)


def _body_limit(scope: Scope) -> int:
    return UNSIGNED_BODY_LIMIT if scope["path"] in _UNSIGNED_PATHS else AWS_BODY_LIMIT


def _shown_path(scope: Scope) -> str:
    """The path as it was sent: a decoded one may hold a line break, and lines after it."""
    path: str = scope["path"]
    if path.startswith(_SECRET_PATH):
        return f"{_SECRET_PATH}***"
    raw: bytes = scope["raw_path"]
    return raw.decode("ascii", "backslashreplace")


async def _read(receive: Receive, limit: int) -> bytes:
    """The whole body. `TooLarge` beyond `limit`; `HungUp` when the client leaves in the middle."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


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
