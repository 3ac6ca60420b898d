"""What operations cost: every query goes through an index, and a hot read is one query."""

from typing import Any

from genkan.db.database import Tx
from tests.slices.identity_store.support import STORE, a_group, a_user, call_of, join, op, run
from tests.support.store import Store


def test_a_hot_read_with_its_authorization_is_one_query(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
    memo: dict[Any, Any] = {}
    for expected in (2, 1, 1):
        operation = op("DescribeUser")
        params = {"identity_store_id": STORE, "user_id": user_id}
        access: Any = operation.access
        with filled.watched() as statements:
            tx = filled.tx(memo=memo)
            access.owner(tx, call_of(operation, params))
            access.checks(tx, call_of(operation, params))
            operation.run(tx, **params)
        assert len(statements) == expected


def test_no_statement_reads_a_whole_table(filled: Store) -> None:
    with filled.watched() as statements, filled.write() as tx:
        run_everything(tx)
    assert len(statements) > 40
    for sql, parameters in statements:
        assert filled.data.whole_reads(sql, parameters) == [], sql
        assert filled.data.sorts(sql, parameters) == [], sql


def run_everything(tx: Tx) -> None:
    """Every operation of the slice, at least once."""
    user_id = a_user(tx, emails=[{"value": "a@b.c"}], external_ids=[{"issuer": "i", "id": "1"}])
    group_id = a_group(tx)
    membership_id = join(tx, group_id, user_id)
    member_id = {"user_id": user_id}
    change = [{"attribute_path": "displayName", "attribute_value": "x"}]
    run(tx, "UpdateUser", user_id=user_id, operations=change)
    run(tx, "UpdateGroup", group_id=group_id, operations=change)
    run(tx, "DescribeUser", user_id=user_id)
    run(tx, "DescribeGroup", group_id=group_id)
    run(tx, "DescribeGroupMembership", membership_id=membership_id)
    run(tx, "GetGroupMembershipId", group_id=group_id, member_id=member_id)
    run(tx, "IsMemberInGroups", group_ids=[group_id], member_id=member_id)
    for name, params in (
        ("ListUsers", {}),
        ("ListGroups", {}),
        ("ListGroupMemberships", {"group_id": group_id}),
        ("ListGroupMembershipsForMember", {"member_id": member_id}),
    ):
        run(tx, name, **params)
    for path, value, name in (
        ("userName", "alice", "GetUserId"),
        ("emails.value", "a@b.c", "GetUserId"),
        ("displayName", "x", "GetGroupId"),
    ):
        unique = {"attribute_path": path, "attribute_value": value}
        run(tx, name, alternate_identifier={"unique_attribute": unique})
    run(tx, "GetUserId", alternate_identifier={"external_id": {"issuer": "i", "id": "1"}})
    run(tx, "DeleteGroupMembership", membership_id=membership_id)
    run(tx, "DeleteUser", user_id=user_id)
    run(tx, "DeleteGroup", group_id=group_id)
