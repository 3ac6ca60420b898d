"""What stands in front of two nodes so that every request goes to another one than the last.

`Forwarder` gives a whole connection to a node, and a client keeps its connection: its reads would
never meet what another node remembers. Here each request of a connection has a connection of its
own to the node whose turn it is. Bytes are passed on as they come and only watched: a connection on
which anything else than plain requests and answers of known lengths is seen stays with its node.
"""

import asyncio
import contextlib
import itertools
import re
import socket
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.support.listener import Listener

_USUAL = "127.0.0.1"
_CHUNK = 65536
_LONGEST_HEAD = 65536
_LAST_ANSWER_SECONDS = 60
_GOODBYE_SECONDS = 1
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([0-9]{1,12})[ \t]*\r$")
_UNUSUAL = re.compile(rb"(?im)^(transfer-encoding:|expect:|upgrade:|connection:[ \t]*close)")
_REQUEST = re.compile(rb"(?s)(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) [^\r\n]* HTTP/1\.1\r\n")
_ANSWER = re.compile(rb"(?s)HTTP/1\.1 ([2-5][0-9][0-9]) ")
_NO_BODY = frozenset({b"204", b"304"})


class _Message:
    """One request or answer as it passes: whether it is plain, and whether it is all there."""

    def __init__(self, start: re.Pattern[bytes]) -> None:
        self._start = start
        self._head: bytes | None = b""
        self._missing = 0
        self.plain = True
        self.word = b""
        """The request's method, the answer's status."""

    @property
    def begun(self) -> bool:
        """Whether there is anything of it."""
        return self._head != b""

    @property
    def complete(self) -> bool:
        """Whether nothing of it is missing."""
        return self._head is None and self._missing == 0

    def feed(self, chunk: bytes, *, bodiless: bool = False) -> None:
        """Watch some bytes; `bodiless`: whatever it says of a length, no body follows."""
        if self._head is None:
            self._missing -= len(chunk)
        else:
            head, found, body = (self._head + chunk).partition(b"\r\n\r\n")
            if found:
                self._read(head + b"\r\n", bodiless=bodiless)
                self._missing -= len(body)
            else:
                self._head = head
                self.plain = self.plain and len(head) < _LONGEST_HEAD
        # More than it said: a request sent before the last one was answered.
        self.plain = self.plain and self._missing >= 0

    def _read(self, head: bytes, *, bodiless: bool) -> None:
        self._head = None
        found = self._start.match(head)
        lengths = _LENGTH.findall(head)
        if found is None or len(lengths) > 1 or _UNUSUAL.search(head):
            self.plain = False
            return
        self.word = found[1]
        if self._start is _ANSWER and self.word in _NO_BODY:
            bodiless = True
        if self._start is _ANSWER and not lengths and not bodiless:
            self.plain = False  # it ends when the connection does
        self._missing = int(lengths[0]) if lengths and not bodiless else 0


class _Passage:
    """One client's connection."""

    def __init__(
        self, nodes: Sequence[int], taken: "Counter[int]", reader: Any, writer: Any
    ) -> None:
        self._turns = itertools.cycle(tuple(nodes))
        self._taken = taken
        self._reader: asyncio.StreamReader = reader
        self._writer: asyncio.StreamWriter = writer
        self._address: str = writer.get_extra_info("peername")[0]
        # No transport: that closes when writing fails, although an answer may wait to be read.
        self._node: socket.socket
        self._loop = asyncio.get_running_loop()
        self._asked = _Message(_REQUEST)
        self._told = _Message(_ANSWER)

    async def pass_on(self) -> None:
        """Until either side ends it."""
        await self._turn()
        asking, telling = (asyncio.create_task(one) for one in (self._ask(), self._tell()))
        try:
            await asyncio.wait({asking, telling}, return_when=asyncio.FIRST_COMPLETED)
            if self._asked.begun and not asking.cancelled() and not telling.done():
                await asyncio.wait({telling}, timeout=_LAST_ANSWER_SECONDS)
            if telling.done():
                await self._say_goodbye(asking)
        finally:
            for task in (asking, telling):
                task.cancel()
            await asyncio.gather(asking, telling, return_exceptions=True)
            self._node.close()
            self._writer.close()

    async def _say_goodbye(self, asking: "asyncio.Task[None]") -> None:
        """Let the client read the last answer although it may still send."""
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        with contextlib.suppress(OSError, TimeoutError):
            self._writer.write_eof()
            async with asyncio.timeout(_GOODBYE_SECONDS):
                while await self._reader.read(_CHUNK):
                    pass

    async def _turn(self) -> None:
        self._port = next(self._turns)
        self._node = socket.socket()
        self._node.setblocking(False)
        self._node.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._address.startswith("127.") and self._address != _USUAL:
            # Whoever asks is who asks the node. Not for everybody: a port that was chosen before it
            # is known what for is not chosen again for a minute, and there are not so many.
            self._node.bind((self._address, 0))
        await self._loop.sock_connect(self._node, (_USUAL, self._port))
        self._asked, self._told = _Message(_REQUEST), _Message(_ANSWER)

    async def _ask(self) -> None:
        while chunk := await self._reader.read(_CHUNK):
            if not self._asked.begun:
                self._taken[self._port] += 1
            self._asked.feed(chunk)
            with contextlib.suppress(OSError):  # a node that answered may not read the rest
                await self._loop.sock_sendall(self._node, chunk)
        with contextlib.suppress(OSError):
            self._node.shutdown(socket.SHUT_WR)

    async def _tell(self) -> None:
        while chunk := await self._loop.sock_recv(self._node, _CHUNK):
            self._told.feed(chunk, bodiless=self._asked.word == b"HEAD")
            plain = self._asked.plain and self._told.plain
            if plain and self._asked.complete and self._told.complete:
                # Before the client has all of the answer, and so before it asks again.
                before = self._node
                await self._turn()
                before.close()
            self._writer.write(chunk)
            await self._writer.drain()


class Alternator(Listener):
    """Takes connections; their requests go to the nodes' ports in turn."""

    def __init__(self, nodes: Sequence[int], port: int | None = None) -> None:
        self.taken: Counter[int] = Counter()
        """How many requests each port was given."""
        self._nodes = list(nodes)
        self._passages: set[asyncio.Task[None] | None] = set()
        super().__init__(port)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passage = asyncio.current_task()
        self._passages.add(passage)  # or nobody would hold it
        try:
            self._nodes.append(self._nodes.pop(0))  # each connection begins with another one
            await _Passage(self._nodes, self.taken, reader, writer).pass_on()
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._passages.discard(passage)
