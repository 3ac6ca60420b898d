"""The SQL of the instances."""

from genkan.db.database import Row, Tx
from genkan.instances.records import ORGANIZATION, Instance

_SELECT = (
    "SELECT id, arn, kind, name, identity_store_id, owner_account_id, region, alias, status,"
    " created_at FROM instances"
)


def _instance(row: Row) -> Instance:
    return Instance(
        instance_id=row[0],
        arn=row[1],
        kind=row[2],
        name=row[3],
        identity_store_id=row[4],
        owner_account_id=row[5],
        region=row[6],
        alias=row[7] or "",
        status=row[8],
        created_at=row[9],
    )


def insert(tx: Tx, instance: Instance) -> None:
    tx.run(
        "INSERT INTO instances (id, arn, kind, name, identity_store_id, owner_account_id, region,"
        " alias, status, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        instance.instance_id,
        instance.arn,
        instance.kind,
        instance.name,
        instance.identity_store_id,
        instance.owner_account_id,
        instance.region,
        instance.alias or None,
        instance.status,
        instance.created_at,
    )


def find(tx: Tx, arn: str) -> Instance | None:
    row = tx.one(_SELECT + " WHERE arn = ?", arn)
    return None if row is None else _instance(row)


def find_organization_instance(tx: Tx) -> Instance | None:
    row = tx.one(_SELECT + " WHERE kind = ?", ORGANIZATION)
    return None if row is None else _instance(row)


def find_owned(tx: Tx, account_id: str) -> Instance | None:
    row = tx.one(_SELECT + " WHERE owner_account_id = ?", account_id)
    return None if row is None else _instance(row)


def find_by_store(tx: Tx, identity_store_id: str) -> Instance | None:
    row = tx.one(_SELECT + " WHERE identity_store_id = ?", identity_store_id)
    return None if row is None else _instance(row)


def alias_taken(tx: Tx, alias: str) -> bool:
    return tx.one("SELECT 1 FROM instances WHERE alias = ?", alias) is not None
