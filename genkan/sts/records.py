"""Records of the sts slice. Times are epoch milliseconds, durations seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from genkan.core.call import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionContent:
    """What an assertion about an assigned role says; the one input of minting its session.

    `subject` is the user id (a persistent name id), `tags` become aws:PrincipalTag/….
    """

    account_id: str
    role_arn: str
    provider_arn: str
    subject: str
    session_name: str
    duration_seconds: int
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlClaims:
    """A verified SAML assertion in AWS's terms; only `federation` makes one, after verifying.

    `session_duration` in seconds; `session_ends_at` (SessionNotOnOrAfter) and `valid_until` (when
    the assertion need no longer be remembered) in epoch milliseconds.
    """

    assertion_id: str
    issuer: str
    audience: str
    recipient: str
    subject: str
    subject_type: str
    name_qualifier: str
    roles: tuple[tuple[str, str], ...]
    session_name: str
    session_duration: int | None
    session_ends_at: int | None
    tags: Mapping[str, str]
    valid_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSession:
    """A row of `role_sessions`."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    token_hash: bytes = field(repr=False)
    account_id: str
    role_id: str
    role_name: str
    role_arn: str
    session_name: str
    source: str
    person_id: str
    parent: str
    session_policy: str
    tags: Mapping[str, str]
    issued_at: int
    expires_at: int

    @property
    def assumed_role_id(self) -> str:
        """`AROA…:<session name>`."""
        return f"{self.role_id}:{self.session_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIdentity:
    """Who signs with an access key, and the secret to check it. Never leaves the process.

    `token_hash` is the hash of the session token that must accompany the key, None for long-term
    keys, which must come without one. `ended`: the session's right is gone, and nothing may be
    done with it; who it was is for the record of the refusal alone.
    """

    signer: Signer
    secret_access_key: str = field(repr=False)
    token_hash: bytes | None = field(repr=False)
    expires_at: int | None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """STS's Credentials structure."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedRoleUser:
    """STS's AssumedRoleUser structure."""

    assumed_role_id: str
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedRole:
    """AssumeRole's answer."""

    credentials: Credentials
    assumed_role_user: AssumedRoleUser
    packed_policy_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedRoleWithSaml:
    """AssumeRoleWithSAML's answer; `audit_account` puts the record into the role's account.

    `audit_identity` is the SAMLUser that CloudTrail names (reference §11).
    """

    credentials: Credentials
    assumed_role_user: AssumedRoleUser
    subject: str
    subject_type: str
    issuer: str
    audience: str
    name_qualifier: str
    packed_policy_size: int | None = None
    audit_account: str = ""
    audit_identity: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentity:
    """GetCallerIdentity's answer."""

    user_id: str
    account: str
    arn: str
