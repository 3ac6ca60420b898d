"""The SQL of instances, their regions and their access-control attributes."""

from collections.abc import Sequence

import msgspec

from genkan.db.database import Row, Tx
from genkan.instances.records import (
    ACTIVE,
    ORGANIZATION,
    AccessControlAttribute,
    Asked,
    Instance,
    Region,
    Tags,
)

_SELECT = (
    "SELECT id, arn, kind, name, identity_store_id, owner_account_id, region, alias, status,"
    " created_at, tags FROM instances"
)
_decode_tags = msgspec.json.Decoder(Tags).decode
_decode_attributes = msgspec.json.Decoder(tuple[AccessControlAttribute, ...]).decode


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


# Instances


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
        tags=_decode_tags(row[10]) if row[10] else (),
    )


def insert(tx: Tx, instance: Instance, *, client_token: str = "", request_digest: str = "") -> None:
    tx.run(
        "INSERT INTO instances (id, arn, kind, name, identity_store_id, owner_account_id, region,"
        " alias, status, created_at, tags, client_token, request_digest)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        _encode(instance.tags) if instance.tags else "",
        client_token,
        request_digest,
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


def asked_before(tx: Tx, account_id: str, client_token: str) -> Asked | None:
    row = tx.one(
        "SELECT arn, request_digest FROM instances WHERE owner_account_id = ? AND client_token = ?",
        account_id,
        client_token,
    )
    return None if row is None else Asked(arn=row[0], request_digest=row[1])


def alias_taken(tx: Tx, alias: str) -> bool:
    return tx.one("SELECT 1 FROM instances WHERE alias = ?", alias) is not None


def set_name(tx: Tx, instance_id: str, name: str) -> None:
    tx.run("UPDATE instances SET name = ? WHERE id = ?", name, instance_id)


def set_status(tx: Tx, instance_id: str, status: str) -> None:
    tx.run("UPDATE instances SET status = ? WHERE id = ?", status, instance_id)


def set_tags(tx: Tx, instance_id: str, tags: Tags) -> None:
    tx.run("UPDATE instances SET tags = ? WHERE id = ?", _encode(tags) if tags else "", instance_id)


def delete(tx: Tx, instance_id: str) -> None:
    """Remove an instance with its regions and attributes."""
    for table in ("instance_regions", "instance_access_control_attributes"):
        tx.run(f"DELETE FROM {table} WHERE instance_id = ?", instance_id)  # noqa: S608
    tx.run("DELETE FROM instances WHERE id = ?", instance_id)


# Regions beside the primary one


def regions(tx: Tx, instance_id: str, limit: int) -> tuple[Region, ...]:
    """In the order of names."""
    rows = tx.all(
        "SELECT region_name, status, added_at FROM instance_regions WHERE instance_id = ?"
        " ORDER BY region_name LIMIT ?",
        instance_id,
        limit,
    )
    return tuple(Region(region_name=row[0], status=row[1], added_at=row[2]) for row in rows)


def find_region(tx: Tx, instance_id: str, region_name: str) -> Region | None:
    row = tx.one(
        "SELECT region_name, status, added_at FROM instance_regions"
        " WHERE instance_id = ? AND region_name = ?",
        instance_id,
        region_name,
    )
    return None if row is None else Region(region_name=row[0], status=row[1], added_at=row[2])


def any_region_moving(tx: Tx, instance_id: str) -> bool:
    """Whether a Region is being added or removed."""
    return (
        tx.one(
            "SELECT 1 FROM instance_regions WHERE instance_id = ? AND status <> ? LIMIT 1",
            instance_id,
            ACTIVE,
        )
        is not None
    )


def insert_region(tx: Tx, instance_id: str, region: Region) -> None:
    tx.run(
        "INSERT INTO instance_regions VALUES (?, ?, ?, ?)",
        instance_id,
        region.region_name,
        region.status,
        region.added_at,
    )


def set_region_status(tx: Tx, instance_id: str, region_name: str, status: str) -> None:
    tx.run(
        "UPDATE instance_regions SET status = ? WHERE instance_id = ? AND region_name = ?",
        status,
        instance_id,
        region_name,
    )


def delete_region(tx: Tx, instance_id: str, region_name: str) -> None:
    tx.run(
        "DELETE FROM instance_regions WHERE instance_id = ? AND region_name = ?",
        instance_id,
        region_name,
    )


# Access-control attributes


def access_control_attributes(
    tx: Tx, instance_id: str
) -> tuple[AccessControlAttribute, ...] | None:
    """The configuration's attributes as they were given; None without a configuration."""
    row = tx.one(
        "SELECT attributes FROM instance_access_control_attributes WHERE instance_id = ?",
        instance_id,
    )
    return None if row is None else _decode_attributes(row[0])


def put_access_control_attributes(
    tx: Tx, instance_id: str, attributes: Sequence[AccessControlAttribute]
) -> None:
    tx.run(
        "INSERT INTO instance_access_control_attributes VALUES (?, ?)"
        " ON CONFLICT (instance_id) DO UPDATE SET attributes = excluded.attributes",
        instance_id,
        _encode(attributes),
    )


def delete_access_control_attributes(tx: Tx, instance_id: str) -> bool:
    """False when there was no configuration."""
    sql = "DELETE FROM instance_access_control_attributes WHERE instance_id = ?"
    return tx.run(sql, instance_id) > 0
