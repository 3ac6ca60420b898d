"""Whether this node is alive and ready, and the application that tells those who operate it.

Owns `/healthz` (the event loop answers), `/readyz` (requests can be answered now), the bound on
what asking costs, and the word that the node is stopping. Leaves to others: who may reach them
(`asgi` on the main port, whoever binds `Operations`), what `/metrics` says (`metrics`).

Invariants: however many ask, a check runs at most once a second and never beside itself; an answer
names the check that failed and nothing else; a node that stops is not ready from that moment on.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping, Sequence
from typing import Any

from genkan.core import ids
from genkan.core.app import Transactions
from genkan.core.call import Call, Operation, Origin, Owner, System
from genkan.db.database import Row, Tx
from genkan.db.release import misfit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Check = Callable[[], Coroutine[Any, Any, bool]]

ALIVE, READY, METRICS = "/healthz", "/readyz", "/metrics"
PATHS = frozenset({ALIVE, READY})
PROBE_SECONDS = 1.0
"""How long one answer of the checks is good for."""
DEADLINE_SECONDS = 2.0
"""What a check may take before it counts as failed."""
STOPPING = "stopping"
_log = logging.getLogger("genkan.health")
_LOOK = Operation(name="ProbeReadiness", run=lambda tx: None, access=System(), reads="point")


class Health:
    """The node's readiness: every check passes and nobody told it to stop.

    A check answers whether it passes; raising, or taking too long, is failing. They run in their
    order, and the first that fails is named.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        probe_seconds: float = PROBE_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._checks = checks
        self._probe_seconds = probe_seconds
        self._deadline_seconds = deadline_seconds
        self._probing: asyncio.Task[None] | None = None
        self._probed_at = float("-inf")
        self._hanging: dict[str, asyncio.Task[bool]] = {}
        self._failing = ""
        self.stopping = False

    def begin_stopping(self) -> None:
        """The node is told to stop: it is not ready any more. Safe to call in a signal handler."""
        self.stopping = True

    async def failing(self) -> str:
        """The name of the first check that fails, `stopping`, or nothing when the node is ready."""
        if self.stopping:
            return STOPPING
        if self._probing is None and time.monotonic() - self._probed_at >= self._probe_seconds:
            self._probing = asyncio.create_task(self._probe(), name="genkan-readiness")
        if self._probing is not None:
            await asyncio.shield(self._probing)
        return STOPPING if self.stopping else self._failing

    async def _probe(self) -> None:
        try:
            failing = ""
            for name, check in self._checks.items():
                if not await self._passes(name, check):
                    failing = name
                    break
            if failing and failing != self._failing:
                _log.warning("not ready: %s", failing)
            elif self._failing and not failing:
                _log.warning("ready again")
            self._failing = failing
        finally:
            self._probed_at = time.monotonic()
            self._probing = None

    async def _passes(self, name: str, check: Check) -> bool:
        # One that hung is waited for, not asked again: it may hold a thread of the database.
        task = self._hanging.pop(name, None)
        if task is None or task.done():
            task = asyncio.create_task(check(), name=f"genkan-check-{name}")
        await asyncio.wait([task], timeout=self._deadline_seconds)
        if not task.done():
            self._hanging[name] = task
            return False
        error = task.exception()
        if error is not None:
            _log.info("check %s: %s: %s", name, type(error).__name__, error)
        return error is None and task.result()

    async def answer(self, scope: Scope, send: Send) -> int:
        """Answer a request for one of `PATHS`; the status."""
        failing = await self.failing() if scope["path"] == READY else ""
        if scope["method"] not in ("GET", "HEAD"):
            return await respond(scope, send, 405, b"", headers=[(b"allow", b"GET, HEAD")])
        if failing:
            body = b'{"status":"unavailable","failing":"%b"}\n' % failing.encode()
            return await respond(scope, send, 503, body)
        return await respond(scope, send, 200, b'{"status":"ok"}\n')


def database_checks(db: Transactions) -> dict[str, Check]:
    """Whether the database answers, and whether its schema is one that this release works on."""
    fitting: Row | None = None

    async def answers() -> bool:
        await db.point(_call(), lambda tx: tx.one("SELECT 1"))
        return True

    async def fits() -> bool:
        nonlocal fitting
        steps, problem = await db.point(_call(), lambda tx: _fit(tx, fitting))
        if not problem:
            fitting = steps
        return not problem

    return {"database": answers, "schema": fits}


def _fit(tx: Tx, fitting: Row | None) -> tuple[Row | None, str]:
    """Which steps were taken, and what is wrong with them; `fitting` are known to be good."""
    steps = tx.one("SELECT COUNT(*), MAX(number) FROM schema_migrations")
    return steps, "" if steps == fitting else misfit(_Rows(tx))


class _Rows:
    """A transaction as `db.database.Connection`, for reading."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def run(self, sql: str, parameters: Sequence[Any]) -> int:
        return self._tx.run(sql, *parameters)

    def one(self, sql: str, parameters: Sequence[Any]) -> Row | None:
        return self._tx.one(sql, *parameters)

    def all(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        return self._tx.all(sql, *parameters)


def _call() -> Call:
    return Call(
        operation=_LOOK,
        params={},
        caller=Owner(reason="readiness"),
        origin=Origin(request_id=ids.request_id()),
        event_source="health.genkan",
    )


class Operations:
    """The application of the operations port: health, readiness, metrics.

    It knows no host names and no callers: bind it where only those who operate the node can reach
    it. `metrics` gives the type and the text of a scrape; without it there is no such path.
    """

    def __init__(
        self,
        health: Health,
        metrics: Callable[[], Awaitable[tuple[str, bytes]]] | None = None,
    ) -> None:
        self._health = health
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event of the ASGI server."""
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "http":
            await self._http(scope, send)

    async def _http(self, scope: Scope, send: Send) -> None:
        if scope["path"] in PATHS:
            await self._health.answer(scope, send)
        elif scope["path"] == METRICS and self._metrics is not None:
            if scope["method"] not in ("GET", "HEAD"):
                await respond(scope, send, 405, b"", headers=[(b"allow", b"GET, HEAD")])
                return
            kind, text = await self._metrics()
            await respond(scope, send, 200, text, kind=kind.encode())
        else:
            await respond(scope, send, 404, b"")


async def respond(
    scope: Scope,
    send: Send,
    status: int,
    body: bytes,
    *,
    kind: bytes = b"application/json",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> int:
    """Send one short answer that nobody may keep; its status."""
    request_id = scope.get("genkan.request_id") or ids.request_id()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", kind),
                (b"content-length", str(len(body)).encode()),
                (b"cache-control", b"no-store"),
                (b"x-amzn-requestid", request_id.encode()),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
    return status


def closing(send: Send) -> Send:
    """Tell the client to come back on another connection: this one's node is about to go."""

    async def telling(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [field for field in message.get("headers", ()) if field[0] != b"connection"]
            message["headers"] = [*headers, (b"connection", b"close")]
        await send(message)

    return telling
