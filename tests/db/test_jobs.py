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


def test_jobs_of_a_busy_key_do_not_fill_the_claim_of_others(store: Store) -> None:
    first = _enqueue(store, "busy")
    for _ in range(20):
        _enqueue(store, "busy")
    others = {_enqueue(store, f"key {number}") for number in range(3)} | {_enqueue(store)}
    assert {job.id for job in _claim(store, 8)} == {first} | others


def test_what_next_due_says_is_what_a_claim_finds(store: Store) -> None:
    def due() -> int | None:
        with store.write() as tx:
            return jobs.next_due(tx, {"Work"})

    assert due() is None
    with store.write() as tx:
        jobs.enqueue(tx, "Foreign", {})
    assert due() is None
    later = store.clock.now + 700
    _enqueue(store, "account", delay_ms=700)
    assert due() == later
    store.clock.now = later
    assert due() == later
    with store.write() as tx:
        assert len(jobs.claim(tx, 10, {"Work"})) == 1
    _enqueue(store, "account")
    assert due() is None  # it waits for the running one
    store.clock.advance(seconds=jobs.LEASE_MS / 1000 + 1)
    assert due() == store.clock.now


def test_a_released_job_is_claimed_at_once_and_its_attempt_is_not_counted(store: Store) -> None:
    _enqueue(store)
    (held,) = _claim(store)
    with store.write() as tx:
        assert jobs.release(tx, [held]) == 1
    with store.write() as tx, pytest.raises(Conflict):
        jobs.require_lease(tx, held.worker)
    with store.write() as tx:
        jobs.finish(tx, held.worker)
        assert jobs.retry_later(tx, held, "too late")
        assert jobs.release(tx, [held]) == 0
    (taken,) = _claim(store)
    assert (taken.id, taken.attempts) == (held.id, held.attempts)
    assert taken.fence > held.fence + 1


def test_a_job_taken_over_is_not_released_by_its_last_holder(store: Store) -> None:
    _enqueue(store)
    (lost,) = _claim(store)
    store.clock.advance(seconds=jobs.LEASE_MS / 1000 + 1)
    (taken,) = _claim(store)
    with store.write() as tx:
        assert jobs.release(tx, [lost]) == 0
        jobs.require_lease(tx, taken.worker)


def test_a_dead_job_is_told_by_one_at_a_time_and_again_when_the_teller_vanished(
    store: Store,
) -> None:
    _enqueue(store)
    with store.write() as tx:
        tx.run("UPDATE jobs SET state = 'dead'")

    def tellers() -> int:
        with store.write() as tx:
            return len(jobs.claim_dead(tx, 5))

    assert (tellers(), tellers()) == (1, 0)
    store.clock.advance(seconds=jobs.LEASE_MS / 1000)
    assert tellers() == 1


def test_looking_for_jobs_reads_no_whole_table(store: Store) -> None:
    for number in range(5):
        _enqueue(store, f"key {number}")
    with store.watched() as seen, store.write() as tx:
        jobs.next_due(tx, {"Work"})
        jobs.claim(tx, 2, {"Work"})
    for sql, parameters in seen:
        if sql.startswith("SELECT"):
            assert store.data.whole_reads(sql, parameters) == [], sql
            assert store.data.sorts(sql, parameters) == [], sql


def test_a_job_whose_workers_always_vanish_is_given_up_in_the_end(store: Store) -> None:
    _enqueue(store)
    for attempt in range(1, jobs.MAX_CLAIMS + 1):
        (job,) = _claim(store)
        assert job.attempts == attempt
        store.clock.advance(seconds=jobs.LEASE_MS / 1000 + 1)
    assert _claim(store) == []
    with store.write() as tx:
        (dead,) = jobs.claim_dead(tx, 5)
        assert "vanished" in dead.error
        with pytest.raises(Conflict):
            jobs.require_lease(tx, job.worker)


def test_after_the_clock_was_set_back_jobs_wait_no_longer_than_they_were_meant_to(
    store: Store,
) -> None:
    failed = _enqueue(store, "failed")
    store.clock.advance(seconds=3600)
    leased, fresh = _enqueue(store, "leased"), _enqueue(store, "fresh")
    (first, second) = _claim(store, 2)
    assert {first.id, second.id} == {failed, leased}
    with store.write() as tx:
        jobs.retry_later(tx, first if first.id == failed else second, "failed")
    delayed = _enqueue(store, "delayed", delay_ms=120_000)
    store.clock.advance(seconds=-3600)
    assert _claim(store) == []
    with store.write() as tx:
        jobs.bring_back(tx)
    assert {job.id for job in _claim(store)} == {failed, leased, fresh}
    store.clock.advance(seconds=119)
    assert delayed not in {job.id for job in _claim(store)}
    store.clock.advance(seconds=1)
    assert delayed in {job.id for job in _claim(store)}


def test_bringing_times_back_leaves_those_alone_that_a_clock_of_now_wrote(store: Store) -> None:
    _enqueue(store, "leased")
    (held,) = _claim(store)
    delayed = _enqueue(store, "delayed", delay_ms=600_000)
    with store.write() as tx:
        jobs.bring_back(tx)
    assert _claim(store) == []
    with store.write() as tx:
        jobs.require_lease(tx, held.worker)
    store.clock.advance(seconds=600)
    assert delayed in {job.id for job in _claim(store)}
