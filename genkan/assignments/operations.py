"""Account assignments: create, delete, list (reference §4, §15.1); and what others ask of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import msgspec

from genkan.assignments import provisioned, running, status, store
from genkan.assignments.access import iam
from genkan.assignments.records import (
    FAILED,
    IN_PROGRESS,
    ProvisionedRole,
    Request,
    RequestKind,
)
from genkan.assignments.rights import (
    assigned,
    assignments_of,
    on_role_session_used,
    provisioned_role,
)
from genkan.assignments.subscribers import (
    on_group_deleted,
    on_permission_set_changing,
    on_permission_set_deleting,
    on_user_deleted,
)
from genkan.assignments.targets import (
    require_not_management,
    require_not_provisioned_in_management,
    require_target,
)
from genkan.assignments.work import assignment_of, begin_role_work, settle_role_work
from genkan.core import arns, ids
from genkan.core.call import Operation, Owner, System
from genkan.core.errors import NotFound, QuotaExceeded, Throttled
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.iam.records import PROVISION_JOB
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.permission_sets import operations as permission_sets

__all__ = [
    "BEGIN_ROLE_WORK",
    "OPERATIONS",
    "SETTLE_ROLE_WORK",
    "ProvisionedRole",
    "assigned",
    "assignments_of",
    "on_group_deleted",
    "on_permission_set_changing",
    "on_permission_set_deleting",
    "on_role_session_used",
    "on_user_deleted",
    "provisioned_role",
]

Answer = dict[str, Any]


def create_account_assignment(
    tx: Tx,
    *,
    instance_arn: str,
    target_id: str,
    target_type: str,
    permission_set_arn: str,
    principal_type: str,
    principal_id: str,
) -> Answer:
    """CreateAccountAssignment: answered IN_PROGRESS; the assignment begins once its role stands."""
    permission_set = permission_sets.existing(tx, instance_arn, permission_set_arn)
    require_target(tx, "CreateAccountAssignment", target_id)
    require_not_provisioned_in_management(tx, "CreateAccountAssignment", permission_set_arn)
    running.require_free(tx, permission_set.permission_set_id, target_id)
    _require_room(tx, target_id, permission_set.permission_set_id)
    request = _request(tx, "CREATION", permission_set, target_id, principal_type, principal_id)
    running.begin(tx, request)
    return {"account_assignment_creation_status": _accepted(request)}


def delete_account_assignment(
    tx: Tx,
    *,
    instance_arn: str,
    target_id: str,
    target_type: str,
    permission_set_arn: str,
    principal_type: str,
    principal_id: str,
) -> Answer:
    """DeleteAccountAssignment: access ends with this answer; the role may go a moment later.

    A deletion of nothing is accepted, and found FAILED when described, as on AWS.
    """
    permission_set = permission_sets.existing(tx, instance_arn, permission_set_arn)
    require_not_management(tx, "DeleteAccountAssignment", target_id)
    running.require_free(tx, permission_set.permission_set_id, target_id)
    request = _request(tx, "DELETION", permission_set, target_id, principal_type, principal_id)
    deleted = store.delete_assignment(tx, assignment_of(request))
    running.begin(tx, request if deleted else _missing(request))
    return {"account_assignment_deletion_status": _accepted(request)}


def list_account_assignments(
    tx: Tx,
    *,
    instance_arn: str,
    account_id: str,
    permission_set_arn: str,
    max_results: int = 100,
    next_token: str | None = None,
) -> Answer:
    """ListAccountAssignments: direct assignments of one permission set in one account."""
    permission_set = permission_sets.existing(tx, instance_arn, permission_set_arn)
    query = f"ListAccountAssignments:{account_id}:{permission_set_arn}"
    opened = open_token(tx.vault, query, next_token)
    after = msgspec.json.decode(opened, type=tuple[str, str]) if opened else None
    rows = store.page_of_role(
        tx, account_id, permission_set.permission_set_id, after, max_results + 1
    )
    page = page_of(
        tx.vault,
        query,
        rows,
        max_results,
        lambda row: msgspec.json.encode(row).decode(),
    )
    return {
        "account_assignments": [
            {
                "account_id": account_id,
                "permission_set_arn": permission_set_arn,
                "principal_type": principal_type,
                "principal_id": principal_id,
            }
            for principal_id, principal_type in page.items
        ],
        "next_token": page.next_token,
    }


def list_account_assignments_for_principal(
    tx: Tx,
    *,
    instance_arn: str,
    principal_id: str,
    principal_type: str,
    filter: Mapping[str, str] | None = None,
    max_results: int = 100,
    next_token: str | None = None,
) -> Answer:
    """ListAccountAssignmentsForPrincipal: a user's own and, as GROUP rows, those of its groups."""
    instance = instances.required_organization_instance(tx, instance_arn)
    kind: Literal["USER", "GROUP"] = "USER" if principal_type == "USER" else "GROUP"
    if not identity_store.has_principal(tx, instance.identity_store_id, kind, principal_id):
        raise NotFound(f"{kind} not found.")
    groups = identity_store.group_ids_of(tx, principal_id) if kind == "USER" else ()
    account_id = (filter or {}).get("account_id")
    query = f"ListAccountAssignmentsForPrincipal:{instance_arn}:{principal_id}:{account_id}"
    opened = open_token(tx.vault, query, next_token)
    after = msgspec.json.decode(opened, type=tuple[str, str, str, str]) if opened else None
    rows = store.page_of_principals(tx, (principal_id, *groups), account_id, after, max_results + 1)
    page = page_of(
        tx.vault, query, rows, max_results, lambda row: msgspec.json.encode(row[:4]).decode()
    )
    return {
        "account_assignments": [
            {
                "account_id": account_id,
                "permission_set_arn": arns.permission_set(instance_id, permission_set_id),
                "principal_type": principal_type,
                "principal_id": principal_id,
            }
            for account_id, permission_set_id, principal_type, principal_id, instance_id in (
                page.items
            )
        ],
        "next_token": page.next_token,
    }


