"""Why, statement by statement: what `genkan simulate` shows when one sentence is not enough.

Owns the trace of a request through every statement. Slower than `decide`, and no part of deciding.
"""

from __future__ import annotations

from dataclasses import dataclass

from genkan.authorization.document import Effect, PolicyKind, Statement
from genkan.authorization.evaluate import PolicySet, PolicySource
from genkan.authorization.request import Evaluation, Request


@dataclass(frozen=True, slots=True)
class StatementTrace:
    """How one statement speaks of one resource of the request.

    Attributes:
        failed_on: the first part that does not match: `Action`, `Principal`, `Resource`, or
            `Condition <operator> <key>`; empty when the statement applies.
    """

    policy_type: PolicyKind
    source: str
    statement_index: int
    statement_id: str
    effect: Effect
    resource: str
    failed_on: str

    @property
    def applies(self) -> bool:
        return not self.failed_on


def explain(request: Request, policies: PolicySet) -> tuple[StatementTrace, ...]:
    """Every statement of every policy, for every resource of the request, in evaluation order."""
    evaluation = Evaluation(request, boundary_present=policies.boundary is not None)
    return tuple(
        StatementTrace(
            kind,
            source.label,
            statement.index,
            statement.sid,
            statement.effect,
            resource,
            _failed_on(statement, evaluation, resource),
        )
        for resource in request.resources
        for kind, source in _sources(policies)
        for statement in source.document.statements
    )


def _sources(policies: PolicySet) -> list[tuple[PolicyKind, PolicySource]]:
    listed = [(PolicyKind.SCP, source) for level in policies.scps for source in level]
    listed += [(source.document.kind, source) for source in policies.resource]
    listed += [(PolicyKind.IDENTITY, source) for source in policies.identity]
    if policies.boundary is not None:
        listed.append((PolicyKind.BOUNDARY, policies.boundary))
    return listed + [(PolicyKind.SESSION, source) for source in policies.session]


def _failed_on(statement: Statement, evaluation: Evaluation, resource: str) -> str:
    service, _, name = evaluation.request.action.lower().partition(":")
    if statement.names_for(service).matches(name) is statement.not_action:
        return "Action"
    if statement.match_principal(evaluation) is None:
        return "NotPrincipal" if statement.not_principal else "Principal"
    lookup, deny = evaluation.lookup, statement.effect is Effect.DENY
    element = statement.resources
    if element is not None and not element.covers(resource, lookup, deny=deny):
        return "NotResource" if element.negated else "Resource"
    for condition in statement.conditions:
        if not condition.holds(lookup, deny=deny):
            return f"Condition {condition.operator} {condition.key}"
    return ""
