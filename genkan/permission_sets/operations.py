"""Permission sets: create, describe, list, update, delete (reference §3, §15.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from genkan.core import arns, ids
from genkan.core.call import Operation
from genkan.core.errors import Conflict, QuotaExceeded
from genkan.core.events import PermissionSetDeleting
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.instances import operations as instances
from genkan.instances.records import Tags
from genkan.instances.tags import read_tags
from genkan.permission_sets import duration, policies, store
from genkan.permission_sets.access import creating, on_instance, on_permission_set
from genkan.permission_sets.content import (
    changing,
    content_hash,
    content_of,
    edited,
    existing,
    find_permission_set,
)
from genkan.permission_sets.records import PermissionSet, PermissionSetContent

__all__ = [
    "OPERATIONS",
    "PermissionSet",
    "PermissionSetContent",
    "content_hash",
    "content_of",
    "existing",
    "find_by_name",
    "find_many",
    "find_permission_set",
    "session_seconds",
    "set_tags",
    "tags_of",
]

Answer = dict[str, Any]


def create_permission_set(
    tx: Tx,
    *,
    instance_arn: str,
    name: str,
    description: str = "",
    session_duration: str = duration.DEFAULT,
    relay_state: str = "",
    tags: Sequence[Mapping[str, str]] = (),
    permission_set_id: str | None = None,
) -> Answer:
    """CreatePermissionSet: the whole permission set; the name is unique and stays.

    `permission_set_id` is for the seed of an organization that exists elsewhere; the model has
    none.
    """
    instance = instances.required_organization_instance(tx, instance_arn)
    duration.seconds(session_duration)
    if store.find_by_name(tx, name) is not None:
        raise Conflict(f"PermissionSet with name {name} already exists.")
    if permission_set_id is not None and store.find(tx, permission_set_id) is not None:
        raise Conflict(f"PermissionSet with id {permission_set_id} already exists.")
    limit = tx.deployment.quotas.permission_sets
    if store.count(tx, instance.instance_id) >= limit:
        raise QuotaExceeded(
            "You have exceeded AWS SSO limits. Cannot create PermissionSet more than"
            f" {limit} for id {instance.instance_id}. Please refer to"
            " https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"
        )
    permission_set = PermissionSet(
        permission_set_id=permission_set_id or ids.permission_set_id(),
        instance_id=instance.instance_id,
        name=name,
        description=description,
        session_duration=session_duration,
        relay_state=relay_state,
        content_hash="",
        tags=read_tags(tags),
        created_at=tx.now,
    )
    store.insert(tx, permission_set)
    edited(tx, permission_set.permission_set_id)
    return {"permission_set": _shape(permission_set)}


def describe_permission_set(tx: Tx, *, instance_arn: str, permission_set_arn: str) -> Answer:
    """DescribePermissionSet."""
    return {"permission_set": _shape(existing(tx, instance_arn, permission_set_arn))}


def list_permission_sets(
    tx: Tx, *, instance_arn: str, max_results: int = 100, next_token: str | None = None
) -> Answer:
    """ListPermissionSets: ARNs only."""
    instance_id = instances.required_organization_instance(tx, instance_arn).instance_id
    query = f"ListPermissionSets:{instance_id}"
    after = open_token(tx.vault, query, next_token)
    rows = store.page(tx, instance_id, after, max_results + 1)
    page = page_of(tx.vault, query, rows, max_results, str)
    return {
        "permission_sets": [arns.permission_set(instance_id, row) for row in page.items],
        "next_token": page.next_token,
    }


def update_permission_set(
    tx: Tx,
    *,
    instance_arn: str,
    permission_set_arn: str,
    description: str = "",
    session_duration: str = duration.DEFAULT,
    relay_state: str = "",
) -> Answer:
    """UpdatePermissionSet: a full statement, so what is omitted is cleared (reference §3.2)."""
    found = changing(tx, instance_arn, permission_set_arn)
    duration.seconds(session_duration)
    changed = replace(
        found,
        description=description,
        session_duration=session_duration,
        relay_state=relay_state,
    )
    store.update(tx, changed)
    edited(tx, found.permission_set_id)
    return {}


def delete_permission_set(tx: Tx, *, instance_arn: str, permission_set_arn: str) -> Answer:
    """DeletePermissionSet; a subscriber refuses while it is assigned or provisioned."""
    found = existing(tx, instance_arn, permission_set_arn)
    tx.publish(
        PermissionSetDeleting(
            instance_id=found.instance_id, permission_set_arn=found.permission_set_arn
        )
    )
    store.delete(tx, found.permission_set_id)
    return {}


def find_by_name(tx: Tx, name: str) -> PermissionSet | None:
    """The permission set of this exact name, or None. One query, remembered.

    Only the organization instance has permission sets (reference §1.1), so a name says enough.
    """
    return tx.remembered(("permission_set.name", name), lambda: store.find_by_name(tx, name))


def find_many(tx: Tx, permission_set_arns: Sequence[str]) -> dict[str, PermissionSet]:
    """Those of the permission sets that exist, by ARN."""
    found = (find_permission_set(tx, arn) for arn in permission_set_arns)
    return {one.permission_set_arn: one for one in found if one is not None}


def session_seconds(permission_set: PermissionSet) -> int:
    """The session duration in seconds."""
    return duration.seconds(permission_set.session_duration)


def tags_of(tx: Tx, permission_set_arn: str) -> Tags:
    """The tags of the permission set; `NotFound` when there is none of this ARN."""
    return _tagged(tx, permission_set_arn).tags


def set_tags(tx: Tx, permission_set_arn: str, tags: Tags) -> None:
    """Keep these tags instead of those before. No role says them, so nothing goes out of date."""
    store.set_tags(tx, _tagged(tx, permission_set_arn).permission_set_id, tags)


def _tagged(tx: Tx, permission_set_arn: str) -> PermissionSet:
    instance_id = permission_set_arn.split("/")[1]
    return existing(tx, arns.instance(instance_id), permission_set_arn)


def _shape(permission_set: PermissionSet) -> Answer:
    return {
        "name": permission_set.name,
        "permission_set_arn": permission_set.permission_set_arn,
        "description": permission_set.description or None,
        "created_date": permission_set.created_at,
        "session_duration": permission_set.session_duration,
        "relay_state": permission_set.relay_state or None,
    }


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="CreatePermissionSet",
        run=create_permission_set,
        access=creating("CreatePermissionSet"),
    ),
    Operation(
        name="DescribePermissionSet",
        run=describe_permission_set,
        access=on_permission_set("DescribePermissionSet"),
        reads="point",
    ),
    Operation(
        name="ListPermissionSets",
        run=list_permission_sets,
        access=on_instance("ListPermissionSets"),
        reads="point",
    ),
    *(
        Operation(name=name, run=run, access=on_permission_set(name), reads="point")
        for name, run in (
            ("ListManagedPoliciesInPermissionSet", policies.list_managed_policies),
            (
                "ListCustomerManagedPolicyReferencesInPermissionSet",
                policies.list_customer_managed_policy_references,
            ),
            ("GetInlinePolicyForPermissionSet", policies.get_inline_policy),
            ("GetPermissionsBoundaryForPermissionSet", policies.get_permissions_boundary),
        )
    ),
    *(
        Operation(name=name, run=run, access=on_permission_set(name))
        for name, run in (
            ("UpdatePermissionSet", update_permission_set),
            ("DeletePermissionSet", delete_permission_set),
            ("AttachManagedPolicyToPermissionSet", policies.attach_managed_policy),
            ("DetachManagedPolicyFromPermissionSet", policies.detach_managed_policy),
            (
                "AttachCustomerManagedPolicyReferenceToPermissionSet",
                policies.attach_customer_managed_policy_reference,
            ),
            (
                "DetachCustomerManagedPolicyReferenceFromPermissionSet",
                policies.detach_customer_managed_policy_reference,
            ),
            ("PutInlinePolicyToPermissionSet", policies.put_inline_policy),
            ("DeleteInlinePolicyFromPermissionSet", policies.delete_inline_policy),
            ("PutPermissionsBoundaryToPermissionSet", policies.put_permissions_boundary),
            ("DeletePermissionsBoundaryFromPermissionSet", policies.delete_permissions_boundary),
        )
    ),
)
