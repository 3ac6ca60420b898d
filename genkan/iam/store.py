"""The only SQL of the `iam_*` tables."""

import msgspec

from genkan.db.database import Row, Tx
from genkan.iam.records import IamUser, ManagedPolicy, PolicyVersion, Role, SamlProvider, Usage

Tags = tuple[tuple[str, str], ...]

_ROLE = (
    "account_id, role_name, path, role_id, trust_policy, description, max_session_duration,"
    " boundary_arn, tags, created_at"
)
_POLICY = (
    "p.policy_arn, p.account_id, p.policy_name, p.path, p.policy_id, p.description,"
    " p.default_version_id, v.document, p.created_at, p.updated_at, p.last_version, p.tags"
)
_SELECT_POLICY = (
    f"SELECT {_POLICY} FROM iam_policies p JOIN iam_policy_versions v"  # noqa: S608
    " ON v.policy_arn = p.policy_arn AND v.version_id = p.default_version_id"
)
_ATTACHED = (
    "EXISTS (SELECT 1 FROM iam_role_attachments a"
    " WHERE a.policy_arn = p.policy_arn AND a.account_id = p.account_id)"
    " OR EXISTS (SELECT 1 FROM iam_user_attachments u"
    " WHERE u.policy_arn = p.policy_arn AND u.account_id = p.account_id)"
)
_BOUNDARY = (
    "EXISTS (SELECT 1 FROM iam_roles r"
    " WHERE r.account_id = p.account_id AND r.boundary_arn = p.policy_arn)"
)
_USED = {
    None: "",
    "attached": f"AND ({_ATTACHED})",
    "boundary": f"AND ({_BOUNDARY})",
    "either": f"AND ({_ATTACHED} OR {_BOUNDARY})",
}
_DEFAULT_VERSION = (
    " LEFT JOIN iam_policies p ON p.policy_arn = {arn}"
    " LEFT JOIN iam_policy_versions v ON v.policy_arn = p.policy_arn"
    " AND v.version_id = p.default_version_id"
)


_ENTITIES = {
    "User": "SELECT e.user_name, e.user_id FROM iam_user_attachments a JOIN iam_users e"
    " ON e.account_id = a.account_id AND e.user_name = a.user_name"
    " WHERE a.account_id = ? AND a.policy_arn = ? AND substr(e.path, 1, ?) = ?"
    " AND e.user_name > ? ORDER BY e.user_name LIMIT ?",
    "Role": "SELECT e.role_name, e.role_id FROM iam_role_attachments a JOIN iam_roles e"
    " ON e.account_id = a.account_id AND e.role_name = a.role_name"
    " WHERE a.account_id = ? AND a.policy_arn = ? AND substr(e.path, 1, ?) = ?"
    " AND e.role_name > ? ORDER BY e.role_name LIMIT ?",
    "Bounded": "SELECT e.role_name, e.role_id FROM iam_roles e"
    " WHERE e.account_id = ? AND e.boundary_arn = ? AND substr(e.path, 1, ?) = ?"
    " AND e.role_name > ? ORDER BY e.role_name LIMIT ?",
    "BoundedOnly": "SELECT e.role_name, e.role_id FROM iam_roles e"
    " WHERE e.account_id = ? AND e.boundary_arn = ? AND substr(e.path, 1, ?) = ?"
    " AND e.role_name > ? AND NOT EXISTS (SELECT 1 FROM iam_role_attachments a"
    " WHERE a.account_id = e.account_id AND a.role_name = e.role_name"
    " AND a.policy_arn = e.boundary_arn) ORDER BY e.role_name LIMIT ?",
}


def _role(row: Row) -> Role:
    return Role(
        account_id=row[0],
        role_name=row[1],
        path=row[2],
        role_id=row[3],
        trust_policy=row[4],
        description=row[5],
        max_session_duration=row[6],
        boundary_arn=row[7],
        tags=tuple((key, value) for key, value in msgspec.json.decode(row[8])),
        created_at=row[9],
    )


def find_role(tx: Tx, account_id: str, role_name: str) -> Role | None:
    """One role by name."""
    row = tx.one(
        f"SELECT {_ROLE} FROM iam_roles WHERE account_id = ? AND role_name = ?",  # noqa: S608
        account_id,
        role_name,
    )
    return None if row is None else _role(row)


