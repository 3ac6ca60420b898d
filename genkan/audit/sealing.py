"""Sealing: records that are in no batch yet become the next batch of the chain.

Nodes commit out of order, so a batch is whatever has been committed and is in no batch yet, never
a stretch of time: a record that comes late is in a later batch. Beyond `LATE_MS` it is left alone,
because that is how a record looks that somebody put into the past; `genkan audit verify` names it.

A batch is made in two steps. What it will hold is read and hashed in a snapshot that nobody waits
for; a short write then adds it, unless another sealer was quicker. Records cost no statement more.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from genkan.audit import store
from genkan.audit.batches import (
    GENESIS,
    MOST_RECORDS,
    Sealer,
    batch_digest,
    head_message,
    members_text,
    record_digest,
)
from genkan.audit.records import Batch, Members
from genkan.audit.store import Rows
from genkan.core.app import App
from genkan.core.call import Call, Operation, Origin, System
from genkan.core.ids import request_id
from genkan.db import jobs
from genkan.db.database import Tx
from genkan.db.jobs import Job

SEAL_JOB = "SealAudit"
LATE_MS = 600_000
"""How far behind what is sealed already a record may come."""
FAR_FUTURE = 2**62
BESIDE_REQUESTS = 250
"""Records in a batch that is made while requests are answered: they wait for its write."""
_REST = 4
"""How much longer the job rests than it works, so that requests have most of the process."""
_ASK_EVERY_MS = 10_000
_SEALED_AFTER_MS = 12_000
"""Longer than between two requests, so that each finds all of what made them."""


class SealingFailed(Exception):
    """Records that were to be sealed vanished or were sealed in between; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the next batch will hold. `first_time` and `last_time` in epoch milliseconds."""

    previous: str
    sequence: int
    horizon: int
    first_time: int
    last_time: int
    members: Members


def draft_batch(
    rows: Rows, *, until: int = FAR_FUTURE, late: bool = False, most: int = MOST_RECORDS
) -> Draft | None:
    """Up to `most` records of no batch, the earliest first; None when there are none.

    `until` leaves out what is younger, in epoch milliseconds; `late` takes what came too late.
    """
    sequence, digest, horizon = _end(rows)
    after = -1 if late else horizon - LATE_MS
    entries = store.unsealed(rows, after=after, until=until, limit=most)
    if not entries:
        return None
    entries.sort(key=lambda entry: (entry.event_time, entry.event_id))
    return Draft(
        previous=digest,
        sequence=sequence + 1,
        horizon=max(horizon, entries[-1].event_time),
        first_time=entries[0].event_time,
        last_time=entries[-1].event_time,
        members=[(entry.event_id, record_digest(entry)) for entry in entries],
    )


def seal(rows: Rows, sealer: Sealer, draft: Draft, now: int) -> Batch | None:
    """Add the batch; None when the chain has grown since. `SealingFailed` undoes everything."""
    sequence, digest, _ = _end(rows)
    if (sequence + 1, digest) != (draft.sequence, draft.previous):
        return None
    members = members_text(draft.members)
    made = Batch(
        sequence=draft.sequence,
        sealed_at=now,
        records=len(draft.members),
        first_time=draft.first_time,
        last_time=draft.last_time,
        horizon=draft.horizon,
        previous=draft.previous,
        digest="",
        signature="",
    )
    made = _signed(made, members, sealer)
    store.insert_batch(rows, made, members)
    if store.mark_sealed(rows, draft.members, made.sequence) != made.records:
        raise SealingFailed("records vanished while they were sealed")
    return made


def _signed(batch: Batch, members: str, sealer: Sealer) -> Batch:
    digest = batch_digest(batch, members)
    message = head_message(batch.sequence, digest, batch.sealed_at)
    return replace(batch, digest=digest, signature=sealer.sign(message))


def _end(rows: Rows) -> tuple[int, str, int]:
    """Sequence, digest and horizon at the end of the chain."""
    last = store.last_batch(rows)
    if last is not None:
        return last.sequence, last.digest, last.horizon
    return 0, GENESIS, 0


# --- the job --------------------------------------------------------------------------------------


@dataclass(slots=True)
class SealingRequests:
    """Enqueues the job, at most every few seconds in each process, in a record's transaction.

    That transaction may be undone and run again, or refused and then recorded: the call that asked
    first asks again. It is known by its request and by where it stands in memory, since it must not
    be kept: its parameters may be secret.
    """

    _next: int = 0
    _asker: tuple[int, str] = (0, "")

    def recorded(self, tx: Tx) -> None:
        """A record was written."""
        asker = id(tx.call), tx.call.origin.request_id
        asked = self._next - _ASK_EVERY_MS <= tx.now < self._next
        if asked and asker != self._asker:
            return
        self._next, self._asker = tx.now + _ASK_EVERY_MS, asker
        jobs.enqueue(tx, SEAL_JOB, {}, key=SEAL_JOB, delay_ms=_SEALED_AFTER_MS)


def _find(tx: Tx) -> Draft | None:
    return draft_batch(tx, most=BESIDE_REQUESTS)


def _seal(tx: Tx, *, draft: Draft) -> bool:
    return seal(tx, Sealer(tx.vault), draft, tx.now) is not None


_BY_JOB = System(jobs=frozenset({SEAL_JOB}))
FIND_UNSEALED = Operation(name="FindUnsealedRecords", run=_find, access=_BY_JOB, reads="scan")
SEAL_RECORDS = Operation(name="SealRecords", run=_seal, access=_BY_JOB, recorded=False)


def make_sealer(
    perform: Callable[[App, Call], Awaitable[Any]],
) -> Callable[[App, Job], Awaitable[None]]:
    """The handler of `SEAL_JOB`; `perform` is the door, which stands above this slice."""

    async def seal_all(app: App, job: Job) -> None:
        while True:
            began = time.monotonic()
            draft: Draft | None = await perform(app, _call(FIND_UNSEALED, job))
            if draft is None:
                return
            sealed = await perform(app, _call(SEAL_RECORDS, job, draft=draft))
            if sealed and len(draft.members) < BESIDE_REQUESTS:
                return
            await asyncio.sleep(_REST * (time.monotonic() - began))

    return seal_all


def _call(operation: Operation, job: Job, **params: Any) -> Call:
    return Call(
        operation=operation,
        params=params,
        caller=job.worker,
        origin=Origin(request_id=request_id()),
        event_source="audit.genkan",
    )
