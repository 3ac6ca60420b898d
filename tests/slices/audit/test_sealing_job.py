"""Sealing in the background: asked for by what is recorded, done by the worker, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from genkan.assembly.wiring import job_handlers, make_app
from genkan.audit.recorder import Recorder
from genkan.audit.sealing import SEAL_JOB, SealingRequests, make_sealer
from genkan.core.app import App
from genkan.core.call import Call
from genkan.core.errors import Conflict
from genkan.db import jobs
from genkan.perform import perform
from genkan.worker import InProcessWorker
from tests.slices.audit.chain import HOME, a_call, many, verified
from tests.support.store import Store


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
async def app(store: Store) -> AsyncIterator[App]:
    database = store.database()
    services = store.services
    made = make_app(
        deployment=services.deployment,
        db=database,
        clock=store.clock,
        vault=services.vault,
        events=services.events,
    )
    made.record = Recorder(home=lambda tx: HOME, sealing=SealingRequests()).record
    yield made
    await database.close()


def asked(store: Store) -> int:
    """How many jobs wait."""
    (count,) = store.rows("SELECT COUNT(*) FROM jobs WHERE kind = ?", SEAL_JOB)[0]
    found: int = count
    return found


async def until_sealed(store: Store, app: App, records: int) -> None:
    """Have a worker do what is due."""
    handlers, give_up = job_handlers()
    worker = InProcessWorker(app, handlers, give_up, poll_seconds=0.05)
    await worker.start()
    async with asyncio.timeout(60):
        while asked(store) or verified(store).records < records:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await worker.stop()


async def test_what_is_recorded_is_sealed_by_the_worker(store: Store, app: App) -> None:
    for _ in range(3):
        await perform(app, a_call())
    assert asked(store) == 1
    store.clock.advance(seconds=15)
    await until_sealed(store, app, 3)
    report = verified(store)
    assert (report.problems, report.batches, report.records, report.unsealed) == ([], 1, 3, 0)


async def test_each_stretch_of_time_asks_once_and_idleness_never(store: Store, app: App) -> None:
    for _ in range(4):
        for _ in range(5):
            await perform(app, a_call())
        store.clock.advance(seconds=10)
    assert asked(store) == 4
    store.clock.advance(seconds=15)
    await until_sealed(store, app, 20)
    store.clock.advance(seconds=1000)
    assert asked(store) == 0


async def test_a_clock_that_goes_back_does_not_stop_the_asking(store: Store, app: App) -> None:
    await perform(app, a_call())
    store.clock.advance(seconds=-3600)
    await perform(app, a_call())
    assert asked(store) == 2


def test_a_transaction_that_is_undone_and_run_again_asks_again(store: Store) -> None:
    recorder = Recorder(home=lambda tx: HOME, sealing=SealingRequests())
    call = a_call()
    for undone in (True, False):
        try:
            with store.write() as tx:
                tx.call = call
                recorder.record(tx, call, None)
                if undone:
                    raise Conflict("again")
        except Conflict:
            assert asked(store) == 0
    assert asked(store) == 1


async def test_two_workers_at_once_seal_every_record_once(store: Store, app: App) -> None:
    many(store, 600)
    for key in ("one", "other"):
        with store.write() as tx:
            jobs.enqueue(tx, SEAL_JOB, {}, key=key)
    workers = [InProcessWorker(app, job_handlers()[0], alone=False) for _ in range(2)]
    for worker in workers:
        await worker.start()
    async with asyncio.timeout(60):
        while asked(store):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    for worker in workers:
        await worker.stop()
    report = verified(store)
    assert (report.problems, report.batches, report.records) == ([], 3, 600)


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
async def test_a_job_that_was_cut_off_anywhere_is_done_by_the_next_one(
    store: Store, app: App, steps: int
) -> None:
    many(store, 400)
    left = steps

    async def dying(app: App, call: Call) -> Any:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        return await perform(app, call)

    with store.write() as tx:
        jobs.enqueue(tx, SEAL_JOB, {})
    with store.write() as tx:
        (job,) = jobs.claim(tx, 1)
    with pytest.raises(Killed):
        await make_sealer(dying)(app, job)
    report = verified(store)
    assert report.problems == []
    assert (report.batches, report.unsealed) == ((1, 150) if steps >= 2 else (0, 400))
    store.clock.advance(seconds=60)
    await until_sealed(store, app, 400)
    assert verified(store).batches == 2


async def test_a_job_that_lost_its_lease_seals_nothing(store: Store, app: App) -> None:
    many(store, 5)
    with store.write() as tx:
        jobs.enqueue(tx, SEAL_JOB, {})
    with store.write() as tx:
        (job,) = jobs.claim(tx, 1)
    store.clock.advance(seconds=60)
    with pytest.raises(Conflict):
        await make_sealer(perform)(app, job)
    assert verified(store).batches == 0
