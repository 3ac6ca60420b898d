"""Who is assigned to an application."""

from typing import Any

import pytest

from genkan.core.errors import Conflict, Invalid, NotFound
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from tests.slices.applications.world import (
    OTHER_INSTANCE,
    OTHER_STORE,
    all_pages,
    an_application,
    assign,
    run,
)
from tests.slices.assignments.world import INSTANCE_ARN, NOBODY, STORE, World, a_user
from tests.slices.assignments.world import run as run_of
from tests.support.store import Store


def described(tx: Tx, arn: str, principal_id: str, kind: str = "USER") -> Any:
    return run(
        tx,
        "DescribeApplicationAssignment",
        application_arn=arn,
        principal_id=principal_id,
        principal_type=kind,
    )


def of_principal(tx: Tx, principal_id: str, kind: str = "USER", **more: Any) -> list[Any]:
    answer = run(
        tx,
        "ListApplicationAssignmentsForPrincipal",
        **{"instance_arn": INSTANCE_ARN, **more},
        principal_id=principal_id,
        principal_type=kind,
    )
    return [
        (one["application_arn"], one["principal_type"], one["principal_id"])
        for one in answer["application_assignments"]
    ]


def delete(tx: Tx, name: str, **params: str) -> None:
    run_of(tx, identity_store, name, identity_store_id=STORE, **params)


def test_an_assignment_is_described_and_listed_until_it_is_deleted(
    store: Store, world: World
) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        assign(tx, arn, world.bob)
        found = described(tx, arn, world.bob)
        listed = run(tx, "ListApplicationAssignments", application_arn=arn)
    assert found == {
        "application_arn": arn,
        "principal_id": world.bob,
        "principal_type": "USER",
    }
    assert listed == {"application_assignments": [found], "next_token": None}
    with store.write() as tx:
        for _ in range(2):
            answer = run(tx, "DeleteApplicationAssignment", **found)
            assert answer == {}
        with pytest.raises(NotFound, match="is not assigned"):
            described(tx, arn, world.bob)
        listed = run(tx, "ListApplicationAssignments", application_arn=arn)
    assert listed["application_assignments"] == []


def test_assigning_again_is_a_conflict(store: Store, world: World) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        assign(tx, arn, world.bob)
        with pytest.raises(Conflict, match=f"{world.bob} is already assigned"):
            assign(tx, arn, world.bob)


@pytest.mark.parametrize("kind", ["USER", "GROUP"])
def test_a_principal_that_the_store_does_not_have_is_not_found(
    store: Store, world: World, kind: str
) -> None:
    wrong = world.group if kind == "USER" else world.alice
    with store.write() as tx:
        arn = an_application(tx)
        for principal_id in (NOBODY, wrong):
            with pytest.raises(NotFound) as refusal:
                assign(tx, arn, principal_id, kind)
            assert refusal.value.message == (
                f"the {kind} assignee {principal_id} was not found in directory {STORE}"
            )
            with pytest.raises(NotFound, match="was not found in directory"):
                of_principal(tx, principal_id, kind)
        elsewhere = an_application(tx, instance_arn=OTHER_INSTANCE)
        with pytest.raises(NotFound, match=OTHER_STORE):
            assign(tx, elsewhere, world.alice)
        with pytest.raises(NotFound, match=OTHER_STORE):
            of_principal(tx, world.alice, instance_arn=OTHER_INSTANCE)


def test_a_groups_assignment_is_none_of_its_members_own(store: Store, world: World) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        assign(tx, arn, world.group, "GROUP")
        with pytest.raises(NotFound):
            described(tx, arn, world.alice)
        assert described(tx, arn, world.group, "GROUP")["principal_type"] == "GROUP"
        with pytest.raises(NotFound):
            described(tx, arn, world.group, "USER")


