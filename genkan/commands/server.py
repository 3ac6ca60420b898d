"""Running ASGI applications with uvicorn: bounds, TLS, what happens at their start and their end.

Whoever may be believed about addresses is `asgi`'s own matter, so uvicorn believes no header.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn

from genkan.connections import BoundedHttp, Sparingly
from genkan.tls.listener import listen

if TYPE_CHECKING:
    from genkan.health import Health
    from genkan.tls.certificates import Certificates

_STOP_SECONDS = 10
_COLLECTED_AFTER = (20_000, 20, 20)
"""Requests leave next to no cycles; the interpreter's own 700 looks for them at every other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is served, and from where.

    `started` runs once connections are accepted. `operations` answers those who operate the node,
    on sockets of its own. Told to stop, the node says so by `health`, and goes on for
    `drain_seconds` before it accepts nobody any more.
    """

    application: Any
    sockets: Sequence[socket.socket]
    base_url: str
    certificates: "Certificates | None" = None
    started: Callable[[], None] = lambda: None
    health: "Health | None" = None
    drain_seconds: float = 0.0
    operations: Any = None
    operations_sockets: Sequence[socket.socket] = ()


def serve(serving: Serving) -> None:
    """Serve until told to stop; `SystemExit` when the application could not start."""
    logging.getLogger("uvicorn.error").addFilter(Sparingly())
    server = _Server(serving)
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how a person stops it
        server.run(sockets=list(serving.sockets))
    if not server.started:
        raise SystemExit(1)


class Beside:
    """A second application on sockets of its own, in an event loop that somebody else runs."""

    def __init__(self, application: Any, sockets: Sequence[socket.socket]) -> None:
        self._server = _Unsignalled(_bounded(application))
        self._sockets = list(sockets)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to accept connections; with no sockets, nothing."""
        if self._sockets:
            self._task = asyncio.create_task(self._server.serve(sockets=self._sockets))

    async def stop(self) -> None:
        """Answer what is asked already, then end."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)


class _Unsignalled(uvicorn.Server):
    """One whose process is told to stop by somebody else."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


class _Server(uvicorn.Server):
    def __init__(self, serving: Serving) -> None:
        super().__init__(_bounded(serving.application))
        self._serving = serving
        self._beside = Beside(serving.operations, serving.operations_sockets)
        self._told = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and say so."""
        certificates = self._serving.certificates
        if certificates is None:
            await super().startup(sockets=sockets)
        else:
            await super().startup(sockets=[])
            # Listeners have what uvicorn asks of its servers.
            self.servers = await listen(  # type: ignore[assignment]
                self, sockets or [], certificates, base_url=self._serving.base_url
            )
        if self.started:
            self._beside.start()
            self._serving.started()
            # What stands now, stands to the end: models, modules, templates. Looking through it
            # for garbage would hold up every request for a twentieth of a second now and then.
            gc.freeze()
            gc.set_threshold(*_COLLECTED_AFTER)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what is asked already, stop the application, and then what tells of it."""
        await super().shutdown(sockets=sockets)
        await self._beside.stop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order, and end without an error; a second Ctrl-C skips the order."""
        # uvicorn's own would raise the signal again after a graceful end.
        if self._told:
            self.should_exit = True
            # Supervisors repeat SIGTERM without meaning more by it than "drain no longer".
            self.force_exit = self.force_exit or sig == signal.SIGINT
            return
        self._told = True
        if self._serving.health is not None:
            self._serving.health.begin_stopping()
        if self._serving.drain_seconds:
            self._stop_later(asyncio.get_running_loop())
        else:
            self.should_exit = True

    def _stop_later(self, loop: asyncio.AbstractEventLoop) -> None:
        def stop() -> None:
            self.should_exit = True

        loop.call_soon_threadsafe(loop.call_later, self._serving.drain_seconds, stop)


def _bounded(application: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=BoundedHttp,
        ws="none",
        loop="auto",
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=75,
        limit_concurrency=2_000,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
