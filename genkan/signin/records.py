"""Records and outcomes of sign-in. Times are epoch milliseconds.

`audit_…` members tell the audit recorder what happened (CloudTrail's sign-in events, reference
§11); `audit_bounded` says that a stranger can repeat an outcome without end, so that audit records
only so many.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from genkan.core.call import Person


class PasswordState(StrEnum):
    """Whether a password may be used; any other word in the table means that it may not."""

    ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """A stored password. `version` changes with each new password, not with a new hash of it."""

    user_id: str
    password_hash: str = field(repr=False)
    state: str
    version: str
    changed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractiveSession:
    """A browser's session (reference §6.5)."""

    session_id: str
    user_id: str
    identity_store_id: str
    source_ip: str
    user_agent: str
    created_at: int
    last_used_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A session that stands now, of a user who is enabled now."""

    person: Person
    display_name: str
    created_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChallenge:
    """A counted attempt: what its password must be compared with.

    `password_hash` is None when nothing can match. `attempts` is the count with this attempt in it.
    """

    identity_store_id: str
    user_name: str
    user_id: str
    password_hash: str | None = field(repr=False)
    password_version: str
    browser_id: str | None
    attempts: int
    audit_data: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSignedIn:
    """Not signed in, and remembered. `wrong` covers every reason that a stranger must not learn."""

    reason: Literal["wrong", "locked"]
    retry_after_seconds: int | None = None
    audit_outcome: Literal["Failure"] = "Failure"
    audit_bounded: bool = False
    audit_data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session. `browser_token` marks this browser as one that this user signed in with."""

    person: Person
    session_token: str = field(repr=False)
    browser_token: str = field(repr=False)
    expires_at: int
    audit_person: str
    audit_credential: str
    audit_data: Mapping[str, str]
    audit_events: tuple[tuple[str, str], ...] = (
        ("CredentialVerification", "Success"),
        ("UserAuthentication", "Success"),
    )
