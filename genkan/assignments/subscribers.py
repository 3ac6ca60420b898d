"""What assignments answer when others ask or tell inside a transaction; wired by `assembly`."""

from genkan.assignments import store
from genkan.assignments.rights import on_role_session_used
from genkan.assignments.running import enqueue, require_free
from genkan.assignments.targets import require_not_provisioned_in_management
from genkan.core.errors import Conflict
from genkan.core.events import (
    GroupDeleted,
    PermissionSetChanging,
    PermissionSetDeleting,
    UserDeleted,
)
from genkan.db.database import Tx

__all__ = [
    "on_group_deleted",
    "on_permission_set_changing",
    "on_permission_set_deleting",
    "on_role_session_used",
    "on_user_deleted",
]


def on_user_deleted(tx: Tx, event: UserDeleted) -> None:
    """End the user's own assignments; roles that nobody has any more go."""
    _forget(tx, event.user_id)


def on_group_deleted(tx: Tx, event: GroupDeleted) -> None:
    """End the group's assignments; roles that nobody has any more go."""
    _forget(tx, event.group_id)


def on_permission_set_deleting(tx: Tx, event: PermissionSetDeleting) -> None:
    """Refuse while an account has, or is about to have, a role for it (reference §3.2)."""
    permission_set_id = event.permission_set_arn.rpartition("/")[2]
    require_not_provisioned_in_management(tx, tx.call.operation.name, event.permission_set_arn)
    require_free(tx, permission_set_id)
    if store.is_provisioned_anywhere(tx, permission_set_id):
        raise Conflict("PermissionSet has ApplicationProfile associated with it.")


def on_permission_set_changing(tx: Tx, event: PermissionSetChanging) -> None:
    """Refuse while a request runs on it (reference §3.2), and to whom it is not (§1.7)."""
    require_not_provisioned_in_management(tx, tx.call.operation.name, event.permission_set_arn)
    require_free(tx, event.permission_set_arn.rpartition("/")[2])


def _forget(tx: Tx, principal_id: str) -> None:
    for account_id, instance_id, permission_set_id in store.delete_of_principal(tx, principal_id):
        enqueue(tx, instance_id, account_id, permission_set_id)
