"""Reading the trail out of the store, once each and in one order that never skips.

The order is the chain's: batch after batch, and in each the order of its members. A record that was
committed late is in a later batch, so whoever goes on after the batch that came last misses
nothing, as long as the chain is still the same: after a reset or a restored backup its numbers are
used again, for other batches. What is not sealed yet is not read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from genkan.audit import store
from genkan.audit.batches import MOST_RECORDS
from genkan.audit.store import Rows

Read = Callable[[Callable[[Rows], Any]], Any]
"""Runs a function in one snapshot."""
_members = msgspec.json.Decoder(list[tuple[str, str]])


class ChainReplaced(Exception):
    """The chain does not go on from the batch that came last. The message may be shown."""


@dataclass(frozen=True, slots=True)
class Position:
    """A batch of the chain; 0 before the first. `digest` is empty where nobody knows it."""

    sequence: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A batch's records, each as one line of JSON without its line feed; which batch it is."""

    lines: list[str]
    position: Position


def export(read: Read, *, after: Position, since: int, until: int) -> Iterator[Chunk]:
    """Every batch that there is now after that one. `ChainReplaced` when it is not of the chain.

    Records from `since` to `until`, both in epoch milliseconds, are in their batches' chunks; a
    batch without any has an empty one.
    """
    while True:
        chunk: Chunk | None = read(partial(_chunk, after=after, since=since, until=until))
        if chunk is None:
            return
        yield chunk
        after = chunk.position


def _chunk(rows: Rows, *, after: Position, since: int, until: int) -> Chunk | None:
    found = store.next_batch(rows, after.sequence + 1)
    if found is None:
        _require_end(rows, after)
        return None
    batch, members = found
    # Where batches were pruned in between, nothing tells.
    if batch.sequence == after.sequence + 1:
        _require_digest(after, batch.previous)
    position = Position(batch.sequence, batch.digest)
    if batch.last_time < since or batch.first_time > until:
        return Chunk([], position)
    claiming = store.of_batch(rows, batch.sequence, 2 * MOST_RECORDS)
    entries = {entry.event_id: entry for entry in claiming}
    chosen = (entries.get(event_id) for event_id, _ in _members.decode(members))
    return Chunk(
        [each.record for each in chosen if each is not None and since <= each.event_time <= until],
        position,
    )


def _require_end(rows: Rows, position: Position) -> None:
    last = store.last_batch(rows)
    if position.sequence > (last.sequence if last else 0):
        raise ChainReplaced(
            f"the chain ends before batch {position.sequence}: it was reset or restored, or cut off"
        )
    if last is not None:
        _require_digest(position, last.digest)


def _require_digest(position: Position, digest: str) -> None:
    if position.digest not in ("", digest):
        raise ChainReplaced(
            f"batch {position.sequence} is not the one that was exported: the chain was reset or"
            " restored"
        )
