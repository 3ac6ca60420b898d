"""Verification: the chain, and every record that it seals, computed anew.

One batch at a time, each in a snapshot of its own, so that nothing is kept from working and memory
stays bounded. What it finds is told in one sentence each, with ids but nothing of the records.
Cannot find: what was done to records before they were sealed, and a chain whose end was removed
together with the records in it, unless a head from before is given.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from genkan.audit import store
from genkan.audit.batches import (
    GENESIS,
    MOST_RECORDS,
    Sealer,
    batch_digest,
    head_message,
    pruned_message,
    record_digest,
)
from genkan.audit.records import Batch, Entry, Members
from genkan.audit.sealing import FAR_FUTURE, LATE_MS
from genkan.audit.store import Rows

Read = Callable[[Callable[[Rows], Any]], Any]
"""Runs a function in one snapshot."""
MOST_PROBLEMS = 1000
_FAR_PAST = -(2**62)
_members = msgspec.json.Decoder(list[tuple[str, str]])


class Head(msgspec.Struct, frozen=True):
    """The end of a chain, as it is kept elsewhere. `sealed_at` in epoch milliseconds."""

    sequence: int
    digest: str
    sealed_at: int
    signature: str
    public_key: str


class HeadRefused(Exception):
    """A file holds no head, or another installation's."""


@dataclass(slots=True)
class Report:
    """What was found; `problems` are sentences, empty when all is good."""

    batches: int = 0
    records: int = 0
    unsealed: int = 0
    pruned: int = 0
    problems: list[str] = field(default_factory=list)

    def problem(self, sentence: str) -> None:
        """Note a problem, up to a bound."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(sentence)


def head_of(rows: Rows, sealer: Sealer) -> Head | None:
    """The end of the chain now; None before anything was sealed."""
    last = store.last_batch(rows)
    if last is None:
        return None
    return Head(
        sequence=last.sequence,
        digest=last.digest,
        sealed_at=last.sealed_at,
        signature=last.signature,
        public_key=sealer.public_key,
    )


def read_head(text: bytes, sealer: Sealer) -> Head:
    """A head that was kept; `HeadRefused` unless this installation's key signed it."""
    try:
        head = msgspec.json.decode(text, type=Head)
    except msgspec.DecodeError:
        raise HeadRefused("the file holds no head of a chain") from None
    if not sealer.signed(head_message(head.sequence, head.digest, head.sealed_at), head.signature):
        raise HeadRefused("the head in the file was not signed with this installation's key")
    return head


