"""The worker: claims due jobs and has their handlers do them, alone or beside other nodes.

A handler is `async (app, job) -> None` and may be run again after a crash at any point; its writes
carry the job's fence, so that a lost lease stops it. A job that keeps failing is retried with
back-off and, when dead, given to its `give_up` so that whoever waits for it learns the end; beside
other workers that may be told twice, and must be the same both times.

Invariants: it looks before it claims, so that an idle worker writes nothing; what it claimed is run
or handed back, unless the process dies or loses the database, when the lease ends by itself; no
failure of the database ends it.
"""

import asyncio
import contextlib
import functools
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from genkan.core import trace
from genkan.core.app import App
from genkan.core.call import Call, Operation, Origin, Owner, System
from genkan.core.errors import Conflict
from genkan.core.ids import request_id
from genkan.core.trace import Trace
from genkan.db import jobs
from genkan.db.database import Tx
from genkan.db.failures import Unavailable
from genkan.db.jobs import Job

Handler = Callable[[App, Job], Awaitable[None]]
GiveUp = Callable[[App, Job, str], Awaitable[None]]

STUCK_SECONDS = 60.0
"""A look for jobs that takes longer will not end by itself."""
_CONCURRENCY = 8
_CONCURRENCY_ALONE = 32
"""Alone, one transaction has a step of each; beside others, who claims few leaves some to them."""
_IDLE_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.25
_LOST_RACE_SECONDS = 0.05
_CANCELLED_SECONDS = 5.0
_log = logging.getLogger("genkan.worker")


def _bookkeeping(name: str) -> Operation:
    """Operations of one name may have to take turns; those of a name of their own need not."""
    return Operation(name=name, run=lambda tx: None, access=System())


_LOOK = _bookkeeping("LookForJobs")
_CLAIM = _bookkeeping("ClaimJobs")
_BRING_BACK = _bookkeeping("BringJobsBack")
_EXTEND = _bookkeeping("ExtendJobLease")
_FINISH = _bookkeeping("FinishJob")
_RETRY = _bookkeeping("RetryJob")
_RELEASE = _bookkeeping("ReleaseJobs")
_BURY = _bookkeeping("BuryJob")


