"""CreateAccountAssignment and DeleteAccountAssignment: accepted at once, ended later, once."""

import pytest

from genkan.assignments import operations as assignments
from genkan.core.call import Signer
from genkan.core.errors import Conflict, Denied, NotFound, Throttled
from genkan.identity_store import operations as identity_store
from tests.slices.assignments.world import (
    INSTANCE_ARN,
    INSTANCE_ID,
    MEMBER,
    NOBODY,
    OTHER,
    OWNER,
    STORE,
    World,
    a_permission_set,
    assign,
    roles_of,
    run,
    status_of,
    unassign,
    work_off,
)
from tests.support.store import MANAGEMENT, Store

CONFLICT = "There is a conflicting operation in process."


def assigned(store: Store, user_id: str, arn: str, account_id: str = MEMBER) -> bool:
    with store.write() as tx:
        return assignments.assigned(tx, user_id, account_id, arn)


def test_creation_is_answered_in_progress_without_a_date(store: Store, world: World) -> None:
    with store.write() as tx:
        answer = run(
            tx,
            assignments,
            "CreateAccountAssignment",
            instance_arn=INSTANCE_ARN,
            target_id=MEMBER,
            target_type="AWS_ACCOUNT",
            permission_set_arn=world.read_only,
            principal_type="USER",
            principal_id=world.bob,
        )["account_assignment_creation_status"]
    request_id = answer.pop("request_id")
    assert len(request_id) == 36
    assert answer == {
        "status": "IN_PROGRESS",
        "failure_reason": None,
        "target_id": MEMBER,
        "target_type": "AWS_ACCOUNT",
        "permission_set_arn": world.read_only,
        "principal_type": "USER",
        "principal_id": world.bob,
        "created_date": None,
    }


def test_an_assignment_begins_when_its_request_succeeds(store: Store, world: World) -> None:
    with store.write() as tx:
        request_id = assign(tx, MEMBER, world.read_only, world.bob)
        assert status_of(tx, request_id) == ("IN_PROGRESS", None)
    assert not assigned(store, world.bob, world.read_only)
    assert work_off(store) == 1
    assert assigned(store, world.bob, world.read_only)
    assert not assigned(store, world.bob, world.read_only, OTHER)
    assert not assigned(store, world.bob, world.administrator)
    assert not assigned(store, world.alice, world.read_only)
    with store.write() as tx:
        assert status_of(tx, request_id) == ("SUCCEEDED", None)


def test_creating_what_exists_succeeds_again_and_changes_nothing(
    store: Store, world: World
) -> None:
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    with store.write() as tx:
        before = roles_of(tx, MEMBER)
        again = assign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    with store.write() as tx:
        assert status_of(tx, again) == ("SUCCEEDED", None)
        assert roles_of(tx, MEMBER) == before
        assert tx.one("SELECT COUNT(*) FROM assignments") == (1,)


def test_access_ends_with_the_answer_to_the_deletion(store: Store, world: World) -> None:
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    with store.write() as tx:
        request_id = unassign(tx, MEMBER, world.read_only, world.bob)
    assert not assigned(store, world.bob, world.read_only)
    with store.write() as tx:
        assert status_of(tx, request_id, "deletion") == ("IN_PROGRESS", None)
    work_off(store)
    with store.write() as tx:
        assert status_of(tx, request_id, "deletion") == ("SUCCEEDED", None)
        assert roles_of(tx, MEMBER) == []


def test_deleting_what_does_not_exist_is_accepted_then_failed(store: Store, world: World) -> None:
    with store.write() as tx:
        request_id = unassign(tx, MEMBER, world.read_only, world.bob)
        status, reason = status_of(tx, request_id, "deletion")
    assert status == "FAILED"
    assert reason is not None
    assert reason.startswith(
        "Received a 404 status error: EntitlementItem doesn't exist with the given entitlement key"
        " EntitlementKey{accessorId="
    )
    assert world.bob in reason
    assert MEMBER in reason
    assert work_off(store) == 0


