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


# A tuple, most frequent first: hashing an enum member costs more than comparing it.
_ACCOUNT_KINDS = (
    PrincipalKind.ROLE_SESSION,
    PrincipalKind.USER,
    PrincipalKind.ROOT,
    PrincipalKind.FEDERATED_USER,
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
            self._values = _lower_keys(self.request.context)
        values = self._values.get(key)
        if values is None:
            values = self._values[key] = principal_values(self.principal, key)
        return values


_PRINCIPAL_TAG = "aws:principaltag/"


def principal_values(principal: Principal, key: str) -> tuple[str, ...]:
    """The values of a lower-cased global condition key that follow from the principal alone.

    Source: IAM User Guide, "AWS global condition context keys", "Properties of the principal".
    """
    if key.startswith(_PRINCIPAL_TAG):
        name = key[len(_PRINCIPAL_TAG) :]
        return tuple(value for tag, value in principal.tags.items() if tag.lower() == name)
    value = _principal_value(principal, key)
    return (value,) if value else ()


def _principal_value(principal: Principal, key: str) -> str:
    kind = principal.kind
    if key == "aws:principalisawsservice":
        return "true" if kind is PrincipalKind.SERVICE else "false"
    if key == "aws:principalservicename":
        return principal.arn if kind is PrincipalKind.SERVICE else ""
    if key == "aws:userid":
        return principal.unique_id
    if not principal.has_identity_policies:
        return ""
    if key == "aws:principalaccount":
        return principal.account
    if key == "aws:principalarn":
        role = principal.issuer_arn if kind is PrincipalKind.ROLE_SESSION else ""
        return role or principal.arn
    if key == "aws:principaltype":
        return kind.value
    if key == "aws:username" and kind is PrincipalKind.USER:
        return principal.arn.rpartition("/")[2]
    return ""


def _lower_keys(context: Context) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for key, value in context.items():
        name = key.lower()
        # Two spellings of one key become two values: no operator without a set qualifier then
        # grants anything, so nobody gains by adding a second spelling.
        values[name] = values.get(name, ()) + _normal_values(value)
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
