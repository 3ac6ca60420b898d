"""The order of a sign-in: `next_step` is pure and the only place that decides it (DESIGN §5)."""

from dataclasses import dataclass
from enum import StrEnum

LIFETIME_MS = 600_000


class Step(StrEnum):
    """What a person is asked for next. Later releases add steps between PASSWORD and DONE."""

    USER_NAME = "user_name"
    PASSWORD = "password"  # noqa: S105 - a step
    DONE = "done"


class Factor(StrEnum):
    """What was proven, in CloudTrail's words for CredentialType (reference §11)."""

    PASSWORD = "PASSWORD"  # noqa: S105 - a CredentialType


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A sign-in under way. `workflow_id` is CloudTrail's AuthWorkflowID; times are epoch ms.

    `user_name` is None until it was given, as typed afterwards; `proven` grows with each factor.
    """

    workflow_id: str
    started_at: int
    user_name: str | None = None
    proven: tuple[Factor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the instance demands of a sign-in."""

    lifetime_ms: int = LIFETIME_MS


def next_step(attempt: Attempt, policy: Policy) -> Step:
    """What this attempt needs next."""
    if attempt.user_name is None:
        return Step.USER_NAME
    if Factor.PASSWORD not in attempt.proven:
        return Step.PASSWORD
    return Step.DONE


def expired(attempt: Attempt, policy: Policy, now: int) -> bool:
    """Whether the attempt took too long since its user name was given."""
    return attempt.user_name is not None and now - attempt.started_at > policy.lifetime_ms