def verify(read: Read, sealer: Sealer, head: Head | None = None) -> Report:
    """Go through the chain from its beginning to its end."""
    report = Report()
    at = read(lambda rows: _beginning(rows, sealer, report))
    _compare_pruned(at, head, report)
    while True:
        found = read(partial(_step, at=at))
        if found is None:
            break
        at = _check(found, at, sealer, head, report)
    if head is not None and head.sequence > at.sequence:
        report.problem(
            f"batch {head.sequence} of the kept head is missing: the chain ends with batch"
            f" {at.sequence}"
        )
    read(lambda rows: _end(rows, at, report))
    return report


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the chain was followed. `digest` is None after a batch that is not good."""

    sequence: int
    digest: str | None
    horizon: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """A batch and the records that say they are in it; which missing ones stand elsewhere."""

    batch: Batch
    text: str
    members: Members
    entries: dict[str, Entry]
    elsewhere: frozenset[str]
    claiming_the_gap: int


def _beginning(rows: Rows, sealer: Sealer, report: Report) -> _Place:
    marker = store.pruned(rows)
    if marker is None:
        return _Place(0, GENESIS)
    report.pruned = marker.records
    if not sealer.signed(pruned_message(marker), marker.signature):
        report.problem(f"what is said of the pruned batches up to {marker.sequence} was changed")
    left = store.count_claiming(rows, 1, marker.sequence)
    if left:
        report.problem(f"{_records(left)} inserted: of batches that were pruned")
    return _Place(marker.sequence, marker.digest)


def _compare_pruned(at: _Place, head: Head | None, report: Report) -> None:
    if head is not None and at.sequence == head.sequence and at.digest != head.digest:
        report.problem(f"batch {head.sequence} is not the one that the kept head was taken of")


def _step(rows: Rows, at: _Place) -> _Found | None:
    found = store.next_batch(rows, at.sequence + 1)
    if found is None:
        return None
    batch, text = found
    try:
        members: Members = _members.decode(text)
    except msgspec.DecodeError:
        members = []
    claiming = store.of_batch(rows, batch.sequence, 2 * MOST_RECORDS)
    entries = {entry.event_id: entry for entry in claiming}
    missing = (event_id for event_id, _ in members if event_id not in entries)
    gap = 0
    if batch.sequence > at.sequence + 1:
        gap = store.count_claiming(rows, at.sequence + 1, batch.sequence - 1)
    return _Found(
        batch=batch,
        text=text,
        members=members,
        entries=entries,
        elsewhere=frozenset(each for each in missing if store.exists(rows, each)),
        claiming_the_gap=gap,
    )


def _check(found: _Found, at: _Place, sealer: Sealer, head: Head | None, report: Report) -> _Place:
    batch = found.batch
    seal = list(_seal(found, at, sealer))
    problems = [*_gap(found, at), *seal, *_contents(found)]
    if head is not None and head.sequence == batch.sequence and head.digest != batch.digest:
        problems.append(f"batch {batch.sequence} is not the one that the kept head was taken of")
    for problem in problems:
        report.problem(problem)
    if not problems:
        report.batches += 1
        report.records += batch.records
    digest = None if seal else batch.digest
    return _Place(batch.sequence, digest, max(at.horizon, batch.horizon))


def _gap(found: _Found, at: _Place) -> Iterator[str]:
    first, last = at.sequence + 1, found.batch.sequence - 1
    if first <= last:
        which = f"batch {first} was" if first == last else f"batches {first} to {last} were"
        left = f", with {_records(found.claiming_the_gap)} left" if found.claiming_the_gap else ""
        yield f"{which} removed{left}"


def _seal(found: _Found, at: _Place, sealer: Sealer) -> Iterator[str]:
    batch = found.batch
    message = head_message(batch.sequence, batch.digest, batch.sealed_at)
    if batch.digest != batch_digest(batch, found.text):
        yield f"batch {batch.sequence} was changed"
    elif not sealer.signed(message, batch.signature):
        yield f"batch {batch.sequence} was not signed with this installation's key"
    elif batch.sequence == at.sequence + 1 and at.digest not in (None, batch.previous):
        yield f"batch {batch.sequence} does not follow batch {at.sequence}"


def _contents(found: _Found) -> Iterator[str]:
    number = found.batch.sequence
    expected = dict(found.members)
    for event_id, digest in found.members:
        entry = found.entries.get(event_id)
        if entry is not None:
            if record_digest(entry) != digest:
                yield f"record {event_id} of batch {number} was changed"
        elif event_id in found.elsewhere:
            yield f"record {event_id} of batch {number} was taken out of its batch"
        else:
            yield f"record {event_id} of batch {number} was removed"
    for event_id in sorted(found.entries.keys() - expected.keys()):
        yield f"record {event_id} was inserted into batch {number}"


def _end(rows: Rows, at: _Place, report: Report) -> None:
    """After the last batch that was seen; another one may have come meanwhile."""
    last = store.last_batch(rows)
    sequence = at.sequence if last is None else max(last.sequence, at.sequence)
    horizon = at.horizon if last is None else max(last.horizon, at.horizon)
    beyond = store.count_claiming(rows, sequence + 1, FAR_FUTURE)
    beyond += store.count_claiming(rows, _FAR_PAST, -1)
    if beyond:
        report.problem(
            f"the chain was cut off after batch {sequence}: {_records(beyond)} of batches that"
            " are missing"
        )
    late = store.count_unsealed(rows, after=_FAR_PAST, until=horizon - LATE_MS)
    if late:
        report.problem(
            f"{_records(late)} inserted: they appeared after their time had been sealed (or a"
            " clock was wrong: see `genkan audit seal --late`)"
        )
    report.unsealed = store.count_unsealed(rows, after=horizon - LATE_MS, until=FAR_FUTURE)


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"
