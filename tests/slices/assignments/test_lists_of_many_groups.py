"""Assignments of a user in many groups: merged from each principal's own list, page by page."""

from typing import Any

import pytest

from genkan.assignments import operations as assignments
from genkan.assignments import store as rows
from genkan.assignments.records import Assignment
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from tests.slices.assignments.world import INSTANCE_ARN, MEMBER, OTHER, STORE, World, run
from tests.support.store import Store

# Fewer and more than are merged.
COUNTS = (3, 40)


def _groups(tx: Tx, user_id: str, count: int) -> list[str]:
    found = []
    for number in range(count):
        at = {"identity_store_id": STORE}
        group_id = run(
            tx, identity_store, "CreateGroup", **at, display_name=f"Many {number}"
        ).group_id
        member = {"group_id": group_id, "member_id": {"user_id": user_id}}
        run(tx, identity_store, "CreateGroupMembership", **at, **member)
        found.append(group_id)
    return found


def _assign(tx: Tx, account_id: str, arn: str, kind: str, principal_id: str) -> None:
    rows.insert_assignment(
        tx,
        Assignment(
            instance_id=INSTANCE_ARN.rpartition("/")[2],
            account_id=account_id,
            permission_set_id=arn.rpartition("/")[2],
            principal_type=kind,
            principal_id=principal_id,
        ),
    )


def _pages(tx: Tx, principal_id: str, size: int, **more: Any) -> list[list[tuple[str, ...]]]:
    pages, token = [], None
    while True:
        answer = run(
            tx,
            assignments,
            "ListAccountAssignmentsForPrincipal",
            instance_arn=INSTANCE_ARN,
            principal_id=principal_id,
            principal_type="USER",
            max_results=size,
            next_token=token,
            **more,
        )
        pages.append(
            [
                (
                    row["account_id"],
                    row["permission_set_arn"],
                    row["principal_type"],
                    row["principal_id"],
                )
                for row in answer["account_assignments"]
            ]
        )
        token = answer["next_token"]
        if token is None:
            return pages


@pytest.mark.parametrize("count", COUNTS)
def test_every_assignment_is_listed_once_and_in_order(
    store: Store, world: World, count: int
) -> None:
    with store.write() as tx:
        groups = _groups(tx, world.bob, count)
        wanted = [(MEMBER, world.read_only, "USER", world.bob)]
        for number, group_id in enumerate(groups):
            account_id = (MEMBER, OTHER)[number % 2]
            wanted.append((account_id, world.read_only, "GROUP", group_id))
            wanted.append((OTHER, world.administrator, "GROUP", group_id))
        for account_id, arn, kind, principal_id in wanted:
            _assign(tx, account_id, arn, kind, principal_id)
        (everything,) = _pages(tx, world.bob, 100)
        in_pages = _pages(tx, world.bob, 3)
        (of_account,) = _pages(tx, world.bob, 100, filter={"account_id": OTHER})
    assert everything == sorted(wanted)
    assert [row for page in in_pages for row in page] == everything
    assert {len(page) for page in in_pages[:-1]} == {3}
    assert of_account == [row for row in everything if row[0] == OTHER]
