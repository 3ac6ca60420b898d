"""Who may use what: directly, through groups, until the end of either; and what ends with whom."""

from collections.abc import Sequence
from typing import Any

import pytest

from genkan.assignments import operations as assignments
from genkan.core.call import Iam
from genkan.core.errors import Conflict, Denied, NotFound
from genkan.core.events import RoleSessionUsed
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.permission_sets import operations as permission_sets
from tests.slices.assignments.world import (
    INSTANCE_ARN,
    MEMBER,
    NOBODY,
    OTHER,
    STORE,
    World,
    assign,
    roles_of,
    run,
    status_of,
    unassign,
    work_off,
)
from tests.support.store import Store


def give(store: Store, *wanted: tuple[str, str, str, str]) -> None:
    """(account, permission set, principal, kind) each, made."""
    for account_id, arn, principal_id, kind in wanted:
        with store.write() as tx:
            request_id = assign(tx, account_id, arn, principal_id, kind)
        work_off(store)
        with store.write() as tx:
            assert status_of(tx, request_id) == ("SUCCEEDED", None)


def test_a_person_may_use_what_its_groups_have(store: Store, world: World) -> None:
    give(store, (MEMBER, world.read_only, world.group, "GROUP"))
    with store.write() as tx:
        assert assignments.assigned(tx, world.alice, MEMBER, world.read_only)
        assert not assignments.assigned(tx, world.bob, MEMBER, world.read_only)
        assert not assignments.assigned(tx, NOBODY, MEMBER, world.read_only)


def test_leaving_the_group_ends_what_came_through_it(store: Store, world: World) -> None:
    give(store, (MEMBER, world.read_only, world.group, "GROUP"))
    with store.write() as tx:
        (membership,) = run(
            tx,
            identity_store,
            "ListGroupMemberships",
            identity_store_id=STORE,
            group_id=world.group,
        )["group_memberships"]
        run(
            tx,
            identity_store,
            "DeleteGroupMembership",
            identity_store_id=STORE,
            membership_id=membership["membership_id"],
        )
        assert not assignments.assigned(tx, world.alice, MEMBER, world.read_only)


def test_what_a_person_may_use_is_listed_once_in_order(store: Store, world: World) -> None:
    give(
        store,
        (OTHER, world.read_only, world.alice, "USER"),
        (MEMBER, world.read_only, world.alice, "USER"),
        (MEMBER, world.read_only, world.group, "GROUP"),
        (MEMBER, world.administrator, world.bob, "USER"),
    )
    with store.write() as tx:
        assert assignments.assignments_of(tx, world.alice) == (
            (MEMBER, world.read_only),
            (OTHER, world.read_only),
        )
        assert assignments.assignments_of(tx, world.bob) == ((MEMBER, world.administrator),)
        assert assignments.assignments_of(tx, NOBODY) == ()


@pytest.mark.parametrize("groups", [0, 1, 2, 3, 8, 40])
def test_any_number_of_groups_is_asked_in_one_query(
    store: Store, world: World, groups: int
) -> None:
    with store.write() as tx:
        last = world.bob
        for number in range(groups):
            last = run(
                tx,
                identity_store,
                "CreateGroup",
                identity_store_id=STORE,
                display_name=f"Group{number}",
            ).group_id
            run(
                tx,
                identity_store,
                "CreateGroupMembership",
                identity_store_id=STORE,
                group_id=last,
                member_id={"user_id": world.bob},
            )
    give(store, (MEMBER, world.read_only, last, "GROUP" if groups else "USER"))
    with store.write() as tx:
        queries = counted(tx)
        assert assignments.assigned(tx, world.bob, MEMBER, world.read_only)
        assert len(queries) == 2
        assert assignments.assigned(tx, world.bob, MEMBER, world.read_only)
        assert len(queries) == 2, "an unchanged answer was asked for again"


def test_the_rights_are_found_by_index(store: Store, world: World) -> None:
    with store.write() as tx:
        queries = counted(tx)
        assignments.assigned(tx, world.alice, MEMBER, world.read_only)
        assignments.assignments_of(tx, world.alice)
        assignments.provisioned_role(tx, MEMBER, world.read_only)
        with pytest.raises(Denied):
            assignments.on_role_session_used(
                tx, RoleSessionUsed(user_id=world.alice, account_id=MEMBER, role_arn="arn")
            )
    for sql, parameters in queries:
        assert store.data.whole_reads(sql, parameters) == [], sql


