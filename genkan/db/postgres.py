"""PostgreSQL: reads in one snapshot, writes at SERIALIZABLE, in bounded pools of threads.

Whatever the server takes back before it is committed (a conflict, a deadlock, a lost connection)
is run again as a whole, with a bound and with jitter; what may have been committed never is.
Once operations of one name got in each other's way, they take turns, in this process by a lock and
among nodes by the server's, for a second after the last conflict: of many that change one row only
one at a time gets through anyway. Waiting for a turn of this process, or a pause, holds no thread.
Leaves to others: statements (`db.postgres_connection`), threads and lost connections
(`db.postgres_pool`), the schema (`db.migrate`).
Invariants: nobody is answered before the commit; a refusal is told once its audit record is
durable; nothing is remembered between transactions, since other nodes write too.
"""

import asyncio
import contextlib
import functools
import random
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from genkan.core.call import Call
from genkan.core.clock import Clock
from genkan.core.errors import Refusal
from genkan.db.database import Services, Tx
from genkan.db.failures import Contended, OutcomeUnknown, Unreachable
from genkan.db.postgres_connection import PostgresConnection
from genkan.db.postgres_pool import Pool, Server

POINT_READERS = 8
SCANNERS = 2
WRITERS = 8
ATTEMPTS = 25
STATEMENT_TIMEOUT_MS = 10_000
_SCAN_TIMEOUT_FACTOR = 6
_READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_WRITE = b"BEGIN ISOLATION LEVEL SERIALIZABLE"
_CONFLICTS = frozenset({"40001", "40P01"})
_TAKEN = "23505"
_LOCKS = 0x67656E6B  # "genk": ours among the database's advisory locks
_TURNS_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 0.001
_LAST_PAUSE_SECONDS = 0.05

Refused = Callable[[Tx, Refusal], None]


@dataclass(slots=True)
class Counts:
    """What was met so far, for metrics; by operations that ended well, too."""

    conflicts: int = 0
    lost_connections: int = 0
    given_up: int = 0
    outcomes_unknown: int = 0


