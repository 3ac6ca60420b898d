"""The leased job table: claims, fences, leases, back-off."""

import pytest

from genkan.core.errors import Conflict
from genkan.db import jobs
from tests.support.store import Store


def _enqueue(store: Store, key: str = "", delay_ms: int = 0) -> str:
    with store.write() as tx:
        return jobs.enqueue(tx, "Work", {"id": "x"}, key=key, delay_ms=delay_ms)


def _claim(store: Store, limit: int = 10) -> list[jobs.Job]:
    with store.write() as tx:
        return jobs.claim(tx, limit)


def test_a_job_is_claimed_once(store: Store) -> None:
    _enqueue(store)
    assert [job.payload for job in _claim(store)] == [{"id": "x"}]
    assert _claim(store) == []


def test_jobs_of_one_key_run_one_at_a_time_in_order(store: Store) -> None:
    first, second = _enqueue(store, "account"), _enqueue(store, "account")
    other = _enqueue(store, "another")
    claimed = _claim(store)
    assert {job.id for job in claimed} == {first, other}
    with store.write() as tx:
        jobs.finish(tx, next(job for job in claimed if job.id == first).worker)
    assert [job.id for job in _claim(store)] == [second]


def test_a_delayed_job_waits(store: Store) -> None:
    _enqueue(store, delay_ms=5000)
    assert _claim(store) == []
    store.clock.advance(seconds=5)
    assert len(_claim(store)) == 1


def test_a_dead_workers_job_goes_to_another_and_the_dead_one_is_fenced_off(store: Store) -> None:
    _enqueue(store)
    (lost,) = _claim(store)
    store.clock.advance(seconds=jobs.LEASE_MS / 1000 + 1)
    (taken,) = _claim(store)
    assert taken.id == lost.id
    assert taken.fence > lost.fence
    with store.write() as tx, pytest.raises(Conflict):
        jobs.require_lease(tx, lost.worker)
    with store.write() as tx:
        jobs.finish(tx, lost.worker)
        jobs.require_lease(tx, taken.worker)


def test_a_heartbeat_keeps_the_lease(store: Store) -> None:
    _enqueue(store)
    (job,) = _claim(store)
    for _ in range(5):
        store.clock.advance(seconds=jobs.LEASE_MS / 2000)
        with store.write() as tx:
            jobs.heartbeat(tx, job.worker)
    assert _claim(store) == []


def test_a_failing_job_comes_back_later_and_later_and_dies(store: Store) -> None:
    _enqueue(store)
    pauses = []
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        (job,) = _claim(store)
        assert job.attempts == attempt
        with store.write() as tx:
            alive = jobs.retry_later(tx, job, "it failed")
            due = jobs.next_due(tx)
        assert alive == (attempt < jobs.MAX_ATTEMPTS)
        if due is not None:
            pauses.append(due - store.clock.now)
            store.clock.now = due
    assert pauses[0] < pauses[3] < pauses[6]
    assert _claim(store) == []
