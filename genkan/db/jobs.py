"""The leased job table: what must happen after a transaction, enqueued inside it.

A job carries ids, never secrets. States: ready → leased → gone; after `MAX_ATTEMPTS` dead, and
buried once whoever waits for it was told.
A claim raises the job's fence; every write of a worker checks its fence, so that a worker whose
lease was taken away changes nothing more. Jobs with the same concurrency key run one at a time,
in the order they were enqueued.
"""

import itertools
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from genkan.core.call import Worker
from genkan.core.errors import Conflict
from genkan.db.database import Tx

MAX_ATTEMPTS = 12
LEASE_MS = 30_000
_FIRST_RETRY_MS = 200
_LAST_RETRY_MS = 60_000
_counter = itertools.count()


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
    """Make jobs of dead workers ready again: those past their lease, or every one of them."""
    limit = tx.now if not all_leases else 2**62
    return tx.run(
        "UPDATE jobs SET state = 'ready' WHERE state = 'leased' AND lease_until < ?", limit
    )


def claim(tx: Tx, limit: int) -> list[Job]:
    """Lease up to `limit` due jobs for `LEASE_MS`, one per concurrency key."""
    take_back(tx, all_leases=False)
    rows = tx.all(
        "SELECT id, kind, payload, attempts, fence, concurrency_key FROM jobs AS due"
        " WHERE state = 'ready' AND run_at <= ? AND (concurrency_key = '' OR NOT EXISTS"
        " (SELECT 1 FROM jobs AS running WHERE running.concurrency_key = due.concurrency_key"
        " AND running.state = 'leased')) ORDER BY id LIMIT ?",
        tx.now,
        limit,
    )
    claimed: list[Job] = []
    keys: set[str] = set()
    for job_id, kind, payload, attempts, fence, key in rows:
        if key and key in keys:
            continue
        keys.add(key)
        tx.run(
            "UPDATE jobs SET state = 'leased', attempts = attempts + 1, fence = fence + 1,"
            " lease_until = ? WHERE id = ?",
            tx.now + LEASE_MS,
            job_id,
        )
        document = msgspec.json.decode(payload)
        claimed.append(
            Job(id=job_id, kind=kind, payload=document, attempts=attempts + 1, fence=fence + 1)
        )
    return claimed


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
        "UPDATE jobs SET state = ?, run_at = ?, error = ? WHERE id = ? AND fence = ?",
        "dead" if dead else "ready",
        tx.now + delay,
        error[:1000],
        job.id,
        job.fence,
    )
    return not dead


def dead_jobs(tx: Tx, limit: int) -> list[Job]:
    """Jobs that failed too often and whose end nobody has been told yet."""
    rows = tx.all(
        "SELECT id, kind, payload, attempts, fence, error FROM jobs WHERE state = 'dead'"
        " ORDER BY id LIMIT ?",
        limit,
    )
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


def next_due(tx: Tx) -> int | None:
    """When the next ready job may run, epoch milliseconds, or None."""
    row = tx.one("SELECT MIN(run_at) FROM jobs WHERE state = 'ready'")
    return row[0] if row else None
