"""SQLite: WAL, `synchronous=FULL`, one writer thread with group commit.

Point reads run inline on the event loop's own read-only connection, scans in a small pool, writes
in the one writer thread: each operation in its savepoint, one commit (one fsync) for the group,
nobody answered before it. If the whole transaction is lost (disk full, interrupt), its operations
run again one by one, so that one bad neighbour costs the others nothing. What the writer remembers
(`db.known`) it keeps until a statement changes it.
One process per file: a second one is refused.
"""

import asyncio
import enum
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from genkan.core.call import Call
from genkan.core.clock import Clock
from genkan.core.errors import Refusal
from genkan.db.database import Row, Services, Tx
from genkan.db.known import Known

T = TypeVar("T")
GROUP_LIMIT = 128
_READERS = 2
_MEMO_LIMIT = 20_000
_LOST = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_READONLY,
    }
)


class AlreadyOpen(Exception):
    """Another process holds this data directory."""


class GroupLost(Exception):
    """The transaction of a whole group is gone; nothing of it was committed."""


class SqliteConnection:
    """`db.database.Connection` over `sqlite3`."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def run(self, sql: str, parameters: Sequence[Any]) -> int:
        return self.raw.execute(sql, parameters).rowcount

    def one(self, sql: str, parameters: Sequence[Any]) -> Row | None:
        row: Row | None = self.raw.execute(sql, parameters).fetchone()
        return row

    def all(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        return self.raw.execute(sql, parameters).fetchall()


class _WriterConnection(SqliteConnection):
    """The writer's, which tells `known` what is read and changed."""

    def __init__(self, raw: sqlite3.Connection, known: Known) -> None:
        super().__init__(raw)
        self.known = known

    def run(self, sql: str, parameters: Sequence[Any]) -> int:
        self.known.changed(sql)
        return self.raw.execute(sql, parameters).rowcount

    def one(self, sql: str, parameters: Sequence[Any]) -> Row | None:
        self.known.read(sql)
        row: Row | None = self.raw.execute(sql, parameters).fetchone()
        return row

    def all(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        self.known.read(sql)
        return self.raw.execute(sql, parameters).fetchall()


class _WriterTx(Tx):
    """What it remembers outlives it, until a statement changes what that was read from."""

    __slots__ = ()
    _connection: _WriterConnection

    def run(self, sql: str, *parameters: Any) -> int:
        return self._connection.run(sql, parameters)

    def remembered(self, key: Hashable, compute: Callable[[], T]) -> T:
        found: T = self._connection.known.get(key, compute)
        return found


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """A connection with our pragmas; the caller begins transactions itself."""
    raw = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=10, cached_statements=512
    )
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("PRAGMA foreign_keys=ON")
    raw.execute("PRAGMA temp_store=MEMORY")
    raw.execute("PRAGMA cache_size=-8000")
    if read_only:
        raw.execute("PRAGMA query_only=ON")
    return raw


def lock(directory: Path) -> sqlite3.Connection:
    """Hold the data directory until this process ends, however it ends; `AlreadyOpen` if held.

    An exclusive transaction on a file of its own: the operating system releases it with the
    process, on every platform, which a pid file does not.
    """
    raw = sqlite3.connect(directory / "lock.sqlite", isolation_level=None, timeout=0)
    try:
        raw.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        raw.close()
        raise AlreadyOpen(str(directory)) from None
    return raw


@dataclass(slots=True)
class _Write:
    call: Call
    work: Callable[[Tx], Any]
    refused: Callable[[Tx, Refusal], None] | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class _Nothing(enum.Enum):
    """No item is waiting; None already means that the database closes."""

    NOTHING = enum.auto()


_NOTHING = _Nothing.NOTHING


