"""A compiled policy document: what it says, and what it needs to be asked quickly.

Owns the matching of one statement's action, resource, principal and conditions. Leaves the text to
`parse` and the combination of policies to `evaluate`.

Invariants: documents and statements never change once built (the memo of actions by service is
derived); two documents are equal when they say the same in the same order. Nothing is compiled for
a service nobody has asked about, so a document of 3,000 actions stays small.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from genkan.authorization.conditions import Condition
from genkan.authorization.principals import Match, PrincipalElement
from genkan.authorization.request import Evaluation
from genkan.authorization.variables import Lookup, Template, has_variables, substitute_all
from genkan.authorization.variables import without_variables as fixed_tokens
from genkan.authorization.wildcards import PatternSet, tokenize

_MAX_MEMOIZED_SERVICES = 16


class PolicyKind(Enum):
    """What a document is attached as; the value is AWS's name for the type in its messages."""

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    SCP = "service control policy"


class Effect(Enum):
    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class ResourceElement:
    """Resource or NotResource, compiled."""

    patterns: tuple[str, ...]
    negated: bool
    _fixed: PatternSet = field(compare=False, repr=False)
    _open: tuple[Template, ...] = field(compare=False, repr=False)
    """The patterns that hold policy variables."""

    def covers(self, resource: str, lookup: Lookup, *, deny: bool) -> bool:
        if self._fixed.matches(resource):
            return not self.negated
        if not self._open:
            return self.negated
        resolved, unresolved = substitute_all(self._open, lookup)
        if PatternSet(resolved).matches(resource):
            return not self.negated
        # "Everything but the folder of an unknown person" is nothing to allow, all to deny.
        return self.negated and (deny or not unresolved)


def resource_element(
    patterns: tuple[str, ...], templates: Iterable[Template], *, negated: bool
) -> ResourceElement:
    """Compile Resource (or NotResource) from its patterns and their token templates."""
    listed = list(templates)
    fixed = PatternSet(fixed_tokens(t) for t in listed if not has_variables(t))
    return ResourceElement(patterns, negated, fixed, tuple(t for t in listed if has_variables(t)))


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        index: its place in the document, from 0.
        sid: the Sid, or an empty string.
        actions: the patterns of Action, or of NotAction when `not_action`.
        resources: None when the document's kind needs none: it means the resource itself.
        principals: None in kinds without Principal; NotPrincipal when `not_principal`.
    """

    index: int
    sid: str
    effect: Effect
    actions: tuple[str, ...]
    not_action: bool
    resources: ResourceElement | None
    principals: PrincipalElement | None
    not_principal: bool
    conditions: tuple[Condition, ...]

    def applies(self, evaluation: Evaluation, resource: str) -> Match | None:
        """How the statement speaks of this request, its action being known to match.

        DIRECT when the document's kind has no Principal; None when the statement does not apply.
        """
        match = self.match_principal(evaluation)
        if match is None:
            return None
        lookup, deny = evaluation.lookup, self.effect is Effect.DENY
        if self.resources is not None and not self.resources.covers(resource, lookup, deny=deny):
            return None
        for condition in self.conditions:
            if not condition.holds(lookup, deny=deny):
                return None
        return match

    def match_principal(self, evaluation: Evaluation) -> Match | None:
        """How Principal or NotPrincipal names the asker; None when it does not."""
        if self.principals is None:
            return Match.DIRECT
        if not self.not_principal:
            return self.principals.match(evaluation.principal)
        # AWS: NotPrincipal with Deny always denies a principal that has a permissions boundary.
        spared = self.principals.excepts(evaluation.principal) and not evaluation.boundary_present
        return None if spared else Match.DIRECT

    def names_for(self, service: str) -> PatternSet:
        """The action-name patterns of Action or NotAction for one service, all in lower case."""
        prefix = f"{service}:"
        names: list[str] = []
        for action in self.actions:
            folded = action.lower()
            if folded == "*" or folded.startswith("*:"):
                names.append(folded[2:] or "*")
            elif folded.startswith(prefix):
                names.append(folded[len(prefix) :])
        return PatternSet(tokenize(name) for name in names)

    def as_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"Sid": self.sid} if self.sid else {}
        out["Effect"] = self.effect.value
        if self.principals is not None:
            name = "NotPrincipal" if self.not_principal else "Principal"
            out[name] = self.principals.as_json()
        out["NotAction" if self.not_action else "Action"] = list(self.actions)
        if self.resources is not None:
            name = "NotResource" if self.resources.negated else "Resource"
            out[name] = list(self.resources.patterns)
        for condition in self.conditions:
            block = out.setdefault("Condition", {}).setdefault(condition.operator, {})
            block[condition.key] = list(condition.values)
        return out


class ActionEntry:
    """A statement as seen from one service: which action names of that service it speaks of."""

    __slots__ = ("_names", "_negated", "statement")

    def __init__(self, statement: Statement, names: PatternSet) -> None:
        self.statement = statement
        self._names = names
        self._negated = statement.not_action

    def covers(self, name: str) -> bool:
        """Whether the statement's Action covers a lower-cased action name of the service."""
        return self._names.matches(name) is not self._negated


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document, checked and compiled by `parse`."""

    kind: PolicyKind
    version: str
    id: str | None
    statements: tuple[Statement, ...]
    _memo: dict[str, tuple[tuple[ActionEntry, ...], tuple[ActionEntry, ...]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def denials(self, service: str) -> tuple[ActionEntry, ...]:
        """The Deny statements that may speak of a lower-cased service, in order."""
        entries = self._memo.get(service) or self._entries(service)
        return entries[0]

    def allowances(self, service: str) -> tuple[ActionEntry, ...]:
        """The Allow statements that may speak of a lower-cased service, in order."""
        entries = self._memo.get(service) or self._entries(service)
        return entries[1]

    def _entries(self, service: str) -> tuple[tuple[ActionEntry, ...], tuple[ActionEntry, ...]]:
        denials: list[ActionEntry] = []
        allowances: list[ActionEntry] = []
        for statement in self.statements:
            names = statement.names_for(service)
            if names.matches_nothing and not statement.not_action:
                continue
            chosen = denials if statement.effect is Effect.DENY else allowances
            chosen.append(ActionEntry(statement, names))
        entries = (tuple(denials), tuple(allowances))
        if len(self._memo) >= _MAX_MEMOIZED_SERVICES:
            self._memo.clear()  # a caller who asks for made-up services must not fill the memory
        self._memo[service] = entries
        return entries

    def to_json(self) -> str:
        """The document as canonical JSON; `parse` gives an equal document back."""
        out: dict[str, Any] = {"Version": self.version}
        if self.id is not None:
            out["Id"] = self.id
        out["Statement"] = [statement.as_json() for statement in self.statements]
        return json.dumps(out, separators=(",", ":"))
