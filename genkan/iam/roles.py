"""Roles and what hangs on them: the changes, each with IAM's own rules and words.

The same functions serve the worker that provisions permission sets and the owner who prepares a
sandbox. Every one refuses to touch a role under `/aws-reserved/` for anybody else.
"""

from dataclasses import replace

from genkan.authorization import PolicyKind, policy_size
from genkan.core import ids
from genkan.core.call import Owner, Worker
from genkan.core.errors import Conflict, Denied, NotFound, QuotaExceeded
from genkan.db.database import Tx
from genkan.iam import store
from genkan.iam.policies import require_attachable, require_well_formed
from genkan.iam.records import PROVISION_JOB, RESERVED_PATH, Role

ATTACHMENT_LIMIT = 20
"""Managed policies of one role: IAM's quota where it was raised for Identity Center (§12)."""

INLINE_LIMIT = 10_240
"""Characters of a role's inline policies together, white space not counted (IAM quota)."""


def role_not_found(role_name: str) -> NotFound:
    """IAM's words for a missing role."""
    return NotFound(f"The role with name {role_name} cannot be found.", code="NoSuchEntity")


def put_role(
    tx: Tx,
    *,
    account_id: str,
    role_name: str,
    assume_role_policy_document: str,
    path: str = "/",
    description: str = "",
    max_session_duration: int = 3600,
    tags: tuple[tuple[str, str], ...] = (),
) -> Role:
    """Create a role, or give one of this name and path this trust, description and duration.

    Duration in seconds. `Conflict` (EntityAlreadyExists) when the name is taken at another path
    or in another case.
    """
    _require_modifiable(tx, role_name, path)
    require_well_formed(assume_role_policy_document, PolicyKind.TRUST)
    found = store.find_role(tx, account_id, role_name)
    if found is None:
        if store.role_name_taken(tx, account_id, role_name):
            raise _taken(role_name)
        role = Role(
            account_id=account_id,
            role_name=role_name,
            path=path,
            role_id=ids.unique_id("AROA"),
            trust_policy=assume_role_policy_document,
            description=description,
            max_session_duration=max_session_duration,
            boundary_arn="",
            tags=tags,
            created_at=tx.now,
        )
        store.insert_role(tx, role)
        return role
    if found.path != path:
        raise _taken(role_name)
    changed = replace(
        found,
        trust_policy=assume_role_policy_document,
        description=description,
        max_session_duration=max_session_duration,
    )
    store.update_role(tx, changed)
    return changed


def delete_role(tx: Tx, *, account_id: str, role_name: str) -> None:
    """Remove a role; `Conflict` (DeleteConflict) while it carries a policy, as in IAM."""
    role = _modifiable(tx, account_id, role_name)
    if store.role_policy_names(tx, account_id, role_name, None, 1):
        raise Conflict("Cannot delete entity, must delete policies first.", code="DeleteConflict")
    if store.role_attachments(tx, account_id, role_name, None, 1):
        raise Conflict(
            "Cannot delete entity, must detach all policies first.", code="DeleteConflict"
        )
    store.delete_role(tx, role.account_id, role.role_name)


def put_role_policy(
    tx: Tx, *, account_id: str, role_name: str, policy_name: str, policy_document: str
) -> None:
    """Add or replace an inline policy; `QuotaExceeded` (LimitExceeded) beyond the size limit."""
    _modifiable(tx, account_id, role_name)
    require_well_formed(policy_document, PolicyKind.IDENTITY)
    others = sum(
        policy_size(text)
        for kind, name, text in store.role_policy_rows(tx, account_id, role_name)
        if kind == "inline" and name != policy_name and text is not None
    )
    if others + policy_size(policy_document) > INLINE_LIMIT:
        raise QuotaExceeded(
            f"Maximum policy size of {INLINE_LIMIT} bytes exceeded for role {role_name}",
            code="LimitExceeded",
        )
    store.put_role_policy(tx, account_id, role_name, policy_name, policy_document)


def delete_role_policy(tx: Tx, *, account_id: str, role_name: str, policy_name: str) -> None:
    """Remove an inline policy."""
    _modifiable(tx, account_id, role_name)
    if not store.delete_role_policy(tx, account_id, role_name, policy_name):
        raise NotFound(
            f"The role policy with name {policy_name} cannot be found.", code="NoSuchEntity"
        )


def attach_role_policy(tx: Tx, *, account_id: str, role_name: str, policy_arn: str) -> None:
    """Attach a managed policy that exists; attaching it again changes nothing."""
    _modifiable(tx, account_id, role_name)
    require_attachable(tx, account_id, policy_arn)
    attached = store.role_attachments(tx, account_id, role_name, None, ATTACHMENT_LIMIT)
    if policy_arn not in attached and len(attached) >= ATTACHMENT_LIMIT:
        raise QuotaExceeded(
            f"Cannot exceed quota for PoliciesPerRole: {ATTACHMENT_LIMIT}", code="LimitExceeded"
        )
    store.attach_role_policy(tx, account_id, role_name, policy_arn)


def detach_role_policy(tx: Tx, *, account_id: str, role_name: str, policy_arn: str) -> None:
    """Detach a managed policy."""
    _modifiable(tx, account_id, role_name)
    if not store.detach_role_policy(tx, account_id, role_name, policy_arn):
        raise NotFound(f"Policy {policy_arn} was not found.", code="NoSuchEntity")


def put_role_permissions_boundary(
    tx: Tx, *, account_id: str, role_name: str, permissions_boundary: str
) -> None:
    """Set the boundary to the managed policy of this ARN, which must exist."""
    role = _modifiable(tx, account_id, role_name)
    require_attachable(tx, account_id, permissions_boundary)
    store.update_role(tx, replace(role, boundary_arn=permissions_boundary))


def delete_role_permissions_boundary(tx: Tx, *, account_id: str, role_name: str) -> None:
    """Remove the boundary."""
    role = _modifiable(tx, account_id, role_name)
    if not role.boundary_arn:
        raise NotFound(
            f"The permissions boundary for the role {role_name} cannot be found.",
            code="NoSuchEntity",
        )
    store.update_role(tx, replace(role, boundary_arn=""))


def _modifiable(tx: Tx, account_id: str, role_name: str) -> Role:
    role = store.find_role(tx, account_id, role_name)
    if role is None:
        raise role_not_found(role_name)
    _require_modifiable(tx, role_name, role.path)
    return role


def _require_modifiable(tx: Tx, role_name: str, path: str) -> None:
    caller = tx.call.caller
    if not path.startswith(RESERVED_PATH) or isinstance(caller, Owner):
        return
    if isinstance(caller, Worker) and caller.kind == PROVISION_JOB:
        return
    raise Denied(
        f"Cannot perform the operation on the protected role '{role_name}' - this role is only"
        " modifiable by AWS",
        code="UnmodifiableEntity",
    )


def _taken(role_name: str) -> Conflict:
    return Conflict(f"Role with name {role_name} already exists.", code="EntityAlreadyExists")
