"""The only SQL of the `permission_set*` tables."""

import msgspec

from genkan.db.database import Row, Tx
from genkan.permission_sets.records import (
    CustomerManagedPolicyReference,
    PermissionsBoundary,
    PermissionSet,
)

_COLUMNS = (
    "permission_set_id, instance_id, name, description, session_duration, relay_state,"
    " content_hash, tags, created_at"
)


def _permission_set(row: Row) -> PermissionSet:
    return PermissionSet(
        permission_set_id=row[0],
        instance_id=row[1],
        name=row[2],
        description=row[3],
        session_duration=row[4],
        relay_state=row[5],
        content_hash=row[6],
        tags=tuple((key, value) for key, value in msgspec.json.decode(row[7])),
        created_at=row[8],
    )


def find(tx: Tx, permission_set_id: str) -> PermissionSet | None:
    """One permission set."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM permission_sets WHERE permission_set_id = ?",  # noqa: S608
        permission_set_id,
    )
    return None if row is None else _permission_set(row)


def find_by_name(tx: Tx, name: str) -> PermissionSet | None:
    """The permission set of this exact name."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM permission_sets WHERE name = ?",  # noqa: S608
        name,
    )
    return None if row is None else _permission_set(row)


def count(tx: Tx, instance_id: str) -> int:
    """How many permission sets an instance has."""
    row = tx.one("SELECT COUNT(*) FROM permission_sets WHERE instance_id = ?", instance_id)
    return int(row[0]) if row else 0


def page(tx: Tx, instance_id: str, after: str | None, limit: int) -> list[str]:
    """Ids in order, after an id."""
    rows = tx.all(
        "SELECT permission_set_id FROM permission_sets"
        " WHERE instance_id = ? AND permission_set_id > ? ORDER BY permission_set_id LIMIT ?",
        instance_id,
        after or "",
        limit,
    )
    return [row[0] for row in rows]


def insert(tx: Tx, permission_set: PermissionSet) -> None:
    """Add a permission set without policies."""
    tx.run(
        "INSERT INTO permission_sets VALUES (?, ?, ?, ?, ?, ?, '', '', ?, ?, ?)",
        permission_set.permission_set_id,
        permission_set.instance_id,
        permission_set.name,
        permission_set.description,
        permission_set.session_duration,
        permission_set.relay_state,
        permission_set.content_hash,
        msgspec.json.encode(permission_set.tags).decode(),
        permission_set.created_at,
    )


def update(tx: Tx, permission_set: PermissionSet) -> None:
    """Store the fields that UpdatePermissionSet may change."""
    tx.run(
        "UPDATE permission_sets SET description = ?, session_duration = ?, relay_state = ?"
        " WHERE permission_set_id = ?",
        permission_set.description,
        permission_set.session_duration,
        permission_set.relay_state,
        permission_set.permission_set_id,
    )


def set_tags(tx: Tx, permission_set_id: str, tags: tuple[tuple[str, str], ...]) -> None:
    """Store the tags instead of those before."""
    tx.run(
        "UPDATE permission_sets SET tags = ? WHERE permission_set_id = ?",
        msgspec.json.encode(tags).decode(),
        permission_set_id,
    )


def set_content_hash(tx: Tx, permission_set_id: str, content_hash: str) -> None:
    """Store the hash of what the permission set says now."""
    tx.run(
        "UPDATE permission_sets SET content_hash = ? WHERE permission_set_id = ?",
        content_hash,
        permission_set_id,
    )


def delete(tx: Tx, permission_set_id: str) -> None:
    """Remove a permission set with its attachments."""
    for table in (
        "permission_set_managed_policies",
        "permission_set_customer_policies",
        "permission_sets",
    ):
        tx.run(f"DELETE FROM {table} WHERE permission_set_id = ?", permission_set_id)  # noqa: S608


def managed_policies(
    tx: Tx, permission_set_id: str, after: str | None, limit: int
) -> tuple[str, ...]:
    """ARNs of attached AWS managed policies in order, after an ARN."""
    rows = tx.all(
        "SELECT policy_arn FROM permission_set_managed_policies"
        " WHERE permission_set_id = ? AND policy_arn > ? ORDER BY policy_arn LIMIT ?",
        permission_set_id,
        after or "",
        limit,
    )
    return tuple(row[0] for row in rows)