@pytest.mark.parametrize("kind", ["USER", "GROUP"])
def test_a_principal_that_does_not_exist_fails_the_request(
    store: Store, world: World, kind: str
) -> None:
    with store.write() as tx:
        request_id = assign(tx, MEMBER, world.read_only, NOBODY, kind)
    work_off(store)
    with store.write() as tx:
        assert status_of(tx, request_id) == (
            "FAILED",
            f"Received a 404 status error: the {kind} assignee {NOBODY} was not found in"
            f" directory {STORE}",
        )
        assert roles_of(tx, MEMBER) == []


def test_a_user_is_no_group(store: Store, world: World) -> None:
    with store.write() as tx:
        request_id = assign(tx, MEMBER, world.read_only, world.bob, "GROUP")
    work_off(store)
    with store.write() as tx:
        assert status_of(tx, request_id)[0] == "FAILED"
    assert not assigned(store, world.bob, world.read_only)


def test_a_principal_that_vanishes_while_its_role_is_made_gets_nothing(
    store: Store, world: World
) -> None:
    from genkan.assignments.work import begin_role_work, settle_role_work
    from genkan.db import jobs

    with store.write() as tx:
        request_id = assign(tx, MEMBER, world.read_only, world.bob)
    with store.write(OWNER) as tx:
        (job,) = jobs.claim(tx, 10)
    with store.write(job.worker) as tx:
        work = begin_role_work(tx, **job.payload)
        assert work is not None
    with store.write() as tx:
        run(tx, identity_store, "DeleteUser", identity_store_id=STORE, user_id=world.bob)
    with store.write(job.worker) as tx:
        where = {key: value for key, value in job.payload.items() if key != "instance_id"}
        settle_role_work(tx, **where, stands=True, content_hash=work.content_hash)
        jobs.finish(tx, job.worker)
    with store.write() as tx:
        status, reason = status_of(tx, request_id)
        assert tx.one("SELECT COUNT(*) FROM assignments") == (0,)
    assert status == "FAILED"
    assert reason is not None
    assert "was not found in directory" in reason
    assert work_off(store) == 1
    with store.write() as tx:
        assert roles_of(tx, MEMBER) == []


def test_a_second_request_for_the_same_account_and_permission_set_conflicts(
    store: Store, world: World
) -> None:
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.bob)
    for ask in (assign, unassign):
        with store.write() as tx, pytest.raises(Conflict) as refusal:
            ask(tx, MEMBER, world.read_only, world.alice)
        assert refusal.value.message == CONFLICT
    with store.write() as tx:
        assign(tx, OTHER, world.read_only, world.alice)
        assign(tx, MEMBER, world.administrator, world.alice)
    work_off(store)
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.alice)


def test_a_refused_deletion_takes_nothing_away(store: Store, world: World) -> None:
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.alice)
    with pytest.raises(Conflict), store.write() as tx:
        unassign(tx, MEMBER, world.read_only, world.bob)
    assert assigned(store, world.bob, world.read_only)


def test_fifteen_creations_may_be_outstanding_but_the_owner_waits_for_nobody(
    store: Store, world: World
) -> None:
    with store.write() as tx:
        arns = [a_permission_set(tx, f"Set{number}") for number in range(17)]
        for arn in arns[:15]:
            assign(tx, MEMBER, arn, world.bob)
    with store.write() as tx, pytest.raises(Throttled) as refusal:
        assign(tx, MEMBER, arns[15], world.bob)
    assert refusal.value.message == (
        "There are too many requests processing. Please try again later."
    )
    with store.write(OWNER) as tx:
        assign(tx, MEMBER, arns[16], world.bob)
    work_off(store)
    with store.write() as tx:
        assign(tx, MEMBER, arns[15], world.bob)


def test_an_account_outside_the_organization_is_not_found(store: Store, world: World) -> None:
    with store.write() as tx, pytest.raises(NotFound):
        assign(tx, "999988887777", world.read_only, world.bob)


def test_an_unknown_permission_set_is_not_found(store: Store, world: World) -> None:
    unknown = world.read_only[:-16] + "f" * 16
    for ask in (assign, unassign):
        with store.write() as tx, pytest.raises(NotFound):
            ask(tx, MEMBER, unknown, world.bob)


