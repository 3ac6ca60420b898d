"""`asgi.Server` driven without a socket: one request, its answer, and what its front was told."""

import asyncio
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from genkan.asgi import Server
from genkan.core.call import Origin
from genkan.protocols.aws.wire import Request, Response

HOST = "genkan.example"


@dataclass
class Answer:
    """A whole answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> str:
        """The one header of this name; empty without any."""
        found = [value.decode() for key, value in self.headers if key == name.encode()]
        assert len(found) <= 1
        return found[0] if found else ""


class Listening:
    """Stands for the AWS front and for the pages; remembers where requests came from."""

    def __init__(self) -> None:
        self.origins: list[Origin] = []
        self.clients: list[tuple[str, str]] = []
        self.hosts: list[bytes | None] = []

    async def answer(self, request: Request, origin: Origin) -> Response:
        self.origins.append(origin)
        self.hosts.append(request.header(b"host"))
        return Response(status=200, headers=[(b"x-amzn-requestid", b"id")], body=b"{}")

    async def pages(self, scope: Any, receive: Any, send: Any) -> None:
        self.clients.append((scope["client"][0], scope["scheme"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})


async def _nothing() -> None:
    pass


def a_server(front: Listening | None = None, **options: Any) -> Server:
    """A server under `HOST` with that front."""
    front = front or Listening()
    return Server(
        gateway=front,  # type: ignore[arg-type]
        web=front.pages,
        allowed_hosts=frozenset({HOST}),
        started=options.pop("started", _nothing),
        stopped=options.pop("stopped", _nothing),
        **options,
    )


async def ask(
    application: Any,
    path: str,
    *,
    method: str = "GET",
    host: str = HOST,
    client: str | None = "192.0.2.7",
    scheme: str = "http",
    headers: Sequence[tuple[str, str]] | Mapping[str, str] = (),
    body: bytes = b"",
) -> Answer:
    """What the application answers to one request."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": scheme,
        "client": (client, 4711) if client else None,
        "headers": [(b"host", host.encode()), *((k.encode(), v.encode()) for k, v in pairs)],
    }
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await asyncio.create_task(application(scope, receive, send))  # as servers do
    return Answer(
        status=sent[0]["status"],
        headers=list(sent[0]["headers"]),
        body=b"".join(message.get("body", b"") for message in sent[1:]),
    )
