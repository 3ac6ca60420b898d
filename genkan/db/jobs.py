"""The leased job table: what must happen after a transaction, enqueued inside it.

A job carries ids, never secrets. States: ready → leased → gone; after `MAX_ATTEMPTS` dead, and
buried once whoever waits for it was told.
A claim raises the job's fence; every write of a worker checks its fence, so that a worker whose
lease was taken away changes nothing more. Jobs with the same concurrency key run one at a time;
of those that are due, in the order they were enqueued. Jobs of a busy key are never in the way of
others, and workers leave kinds that they do not know to those that do, which may be of another
release. Any number of workers may claim at once; their clocks must agree within a few seconds,
since a lease ends by the clock of whoever looks.
"""

import itertools
import random
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from genkan.core.call import Worker
from genkan.core.errors import Conflict
from genkan.db.database import Row, Tx

MAX_ATTEMPTS = 12
MAX_CLAIMS = 50
"""Of a job whose workers vanish: by then it is what makes them vanish."""
LEASE_MS = 30_000
Kinds = Collection[str] | None
"""Kinds of jobs that a worker knows; None for all."""
MOST_COUNTED = 10_000
_STATES = ("ready", "leased", "dead", "buried")
_FIRST_RETRY_MS = 200
_LAST_RETRY_MS = 60_000
_SKEW_MS = 60_000
"""Clocks that agree differ by less."""
_counter = itertools.count()
# In the order of an index, so that a long queue is read no further than it must be.
_CLAIMABLE = (
    "SELECT id, kind, payload, attempts, fence FROM jobs AS due"
    " WHERE state = 'ready' AND run_at <= ?{of_kinds} AND (concurrency_key = '' OR NOT EXISTS"
    " (SELECT 1 FROM jobs AS ahead WHERE ahead.concurrency_key = due.concurrency_key"
    " AND (ahead.state = 'leased'"
    " OR (ahead.state = 'ready' AND ahead.run_at <= ? AND ahead.id < due.id))))"
    " ORDER BY run_at, id LIMIT ?"
)
_DEAD = (
    "SELECT id, kind, payload, attempts, fence, error FROM jobs"
    " WHERE state = 'dead' AND lease_until <= ?{of_kinds} ORDER BY id LIMIT ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A claimed job. `attempts` counts claims, this one included."""

    id: str
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    fence: int
    error: str = ""

    @property
    def worker(self) -> Worker:
        """The caller under which this job's operations are performed."""
        return Worker(kind=self.kind, job_id=self.id, fence=self.fence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many jobs there are, by state, up to `MOST_COUNTED` each; how long the first is due."""

    states: Mapping[str, int]
    oldest_due_ms: int


def enqueue(
    tx: Tx, kind: str, payload: Mapping[str, Any], *, key: str = "", delay_ms: int = 0
) -> str:
    """Have `kind` done after this transaction commits, no earlier than `delay_ms` from now."""
    job_id = f"{tx.now:012x}-{next(_counter):08x}-{secrets.token_hex(6)}"
    tx.run(
        "INSERT INTO jobs VALUES (?, ?, ?, ?, 'ready', 0, ?, 0, 0, '', ?)",
        job_id,
        kind,
        msgspec.json.encode(payload).decode(),
        key,
        tx.now + delay_ms,
        tx.now,
    )
    tx.wake_workers()
    return job_id


def take_back(tx: Tx, *, all_leases: bool) -> int:
    """Make jobs of dead workers ready again: those past their lease, or every one of them.

    Every one only where no other worker can be at work on this store.
    """
    if all_leases:
        tx.run("UPDATE jobs SET lease_until = 0 WHERE state = 'dead'")
    limit = tx.now if not all_leases else 2**62
    tx.run(
        "UPDATE jobs SET state = 'dead', lease_until = 0, error = ?"
        " WHERE state = 'leased' AND lease_until < ? AND attempts >= ?",
        "every worker that did it vanished",
        limit,
        MAX_CLAIMS,
    )
    return tx.run(
        "UPDATE jobs SET state = 'ready' WHERE state = 'leased' AND lease_until < ?", limit
    )


def bring_back(tx: Tx) -> None:
    """Bring times that no clock of now could have written to what they meant.

    A machine's clock that was ahead and has been set back leaves leases and due times in a future
    that may be hours away; without this their jobs would wait for it. For a worker's start: between
    workers whose clocks disagree, one at work would lose its leases again and again.
    """
    now, soon = tx.now, tx.now + _SKEW_MS
    tx.run(
        "UPDATE jobs SET lease_until = 0 WHERE state IN ('leased', 'dead') AND lease_until > ?",
        soon + LEASE_MS,
    )
    tx.run(
        "UPDATE jobs SET run_at = ? + run_at - created_at, created_at = ?"
        " WHERE state IN ('ready', 'leased') AND run_at > ? AND created_at > ?",
        now,
        now,
        soon,
        soon,
    )
    tx.run(
        "UPDATE jobs SET run_at = ? WHERE state = 'ready' AND run_at > ? AND attempts > 0",
        now,
        soon + _LAST_RETRY_MS,
    )


def claim(tx: Tx, limit: int, kinds: Kinds = None) -> list[Job]:
    """Lease up to `limit` due jobs (of `kinds`) for `LEASE_MS`, one per concurrency key."""
    take_back(tx, all_leases=False)
    claimed: list[Job] = []
    rows = _claimable(tx, limit, kinds)
    for job_id, kind, payload, attempts, fence in rows:
        tx.run(
            "UPDATE jobs SET state = 'leased', attempts = ?, fence = ?, lease_until = ?"
            " WHERE id = ?",
            attempts + 1,
            fence + 1,
            tx.now + LEASE_MS,
            job_id,
        )
        document = msgspec.json.decode(payload)
        claimed.append(
            Job(id=job_id, kind=kind, payload=document, attempts=attempts + 1, fence=fence + 1)
        )
    return claimed


def _claimable(tx: Tx, limit: int, kinds: Kinds) -> list[Row]:
    sql, names = _of_kinds(_CLAIMABLE, kinds)
    return tx.all(sql, tx.now, *names, tx.now, limit)


def _of_kinds(sql: str, kinds: Kinds) -> tuple[str, Sequence[str]]:
    """The statement for these kinds, and their names as its parameters."""
    if kinds is None:
        return sql.format(of_kinds=""), ()
    marks = ", ".join("?" * len(kinds)) or "NULL"
    return sql.format(of_kinds=f" AND kind IN ({marks})"), sorted(kinds)


def release(tx: Tx, held: Sequence[Job]) -> int:
    """Hand leased jobs back, ready at once, as if they had not been claimed; how many.

    Their fences rise, so that a handler that still runs somewhere writes nothing more. A job that
    was taken away meanwhile is left to its new holder.
    """
    released = sum(
        tx.run(
            "UPDATE jobs SET state = 'ready', attempts = attempts - 1, fence = fence + 1,"
            " lease_until = 0 WHERE id = ? AND fence = ? AND state = 'leased'",
            job.id,
            job.fence,
        )
        for job in held
    )
    tx.wake_workers()
    return released


def require_lease(tx: Tx, worker: Worker) -> None:
    """Refuse when the worker's lease is gone: expired, taken over, or the store was reset."""
    row = tx.one(
        "SELECT 1 FROM jobs WHERE id = ? AND fence = ? AND state = 'leased' AND lease_until > ?",
        worker.job_id,
        worker.fence,
        tx.now,
    )
    if row is None:
        raise Conflict("The job is no longer leased to this worker.")


def heartbeat(tx: Tx, worker: Worker) -> None:
    """Extend the lease by `LEASE_MS` from now."""
    require_lease(tx, worker)
    tx.run("UPDATE jobs SET lease_until = ? WHERE id = ?", tx.now + LEASE_MS, worker.job_id)


def finish(tx: Tx, worker: Worker) -> None:
    """The job is done; forget it, and let the next one of its key be found."""
    tx.run("DELETE FROM jobs WHERE id = ? AND fence = ?", worker.job_id, worker.fence)
    tx.wake_workers()


def retry_later(tx: Tx, job: Job, error: str) -> bool:
    """Put a failed job back with exponential back-off and jitter; False when it is dead now."""
    dead = job.attempts >= MAX_ATTEMPTS
    ceiling = min(_LAST_RETRY_MS, _FIRST_RETRY_MS * 2**job.attempts)
    delay = random.randint(ceiling // 2, ceiling)  # noqa: S311 - spreads load, guards nothing
    tx.run(
        "UPDATE jobs SET state = ?, run_at = ?, lease_until = 0, error = ?"
        " WHERE id = ? AND fence = ?",
        "dead" if dead else "ready",
        tx.now + delay,
        error[:1000],
        job.id,
        job.fence,
    )
    return not dead


def claim_dead(tx: Tx, limit: int, kinds: Kinds = None) -> list[Job]:
    """Jobs that failed too often and whose end is to be told: by the caller, for `LEASE_MS`."""
    sql, names = _of_kinds(_DEAD, kinds)
    rows = tx.all(sql, tx.now, *names, limit)
    for row in rows:
        tx.run("UPDATE jobs SET lease_until = ? WHERE id = ?", tx.now + LEASE_MS, row[0])
    return [
        Job(
            id=row[0],
            kind=row[1],
            payload=msgspec.json.decode(row[2]),
            attempts=row[3],
            fence=row[4],
            error=row[5],
        )
        for row in rows
    ]


def bury(tx: Tx, job: Job) -> None:
    """The end of a dead job was told; it stays in the table for an operator to look at."""
    tx.run("UPDATE jobs SET state = 'buried' WHERE id = ? AND state = 'dead'", job.id)


def next_due(tx: Tx, kinds: Kinds = None) -> int | None:
    """When there will be something to claim, epoch milliseconds; not after `tx.now` means now.

    None when nobody can say: there is nothing, or it waits for a running job of its key. Reads
    only, so that whoever finds nothing to do writes nothing.
    """
    overdue = tx.one(
        "SELECT 1 FROM jobs WHERE state = 'leased' AND lease_until < ? LIMIT 1", tx.now
    )
    dead, names = _of_kinds(_DEAD, kinds)
    if overdue or _claimable(tx, 1, kinds) or tx.one(dead, tx.now, *names, 1):
        return tx.now
    row = tx.one("SELECT MIN(run_at) FROM jobs WHERE state = 'ready' AND run_at > ?", tx.now)
    return row[0] if row else None


def backlog(tx: Tx) -> Backlog:
    """For whoever watches: what waits, what runs, what failed for good."""
    states = {state: _count(tx, state) for state in _STATES}
    row = tx.one("SELECT MIN(run_at) FROM jobs WHERE state = 'ready' AND run_at <= ?", tx.now)
    due = row[0] if row else None
    return Backlog(states=states, oldest_due_ms=0 if due is None else tx.now - due)


def _count(tx: Tx, state: str) -> int:
    row = tx.one(
        "SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE state = ? LIMIT ?) AS counted",
        state,
        MOST_COUNTED,
    )
    return row[0] if row else 0
