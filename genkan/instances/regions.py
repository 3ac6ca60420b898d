"""Regions of an organization instance: add, describe, list, remove (reference §1.6).

An installation answers at one address, so a Region is what a request's signature names: an added
one lists the instance, as the primary one does, and nothing is copied anywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from genkan.core.errors import Conflict, Invalid, NotFound, QuotaExceeded
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.instances import store, work
from genkan.instances.lookup import required_instance, required_organization_instance
from genkan.instances.records import ACTIVE, ADDING, REMOVING, Instance, Region

REGION_LIMIT = 20
"""Regions beside the primary one; AWS has a quota whose value is not known (reference §1.6)."""

_PAGE = 100
Answer = Mapping[str, Any]


def add_region(tx: Tx, *, instance_arn: str, region_name: str) -> Answer:
    """AddRegion: answered ADDING, ACTIVE a moment later.

    `Conflict` for a Region that the instance has, or while another is being added or removed.
    """
    instance = _changing(tx, instance_arn, "AddRegion")
    if region_name == instance.region or store.find_region(tx, instance.instance_id, region_name):
        raise Conflict(f"The Region {region_name} is already enabled for the instance.")
    if len(regions_of(tx, instance)) >= REGION_LIMIT:
        raise QuotaExceeded(f"An instance has at most {REGION_LIMIT} additional Regions.")
    added = Region(region_name=region_name, status=ADDING, added_at=tx.now)
    store.insert_region(tx, instance.instance_id, added)
    work.enqueue(tx, instance.instance_id, region_name)
    return {"status": ADDING}


def remove_region(tx: Tx, *, instance_arn: str, region_name: str) -> Answer:
    """RemoveRegion: answered REMOVING, gone a moment later. Never the primary one (`Invalid`)."""
    instance = _changing(tx, instance_arn, "RemoveRegion")
    if region_name == instance.region:
        raise Invalid(f"The primary Region {region_name} cannot be removed.")
    if store.find_region(tx, instance.instance_id, region_name) is None:
        raise _no_region(region_name)
    store.set_region_status(tx, instance.instance_id, region_name, REMOVING)
    work.enqueue(tx, instance.instance_id, region_name)
    return {"status": REMOVING}


def describe_region(tx: Tx, *, instance_arn: str, region_name: str) -> Answer:
    """DescribeRegion, asked from a Region of the instance."""
    instance = required_instance(tx, instance_arn)
    if not seen_from(tx, instance, tx.call.region):
        raise Invalid(f"The Region {tx.call.region} is not enabled for the instance.")
    for found in metadata(tx, instance):
        if found["region_name"] == region_name:
            return found
    raise _no_region(region_name)


def list_regions(
    tx: Tx, *, instance_arn: str, max_results: int = _PAGE, next_token: str | None = None
) -> Answer:
    """ListRegions in the order of names, those that come and go included."""
    instance = required_instance(tx, instance_arn)
    query = f"ListRegions:{instance.instance_id}"
    after = open_token(tx.vault, query, next_token) or ""
    rows = sorted(
        (row for row in metadata(tx, instance) if row["region_name"] > after),
        key=lambda row: str(row["region_name"]),
    )
    page = page_of(tx.vault, query, rows, max_results, lambda row: str(row["region_name"]))
    return {"regions": page.items, "next_token": page.next_token}


def metadata(tx: Tx, instance: Instance) -> list[dict[str, Any]]:
    """RegionMetadata of every Region, the primary one first."""
    primary = Region(region_name=instance.region, status=ACTIVE, added_at=instance.created_at)
    return [
        {
            "region_name": region.region_name,
            "status": region.status,
            "added_date": region.added_at,
            "is_primary_region": region is primary,
        }
        for region in (primary, *regions_of(tx, instance))
    ]


def seen_from(tx: Tx, instance: Instance, region_name: str) -> bool:
    """Whether the instance is there in this Region: its primary one or one that is ACTIVE."""
    return region_name == instance.region or any(
        region.region_name == region_name and region.status == ACTIVE
        for region in regions_of(tx, instance)
    )


def regions_of(tx: Tx, instance: Instance) -> Sequence[Region]:
    """The Regions beside the primary one, in the order of names."""
    return tx.remembered(
        ("instance_regions", instance.instance_id),
        lambda: store.regions(tx, instance.instance_id, REGION_LIMIT),
    )


def _changing(tx: Tx, instance_arn: str, action: str) -> Instance:
    instance = required_organization_instance(tx, instance_arn)
    if tx.call.region != instance.region:
        raise Invalid(f"{action} must be called in the primary Region {instance.region}.")
    if store.any_region_moving(tx, instance.instance_id):
        raise Conflict("There is a conflicting operation in process.")
    return instance


def _no_region(region_name: str) -> NotFound:
    return NotFound(f"The Region {region_name} is not enabled for the instance.")
