"""What must not be left in a store when all is quiet: what belongs to nothing, what never ended."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from genkan.audit.sealing import SEAL_JOB


class Rows:
    """The tables themselves, of a PostgreSQL database or an SQLite file as settings name it."""

    def __init__(self, database: str) -> None:
        self._database = database

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives."""
        if self._database.startswith("sqlite:"):
            with closing(sqlite3.connect(self._database.removeprefix("sqlite:"))) as raw:
                return raw.execute(sql).fetchall()
        import psycopg

        with psycopg.connect(self._database) as raw:
            return raw.execute(sql.encode()).fetchall()

    def values(self, sql: str) -> set[Any]:
        """The first column of a query."""
        return {row[0] for row in self.all(sql)}


def leftovers(rows: Rows) -> Iterator[str]:
    """Whatever is left."""
    for what, sql in _ORPHANS.items():
        left = rows.all(sql)
        if left:
            yield f"{what}: {left[:5]} ({len(left)})"


_ORPHANS = {
    "jobs left": f"SELECT kind, state, attempts, error FROM jobs WHERE kind <> '{SEAL_JOB}'",
    "policies of no role": (
        "SELECT account_id, role_name FROM iam_role_policies AS p WHERE NOT EXISTS (SELECT 1"
        " FROM iam_roles AS r WHERE r.account_id = p.account_id AND r.role_name = p.role_name)"
    ),
    "attachments of no role": (
        "SELECT account_id, role_name FROM iam_role_attachments AS p WHERE NOT EXISTS (SELECT 1"
        " FROM iam_roles AS r WHERE r.account_id = p.account_id AND r.role_name = p.role_name)"
    ),
    "memberships of nobody": (
        "SELECT m.id FROM group_memberships AS m LEFT JOIN users AS u ON u.id = m.user_id"
        " LEFT JOIN groups AS g ON g.id = m.group_id WHERE u.id IS NULL OR g.id IS NULL"
    ),
    "parts of no application": (
        "SELECT application_id, kind, name FROM application_parts WHERE application_id NOT IN"
        " (SELECT application_id FROM applications)"
    ),
    "application assignments of nobody": (
        "SELECT application_id, principal_id FROM application_assignments AS a WHERE NOT EXISTS"
        " (SELECT 1 FROM users AS u WHERE u.id = a.principal_id) AND NOT EXISTS"
        " (SELECT 1 FROM groups AS g WHERE g.id = a.principal_id) OR application_id NOT IN"
        " (SELECT application_id FROM applications)"
    ),
    "what no instance has": (
        "SELECT application_id FROM applications"
        " WHERE instance_id NOT IN (SELECT id FROM instances)"
        " UNION SELECT issuer_id FROM trusted_token_issuers"
        " WHERE instance_id NOT IN (SELECT id FROM instances)"
        " UNION SELECT instance_id FROM instance_regions"
        " WHERE instance_id NOT IN (SELECT id FROM instances)"
        " UNION SELECT id FROM identity_stores"
        " WHERE id NOT IN (SELECT identity_store_id FROM instances)"
    ),
    "what no identity store has": (
        "SELECT id FROM users WHERE identity_store_id NOT IN (SELECT id FROM identity_stores)"
        " UNION SELECT id FROM groups"
        " WHERE identity_store_id NOT IN (SELECT id FROM identity_stores)"
    ),
    "policies of no permission set": (
        "SELECT permission_set_id FROM permission_set_managed_policies WHERE permission_set_id"
        " NOT IN (SELECT permission_set_id FROM permission_sets)"
        " UNION SELECT permission_set_id FROM permission_set_customer_policies"
        " WHERE permission_set_id NOT IN (SELECT permission_set_id FROM permission_sets)"
    ),
    "versions of no policy": (
        "SELECT policy_arn FROM iam_policy_versions WHERE policy_arn NOT IN"
        " (SELECT policy_arn FROM iam_policies)"
    ),
    "instances and Regions that never settled": (
        "SELECT arn, status FROM instances WHERE status <> 'ACTIVE' UNION"
        " SELECT region_name, status FROM instance_regions WHERE status <> 'ACTIVE'"
    ),
    "assignments of nobody": (
        "SELECT a.principal_id FROM assignments AS a WHERE NOT EXISTS (SELECT 1 FROM users AS u"
        " WHERE u.id = a.principal_id) AND NOT EXISTS"
        " (SELECT 1 FROM groups AS g WHERE g.id = a.principal_id)"
    ),
    "assignments of no permission set": (
        "SELECT permission_set_id FROM assignments WHERE permission_set_id NOT IN"
        " (SELECT permission_set_id FROM permission_sets)"
    ),
    "tokens of no grant": (
        "SELECT grant_id FROM access_tokens WHERE grant_id NOT IN"
        " (SELECT grant_id FROM token_grants) UNION SELECT grant_id FROM refresh_tokens"
        " WHERE grant_id NOT IN (SELECT grant_id FROM token_grants)"
    ),
    "grants without exactly one living refresh token": (
        "SELECT g.grant_id FROM token_grants AS g LEFT JOIN refresh_tokens AS r"
        " ON r.grant_id = g.grant_id AND r.used_at = 0 GROUP BY g.grant_id"
        " HAVING COUNT(r.grant_id) <> 1"
    ),
}
