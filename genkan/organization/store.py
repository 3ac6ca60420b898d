"""The SQL of the organization."""

from collections.abc import Iterable

from genkan.db.database import Row, Tx
from genkan.organization.records import (
    Account,
    Delegation,
    Organization,
    OrganizationalUnit,
    ServiceAccess,
)

_CHUNK = 500
_SELECT_UNIT = "SELECT id, parent_id, name, path, depth, created_at FROM organizational_units"
_SELECT_ACCOUNT = (
    "SELECT id, parent_id, path, name, email, alias, environment, colour, status,"
    " joined_method, joined_at FROM accounts"
)


def insert_organization(tx: Tx, organization: Organization) -> None:
    tx.run(
        "INSERT INTO organizations VALUES (?, ?, ?, ?)",
        organization.organization_id,
        organization.management_account_id,
        organization.root_id,
        organization.created_at,
    )


def find_organization(tx: Tx) -> Organization | None:
    row = tx.one("SELECT id, management_account_id, root_id, created_at FROM organizations LIMIT 1")
    if row is None:
        return None
    return Organization(
        organization_id=row[0], management_account_id=row[1], root_id=row[2], created_at=row[3]
    )


# Organizational units


def _unit(row: Row) -> OrganizationalUnit:
    return OrganizationalUnit(
        unit_id=row[0],
        parent_id=row[1],
        name=row[2],
        path=row[3],
        depth=row[4],
        created_at=row[5],
    )


def insert_unit(tx: Tx, organization_id: str, unit: OrganizationalUnit) -> None:
    tx.run(
        "INSERT INTO organizational_units VALUES (?, ?, ?, ?, ?, ?, ?)",
        unit.unit_id,
        organization_id,
        unit.parent_id,
        unit.name,
        unit.path,
        unit.depth,
        unit.created_at,
    )


def find_unit(tx: Tx, unit_id: str) -> OrganizationalUnit | None:
    row = tx.one(_SELECT_UNIT + " WHERE id = ?", unit_id)
    return None if row is None else _unit(row)


def unit_name_taken(tx: Tx, parent_id: str, name: str) -> bool:
    sql = "SELECT 1 FROM organizational_units WHERE parent_id = ? AND name = ?"
    return tx.one(sql, parent_id, name) is not None


def list_units(tx: Tx, parent_id: str, after: str, limit: int) -> list[OrganizationalUnit]:
    rows = tx.all(
        _SELECT_UNIT + " WHERE parent_id = ? AND id > ? ORDER BY id LIMIT ?",
        parent_id,
        after,
        limit,
    )
    return [_unit(row) for row in rows]


# Accounts


def _account(row: Row) -> Account:
    return Account(
        account_id=row[0],
        parent_id=row[1],
        path=row[2],
        name=row[3],
        email=row[4],
        alias=row[5] or "",
        environment=row[6],
        colour=row[7],
        status=row[8],
        joined_method=row[9],
        joined_at=row[10],
    )


def insert_account(tx: Tx, organization_id: str, account: Account, email_folded: str) -> None:
    tx.run(
        "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        account.account_id,
        organization_id,
        account.parent_id,
        account.path,
        account.name,
        account.email,
        email_folded,
        account.alias or None,
        account.environment,
        account.colour,
        account.status,
        account.joined_method,
        account.joined_at,
    )


def find_account(tx: Tx, account_id: str) -> Account | None:
    row = tx.one(_SELECT_ACCOUNT + " WHERE id = ?", account_id)
    return None if row is None else _account(row)


def email_taken(tx: Tx, email_folded: str) -> bool:
    return tx.one("SELECT 1 FROM accounts WHERE email_folded = ?", email_folded) is not None


def alias_taken(tx: Tx, alias: str) -> bool:
    return tx.one("SELECT 1 FROM accounts WHERE alias = ?", alias) is not None