def counted(tx: Tx) -> list[tuple[str, Sequence[Any]]]:
    """Every query from here on, as it is made."""
    made: list[tuple[str, Sequence[Any]]] = []
    connection: Any = tx._connection

    class Counting:
        def one(self, sql: str, parameters: Sequence[Any]) -> Any:
            made.append((sql, parameters))
            return connection.one(sql, parameters)

        def all(self, sql: str, parameters: Sequence[Any]) -> Any:
            if not sql.startswith("EXPLAIN"):
                made.append((sql, parameters))
            return connection.all(sql, parameters)

        def run(self, sql: str, parameters: Sequence[Any]) -> Any:
            return connection.run(sql, parameters)

    tx._connection = Counting()
    return made


def test_a_provisioned_role_has_aws_name_path_and_provider(store: Store, world: World) -> None:
    give(store, (MEMBER, world.read_only, world.bob, "USER"))
    with store.write() as tx:
        role = assignments.provisioned_role(tx, MEMBER, world.read_only)
        assert assignments.provisioned_role(tx, OTHER, world.read_only) is None
        assert assignments.provisioned_role(tx, MEMBER, world.administrator) is None
    assert role is not None
    prefix, name, suffix = role.role_name.split("_")
    assert (prefix, name) == ("AWSReservedSSO", "ReadOnly")
    assert len(bytes.fromhex(suffix)) == 8
    assert role.role_arn == (
        f"arn:aws:iam::{MEMBER}:role/aws-reserved/sso.amazonaws.com/{role.role_name}"
    )
    provider = role.saml_provider_arn.rpartition("/")[2]
    assert provider.startswith("AWSSSO_")
    assert provider.endswith("_DO_NOT_DELETE")
    assert len(bytes.fromhex(provider.split("_")[1])) == 8


def test_a_region_stands_in_the_path_outside_us_east_1(store: Store) -> None:
    from tests.slices.assignments.world import make_world

    world = make_world(store, region="eu-west-1")
    give(store, (MEMBER, world.read_only, world.bob, "USER"))
    with store.write() as tx:
        role = assignments.provisioned_role(tx, MEMBER, world.read_only)
    assert role is not None
    assert role.role_path == "/aws-reserved/sso.amazonaws.com/eu-west-1/"


def test_permission_sets_of_one_account_share_its_provider(store: Store, world: World) -> None:
    give(
        store,
        (MEMBER, world.read_only, world.bob, "USER"),
        (MEMBER, world.administrator, world.bob, "USER"),
        (OTHER, world.read_only, world.bob, "USER"),
    )
    with store.write() as tx:
        found = [
            assignments.provisioned_role(tx, account_id, arn)
            for account_id, arn in (
                (MEMBER, world.read_only),
                (MEMBER, world.administrator),
                (OTHER, world.read_only),
            )
        ]
    providers = [role.saml_provider_name for role in found if role is not None]
    assert providers[0] == providers[1] != providers[2]


def test_a_role_made_anew_has_a_new_suffix(store: Store, world: World) -> None:
    give(store, (MEMBER, world.read_only, world.bob, "USER"))
    with store.write() as tx:
        (first,) = roles_of(tx, MEMBER)
        unassign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    give(store, (MEMBER, world.read_only, world.bob, "USER"))
    with store.write() as tx:
        (second,) = roles_of(tx, MEMBER)
    assert first != second


def test_a_role_stays_while_anybody_is_assigned(store: Store, world: World) -> None:
    give(
        store,
        (MEMBER, world.read_only, world.bob, "USER"),
        (MEMBER, world.read_only, world.group, "GROUP"),
    )
    with store.write() as tx:
        before = roles_of(tx, MEMBER)
        request_id = unassign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    with store.write() as tx:
        assert status_of(tx, request_id, "deletion") == ("SUCCEEDED", None)
        assert roles_of(tx, MEMBER) == before