def attach_managed_policy(tx: Tx, permission_set_id: str, policy_arn: str) -> bool:
    """Attach; False when it already is."""
    return (
        tx.run(
            "INSERT INTO permission_set_managed_policies VALUES (?, ?)"
            " ON CONFLICT (permission_set_id, policy_arn) DO NOTHING",
            permission_set_id,
            policy_arn,
        )
        > 0
    )


def detach_managed_policy(tx: Tx, permission_set_id: str, policy_arn: str) -> bool:
    """Detach; False when it was not attached."""
    return (
        tx.run(
            "DELETE FROM permission_set_managed_policies"
            " WHERE permission_set_id = ? AND policy_arn = ?",
            permission_set_id,
            policy_arn,
        )
        > 0
    )


def customer_policies(
    tx: Tx, permission_set_id: str, after: tuple[str, str] | None, limit: int
) -> tuple[CustomerManagedPolicyReference, ...]:
    """Customer managed policy references by path and name, after one of them."""
    rows = tx.all(
        "SELECT path, name FROM permission_set_customer_policies"
        " WHERE permission_set_id = ? AND (path, name) > (?, ?) ORDER BY path, name LIMIT ?",
        permission_set_id,
        *(after or ("", "")),
        limit,
    )
    return tuple(CustomerManagedPolicyReference(path=row[0], name=row[1]) for row in rows)


def attach_customer_policy(
    tx: Tx, permission_set_id: str, reference: CustomerManagedPolicyReference
) -> bool:
    """Attach; False when it already is."""
    return (
        tx.run(
            "INSERT INTO permission_set_customer_policies VALUES (?, ?, ?)"
            " ON CONFLICT (permission_set_id, path, name) DO NOTHING",
            permission_set_id,
            reference.path,
            reference.name,
        )
        > 0
    )


def detach_customer_policy(
    tx: Tx, permission_set_id: str, reference: CustomerManagedPolicyReference
) -> bool:
    """Detach; False when it was not attached."""
    return (
        tx.run(
            "DELETE FROM permission_set_customer_policies"
            " WHERE permission_set_id = ? AND path = ? AND name = ?",
            permission_set_id,
            reference.path,
            reference.name,
        )
        > 0
    )


def attached_count(tx: Tx, permission_set_id: str) -> int:
    """AWS managed and customer managed policies together."""
    row = tx.one(
        "SELECT (SELECT COUNT(*) FROM permission_set_managed_policies WHERE permission_set_id = ?)"
        " + (SELECT COUNT(*) FROM permission_set_customer_policies WHERE permission_set_id = ?)",
        permission_set_id,
        permission_set_id,
    )
    return int(row[0]) if row else 0


def inline_policy(tx: Tx, permission_set_id: str) -> str:
    """The inline policy's text, empty when there is none."""
    row = tx.one(
        "SELECT inline_policy FROM permission_sets WHERE permission_set_id = ?", permission_set_id
    )
    return str(row[0]) if row else ""


def set_inline_policy(tx: Tx, permission_set_id: str, text: str) -> None:
    """Store the inline policy; empty for none."""
    tx.run(
        "UPDATE permission_sets SET inline_policy = ? WHERE permission_set_id = ?",
        text,
        permission_set_id,
    )


def boundary(tx: Tx, permission_set_id: str) -> PermissionsBoundary | None:
    """The permissions boundary, or None."""
    row = tx.one(
        "SELECT boundary FROM permission_sets WHERE permission_set_id = ?", permission_set_id
    )
    if row is None or not row[0]:
        return None
    return msgspec.json.decode(row[0], type=PermissionsBoundary)


def set_boundary(tx: Tx, permission_set_id: str, value: PermissionsBoundary | None) -> None:
    """Store the permissions boundary; None for none."""
    tx.run(
        "UPDATE permission_sets SET boundary = ? WHERE permission_set_id = ?",
        "" if value is None else msgspec.json.encode(value).decode(),
        permission_set_id,
    )
