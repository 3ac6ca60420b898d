"""The SQL of service control policies."""

from collections.abc import Mapping, Sequence

import msgspec

from genkan.db.database import Row, Tx
from genkan.organization.records import FULL_ACCESS, ControlPolicy

_COLUMNS = "policy_id, name, description, content"


def _policy(row: Row) -> ControlPolicy:
    if row[1] is None:
        return FULL_ACCESS
    return ControlPolicy(policy_id=row[0], name=row[1], description=row[2], content=row[3])


def enable_type(tx: Tx, policy_type: str) -> None:
    """Enable the type; every root, unit and account begins with full access."""
    tx.run("INSERT INTO organization_policy_types VALUES (?, ?)", policy_type, tx.now)
    tx.run(
        "INSERT INTO organization_policy_attachments (target_id, policy_id)"
        " SELECT root_id, ? FROM organizations UNION ALL SELECT id, ? FROM organizational_units"
        " UNION ALL SELECT id, ? FROM accounts",
        *(FULL_ACCESS.policy_id,) * 3,
    )


def disable_type(tx: Tx, policy_type: str) -> None:
    """Disable the type: nothing is attached any more."""
    tx.run("DELETE FROM organization_policy_types WHERE policy_type = ?", policy_type)
    tx.run("DELETE FROM organization_policy_attachments")


def type_enabled(tx: Tx, policy_type: str) -> bool:
    sql = "SELECT 1 FROM organization_policy_types WHERE policy_type = ?"
    return tx.one(sql, policy_type) is not None


def find(tx: Tx, policy_id: str) -> ControlPolicy | None:
    if policy_id == FULL_ACCESS.policy_id:
        return FULL_ACCESS
    row = tx.one(
        f"SELECT {_COLUMNS} FROM organization_policies WHERE policy_id = ?",  # noqa: S608
        policy_id,
    )
    return None if row is None else _policy(row)


def name_taken(tx: Tx, name: str, but: str = "") -> bool:
    sql = "SELECT 1 FROM organization_policies WHERE name = ? AND policy_id <> ?"
    return name == FULL_ACCESS.name or tx.one(sql, name, but) is not None


def insert(tx: Tx, policy: ControlPolicy, tags: Mapping[str, str]) -> None:
    tx.run(
        "INSERT INTO organization_policies (policy_id, name, description, content, tags)"
        " VALUES (?, ?, ?, ?, ?)",
        policy.policy_id,
        policy.name,
        policy.description,
        policy.content,
        msgspec.json.encode(tags).decode(),
    )


def update(tx: Tx, policy: ControlPolicy) -> None:
    tx.run(
        "UPDATE organization_policies SET name = ?, description = ?, content = ?"
        " WHERE policy_id = ?",
        policy.name,
        policy.description,
        policy.content,
        policy.policy_id,
    )


def delete(tx: Tx, policy_id: str) -> None:
    tx.run("DELETE FROM organization_policies WHERE policy_id = ?", policy_id)


def count(tx: Tx) -> int:
    row = tx.one("SELECT COUNT(*) FROM organization_policies")
    return int(row[0]) if row else 0


def page(tx: Tx, after: str, limit: int) -> list[ControlPolicy]:
    """Policies by id, AWS's own among them."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM organization_policies"  # noqa: S608
        " WHERE policy_id > ? ORDER BY policy_id LIMIT ?",
        after,
        limit,
    )
    found = [_policy(row) for row in rows]
    if after < FULL_ACCESS.policy_id:
        found = sorted([*found, FULL_ACCESS], key=lambda policy: policy.policy_id)
    return found[:limit]


def attach(tx: Tx, policy_id: str, target_id: str) -> None:
    tx.run(
        "INSERT INTO organization_policy_attachments (target_id, policy_id) VALUES (?, ?)",
        target_id,
        policy_id,
    )


def detach(tx: Tx, policy_id: str, target_id: str) -> None:
    tx.run(
        "DELETE FROM organization_policy_attachments WHERE target_id = ? AND policy_id = ?",
        target_id,
        policy_id,
    )


def is_attached(tx: Tx, policy_id: str) -> bool:
    sql = "SELECT 1 FROM organization_policy_attachments WHERE policy_id = ? LIMIT 1"
    return tx.one(sql, policy_id) is not None


def attached_to(tx: Tx, target_id: str, after: str, limit: int) -> list[ControlPolicy]:
    """Policies attached to a root, unit or account directly, by id."""
    rows = tx.all(
        "SELECT a.policy_id, p.name, p.description, p.content"
        " FROM organization_policy_attachments a"
        " LEFT JOIN organization_policies p ON p.policy_id = a.policy_id"
        " WHERE a.target_id = ? AND a.policy_id > ? ORDER BY a.policy_id LIMIT ?",
        target_id,
        after,
        limit,
    )
    return [_policy(row) for row in rows]


def attached_to_any(tx: Tx, target_ids: Sequence[str]) -> list[tuple[str, ControlPolicy]]:
    """(target, policy) of all that is attached to these targets."""
    places = ", ".join("?" * len(target_ids))
    rows = tx.all(
        "SELECT a.policy_id, p.name, p.description, p.content, a.target_id"  # noqa: S608
        " FROM organization_policy_attachments a"
        " LEFT JOIN organization_policies p ON p.policy_id = a.policy_id"
        f" WHERE a.target_id IN ({places}) ORDER BY a.target_id, a.policy_id LIMIT 1000",
        *target_ids,
    )
    return [(row[4], _policy(row)) for row in rows]


def targets_of(tx: Tx, policy_id: str, after: str, limit: int) -> list[str]:
    """Ids of the roots, units and accounts that a policy is attached to."""
    rows = tx.all(
        "SELECT target_id FROM organization_policy_attachments"
        " WHERE policy_id = ? AND target_id > ? ORDER BY target_id LIMIT ?",
        policy_id,
        after,
        limit,
    )
    return [row[0] for row in rows]
