"""Who may use an application: assignments, and whether one is needed (reference §5.3)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import msgspec

from genkan.applications import store
from genkan.applications.lookup import existing_application, no_application
from genkan.core import arns
from genkan.core.errors import Conflict, NotFound
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances

Answer = dict[str, Any]


def create_application_assignment(
    tx: Tx, *, application_arn: str, principal_id: str, principal_type: str
) -> Answer:
    """CreateApplicationAssignment: at once; `Conflict` for one that stands."""
    application = existing_application(tx, application_arn)
    instance = instances.required_instance(tx, application.instance_arn)
    _require_principal(tx, instance.identity_store_id, principal_type, principal_id)
    if not store.insert_assignment(tx, application.application_id, principal_id, principal_type):
        raise Conflict(
            f"The {principal_type} {principal_id} is already assigned to the application"
            f" {application_arn}."
        )
    return {}


def describe_application_assignment(
    tx: Tx, *, application_arn: str, principal_id: str, principal_type: str
) -> Answer:
    """DescribeApplicationAssignment: a direct one only; `NotFound` otherwise."""
    application = existing_application(tx, application_arn)
    if not store.is_assigned(tx, application.application_id, principal_id, principal_type):
        raise NotFound(
            f"The {principal_type} {principal_id} is not assigned to the application"
            f" {application_arn}."
        )
    return {
        "application_arn": application_arn,
        "principal_id": principal_id,
        "principal_type": principal_type,
    }


def delete_application_assignment(
    tx: Tx, *, application_arn: str, principal_id: str, principal_type: str
) -> Answer:
    """DeleteApplicationAssignment; there need not be one."""
    application = existing_application(tx, application_arn)
    store.delete_assignment(tx, application.application_id, principal_id, principal_type)
    return {}


def list_application_assignments(
    tx: Tx, *, application_arn: str, max_results: int = 100, next_token: str | None = None
) -> Answer:
    """ListApplicationAssignments: the direct ones."""
    application = existing_application(tx, application_arn)
    query = f"ListApplicationAssignments:{application_arn}"
    opened = open_token(tx.vault, query, next_token)
    after = msgspec.json.decode(opened, type=tuple[str, str]) if opened else None
    rows = store.page_of_assignments(tx, application.application_id, after, max_results + 1)
    page = page_of(
        tx.vault, query, rows, max_results, lambda row: msgspec.json.encode(row).decode()
    )
    return {
        "application_assignments": [
            {
                "application_arn": application_arn,
                "principal_id": principal_id,
                "principal_type": principal_type,
            }
            for principal_id, principal_type in page.items
        ],
        "next_token": page.next_token,
    }


def list_application_assignments_for_principal(
    tx: Tx,
    *,
    instance_arn: str,
    principal_id: str,
    principal_type: str,
    filter: Mapping[str, str] | None = None,
    max_results: int = 100,
    next_token: str | None = None,
) -> Answer:
    """ListApplicationAssignmentsForPrincipal: a user's own and, as GROUP rows, its groups'."""
    instance = instances.required_instance(tx, instance_arn)
    _require_principal(tx, instance.identity_store_id, principal_type, principal_id)
    groups = identity_store.group_ids_of(tx, principal_id) if principal_type == "USER" else ()
    application_id = _application_asked_for(tx, instance_arn, filter or {})
    query = f"ListApplicationAssignmentsForPrincipal:{instance_arn}:{principal_id}:{application_id}"
    opened = open_token(tx.vault, query, next_token)
    after = msgspec.json.decode(opened, type=tuple[str, str]) if opened else None
    rows = store.page_of_principals(
        tx,
        (principal_id, *groups),
        instance.instance_id,
        application_id,
        after,
        max_results + 1,
    )
    page = page_of(
        tx.vault,
        query,
        rows,
        max_results,
        lambda row: msgspec.json.encode(row[:2]).decode(),
    )
    return {
        "application_assignments": [
            {
                "application_arn": arns.application(account_id, instance.instance_id, listed),
                "principal_id": principal,
                "principal_type": kind,
            }
            for listed, principal, kind, account_id in page.items
        ],
        "next_token": page.next_token,
    }


def account_asked_for(filter: Mapping[str, str]) -> str | None:
    """The account of the application that ListApplicationAssignmentsForPrincipal is asked about.

    Read off the ARN: an ARN of another account's application names nothing that exists.
    """
    arn = filter.get("application_arn")
    return None if arn is None else arn.split(":")[4]


def _application_asked_for(tx: Tx, instance_arn: str, filter: Mapping[str, str]) -> str | None:
    application_arn = filter.get("application_arn")
    if application_arn is None:
        return None
    application = existing_application(tx, application_arn)
    if application.instance_arn != instance_arn:
        raise no_application(application_arn)
    return application.application_id


def put_configuration(tx: Tx, *, application_arn: str, assignment_required: bool) -> Answer:
    """PutApplicationAssignmentConfiguration; assignments that stand are kept."""
    found = existing_application(tx, application_arn)
    store.update_application(tx, replace(found, assignment_required=assignment_required))
    return {}


def get_configuration(tx: Tx, *, application_arn: str) -> Answer:
    """GetApplicationAssignmentConfiguration."""
    return {"assignment_required": existing_application(tx, application_arn).assignment_required}


def _require_principal(
    tx: Tx, identity_store_id: str, principal_type: str, principal_id: str
) -> None:
    """`NotFound` in the words that assignments to accounts have for it (reference §4)."""
    kind: Literal["USER", "GROUP"] = "USER" if principal_type == "USER" else "GROUP"
    if not identity_store.has_principal(tx, identity_store_id, kind, principal_id):
        raise NotFound(
            f"the {kind} assignee {principal_id} was not found in directory {identity_store_id}"
        )
