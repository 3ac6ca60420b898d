"""Which roles are up to date, and ProvisionPermissionSet."""

from typing import Any

import pytest

from genkan.assignments import operations as assignments
from genkan.core.errors import Conflict, Invalid, NotFound, Throttled
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.permission_sets import operations as permission_sets
from tests.slices.assignments.world import (
    INSTANCE_ARN,
    MEMBER,
    OTHER,
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

LATEST = "LATEST_PERMISSION_SET_PROVISIONED"
NOT_LATEST = "LATEST_PERMISSION_SET_NOT_PROVISIONED"


def edit(tx: Tx, arn: str, description: str) -> None:
    permission_sets.update_permission_set(
        tx, instance_arn=INSTANCE_ARN, permission_set_arn=arn, description=description
    )


def provision(tx: Tx, arn: str, account_id: str | None = None) -> str:
    where: dict[str, str] = (
        {"target_type": "ALL_PROVISIONED_ACCOUNTS"}
        if account_id is None
        else {"target_type": "AWS_ACCOUNT", "target_id": account_id}
    )
    answer = run(
        tx,
        assignments,
        "ProvisionPermissionSet",
        instance_arn=INSTANCE_ARN,
        permission_set_arn=arn,
        **where,
    )["permission_set_provisioning_status"]
    request_id: str = answer["request_id"]
    return request_id


def accounts(tx: Tx, arn: str, **more: Any) -> list[str]:
    answer = run(
        tx,
        assignments,
        "ListAccountsForProvisionedPermissionSet",
        instance_arn=INSTANCE_ARN,
        permission_set_arn=arn,
        **more,
    )
    ids: list[str] = answer["account_ids"]
    return ids


def sets(tx: Tx, account_id: str, **more: Any) -> list[str]:
    answer = run(
        tx,
        assignments,
        "ListPermissionSetsProvisionedToAccount",
        instance_arn=INSTANCE_ARN,
        account_id=account_id,
        **more,
    )
    arns: list[str] = answer["permission_sets"]
    return arns


@pytest.fixture
def everywhere(store: Store, world: World) -> World:
    """bob has ReadOnly in three accounts."""
    for account_id in (MANAGEMENT, MEMBER, OTHER):
        with store.write() as tx:
            assign(tx, account_id, world.read_only, world.bob)
    work_off(store)
    return world


def test_an_edit_makes_roles_outdated_until_they_are_provisioned(
    store: Store, everywhere: World
) -> None:
    arn = everywhere.read_only
    with store.write() as tx:
        assert accounts(tx, arn, provisioning_status=NOT_LATEST) == []
        edit(tx, arn, "changed")
        assert accounts(tx, arn, provisioning_status=LATEST) == []
        assert sets(tx, MEMBER, provisioning_status=NOT_LATEST) == [arn]
        request_id = provision(tx, arn, MEMBER)
        assert status_of(tx, request_id, "provisioning") == ("IN_PROGRESS", None)
    work_off(store)
    with store.write() as tx:
        assert status_of(tx, request_id, "provisioning") == ("SUCCEEDED", None)
        assert accounts(tx, arn, provisioning_status=LATEST) == [MEMBER]
        assert sets(tx, MEMBER, provisioning_status=NOT_LATEST) == []
        assert accounts(tx, arn) == sorted([MANAGEMENT, MEMBER, OTHER])


def test_an_edit_taken_back_leaves_roles_up_to_date(store: Store, everywhere: World) -> None:
    with store.write() as tx:
        edit(tx, everywhere.read_only, "changed")
        edit(tx, everywhere.read_only, "")
        assert len(accounts(tx, everywhere.read_only, provisioning_status=LATEST)) == 3


def test_provisioning_everywhere_ends_once_after_the_last_account(
    store: Store, everywhere: World
) -> None:
    arn = everywhere.read_only
    with store.write() as tx:
        edit(tx, arn, "changed")
        request_id = provision(tx, arn)
    work_off(store)
    with store.write() as tx:
        assert status_of(tx, request_id, "provisioning") == ("SUCCEEDED", None)
        assert len(accounts(tx, arn, provisioning_status=LATEST)) == 3
        listed = run(
            tx, assignments, "ListPermissionSetProvisioningStatus", instance_arn=INSTANCE_ARN
        )["permission_sets_provisioning_status"]
    assert [row["request_id"] for row in listed] == [request_id]


def test_provisioning_everywhere_fails_when_one_account_fails(
    store: Store, everywhere: World
) -> None:
    from genkan.assignments.work import settle_role_work
    from genkan.db import jobs

    with store.write() as tx:
        request_id = provision(tx, everywhere.read_only)
        (job, *others) = jobs.claim(tx, 10)
        where = {key: value for key, value in job.payload.items() if key != "instance_id"}
        settle_role_work(tx, **where, stands=True, failure="Received a 404 status error: no")
        jobs.finish(tx, job.worker)
        assert status_of(tx, request_id, "provisioning")[0] == "IN_PROGRESS"
        assert len(others) == 2
        jobs.take_back(tx, all_leases=True)
    work_off(store)
    with store.write() as tx:
        assert status_of(tx, request_id, "provisioning") == (
            "FAILED",
            "Received a 404 status error: no",
        )
        assert len(roles_of(tx, job.payload["account_id"])) == 1


def test_provisioning_everywhere_does_not_bring_back_a_role_that_just_went(
    store: Store, everywhere: World
) -> None:
    with store.write() as tx:
        run(tx, identity_store, "DeleteUser", identity_store_id=STORE, user_id=everywhere.bob)
        request_id = provision(tx, everywhere.read_only)
    work_off(store)
    with store.write() as tx:
        assert status_of(tx, request_id, "provisioning") == ("SUCCEEDED", None)
        assert accounts(tx, everywhere.read_only) == []
        assert roles_of(tx, MEMBER) == []


def test_provisioning_nowhere_has_succeeded(store: Store, world: World) -> None:
    with store.write() as tx:
        request_id = provision(tx, world.read_only)
        assert status_of(tx, request_id, "provisioning") == ("SUCCEEDED", None)


def test_a_role_provisioned_without_assignment_stays_until_a_last_assignment_goes(
    store: Store, world: World
) -> None:
    with store.write() as tx:
        provision(tx, world.read_only, MEMBER)
    work_off(store)
    with store.write() as tx:
        (name,) = roles_of(tx, MEMBER)
        assign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    with store.write() as tx:
        assert roles_of(tx, MEMBER) == [name]
        unassign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    with store.write() as tx:
        assert roles_of(tx, MEMBER) == []


def test_an_assignment_that_fails_spares_a_role_that_stood_before(
    store: Store, world: World
) -> None:
    with store.write() as tx:
        provision(tx, world.read_only, MEMBER)
    work_off(store)
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.bob)
    work_off(store, failure="Received a 404 status error: no")
    store.clock.advance(seconds=3600)
    assert work_off(store) == 0
    with store.write() as tx:
        assert len(roles_of(tx, MEMBER)) == 1


