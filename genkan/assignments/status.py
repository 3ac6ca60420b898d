"""The status of asynchronous requests: describe one, list those of a kind (reference §4, §15.5)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genkan.assignments import store
from genkan.assignments.records import Request, RequestKind
from genkan.core import arns
from genkan.core.errors import NotFound
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.instances import operations as instances

Answer = dict[str, Any]


def describe_creation(
    tx: Tx, *, instance_arn: str, account_assignment_creation_request_id: str
) -> Answer:
    """DescribeAccountAssignmentCreationStatus."""
    found = _existing(tx, instance_arn, "CREATION", account_assignment_creation_request_id)
    return {"account_assignment_creation_status": assignment_status(found)}


def describe_deletion(
    tx: Tx, *, instance_arn: str, account_assignment_deletion_request_id: str
) -> Answer:
    """DescribeAccountAssignmentDeletionStatus."""
    found = _existing(tx, instance_arn, "DELETION", account_assignment_deletion_request_id)
    return {"account_assignment_deletion_status": assignment_status(found)}


def describe_provisioning(
    tx: Tx, *, instance_arn: str, provision_permission_set_request_id: str
) -> Answer:
    """DescribePermissionSetProvisioningStatus."""
    found = _existing(tx, instance_arn, "PROVISIONING", provision_permission_set_request_id)
    return {"permission_set_provisioning_status": provisioning_status(found)}


def list_creations(tx: Tx, *, instance_arn: str, **page: Any) -> Answer:
    """ListAccountAssignmentCreationStatus."""
    return _list(tx, instance_arn, "CREATION", "account_assignments_creation_status", **page)


def list_deletions(tx: Tx, *, instance_arn: str, **page: Any) -> Answer:
    """ListAccountAssignmentDeletionStatus."""
    return _list(tx, instance_arn, "DELETION", "account_assignments_deletion_status", **page)


def list_provisionings(tx: Tx, *, instance_arn: str, **page: Any) -> Answer:
    """ListPermissionSetProvisioningStatus."""
    return _list(tx, instance_arn, "PROVISIONING", "permission_sets_provisioning_status", **page)


def assignment_status(request: Request) -> Answer:
    """AccountAssignmentOperationStatus."""
    return {
        "status": request.status,
        "request_id": request.request_id,
        "failure_reason": request.failure_reason or None,
        "target_id": request.account_id,
        "target_type": "AWS_ACCOUNT",
        "permission_set_arn": request.permission_set_arn,
        "principal_type": request.principal_type,
        "principal_id": request.principal_id,
        "created_date": request.created_at,
    }


def provisioning_status(request: Request) -> Answer:
    """PermissionSetProvisioningStatus; without an account when it is for all of them."""
    return {
        "status": request.status,
        "request_id": request.request_id,
        "account_id": request.account_id or None,
        "permission_set_arn": request.permission_set_arn,
        "failure_reason": request.failure_reason or None,
        "created_date": request.created_at,
    }


def _existing(tx: Tx, instance_arn: str, kind: RequestKind, request_id: str) -> Request:
    found = store.find_request(tx, request_id)
    if found is None or found.kind != kind or arns.instance(found.instance_id) != instance_arn:
        raise NotFound(f"Could not find a request with id {request_id}")
    return found


def _list(
    tx: Tx,
    instance_arn: str,
    kind: RequestKind,
    member: str,
    *,
    max_results: int = 100,
    next_token: str | None = None,
    filter: Mapping[str, str] | None = None,
) -> Answer:
    instance_id = instances.required_organization_instance(tx, instance_arn).instance_id
    status = (filter or {}).get("status")
    query = f"ListStatus:{kind}:{instance_id}:{status}"
    opened = open_token(tx.vault, query, next_token)
    before = msgspec.json.decode(opened, type=tuple[int, str]) if opened else None
    rows = store.page_of_requests(tx, instance_id, kind, status, before, max_results + 1)
    page = page_of(
        tx.vault, query, rows, max_results, lambda row: msgspec.json.encode(row[:2]).decode()
    )
    return {
        member: [
            {"status": status, "request_id": request_id, "created_date": created_at}
            for created_at, request_id, status in page.items
        ],
        "next_token": page.next_token,
    }
