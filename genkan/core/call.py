"""A call: who wants which operation done, with what, from where.

Fronts and workers make a `Call`; the door performs it. The classes here are trust in types:
a `Signer` exists only after a signature was verified, a `Person` only after a session or token
was found, a `Worker` only for a claimed job.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymous:
    """Nobody is proven; only `Public` operations will run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionIssuer:
    """The role whose session it is, and when that began (milliseconds since 1970)."""

    role_arn: str
    role_id: str
    issued_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """The holder of an access key whose SigV4 signature was verified.

    `arn` and `user_id` are what GetCallerIdentity answers; `role_session` names the row of the
    role session for temporary credentials, of which `session_issuer` tells more for the record;
    both are None for long-term keys.
    """

    account_id: str
    arn: str
    user_id: str
    access_key_id: str
    role_session: str | None = None
    session_issuer: SessionIssuer | None = None
    person_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A signed-in user: found by session cookie or by an access token of sso-oidc."""

    user_id: str
    user_name: str
    identity_store_id: str
    session_id: str
    token_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A leased job. Every write checks that the lease of this fence is still held."""

    kind: str
    job_id: str
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The process itself: seed, command line, signing. Never stands for whoever sent a request."""

    reason: str


Caller = Anonymous | Signer | Person | Worker | Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a call came from: for audit, for aws:SourceIp, and to count what strangers do.

    Never a ground for allowing anything.
    """

    request_id: str
    source_ip: str = "127.0.0.1"
    user_agent: str = ""
    secure_transport: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One authorization question: may the caller do `action` on each of `resources`?

    `context` holds condition keys of this request beyond the ones the door knows, `of_resource`
    those of one resource by its ARN: AWS asks about each resource by itself, with its own tags.
    """

    action: str
    resources: tuple[str, ...] = ("*",)
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    of_resource: Mapping[str, Mapping[str, str | tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Iam:
    """Decided by IAM policies, after the ownership rule.

    `checks(tx, call)` gives the questions. `owner(tx, call)` gives the account that owns what is
    administered (None: the caller's own account, as for iam and cloudtrail): a caller of another
    account is denied before any policy is read, because ARNs of the service name no account.
    `members_may_read`: the few reads that reference §1.7 opens to member accounts. `delegable`: the
    delegated administrator of the owner may do it too, by its own account's policies (§1.7).
    """

    checks: Callable[[Any, "Call"], tuple[Check, ...]]
    owner: Callable[[Any, "Call"], str] | None = None
    members_may_read: bool = False
    delegable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSession:
    """Any proven caller of this kind, acting on what is its own by construction."""

    of: Literal["person", "signer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """Open to callers not proven; `reason` says what protects it instead."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """For a claimed job of one of `jobs`, or the owner of the process; never for a request."""

    jobs: frozenset[str] = frozenset()


Access = Iam | OwnSession | Public | System


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a slice offers. `run(tx, **params)` is synchronous and never waits on the network.

    `reads`: "point" for a bounded read by key, "scan" for a search or export, None for a write.
    `secret`: parameters (dotted for nested) that audit never sees. `conceals`: result members
    (dotted) that audit never sees. `recorded=False` keeps a write that is bookkeeping of a
    larger act (a claimed job's steps) out of the audit table.
    """

    name: str
    run: Callable[..., Any]
    access: Access
    reads: Literal["point", "scan"] | None = None
    secret: frozenset[str] = frozenset()
    conceals: frozenset[str] = frozenset()
    recorded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operation asked for by one caller.

    `event_source` and `event_name` are CloudTrail's words for it (reference §11); a front sets
    them, because one operation is reached by several protocols. `service` is the AWS service that
    was asked, named as its model is: several share an event source.
    """

    operation: Operation
    params: Mapping[str, Any]
    caller: Caller
    origin: Origin
    event_source: str
    event_name: str = ""
    region: str = "us-east-1"
    service: str = ""
