"""Forks `genkan` again and again, and has it kill itself at a step; a program of the tests.

Everything is imported once and each life is a fork, so that a life begins in a fraction of a
second; any number live at a time. One order a line on stdin: a life (see `Order`), or
`{"forget": pid}` once nobody signals that process any more. On stdout one line for each event:
`{"born": pid}`, `{"ended": pid, "code": code}`, negative for a signal. What a life runs is
`genkan`'s own `main`; a life without steps to count or to die at, and without knobs, is not
touched at all.
"""

import asyncio
import importlib
import inspect
import json
import mmap
import os
import pkgutil
import select
import signal
import struct
import sys
import threading
import time
import types
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypedDict

import genkan
from genkan import cli
from genkan.audit.sealing import SealingRequests
from genkan.core import clock
from genkan.core.call import Call
from genkan.db import jobs
from genkan.db.postgres import PostgresDatabase
from genkan.db.sqlite import SqliteDatabase

TOGETHER_SECONDS = 120
KNOBS = struct.Struct("=qq")
"""Milliseconds that the clock is wrong by; how many pages the file may have, 0 for any number."""
_BOOKKEEPING = frozenset(
    {"LookForJobs", "ClaimJobs", "ExtendJobLease", "FinishJob", "RetryJob", "ReleaseJobs"}
    | {"BuryJob", "BringJobsBack"}
)


class Order(TypedDict):
    """One life. A step is (name, moment, occurrence), the moment being "ran" or "committed";
    ("*", "", n) is whatever comes as the n-th.

    `by`: the signal that it sends itself there. `together`: the first operation of this name waits
    ("waiting") until so many more of them are queued, so that those are committed as one group.
    `lease_ms`: how long a job's lease is.
    `knobs`: a file of `KNOBS`, which may be turned while the life goes on.
    """

    arguments: list[str]
    environment: dict[str, str]
    log: str
    steps: str | None
    die_at: list[Any] | None
    by: int
    together: tuple[str, int] | None
    lease_ms: int | None
    knobs: str | None


class Watch:
    """Wraps what every transaction passes, counts its steps and kills the process at one.

    "ran" is inside the transaction, before its commit; "committed" is after it, before whoever
    waits is told. Claims of nothing are no steps: how many there are depends on the machine.
    """

    def __init__(self, order: Order) -> None:
        self._steps = order["steps"]
        self._die_at = tuple(order["die_at"]) if order["die_at"] else None
        self._by = order["by"]
        self._together = order["together"]
        self._seen: Counter[tuple[str, str]] = Counter()
        self._bookkeeping = threading.local()
        self._queued: Counter[str] = Counter()
        self._lock = threading.Lock()

    def install(self) -> None:
        """From now on."""
        self._name("claim", names_nothing=lambda claimed: not claimed)
        self._name("finish")
        for engine in (SqliteDatabase, PostgresDatabase):
            self._watch(engine)

    def _watch(self, engine: Any) -> None:
        write = engine.write

        def watched(
            database: Any, call: Call, work: Callable[[Any], Any], *refused: Any
        ) -> Awaitable[Any]:
            step = ""
            ran = False

            def watched_work(tx: Any) -> Any:
                nonlocal step, ran
                self._bookkeeping.name = ""
                self._wait_for_a_group(call.operation.name)
                value = work(tx)
                step = self._bookkeeping.name or call.operation.name
                if step not in _BOOKKEEPING and not ran:
                    # Not each time that it runs again because others were in its way.
                    ran = True
                    self._reach(step, "ran")
                return value

            def told(future: asyncio.Future[Any]) -> None:
                if future.cancelled() or future.exception() is not None:
                    return
                if step and step not in _BOOKKEEPING:
                    self._reach(step, "committed")

            answer: Any = write(database, call, watched_work, *refused)
            if inspect.iscoroutine(answer):
                answer = asyncio.ensure_future(answer)
            self._queued[call.operation.name] += 1
            answer.add_done_callback(told)
            return answer  # type: ignore[no-any-return]

        engine.write = watched

    def _name(self, name: str, names_nothing: Callable[[Any], bool] = lambda result: False) -> None:
        """Have a step of the job table go by its own name."""
        original = getattr(jobs, name)

        def named(*args: Any) -> Any:
            result = original(*args)
            if not names_nothing(result):
                self._bookkeeping.name = name
            return result

        setattr(jobs, name, named)

    def _wait_for_a_group(self, name: str) -> None:
        if self._together is None or name != self._together[0]:
            return
        others, self._together = self._together[1], None
        self._reach(name, "waiting")
        deadline = time.monotonic() + TOGETHER_SECONDS
        while self._queued[name] < 1 + others and time.monotonic() < deadline:
            time.sleep(0.005)

    def _reach(self, name: str, moment: str) -> None:
        with self._lock:
            self._seen[name, moment] += 1
            step = (name, moment, self._seen[name, moment])
            if self._steps:
                with Path(self._steps).open("a") as file:
                    file.write(json.dumps(step) + "\n")
            if self._die_at in (step, ("*", "", self._seen.total())):
                os.kill(os.getpid(), self._by)


