"""Records and outcomes of the OAuth slice. Times are epoch milliseconds unless a name says seconds.

`audit_…` members tell the audit recorder what happened; `audit_bounded` says that a stranger can
repeat an outcome without end, so that audit records only so many, and `audit_silent` that it is no
refusal at all: a device that waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Outcome = Literal["Success", "Failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered public client: all that its id says, once the signature was verified."""

    client_key: bytes
    client_name: str
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    issuer_url: str | None
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An OAuth error as a result (RFC 6749 §5.2), so that what it remembers is committed.

    `shape` is the exception's name in AWS's model. Fronts answer `http_status` with the body
    `{"error", "error_description"}` and the shape in x-amzn-ErrorType.
    """

    error: str
    error_description: str | None
    shape: str
    audit_silent: bool = False
    audit_bounded: bool = True
    audit_outcome: Outcome = "Failure"

    @property
    def http_status(self) -> int:
        """AWS's status for the shape (reference §8.3, error table)."""
        return 401 if self.shape == "InvalidClientException" else 400

    @property
    def audit_error(self) -> tuple[str, str]:
        """What CloudTrail shows."""
        return self.shape, self.error_description or self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """RegisterClient's answer; its two times are epoch seconds, as on AWS."""

    client_id: str
    client_secret: str = field(repr=False)
    client_id_issued_at: int
    client_secret_expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedDeviceAuthorization:
    """StartDeviceAuthorization's answer; times in seconds."""

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """CreateToken's answer; `expires_in` in seconds."""

    access_token: str = field(repr=False)
    token_type: str = "Bearer"  # noqa: S105 - the word of RFC 6750
    expires_in: int
    refresh_token: str | None = field(default=None, repr=False)
    audit_person: str = ""
    audit_credential: str = ""


class DeviceState(StrEnum):
    """Where a device authorization stands. Redeemed ones have no row any more."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    DENIED = "DENIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAuthorization:
    """A device that waits for a person."""

    request_id: str
    client_key: bytes
    client_name: str
    scopes: tuple[str, ...]
    source: str
    state: str
    user_id: str
    session_id: str
    next_poll_at: int
    created_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """An authorization code; `used_at` is 0 until it was presented."""

    grant_id: str
    client_key: bytes
    client_name: str
    redirect_uri: str
    code_challenge: str
    scopes: tuple[str, ...]
    user_id: str
    session_id: str
    used_at: int
    expires_at: int
    keep_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a person allowed a client, under one interactive session."""

    grant_id: str
    client_key: bytes
    client_name: str
    scopes: tuple[str, ...]
    user_id: str
    session_id: str
    created_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """A refresh token; `used_at` is 0 until it was exchanged."""

    grant_id: str
    used_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An access token. `token_id` is CloudTrail's credentialId for what is done with it."""

    token_id: str
    grant: Grant
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """A device authorization as a person sees it before deciding."""

    request_id: str
    user_code: str
    client_name: str
    scopes: tuple[str, ...]
    lasts_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequestProblem:
    """Why there is nothing to decide; with `too_many`, when trying again makes sense."""

    problem: Literal["unknown", "expired", "too_many"]
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDecision:
    """What became of a decision; `expired` when the request had run out or was answered before."""

    outcome: Literal["approved", "denied", "expired"]
    client_name: str | None = None
    audit_outcome: Outcome = "Success"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A valid request of /authorize: who asks, for what, and where the answer goes."""

    client: Client
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str | None
    code_challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRefused:
    """An /authorize request that no consent can be asked for.

    `redirect_to` is set only when client and redirect URI were found good: then the client is told
    (RFC 6749 §4.1.2.1). Without it the person is told on our own page, and nothing is redirected.
    """

    error: str
    redirect_to: str | None = None
    audit_bounded: bool = True
    audit_outcome: Outcome = "Failure"

    @property
    def audit_error(self) -> tuple[str, str]:
        """What CloudTrail shows."""
        return self.error, self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationAnswered:
    """The person has decided: the client's redirect URI with a code, or with access_denied."""

    redirect_to: str = field(repr=False)
    client_name: str
    granted: bool
    audit_data: Mapping[str, Any] = field(default_factory=dict)
