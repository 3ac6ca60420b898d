"""What a worker brings about after requests: instances and Regions out of their passing states.

A step may run any number of times; a job that was cut off goes on where it stopped.
"""

from genkan.core import arns
from genkan.core.events import InstanceDeleted
from genkan.db import jobs
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import store
from genkan.instances.records import (
    ACTIVE,
    ADDING,
    CREATE_FAILED,
    CREATE_IN_PROGRESS,
    DELETE_IN_PROGRESS,
    Instance,
)

INSTANCE_JOB = "SettleInstance"

PRINCIPALS_AT_A_TIME = 200
"""Users and groups that one step of a deletion takes away, so that no transaction is long."""


def enqueue(tx: Tx, instance_id: str, region_name: str = "") -> None:
    """Have the instance, or one of its Regions, brought out of its passing state."""
    payload = {"instance_id": instance_id, "region_name": region_name}
    jobs.enqueue(tx, INSTANCE_JOB, payload, key=f"instance/{instance_id}")


def settle_instance(tx: Tx, *, instance_id: str, region_name: str = "") -> bool:
    """One step; False when there is more to do."""
    instance = store.find(tx, arns.instance(instance_id))
    if instance is None:
        return True
    if region_name:
        _settle_region(tx, instance_id, region_name)
    elif instance.status == CREATE_IN_PROGRESS:
        store.set_status(tx, instance_id, ACTIVE)
    elif instance.status == DELETE_IN_PROGRESS:
        return _erase(tx, instance)
    return True


def abandon_instance(tx: Tx, *, instance_id: str, region_name: str = "") -> None:
    """The end of a job that failed too often: nothing stays in a passing state for ever.

    A deletion goes no further and can only be taken up by an operator.
    """
    region = store.find_region(tx, instance_id, region_name) if region_name else None
    if region is not None and region.status == ADDING:
        store.delete_region(tx, instance_id, region_name)
    elif region is not None:
        store.set_region_status(tx, instance_id, region_name, ACTIVE)
    instance = store.find(tx, arns.instance(instance_id))
    if not region_name and instance is not None and instance.status == CREATE_IN_PROGRESS:
        store.set_status(tx, instance_id, CREATE_FAILED)


def _settle_region(tx: Tx, instance_id: str, region_name: str) -> None:
    region = store.find_region(tx, instance_id, region_name)
    if region is None or region.status == ACTIVE:
        return
    if region.status == ADDING:
        store.set_region_status(tx, instance_id, region_name, ACTIVE)
    else:
        store.delete_region(tx, instance_id, region_name)


def _erase(tx: Tx, instance: Instance) -> bool:
    if not identity_store.erase_identity_store(
        tx, instance.identity_store_id, PRINCIPALS_AT_A_TIME
    ):
        return False
    tx.publish(InstanceDeleted(instance_id=instance.instance_id))
    store.delete(tx, instance.instance_id)
    return True
