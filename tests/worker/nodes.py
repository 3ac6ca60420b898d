"""Workers of several nodes on one PostgreSQL, each with a database and an app of its own."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from genkan.core.app import App
from genkan.core.call import Call
from genkan.core.clock import system_clock
from genkan.core.events import EventBus
from genkan.db import jobs
from genkan.db.database import Tx
from genkan.db.jobs import Job
from genkan.db.postgres import PostgresDatabase
from genkan.worker import InProcessWorker
from tests.support.store import DEPLOYMENT, a_call, some_services
from tests.worker.workshop import KIND

POLL_SECONDS = 0.05
NOTES = 'CREATE TABLE notes (body TEXT COLLATE "C" NOT NULL)'


class CountingDatabase:
    """A database that notes down which operations wrote."""

    def __init__(self, real: PostgresDatabase) -> None:
        self.real = real
        self.wrote: Counter[str] = Counter()

    def point(self, call: Call, work: Callable[[Tx], Any]) -> Awaitable[Any]:
        return self.real.point(call, work)

    def scan(self, call: Call, work: Callable[[Tx], Any]) -> Awaitable[Any]:
        return self.real.scan(call, work)

    def write(self, call: Call, work: Callable[[Tx], Any], refused: Any = None) -> Awaitable[Any]:
        self.wrote[call.operation.name] += 1
        return self.real.write(call, work, refused)


class Node:
    """One process's worth of a worker. Its clock is the machine's."""

    def __init__(
        self,
        dsn: str,
        handler: Callable[[App, Job], Awaitable[None]],
        *,
        patience_seconds: float = 5.0,
        **options: Any,
    ) -> None:
        services = some_services()
        self.real = PostgresDatabase(
            dsn, services=services, clock=system_clock, patience_seconds=patience_seconds
        )
        self.db = CountingDatabase(self.real)
        self.app = App(
            deployment=DEPLOYMENT,
            db=self.db,
            clock=system_clock,
            vault=services.vault,
            events=EventBus(),
            standing=_nobody,
            require_session=_nobody,
            is_member=_nobody,
            is_delegate=_nobody,
            record=_nobody,
        )
        settings = {"alone": False, "poll_seconds": POLL_SECONDS, **options}
        self.worker = InProcessWorker(self.app, {KIND: handler}, **settings)
        self.real.on_wake = self.worker.wake

    async def enqueue(self, *bodies: str, key: str = "") -> None:
        """One job for each body, without waking anybody but this node."""
        await self.real.write(
            a_call(),
            lambda tx: [jobs.enqueue(tx, KIND, {"body": body}, key=key) for body in bodies],
        )

    async def rows(self, columns: str) -> list[tuple[Any, ...]]:
        """The job table."""
        sql = f"SELECT {columns} FROM jobs ORDER BY id"
        rows: list[tuple[Any, ...]] = await self.real.scan(a_call(), lambda tx: tx.all(sql))
        return rows

    async def close(self) -> None:
        """Stop the worker in order, then close the database."""
        await self.worker.stop()
        await self.real.close()


def _nobody(*arguments: Any) -> Any:
    raise AssertionError("no request in these tests")
