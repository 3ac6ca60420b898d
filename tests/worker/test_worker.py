"""The in-process worker: when jobs run, how many at a time, and what happens when they fail."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from genkan import worker
from genkan.core.app import App
from genkan.core.call import Call
from genkan.core.errors import Conflict
from genkan.db import jobs
from genkan.db.jobs import Job
from genkan.worker import InProcessWorker
from tests.worker.workshop import KIND, OWNER, PATIENCE_SECONDS, Workshop, note, note_as


async def test_a_commit_that_enqueues_a_job_wakes_the_worker(workshop: Workshop) -> None:
    await workshop.worker(note).start()
    await asyncio.sleep(0)
    await workshop.enqueue("one")
    await workshop.idle()
    await workshop.enqueue("two")
    await workshop.idle()
    assert await workshop.notes() == ["one", "two"]


async def test_a_handler_sees_what_was_committed_with_its_job(workshop: Workshop) -> None:
    seen = []

    async def look(app: App, job: Job) -> None:
        with sqlite3.connect(workshop.path) as other:
            seen.extend(other.execute("SELECT body FROM notes").fetchall())

    await workshop.worker(look).start()

    def together(tx: object) -> None:
        tx.run("INSERT INTO notes VALUES ('committed')")  # type: ignore[attr-defined]
        jobs.enqueue(tx, KIND, {"body": "x"})  # type: ignore[arg-type]

    await workshop.write(together)
    await workshop.idle()
    assert seen == [("committed",)]


async def test_jobs_that_waited_before_the_start_are_done(workshop: Workshop) -> None:
    await workshop.enqueue("one", "two")
    await workshop.worker(note).start()
    await workshop.idle()
    assert sorted(await workshop.notes()) == ["one", "two"]


async def test_the_leases_of_a_dead_process_are_taken_back_at_start(workshop: Workshop) -> None:
    await workshop.enqueue("one")
    (lost,) = await workshop.write(lambda tx: jobs.claim(tx, 1))
    await workshop.worker(note).start()
    await workshop.idle()
    assert await workshop.notes() == ["one"]
    with pytest.raises(Conflict):
        await note_as(workshop.app, lost.worker, lost.payload)


async def test_as_many_jobs_run_at_a_time_as_there_is_room_for(workshop: Workshop) -> None:
    running: Counter[str] = Counter()
    release = asyncio.Event()

    async def wait(app: App, job: Job) -> None:
        running["now"] += 1
        running["most"] = max(running["most"], running["now"])
        await release.wait()
        running["now"] -= 1

    many = worker._CONCURRENCY_ALONE + 3
    await workshop.enqueue(*(str(number) for number in range(many)))
    await workshop.worker(wait).start()

    async def full() -> bool:
        return running["now"] == worker._CONCURRENCY_ALONE

    await workshop.until(full)
    states = Counter(state for (state,) in await workshop.rows("state"))
    assert states == {
        "leased": worker._CONCURRENCY_ALONE,
        "ready": many - worker._CONCURRENCY_ALONE,
    }
    release.set()
    await workshop.idle()
    assert running["most"] == worker._CONCURRENCY_ALONE


async def test_jobs_that_end_together_are_forgotten_in_one_transaction(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = asyncio.Event()
    wrote: Counter[str] = Counter()
    write = workshop.db.write

    def counted(call: Call, *arguments: Any) -> Any:
        wrote[call.operation.name] += 1
        return write(call, *arguments)

    async def wait(app: App, job: Job) -> None:
        await release.wait()

    monkeypatch.setattr(workshop.db, "write", counted)
    await workshop.enqueue(*(str(number) for number in range(10)))
    started = workshop.worker(wait)
    await started.start()

    async def all_run() -> bool:
        return started.running == 10

    await workshop.until(all_run)
    release.set()
    await workshop.idle()
    assert wrote["FinishJob"] == 1
    await workshop.until(_nothing_runs(started))
    assert started.counts[KIND, "done"] == 10


def _nothing_runs(worker: InProcessWorker) -> Callable[[], Awaitable[bool]]:
    async def nothing() -> bool:
        return worker.running == 0

    return nothing


async def test_the_lease_of_a_job_that_takes_long_is_extended(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LEASE_MS", 60)
    release = asyncio.Event()

    async def wait(app: App, job: Job) -> None:
        await release.wait()

    await workshop.enqueue("one", "two")
    started = workshop.worker(wait)
    await started.start()

    async def both_until() -> int:
        rows = await workshop.rows("state", "lease_until")
        both = all(row == ("leased", rows[0][1]) for row in rows)
        return rows[0][1] if both else 0

    first = await workshop.until(both_until)
    workshop.clock.now += 20

    async def extended() -> bool:
        return await both_until() == first + 20

    await workshop.until(extended)
    release.set()
    await workshop.idle()


async def test_jobs_of_one_key_run_one_at_a_time_in_order_beside_others(
    workshop: Workshop,
) -> None:
    order: list[str] = []
    release = asyncio.Event()

    async def wait(app: App, job: Job) -> None:
        order.append(f"{job.payload['body']} begins")
        if job.payload["body"] == "first":
            await release.wait()
        await note(app, job)
        order.append(f"{job.payload['body']} ends")

    await workshop.worker(wait).start()
    await workshop.enqueue("first", "second", "third", key="account/set")
    await workshop.enqueue("other", key="account/another")

    async def other_done() -> bool:
        return "other ends" in order

    await workshop.until(other_done)
    assert [one for one in order if "other" not in one] == ["first begins"]
    release.set()
    await workshop.idle()
    assert [one for one in order if "other" not in one] == [
        f"{name} {moment}" for name in ("first", "second", "third") for moment in ("begins", "ends")
    ]


async def test_a_failed_job_comes_back_when_its_pause_is_over_and_not_before(
    workshop: Workshop,
) -> None:
    attempts: list[int] = []

    async def fail_twice(app: App, job: Job) -> None:
        if job.payload["body"] == "one":
            attempts.append(job.attempts)
            if len(attempts) < 3:
                raise OSError("the network")
        await note(app, job)

    made = workshop.worker(fail_twice)
    await made.start()
    await workshop.enqueue("one")
    for failures in (1, 2):

        async def failed(failures: int = failures) -> bool:
            return await workshop.rows("state", "attempts") == [("ready", failures)]

        await workshop.until(failed)
        ((due, error),) = await workshop.rows("run_at", "error")
        assert error == "OSError: the network"
        workshop.clock.now = due - 1
        await workshop.enqueue(f"witness {failures}")

        async def looked(failures: int = failures) -> bool:
            return f"witness {failures}" in await workshop.notes()

        await workshop.until(looked)
        assert attempts == list(range(1, failures + 1))
        workshop.clock.now = due
        made.wake()
    await workshop.idle()
    assert attempts == [1, 2, 3]
    assert "one" in await workshop.notes()


async def test_a_job_that_always_fails_is_given_up_once_with_its_last_error(
    workshop: Workshop,
) -> None:
    told: list[tuple[str, int, str]] = []

    async def fail(app: App, job: Job) -> None:
        raise OSError(f"attempt {job.attempts}")

    async def give_up(app: App, job: Job, error: str) -> None:
        told.append((job.payload["body"], job.attempts, error))

    made = workshop.worker(fail, give_up)
    await made.start()
    await workshop.enqueue("one")

    async def buried() -> bool:
        ((state, due),) = await workshop.rows("state", "run_at")
        if state == "ready" and due > workshop.clock.now:
            workshop.clock.now = due
            made.wake()
        return bool(state == "buried")

    await workshop.until(buried)
    last = jobs.MAX_ATTEMPTS
    assert told == [("one", last, f"OSError: attempt {last}")]
    assert await workshop.rows("attempts") == [(last,)]


async def test_who_waits_for_a_job_that_died_with_the_process_is_told_at_the_next_start(
    workshop: Workshop,
) -> None:
    told: list[str] = []

    async def give_up(app: App, job: Job, error: str) -> None:
        told.append(error)

    await workshop.enqueue("one")
    await workshop.write(lambda tx: tx.run("UPDATE jobs SET state = 'dead', error = 'the last'"))
    await workshop.worker(note, give_up).start()
    assert told == ["the last"]
    assert await workshop.rows("state") == [("buried",)]
    await workshop.worker(note, give_up).start()
    assert told == ["the last"]


async def test_one_job_that_cannot_be_given_up_does_not_keep_the_worker_from_starting(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    async def give_up(app: App, job: Job, error: str) -> None:
        if job.payload["body"] == "bad":
            raise ZeroDivisionError

    await workshop.enqueue("bad", "good")
    await workshop.write(lambda tx: tx.run("UPDATE jobs SET state = 'dead'"))
    await workshop.worker(note, give_up).start()
    assert await workshop.rows("state") == [("dead",), ("buried",)]
    assert "ZeroDivisionError" in caplog.text
    await workshop.enqueue("new")

    async def done() -> bool:
        return await workshop.notes() == ["new"]

    await workshop.until(done)


async def test_a_job_of_an_unknown_kind_waits_for_a_worker_that_knows_it(
    workshop: Workshop,
) -> None:
    await workshop.worker(note).start()
    await workshop.enqueue("one", kind="Unknown")
    await workshop.enqueue("two")

    async def settled() -> bool:
        return await workshop.rows("kind", "state", "attempts") == [("Unknown", "ready", 0)]

    await workshop.until(settled)
    assert await workshop.notes() == ["two"]


async def test_a_dead_job_of_an_unknown_kind_is_left_to_a_worker_that_can_tell_of_it(
    workshop: Workshop,
) -> None:
    await workshop.enqueue("one", kind="Unknown")
    await workshop.write(lambda tx: tx.run("UPDATE jobs SET state = 'dead'"))
    await workshop.worker(note).start()
    await workshop.enqueue("two")

    async def settled() -> bool:
        return await workshop.rows("kind", "state") == [("Unknown", "dead")]

    await workshop.until(settled)
    assert await workshop.notes() == ["two"]


async def test_a_lost_lease_stops_every_write_and_leaves_the_job_to_its_new_holder(
    workshop: Workshop,
) -> None:
    begun, release, refused = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(app: App, job: Job) -> None:
        begun.set()
        await release.wait()
        try:
            await note(app, job)
        except Conflict:
            refused.set()
            raise

    made = workshop.worker(slow)
    await made.start()
    await workshop.enqueue("one")
    await begun.wait()
    taken = await workshop.taken_over()
    held = await workshop.rows("state", "attempts", "fence", "lease_until", "error")
    release.set()
    await refused.wait()
    await made.stop()
    assert await workshop.notes() == []
    assert await workshop.rows("state", "attempts", "fence", "lease_until", "error") == held
    await note(workshop.app, taken)
    assert await workshop.notes() == ["taken"]


async def test_a_handler_that_ends_after_its_lease_does_not_end_the_new_holders_job(
    workshop: Workshop,
) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(app: App, job: Job) -> None:
        begun.set()
        await release.wait()

    made = workshop.worker(slow)
    await made.start()
    await workshop.enqueue("one")
    await begun.wait()
    taken = await workshop.taken_over()
    release.set()
    await made.stop()
    assert await workshop.rows("state", "fence") == [("leased", taken.fence)]


async def test_a_running_job_keeps_its_lease(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LEASE_MS", 60)
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(app: App, job: Job) -> None:
        begun.set()
        await release.wait()
        await note(app, job)

    await workshop.worker(slow).start()
    await workshop.enqueue("one")
    await begun.wait()
    for _ in range(3):
        ((before,),) = await workshop.rows("lease_until")
        workshop.clock.advance(seconds=0.05)

        async def extended(before: int = before) -> bool:
            ((now,),) = await workshop.rows("lease_until")
            return bool(now > before)

        await workshop.until(extended)
    assert await workshop.write(lambda tx: jobs.claim(tx, 1)) == []
    release.set()
    await workshop.idle()
    assert await workshop.notes() == ["one"]


async def test_a_failed_claim_is_not_the_end_of_the_worker(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = jobs.claim
    failures = iter([sqlite3.OperationalError("disk I/O error")])

    def fail_once(*arguments: object) -> list[Job]:
        for error in failures:
            raise error
        return claim(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "claim", fail_once)
    made = workshop.worker(note)
    await made.start()
    await workshop.enqueue("one")
    made.wake()
    await workshop.idle()
    assert await workshop.notes() == ["one"]


async def test_a_job_whose_failure_cannot_be_written_runs_again_after_its_lease(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*arguments: object) -> bool:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(jobs, "retry_later", full)
    attempts: list[int] = []

    async def fail_once(app: App, job: Job) -> None:
        attempts.append(job.attempts)
        if len(attempts) == 1:
            raise OSError("the network")
        await note(app, job)

    made = workshop.worker(fail_once)
    await made.start()
    await workshop.enqueue("one")

    async def left() -> bool:
        return "was left leased" in caplog.text

    await workshop.until(left)
    workshop.clock.advance(seconds=jobs.LEASE_MS / 1000 + 1)
    made.wake()
    await workshop.idle()
    assert attempts == [1, 2]
    assert await workshop.notes() == ["one"]


async def test_stop_waits_for_the_running_job_and_begins_no_other(workshop: Workshop) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(app: App, job: Job) -> None:
        begun.set()
        await release.wait()
        await note(app, job)

    made = workshop.worker(slow)
    await made.start()
    await workshop.enqueue("one")
    await begun.wait()
    stopping = asyncio.create_task(made.stop())
    await asyncio.sleep(0)
    await workshop.enqueue("two")
    assert not stopping.done()
    release.set()
    await stopping
    assert await workshop.notes() == ["one"]
    assert await workshop.rows("payload", "state") == [('{"body":"two"}', "ready")]


@pytest.mark.parametrize("turns", range(6))
async def test_stop_ends_a_worker_that_is_woken_at_the_same_moment(
    workshop: Workshop, turns: int
) -> None:
    made = workshop.worker(note)
    await made.start()
    await workshop.enqueue("one")
    await workshop.idle()
    for _ in range(20):
        await asyncio.sleep(0.001)  # until it waits again
    made.wake()
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await made.stop()
    await workshop.enqueue("two")
    assert await workshop.rows("state") == [("ready",)]


async def test_drop_abandons_running_jobs_and_goes_on_with_new_ones(workshop: Workshop) -> None:
    begun, never = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def stuck(app: App, job: Job) -> None:
        if job.payload["body"] == "new":
            await note(app, job)
            return
        begun.set()
        try:
            await never.wait()
        finally:
            ended.append(job.payload["body"])

    made = workshop.worker(stuck)
    await made.start()
    await workshop.enqueue("old")
    await begun.wait()
    made.drop()
    await workshop.write(lambda tx: tx.run("DELETE FROM jobs"))
    await workshop.enqueue("new")
    await workshop.idle()
    assert ended == ["old"]
    assert await workshop.notes() == ["new"]


async def test_nobody_but_the_holder_of_the_lease_and_the_owner_may_do_a_jobs_work(
    workshop: Workshop,
) -> None:
    await workshop.enqueue("one")
    (job,) = await workshop.write(lambda tx: jobs.claim(tx, 1))
    stale = Job(id=job.id, kind=job.kind, payload=job.payload, attempts=1, fence=job.fence - 1)
    foreign = Job(id="no-such-job", kind=job.kind, payload=job.payload, attempts=1, fence=1)
    for impostor in (stale, foreign):
        with pytest.raises(Conflict):
            await note(workshop.app, impostor)
    await note(workshop.app, job)
    await note_as(workshop.app, OWNER, {"body": "owner"})
    workshop.clock.advance(seconds=jobs.LEASE_MS / 1000)
    with pytest.raises(Conflict):
        await note(workshop.app, job)
    assert await workshop.notes() == ["one", "owner"]