def _require_room(tx: Tx, account_id: str, permission_set_id: str) -> None:
    quotas = tx.deployment.quotas
    if (
        store.count_provisioned(tx, account_id) >= quotas.provisioned_permission_sets
        and store.find_provisioned(tx, account_id, permission_set_id) is None
    ):
        raise QuotaExceeded(
            f"An account has at most {quotas.provisioned_permission_sets} provisioned permission"
            " sets."
        )
    # The owner's own bulk work (seed, plan) is not a request, and waits for nobody.
    if isinstance(tx.call.caller, Owner):
        return
    if store.outstanding(tx, "CREATION", quotas.account_assignment_requests):
        raise Throttled("There are too many requests processing. Please try again later.")


def _request(
    tx: Tx,
    kind: RequestKind,
    permission_set: permission_sets.PermissionSet,
    account_id: str,
    principal_type: str,
    principal_id: str,
) -> Request:
    return Request(
        request_id=ids.request_id(),
        instance_id=permission_set.instance_id,
        kind=kind,
        status=IN_PROGRESS,
        account_id=account_id,
        permission_set_id=permission_set.permission_set_id,
        created_at=tx.now,
        principal_type=principal_type,
        principal_id=principal_id,
    )


def _missing(request: Request) -> Request:
    """The request as FAILED from the start, with the reason that clients look for (§4)."""
    key = (
        f"accessorId={request.principal_id}, resourceId={request.permission_set_id},"
        f" auxiliaryResourceId={request.account_id}, containerId={request.instance_id}"
    )
    reason = (
        "Received a 404 status error: EntitlementItem doesn't exist with the given entitlement key"
        f" EntitlementKey{{{key}}}"
    )
    return replace(request, status=FAILED, failure_reason=reason)


def _accepted(request: Request) -> Answer:
    """What Create and Delete answer: IN_PROGRESS always, and no date yet."""
    answer = status.assignment_status(request)
    return {**answer, "created_date": None}


_KEYS = ("permission_set_arn", "target_id")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="CreateAccountAssignment",
        run=create_account_assignment,
        access=iam("CreateAccountAssignment", *_KEYS),
    ),
    Operation(
        name="DeleteAccountAssignment",
        run=delete_account_assignment,
        access=iam("DeleteAccountAssignment", *_KEYS),
    ),
    Operation(
        name="ProvisionPermissionSet",
        run=provisioned.provision_permission_set,
        access=iam("ProvisionPermissionSet", *_KEYS),
    ),
    Operation(
        name="ListAccountAssignments",
        run=list_account_assignments,
        access=iam("ListAccountAssignments", "permission_set_arn", "account_id"),
        reads="point",
    ),
    Operation(
        name="ListAccountAssignmentsForPrincipal",
        run=list_account_assignments_for_principal,
        access=iam("ListAccountAssignmentsForPrincipal"),
        reads="point",
    ),
    Operation(
        name="ListPermissionSetsProvisionedToAccount",
        run=provisioned.list_permission_sets_provisioned_to_account,
        access=iam("ListPermissionSetsProvisionedToAccount", "account_id"),
        reads="point",
    ),
    Operation(
        name="ListAccountsForProvisionedPermissionSet",
        run=provisioned.list_accounts_for_provisioned_permission_set,
        access=iam("ListAccountsForProvisionedPermissionSet", "permission_set_arn"),
        reads="point",
    ),
    *(
        Operation(name=name, run=run, access=iam(name), reads="point")
        for name, run in (
            ("DescribeAccountAssignmentCreationStatus", status.describe_creation),
            ("DescribeAccountAssignmentDeletionStatus", status.describe_deletion),
            ("DescribePermissionSetProvisioningStatus", status.describe_provisioning),
            ("ListAccountAssignmentCreationStatus", status.list_creations),
            ("ListAccountAssignmentDeletionStatus", status.list_deletions),
            ("ListPermissionSetProvisioningStatus", status.list_provisionings),
        )
    ),
)

BEGIN_ROLE_WORK = Operation(
    name="BeginRoleWork",
    run=begin_role_work,
    access=System(jobs=frozenset({PROVISION_JOB})),
    recorded=False,
)
SETTLE_ROLE_WORK = Operation(
    name="SettleRoleWork",
    run=settle_role_work,
    access=System(jobs=frozenset({PROVISION_JOB})),
    recorded=False,
)
