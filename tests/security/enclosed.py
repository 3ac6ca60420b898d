"""A server in this very process: the same assembly and the same HTTP server, with its clock, its
door and its inner calls within a test's reach.
"""

import asyncio
import contextlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from unittest import mock

import uvicorn
from argon2 import PasswordHasher

from genkan.connections import BoundedHttp
from genkan.core.call import Call, Operation, Origin, Owner, Worker
from genkan.db.place import Place
from genkan.db.postgres import PostgresDatabase
from genkan.db.postgres_connection import PostgresConnection
from genkan.db.sqlite import SqliteConnection, SqliteDatabase
from genkan.identity_store.operations import SET_USER_STATUS
from genkan.perform import perform
from tests.support.assembled import Assembled
from tests.support.server import START_SECONDS, Server


class Enclosed(Server):
    """A server without the process. `advance` and `freeze` rule its clock."""

    def __init__(self, engine: str, data_dir: Path) -> None:
        self.offset = 0
        self._frozen: int | None = None
        self._assembled = Assembled(engine, data_dir, self._clock)
        self._outside = self._assembled.outside
        super().__init__(data_dir, port=self._outside.port)
        self.engine = engine
        self._loop = asyncio.new_event_loop()
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._assembled.server,
                host="127.0.0.1",
                port=self.port,
                http=BoundedHttp,
                ws="none",
                proxy_headers=False,
                log_config=None,
                access_log=False,
            )
        )
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def place(self) -> Place:
        """Where its data is."""
        return self._outside.place

    @property
    def cookie_suffix(self) -> str:
        """What the names of its cookies end in."""
        return self._outside.cookie_suffix

    def start(self) -> Self:
        """Start and wait for the first answer."""
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            assert self._thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.facts = self._outside.facts = self._outside.read_facts()
        return self

    def stop(self, *, kill: bool = False) -> None:
        """End it."""
        self._server.should_exit = True
        self._thread.join(timeout=30)

    def reset(self) -> None:
        """Back to the seed, and to the present."""
        self.offset = 0
        self._frozen = None
        self._outside.reset()
        self._assembled.assembly.refusals.forget()

    def advance(self, *, seconds: float) -> None:
        """Let time pass."""
        self.offset += int(seconds * 1000)
        if self._frozen is not None:
            self._frozen += int(seconds * 1000)

    def freeze(self) -> None:
        """Let no time pass by itself, until the next reset."""
        self._frozen = self._clock()

    def do(self, operation: Operation, **params: Any) -> Any:
        """Perform an operation as the owner of the process."""
        call = Call(
            operation=operation,
            params=params,
            caller=Owner(reason="test"),
            origin=Origin(request_id="00000000-0000-4000-8000-000000000000"),
            event_source="test.amazonaws.com",
        )
        work = perform(self._assembled.assembly.app, call)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    def set_status(self, user_name: str, status: str) -> None:
        """Enable or disable a sample user, which no wire operation of AWS does."""
        self.do(
            SET_USER_STATUS,
            identity_store_id=self.facts["identity_store_id"],
            user_id=self.user(user_name)["user_id"],
            status=status,
        )

    def _clock(self) -> int:
        if self._frozen is not None:
            return self._frozen
        return time.time_ns() // 1_000_000 + self.offset

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve())
        self._loop.close()


@contextlib.contextmanager
def counted_work() -> Iterator[Counter[str]]:
    """Counts what requests to this process hash and ask the database meanwhile.

    Keys: `hash <parameters>` for each password compared, otherwise the statement itself. What the
    process does of its own accord is not counted: looking for jobs, opening one more connection,
    running a transaction again because another was in the way.
    """
    seen: Counter[str] = Counter()
    asked = threading.local()  # `by`: what the operation that runs in this thread has asked so far
    verify = PasswordHasher.verify

    def verifying(self: PasswordHasher, hash: str, password: str) -> Any:
        seen["hash " + hash.rpartition("$")[0].rpartition("$")[0]] += 1
        return verify(self, hash, password)

    def asking(ask: Any) -> Any:
        def counting(self: Any, sql: str, parameters: Any) -> Any:
            if (by := getattr(asked, "by", None)) is not None:
                by[sql] += 1
            return ask(self, sql, parameters)

        return counting

    def telling(work: Any, counts: Counter[str]) -> Any:
        def run(*arguments: Any) -> Any:
            counts.clear()  # An attempt before this one was undone.
            asked.by = counts
            try:
                return work(*arguments)
            finally:
                asked.by = None

        return run

    def transacting(transact: Any) -> Any:
        async def counting(self: Any, call: Call, *works: Any) -> Any:
            if isinstance(call.caller, Owner | Worker):
                return await transact(self, call, *works)
            counts: list[Counter[str]] = [Counter() for _ in works]
            told = [
                work and telling(work, count) for work, count in zip(works, counts, strict=True)
            ]
            try:
                return await transact(self, call, *told)
            finally:
                for count in counts:
                    seen.update(count)

        return counting

    connections = (SqliteConnection, *SqliteConnection.__subclasses__(), PostgresConnection)
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(PasswordHasher, "verify", verifying))
        for wrapped, kinds, names in (
            (asking, connections, ("run", "one", "all")),
            (transacting, (SqliteDatabase, PostgresDatabase), ("point", "scan", "write")),
        ):
            for kind, name in itertools.product(kinds, names):
                if name in vars(kind):
                    inner = wrapped(vars(kind)[name])
                    patches.enter_context(mock.patch.object(kind, name, inner))
        yield seen