def test_the_use_of_a_role_session_is_refused_once_nobody_assigned_it(
    store: Store, world: World
) -> None:
    give(store, (MEMBER, world.read_only, world.group, "GROUP"))
    with store.write() as tx:
        role = assignments.provisioned_role(tx, MEMBER, world.read_only)
        assert role is not None
        used = RoleSessionUsed(user_id=world.alice, account_id=MEMBER, role_arn=role.role_arn)
        tx.publish(used)
        for wrong in (
            RoleSessionUsed(user_id=world.bob, account_id=MEMBER, role_arn=role.role_arn),
            RoleSessionUsed(user_id=world.alice, account_id=OTHER, role_arn=role.role_arn),
            RoleSessionUsed(user_id=world.alice, account_id=MEMBER, role_arn=role.role_arn + "x"),
        ):
            with pytest.raises(Denied):
                tx.publish(wrong)
        unassign(tx, MEMBER, world.read_only, world.group, "GROUP")
        with pytest.raises(Denied):
            tx.publish(used)


@pytest.mark.parametrize("kind", ["USER", "GROUP"])
def test_deleting_a_principal_ends_its_assignments_and_its_last_roles(
    store: Store, world: World, kind: str
) -> None:
    principal = world.alice if kind == "USER" else world.group
    give(
        store,
        (MEMBER, world.read_only, principal, kind),
        (OTHER, world.read_only, principal, kind),
        (OTHER, world.read_only, world.bob, "USER"),
    )
    with store.write() as tx:
        if kind == "USER":
            run(tx, identity_store, "DeleteUser", identity_store_id=STORE, user_id=principal)
        else:
            run(tx, identity_store, "DeleteGroup", identity_store_id=STORE, group_id=principal)
        assert not assignments.assigned(tx, world.alice, MEMBER, world.read_only)
    assert work_off(store) == 1
    with store.write() as tx:
        assert roles_of(tx, MEMBER) == []
        assert len(roles_of(tx, OTHER)) == 1
        assert assignments.assigned(tx, world.bob, OTHER, world.read_only)
        assert not assignments.assigned(tx, world.alice, OTHER, world.read_only)


def test_a_clean_up_spares_a_role_that_was_assigned_again(store: Store, world: World) -> None:
    give(store, (MEMBER, world.read_only, world.alice, "USER"))
    with store.write() as tx:
        run(tx, identity_store, "DeleteUser", identity_store_id=STORE, user_id=world.alice)
        request_id = assign(tx, MEMBER, world.read_only, world.bob)
    work_off(store)
    with store.write() as tx:
        assert status_of(tx, request_id) == ("SUCCEEDED", None)
        assert assignments.assigned(tx, world.bob, MEMBER, world.read_only)
        assert len(roles_of(tx, MEMBER)) == 1


def test_a_permission_set_in_use_cannot_be_deleted(store: Store, world: World) -> None:
    def delete(tx: Tx) -> None:
        permission_sets.delete_permission_set(
            tx, instance_arn=INSTANCE_ARN, permission_set_arn=world.read_only
        )

    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.bob)
        with pytest.raises(Conflict, match="conflicting operation in process"):
            delete(tx)
    work_off(store)
    with store.write() as tx:
        with pytest.raises(Conflict) as refusal:
            delete(tx)
        assert refusal.value.message == "PermissionSet has ApplicationProfile associated with it."
        unassign(tx, MEMBER, world.read_only, world.bob)
        with pytest.raises(Conflict):
            delete(tx)
    work_off(store)
    with store.write() as tx:
        delete(tx)


def test_a_permission_set_is_not_edited_while_a_request_runs_on_it(
    store: Store, world: World
) -> None:
    def edit(tx: Tx, arn: str) -> None:
        permission_sets.update_permission_set(
            tx, instance_arn=INSTANCE_ARN, permission_set_arn=arn, description="x"
        )

    with store.write() as tx:
        assign(tx, MEMBER, world.read_only, world.bob)
        with pytest.raises(Conflict, match="conflicting operation in process"):
            edit(tx, world.read_only)
        edit(tx, world.administrator)
    work_off(store)
    with store.write() as tx:
        edit(tx, world.read_only)


