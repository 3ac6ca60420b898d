"""A worker over a real store with a settable clock; what its jobs do is up to the test."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from genkan.core.app import App
from genkan.core.call import Call, Caller, Operation, Origin, Owner, System
from genkan.core.ids import request_id
from genkan.db import jobs
from genkan.db.jobs import Job
from genkan.db.sqlite import SqliteDatabase
from genkan.perform import perform
from genkan.worker import InProcessWorker
from tests.support.store import Store, a_call, open_store

PATIENCE_SECONDS = 120
KIND = "Work"


class Workshop:
    """`done` collects what handlers note down through the door, under their job's fence."""

    def __init__(self, directory: Path) -> None:
        store: Store = open_store(directory)
        store.raw.execute("CREATE TABLE notes (body TEXT NOT NULL) STRICT")
        store.raw.close()
        self.path = directory / "genkan.sqlite"
        self.clock = store.clock
        self.db = SqliteDatabase(self.path, services=store.services, clock=store.clock)
        self.app = App(
            deployment=store.services.deployment,
            db=self.db,
            clock=store.clock,
            vault=store.services.vault,
            events=store.events,
            standing=_nobody,
            require_session=_nobody,
            is_member=_nobody,
            is_delegate=_nobody,
            record=_nobody,
        )
        self._workers: list[InProcessWorker] = []

    def worker(
        self,
        handler: Callable[[App, Job], Awaitable[None]],
        give_up: Callable[[App, Job, str], Awaitable[None]] | None = None,
    ) -> InProcessWorker:
        """A worker that is woken by commits; stopped with the workshop."""
        made = InProcessWorker(self.app, {KIND: handler}, {KIND: give_up} if give_up else {})
        self.db.on_wake = made.wake
        self._workers.append(made)
        return made

    async def enqueue(self, *bodies: str, key: str = "", kind: str = KIND) -> list[str]:
        """One job for each body, in one transaction; their ids."""
        made: list[str] = await self.write(
            lambda tx: [jobs.enqueue(tx, kind, {"body": body}, key=key) for body in bodies]
        )
        return made

    async def taken_over(self) -> Job:
        """The only job, after another worker has claimed it."""
        await self.write(
            lambda tx: tx.run(
                "UPDATE jobs SET fence = fence + 1, attempts = attempts + 1, lease_until = ?",
                tx.now + jobs.LEASE_MS,
            )
        )
        ((job_id, attempts, fence),) = await self.rows("id", "attempts", "fence")
        return Job(id=job_id, kind=KIND, payload={"body": "taken"}, attempts=attempts, fence=fence)

    async def write(self, work: Callable[[Any], Any]) -> Any:
        """A transaction beside the worker."""
        return await self.db.write(a_call(), work)

    async def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """The job table, in the order in which jobs were enqueued."""
        sql = f"SELECT {', '.join(columns)} FROM jobs ORDER BY id"
        rows: list[tuple[Any, ...]] = await self.db.scan(a_call(), lambda tx: tx.all(sql))
        return rows

    async def notes(self) -> list[str]:
        """What handlers noted down."""
        rows = await self.db.scan(a_call(), lambda tx: tx.all("SELECT body FROM notes"))
        return [row[0] for row in rows]

    async def until(self, what: Callable[[], Awaitable[Any]]) -> Any:
        """The first true answer."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := await what()):  # noqa: ASYNC110 - the table tells nobody
                await asyncio.sleep(0.005)
        return found

    async def idle(self) -> None:
        """Return once no job is left in the table."""

        async def empty() -> bool:
            return not await self.rows("id")

        await self.until(empty)

    async def close(self) -> None:
        """Stop every worker, then close the store."""
        for made in self._workers:
            made.drop()
            await made.stop()
        await self.db.close()


async def note(app: App, job: Job) -> None:
    """A handler's write: through the door, under the job's fence."""
    await note_as(app, job.worker, job.payload)


async def note_as(app: App, caller: Caller, payload: Mapping[str, Any]) -> None:
    """Note down a job's body."""
    call = Call(
        operation=_NOTE,
        params={"body": payload["body"]},
        caller=caller,
        origin=Origin(request_id=request_id()),
        event_source="test.amazonaws.com",
    )
    await perform(app, call)


OWNER = Owner(reason="test")
_NOTE = Operation(
    name="Note",
    run=lambda tx, *, body: tx.run("INSERT INTO notes VALUES (?)", body),
    access=System(jobs=frozenset({KIND})),
    recorded=False,
)


def _nobody(*arguments: Any) -> Any:
    raise AssertionError("no request in these tests")