@dataclass(slots=True)
class _Maintenance:
    work: Callable[[sqlite3.Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


@dataclass(slots=True)
class _Outcome:
    value: Any = None
    error: BaseException | None = None
    woke: bool = False


class SqliteDatabase:
    """Transactions on one SQLite file. `on_wake` runs after a commit that enqueued jobs."""

    def __init__(self, path: Path, *, services: Services, clock: Clock) -> None:
        self._path = path
        self._services = services
        self._clock = clock
        self._writer_raw = connect(path, read_only=False)
        self._known = Known()
        self._known_version = -1
        self._writer_connection = _WriterConnection(self._writer_raw, self._known)
        self._reader_raw = connect(path, read_only=True)
        self._reader = SqliteConnection(self._reader_raw)
        self._memo: dict[Hashable, Any] = {}
        self._memo_version = -1
        self._queue: queue.SimpleQueue[list[_Write] | _Maintenance | None] = queue.SimpleQueue()
        self._gathered: deque[_Write] = deque()
        self._handing_over: asyncio.AbstractEventLoop | None = None
        self._scanners = ThreadPoolExecutor(_READERS, thread_name_prefix="genkan-scan")
        self._scanner_local = threading.local()
        self._scanner_raws: list[sqlite3.Connection] = []
        self._thread = threading.Thread(target=self._write_loop, name="genkan-writer", daemon=True)
        self._thread.start()
        self.on_wake: Callable[[], None] = lambda: None

    async def point(self, call: Call, work: Callable[[Tx], Any]) -> Any:
        """Run a bounded read inline, in one snapshot."""
        raw = self._reader_raw
        raw.execute("BEGIN")
        try:
            (version,) = raw.execute("PRAGMA data_version").fetchone()
            if version != self._memo_version or len(self._memo) > _MEMO_LIMIT:
                self._memo = {}
                self._memo_version = version
            return work(self._tx(self._reader, call, self._memo))
        finally:
            raw.execute("COMMIT")

    async def scan(self, call: Call, work: Callable[[Tx], Any]) -> Any:
        """Run a long read in the reader pool."""
        return await asyncio.get_running_loop().run_in_executor(
            self._scanners, self._scan, call, work
        )

    def _scan(self, call: Call, work: Callable[[Tx], Any]) -> Any:
        connection: SqliteConnection | None = getattr(self._scanner_local, "connection", None)
        if connection is None:
            connection = SqliteConnection(connect(self._path, read_only=True))
            self._scanner_local.connection = connection
            self._scanner_raws.append(connection.raw)
        connection.raw.execute("BEGIN")
        try:
            return work(self._tx(connection, call, None))
        finally:
            connection.raw.execute("COMMIT")

    def write(
        self,
        call: Call,
        work: Callable[[Tx], Any],
        refused: Callable[[Tx, Refusal], None] | None = None,
    ) -> Awaitable[Any]:
        """Queue a write; the future resolves after the commit of its group."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._gathered.append(_Write(call, work, refused, loop, future))
        if self._handing_over is not loop:
            # Whatever else this round of the event loop brings comes along: the writer is woken
            # once for all of it, and does not fight over the interpreter with the rest of it.
            self._handing_over = loop
            loop.call_soon(self._hand_over)
        return future

    def _hand_over(self) -> None:
        """Give the writer what was gathered."""
        self._handing_over = None
        group = []
        while self._gathered:
            group.append(self._gathered.popleft())
        if group:
            self._queue.put(group)

    def maintain(self, work: Callable[[sqlite3.Connection], Any]) -> Awaitable[Any]:
        """Run `work` on the writer's connection between two groups, outside any transaction."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._hand_over()
        self._queue.put(_Maintenance(work, loop, future))
        return future

    async def close(self) -> None:
        """Finish the queued writes and close every connection: one file is left, without a log."""
        self._hand_over()
        self._queue.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)
        self._scanners.shutdown(wait=True)
        for raw in self._scanner_raws:
            raw.close()
        self._reader_raw.close()
        self._writer_raw.execute("PRAGMA optimize")
        self._writer_raw.close()

    def _tx(self, connection: SqliteConnection, call: Call, memo: dict[Hashable, Any] | None) -> Tx:
        return Tx(connection, now=self._clock(), call=call, services=self._services, memo=memo)

    def _write_tx(self, call: Call) -> Tx:
        return _WriterTx(
            self._writer_connection, now=self._clock(), call=call, services=self._services
        )

    def _write_loop(self) -> None:
        item: list[_Write] | _Maintenance | _Nothing | None = self._queue.get()
        while item is not None:
            if isinstance(item, _Maintenance):
                self._maintain(item)
                item = self._queue.get()
                continue
            if isinstance(item, _Nothing):
                item = self._queue.get()
                continue
            writes = item
            item = self._waiting()
            while isinstance(item, list) and len(writes) < GROUP_LIMIT:
                writes += item
                item = self._waiting()
            for start in range(0, len(writes), GROUP_LIMIT):
                group = writes[start : start + GROUP_LIMIT]
                self._deliver(group, self._commit(group))

    def _waiting(self) -> list[_Write] | _Maintenance | _Nothing | None:
        """The next item if one is there already."""
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return _NOTHING

    def _maintain(self, item: _Maintenance) -> None:
        self._known.forget()
        try:
            value = item.work(self._writer_raw)
        except Exception as error:
            item.loop.call_soon_threadsafe(item.future.set_exception, error)
        else:
            item.loop.call_soon_threadsafe(item.future.set_result, value)

    def _commit(self, group: list[_Write]) -> list[_Outcome]:
        try:
            return self._attempt(group)
        except GroupLost as lost:
            if len(group) == 1:
                return [_Outcome(error=lost.__cause__ or lost)]
        outcomes: list[_Outcome] = []
        for write in group:
            outcomes.extend(self._commit([write]))
        return outcomes

    def _attempt(self, group: list[_Write]) -> list[_Outcome]:
        raw = self._writer_raw
        try:
            raw.execute("BEGIN IMMEDIATE")
            self._forget_what_others_changed()
            outcomes = [self._operation(write) for write in group]
            raw.execute("COMMIT")
        except (sqlite3.Error, GroupLost) as error:
            self._known.forget()
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            if isinstance(error, GroupLost):
                raise
            raise GroupLost from error
        return outcomes

    def _forget_what_others_changed(self) -> None:
        """Another connection wrote: a command beside the server, such as a rotation of keys."""
        (version,) = self._writer_raw.execute("PRAGMA data_version").fetchone()
        if version != self._known_version:
            self._known.forget()
            self._known_version = version

    def _operation(self, write: _Write) -> _Outcome:
        raw = self._writer_raw
        raw.execute("SAVEPOINT operation")
        self._known.begun()
        tx = self._write_tx(write.call)
        try:
            value = write.work(tx)
        except Refusal as refusal:
            self._undo()
            return self._record_refusal(write, refusal)
        except BaseException as error:
            if not raw.in_transaction or _is_lost(error):
                raise GroupLost from error
            self._undo()
            return _Outcome(error=error)
        raw.execute("RELEASE operation")
        return _Outcome(value=value, woke=tx.woke)

    def _record_refusal(self, write: _Write, refusal: Refusal) -> _Outcome:
        if write.refused is None:
            return _Outcome(error=refusal)
        self._writer_raw.execute("SAVEPOINT operation")
        self._known.begun()
        try:
            write.refused(self._write_tx(write.call), refusal)
        except BaseException as error:
            if not self._writer_raw.in_transaction or _is_lost(error):
                raise GroupLost from error
            self._undo()
            return _Outcome(error=error)
        self._writer_raw.execute("RELEASE operation")
        return _Outcome(error=refusal)

    def _undo(self) -> None:
        self._known.undone()
        self._writer_raw.execute("ROLLBACK TO operation")
        self._writer_raw.execute("RELEASE operation")

    def _deliver(self, group: list[_Write], outcomes: list[_Outcome]) -> None:
        pairs = list(zip(group, outcomes, strict=True))
        for loop in {write.loop for write in group}:
            mine = [pair for pair in pairs if pair[0].loop is loop]
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._resolve, mine)

    def _resolve(self, pairs: list[tuple[_Write, _Outcome]]) -> None:
        for write, outcome in pairs:
            if write.future.done():
                continue
            if outcome.error is not None:
                write.future.set_exception(outcome.error)
            else:
                write.future.set_result(outcome.value)
        if any(outcome.woke for _, outcome in pairs):
            self.on_wake()


def _is_lost(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in _LOST