def accounts_by_id(tx: Tx, account_ids: Iterable[str]) -> dict[str, Account]:
    wanted = sorted(set(account_ids))
    found: dict[str, Account] = {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        places = f" ({', '.join('?' * len(chunk))})"
        for row in tx.all(_SELECT_ACCOUNT + " WHERE id IN" + places, *chunk):
            found[row[0]] = _account(row)
    return found


def list_accounts(tx: Tx, after: str, limit: int) -> list[Account]:
    rows = tx.all(_SELECT_ACCOUNT + " WHERE id > ? ORDER BY id LIMIT ?", after, limit)
    return [_account(row) for row in rows]


def list_accounts_of(tx: Tx, parent_id: str, after: str, limit: int) -> list[Account]:
    rows = tx.all(
        _SELECT_ACCOUNT + " WHERE parent_id = ? AND id > ? ORDER BY id LIMIT ?",
        parent_id,
        after,
        limit,
    )
    return [_account(row) for row in rows]


# Trusted access and delegated administrators


def enable_service(tx: Tx, service_principal: str, now: int) -> None:
    tx.run(
        "INSERT INTO organization_service_access (service_principal, enabled_at) VALUES (?, ?)"
        " ON CONFLICT (service_principal) DO NOTHING",
        service_principal,
        now,
    )


def disable_service(tx: Tx, service_principal: str) -> None:
    tx.run("DELETE FROM organization_service_access WHERE service_principal = ?", service_principal)


def service_enabled(tx: Tx, service_principal: str) -> bool:
    sql = "SELECT 1 FROM organization_service_access WHERE service_principal = ?"
    return tx.one(sql, service_principal) is not None


def list_services(tx: Tx, after: str, limit: int) -> list[ServiceAccess]:
    rows = tx.all(
        "SELECT service_principal, enabled_at FROM organization_service_access"
        " WHERE service_principal > ? ORDER BY service_principal LIMIT ?",
        after,
        limit,
    )
    return [ServiceAccess(service_principal=row[0], enabled_at=row[1]) for row in rows]


def insert_delegation(tx: Tx, delegation: Delegation) -> None:
    tx.run(
        "INSERT INTO delegated_administrators (account_id, service_principal, enabled_at)"
        " VALUES (?, ?, ?)",
        delegation.account_id,
        delegation.service_principal,
        delegation.enabled_at,
    )


def delete_delegation(tx: Tx, account_id: str, service_principal: str) -> bool:
    sql = "DELETE FROM delegated_administrators WHERE account_id = ? AND service_principal = ?"
    return tx.run(sql, account_id, service_principal) > 0


def delegates_of(tx: Tx, service_principal: str, limit: int) -> list[str]:
    rows = tx.all(
        "SELECT account_id FROM delegated_administrators WHERE service_principal = ?"
        " ORDER BY account_id LIMIT ?",
        service_principal,
        limit,
    )
    return [row[0] for row in rows]


def delegation_stands(tx: Tx, account_id: str, service_principal: str) -> bool:
    row = tx.one(
        "SELECT 1 FROM delegated_administrators d JOIN organization_service_access s"
        " ON s.service_principal = d.service_principal"
        " WHERE d.account_id = ? AND d.service_principal = ?",
        account_id,
        service_principal,
    )
    return row is not None


def delegated_services(tx: Tx, account_id: str, after: str, limit: int) -> list[Delegation]:
    rows = tx.all(
        "SELECT account_id, service_principal, enabled_at FROM delegated_administrators"
        " WHERE account_id = ? AND service_principal > ? ORDER BY service_principal LIMIT ?",
        account_id,
        after,
        limit,
    )
    return [
        Delegation(account_id=row[0], service_principal=row[1], enabled_at=row[2]) for row in rows
    ]


def list_delegates(
    tx: Tx, service_principal: str | None, after: str, limit: int
) -> list[tuple[str, int]]:
    """(account id, since when) of accounts that administer the service, or any service."""
    rows = tx.all(
        "SELECT account_id, MIN(enabled_at) FROM delegated_administrators"
        " WHERE account_id > ? AND (service_principal = ? OR ? = '')"
        " GROUP BY account_id ORDER BY account_id LIMIT ?",
        after,
        service_principal or "",
        service_principal or "",
        limit,
    )
    return [(row[0], row[1]) for row in rows]