def turn_with(knobs: str) -> None:
    """Let a file say how wrong the clock is, and how many pages the database may have."""
    with Path(knobs).open("rb") as file:
        shared = mmap.mmap(file.fileno(), KNOBS.size, access=mmap.ACCESS_READ)
    attempt = SqliteDatabase._attempt

    def wrong_time_ns() -> int:
        wrong_by: int = KNOBS.unpack(shared[:])[0]
        return time.time_ns() + wrong_by * 1_000_000

    def within_the_pages(database: SqliteDatabase, group: Any) -> Any:
        pages = KNOBS.unpack(shared[:])[1]
        database._writer_raw.execute(f"PRAGMA max_page_count = {pages or 2**30}")
        return attempt(database, group)

    clock.time = types.SimpleNamespace(time_ns=wrong_time_ns)  # type: ignore[attr-defined,assignment]
    SqliteDatabase._attempt = within_the_pages  # type: ignore[method-assign,assignment]


def live(order: Order) -> None:
    """In the fork: one life, to its own end."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, number)
    os.environ.update(order["environment"])
    if order["steps"] or order["die_at"] or order["together"]:
        Watch(order).install()
    if order["lease_ms"]:
        jobs.LEASE_MS = order["lease_ms"]
    if order["knobs"]:
        turn_with(order["knobs"])
    code = 1
    try:
        cli.main(args=order["arguments"], prog_name="genkan")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Nursery:
    """Begins lives and tells of their ends."""

    def __init__(self) -> None:
        self._living: set[int] = set()
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Until stdin ends; then nobody is left alive."""
        signal.signal(signal.SIGCHLD, lambda *received: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        unread = b""
        while True:
            ready, _, _ = select.select([0, self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, 4096)
                self._tell_of_ends()
            if 0 in ready:
                given = os.read(0, 65536)
                if not given:
                    break
                *lines, unread = (unread + given).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))
        for pid in self._living:
            os.kill(pid, signal.SIGKILL)

    def _obey(self, order: Any) -> None:
        if "forget" in order:
            os.waitpid(order["forget"], 0)
            return
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._woken)
            os.close(self._waker)
            live(order)
        self._living.add(pid)
        self._tell({"born": pid})

    def _tell_of_ends(self) -> None:
        for pid in list(self._living):
            # The process id is given back only when it is known that nobody signals it now.
            ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if ended is not None:
                self._living.discard(pid)
                exited = ended.si_code == os.CLD_EXITED
                self._tell({"ended": pid, "code": ended.si_status * (1 if exited else -1)})

    def _tell(self, event: dict[str, int]) -> None:
        print(json.dumps(event), flush=True)


def main() -> None:
    """Lives as they are ordered."""
    for module in pkgutil.walk_packages(genkan.__path__, "genkan."):
        importlib.import_module(module.name)
    # Sealing the trail comes by itself, at times that no test chooses: no step of what is tried.
    SealingRequests.recorded = lambda self, tx: None  # type: ignore[method-assign]
    Nursery().run()


if __name__ == "__main__":
    main()
