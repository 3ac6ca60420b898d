"""What a permission set says, its hash, and the gate that every edit passes."""

import hashlib

import msgspec

from genkan.core import arns
from genkan.core.errors import NotFound
from genkan.core.events import PermissionSetChanging
from genkan.db.database import Tx
from genkan.permission_sets import store
from genkan.permission_sets.records import PermissionSet, PermissionSetContent

ATTACHED_LIMIT = 20
"""AWS managed and customer managed policies of one permission set together (reference §12)."""


def find_permission_set(tx: Tx, permission_set_arn: str) -> PermissionSet | None:
    """The permission set of this ARN, or None. One query, remembered."""
    permission_set_id = permission_set_arn.rpartition("/")[2]
    found = tx.remembered(
        ("permission_set", permission_set_id), lambda: store.find(tx, permission_set_id)
    )
    return found if found is not None and found.permission_set_arn == permission_set_arn else None


def existing(tx: Tx, instance_arn: str, permission_set_arn: str) -> PermissionSet:
    """The permission set of this ARN in this instance; `NotFound` otherwise."""
    found = find_permission_set(tx, permission_set_arn)
    if found is None or arns.instance(found.instance_id) != instance_arn:
        permission_set_id = permission_set_arn.rpartition("/")[2]
        raise NotFound(f"Could not find PermissionSet with id {permission_set_id}")
    return found


def changing(tx: Tx, instance_arn: str, permission_set_arn: str) -> PermissionSet:
    """The permission set, about to be edited; a subscriber refuses while an operation runs."""
    found = existing(tx, instance_arn, permission_set_arn)
    tx.publish(
        PermissionSetChanging(
            instance_id=found.instance_id, permission_set_arn=found.permission_set_arn
        )
    )
    return found


def content_of(tx: Tx, permission_set: PermissionSet) -> PermissionSetContent:
    """All that the permission set says now."""
    key = permission_set.permission_set_id
    return PermissionSetContent(
        name=permission_set.name,
        description=permission_set.description,
        session_duration=permission_set.session_duration,
        relay_state=permission_set.relay_state,
        managed_policies=store.managed_policies(tx, key, None, ATTACHED_LIMIT),
        customer_managed_policies=store.customer_policies(tx, key, None, ATTACHED_LIMIT),
        inline_policy=store.inline_policy(tx, key),
        boundary=store.boundary(tx, key),
    )


def content_hash(content: PermissionSetContent) -> str:
    """SHA-256 of the content; equal contents have equal hashes."""
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


def edited(tx: Tx, permission_set_id: str) -> None:
    """Renew the hash after an edit."""
    permission_set = store.find(tx, permission_set_id)
    if permission_set is not None:
        store.set_content_hash(tx, permission_set_id, content_hash(content_of(tx, permission_set)))
