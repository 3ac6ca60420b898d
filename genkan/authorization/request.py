"""What is asked: the principal, the action, the resources and the request context.

Owns the normal form of context values and which keys follow from the principal alone. Leaves to the
callers (the door, `sts`) everything they know of the request: address, tags, time, session.

Invariants: a `Request` is immutable; a key whose value is empty (no values at all) is an absent
key; condition keys are compared in lower case (IAM User Guide, "Condition": key names are not
case-sensitive).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeAlias

ContextScalar: TypeAlias = str | bool | int | float | bytes | datetime
ContextValue: TypeAlias = ContextScalar | tuple[str, ...] | list[str] | frozenset[str]
Context: TypeAlias = Mapping[str, ContextValue]


class PrincipalKind(Enum):
    """Who asks; the value is the word of the key `aws:PrincipalType`, where AWS has one."""

    ROOT = "Account"
    USER = "User"
    ROLE_SESSION = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    FEDERATED = "Federated"
    """Somebody signed in elsewhere who asks for a role (AssumeRoleWithSAML, …WithWebIdentity)."""
    SERVICE = "Service"
    ANONYMOUS = "Anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The one who asks.

    Attributes:
        kind: what kind of principal it is.
        arn: the ARN that names it in messages: the user's, the root's or the *session's* ARN; for
            FEDERATED the identity provider's ARN or host name; for SERVICE its name, such as
            `sso.amazonaws.com`; empty for ANONYMOUS.
        account: the twelve digits of its account; empty for FEDERATED, SERVICE and ANONYMOUS.
        issuer_arn: the ARN behind a session: the role of a role session (with its path), the user
            of a federated-user session; otherwise empty.
        unique_id: `AIDA…`, `AROA…:session`: the value of `aws:userid`; may be empty.
        tags: principal and session tags, seen as `aws:PrincipalTag/<key>`.
    """

    kind: PrincipalKind
    arn: str = ""
    account: str = ""
    issuer_arn: str = ""
    unique_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_identity_policies(self) -> bool:
        """Whether identity-based policies speak about it (it is a principal of an account)."""
        return self.kind in _ACCOUNT_KINDS


_ACCOUNT_KINDS = frozenset(
    {
        PrincipalKind.ROOT,
        PrincipalKind.USER,
        PrincipalKind.ROLE_SESSION,
        PrincipalKind.FEDERATED_USER,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question: may `principal` perform `action` on every one of `resources`?

    Attributes:
        action: `service:Name`, such as `sso:ListInstances`; not case-sensitive, no wildcards.
        resources: ARNs; `("*",)` for an action that knows no resource types, which only the policy
            resource `*` (or a NotResource) covers, as on AWS.
        context: condition keys and their values. A key given here outranks what follows from the
            principal.

    Raises:
        ValueError: no resource is given, or the action is not `service:Name`.
    """

    principal: Principal
    action: str
    resources: tuple[str, ...] = ("*",)
    context: Context = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.resources:
            raise ValueError("a request without resources would be allowed by saying nothing")
        if self.action.count(":") != 1:
            raise ValueError("an action is written service:Name")


class Evaluation:
    """A request while it is decided: the context in normal form, built when first looked at."""

    __slots__ = ("_values", "boundary_present", "principal", "request")

    def __init__(self, request: Request, *, boundary_present: bool = False) -> None:
        self.request = request
        self.principal = request.principal
        self.boundary_present = boundary_present
        self._values: dict[str, tuple[str, ...]] | None = None

    def lookup(self, key: str) -> tuple[str, ...]:
        """The values of a lower-cased condition key; empty when it is absent."""
        if self._values is None:
            self._values = _normal_context(self.request)
        return self._values.get(key, ())


def principal_context(principal: Principal) -> dict[str, ContextValue]:
    """The global condition keys that follow from the principal (IAM User Guide, "AWS global
    condition context keys", "Properties of the principal")."""
    context: dict[str, ContextValue] = {
        "aws:PrincipalIsAWSService": principal.kind is PrincipalKind.SERVICE
    }
    if principal.kind is PrincipalKind.SERVICE:
        context["aws:PrincipalServiceName"] = principal.arn
    if principal.has_identity_policies:
        context["aws:PrincipalAccount"] = principal.account
        context["aws:PrincipalArn"] = _principal_arn(principal)
        context["aws:PrincipalType"] = principal.kind.value
    if principal.unique_id:
        context["aws:userid"] = principal.unique_id
    if principal.kind is PrincipalKind.USER:
        context["aws:username"] = principal.arn.rpartition("/")[2]
    for key, value in principal.tags.items():
        context[f"aws:PrincipalTag/{key}"] = value
    return context


def _principal_arn(principal: Principal) -> str:
    if principal.kind is PrincipalKind.ROLE_SESSION and principal.issuer_arn:
        return principal.issuer_arn
    return principal.arn


def _normal_context(request: Request) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for key, value in principal_context(request.principal).items():
        values[key.lower()] = _normal_values(value)
    given: dict[str, tuple[str, ...]] = {}
    for key, value in request.context.items():
        name = key.lower()
        # Two spellings of one key become two values: no operator without a set qualifier then
        # grants anything, so nobody gains by adding a second spelling.
        given[name] = given.get(name, ()) + _normal_values(value)
    values.update(given)
    return values


def _normal_values(value: ContextValue) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple):
        return value
    if isinstance(value, list | frozenset):
        return tuple(value)
    return (_normal_scalar(value),)


def _normal_scalar(value: bool | int | float | bytes | datetime) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a date in the request context needs a time zone")
        return value.isoformat()
    return str(value)