def test_only_the_management_account_changes_its_own_assignments(
    store: Store, world: World
) -> None:
    delegated = Signer(
        account_id=MEMBER,
        arn=f"arn:aws:iam::{MEMBER}:user/delegated",
        user_id="AIDA",
        access_key_id="AKIA",
    )
    for ask in (assign, unassign):
        with store.write(delegated) as tx:
            with pytest.raises(Denied):
                ask(tx, MANAGEMENT, world.read_only, world.bob)
            ask(tx, OTHER if ask is assign else MEMBER, world.read_only, world.bob)
    with store.write() as tx:
        assign(tx, MANAGEMENT, world.read_only, world.bob)


def test_a_request_is_described_by_its_own_operation_only(store: Store, world: World) -> None:
    with store.write() as tx:
        request_id = assign(tx, MEMBER, world.read_only, world.bob)
        for kind in ("deletion", "provisioning"):
            with pytest.raises(NotFound):
                status_of(tx, request_id, kind)
        with pytest.raises(NotFound):
            run(
                tx,
                assignments,
                "DescribeAccountAssignmentCreationStatus",
                instance_arn=INSTANCE_ARN.replace(INSTANCE_ID, "ssoins-ffffffffffffffff"),
                account_assignment_creation_request_id=request_id,
            )


def test_requests_are_listed_by_kind_and_status_newest_first(store: Store, world: World) -> None:
    with store.write() as tx:
        first = assign(tx, MEMBER, world.read_only, NOBODY)
        store.clock.advance(seconds=1)
    work_off(store)
    with store.write() as tx:
        second = assign(tx, MEMBER, world.read_only, world.bob)
        deletion = unassign(tx, OTHER, world.read_only, world.bob)

    def listed(name: str, **params: object) -> list[str]:
        with store.write() as tx:
            answer = run(
                tx,
                assignments,
                f"ListAccountAssignment{name}Status",
                instance_arn=INSTANCE_ARN,
                **params,
            )
        rows = answer[f"account_assignments_{name.lower()}_status"]
        assert all(set(row) == {"status", "request_id", "created_date"} for row in rows)
        return [row["request_id"] for row in rows]

    assert listed("Creation") == [second, first]
    assert listed("Creation", filter={"status": "FAILED"}) == [first]
    assert listed("Creation", filter={"status": "IN_PROGRESS"}) == [second]
    assert listed("Deletion") == [deletion]
    with store.write() as tx:
        page = run(
            tx,
            assignments,
            "ListAccountAssignmentCreationStatus",
            instance_arn=INSTANCE_ARN,
            max_results=1,
        )
    assert listed("Creation", max_results=1, next_token=page["next_token"]) == [first]


def test_settled_requests_are_forgotten_after_ninety_days(store: Store, world: World) -> None:
    with store.write() as tx:
        old = assign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    with store.write() as tx:
        running = assign(tx, MEMBER, world.read_only, world.alice)
    store.clock.advance(seconds=91 * 86_400)
    with store.write() as tx:
        assign(tx, OTHER, world.read_only, world.bob)
        with pytest.raises(NotFound):
            status_of(tx, old)
        assert status_of(tx, running)[0] == "IN_PROGRESS"


def test_a_failed_account_leaves_no_assignment_and_no_recorded_role(
    store: Store, world: World
) -> None:
    with store.write() as tx:
        request_id = assign(tx, MEMBER, world.read_only, world.bob)
    work_off(store, failure="Received a 404 status error: no")
    with store.write() as tx:
        assert status_of(tx, request_id) == ("FAILED", "Received a 404 status error: no")
        assert roles_of(tx, MEMBER) == []
    assert not assigned(store, world.bob, world.read_only)


def test_a_role_that_cannot_be_removed_is_tried_again_later(store: Store, world: World) -> None:
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    with store.write() as tx:
        request_id = unassign(tx, MEMBER, world.read_only, world.bob)
    work_off(store, failure="Received a 403 status error: no")
    with store.write() as tx:
        assert status_of(tx, request_id, "deletion")[0] == "FAILED"
        assert len(roles_of(tx, MEMBER)) == 1
    assert not assigned(store, world.bob, world.read_only)
    assert work_off(store) == 0
    store.clock.advance(seconds=601)
    assert work_off(store) == 1
    with store.write() as tx:
        assert roles_of(tx, MEMBER) == []
