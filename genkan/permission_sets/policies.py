"""The policies of a permission set: AWS managed, customer managed, inline, boundary.

Nothing here reaches an account by itself: that is ProvisionPermissionSet's work (reference §3.2).
"""

from typing import Any

import msgspec

from genkan.authorization import (
    PolicyKind,
    PolicySyntaxError,
    managed,
    parse,
    policy_size,
)
from genkan.core.errors import Conflict, Invalid, NotFound, QuotaExceeded
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.permission_sets import store
from genkan.permission_sets.content import ATTACHED_LIMIT, changing, edited, existing
from genkan.permission_sets.records import CustomerManagedPolicyReference, PermissionsBoundary

INLINE_LIMIT = 10_240
"""Bytes of an inline policy that are not white space (reference §3.1)."""

Answer = dict[str, Any]


def attach_managed_policy(
    tx: Tx, *, instance_arn: str, permission_set_arn: str, managed_policy_arn: str
) -> Answer:
    """AttachManagedPolicyToPermissionSet: a policy of AWS, at most twenty with the customer's."""
    permission_set_id = changing(tx, instance_arn, permission_set_arn).permission_set_id
    _require_aws_policy(managed_policy_arn)
    if not store.attach_managed_policy(tx, permission_set_id, managed_policy_arn):
        raise Conflict(
            f"Permission set with id {permission_set_id} already has a typed link attachment to a"
            f" manged policy with {managed_policy_arn}"
        )
    if store.attached_count(tx, permission_set_id) > ATTACHED_LIMIT:
        raise QuotaExceeded(
            f"You have exceeded AWS SSO limits. Cannot create ManagedPolicy more than"
            f" {ATTACHED_LIMIT} for id {permission_set_id}. Please refer to"
            " https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"
        )
    edited(tx, permission_set_id)
    return {}


def detach_managed_policy(
    tx: Tx, *, instance_arn: str, permission_set_arn: str, managed_policy_arn: str
) -> Answer:
    """DetachManagedPolicyFromPermissionSet."""
    permission_set_id = changing(tx, instance_arn, permission_set_arn).permission_set_id
    if not store.detach_managed_policy(tx, permission_set_id, managed_policy_arn):
        raise NotFound(f"Could not find ManagedPolicy with arn {managed_policy_arn}")
    edited(tx, permission_set_id)
    return {}


def list_managed_policies(
    tx: Tx,
    *,
    instance_arn: str,
    permission_set_arn: str,
    max_results: int = 100,
    next_token: str | None = None,
) -> Answer:
    """ListManagedPoliciesInPermissionSet; a policy's name is the last segment of its ARN."""
    permission_set_id = existing(tx, instance_arn, permission_set_arn).permission_set_id
    query = f"ListManagedPoliciesInPermissionSet:{permission_set_id}"
    after = open_token(tx.vault, query, next_token)
    rows = store.managed_policies(tx, permission_set_id, after, max_results + 1)
    page = page_of(tx.vault, query, rows, max_results, str)
    return {
        "attached_managed_policies": [
            {"name": arn.rpartition("/")[2], "arn": arn} for arn in page.items
        ],
        "next_token": page.next_token,
    }


def attach_customer_managed_policy_reference(
    tx: Tx,
    *,
    instance_arn: str,
    permission_set_arn: str,
    customer_managed_policy_reference: dict[str, str],
) -> Answer:
    """AttachCustomerManagedPolicyReferenceToPermissionSet; whether it exists shows on use."""
    permission_set_id = changing(tx, instance_arn, permission_set_arn).permission_set_id
    reference = _reference(customer_managed_policy_reference)
    if not store.attach_customer_policy(tx, permission_set_id, reference):
        raise Conflict(
            f"Given customer managed policy with name: {reference.name}  and path"
            f" {reference.path} already attached"
        )
    if store.attached_count(tx, permission_set_id) > ATTACHED_LIMIT:
        raise QuotaExceeded(
            "Cannot attach managed policy: number of attached managed policies is already at"
            f" maximum {ATTACHED_LIMIT}"
        )
    edited(tx, permission_set_id)
    return {}


def detach_customer_managed_policy_reference(
    tx: Tx,
    *,
    instance_arn: str,
    permission_set_arn: str,
    customer_managed_policy_reference: dict[str, str],
) -> Answer:
    """DetachCustomerManagedPolicyReferenceFromPermissionSet."""
    permission_set_id = changing(tx, instance_arn, permission_set_arn).permission_set_id
    reference = _reference(customer_managed_policy_reference)
    if not store.detach_customer_policy(tx, permission_set_id, reference):
        raise NotFound(
            f"Given managed policy with name: {reference.name}  and path {reference.path} does not"
            " exist on PermissionSet"
        )
    edited(tx, permission_set_id)
    return {}