def role_name_taken(tx: Tx, account_id: str, role_name: str) -> bool:
    """Whether any role has this name, whatever its case."""
    return (
        tx.one(
            "SELECT 1 FROM iam_roles WHERE account_id = ? AND role_key = ?",
            account_id,
            role_name.lower(),
        )
        is not None
    )


def list_roles(
    tx: Tx, account_id: str, path_prefix: str, after: str | None, limit: int
) -> list[Role]:
    """Roles whose path starts with the prefix, by name, after a name."""
    rows = tx.all(
        f"SELECT {_ROLE} FROM iam_roles WHERE account_id = ? AND role_name > ?"  # noqa: S608
        " AND substr(path, 1, ?) = ? ORDER BY role_name LIMIT ?",
        account_id,
        after or "",
        len(path_prefix),
        path_prefix,
        limit,
    )
    return [_role(row) for row in rows]


def insert_role(tx: Tx, role: Role) -> None:
    """Add a role."""
    tx.run(
        "INSERT INTO iam_roles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        role.account_id,
        role.role_name,
        role.role_name.lower(),
        role.path,
        role.role_id,
        role.trust_policy,
        role.description,
        role.max_session_duration,
        role.boundary_arn,
        msgspec.json.encode(role.tags).decode(),
        role.created_at,
    )


def update_role(tx: Tx, role: Role) -> None:
    """Store what may change about a role."""
    tx.run(
        "UPDATE iam_roles SET trust_policy = ?, description = ?, max_session_duration = ?,"
        " boundary_arn = ? WHERE account_id = ? AND role_name = ?",
        role.trust_policy,
        role.description,
        role.max_session_duration,
        role.boundary_arn,
        role.account_id,
        role.role_name,
    )


def delete_role(tx: Tx, account_id: str, role_name: str) -> None:
    """Remove a role that has no policies."""
    tx.run("DELETE FROM iam_roles WHERE account_id = ? AND role_name = ?", account_id, role_name)


def role_policy_names(
    tx: Tx, account_id: str, role_name: str, after: str | None, limit: int
) -> list[str]:
    """Names of inline policies in order, after a name."""
    rows = tx.all(
        "SELECT policy_name FROM iam_role_policies WHERE account_id = ? AND role_name = ?"
        " AND policy_name > ? ORDER BY policy_name LIMIT ?",
        account_id,
        role_name,
        after or "",
        limit,
    )
    return [row[0] for row in rows]


def role_policy(tx: Tx, account_id: str, role_name: str, policy_name: str) -> str | None:
    """The text of one inline policy."""
    row = tx.one(
        "SELECT document FROM iam_role_policies WHERE account_id = ? AND role_name = ?"
        " AND policy_name = ?",
        account_id,
        role_name,
        policy_name,
    )
    return None if row is None else str(row[0])


def put_role_policy(tx: Tx, account_id: str, role_name: str, name: str, document: str) -> None:
    """Add or replace an inline policy."""
    tx.run(
        "INSERT INTO iam_role_policies VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account_id, role_name, policy_name) DO UPDATE SET document = ?",
        account_id,
        role_name,
        name,
        document,
        document,
    )


def delete_role_policy(tx: Tx, account_id: str, role_name: str, policy_name: str) -> bool:
    """Remove an inline policy; whether there was one."""
    return (
        tx.run(
            "DELETE FROM iam_role_policies WHERE account_id = ? AND role_name = ?"
            " AND policy_name = ?",
            account_id,
            role_name,
            policy_name,
        )
        > 0
    )


def role_attachments(
    tx: Tx, account_id: str, role_name: str, after: str | None, limit: int
) -> list[str]:
    """ARNs of attached policies in order, after an ARN."""
    rows = tx.all(
        "SELECT policy_arn FROM iam_role_attachments WHERE account_id = ? AND role_name = ?"
        " AND policy_arn > ? ORDER BY policy_arn LIMIT ?",
        account_id,
        role_name,
        after or "",
        limit,
    )
    return [row[0] for row in rows]


def attach_role_policy(tx: Tx, account_id: str, role_name: str, policy_arn: str) -> None:
    """Attach a policy; attaching it again changes nothing."""
    tx.run(
        "INSERT INTO iam_role_attachments VALUES (?, ?, ?)"
        " ON CONFLICT (account_id, role_name, policy_arn) DO NOTHING",
        account_id,
        role_name,
        policy_arn,
    )