def test_direct_assignments_are_listed_by_account_and_permission_set(
    store: Store, world: World
) -> None:
    give(
        store,
        (MEMBER, world.read_only, world.bob, "USER"),
        (MEMBER, world.read_only, world.group, "GROUP"),
        (OTHER, world.read_only, world.alice, "USER"),
    )
    with store.write() as tx:
        where = {
            "instance_arn": INSTANCE_ARN,
            "account_id": MEMBER,
            "permission_set_arn": world.read_only,
        }
        listed = run(tx, assignments, "ListAccountAssignments", **where)
        first = run(tx, assignments, "ListAccountAssignments", **where, max_results=1)
        second = run(
            tx, assignments, "ListAccountAssignments", **where, next_token=first["next_token"]
        )
    rows = listed["account_assignments"]
    assert {(row["principal_type"], row["principal_id"]) for row in rows} == {
        ("USER", world.bob),
        ("GROUP", world.group),
    }
    assert all(
        (row["account_id"], row["permission_set_arn"]) == (MEMBER, world.read_only) for row in rows
    )
    assert first["account_assignments"] + second["account_assignments"] == rows


def test_assignments_of_a_user_include_those_of_its_groups_as_group_rows(
    store: Store, world: World
) -> None:
    give(
        store,
        (MEMBER, world.read_only, world.alice, "USER"),
        (MEMBER, world.administrator, world.group, "GROUP"),
        (OTHER, world.read_only, world.group, "GROUP"),
        (OTHER, world.read_only, world.bob, "USER"),
    )

    def listed(principal_id: str, kind: str, **more: Any) -> list[tuple[str, str, str]]:
        rows: list[tuple[str, str, str]] = []
        token = None
        with store.write() as tx:
            while True:
                answer = run(
                    tx,
                    assignments,
                    "ListAccountAssignmentsForPrincipal",
                    instance_arn=INSTANCE_ARN,
                    principal_id=principal_id,
                    principal_type=kind,
                    max_results=1,
                    next_token=token,
                    **more,
                )
                rows += [
                    (row["account_id"], row["permission_set_arn"], row["principal_type"])
                    for row in answer["account_assignments"]
                ]
                token = answer["next_token"]
                if token is None:
                    return rows

    assert sorted(listed(world.alice, "USER")) == sorted(
        [
            (MEMBER, world.read_only, "USER"),
            (MEMBER, world.administrator, "GROUP"),
            (OTHER, world.read_only, "GROUP"),
        ]
    )
    assert listed(world.alice, "USER", filter={"account_id": OTHER}) == [
        (OTHER, world.read_only, "GROUP")
    ]
    assert len(listed(world.group, "GROUP")) == 2
    with pytest.raises(NotFound):
        listed(NOBODY, "USER")


def test_every_operation_asks_for_its_own_action_and_names_what_it_touches(
    store: Store, world: World
) -> None:
    from dataclasses import replace

    from tests.support.store import ADMINISTRATOR, a_call

    params = {
        "instance_arn": INSTANCE_ARN,
        "permission_set_arn": world.read_only,
        "target_id": MEMBER,
        "account_id": MEMBER,
    }
    asked = {}
    with store.write() as tx:
        for operation in assignments.OPERATIONS:
            assert isinstance(operation.access, Iam)
            assert operation.access.owner is not None
            call = replace(a_call(ADMINISTRATOR), operation=operation, params=params)
            assert operation.access.owner(tx, call) == ADMINISTRATOR.account_id
            (check,) = operation.access.checks(tx, call)
            assert check.action == f"sso:{operation.name}"
            asked[operation.name] = check.resources
    account = f"arn:aws:sso:::account/{MEMBER}"
    everything = (INSTANCE_ARN, world.read_only, account)
    assert asked["CreateAccountAssignment"] == everything
    assert asked["DeleteAccountAssignment"] == everything
    assert asked["ProvisionPermissionSet"] == everything
    assert asked["ListAccountAssignments"] == everything
    assert asked["ListPermissionSetsProvisionedToAccount"] == (INSTANCE_ARN, account)
    assert asked["DescribeAccountAssignmentCreationStatus"] == (INSTANCE_ARN,)
