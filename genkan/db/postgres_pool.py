"""Threads that each keep one connection to PostgreSQL, and how they get it back when it is lost.

Owns: opening, replacing and closing connections, the bound on what may wait for a thread.
Leaves to others: what runs on a connection (`db.postgres`).
Invariants: a connection belongs to one thread; one that is not alive is never handed out.
"""

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from genkan.db.failures import Unavailable, Unreachable
from genkan.db.postgres_connection import PostgresConnection, open_connection

WAITING_LIMIT = 2000
_PAUSE_SECONDS = 0.1


class Server:
    """One database by its connection string; remembers since when it cannot be reached.

    A thread without a connection waits `patience_seconds` for a server that went away, so that a
    restart passes unnoticed; once it has been away for longer, nobody waits any more.
    """

    def __init__(self, dsn: str, *, patience_seconds: float) -> None:
        self._dsn = dsn
        self._patience = patience_seconds
        self._away_since: float | None = None

    def connect(self, statement_timeout_ms: int) -> PostgresConnection:
        """A new connection; `Unreachable` when there is none to be had."""
        while True:
            try:
                opened = open_connection(self._dsn, statement_timeout_ms=statement_timeout_ms)
            except psycopg.OperationalError as error:
                now = time.monotonic()
                away_since = self._away_since = self._away_since or now
                if now - away_since > self._patience:
                    raise Unreachable("the database cannot be reached") from error
                time.sleep(random.uniform(_PAUSE_SECONDS / 2, _PAUSE_SECONDS))  # noqa: S311
            else:
                self._away_since = None
                return opened


class Pool:
    """At most `size` threads, each with a connection opened when it is first needed."""

    def __init__(self, server: Server, *, name: str, size: int, statement_timeout_ms: int) -> None:
        self._server = server
        self._statement_timeout_ms = statement_timeout_ms
        self._executor = ThreadPoolExecutor(size, thread_name_prefix=f"genkan-{name}")
        self._local = threading.local()
        self._opened: set[PostgresConnection] = set()
        self._waiting = 0

    def submit(self, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        """Have a thread run `work`; `Unavailable` at once when too many wait already.

        Called on one event loop only.
        """
        if self._waiting >= WAITING_LIMIT:
            raise Unavailable("too many operations wait for the database")
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)
        future.add_done_callback(self._done)
        return future

    def _done(self, future: asyncio.Future[Any]) -> None:
        self._waiting -= 1

    def connection(self) -> PostgresConnection:
        """This thread's connection, a new one if the last was lost."""
        held: PostgresConnection | None = getattr(self._local, "connection", None)
        if held is not None and held.alive:
            return held
        if held is not None:
            self._opened.discard(held)
            with contextlib.suppress(psycopg.Error):
                held.close()
            self._local.connection = None
        opened = self._server.connect(self._statement_timeout_ms)
        self._opened.add(opened)
        self._local.connection = opened
        return opened

    def close(self) -> None:
        """Let the threads finish what is queued, then close their connections."""
        self._executor.shutdown(wait=True)
        for connection in self._opened:
            connection.close()
        self._opened.clear()
