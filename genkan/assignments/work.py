"""The worker's two steps around making a role: what has to be brought about, and how it ended.

`begin_role_work` and `settle_role_work` may each run any number of times for one job: a job that
was killed runs again, and what was settled stays settled.
"""

from typing import Literal

from genkan.assignments import running, store
from genkan.assignments.records import IN_PROGRESS, Assignment, ProvisionedRole, Request, RoleWork
from genkan.core import arns, ids
from genkan.db.database import Tx
from genkan.iam.records import RESERVED_PATH
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.permission_sets import operations as permission_sets

LATER_MS = 600_000
"""When a role that could not be removed is tried again."""


def begin_role_work(
    tx: Tx, *, instance_id: str, account_id: str, permission_set_id: str, request_id: str
) -> RoleWork | None:
    """What the job has to bring about; None when nothing (and the request, if any, is settled).

    A role's suffix and the account's SAML provider name are chosen and recorded here, once, before
    anything is made in the account.
    """
    request = store.find_request(tx, request_id) if request_id else None
    if request_id and (request is None or request.status != IN_PROGRESS):
        return None
    role = store.find_provisioned(tx, account_id, permission_set_id)
    if request is None or request.kind == "DELETION":
        return _removal(tx, request, role, account_id, permission_set_id)
    missing = _missing_principal(tx, request)
    if missing:
        _give_up_creation(tx, request, role, missing)
        return None
    if request.kind == "TARGET" and role is None:
        # The role went since all accounts were asked for; there is nothing to bring up to date.
        running.settle(tx, request)
        return None
    permission_set = permission_sets.find_permission_set(tx, request.permission_set_arn)
    if permission_set is None:
        running.settle(tx, request, "Received a 404 status error: PermissionSet does not exist")
        return None
    if role is None:
        role = _choose_names(tx, instance_id, account_id, permission_set)
    return _work(role, permission_sets.content_of(tx, permission_set), permission_set.content_hash)


def settle_role_work(
    tx: Tx,
    *,
    account_id: str,
    permission_set_id: str,
    request_id: str,
    stands: bool,
    content_hash: str = "",
    failure: str = "",
) -> None:
    """Record how it ended: whether the role stands now, what it says, why it failed.

    `content_hash` is empty when what the role says was not brought about. The assignment that was
    asked for begins here, in the same transaction as its SUCCEEDED.
    """
    request = store.find_request(tx, request_id) if request_id else None
    if request_id and (request is None or request.status != IN_PROGRESS):
        return
    before = store.find_provisioned(tx, account_id, permission_set_id)
    if not stands:
        store.delete_provisioned(tx, account_id, permission_set_id)
    elif content_hash:
        store.set_provisioned_content(tx, account_id, permission_set_id, content_hash)
    vanished = ""
    if request is not None:
        vanished = "" if failure else _missing_principal(tx, request)
        if request.kind == "CREATION" and not (failure or vanished):
            store.insert_assignment(tx, assignment_of(request))
        running.settle(tx, request, failure or vanished)
    if before is not None and stands and (failure or vanished):
        _leave_no_unused_role(tx, before, request, LATER_MS if failure else 0)


def assignment_of(request: Request) -> Assignment:
    """The assignment that a CREATION or DELETION is about."""
    return Assignment(
        instance_id=request.instance_id,
        account_id=request.account_id,
        permission_set_id=request.permission_set_id,
        principal_type=request.principal_type,
        principal_id=request.principal_id,
    )


def _removal(
    tx: Tx,
    request: Request | None,
    role: ProvisionedRole | None,
    account_id: str,
    permission_set_id: str,
) -> RoleWork | None:
    if role is None or store.any_assignment(tx, account_id, permission_set_id):
        if request is not None:
            running.settle(tx, request)
        return None
    return _work(role, None, "")


def _give_up_creation(tx: Tx, request: Request, role: ProvisionedRole | None, reason: str) -> None:
    running.settle(tx, request, reason)
    if role is not None and not role.content_hash:
        running.enqueue(tx, role.instance_id, role.account_id, role.permission_set_id)


def _leave_no_unused_role(
    tx: Tx, before: ProvisionedRole, request: Request | None, delay_ms: int
) -> None:
    """After a failure, have a role removed that nobody has and that was not there before.

    A complete role may stand without assignments: ProvisionPermissionSet makes such.
    """
    removing = request is None or request.kind == "DELETION"
    if store.any_assignment(tx, before.account_id, before.permission_set_id):
        return
    if removing or not before.content_hash:
        running.enqueue(
            tx,
            before.instance_id,
            before.account_id,
            before.permission_set_id,
            delay_ms=delay_ms,
        )


def _missing_principal(tx: Tx, request: Request) -> str:
    """AWS's reason when the principal of a CREATION is gone; empty otherwise."""
    if request.kind != "CREATION":
        return ""
    instance = instances.find_instance(tx, arns.instance(request.instance_id))
    store_id = instance.identity_store_id if instance is not None else ""
    kind: Literal["USER", "GROUP"] = "USER" if request.principal_type == "USER" else "GROUP"
    if identity_store.has_principal(tx, store_id, kind, request.principal_id):
        return ""
    return (
        f"Received a 404 status error: the {kind} assignee {request.principal_id} was not found in"
        f" directory {store_id}"
    )


def _choose_names(
    tx: Tx, instance_id: str, account_id: str, permission_set: permission_sets.PermissionSet
) -> ProvisionedRole:
    name = f"AWSReservedSSO_{permission_set.name}_{ids.hex16()}"
    path = _role_path(tx, instance_id)
    role = ProvisionedRole(
        account_id=account_id,
        permission_set_id=permission_set.permission_set_id,
        instance_id=instance_id,
        role_name=name,
        role_path=path,
        role_arn=arns.role(account_id, path, name),
        saml_provider_name=_provider_name(tx, instance_id, account_id),
        content_hash="",
    )
    store.insert_provisioned(tx, role)
    return role


def _role_path(tx: Tx, instance_id: str) -> str:
    """AWS's path, without the region segment when the instance is in us-east-1 (reference §3.4)."""
    instance = instances.find_instance(tx, arns.instance(instance_id))
    region = instance.region if instance is not None else tx.deployment.region
    segment = "" if region == "us-east-1" else f"{region}/"
    return f"{RESERVED_PATH}sso.amazonaws.com/{segment}"


def _provider_name(tx: Tx, instance_id: str, account_id: str) -> str:
    name = store.saml_provider_name(tx, instance_id, account_id)
    if name is None:
        name = f"AWSSSO_{ids.hex16()}_DO_NOT_DELETE"
        store.insert_saml_provider_name(tx, instance_id, account_id, name)
    return name


def _work(
    role: ProvisionedRole,
    content: permission_sets.PermissionSetContent | None,
    content_hash: str,
) -> RoleWork:
    return RoleWork(
        instance_id=role.instance_id,
        account_id=role.account_id,
        role_name=role.role_name,
        role_path=role.role_path,
        saml_provider_name=role.saml_provider_name,
        content=content,
        content_hash=content_hash,
        new=not role.content_hash,
    )
