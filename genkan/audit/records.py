"""Records of this slice: an entry of the trail, a batch of the chain over it."""

from collections.abc import Sequence
from dataclasses import dataclass

Members = Sequence[tuple[str, str]]
"""Id and digest of each record, in the batch's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row; `record` is the whole CloudTrail record as JSON text.

    `resources` has type and name of what it is about (`resources_text`).
    """

    event_id: str
    event_time: int
    account_id: str
    event_name: str
    event_source: str
    user_name: str
    access_key_id: str
    read_only: bool
    record: str
    resources: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A sealed batch without its members. Times in epoch milliseconds.

    `horizon` is the latest time of any record sealed so far; `digest` and `previous` are
    hexadecimal SHA-256, `signature` base64.
    """

    sequence: int
    sealed_at: int
    records: int
    first_time: int
    last_time: int
    horizon: int
    previous: str
    digest: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What stands for batches that were removed: the last one's place, how many records in all."""

    sequence: int
    digest: str
    records: int
    pruned_at: int
    signature: str


def resources_text(resources: Sequence[tuple[str, str]]) -> str:
    """Types and names as the column has them; neither holds a tab or a line feed."""
    lines = "".join(f"{kind}\t{name}\n" for kind, name in resources)
    return f"\n{lines}" if lines else ""


def resources_in(text: str) -> list[tuple[str, str]]:
    """What `resources_text` was given."""
    pairs = (line.partition("\t") for line in text.split("\n") if line)
    return [(kind, name) for kind, _, name in pairs]
