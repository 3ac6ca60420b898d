"""The only SQL of the `iam_*` tables."""

import msgspec

from genkan.db.database import Row, Tx
from genkan.iam.records import IamUser, ManagedPolicy, Role, SamlProvider

_ROLE = (
    "account_id, role_name, path, role_id, trust_policy, description, max_session_duration,"
    " boundary_arn, tags, created_at"
)
_POLICY = (
    "p.policy_arn, p.account_id, p.policy_name, p.path, p.policy_id, p.description,"
    " p.default_version_id, v.document, p.created_at, p.updated_at"
)
_DEFAULT_VERSION = (
    " LEFT JOIN iam_policies p ON p.policy_arn = {arn}"
    " LEFT JOIN iam_policy_versions v ON v.policy_arn = p.policy_arn"
    " AND v.version_id = p.default_version_id"
)


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


def find_policy(tx: Tx, policy_arn: str) -> ManagedPolicy | None:
    """One customer managed policy."""
    row = tx.one(
        f"SELECT {_POLICY} FROM iam_policies p JOIN iam_policy_versions v"  # noqa: S608
        " ON v.policy_arn = p.policy_arn AND v.version_id = p.default_version_id"
        " WHERE p.policy_arn = ?",
        policy_arn,
    )
    if row is None:
        return None
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
    )


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
        " policy_id, description, default_version_id, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
    )
    tx.run(
        "INSERT INTO iam_policy_versions VALUES (?, ?, ?, ?)",
        policy.policy_arn,
        policy.default_version_id,
        policy.document,
        policy.created_at,
    )


def attachment_count(tx: Tx, policy_arn: str, account_id: str) -> int:
    """How many roles and users of the account a policy is attached to."""
    row = tx.one(
        "SELECT (SELECT COUNT(*) FROM iam_role_attachments WHERE account_id = ? AND policy_arn = ?)"
        " + (SELECT COUNT(*) FROM iam_user_attachments WHERE account_id = ? AND policy_arn = ?)",
        account_id,
        policy_arn,
        account_id,
        policy_arn,
    )
    return int(row[0]) if row else 0


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
