"""Pruning: old batches go, with their records, and a signed marker says how far.

Only whole batches from the beginning, never the last one, so that the chain goes on. One
transaction a batch: interrupted, the chain is verifiable, and the next call goes on.
Invariant: the marker stands only for batches that were good; it must not launder a broken chain.
"""

from dataclasses import replace

from genkan.audit import store
from genkan.audit.batches import GENESIS, Sealer, batch_digest, head_message, pruned_message
from genkan.audit.records import Batch, Pruned
from genkan.audit.store import Rows


class PruningRefused(Exception):
    """The beginning of the chain is not good; nothing was removed."""


def prune_batch(rows: Rows, sealer: Sealer, *, before: int, now: int) -> int | None:
    """Remove the first batch if all of it is older; how many records, None when it is not.

    Times in epoch milliseconds. `PruningRefused` when that batch is not good.
    """
    found, last = store.next_batch(rows, 0), store.last_batch(rows)
    if found is None or last is None or found[0].sequence == last.sequence:
        return None
    batch, members = found
    if batch.last_time >= before:
        return None
    gone = store.pruned(rows)
    if not _is_good(batch, members, sealer, gone):
        raise PruningRefused(
            f"batch {batch.sequence} is not good, so nothing was removed from it on: see"
            " `genkan audit verify`"
        )
    marker = Pruned(
        sequence=batch.sequence,
        digest=batch.digest,
        records=batch.records + (gone.records if gone else 0),
        pruned_at=now,
        signature="",
    )
    store.prune(rows, replace(marker, signature=sealer.sign(pruned_message(marker))))
    return batch.records


def _is_good(batch: Batch, members: str, sealer: Sealer, gone: Pruned | None) -> bool:
    if gone is not None and not sealer.signed(pruned_message(gone), gone.signature):
        return False
    expected = (gone.sequence + 1, gone.digest) if gone else (1, GENESIS)
    message = head_message(batch.sequence, batch.digest, batch.sealed_at)
    return (
        (batch.sequence, batch.previous) == expected
        and batch.digest == batch_digest(batch, members)
        and sealer.signed(message, batch.signature)
    )
