"""Reading the trail out of the store, once each and in one order that never skips.

The order is the chain's: batch after batch, and in each the order of its members. A record that was
committed late is in a later batch, so whoever goes on after the batch that came last misses
nothing. What is not sealed yet is not read.
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


@dataclass(frozen=True, slots=True)
class Chunk:
    """A batch's records, each as one line of JSON without its line feed; the batch's sequence."""

    lines: list[str]
    sequence: int


def end_of_chain(rows: Rows) -> int:
    """The sequence of the last batch; 0 before there is one."""
    last = store.last_batch(rows)
    return last.sequence if last else 0


def export(read: Read, *, after: int, since: int, until: int) -> Iterator[Chunk]:
    """Every batch that there is now after the one of the sequence `after`.

    Records from `since` to `until`, both in epoch milliseconds, are in their batches' chunks; a
    batch without any has an empty one.
    """
    while True:
        chunk: Chunk | None = read(partial(_chunk, after=after, since=since, until=until))
        if chunk is None:
            return
        yield chunk
        after = chunk.sequence


def _chunk(rows: Rows, *, after: int, since: int, until: int) -> Chunk | None:
    found = store.next_batch(rows, after + 1)
    if found is None:
        return None
    batch, members = found
    if batch.last_time < since or batch.first_time > until:
        return Chunk([], batch.sequence)
    claiming = store.of_batch(rows, batch.sequence, 2 * MOST_RECORDS)
    entries = {entry.event_id: entry for entry in claiming}
    chosen = (entries.get(event_id) for event_id, _ in _members.decode(members))
    return Chunk(
        [each.record for each in chosen if each is not None and since <= each.event_time <= until],
        batch.sequence,
    )