def list_customer_managed_policy_references(
    tx: Tx,
    *,
    instance_arn: str,
    permission_set_arn: str,
    max_results: int = 100,
    next_token: str | None = None,
) -> Answer:
    """ListCustomerManagedPolicyReferencesInPermissionSet."""
    permission_set_id = existing(tx, instance_arn, permission_set_arn).permission_set_id
    query = f"ListCustomerManagedPolicyReferencesInPermissionSet:{permission_set_id}"
    opened = open_token(tx.vault, query, next_token)
    after = msgspec.json.decode(opened, type=tuple[str, str]) if opened else None
    rows = store.customer_policies(tx, permission_set_id, after, max_results + 1)
    page = page_of(
        tx.vault,
        query,
        rows,
        max_results,
        lambda row: msgspec.json.encode((row.path, row.name)).decode(),
    )
    return {
        "customer_managed_policy_references": list(page.items),
        "next_token": page.next_token,
    }


def put_inline_policy(
    tx: Tx, *, instance_arn: str, permission_set_arn: str, inline_policy: str
) -> Answer:
    """PutInlinePolicyToPermissionSet: read strictly, `Invalid` with the parser's sentence."""
    permission_set_id = changing(tx, instance_arn, permission_set_arn).permission_set_id
    try:
        parse(inline_policy, PolicyKind.IDENTITY)
    except PolicySyntaxError as error:
        place = f" ({error.path})" if error.path else ""
        raise Invalid(f"{error.message}{place} {error.detail}".rstrip()) from None
    if policy_size(inline_policy) > INLINE_LIMIT:
        raise QuotaExceeded(
            f"The inline policy is larger than {INLINE_LIMIT} bytes without white space."
        )
    store.set_inline_policy(tx, permission_set_id, inline_policy)
    edited(tx, permission_set_id)
    return {}


def get_inline_policy(tx: Tx, *, instance_arn: str, permission_set_arn: str) -> Answer:
    """GetInlinePolicyForPermissionSet: an empty string when there is none."""
    found = existing(tx, instance_arn, permission_set_arn)
    return {"inline_policy": store.inline_policy(tx, found.permission_set_id)}


def delete_inline_policy(tx: Tx, *, instance_arn: str, permission_set_arn: str) -> Answer:
    """DeleteInlinePolicyFromPermissionSet; `NotFound` when there is none."""
    permission_set_id = changing(tx, instance_arn, permission_set_arn).permission_set_id
    if not store.inline_policy(tx, permission_set_id):
        raise NotFound(f"Could not find an inline policy of PermissionSet {permission_set_id}")
    store.set_inline_policy(tx, permission_set_id, "")
    edited(tx, permission_set_id)
    return {}


def put_permissions_boundary(
    tx: Tx, *, instance_arn: str, permission_set_arn: str, permissions_boundary: dict[str, Any]
) -> Answer:
    """PutPermissionsBoundaryToPermissionSet: exactly one kind of policy."""
    permission_set_id = changing(tx, instance_arn, permission_set_arn).permission_set_id
    arn = permissions_boundary.get("managed_policy_arn")
    reference = permissions_boundary.get("customer_managed_policy_reference")
    if (arn is None) == (reference is None):
        raise Invalid(
            "A permissions boundary names either a ManagedPolicyArn or a"
            " CustomerManagedPolicyReference."
        )
    if arn is not None:
        _require_aws_policy(arn)
        boundary = PermissionsBoundary(managed_policy_arn=arn)
    else:
        boundary = PermissionsBoundary(customer_managed_policy_reference=_reference(reference))
    store.set_boundary(tx, permission_set_id, boundary)
    edited(tx, permission_set_id)
    return {}


def get_permissions_boundary(tx: Tx, *, instance_arn: str, permission_set_arn: str) -> Answer:
    """GetPermissionsBoundaryForPermissionSet; `NotFound` when there is none."""
    found = existing(tx, instance_arn, permission_set_arn)
    boundary = store.boundary(tx, found.permission_set_id)
    if boundary is None:
        raise _no_boundary(found.permission_set_id)
    return {"permissions_boundary": boundary}


def delete_permissions_boundary(tx: Tx, *, instance_arn: str, permission_set_arn: str) -> Answer:
    """DeletePermissionsBoundaryFromPermissionSet; `NotFound` when there is none."""
    permission_set_id = changing(tx, instance_arn, permission_set_arn).permission_set_id
    if store.boundary(tx, permission_set_id) is None:
        raise _no_boundary(permission_set_id)
    store.set_boundary(tx, permission_set_id, None)
    edited(tx, permission_set_id)
    return {}


def _reference(given: Any) -> CustomerManagedPolicyReference:
    return CustomerManagedPolicyReference(name=given["name"], path=given.get("path", "/"))


def _require_aws_policy(policy_arn: str) -> None:
    if managed.lookup(policy_arn) is None:
        raise NotFound(f"Policy does not exist with ARN: {policy_arn}")


def _no_boundary(permission_set_id: str) -> NotFound:
    return NotFound(f"Could not find a permissions boundary of PermissionSet {permission_set_id}")
