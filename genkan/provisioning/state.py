"""What stands, or should stand, in an account for one permission set. Pure values.

Policy texts are compared as texts: a target gives back what it was given, or says the same of both
sides in one canonical form.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlProviderState:
    """The account's SAML provider and the metadata of the identity provider that it trusts."""

    name: str
    metadata: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleState:
    """A role with everything that limits its sessions.

    `max_session_duration` in seconds; `managed_policies` are ARNs, `inline_policies` pairs of name
    and text, `boundary` an ARN or None.
    """

    name: str
    path: str
    trust_policy: str
    description: str
    max_session_duration: int
    managed_policies: frozenset[str] = frozenset()
    inline_policies: frozenset[tuple[str, str]] = frozenset()
    boundary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """The part of an account that one permission set is about."""

    provider: SamlProviderState | None = None
    role: RoleState | None = None
