"""The SQL of identity stores, users, groups, memberships and external ids."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from genkan.db.database import Row, Tx
from genkan.identity_store.described import group_json, user_json
from genkan.identity_store.folding import fold
from genkan.identity_store.records import Group, IdentityStore, Membership, User

_SELECT_USER = (
    "SELECT id, identity_store_id, user_name, display_name, status, attributes, extensions,"
    " revision, created_at, created_by, updated_at, updated_by FROM users"
)
_SELECT_GROUP = (
    "SELECT id, identity_store_id, display_name, description, external_ids, revision,"
    " created_at, created_by, updated_at, updated_by FROM groups"
)
_SELECT_MEMBERSHIP = (
    "SELECT id, identity_store_id, group_id, user_id, created_at, created_by FROM group_memberships"
)
_SELECT_EXISTING = "SELECT id FROM groups WHERE identity_store_id = ? AND id IN"
_SELECT_MEMBER_OF = "SELECT group_id FROM group_memberships WHERE user_id = ? AND group_id IN"
_LISTED = "SELECT id, CASE WHEN listed_revision = revision THEN listed ELSE '' END FROM"
_SELECT_LISTED_USER = f"{_LISTED} users"
_SELECT_LISTED_GROUP = f"{_LISTED} groups"
_SELECT_LISTED_MEMBERSHIP = (
    "SELECT id, group_id, user_id, created_at, created_by FROM group_memberships"
)
_SELECT_USER_ID = "SELECT id FROM users"
_SELECT_GROUP_ID = "SELECT id FROM groups"
_PAGE = " WHERE identity_store_id = ? AND id > ? ORDER BY id LIMIT ?"
_decode_map = msgspec.json.Decoder(dict[str, Any]).decode
_decode_list = msgspec.json.Decoder(tuple[dict[str, str], ...]).decode


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _places(values: Sequence[str]) -> str:
    return f" ({', '.join('?' * len(values))})"


def _id(tx: Tx, sql: str, *parameters: str) -> str | None:
    row = tx.one(sql, *parameters)
    if row is None:
        return None
    found: str = row[0]
    return found


# Identity stores


def insert_identity_store(tx: Tx, identity_store_id: str, owner_account_id: str) -> None:
    tx.run(
        "INSERT INTO identity_stores (id, owner_account_id, user_count, group_count, created_at)"
        " VALUES (?, ?, 0, 0, ?)",
        identity_store_id,
        owner_account_id,
        tx.now,
    )


def find_identity_store(tx: Tx, identity_store_id: str) -> IdentityStore | None:
    row = tx.one(
        "SELECT owner_account_id, user_count, group_count, created_at, network_configuration"
        " FROM identity_stores WHERE id = ?",
        identity_store_id,
    )
    if row is None:
        return None
    return IdentityStore(
        identity_store_id=identity_store_id,
        owner_account_id=row[0],
        user_count=row[1],
        group_count=row[2],
        created_at=row[3],
        network_configuration=_decode_map(row[4]) if row[4] else {},
    )


def list_identity_stores(
    tx: Tx, owner_account_id: str | None, after: str, limit: int
) -> list[tuple[str, str]]:
    """(id, owner) of an account's stores, or of all, in the order of ids."""
    only, owner = (
        ("", ()) if owner_account_id is None else (" owner_account_id = ? AND", (owner_account_id,))
    )
    rows = tx.all(
        "SELECT id, owner_account_id FROM identity_stores"  # noqa: S608
        f" WHERE{only} id > ? ORDER BY id LIMIT ?",
        *owner,
        after,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


def set_network_configuration(
    tx: Tx, identity_store_id: str, network_configuration: Mapping[str, Any]
) -> None:
    tx.run(
        "UPDATE identity_stores SET network_configuration = ? WHERE id = ?",
        _encode(network_configuration),
        identity_store_id,
    )


def delete_identity_store(tx: Tx, identity_store_id: str) -> None:
    tx.run("DELETE FROM identity_stores WHERE id = ?", identity_store_id)


def count_user(tx: Tx, identity_store_id: str, change: int) -> None:
    tx.run(
        "UPDATE identity_stores SET user_count = user_count + ? WHERE id = ?",
        change,
        identity_store_id,
    )


def count_new_user(tx: Tx, identity_store_id: str, limit: int) -> bool:
    """Count one user more; False, and nothing is counted, when there are `limit` already."""
    sql = "UPDATE identity_stores SET user_count = user_count + 1 WHERE id = ? AND user_count < ?"
    return tx.run(sql, identity_store_id, limit) == 1


def count_group(tx: Tx, identity_store_id: str, change: int) -> None:
    tx.run(
        "UPDATE identity_stores SET group_count = group_count + ? WHERE id = ?",
        change,
        identity_store_id,
    )


# Users


def _user(row: Row) -> User:
    return User(
        user_id=row[0],
        identity_store_id=row[1],
        user_name=row[2],
        display_name=row[3],
        status=row[4],
        attributes=_decode_map(row[5]),
        extensions=_decode_map(row[6]),
        revision=row[7],
        created_at=row[8],
        created_by=row[9],
        updated_at=row[10],
        updated_by=row[11],
    )


def _changing_user(user: User) -> tuple[Any, ...]:
    return (
        user.user_name,
        fold(user.user_name),
        user.display_name,
        fold(user.email) if user.email else None,
        user.status,
        _encode(user.attributes),
        _encode(user.extensions),
        user.revision,
        user.updated_at,
        user.updated_by,
        user_json(user),
        user.revision,
    )


def insert_user(tx: Tx, user: User) -> bool:
    """Add a user; False, and nothing is added, when its id, name or e-mail address is taken."""
    added = tx.run(
        "INSERT INTO users (id, identity_store_id, created_at, created_by, user_name,"
        " user_name_folded, display_name, email_folded, status, attributes, extensions,"
        " revision, updated_at, updated_by, listed, listed_revision)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        *(user.user_id, user.identity_store_id, user.created_at, user.created_by),
        *_changing_user(user),
    )
    return added == 1


def update_user(tx: Tx, user: User) -> None:
    tx.run(
        "UPDATE users SET user_name = ?, user_name_folded = ?, display_name = ?, email_folded = ?,"
        " status = ?, attributes = ?, extensions = ?, revision = ?, updated_at = ?, updated_by = ?,"
        " listed = ?, listed_revision = ? WHERE id = ?",
        *_changing_user(user),
        user.user_id,
    )


def delete_user(tx: Tx, user_id: str) -> None:
    tx.run("DELETE FROM group_memberships WHERE user_id = ?", user_id)
    tx.run("DELETE FROM external_ids WHERE resource_id = ?", user_id)
    tx.run("DELETE FROM users WHERE id = ?", user_id)


def find_user(tx: Tx, user_id: str) -> User | None:
    row = tx.one(_SELECT_USER + " WHERE id = ?", user_id)
    return None if row is None else _user(row)


def find_user_by_name(tx: Tx, identity_store_id: str, folded: str) -> User | None:
    row = tx.one(
        _SELECT_USER + " WHERE identity_store_id = ? AND user_name_folded = ?",
        identity_store_id,
        folded,
    )
    return None if row is None else _user(row)


def has_user(tx: Tx, identity_store_id: str, user_id: str) -> bool:
    sql = "SELECT 1 FROM users WHERE identity_store_id = ? AND id = ?"
    return tx.one(sql, identity_store_id, user_id) is not None


def store_of_user(tx: Tx, user_id: str) -> str | None:
    return _id(tx, "SELECT identity_store_id FROM users WHERE id = ?", user_id)


def user_id_by_name(tx: Tx, identity_store_id: str, folded: str) -> str | None:
    return _id(
        tx,
        "SELECT id FROM users WHERE identity_store_id = ? AND user_name_folded = ?",
        identity_store_id,
        folded,
    )


def user_id_by_email(tx: Tx, identity_store_id: str, folded: str) -> str | None:
    return _id(
        tx,
        "SELECT id FROM users WHERE identity_store_id = ? AND email_folded = ?",
        identity_store_id,
        folded,
    )


def user_ids(tx: Tx, identity_store_id: str, limit: int) -> list[str]:
    """The first ids in order."""
    rows = tx.all(_SELECT_USER_ID + _PAGE, identity_store_id, "", limit)
    return [row[0] for row in rows]


def list_users(tx: Tx, identity_store_id: str, after: str, limit: int) -> list[Row]:
    """(id, JSON as `described.user_json` has it) in the order of ids, from beyond `after`."""
    rows = tx.all(_SELECT_LISTED_USER + _PAGE, identity_store_id, after, limit)
    if all(text for _, text in rows):
        return rows
    # Written by a release that kept no JSON of users.
    users = page_of_users(tx, identity_store_id, after, limit)
    return [(user.user_id, user_json(user)) for user in users]


def kept_user(tx: Tx, identity_store_id: str, user_id: str) -> str | None:
    """The user as `described.user_json` has it; None when the store has no such user."""
    row = tx.one(
        _SELECT_LISTED_USER + " WHERE id = ? AND identity_store_id = ?", user_id, identity_store_id
    )
    if row is None:
        return None
    text: str = row[1]
    if not text:
        # Written by a release that kept no JSON of users.
        user = find_user(tx, user_id)
        return None if user is None else user_json(user)
    return text


def page_of_users(tx: Tx, identity_store_id: str, after: str, limit: int) -> list[User]:
    """The same users as records."""
    return [_user(row) for row in tx.all(_SELECT_USER + _PAGE, identity_store_id, after, limit)]


# Groups


def _group(row: Row) -> Group:
    return Group(
        group_id=row[0],
        identity_store_id=row[1],
        display_name=row[2],
        description=row[3],
        external_ids=_decode_list(row[4]),
        revision=row[5],
        created_at=row[6],
        created_by=row[7],
        updated_at=row[8],
        updated_by=row[9],
    )


def _changing_group(group: Group) -> tuple[Any, ...]:
    return (
        group.display_name,
        fold(group.display_name),
        group.description,
        _encode(group.external_ids),
        group.revision,
        group.updated_at,
        group.updated_by,
        group_json(group),
        group.revision,
    )


def insert_group(tx: Tx, group: Group) -> None:
    tx.run(
        "INSERT INTO groups (id, identity_store_id, created_at, created_by, display_name,"
        " display_name_folded, description, external_ids, revision, updated_at, updated_by, listed,"
        " listed_revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(group.group_id, group.identity_store_id, group.created_at, group.created_by),
        *_changing_group(group),
    )


def update_group(tx: Tx, group: Group) -> None:
    tx.run(
        "UPDATE groups SET display_name = ?, display_name_folded = ?, description = ?,"
        " external_ids = ?, revision = ?, updated_at = ?, updated_by = ?, listed = ?,"
        " listed_revision = ? WHERE id = ?",
        *_changing_group(group),
        group.group_id,
    )


def delete_group(tx: Tx, group_id: str) -> None:
    tx.run("DELETE FROM group_memberships WHERE group_id = ?", group_id)
    tx.run("DELETE FROM external_ids WHERE resource_id = ?", group_id)
    tx.run("DELETE FROM groups WHERE id = ?", group_id)


def find_group(tx: Tx, group_id: str) -> Group | None:
    row = tx.one(_SELECT_GROUP + " WHERE id = ?", group_id)
    return None if row is None else _group(row)


def find_group_by_name(tx: Tx, identity_store_id: str, folded: str) -> Group | None:
    row = tx.one(
        _SELECT_GROUP + " WHERE identity_store_id = ? AND display_name_folded = ?",
        identity_store_id,
        folded,
    )
    return None if row is None else _group(row)


def has_group(tx: Tx, identity_store_id: str, group_id: str) -> bool:
    sql = "SELECT 1 FROM groups WHERE identity_store_id = ? AND id = ?"
    return tx.one(sql, identity_store_id, group_id) is not None


def store_of_group(tx: Tx, group_id: str) -> str | None:
    return _id(tx, "SELECT identity_store_id FROM groups WHERE id = ?", group_id)


def group_id_by_name(tx: Tx, identity_store_id: str, folded: str) -> str | None:
    return _id(
        tx,
        "SELECT id FROM groups WHERE identity_store_id = ? AND display_name_folded = ?",
        identity_store_id,
        folded,
    )


def group_ids(tx: Tx, identity_store_id: str, limit: int) -> list[str]:
    """The first ids in order."""
    rows = tx.all(_SELECT_GROUP_ID + _PAGE, identity_store_id, "", limit)
    return [row[0] for row in rows]


def list_groups(tx: Tx, identity_store_id: str, after: str, limit: int) -> list[Row]:
    """(id, JSON as `described.group_json` has it) in the order of ids, from beyond `after`."""
    rows = tx.all(_SELECT_LISTED_GROUP + _PAGE, identity_store_id, after, limit)
    if all(text for _, text in rows):
        return rows
    # Written by a release that kept no JSON of groups.
    groups = map(_group, tx.all(_SELECT_GROUP + _PAGE, identity_store_id, after, limit))
    return [(group.group_id, group_json(group)) for group in groups]


def existing_group_ids(tx: Tx, identity_store_id: str, group_ids: Sequence[str]) -> set[str]:
    """Of at most a hundred ids, those that are groups of this store."""
    rows = tx.all(_SELECT_EXISTING + _places(group_ids), identity_store_id, *group_ids)
    return {row[0] for row in rows}


# Memberships


def _membership(row: Row) -> Membership:
    return Membership(
        membership_id=row[0],
        identity_store_id=row[1],
        group_id=row[2],
        user_id=row[3],
        created_at=row[4],
        created_by=row[5],
    )


def insert_membership(tx: Tx, membership: Membership) -> bool:
    """Add a membership; False, and nothing is added, when its id or the membership is there."""
    added = tx.run(
        "INSERT INTO group_memberships VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        membership.membership_id,
        membership.identity_store_id,
        membership.group_id,
        membership.user_id,
        membership.created_at,
        membership.created_by,
    )
    return added == 1


def delete_membership(tx: Tx, membership_id: str) -> None:
    tx.run("DELETE FROM group_memberships WHERE id = ?", membership_id)


def find_membership(tx: Tx, identity_store_id: str, membership_id: str) -> Membership | None:
    row = tx.one(
        _SELECT_MEMBERSHIP + " WHERE id = ? AND identity_store_id = ?",
        membership_id,
        identity_store_id,
    )
    return None if row is None else _membership(row)


def find_membership_between(
    tx: Tx, identity_store_id: str, *, group_id: str, user_id: str
) -> Membership | None:
    row = tx.one(
        _SELECT_MEMBERSHIP + " WHERE user_id = ? AND group_id = ? AND identity_store_id = ?",
        user_id,
        group_id,
        identity_store_id,
    )
    return None if row is None else _membership(row)


def list_memberships_of_group(tx: Tx, group_id: str, after: str, limit: int) -> list[Row]:
    """(id, group id, user id, created at, created by) by user id, from beyond `after`."""
    return tx.all(
        _SELECT_LISTED_MEMBERSHIP + " WHERE group_id = ? AND user_id > ? ORDER BY user_id LIMIT ?",
        group_id,
        after,
        limit,
    )


def list_memberships_of_user(tx: Tx, user_id: str, after: str, limit: int) -> list[Row]:
    """(id, group id, user id, created at, created by) by group id, from beyond `after`."""
    return tx.all(
        _SELECT_LISTED_MEMBERSHIP + " WHERE user_id = ? AND group_id > ? ORDER BY group_id LIMIT ?",
        user_id,
        after,
        limit,
    )


def group_ids_of(tx: Tx, user_id: str, limit: int) -> tuple[str, ...]:
    rows = tx.all(
        "SELECT group_id FROM group_memberships WHERE user_id = ? ORDER BY group_id LIMIT ?",
        user_id,
        limit,
    )
    return tuple(row[0] for row in rows)


def is_in_groups(tx: Tx, user_id: str, count: int) -> bool:
    """Whether a user is in at least `count` groups."""
    sql = "SELECT 1 FROM group_memberships WHERE user_id = ? ORDER BY group_id LIMIT 1 OFFSET ?"
    return tx.one(sql, user_id, count - 1) is not None


def member_of(tx: Tx, user_id: str, group_ids: Sequence[str]) -> set[str]:
    """Of at most a hundred groups, those that the user is in."""
    rows = tx.all(_SELECT_MEMBER_OF + _places(group_ids), user_id, *group_ids)
    return {row[0] for row in rows}


# External ids


def resource_id_by_external_id(
    tx: Tx, identity_store_id: str, resource_type: str, issuer: str, external_id: str
) -> str | None:
    return _id(
        tx,
        "SELECT resource_id FROM external_ids WHERE identity_store_id = ?"
        " AND resource_type = ? AND issuer = ? AND external_id = ?",
        identity_store_id,
        resource_type,
        issuer,
        external_id,
    )


def replace_external_ids(
    tx: Tx,
    identity_store_id: str,
    resource_type: str,
    resource_id: str,
    external_ids: Iterable[Mapping[str, str]],
) -> None:
    tx.run("DELETE FROM external_ids WHERE resource_id = ?", resource_id)
    for external_id in external_ids:
        tx.run(
            "INSERT INTO external_ids VALUES (?, ?, ?, ?, ?)",
            identity_store_id,
            resource_type,
            external_id["issuer"],
            external_id["id"],
            resource_id,
        )
