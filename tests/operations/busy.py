"""Connections that ask one thing after the other until the server closes them."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

PATIENCE_SECONDS = 120


@dataclass
class Connection:
    """What one connection sent and got. Names are those of requests, in order."""

    sent: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    cut_off: list[bytes] = field(default_factory=list)
    said_close: bool = False


async def keep_asking(
    port: int,
    number: int,
    request: Callable[[str], bytes],
    made: Connection,
    trusted: ssl.SSLContext | None = None,
) -> Connection:
    """Ask on one connection until it ends; `request` makes the bytes for a name."""
    name = "localhost" if trusted else None
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=trusted, server_hostname=name
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not made.said_close:
            name = f"busy-{number}-{len(made.sent)}"
            made.sent.append(name)
            head = b""
            try:
                writer.write(request(name))
                await writer.drain()
                head = await reader.readuntil(b"\r\n\r\n")
                fields = _fields(head)
                await reader.readexactly(int(fields[b"content-length"]))
            except asyncio.IncompleteReadError as error:
                if head or error.partial:
                    made.cut_off.append(head + error.partial)
                break
            except (ConnectionError, ssl.SSLError):
                if head:
                    made.cut_off.append(head)
                break
            if head.startswith(b"HTTP/1.1 200 "):
                made.answered.append(name)
            else:
                made.refused.append(head)
            made.said_close = fields.get(b"connection") == b"close"
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        # Whoever was told that it ends here must see the end.
        if made.said_close and await reader.read():
            made.cut_off.append(b"bytes after the end")
        writer.close()
    return made


def _fields(head: bytes) -> dict[bytes, bytes]:
    lines = head.split(b"\r\n")[1:]
    pairs = (line.partition(b":") for line in lines if line)
    return {name.lower(): value.strip() for name, _, value in pairs}
