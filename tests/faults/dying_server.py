"""Forks `genkan up` again and again, and has it kill itself at a step; a program of the tests.

Everything is imported once and each life is a fork, so that a life begins in a fraction of a
second. One order a line on stdin (see `Order`); two lines on stdout for each: the process id when
the life began, its wait status when it ended. What a life runs is `genkan`'s own `main`; a life
without steps to count or to die at is not touched at all.
"""

import asyncio
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypedDict

import genkan
from genkan import cli
from genkan.core.call import Call
from genkan.db import jobs
from genkan.db.sqlite import SqliteDatabase

TOGETHER_SECONDS = 30


class Order(TypedDict):
    """One life. A step is (name, moment, occurrence), the moment being "ran" or "committed";
    ("*", "", n) is whatever comes as the n-th.

    `together`: the first operation of this name waits ("waiting") until so many more of them are
    queued, so that those are committed as one group.
    """

    arguments: list[str]
    environment: dict[str, str]
    log: str
    steps: str | None
    die_at: list[Any] | None
    together: tuple[str, int] | None


class Watch:
    """Wraps what every transaction passes, counts its steps and kills the process at one.

    "ran" is inside the transaction, before its commit; "committed" is after it, before whoever
    waits is told. Claims of nothing are no steps: how many there are depends on the machine.
    """

    def __init__(self, order: Order) -> None:
        self._steps = order["steps"]
        self._die_at = tuple(order["die_at"]) if order["die_at"] else None
        self._together = order["together"]
        self._seen: Counter[tuple[str, str]] = Counter()
        self._bookkeeping = ""
        self._queued: Counter[str] = Counter()
        self._lock = threading.Lock()

    def install(self) -> None:
        """From now on."""
        self._name("claim", names_nothing=lambda claimed: not claimed)
        self._name("finish")
        write = SqliteDatabase.write

        def watched(
            database: SqliteDatabase, call: Call, work: Callable[[Any], Any], *refused: Any
        ) -> Awaitable[Any]:
            step = ""

            def watched_work(tx: Any) -> Any:
                nonlocal step
                self._bookkeeping = ""
                self._wait_for_a_group(call.operation.name)
                value = work(tx)
                step = self._bookkeeping or call.operation.name
                if step != "JobBookkeeping":
                    self._reach(step, "ran")
                return value

            def told(future: asyncio.Future[Any]) -> None:
                if future.cancelled() or future.exception() is not None:
                    return
                if step not in ("", "JobBookkeeping"):
                    self._reach(step, "committed")

            answer: Any = write(database, call, watched_work, *refused)
            self._queued[call.operation.name] += 1
            answer.add_done_callback(told)
            return answer  # type: ignore[no-any-return]

        SqliteDatabase.write = watched  # type: ignore[method-assign,assignment]

    def _name(self, name: str, names_nothing: Callable[[Any], bool] = lambda result: False) -> None:
        """Have a step of the job table go by its own name."""
        original = getattr(jobs, name)

        def named(*args: Any) -> Any:
            result = original(*args)
            if not names_nothing(result):
                self._bookkeeping = name
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
                os.kill(os.getpid(), signal.SIGKILL)


def live(order: Order) -> None:
    """In the fork: one life of the server, to its own end."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, number)
    os.environ.update(order["environment"])
    if order["steps"] or order["die_at"] or order["together"]:
        Watch(order).install()
    code = 1
    try:
        cli.main(args=order["arguments"], prog_name="genkan")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """One life after the other, until stdin ends."""
    for module in pkgutil.walk_packages(genkan.__path__, "genkan."):
        importlib.import_module(module.name)
    pid = 0
    for line in sys.stdin:
        order: Order = json.loads(line)
        if pid:
            os.waitpid(pid, 0)
        pid = os.fork()
        if pid == 0:
            live(order)
        print(pid, flush=True)
        # The process id is given back only when the next order shows that nobody signals it now.
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        exited = ended.si_code == os.CLD_EXITED
        print(ended.si_status if exited else -ended.si_status, flush=True)


if __name__ == "__main__":
    main()