class PostgresDatabase:
    """Transactions on one PostgreSQL database, for one event loop.

    `on_wake` runs after a commit that enqueued jobs. `attempts` bounds how often one operation is
    run. Opens at most `POINT_READERS + SCANNERS + WRITERS` connections, each when first needed.
    Raises what `db.failures` names, and psycopg's errors for what is a bug.
    """

    def __init__(
        self,
        dsn: str,
        *,
        services: Services,
        clock: Clock,
        attempts: int = ATTEMPTS,
        statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
        patience_seconds: float = 5.0,
    ) -> None:
        self._services = services
        self._clock = clock
        self._attempts = attempts
        server = Server(dsn, patience_seconds=patience_seconds)
        pool = functools.partial(Pool, server, statement_timeout_ms=statement_timeout_ms)
        self._points = pool(name="point", size=POINT_READERS)
        self._writes = pool(name="write", size=WRITERS)
        long = statement_timeout_ms * _SCAN_TIMEOUT_FACTOR
        self._scans = pool(name="scan", size=SCANNERS, statement_timeout_ms=long)
        self._turns: dict[str, _Turns] = {}
        self._writing: set[asyncio.Task[Any]] = set()
        self.counts = Counts()
        self.on_wake: Callable[[], None] = lambda: None

    async def point(self, call: Call, work: Callable[[Tx], Any]) -> Any:
        """Run a bounded read in one snapshot."""
        value, _ = await self._insist(self._points, _READ, call, work)
        return value

    async def scan(self, call: Call, work: Callable[[Tx], Any]) -> Any:
        """Run a long read in one snapshot, in threads of its own."""
        value, _ = await self._insist(self._scans, _READ, call, work)
        return value

    async def write(
        self, call: Call, work: Callable[[Tx], Any], refused: Refused | None = None
    ) -> Any:
        """Run a write and return after its commit.

        A caller that goes away changes nothing: the write, or the record that it was refused, is
        made all the same.
        """
        task = asyncio.create_task(self._write(call, work, refused))
        self._writing.add(task)
        task.add_done_callback(self._wrote)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Finish what was begun, then close every connection."""
        if self._writing:
            await asyncio.wait(self._writing)
        for pool in (self._writes, self._points, self._scans):
            await asyncio.to_thread(pool.close)

    def _wrote(self, task: asyncio.Task[Any]) -> None:
        self._writing.discard(task)
        # Its caller may be gone, and nobody else asks how it ended.
        if not task.cancelled():
            task.exception()

    async def _write(self, call: Call, work: Callable[[Tx], Any], refused: Refused | None) -> Any:
        try:
            value, woke = await self._insist(self._writes, _WRITE, call, work)
        except Refusal as refusal:
            if refused is not None:
                record = functools.partial(_record, refused, refusal)
                await self._insist(self._writes, _WRITE, call, record)
            raise
        if woke:
            self.on_wake()
        return value

    async def _insist(
        self, pool: Pool, begin: bytes, call: Call, work: Callable[[Tx], Any]
    ) -> tuple[Any, bool]:
        """The result of `work` once committed, and whether it woke the workers."""
        tries = _Tries(self._attempts, self.counts)
        turns = self._turns.setdefault(call.operation.name, _Turns(call.operation.name))
        async with contextlib.AsyncExitStack() as turn:
            while True:
                if turns.are_taken and not tries.in_turn:
                    await turn.enter_async_context(turns.lock)
                    tries.in_turn = True
                key = turns.key if tries.in_turn else None
                try:
                    value, woke = await pool.submit(self._attempt, pool, begin, call, work, key)
                except _Undone as undone:
                    tries.weigh(undone)
                    if undone.conflict:
                        turns.take()
                except OutcomeUnknown:
                    self.counts.outcomes_unknown += 1
                    raise
                else:
                    return value, woke
                await tries.pause()

    def _attempt(
        self, pool: Pool, begin: bytes, call: Call, work: Callable[[Tx], Any], key: int | None
    ) -> tuple[Any, bool]:
        """In a thread: one transaction, alone among those of `key`. `_Undone`: run it again."""
        connection = pool.connection()
        try:
            with alone(connection, key):
                tx = Tx(connection, now=self._clock(), call=call, services=self._services)
                return transact(connection, begin, tx, work), tx.woke
        except psycopg.Error as error:
            if connection.alive and error.sqlstate not in _CONFLICTS | {_TAKEN}:
                raise
            raise _Undone(error, lost=not connection.alive) from error


@contextlib.contextmanager
def alone(connection: PostgresConnection, key: int | None) -> Iterator[None]:
    """Hold a lock of all nodes; nothing for None. `Contended` when it is not to be had in time.

    Taken before the transaction begins, so that its snapshot shows what the last holder committed.
    """
    if key is None:
        yield
        return
    try:
        connection.one("SELECT pg_advisory_lock(?, ?)", (_LOCKS, key))
    except psycopg.errors.QueryCanceled as error:
        raise Contended("no turn came in the time of a statement") from error
    try:
        yield
    finally:
        if connection.alive:
            _unlock(connection, key)


def _unlock(connection: PostgresConnection, key: int) -> None:
    """Give the turn to the next. A failure must not look like one of the transaction's.

    That may be committed, and would be run again.
    """
    try:
        connection.one("SELECT pg_advisory_unlock(?, ?)", (_LOCKS, key))
    except psycopg.Error:
        connection.close()  # with its session ends the lock


def transact(
    connection: PostgresConnection, begin: bytes, tx: Tx, work: Callable[[Tx], Any]
) -> Any:
    """Run `work` in one transaction and commit it.

    A statement's error ends the transaction whatever `work` made of it: a conflict that a broad
    `except` turned into a refusal must not be told to anyone.
    """
    connection.begin(begin)
    try:
        value = work(tx)
    except BaseException as error:
        failure = connection.failure
        with contextlib.suppress(psycopg.Error):
            connection.rollback()
        if failure is None or failure is error:
            raise
        raise failure from error
    connection.commit()
    return value


def _record(refused: Refused, refusal: Refusal, tx: Tx) -> None:
    refused(tx, refusal)


class _Undone(Exception):
    """Nothing of the attempt was committed, because of `cause`."""

    def __init__(self, cause: psycopg.Error, *, lost: bool) -> None:
        super().__init__()
        self.cause = cause
        self.lost = lost

    @property
    def conflict(self) -> bool:
        """Whether another transaction was in the way."""
        return not self.lost and self.cause.sqlstate in _CONFLICTS


class _Turns:
    """Whether the operations of one name take turns at present."""

    def __init__(self, name: str) -> None:
        self.lock = asyncio.Lock()
        self.key = zlib.crc32(name.encode()) - 2**31
        self._until = 0.0

    @property
    def are_taken(self) -> bool:
        """Whether there was a conflict a moment ago, or somebody has the turn."""
        return time.monotonic() < self._until or self.lock.locked()

    def take(self) -> None:
        """There was a conflict: take turns from now on, for a while."""
        self._until = time.monotonic() + _TURNS_SECONDS


class _Tries:
    """How often one operation was run, and whether it may be run again."""

    def __init__(self, limit: int, counts: Counts) -> None:
        self._limit = limit
        self._counts = counts
        self._failed = 0
        self._taken = False
        self.in_turn = False

    def weigh(self, undone: _Undone) -> None:
        """Return when the operation is to be run again; otherwise raise what its caller learns."""
        self._failed += 1
        cause = undone.cause
        if undone.lost:
            self._counts.lost_connections += 1
        elif undone.conflict:
            self._counts.conflicts += 1
        elif self._taken:
            raise cause
        else:
            # Uniqueness is checked before writing: the row came in between and is seen next time.
            self._taken = True
        if self._failed >= self._limit:
            self._counts.given_up += 1
            if undone.lost:
                raise Unreachable("the connection was lost at every attempt") from cause
            raise Contended(f"in the way of others at {self._failed} attempts") from cause

    async def pause(self) -> None:
        """Wait a random while that grows with the failures."""
        longest = min(_LAST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**self._failed)
        await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - spreads load, guards nothing
