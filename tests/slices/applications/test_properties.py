"""Whatever is done in whatever order, lists and answers are those of a plain model.

Every example is one transaction that is rolled back, so that all start from the same organization.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genkan.core.errors import Conflict, NotFound, Refusal
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from tests.slices.applications.world import all_pages, an_application, run
from tests.slices.assignments.world import INSTANCE_ARN, STORE, World
from tests.slices.assignments.world import run as run_of
from tests.support.store import Store

Principal = tuple[str, str]
SCOPES = ("wiki:read", "wiki:write", "mail")
MOST_APPLICATIONS = 4


class Enough(Exception):
    """Rolls an example back."""


@dataclass
class Plain:
    """What should be true. Applications are named by their place, deleted ones included."""

    arns: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    assigned: dict[str, set[Principal]] = field(default_factory=dict)
    scopes: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    principals: set[Principal] = field(default_factory=set)
    groups_of: dict[str, set[str]] = field(default_factory=dict)


NAME = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=3)
APPLICATION = st.integers(0, MOST_APPLICATIONS - 1)
PRINCIPAL = st.integers(0, 2)
ACTS = st.one_of(
    st.tuples(st.just("create"), NAME),
    st.tuples(st.just("rename"), APPLICATION, NAME),
    st.tuples(st.just("delete"), APPLICATION),
    st.tuples(st.sampled_from(["assign", "unassign"]), APPLICATION, PRINCIPAL),
    st.tuples(st.just("put"), APPLICATION, st.sampled_from(SCOPES), st.booleans()),
    st.tuples(st.just("drop"), APPLICATION, st.sampled_from(SCOPES)),
    st.tuples(st.just("remove"), PRINCIPAL),
)


@given(acts=st.lists(ACTS, max_size=25), size=st.integers(1, 3))
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_applications_are_as_a_plain_model_says(
    store: Store, world: World, acts: list[tuple[Any, ...]], size: int
) -> None:
    people = (("USER", world.alice), ("USER", world.bob), ("GROUP", world.group))
    plain = Plain(principals=set(people), groups_of={world.alice: {world.group}, world.bob: set()})
    with pytest.raises(Enough), store.write() as tx:
        for act, *arguments in acts:
            do(tx, plain, people, act, arguments)
        compare(tx, plain, people, size)
        raise Enough


def do(tx: Tx, plain: Plain, people: tuple[Principal, ...], act: str, arguments: list[Any]) -> None:
    """One act on both; what the model says cannot be done must be refused, and only that."""
    if act == "create":
        if len(plain.arns) < MOST_APPLICATIONS:
            arn = an_application(tx, arguments[0])
            assert arn not in plain.arns
            plain.arns.append(arn)
            plain.names[arn] = arguments[0]
            plain.assigned[arn], plain.scopes[arn] = set(), {}
        return
    if act == "remove":
        remove(tx, plain, people[arguments[0]])
        return
    if arguments[0] >= len(plain.arns):
        return
    arn = plain.arns[arguments[0]]
    expected = NotFound if arn not in plain.names else None
    if act == "rename":
        answered(tx, expected, "UpdateApplication", application_arn=arn, name=arguments[1])
        if expected is None:
            plain.names[arn] = arguments[1]
    elif act == "delete":
        answered(tx, expected, "DeleteApplication", application_arn=arn)
        for part in (plain.names, plain.assigned, plain.scopes):
            part.pop(arn, None)
    elif act in ("assign", "unassign"):
        change_assignment(tx, plain, expected, act, arn, people[arguments[1]])
    else:
        change_scope(tx, plain, expected, act, arn, arguments[1:])


def change_assignment(
    tx: Tx,
    plain: Plain,
    expected: type[Refusal] | None,
    act: str,
    arn: str,
    principal: Principal,
) -> None:
    kind, principal_id = principal
    params = {"application_arn": arn, "principal_id": principal_id, "principal_type": kind}
    if act == "unassign":
        answered(tx, expected, "DeleteApplicationAssignment", **params)
        if expected is None:
            plain.assigned[arn].discard(principal)
        return
    if expected is None and principal not in plain.principals:
        expected = NotFound
    if expected is None and principal in plain.assigned[arn]:
        expected = Conflict
    answered(tx, expected, "CreateApplicationAssignment", **params)
    if expected is None:
        plain.assigned[arn].add(principal)


def change_scope(
    tx: Tx,
    plain: Plain,
    expected: type[Refusal] | None,
    act: str,
    arn: str,
    arguments: list[Any],
) -> None:
    scope = arguments[0]
    if act == "drop":
        answered(tx, expected, "DeleteApplicationAccessScope", application_arn=arn, scope=scope)
        if expected is None:
            plain.scopes[arn].pop(scope, None)
        return
    targets = [INSTANCE_ARN] if arguments[1] else []
    answered(
        tx,
        expected,
        "PutApplicationAccessScope",
        application_arn=arn,
        scope=scope,
        authorized_targets=targets,
    )
    if expected is None:
        plain.scopes[arn][scope] = targets


def remove(tx: Tx, plain: Plain, principal: Principal) -> None:
    if principal not in plain.principals:
        return
    kind, principal_id = principal
    name, key = ("DeleteUser", "user_id") if kind == "USER" else ("DeleteGroup", "group_id")
    run_of(tx, identity_store, name, identity_store_id=STORE, **{key: principal_id})
    plain.principals.discard(principal)
    for assigned in plain.assigned.values():
        assigned.discard(principal)
    for groups in plain.groups_of.values():
        groups.discard(principal_id)


def answered(tx: Tx, expected: type[Refusal] | None, name: str, /, **params: Any) -> None:
    """The operation succeeds, or is refused as expected."""
    if expected is None:
        run(tx, name, **params)
        return
    with pytest.raises(expected):
        run(tx, name, **params)


def compare(tx: Tx, plain: Plain, people: tuple[Principal, ...], size: int) -> None:
    """Everything that can be listed, page by page."""
    listed = all_pages(tx, "ListApplications", "applications", size, instance_arn=INSTANCE_ARN)
    assert {one["application_arn"]: one["name"] for one in listed} == plain.names
    assert len(listed) == len(plain.names)
    for arn in plain.names:
        app = {"application_arn": arn}
        rows = all_pages(tx, "ListApplicationAssignments", "application_assignments", size, **app)
        assert sorted(map(principal_of, rows)) == sorted(plain.assigned[arn])
        scopes = all_pages(tx, "ListApplicationAccessScopes", "scopes", size, **app)
        assert [(one["scope"], one["authorized_targets"] or []) for one in scopes] == sorted(
            plain.scopes[arn].items()
        )
    for principal in people:
        compare_principal(tx, plain, principal, size)


def compare_principal(tx: Tx, plain: Plain, principal: Principal, size: int) -> None:
    kind, principal_id = principal
    params = {
        "instance_arn": INSTANCE_ARN,
        "principal_id": principal_id,
        "principal_type": kind,
    }
    name = "ListApplicationAssignmentsForPrincipal"
    if principal not in plain.principals:
        answered(tx, NotFound, name, **params)
        return
    counted = {principal} | {("GROUP", group) for group in plain.groups_of.get(principal_id, ())}
    rows = all_pages(tx, name, "application_assignments", size, **params)
    assert sorted((row["application_arn"], principal_of(row)) for row in rows) == sorted(
        (arn, one) for arn, assigned in plain.assigned.items() for one in assigned & counted
    )


def principal_of(row: dict[str, str]) -> Principal:
    return row["principal_type"], row["principal_id"]
