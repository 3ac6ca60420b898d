"""A sandbox in this very process: the same assembly and the same HTTP server, with its clock, its
door and its inner calls within a test's reach.
"""

import asyncio
import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import uvicorn
from argon2 import PasswordHasher

from genkan.assembly.sandbox import Sandbox
from genkan.connections import BoundedHttp
from genkan.core.call import Call, Operation, Origin, Owner
from genkan.db.sqlite import SqliteConnection
from genkan.identity_store.operations import SET_USER_STATUS
from genkan.perform import perform
from genkan.settings import SandboxSettings
from tests.support.server import START_SECONDS, Server


class Enclosed(Server):
    """`genkan up` without the process. `advance` and `freeze` rule its clock."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.offset = 0
        self._frozen: int | None = None
        self._loop = asyncio.new_event_loop()
        self._sandbox = Sandbox(
            SandboxSettings(port=self.port, data_dir=data_dir), clock=self._clock
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._sandbox.server,
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

    def start(self) -> "Enclosed":
        """Start and wait for the first answer."""
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            assert self._thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.facts = json.loads((self.data_dir / "sandbox.json").read_text())
        return self

    def stop(self, *, kill: bool = False) -> None:
        """End it."""
        self._server.should_exit = True
        self._thread.join(timeout=30)

    def reset(self) -> None:
        """Back to the seed, and to the present."""
        self.offset = 0
        self._frozen = None
        super().reset()

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
        work = perform(self._sandbox.app, call)
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
    """Counts what this process hashes and asks its database meanwhile.

    Keys: `hash <parameters>` for each password compared, otherwise the statement itself.
    """
    seen: Counter[str] = Counter()
    verify = PasswordHasher.verify
    inner = {name: getattr(SqliteConnection, name) for name in ("run", "one", "all")}

    def verifying(self: PasswordHasher, hash: str, password: str) -> Any:
        seen["hash " + hash.rpartition("$")[0].rpartition("$")[0]] += 1
        return verify(self, hash, password)

    def asking(name: str) -> Any:
        def ask(self: SqliteConnection, sql: str, parameters: Any) -> Any:
            seen[sql] += 1
            return inner[name](self, sql, parameters)

        return ask

    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(PasswordHasher, "verify", verifying))
        for name in inner:
            patches.enter_context(mock.patch.object(SqliteConnection, name, asking(name)))
        yield seen
