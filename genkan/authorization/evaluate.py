"""The evaluator: do all these policies together allow this request?

Owns the order and the combination of policy types. Leaves finding the policies to the caller and
one statement's matching to `document`. Source: IAM User Guide, "Policy evaluation logic",
"Cross-account policy evaluation logic", "Permissions boundaries for IAM entities".

Invariants: nothing is allowed by default; a Deny that applies, anywhere, decides; the order of
policies and statements changes at most which of them is named. Adding a Deny, a boundary, a service
control policy, or a session policy to a role's session never allows more.

The order, for each resource:

1. a Deny in any policy;
2. every level of service control policies (root, units, account) must allow;
3. a resource policy of *another* account, or a role's trust policy, must allow;
4. in the same account a resource policy that names the user, the session, a service or everyone is
   enough; one that names the session's role is still limited by boundary and session policies; one
   that names the account only lets the account's own policies decide;
5. identity-based policies, the permissions boundary and the session policies must each allow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from genkan.authorization.decision import Decision, Reason
from genkan.authorization.document import Document, PolicyKind, Statement
from genkan.authorization.principals import Match
from genkan.authorization.request import Evaluation, PrincipalKind, Request


class PolicySource(NamedTuple):
    """A policy and where it comes from: `label` for people, `arn` when it has one."""

    label: str
    document: Document
    arn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """All policies that speak about one request.

    Attributes:
        identity: policies of the user or role; any of them may allow.
        boundary: the permissions boundary, if there is one.
        session: policies passed when the session was made; any of them may allow.
        resource: the policies attached to the resource (a trust policy for a role).
        resource_account: the account that owns the resource; empty for the asker's own.
        scps: one tuple for each level from the root to the account; each level must allow, so an
            empty level denies. No levels at all for a management account or no organization.
    """

    identity: tuple[PolicySource, ...] = ()
    boundary: PolicySource | None = None
    session: tuple[PolicySource, ...] = ()
    resource: tuple[PolicySource, ...] = ()
    resource_account: str = ""
    scps: tuple[tuple[PolicySource, ...], ...] = ()


class _Hit(NamedTuple):
    """A statement that applies, and how it names the asker."""

    source: PolicySource
    statement: Statement
    match: Match


def decide(request: Request, policies: PolicySet) -> Decision:
    """Decide a request: allowed when it is allowed for every one of its resources.

    Pure: the same arguments always give the same decision. Costs a few microseconds, whatever the
    length of the policies, because only statements about the action's service are looked at.
    """
    decider = _Decider(request, policies)
    decision = decider.decide(request.resources[0])
    for resource in request.resources[1:]:
        if not decision.allowed:
            break
        decision = decider.decide(resource)
    return decision


class _Decider:
    __slots__ = ("_evaluation", "_name", "_policies", "_request", "_service")

    def __init__(self, request: Request, policies: PolicySet) -> None:
        self._request = request
        self._policies = policies
        self._service, _, self._name = request.action.lower().partition(":")
        self._evaluation = Evaluation(request, boundary_present=policies.boundary is not None)

    def decide(self, resource: str) -> Decision:
        for step in (self._explicit_deny, self._limits):
            denied = step(resource)
            if denied is not None:
                return denied
        return self._grants(resource)

    def _explicit_deny(self, resource: str) -> Decision | None:
        policies = self._policies
        for level in policies.scps:
            if hit := self._denial(level, resource):
                return self._by(hit, PolicyKind.SCP, Reason.EXPLICIT_DENY, resource)
        if policies.resource and (hit := self._denial(policies.resource, resource)):
            return self._by(hit, hit.source.document.kind, Reason.EXPLICIT_DENY, resource)
        if hit := self._denial(policies.identity, resource):
            return self._by(hit, PolicyKind.IDENTITY, Reason.EXPLICIT_DENY, resource)
        if policies.boundary and (hit := self._denial((policies.boundary,), resource)):
            return self._by(hit, PolicyKind.BOUNDARY, Reason.EXPLICIT_DENY, resource)
        if policies.session and (hit := self._denial(policies.session, resource)):
            return self._by(hit, PolicyKind.SESSION, Reason.EXPLICIT_DENY, resource)
        return None

    def _limits(self, resource: str) -> Decision | None:
        for level in self._policies.scps:
            if self._allowance(level, resource) is None:
                return self._implicit(PolicyKind.SCP, resource, level)
        return None

    def _grants(self, resource: str) -> Decision:
        policies, principal = self._policies, self._evaluation.principal
        own_account = policies.resource_account in ("", principal.account)
        if not policies.resource and own_account and principal.has_identity_policies:
            return self._by_identity(resource)
        granted = self._strongest(policies.resource, resource)
        resource_kind = _resource_kind(policies.resource)
        by_resource_alone = not principal.has_identity_policies
        must_grant = by_resource_alone or not own_account or resource_kind is PolicyKind.TRUST
        if granted is None:
            if must_grant:
                return self._implicit(resource_kind, resource, policies.resource)
        elif by_resource_alone or (own_account and granted.match is Match.DIRECT):
            return self._by(granted, resource_kind, Reason.ALLOWED, resource)
        elif own_account and granted.match is Match.ROLE:
            outside = self._outside_limits(resource)
            if outside is not None:
                return outside
            return self._by(granted, resource_kind, Reason.ALLOWED, resource)
        return self._by_identity(resource)

    def _by_identity(self, resource: str) -> Decision:
        root = self._evaluation.principal.kind is PrincipalKind.ROOT
        hit = None if root else self._allowance(self._policies.identity, resource)
        if hit is None and not root:
            return self._implicit(PolicyKind.IDENTITY, resource, self._policies.identity)
        outside = self._outside_limits(resource)
        if outside is not None:
            return outside
        if hit is None:
            return self._decision(True, Reason.ALLOWED, None, resource)
        return self._by(hit, PolicyKind.IDENTITY, Reason.ALLOWED, resource)

    def _outside_limits(self, resource: str) -> Decision | None:
        """The denial when the boundary or the session policies do not allow."""
        policies = self._policies
        boundary = policies.boundary
        if boundary is not None and self._allowance((boundary,), resource) is None:
            return self._implicit(PolicyKind.BOUNDARY, resource, (boundary,))
        # A session of GetFederationToken has no permissions but those of its session policies.
        needed = self._evaluation.principal.kind is PrincipalKind.FEDERATED_USER
        if (policies.session or needed) and self._allowance(policies.session, resource) is None:
            return self._implicit(PolicyKind.SESSION, resource, policies.session)
        return None

    def _denial(self, sources: Iterable[PolicySource], resource: str) -> _Hit | None:
        for source in sources:
            for entry in source.document.denials(self._service):
                if entry.covers(self._name):
                    match = entry.statement.applies(self._evaluation, resource)
                    if match is not None:
                        return _Hit(source, entry.statement, match)
        return None

    def _allowance(self, sources: Iterable[PolicySource], resource: str) -> _Hit | None:
        for source in sources:
            for entry in source.document.allowances(self._service):
                if entry.covers(self._name):
                    match = entry.statement.applies(self._evaluation, resource)
                    if match is not None:
                        return _Hit(source, entry.statement, match)
        return None

    def _strongest(self, sources: Iterable[PolicySource], resource: str) -> _Hit | None:
        best: _Hit | None = None
        for source in sources:
            for entry in source.document.allowances(self._service):
                if not entry.covers(self._name):
                    continue
                match = entry.statement.applies(self._evaluation, resource)
                if match is not None and (best is None or match > best.match):
                    best = _Hit(source, entry.statement, match)
        return best

    def _by(self, hit: _Hit, kind: PolicyKind, reason: Reason, resource: str) -> Decision:
        return self._decision(
            reason is Reason.ALLOWED, reason, kind, resource, hit.source, hit.statement
        )

    def _implicit(
        self, kind: PolicyKind, resource: str, sources: tuple[PolicySource, ...]
    ) -> Decision:
        only = sources[0] if len(sources) == 1 else None
        return self._decision(False, Reason.IMPLICIT_DENY, kind, resource, only)

    def _decision(
        self,
        allowed: bool,
        reason: Reason,
        kind: PolicyKind | None,
        resource: str,
        source: PolicySource | None = None,
        statement: Statement | None = None,
    ) -> Decision:
        return Decision(
            allowed,
            reason,
            kind,
            source.label if source else "",
            source.arn if source else "",
            statement.index if statement else None,
            statement.sid if statement else "",
            self._request.principal.arn,
            self._request.action,
            resource,
        )


def _resource_kind(sources: tuple[PolicySource, ...]) -> PolicyKind:
    if any(source.document.kind is PolicyKind.TRUST for source in sources):
        return PolicyKind.TRUST
    return PolicyKind.RESOURCE
