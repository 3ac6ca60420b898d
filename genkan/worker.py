"""The in-process worker: claims due jobs and has their handlers do them.

A handler is `async (app, job) -> None` and may be run again after a crash at any point; its writes
carry the job's fence, so that a lost lease stops it. A job that keeps failing is retried with
back-off and, when dead, given to its `give_up` so that whoever waits for it learns the end.
"""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from genkan.core.app import App
from genkan.core.call import Call, Operation, Origin, Owner, System
from genkan.core.errors import Conflict
from genkan.core.ids import request_id
from genkan.db import jobs
from genkan.db.jobs import Job

Handler = Callable[[App, Job], Awaitable[None]]
GiveUp = Callable[[App, Job, str], Awaitable[None]]

_CONCURRENCY = 8
_IDLE_SECONDS = 5.0
_BLOCKED_SECONDS = 0.25
_log = logging.getLogger("genkan.worker")
_BOOKKEEPING = Operation(name="JobBookkeeping", run=lambda tx: None, access=System())


class InProcessWorker:
    """Runs jobs on the event loop of the server; `wake` may be called from that loop only."""

    def __init__(
        self,
        app: App,
        handlers: Mapping[str, Handler],
        give_up: Mapping[str, GiveUp] | None = None,
    ) -> None:
        self._app = app
        self._handlers = handlers
        self._give_up = give_up or {}
        self._woken = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._loop_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take back the leases of a dead process and begin to work."""
        await self._write(lambda tx: jobs.take_back(tx, all_leases=True))
        await self._tell_of_dead_jobs()
        self._woken.set()
        self._loop_task = asyncio.create_task(self._work(), name="genkan-worker")

    def wake(self) -> None:
        """Look for jobs now."""
        self._woken.set()

    def drop(self) -> None:
        """Abandon the running jobs where they are; their leases are void or will expire."""
        for task in self._running:
            task.cancel()

    async def stop(self) -> None:
        """Claim no more, let running jobs finish their step, then return."""
        if self._loop_task is not None:
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)
        if self._running:
            await asyncio.wait(self._running, timeout=10)

    async def _work(self) -> None:
        pause = 0.0
        while True:
            if pause > 0:
                # Not wait_for: before Python 3.12 it loses a cancellation that meets a wake.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._woken.wait()
            self._woken.clear()
            pause = await self._round()

    async def _round(self) -> float:
        free = _CONCURRENCY - len(self._running)
        if free <= 0:
            return _IDLE_SECONDS
        try:
            claimed, due, now = await self._write(
                lambda tx: (jobs.claim(tx, free), jobs.next_due(tx), tx.now)
            )
        except Exception:
            _log.exception("claiming jobs failed")
            return _IDLE_SECONDS
        for job in claimed:
            task = asyncio.create_task(self._run(job), name=f"job {job.kind}")
            self._running.add(task)
            task.add_done_callback(self._done)
        if due is None:
            return _IDLE_SECONDS
        if due <= now:  # ready, but behind a running job of its key: that one's end wakes us
            return _BLOCKED_SECONDS
        return float(min(_IDLE_SECONDS, max(0.005, (due - now) / 1000)))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Not even its failure could be written down: it runs again when its lease is over.
            _log.error("%s was left leased", task.get_name(), exc_info=error)

    async def _run(self, job: Job) -> None:
        heart = asyncio.create_task(self._beat(job))
        try:
            await self._handlers[job.kind](self._app, job)
            await self._write(lambda tx: jobs.finish(tx, job.worker))
        except asyncio.CancelledError:
            raise
        except Exception as error:
            await self._failed(job, error)
        finally:
            heart.cancel()

    async def _beat(self, job: Job) -> None:
        while True:
            await asyncio.sleep(jobs.LEASE_MS / 3000)
            try:
                await self._write(lambda tx: jobs.heartbeat(tx, job.worker))
            except Conflict:
                return  # the lease is gone; the handler learns it at its next write
            except Exception:
                _log.exception("extending the lease of job %s failed", job.id)

    async def _failed(self, job: Job, error: Exception) -> None:
        if isinstance(error, Conflict) and not await self._still_ours(job):
            _log.info("job %s was taken away", job.id)
            return
        _log.warning("job %s %s failed: %s", job.kind, job.id, type(error).__name__, exc_info=error)
        sentence = f"{type(error).__name__}: {error}"
        if not await self._write(lambda tx: jobs.retry_later(tx, job, sentence)):
            await self._tell_of_dead_jobs()

    async def _tell_of_dead_jobs(self) -> None:
        """Also at start: a process may have died between a job's death and the telling."""
        for job in await self._write(lambda tx: jobs.dead_jobs(tx, _CONCURRENCY)):
            try:
                if job.kind in self._give_up:
                    await self._give_up[job.kind](self._app, job, job.error)
                await self._write(functools.partial(jobs.bury, job=job))
            except Exception:  # one that cannot be told must not keep the others from working
                _log.exception("telling of the dead job %s failed", job.id)

    async def _still_ours(self, job: Job) -> bool:
        try:
            await self._write(lambda tx: jobs.require_lease(tx, job.worker))
        except Conflict:
            return False
        return True

    async def _write(self, work: Callable[[Any], Any]) -> Any:
        call = Call(
            operation=_BOOKKEEPING,
            params={},
            caller=Owner(reason="jobs"),
            origin=Origin(request_id=request_id()),
            event_source="jobs.genkan",
        )
        return await self._app.db.write(call, work)