def detach_role_policy(tx: Tx, account_id: str, role_name: str, policy_arn: str) -> bool:
    """Detach a policy; whether it was attached."""
    return (
        tx.run(
            "DELETE FROM iam_role_attachments WHERE account_id = ? AND role_name = ?"
            " AND policy_arn = ?",
            account_id,
            role_name,
            policy_arn,
        )
        > 0
    )


def role_policy_rows(tx: Tx, account_id: str, role_name: str) -> list[tuple[str, str, str | None]]:
    """("inline" | "managed" | "boundary", name or ARN, text) of all that a role carries.

    The text is None for a managed policy that is not one of this store.
    """
    key = (account_id, role_name)
    rows = tx.all(
        "SELECT 'inline', policy_name, document FROM iam_role_policies"  # noqa: S608
        " WHERE account_id = ? AND role_name = ?"
        " UNION ALL SELECT 'managed', a.policy_arn, v.document FROM iam_role_attachments a"
        + _DEFAULT_VERSION.format(arn="a.policy_arn")
        + " WHERE a.account_id = ? AND a.role_name = ?"
        " UNION ALL SELECT 'boundary', r.boundary_arn, v.document FROM iam_roles r"
        + _DEFAULT_VERSION.format(arn="r.boundary_arn")
        + " WHERE r.account_id = ? AND r.role_name = ? AND r.boundary_arn <> ''"
        " ORDER BY 1, 2 LIMIT 1000",
        *key,
        *key,
        *key,
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _policy(row: Row) -> ManagedPolicy:
    return ManagedPolicy(
        policy_arn=row[0],
        account_id=row[1],
        policy_name=row[2],
        path=row[3],
        policy_id=row[4],
        description=row[5],
        default_version_id=row[6],
        document=row[7],
        created_at=row[8],
        updated_at=row[9],
        last_version=row[10],
        tags=tuple((key, value) for key, value in msgspec.json.decode(row[11])),
    )


def find_policy(tx: Tx, policy_arn: str) -> ManagedPolicy | None:
    """One customer managed policy."""
    row = tx.one(_SELECT_POLICY + " WHERE p.policy_arn = ?", policy_arn)
    return None if row is None else _policy(row)


def list_policies(
    tx: Tx, account_id: str, path_prefix: str, after: str, limit: int, *, used: str | None
) -> list[ManagedPolicy]:
    """Policies under a path by lower-case name, after a name.

    `used`: only those that are "attached" or a "boundary" in the account, or "either".
    """
    rows = tx.all(
        _SELECT_POLICY + " WHERE p.account_id = ? AND p.policy_key > ? AND substr(p.path, 1, ?) = ?"
        f" {_USED[used]} ORDER BY p.policy_key LIMIT ?",
        account_id,
        after,
        len(path_prefix),
        path_prefix,
        limit,
    )
    return [_policy(row) for row in rows]


def count_policies(tx: Tx, account_id: str) -> int:
    """How many customer managed policies an account has."""
    row = tx.one("SELECT COUNT(*) FROM iam_policies WHERE account_id = ?", account_id)
    return int(row[0]) if row else 0


def policy_arns(tx: Tx, account_id: str, after: str | None, limit: int) -> list[str]:
    """ARNs of the account's policies in order, after an ARN."""
    rows = tx.all(
        "SELECT policy_arn FROM iam_policies WHERE account_id = ? AND policy_arn > ?"
        " ORDER BY policy_arn LIMIT ?",
        account_id,
        after or "",
        limit,
    )
    return [row[0] for row in rows]


def policy_name_taken(tx: Tx, account_id: str, policy_name: str) -> bool:
    """Whether any policy of the account has this name, whatever its case and path."""
    return (
        tx.one(
            "SELECT 1 FROM iam_policies WHERE account_id = ? AND policy_key = ?",
            account_id,
            policy_name.lower(),
        )
        is not None
    )


def insert_policy(tx: Tx, policy: ManagedPolicy) -> None:
    """Add a policy with its only version."""
    tx.run(
        "INSERT INTO iam_policies (policy_arn, account_id, policy_name, policy_key, path,"
        " policy_id, description, default_version_id, created_at, updated_at, tags)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        policy.policy_arn,
        policy.account_id,
        policy.policy_name,
        policy.policy_name.lower(),
        policy.path,
        policy.policy_id,
        policy.description,
        policy.default_version_id,
        policy.created_at,
        policy.updated_at,
        msgspec.json.encode(policy.tags).decode(),
    )
    tx.run(
        "INSERT INTO iam_policy_versions VALUES (?, ?, ?, ?)",
        policy.policy_arn,
        policy.default_version_id,
        policy.document,
        policy.created_at,
    )


def policy_version(tx: Tx, policy_arn: str, version_id: str) -> PolicyVersion | None:
    """One version of a policy."""
    row = tx.one(
        "SELECT version_id, document, created_at FROM iam_policy_versions"
        " WHERE policy_arn = ? AND version_id = ?",
        policy_arn,
        version_id,
    )
    return (
        None
        if row is None
        else PolicyVersion(version_id=row[0], document=row[1], created_at=row[2])
    )


def policy_versions(tx: Tx, policy_arn: str) -> list[PolicyVersion]:
    """Every version of a policy, newest first; IAM keeps five."""
    rows = tx.all(
        "SELECT version_id, document, created_at FROM iam_policy_versions WHERE policy_arn = ?"
        " ORDER BY length(version_id) DESC, version_id DESC LIMIT 100",
        policy_arn,
    )
    return [PolicyVersion(version_id=row[0], document=row[1], created_at=row[2]) for row in rows]


def insert_policy_version(tx: Tx, policy_arn: str, number: int, version: PolicyVersion) -> None:
    """Add a version, the policy's newest."""
    tx.run(
        "INSERT INTO iam_policy_versions (policy_arn, version_id, document, created_at)"
        " VALUES (?, ?, ?, ?)",
        policy_arn,
        version.version_id,
        version.document,
        version.created_at,
    )
    tx.run(
        "UPDATE iam_policies SET last_version = ?, updated_at = ? WHERE policy_arn = ?",
        number,
        version.created_at,
        policy_arn,
    )


def set_default_version(tx: Tx, policy_arn: str, version_id: str) -> None:
    """Let a version that exists be the one in effect."""
    tx.run(
        "UPDATE iam_policies SET default_version_id = ? WHERE policy_arn = ?",
        version_id,
        policy_arn,
    )


def set_policy_tags(tx: Tx, policy_arn: str, tags: Tags) -> None:
    """Keep these tags instead of those before."""
    tx.run(
        "UPDATE iam_policies SET tags = ? WHERE policy_arn = ?",
        msgspec.json.encode(tags).decode(),
        policy_arn,
    )


def delete_policy_version(tx: Tx, policy_arn: str, version_id: str) -> bool:
    """Remove a version; whether there was one."""
    sql = "DELETE FROM iam_policy_versions WHERE policy_arn = ? AND version_id = ?"
    return tx.run(sql, policy_arn, version_id) > 0


def delete_policy(tx: Tx, policy_arn: str) -> None:
    """Remove a policy with its versions."""
    tx.run("DELETE FROM iam_policy_versions WHERE policy_arn = ?", policy_arn)
    tx.run("DELETE FROM iam_policies WHERE policy_arn = ?", policy_arn)


def usage(tx: Tx, policy_arn: str, account_id: str) -> Usage:
    """How a policy is used in an account."""
    row = tx.one(
        "SELECT (SELECT COUNT(*) FROM iam_role_attachments WHERE account_id = ? AND policy_arn = ?)"
        " + (SELECT COUNT(*) FROM iam_user_attachments WHERE account_id = ? AND policy_arn = ?),"
        " (SELECT COUNT(*) FROM iam_roles WHERE account_id = ? AND boundary_arn = ?)",
        *(account_id, policy_arn) * 3,
    )
    return Usage(int(row[0]), int(row[1])) if row else Usage()


def usage_by_policy(tx: Tx, account_id: str) -> dict[str, Usage]:
    """How every policy that is used in an account is used."""
    rows = tx.all(
        "SELECT policy_arn, SUM(attached), SUM(boundaries) FROM ("
        "SELECT policy_arn, 1 AS attached, 0 AS boundaries FROM iam_role_attachments"
        " WHERE account_id = ?"
        " UNION ALL SELECT policy_arn, 1, 0 FROM iam_user_attachments WHERE account_id = ?"
        " UNION ALL SELECT boundary_arn, 0, 1 FROM iam_roles"
        " WHERE account_id = ? AND boundary_arn <> ''"
        ") AS used GROUP BY policy_arn LIMIT 100000",
        account_id,
        account_id,
        account_id,
    )
    return {row[0]: Usage(int(row[1]), int(row[2])) for row in rows}


def entities_of(
    tx: Tx, policy_arn: str, account_id: str, path_prefix: str, after: str, limit: int, *, kind: str
) -> list[tuple[str, str]]:
    """(name, id) of what uses a policy, by name, after a name.

    `kind`: users or roles it is attached to ("User", "Role"), roles that it bounds ("Bounded"), or
    bounds without being attached to them ("BoundedOnly").
    """
    rows = tx.all(
        _ENTITIES[kind],
        account_id,
        policy_arn,
        len(path_prefix),
        path_prefix,
        after,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


def _provider(row: Row) -> SamlProvider:
    return SamlProvider(
        account_id=row[0],
        name=row[1],
        uuid=row[2],
        metadata=row[3],
        created_at=row[4],
        valid_until=row[5],
    )


def find_saml_provider(tx: Tx, account_id: str, name: str) -> SamlProvider | None:
    """One SAML provider."""
    row = tx.one(
        "SELECT account_id, name, uuid, metadata, created_at, valid_until"
        " FROM iam_saml_providers WHERE account_id = ? AND name = ?",
        account_id,
        name,
    )
    return None if row is None else _provider(row)


def list_saml_providers(tx: Tx, account_id: str) -> list[SamlProvider]:
    """Every SAML provider of an account; IAM allows a hundred."""
    rows = tx.all(
        "SELECT account_id, name, uuid, metadata, created_at, valid_until"
        " FROM iam_saml_providers WHERE account_id = ? ORDER BY name LIMIT 100",
        account_id,
    )
    return [_provider(row) for row in rows]


def put_saml_provider(tx: Tx, provider: SamlProvider) -> None:
    """Add a provider, or replace the metadata of one of this name."""
    tx.run(
        "INSERT INTO iam_saml_providers VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account_id, name) DO UPDATE SET metadata = ?",
        provider.account_id,
        provider.name,
        provider.uuid,
        provider.metadata,
        provider.created_at,
        provider.valid_until,
        provider.metadata,
    )


def delete_saml_provider(tx: Tx, account_id: str, name: str) -> bool:
    """Remove a provider; whether there was one."""
    return (
        tx.run("DELETE FROM iam_saml_providers WHERE account_id = ? AND name = ?", account_id, name)
        > 0
    )


def find_user(tx: Tx, account_id: str, user_name: str) -> IamUser | None:
    """One IAM user."""
    row = tx.one(
        "SELECT account_id, user_name, path, user_id, created_at FROM iam_users"
        " WHERE account_id = ? AND user_name = ?",
        account_id,
        user_name,
    )
    if row is None:
        return None
    return IamUser(
        account_id=row[0], user_name=row[1], path=row[2], user_id=row[3], created_at=row[4]
    )


def user_name_taken(tx: Tx, account_id: str, user_name: str) -> bool:
    """Whether any user of the account has this name, whatever its case."""
    return (
        tx.one(
            "SELECT 1 FROM iam_users WHERE account_id = ? AND user_key = ?",
            account_id,
            user_name.lower(),
        )
        is not None
    )


def insert_user(tx: Tx, user: IamUser) -> None:
    """Add a user."""
    tx.run(
        "INSERT INTO iam_users VALUES (?, ?, ?, ?, ?, ?)",
        user.account_id,
        user.user_name,
        user.user_name.lower(),
        user.path,
        user.user_id,
        user.created_at,
    )


def attach_user_policy(tx: Tx, account_id: str, user_name: str, policy_arn: str) -> None:
    """Attach a policy; attaching it again changes nothing."""
    tx.run(
        "INSERT INTO iam_user_attachments VALUES (?, ?, ?)"
        " ON CONFLICT (account_id, user_name, policy_arn) DO NOTHING",
        account_id,
        user_name,
        policy_arn,
    )


def user_policy_rows(tx: Tx, account_id: str, user_name: str) -> list[tuple[str, str | None]]:
    """(ARN, text or None) of the policies attached to a user."""
    rows = tx.all(
        "SELECT a.policy_arn, v.document FROM iam_user_attachments a"  # noqa: S608
        + _DEFAULT_VERSION.format(arn="a.policy_arn")
        + " WHERE a.account_id = ? AND a.user_name = ? ORDER BY 1 LIMIT 1000",
        account_id,
        user_name,
    )
    return [(row[0], row[1]) for row in rows]
