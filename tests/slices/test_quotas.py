"""Quotas: exactly as many as the installation says, and one more is refused as AWS refuses it."""

from typing import Any

import pytest

from genkan.assignments import operations as assignments
from genkan.core.errors import QuotaExceeded, Throttled
from genkan.identity_store import operations as identity_store
from tests.slices.assignments.world import (
    INSTANCE_ARN,
    INSTANCE_ID,
    MEMBER,
    OTHER,
    STORE,
    World,
    a_permission_set,
    a_user,
    assign,
    make_world,
    run,
    work_off,
)
from tests.support.quotas import set_quotas
from tests.support.store import Store


@pytest.fixture
def world(store: Store) -> World:
    return make_world(store)


def test_permission_sets_of_an_instance(store: Store, world: World) -> None:
    set_quotas(store, permission_sets=3)
    with store.write() as tx:
        a_permission_set(tx, "Third")
    with pytest.raises(QuotaExceeded) as caught, store.write() as tx:
        a_permission_set(tx, "Fourth")
    assert caught.value.message.startswith(
        f"You have exceeded AWS SSO limits. Cannot create PermissionSet more than 3 for id"
        f" {INSTANCE_ID}."
    )


def test_users_and_groups_of_an_identity_store(store: Store, world: World) -> None:
    set_quotas(store, users=3, groups=2)

    def a_group(tx: Any, name: str) -> None:
        run(tx, identity_store, "CreateGroup", identity_store_id=STORE, display_name=name)

    for make in (a_user, a_group):
        with store.write() as tx:
            make(tx, "one")
        with pytest.raises(QuotaExceeded), store.write() as tx:
            make(tx, "another")
    with store.write() as tx:
        run(tx, identity_store, "DeleteUser", identity_store_id=STORE, user_id=world.bob)
        a_user(tx, "another")


def test_requests_for_assignments_at_a_time(store: Store, world: World) -> None:
    set_quotas(store, account_assignment_requests=2)
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.alice)
        assign(tx, OTHER, world.read_only, world.alice)
    with pytest.raises(Throttled, match="too many requests processing"), store.write() as tx:
        assign(tx, MEMBER, world.administrator, world.alice)
    work_off(store)
    with store.write() as tx:
        assign(tx, MEMBER, world.administrator, world.alice)


def test_a_thousand_requests_at_a_time_once_the_quota_says_so(store: Store, world: World) -> None:
    set_quotas(store, account_assignment_requests=1_000)
    with store.write() as tx:
        for number in range(20):
            assign(tx, MEMBER, a_permission_set(tx, f"set{number}"), world.alice)


def test_permission_sets_provisioned_to_an_account(store: Store, world: World) -> None:
    set_quotas(store, provisioned_permission_sets=1)
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.alice)
    work_off(store)
    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.bob)
    with pytest.raises(QuotaExceeded), store.write() as tx:
        assign(tx, MEMBER, world.administrator, world.alice)
    with store.write() as tx:
        assign(tx, OTHER, world.administrator, world.alice)


def test_provisioning_at_a_time(store: Store, world: World) -> None:
    set_quotas(store, provisioning_requests=1)

    def provision(arn: str) -> None:
        with store.write() as tx:
            run(
                tx,
                assignments,
                "ProvisionPermissionSet",
                instance_arn=INSTANCE_ARN,
                permission_set_arn=arn,
                target_type="AWS_ACCOUNT",
                target_id=MEMBER,
            )

    provision(world.read_only)
    with pytest.raises(Throttled):
        provision(world.administrator)
    work_off(store)
    provision(world.administrator)
