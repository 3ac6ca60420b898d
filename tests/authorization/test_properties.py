"""What holds for all policies: a Deny never allows more, order never matters, limits limit."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from genkan.authorization import PolicyKind, PolicySet, PolicySource, Principal, explain, parse
from genkan.authorization.request import Request
from tests.authorization.build import (
    ACCOUNT,
    OTHER_ACCOUNT,
    ROLE,
    ROOT,
    SESSION,
    USER,
    ask,
    doc,
    iam_user,
    role_session,
)

ACTIONS = ["s3:Get", "s3:Put", "sso:List"]
RESOURCES = ["*", "arn:aws:s3:::a", "arn:aws:s3:::a/b"]

action_patterns = st.sampled_from(["*", "s3:*", "s3:G*", "S3:get", "sso:*", "*:List", "ec2:*"])
resource_patterns = st.sampled_from(
    ["*", "arn:aws:s3:::a", "arn:aws:s3:::a*", "arn:aws:s3:::${aws:t}", "arn:aws:s3:::?/b"]
)
#: Operators with the values that they are given here.
TYPED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        [
            "StringEquals",
            "StringNotEquals",
            "StringLikeIfExists",
            "ForAllValues:StringEquals",
            "ForAnyValue:StringNotLike",
            "StringNotEqualsIgnoreCase",
        ],
        ("a", "b", "*", "7", "${aws:u}", "${aws:none}"),
    ),
    **dict.fromkeys(["NumericLessThan", "NumericNotEqualsIfExists"], ("7", "8")),
    **dict.fromkeys(["DateGreaterThanEquals", "ForAnyValue:DateNotEquals"], ("7", "2026-01-01")),
    **dict.fromkeys(["Null", "Bool", "ForAllValues:BoolIfExists"], ("true", "false")),
    **dict.fromkeys(["IpAddress", "NotIpAddress"], ("10.0.0.0/8", "::1")),
    **dict.fromkeys(["ArnLike", "ArnNotEqualsIfExists"], ("arn:aws:s3:::*", "*", "${aws:u}")),
}


@st.composite
def condition_blocks(draw: st.DrawFn) -> dict[str, Any]:
    """A Condition of up to two operators, each about up to two keys."""
    operators = draw(st.lists(st.sampled_from(sorted(TYPED)), max_size=2, unique=True))
    keys = st.sampled_from(["aws:t", "aws:u"])
    return {
        operator: draw(
            st.dictionaries(
                keys, st.lists(st.sampled_from(TYPED[operator]), max_size=2), max_size=2
            )
        )
        for operator in operators
    }


principals = st.sampled_from(
    ["*", {"AWS": ROOT}, {"AWS": ROLE}, {"AWS": SESSION}, {"AWS": USER}, {"AWS": OTHER_ACCOUNT}]
)


@st.composite
def statements(draw: st.DrawFn, effect: str | None = None, principal: bool = False) -> Any:
    statement: dict[str, Any] = {
        "Effect": effect or draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(
            st.lists(action_patterns, min_size=1, max_size=3)
        ),
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(
            st.lists(resource_patterns, min_size=1, max_size=2)
        ),
    }
    if draw(st.booleans()):
        statement["Condition"] = draw(condition_blocks())
    if principal:
        denies = statement["Effect"] == "Deny"
        name = draw(st.sampled_from(["Principal", "NotPrincipal"])) if denies else "Principal"
        statement[name] = draw(principals)
    return statement


def sources(kind: PolicyKind, effect: str | None = None) -> st.SearchStrategy[PolicySource]:
    with_principal = kind is PolicyKind.RESOURCE
    listed = st.lists(statements(effect, with_principal), min_size=1, max_size=3)
    return listed.map(lambda s: PolicySource(kind.name, doc(*s, kind=kind)))


def some(kind: PolicyKind, minimum: int = 0) -> st.SearchStrategy[tuple[PolicySource, ...]]:
    return st.lists(sources(kind), min_size=minimum, max_size=2).map(tuple)


policy_sets = st.builds(
    PolicySet,
    identity=some(PolicyKind.IDENTITY, 1),
    boundary=st.none() | sources(PolicyKind.BOUNDARY),
    session=some(PolicyKind.SESSION),
    resource=some(PolicyKind.RESOURCE),
    resource_account=st.sampled_from(["", ACCOUNT, OTHER_ACCOUNT]),
    scps=st.lists(some(PolicyKind.SCP, 1), max_size=2).map(tuple),
)
contexts = st.dictionaries(
    st.sampled_from(["aws:t", "AWS:U"]),
    st.sampled_from(["a", "b", "*", ("a", "b"), (), "7", "true", "10.1.2.3", "arn:aws:s3:::a"]),
    max_size=2,
)
questions = st.tuples(
    st.sampled_from([role_session, iam_user]),
    st.sampled_from(ACTIONS),
    st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2),
    contexts,
)
Question = tuple[Principal, str, list[str], dict[str, Any]]


def allowed(policies: PolicySet, question: Question) -> bool:
    principal, action, resources, context = question
    return ask(action, policies, *resources, principal=principal, context=context).allowed


@given(policy_sets, questions, st.sampled_from(PolicyKind), st.data())
def test_a_deny_added_anywhere_never_allows_more(
    policies: PolicySet, question: Question, kind: PolicyKind, data: st.DataObject
) -> None:
    if kind is PolicyKind.TRUST:
        kind = PolicyKind.RESOURCE
    extra = data.draw(sources(kind, "Deny"))
    if kind is PolicyKind.IDENTITY:
        more = replace(policies, identity=(*policies.identity, extra))
    elif kind is PolicyKind.RESOURCE:
        more = replace(policies, resource=(*policies.resource, extra))
    elif kind is PolicyKind.SESSION:
        more = replace(policies, session=(*policies.session, extra))
    elif kind is PolicyKind.SCP:
        levels = policies.scps or ((),)
        more = replace(policies, scps=((*levels[0], extra), *levels[1:]))
    else:
        more = replace(policies, boundary=extra)
        if policies.boundary is not None:
            joined = [
                s.as_json() for d in (policies.boundary, extra) for s in d.document.statements
            ]
            more = replace(policies, boundary=PolicySource("b", doc(*joined, kind=kind)))
    if allowed(more, question):
        assert allowed(policies, question)


@given(policy_sets, questions, sources(PolicyKind.BOUNDARY))
def test_a_boundary_never_widens(
    policies: PolicySet, question: Question, boundary: PolicySource
) -> None:
    if allowed(replace(policies, boundary=boundary), question):
        assert allowed(replace(policies, boundary=None), question)


@given(policy_sets, questions, some(PolicyKind.SCP), st.integers(0, 2))
def test_a_level_of_service_control_policies_never_widens(
    policies: PolicySet, question: Question, level: tuple[PolicySource, ...], at: int
) -> None:
    more = replace(policies, scps=(*policies.scps[:at], level, *policies.scps[at:]))
    if allowed(more, question):
        assert allowed(policies, question)


@given(policy_sets, questions, some(PolicyKind.SESSION, 1))
def test_session_policies_never_widen_a_role_session(
    policies: PolicySet, question: Question, session: tuple[PolicySource, ...]
) -> None:
    if allowed(replace(policies, session=session), question):
        assert allowed(replace(policies, session=()), question)


@given(policy_sets, questions, st.randoms(use_true_random=False))
def test_the_order_of_policies_and_statements_never_matters(
    policies: PolicySet, question: Question, order: random.Random
) -> None:
    def shuffled(listed: tuple[PolicySource, ...]) -> tuple[PolicySource, ...]:
        mixed = []
        for source in order.sample(listed, len(listed)):
            written = [statement.as_json() for statement in source.document.statements]
            order.shuffle(written)
            kind = source.document.kind
            mixed.append(PolicySource(source.label, doc(*written, kind=kind)))
        return tuple(mixed)

    other = replace(
        policies,
        identity=shuffled(policies.identity),
        session=shuffled(policies.session),
        resource=shuffled(policies.resource),
        boundary=shuffled((policies.boundary,))[0] if policies.boundary else None,
        scps=tuple(shuffled(level) for level in order.sample(policies.scps, len(policies.scps))),
    )
    principal, action, resources, context = question
    first = ask(action, policies, *resources, principal=principal, context=context)
    second = ask(action, other, *resources, principal=principal, context=context)
    assert (first.allowed, first.reason, first.policy_type, first.resource) == (
        second.allowed,
        second.reason,
        second.policy_type,
        second.resource,
    )


@settings(max_examples=60)
@given(policy_sets, questions, st.data())
def test_a_condition_added_never_makes_a_statement_apply_more(
    policies: PolicySet, question: Question, data: st.DataObject
) -> None:
    """An Allow with a further condition allows no more, a Deny with one denies no more."""
    written = [s.as_json() for one in policies.identity for s in one.document.statements]
    chosen = data.draw(st.integers(0, len(written) - 1))
    operator = data.draw(st.sampled_from(sorted(TYPED)))
    values = data.draw(st.lists(st.sampled_from(TYPED[operator]), max_size=2))
    narrower = json.loads(json.dumps(written))
    block = narrower[chosen].setdefault("Condition", {}).setdefault(operator, {})
    block.setdefault("aws:none", values)
    before = replace(policies, identity=(PolicySource("p", doc(*written)),))
    after = replace(policies, identity=(PolicySource("p", doc(*narrower)),))
    if written[chosen]["Effect"] == "Allow":
        wider, smaller = before, after
    else:
        wider, smaller = after, before
    if allowed(smaller, question):
        assert allowed(wider, question)


@settings(max_examples=40)
@given(policy_sets, questions)
def test_letter_case_of_actions_and_of_keys_never_matters(
    policies: PolicySet, question: Question
) -> None:
    principal, action, resources, context = question
    swapped = {key.swapcase(): value for key, value in context.items()}
    assert allowed(policies, question) == allowed(
        policies, (principal, action.swapcase(), resources, swapped)
    )


@given(st.lists(statements(), min_size=1, max_size=4))
def test_serialization_is_stable(written: list[dict[str, Any]]) -> None:
    document = doc(*written)
    again = parse(document.to_json())
    assert again == document
    assert again.to_json() == document.to_json()


@given(policy_sets, questions)
def test_explain_agrees_with_the_decision(policies: PolicySet, question: Question) -> None:
    principal, action, resources, context = question
    decision = ask(action, policies, *resources, principal=principal, context=context)
    request = Request(
        principal=principal, action=action, resources=tuple(resources), context=context
    )
    traced = explain(request, policies)
    denials = [t for t in traced if t.applies and t.effect.value == "Deny"]
    if decision.allowed:
        assert not denials
    if decision.statement_index is not None:
        assert any(
            t.applies
            and (t.policy_type, t.source, t.statement_index, t.resource)
            == (decision.policy_type, decision.source, decision.statement_index, decision.resource)
            for t in traced
        )