def test_a_users_list_has_its_own_and_its_groups_assignments(store: Store, world: World) -> None:
    with store.write() as tx:
        wiki, mail, both = sorted(an_application(tx, name) for name in "abc")
        assign(tx, wiki, world.alice)
        assign(tx, mail, world.group, "GROUP")
        assign(tx, both, world.alice)
        assign(tx, both, world.group, "GROUP")
        assign(tx, wiki, world.bob)
        own = [(wiki, "USER", world.alice)]
        own += [(mail, "GROUP", world.group)]
        own += sorted(
            [(both, "USER", world.alice), (both, "GROUP", world.group)], key=lambda row: row[2]
        )
        assert of_principal(tx, world.alice) == own
        assert of_principal(tx, world.bob) == [(wiki, "USER", world.bob)]
        assert of_principal(tx, world.group, "GROUP") == [
            (mail, "GROUP", world.group),
            (both, "GROUP", world.group),
        ]
        assert of_principal(tx, world.alice, filter={"application_arn": mail}) == [
            (mail, "GROUP", world.group)
        ]
        paged = all_pages(
            tx,
            "ListApplicationAssignmentsForPrincipal",
            "application_assignments",
            instance_arn=INSTANCE_ARN,
            principal_id=world.alice,
            principal_type="USER",
        )
    assert [(one["application_arn"], one["principal_id"]) for one in paged] == [
        (arn, principal_id) for arn, _, principal_id in own
    ]


def test_the_filter_names_an_application_of_the_instance(store: Store, world: World) -> None:
    with store.write() as tx:
        elsewhere = an_application(tx, instance_arn=OTHER_INSTANCE)
        with pytest.raises(NotFound, match=elsewhere):
            of_principal(tx, world.alice, filter={"application_arn": elsewhere})
        gone = an_application(tx)
        run(tx, "DeleteApplication", application_arn=gone)
        with pytest.raises(NotFound, match=gone):
            of_principal(tx, world.alice, filter={"application_arn": gone})


def test_pages_of_assignments_stay_right_while_others_come_and_go(
    store: Store, world: World
) -> None:
    with store.write() as tx:
        arn, other = an_application(tx), an_application(tx)
        people = sorted(a_user(tx, f"user{number}") for number in range(6))
        for user_id in people:
            assign(tx, arn, user_id)
        first = run(tx, "ListApplicationAssignments", application_arn=arn, max_results=2)
        for user_id in (people[1], people[2]):
            run(
                tx,
                "DeleteApplicationAssignment",
                application_arn=arn,
                principal_id=user_id,
                principal_type="USER",
            )
        with pytest.raises(Invalid, match="pagination token"):
            run(
                tx,
                "ListApplicationAssignments",
                application_arn=other,
                next_token=first["next_token"],
            )
        rest = run(
            tx, "ListApplicationAssignments", application_arn=arn, next_token=first["next_token"]
        )
    found = first["application_assignments"] + rest["application_assignments"]
    assert [one["principal_id"] for one in found] == [*people[:2], *people[3:]]


def test_a_deleted_user_or_group_leaves_no_assignment(store: Store, world: World) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        for principal_id, kind in (
            (world.alice, "USER"),
            (world.bob, "USER"),
            (world.group, "GROUP"),
        ):
            assign(tx, arn, principal_id, kind)
        delete(tx, "DeleteUser", user_id=world.alice)
        delete(tx, "DeleteGroup", group_id=world.group)
        left = run(tx, "ListApplicationAssignments", application_arn=arn)
    assert [one["principal_id"] for one in left["application_assignments"]] == [world.bob]
    assert store.count("application_assignments") == 1


def test_somebody_who_leaves_the_group_loses_what_the_group_has(store: Store, world: World) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        assign(tx, arn, world.group, "GROUP")
        assert len(of_principal(tx, world.alice)) == 1
        memberships = run_of(
            tx,
            identity_store,
            "ListGroupMemberships",
            identity_store_id=STORE,
            group_id=world.group,
        )
        membership_id = memberships["group_memberships"][0]["membership_id"]
        delete(tx, "DeleteGroupMembership", membership_id=membership_id)
        assert of_principal(tx, world.alice) == []


def test_whether_an_assignment_is_needed_changes_no_assignment(store: Store, world: World) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        assign(tx, arn, world.bob)
        for required in (False, True):
            run(
                tx,
                "PutApplicationAssignmentConfiguration",
                application_arn=arn,
                assignment_required=required,
            )
            assert run(tx, "GetApplicationAssignmentConfiguration", application_arn=arn) == {
                "assignment_required": required
            }
            assert described(tx, arn, world.bob)["principal_id"] == world.bob


def test_background_sessions_are_put_and_stay_when_nothing_is_sent(
    store: Store, world: World
) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        for sent, expected in (("ENABLED", "ENABLED"), (None, "ENABLED"), ("DISABLED", "DISABLED")):
            run(
                tx,
                "PutApplicationSessionConfiguration",
                application_arn=arn,
                user_background_session_application_status=sent,
            )
            assert run(tx, "GetApplicationSessionConfiguration", application_arn=arn) == {
                "user_background_session_application_status": expected
            }
