"""The Principal and NotPrincipal elements: whom a resource or trust policy speaks of.

Owns which principals a policy may name and whether one of them is the asker, and how strong the
match is, because that decides what else must allow (see `evaluate`). Leaves the asker's own record
to `request`. Source: IAM User Guide, "Principal", "NotPrincipal".

Invariants: a wildcard never matches part of a name; naming an account is not naming its users.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from genkan.authorization.request import Principal, PrincipalKind

PRINCIPAL_TYPES = ("AWS", "Federated", "Service", "CanonicalUser")

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,127}", re.ASCII)
_AWS_ARN = re.compile(
    r"arn:aws(?:-[a-z]{1,8}){0,3}:"
    r"(?:iam::[0-9]{12}:(?:root|(?:user|role)/[\x21-\x29\x2b-\x3e\x40-\x7e]{1,1024})"
    r"|sts::[0-9]{12}:(?:assumed-role/[\w+=,.@-]{1,64}/[\w+=,.@-]{2,64}"
    r"|federated-user/[\w+=,.@-]{2,64}))",
    re.ASCII,
)
_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:/-]{0,253})", re.ASCII)
_PROVIDER_ARN = re.compile(
    r"arn:aws(?:-[a-z]{1,8}){0,3}:iam::[0-9]{12}:(?:saml|oidc)-provider/[\x21-\x29\x2b-\x3e\x40-\x7e]{1,512}",
    re.ASCII,
)
_CANONICAL_ID = re.compile(r"[0-9a-f]{64}|\*", re.ASCII)


class Match(IntEnum):
    """How a policy names the asker, weakest first (IAM User Guide, "Policy evaluation logic")."""

    ACCOUNT = 1
    """The account is named: it may pass the permission on, so its own policies must allow too."""
    ROLE = 2
    """The role (or user) behind the session: boundary and session policies still limit."""
    DIRECT = 3
    """The user or session itself, the service, the provider, or everyone: nothing else needed."""


@dataclass(frozen=True, slots=True)
class PrincipalElement:
    """The value of Principal or NotPrincipal; `everyone` stands for the bare `"*"`."""

    everyone: bool
    aws: frozenset[str] = frozenset()
    federated: frozenset[str] = frozenset()
    service: frozenset[str] = frozenset()
    canonical_user: frozenset[str] = frozenset()

    def as_json(self) -> str | dict[str, list[str]]:
        if self.everyone:
            return "*"
        named = {
            "AWS": self.aws,
            "Federated": self.federated,
            "Service": self.service,
            "CanonicalUser": self.canonical_user,
        }
        return {kind: sorted(names) for kind, names in named.items() if names}

    def match(self, principal: Principal) -> Match | None:
        """The strongest way in which the element names the principal; None when it does not."""
        if self.everyone:
            return Match.DIRECT
        if principal.kind is PrincipalKind.SERVICE:
            return _named(self.service, principal.arn)
        if principal.kind is PrincipalKind.FEDERATED:
            return _named(self.federated, principal.arn)
        return self._match_aws(principal)

    def _match_aws(self, principal: Principal) -> Match | None:
        if "*" in self.aws or (principal.arn and principal.arn in self.aws):
            return Match.DIRECT
        unique_id = principal.unique_id.partition(":")[0]
        if unique_id and unique_id in self.aws:
            own = principal.kind is PrincipalKind.USER
            return Match.DIRECT if own else Match.ROLE
        if principal.issuer_arn and principal.issuer_arn in self.aws:
            return Match.ROLE
        if principal.account and self._names_account(principal.account):
            return Match.DIRECT if principal.kind is PrincipalKind.ROOT else Match.ACCOUNT
        return None

    def _names_account(self, account: str) -> bool:
        return account in self.aws or any(
            name.endswith(f"::{account}:root") for name in self.aws if name.endswith(":root")
        )

    def excepts(self, principal: Principal) -> bool:
        """As NotPrincipal of a Deny: whether the principal is spared.

        AWS looks at the account, then the role, then the session, and denies when one of them is
        not listed; so the whole chain must be.
        """
        if self.everyone or principal.kind in (PrincipalKind.SERVICE, PrincipalKind.FEDERATED):
            return self.match(principal) is not None
        if "*" in self.aws:
            return True
        chain = [arn for arn in (principal.issuer_arn, principal.arn) if arn]
        if not principal.account or not self._names_account(principal.account):
            return False
        return principal.kind is PrincipalKind.ROOT or all(arn in self.aws for arn in chain)


def _named(names: frozenset[str], name: str) -> Match | None:
    return Match.DIRECT if "*" in names or (name and name in names) else None


def principal_element(named: Mapping[str, tuple[str, ...]]) -> PrincipalElement:
    """Build the element from its checked map; account ids become what they mean, root ARNs stay."""
    return PrincipalElement(
        everyone=False,
        aws=frozenset(named.get("AWS", ())),
        federated=frozenset(named.get("Federated", ())),
        service=frozenset(named.get("Service", ())),
        canonical_user=frozenset(named.get("CanonicalUser", ())),
    )


def is_valid_principal(kind: str, name: str) -> bool:
    """Whether a policy may name this principal under this key of the Principal map."""
    if name == "*":
        return True
    if kind == "AWS":
        return any(p.fullmatch(name) for p in (_ACCOUNT, _AWS_ARN, _UNIQUE_ID))
    if kind == "Federated":
        pattern = _PROVIDER_ARN if name.startswith("arn:") else _HOST_NAME
        return pattern.fullmatch(name) is not None
    if kind == "Service":
        return _HOST_NAME.fullmatch(name) is not None
    return _CANONICAL_ID.fullmatch(name) is not None
