"""Running an ASGI application with uvicorn: bounds, TLS, what happens at its start and its end.

Whoever may be believed about addresses is `asgi`'s own matter, so uvicorn believes no header.
"""

import contextlib
import logging
import socket
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn

from genkan.connections import BoundedHttp, Sparingly
from genkan.tls.listener import listen

if TYPE_CHECKING:
    from genkan.tls.certificates import Certificates

_STOP_SECONDS = 10


def serve(
    application: Any,
    *,
    sockets: Sequence[socket.socket],
    certificates: "Certificates | None",
    base_url: str,
    started: Callable[[], None],
) -> None:
    """Serve until told to stop; `SystemExit` when the application could not start.

    `started` runs once connections are accepted.
    """
    logging.getLogger("uvicorn.error").addFilter(Sparingly())
    server = _Server(application, certificates, base_url, started)
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how a person stops it
        server.run(sockets=list(sockets))
    if not server.started:
        raise SystemExit(1)


class _Server(uvicorn.Server):
    def __init__(
        self,
        application: Any,
        certificates: "Certificates | None",
        base_url: str,
        started: Callable[[], None],
    ) -> None:
        super().__init__(_bounded(application))
        self._certificates = certificates
        self._base_url = base_url
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and say so."""
        if self._certificates is None:
            await super().startup(sockets=sockets)
        else:
            await super().startup(sockets=[])
            # Listeners have what uvicorn asks of its servers.
            self.servers = await listen(  # type: ignore[assignment]
                self, sockets or [], self._certificates, base_url=self._base_url
            )
        if self.started:
            self._tell()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, and end without an error; at the second signal at once."""
        # uvicorn's own would raise the signal again after a graceful end.
        self.force_exit = self.should_exit
        self.should_exit = True


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


def log_to_stderr(level: str) -> None:
    """Log lines for people."""
    logging.basicConfig(
        stream=sys.stderr,
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
