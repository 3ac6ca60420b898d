"""The row of a data key."""

from dataclasses import dataclass
from typing import Literal

Purpose = Literal["root", "seal"]
State = Literal["active", "retiring"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A key as the database has it. `key_id` is hexadecimal; `created_at` in epoch milliseconds."""

    key_id: str
    purpose: Purpose
    state: State
    wrapped: bytes
    wrapped_by: str
    created_at: int