def test_a_target_id_belongs_to_one_account_and_to_nothing_else(store: Store, world: World) -> None:
    for target in (
        {"target_type": "AWS_ACCOUNT"},
        {"target_type": "ALL_PROVISIONED_ACCOUNTS", "target_id": MEMBER},
    ):
        with store.write() as tx, pytest.raises(Invalid):
            run(
                tx,
                assignments,
                "ProvisionPermissionSet",
                instance_arn=INSTANCE_ARN,
                permission_set_arn=world.read_only,
                **target,
            )
    with store.write() as tx, pytest.raises(NotFound):
        provision(tx, world.read_only, "999988887777")


def test_provisioning_conflicts_with_what_runs_on_the_permission_set(
    store: Store, world: World
) -> None:
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.bob)
        for target in (MEMBER, None):
            with pytest.raises(Conflict):
                provision(tx, world.read_only, target)
        provision(tx, world.read_only, OTHER)
        with pytest.raises(Conflict):
            assign(tx, OTHER, world.read_only, world.bob)


def test_three_provisionings_may_run_at_a_time(store: Store, world: World) -> None:
    with store.write() as tx:
        for number in range(3):
            provision(tx, a_permission_set(tx, f"Set{number}"), MEMBER)
        with pytest.raises(Throttled):
            provision(tx, world.read_only, MEMBER)
    work_off(store)
    with store.write() as tx:
        provision(tx, world.read_only, MEMBER)


def test_pages_of_provisioned_things_show_each_once(store: Store, everywhere: World) -> None:
    with store.write() as tx:
        seen: list[str] = []
        token = None
        for _ in range(3):
            answer = run(
                tx,
                assignments,
                "ListAccountsForProvisionedPermissionSet",
                instance_arn=INSTANCE_ARN,
                permission_set_arn=everywhere.read_only,
                max_results=1,
                next_token=token,
            )
            seen += answer["account_ids"]
            token = answer["next_token"]
    assert token is None
    assert seen == sorted([MANAGEMENT, MEMBER, OTHER])


def test_a_page_looks_for_what_is_wanted_beyond_what_is_not(
    store: Store, everywhere: World
) -> None:
    first, *others = sorted([MANAGEMENT, MEMBER, OTHER])
    arn = everywhere.read_only
    with store.write() as tx:
        edit(tx, arn, "changed")
        provision(tx, arn, others[-1])
    work_off(store)
    with store.write() as tx:
        assert accounts(tx, arn, provisioning_status=LATEST, max_results=1) == [others[-1]]
        assert accounts(tx, arn, provisioning_status=NOT_LATEST, max_results=1) == [first]


def test_a_page_reads_no_more_than_one_role_beyond_it(store: Store, everywhere: World) -> None:
    with store.watched() as statements, store.write() as tx:
        accounts(tx, everywhere.read_only, max_results=2)
        sets(tx, MEMBER, max_results=2)
    limits = [
        parameters[-1] for sql, parameters in statements if "FROM provisioned_permission" in sql
    ]
    assert limits == [3, 3]
