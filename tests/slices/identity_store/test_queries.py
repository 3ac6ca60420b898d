"""What operations cost: every query goes through an index, and a hot read is one query."""

from collections.abc import Sequence
from typing import Any

from genkan.db.database import Row, Tx
from genkan.db.sqlite import SqliteConnection
from tests.slices.identity_store.support import STORE, a_group, a_user, call_of, join, op, run
from tests.support.store import Store, a_call


class WatchedConnection(SqliteConnection):
    """Remembers the statements that ran."""

    def __init__(self, raw: Any) -> None:
        super().__init__(raw)
        self.statements: list[tuple[str, Sequence[Any]]] = []

    def run(self, sql: str, parameters: Sequence[Any]) -> int:
        self.statements.append((sql, parameters))
        return super().run(sql, parameters)

    def one(self, sql: str, parameters: Sequence[Any]) -> Row | None:
        self.statements.append((sql, parameters))
        return super().one(sql, parameters)

    def all(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        self.statements.append((sql, parameters))
        return super().all(sql, parameters)


def watched(store: Store, memo: dict[Any, Any] | None = None) -> tuple[Tx, WatchedConnection]:
    connection = WatchedConnection(store.raw)
    tx = Tx(connection, now=store.clock.now, call=a_call(), services=store.services, memo=memo)
    return tx, connection


def test_a_hot_read_with_its_authorization_is_one_query(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
    memo: dict[Any, Any] = {}
    for expected in (2, 1, 1):
        tx, connection = watched(filled, memo)
        operation = op("DescribeUser")
        params = {"identity_store_id": STORE, "user_id": user_id}
        access: Any = operation.access
        access.owner(tx, call_of(operation, params))
        access.checks(tx, call_of(operation, params))
        operation.run(tx, **params)
        assert len(connection.statements) == expected


def test_no_statement_reads_a_whole_table(filled: Store) -> None:
    tx, connection = watched(filled)
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
    for sql, parameters in connection.statements:
        plan = filled.raw.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
        steps = [step[3] for step in plan]
        assert not [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step], sql