class InProcessWorker:
    """Runs jobs on an event loop, `concurrency` at a time: more of them alone than beside others.

    `alone`: no other worker uses this store, so all leases found at the start are a dead process's.
    `poll_seconds`: how long, idle, until it looks for jobs that nobody told it of; those of this
    process come with `wake`, which may be called from the event loop only. `stop_seconds`: how long
    a stop waits for running jobs before it cancels them and hands them back. `counts` has how many
    jobs of each kind ended how: done, failed (to be retried), dead, released, lost.
    """

    def __init__(
        self,
        app: App,
        handlers: Mapping[str, Handler],
        give_up: Mapping[str, GiveUp] | None = None,
        *,
        alone: bool = True,
        poll_seconds: float = _IDLE_SECONDS,
        stop_seconds: float = 10.0,
        concurrency: int | None = None,
    ) -> None:
        self._app = app
        self._handlers = handlers
        self._give_up = give_up or {}
        self._alone = alone
        self._poll_seconds = poll_seconds
        self._stop_seconds = stop_seconds
        self._concurrency = concurrency or (_CONCURRENCY_ALONE if alone else _CONCURRENCY)
        self._woken = asyncio.Event()
        self._running: dict[asyncio.Task[None], Job] = {}
        self._done_jobs: list[Job] = []
        self._finishing: asyncio.Task[None] | None = None
        self._ends: set[asyncio.Task[None]] = set()
        self._loop_task: asyncio.Task[None] | None = None
        self._heart: asyncio.Task[None] | None = None
        self._stopping = False
        self._looking_since: float | None = None
        self._failures = 0
        self.counts: Counter[tuple[str, str]] = Counter()

    async def start(self) -> None:
        """Take back the leases of a dead process, if alone, and begin to work."""
        await self._write(_BRING_BACK, jobs.bring_back)
        if self._alone:
            await self._write(_CLAIM, lambda tx: jobs.take_back(tx, all_leases=True))
        await self._tell_of_dead_jobs()
        self._woken.set()
        self._loop_task = asyncio.create_task(self._work(), name="genkan-worker")
        self._heart = asyncio.create_task(self._beat(), name="genkan-heart")

    def wake(self) -> None:
        """Look for jobs now."""
        self._woken.set()

    def drop(self) -> None:
        """Abandon the running jobs where they are; their leases are void or will expire."""
        for task in self._running:
            task.cancel()

    @property
    def running(self) -> int:
        """How many jobs run now."""
        return len(self._running)

    @property
    def stuck(self) -> bool:
        """Whether it has stopped working without having been asked to."""
        if self._loop_task is None or self._stopping:
            return False
        since = self._looking_since
        return self._loop_task.done() or (
            since is not None and time.monotonic() - since > STUCK_SECONDS
        )

    async def stop(self) -> None:
        """Claim no more, let running jobs end, cancel and hand back those that do not in time."""
        self._stopping = True
        self._woken.set()
        deadline = time.monotonic() + self._stop_seconds
        if self._loop_task is not None:
            # Not cancelled at once: a claim under way would be committed, and nobody had its jobs.
            await asyncio.wait([self._loop_task], timeout=self._stop_seconds)
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)
        if self._running:
            await asyncio.wait(self._running, timeout=max(0.0, deadline - time.monotonic()))
        await self._hand_back()
        if self._heart is not None:
            self._heart.cancel()

    async def _hand_back(self) -> None:
        left = dict(self._running)
        if not left:
            return
        for task in left:
            task.cancel()
        # One that will not end is fenced off all the same.
        await asyncio.wait(left, timeout=_CANCELLED_SECONDS)
        if self._ends:
            await asyncio.wait(self._ends, timeout=_CANCELLED_SECONDS)
        await self._release([job for task, job in left.items() if _was_cut_off(task)])

    async def _release(self, held: list[Job]) -> None:
        try:
            released = await self._write(_RELEASE, lambda tx: jobs.release(tx, held))
        except Exception:
            _log.exception("jobs could not be handed back; their leases end by themselves")
            return
        self.counts.update((job.kind, "released") for job in held)
        _log.info("%d jobs were handed back", released)

    async def _work(self) -> None:
        pause = 0.0
        while True:
            if pause > 0:
                # Not wait_for: before Python 3.12 it loses a cancellation that meets a wake.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._woken.wait()
            if self._stopping:
                return
            self._woken.clear()
            self._looking_since = time.monotonic()
            pause = await self._round()
            self._looking_since = None

    async def _round(self) -> float:
        """Begin what there is to do; how many seconds to wait, unless woken, before the next look.

        An error costs a pause that grows, and is told once until all is well again.
        """
        try:
            pause = await self._look_and_claim()
        except Exception as error:
            self._failures += 1
            if self._failures == 1:
                surprise = not isinstance(error, Unavailable)
                _log.warning("looking for jobs failed: %s", error, exc_info=surprise)
            return min(_IDLE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures, 10))
        if self._failures:
            _log.warning("looking for jobs works again, after %d failures", self._failures)
            self._failures = 0
        return pause

    async def _look_and_claim(self) -> float:
        free = self._concurrency - len(self._running)
        if free <= 0:
            return self._poll_seconds  # the end of a job wakes us
        due, now = await self._app.db.point(
            _call(_LOOK), lambda tx: (jobs.next_due(tx, self._handlers), tx.now)
        )
        if due is None:
            return self._poll_seconds
        if due > now:
            return float(min(self._poll_seconds, max(0.005, (due - now) / 1000)))
        claimed: list[Job] = await self._write(
            _CLAIM, lambda tx: jobs.claim(tx, free, self._handlers)
        )
        if self._stopping:
            await self._release(claimed)
            return 0.0
        for job in claimed:
            task = asyncio.create_task(self._run(job), name=f"job {job.kind}")
            self._running[task] = job
            task.add_done_callback(self._done)
        if claimed or await self._tell_of_dead_jobs():
            return 0.0
        # Others were quicker; next time they shall not all come at one moment.
        return random.uniform(0, _LOST_RACE_SECONDS)  # noqa: S311 - guards nothing

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Not even its failure could be written down: it runs again when its lease is over.
            _log.error("%s was left leased", task.get_name(), exc_info=error)

    async def _run(self, job: Job) -> None:
        trace.current.set(Trace(job_id=job.id))  # of this task alone
        try:
            await self._handlers[job.kind](self._app, job)
            await self._finish(job)
            self._count(job, "done")
        except asyncio.CancelledError:
            raise
        except Exception as error:
            await self._failed(job, error)

    async def _finish(self, job: Job) -> None:
        """Forget a job that is done, and in the same transaction all that are done by now."""
        self._done_jobs.append(job)
        if self._finishing is None:
            self._finishing = asyncio.create_task(self._finish_all())
            self._ends.add(self._finishing)
            self._finishing.add_done_callback(self._ends.discard)
        # A stop that cancels this one must not cut off the others' end.
        await asyncio.shield(self._finishing)

    async def _finish_all(self) -> None:
        await asyncio.sleep(0)  # whatever else this round of the event loop ends comes along
        done, self._done_jobs, self._finishing = self._done_jobs, [], None
        await self._write(_FINISH, functools.partial(_forget, done))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(jobs.LEASE_MS / 3000)
            held = list(self._running.values())
            await asyncio.gather(*(self._extend(job) for job in held))

    async def _extend(self, job: Job) -> None:
        try:
            await self._write(_EXTEND, lambda tx: jobs.heartbeat(tx, job.worker))
        except Conflict:
            pass  # the lease is gone; the handler learns it at its next write
        except Exception:
            _log.exception("extending the lease of job %s failed", job.id)

    async def _failed(self, job: Job, error: Exception) -> None:
        if isinstance(error, Conflict) and not await self._still_ours(job):
            _log.info("job %s was taken away", job.id)
            self._count(job, "lost")
            return
        _log.warning("job %s %s failed: %s", job.kind, job.id, type(error).__name__, exc_info=error)
        sentence = f"{type(error).__name__}: {error}"
        if await self._write(_RETRY, lambda tx: jobs.retry_later(tx, job, sentence)):
            self._count(job, "failed")
        else:
            self._count(job, "dead")
            await self._tell_of_dead_jobs()

    async def _tell_of_dead_jobs(self) -> int:
        """How many. A process may have died between a job's death and the telling."""
        dead: list[Job] = await self._write(
            _BURY, lambda tx: jobs.claim_dead(tx, _CONCURRENCY, self._handlers)
        )
        for job in dead:
            try:
                if job.kind in self._give_up:
                    await self._give_up[job.kind](self._app, job, job.error)
                await self._write(_BURY, functools.partial(jobs.bury, job=job))
            except Exception:  # one that cannot be told must not keep the others from working
                _log.exception("telling of the dead job %s failed", job.id)
        return len(dead)

    async def _still_ours(self, job: Job) -> bool:
        try:
            await self._write(_EXTEND, lambda tx: jobs.require_lease(tx, job.worker))
        except Conflict:
            return False
        return True

    def _count(self, job: Job, end: str) -> None:
        self.counts[job.kind, end] += 1

    async def _write(self, operation: Operation, work: Callable[[Tx], Any]) -> Any:
        return await self._app.db.write(_call(operation), work)


def _forget(done: list[Job], tx: Tx) -> None:
    for job in done:
        jobs.finish(tx, job.worker)


def _was_cut_off(task: asyncio.Task[None]) -> bool:
    """Cancelled, or still running; what ended by itself in the meantime has no lease any more."""
    return not task.done() or task.cancelled()


def _call(operation: Operation) -> Call:
    return Call(
        operation=operation,
        params={},
        caller=Owner(reason="jobs"),
        origin=Origin(request_id=request_id()),
        event_source="jobs.genkan",
    )
