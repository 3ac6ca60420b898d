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
from dataclasses import dataclass
from typing import Any

from genkan import health
from genkan.core import ids, trace
from genkan.core.addresses import Network
from genkan.core.call import Origin
from genkan.core.trace import Trace
from genkan.forwarded import TrustedProxies
from genkan.fronts.aws.gateway import Gateway
from genkan.health import Health
from genkan.metrics import Metrics, error_code
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
_REQUEST_ID = b"x-amzn-requestid"
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
    are no such paths; without `metrics` nothing is counted.
    """

    def __init__(
        self,
        *,
        gateway: Gateway,
        web: Callable[[Scope, Receive, Send], Awaitable[None]],
        allowed_hosts: frozenset[str],
        started: Callable[[], Awaitable[None]],
        stopped: Callable[[], Awaitable[None]],
        trusted_proxies: Sequence[Network] = (),
        health: Health | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._gateway = gateway
        self._web = web
        self._allowed_hosts = frozenset(host.encode() for host in allowed_hosts)
        self._started = started
        self._stopped = stopped
        self._proxies = TrustedProxies(trusted_proxies) if trusted_proxies else None
        self._health = health
        self._metrics = metrics

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
            self._proxies.believe(scope)
        if self._health is not None:
            if scope["path"] in health.PATHS:
                await self._health.answer(scope, send)
                return
            if self._health.stopping:
                send = health.closing(send)
        running = Trace(request_id=request_id)
        trace.current.set(running)  # of this request's task alone
        answered = _Answered()
        began = time.perf_counter()
        try:
            await self._route(scope, receive, send, answered)
        finally:
            if answered.status:
                self._tell(scope, running, answered, time.perf_counter() - began)

    async def _route(
        self, scope: Scope, receive: Receive, send: Send, answered: "_Answered"
    ) -> None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self._allowed_hosts:
            await _refuse(scope, send, answered, 421, b"does not answer under that host name")
            return
        if len(scope["raw_path"]) + len(scope["query_string"]) > TARGET_LIMIT:
            await _refuse(scope, send, answered, 414, b"takes no request target that long")
            return
        aws = _is_aws(scope)
        answered.front = "aws" if aws else "pages"
        try:
            body = await _read(receive, _body_limit(scope) if aws else WEB_BODY_LIMIT)
        except TooLarge:
            await _refuse(scope, send, answered, 413, b"takes no request body that large")
        except HungUp:
            return
        else:
            front = self._aws if aws else self._pages
            await front(scope, body, receive, send, answered)

    def _tell(self, scope: Scope, running: Trace, answered: "_Answered", seconds: float) -> None:
        """Count and log a request that was answered."""
        if self._metrics is None and not _access.isEnabledFor(logging.INFO):
            return
        operation = _page(scope) if answered.front == "pages" else running.operation
        if self._metrics is not None:
            running.refusal = answered.error or running.refusal
            self._metrics.request(answered.front, running, operation, answered.status, seconds)
        if _access.isEnabledFor(logging.INFO):
            client = scope.get("client")
            fields = {
                "method": scope["method"],
                "path": _shown_path(scope),
                "status": answered.status,
                "duration_ms": round(seconds * 1000, 1),
                "operation": operation,
                "source_ip": client[0] if client else "",
                "bytes": answered.size,
            }
            _access.info(
                "%(method)s %(path)s %(status)s",
                fields,
                extra={"event": "request", "fields": fields, "told": 3},
            )

    async def _aws(
        self, scope: Scope, body: bytes, receive: Receive, send: Send, answered: "_Answered"
    ) -> None:
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
        answered.status = response.status
        answered.size = len(response.body)
        if response.status >= 400:
            answered.error = error_code(response)
        await _send(send, response)

    async def _pages(
        self, scope: Scope, body: bytes, receive: Receive, send: Send, answered: "_Answered"
    ) -> None:
        unread = True

        async def read_before() -> MutableMapping[str, Any]:
            nonlocal unread
            if not unread:
                return await receive()
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}

        async def watched(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answered.status = message["status"]
                request_id = (_REQUEST_ID, scope["genkan.request_id"].encode())
                message["headers"] = [*message.get("headers", ()), request_id]
            else:
                answered.size += len(message.get("body", b""))
            await send(message)

        await self._web(scope, read_before, watched)


@dataclass(slots=True)
class _Answered:
    """What an answer turned out to be; no status means none."""

    front: str = "none"
    status: int = 0
    size: int = 0
    error: str = ""


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


async def _refuse(
    scope: Scope, send: Send, answered: _Answered, status: int, sentence: bytes
) -> None:
    body = b"This server %b.\n" % sentence
    answered.status, answered.size = status, len(body)
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (_REQUEST_ID, scope["genkan.request_id"].encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _page(scope: Scope) -> str:
    """The name of the function that answered, which Starlette's routing leaves behind."""
    return str(getattr(scope.get("endpoint"), "__name__", "")).strip("_")
