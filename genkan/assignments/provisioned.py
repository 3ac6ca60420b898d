"""Which permission sets have a role where, whether it is up to date, and bringing it up to date.

No edit of a permission set reaches an account by itself (reference §3.2, §3.3).
"""

from collections.abc import Callable
from typing import Any

from genkan.assignments import running, store
from genkan.assignments.records import (
    IN_PROGRESS,
    LATEST,
    NOT_LATEST,
    SUCCEEDED,
    Request,
    RequestKind,
)
from genkan.assignments.status import provisioning_status
from genkan.assignments.targets import require_not_provisioned_in_management, require_target
from genkan.core import arns, ids
from genkan.core.errors import Invalid, Throttled
from genkan.core.pages import open_token, page_of
from genkan.db.database import Row, Tx
from genkan.instances import operations as instances
from genkan.permission_sets import operations as permission_sets

ACCOUNT_LIMIT = 7_000
"""Accounts of one organization (reference §12)."""

Answer = dict[str, Any]


def provision_permission_set(
    tx: Tx,
    *,
    instance_arn: str,
    permission_set_arn: str,
    target_type: str,
    target_id: str | None = None,
) -> Answer:
    """ProvisionPermissionSet: to one account, or to all that have a role for it already."""
    permission_set = permission_sets.existing(tx, instance_arn, permission_set_arn)
    if (target_type == "AWS_ACCOUNT") == (target_id is None):
        raise Invalid("TargetId is required for AWS_ACCOUNT and not allowed otherwise.")
    if store.outstanding(tx, "PROVISIONING", tx.deployment.quotas.provisioning_requests):
        raise Throttled("There are too many requests processing. Please try again later.")
    if target_id is not None:
        require_target(tx, "ProvisionPermissionSet", target_id)
    require_not_provisioned_in_management(tx, "ProvisionPermissionSet", permission_set_arn)
    running.require_free(tx, permission_set.permission_set_id, target_id)
    request = _request(tx, permission_set, "PROVISIONING", target_id or "")
    if target_id is not None:
        running.begin(tx, request)
    else:
        request = _begin_everywhere(tx, request, permission_set)
    return {"permission_set_provisioning_status": provisioning_status(request)}


def list_permission_sets_provisioned_to_account(
    tx: Tx,
    *,
    instance_arn: str,
    account_id: str,
    provisioning_status: str | None = None,
    max_results: int = 100,
    next_token: str | None = None,
) -> Answer:
    """ListPermissionSetsProvisionedToAccount: ARNs, perhaps only those up to date or not."""
    instance_id = instances.required_organization_instance(tx, instance_arn).instance_id
    query = (
        f"ListPermissionSetsProvisionedToAccount:{instance_id}:{account_id}:{provisioning_status}"
    )
    after = open_token(tx.vault, query, next_token)
    rows = _first(
        max_results + 1,
        lambda last: store.sets_in_account(tx, instance_id, account_id, last, max_results + 1),
        after,
        wanted=lambda row: _wanted(
            tx, arns.permission_set(instance_id, row[0]), row[1], provisioning_status
        ),
    )
    page = page_of(tx.vault, query, rows, max_results, lambda row: str(row[0]))
    return {
        "permission_sets": [arns.permission_set(instance_id, row[0]) for row in page.items],
        "next_token": page.next_token,
    }


def list_accounts_for_provisioned_permission_set(
    tx: Tx,
    *,
    instance_arn: str,
    permission_set_arn: str,
    provisioning_status: str | None = None,
    max_results: int = 100,
    next_token: str | None = None,
) -> Answer:
    """ListAccountsForProvisionedPermissionSet: ids, perhaps only those up to date or not."""
    found = permission_sets.existing(tx, instance_arn, permission_set_arn)
    query = f"ListAccountsForProvisionedPermissionSet:{permission_set_arn}:{provisioning_status}"
    after = open_token(tx.vault, query, next_token)
    now = found.content_hash
    rows = store.accounts_of_set(
        tx,
        found.permission_set_id,
        after,
        max_results + 1,
        saying=now if provisioning_status == LATEST else None,
        but_saying=now if provisioning_status == NOT_LATEST else None,
    )
    page = page_of(tx.vault, query, rows, max_results, str)
    return {"account_ids": page.items, "next_token": page.next_token}


def _begin_everywhere(
    tx: Tx, request: Request, permission_set: permission_sets.PermissionSet
) -> Request:
    accounts = store.accounts_of_set(tx, permission_set.permission_set_id, None, ACCOUNT_LIMIT)
    store.insert_request(tx, request)
    for account_id in accounts:
        running.begin(tx, _request(tx, permission_set, "TARGET", account_id, request.request_id))
    if not accounts:
        store.finish_request(tx, request.request_id, SUCCEEDED, "")
    return request


def _request(
    tx: Tx,
    permission_set: permission_sets.PermissionSet,
    kind: RequestKind,
    account_id: str,
    parent_id: str = "",
) -> Request:
    return Request(
        request_id=ids.request_id(),
        instance_id=permission_set.instance_id,
        kind=kind,
        status=IN_PROGRESS,
        account_id=account_id,
        permission_set_id=permission_set.permission_set_id,
        created_at=tx.now,
        parent_id=parent_id,
    )


def _first(
    count: int,
    read: Callable[[str | None], list[Row]],
    after: str | None,
    *,
    wanted: Callable[[Row], bool],
) -> list[Row]:
    """The first `count` wanted rows after a key, read so many at a time: a page costs a page."""
    found: list[Row] = []
    while len(found) < count:
        batch = read(after)
        found += filter(wanted, batch)
        if len(batch) < count:
            break
        after = batch[-1][0]
    return found[:count]


def _wanted(tx: Tx, permission_set_arn: str, content_hash: str, status: str | None) -> bool:
    if status is None:
        return True
    permission_set = permission_sets.find_permission_set(tx, permission_set_arn)
    latest = permission_set is not None and permission_set.content_hash == content_hash
    return latest == (status == LATEST)
