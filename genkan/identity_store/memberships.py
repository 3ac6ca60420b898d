"""Memberships: who is in which group (reference §2.6)."""

from collections.abc import Mapping, Sequence
from typing import Any

from genkan.core import arns, ids
from genkan.core.pages import open_token, page_of
from genkan.db.database import Row, Tx
from genkan.identity_store import store
from genkan.identity_store.access import actor, resource_id, store_id
from genkan.identity_store.groups import require_group, required_group
from genkan.identity_store.records import Membership
from genkan.identity_store.refusals import duplicate, not_found, quota_exceeded
from genkan.identity_store.users import require_user, required_user

GROUPS_PER_USER = 1_000
_PAGE = 100
_GROUP_ID, _USER_ID = 1, 2


def create_group_membership(
    tx: Tx,
    *,
    identity_store_id: str,
    group_id: str,
    member_id: Mapping[str, str],
    membership_id: str | None = None,
) -> Mapping[str, Any]:
    """CreateGroupMembership. `Conflict` when the user is in the group already.

    `membership_id` is for the seed of an organization that exists elsewhere; the model has none.

    `QuotaExceeded` beyond 1,000 groups of one user: as many are evaluated (reference §12), and a
    membership that no evaluation sees would be a right, or a guard, that silently does not hold.
    """
    identity_store_id = store_id(tx, identity_store_id)
    membership = Membership(
        membership_id=membership_id or ids.resource_id(),
        identity_store_id=identity_store_id,
        group_id=require_group(tx, identity_store_id, group_id),
        user_id=require_user(tx, identity_store_id, member_id["user_id"]),
        created_at=tx.now,
        created_by=actor(tx),
    )
    if not store.insert_membership(tx, membership):
        if _between(tx, identity_store_id, membership.group_id, membership.user_id):
            raise duplicate("Member and Group relationship already exists")
        raise duplicate("Duplicate MembershipId")
    if store.is_in_groups(tx, membership.user_id, GROUPS_PER_USER + 1):
        raise quota_exceeded("groups of a user", GROUPS_PER_USER)
    return _named(membership)


def delete_group_membership(
    tx: Tx, *, identity_store_id: str, membership_id: str
) -> Mapping[str, Any]:
    """DeleteGroupMembership."""
    found = _required(tx, identity_store_id, membership_id)
    store.delete_membership(tx, found.membership_id)
    return {}


def describe_group_membership(
    tx: Tx, *, identity_store_id: str, membership_id: str
) -> Mapping[str, Any]:
    """DescribeGroupMembership."""
    return _described(_required(tx, identity_store_id, membership_id))


def get_group_membership_id(
    tx: Tx, *, identity_store_id: str, group_id: str, member_id: Mapping[str, str]
) -> Mapping[str, Any]:
    """GetGroupMembershipId; `NotFound` when the user is not in the group."""
    found = _between(
        tx,
        store_id(tx, identity_store_id),
        resource_id(group_id, "group"),
        resource_id(member_id["user_id"], "user"),
    )
    if found is None:
        raise not_found("GROUP_MEMBERSHIP")
    return _named(found)


def list_group_memberships(
    tx: Tx,
    *,
    identity_store_id: str,
    group_id: str,
    max_results: int = _PAGE,
    next_token: str | None = None,
) -> Mapping[str, Any]:
    """ListGroupMemberships, in the order of the users' ids."""
    group = required_group(tx, identity_store_id, group_id)
    query = f"ListGroupMemberships:{group.group_id}"
    after = open_token(tx.vault, query, next_token) or ""
    rows = store.list_memberships_of_group(tx, group.group_id, after, max_results + 1)
    page = page_of(tx.vault, query, rows, max_results, lambda row: str(row[_USER_ID]))
    return _listed(group.identity_store_id, page.items, page.next_token)


def list_group_memberships_for_member(
    tx: Tx,
    *,
    identity_store_id: str,
    member_id: Mapping[str, str],
    max_results: int = _PAGE,
    next_token: str | None = None,
) -> Mapping[str, Any]:
    """ListGroupMembershipsForMember, in the order of the groups' ids."""
    user = required_user(tx, identity_store_id, member_id["user_id"])
    query = f"ListGroupMembershipsForMember:{user.user_id}"
    after = open_token(tx.vault, query, next_token) or ""
    rows = store.list_memberships_of_user(tx, user.user_id, after, max_results + 1)
    page = page_of(tx.vault, query, rows, max_results, lambda row: str(row[_GROUP_ID]))
    return _listed(user.identity_store_id, page.items, page.next_token)


def is_member_in_groups(
    tx: Tx, *, identity_store_id: str, member_id: Mapping[str, str], group_ids: Sequence[str]
) -> Mapping[str, Any]:
    """IsMemberInGroups: one result for each group asked about, in the order asked.

    `NotFound` when the user or one of the groups does not exist.
    """
    user = required_user(tx, identity_store_id, member_id["user_id"])
    asked = [resource_id(named, "group") for named in group_ids]
    existing = store.existing_group_ids(tx, user.identity_store_id, asked)
    for group_id in asked:
        if group_id not in existing:
            raise not_found("GROUP", group_id)
    inside = store.member_of(tx, user.user_id, asked)
    return {
        "results": [
            {
                "group_id": group_id,
                "member_id": {"user_id": user.user_id},
                "membership_exists": group_id in inside,
            }
            for group_id in asked
        ]
    }


def _between(tx: Tx, identity_store_id: str, group_id: str, user_id: str) -> Membership | None:
    return store.find_membership_between(tx, identity_store_id, group_id=group_id, user_id=user_id)


def _required(tx: Tx, identity_store_id: str, membership_id: str) -> Membership:
    membership_id = resource_id(membership_id, "membership")
    found = store.find_membership(tx, store_id(tx, identity_store_id), membership_id)
    if found is None:
        raise not_found("GROUP_MEMBERSHIP", membership_id)
    return found


def _listed(
    identity_store_id: str, rows: Sequence[Row], next_token: str | None
) -> Mapping[str, Any]:
    """What `_described` says, of the store's rows."""
    return {
        "group_memberships": [
            {
                "identity_store_id": identity_store_id,
                "membership_id": membership_id,
                "membership_arn": arns.membership(membership_id),
                "group_id": group_id,
                "member_id": {"user_id": user_id},
                "created_at": created_at,
                "created_by": created_by,
                "updated_at": created_at,
                "updated_by": created_by,
            }
            for membership_id, group_id, user_id, created_at, created_by in rows
        ],
        "next_token": next_token,
    }


def _named(membership: Membership) -> dict[str, Any]:
    return {
        "identity_store_id": membership.identity_store_id,
        "membership_id": membership.membership_id,
        "membership_arn": arns.membership(membership.membership_id),
    }


def _described(membership: Membership) -> dict[str, Any]:
    return {
        **_named(membership),
        "group_id": membership.group_id,
        "member_id": {"user_id": membership.user_id},
        "created_at": membership.created_at,
        "created_by": membership.created_by,
        "updated_at": membership.created_at,
        "updated_by": membership.created_by,
    }
