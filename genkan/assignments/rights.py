"""What a person may use: the questions asked on every sign-in to an account and every session use.

Each is one query for the person's groups and one by index; cost depends on what the person is
assigned, never on the size of the organization.
"""

from genkan.assignments import store
from genkan.assignments.records import ProvisionedRole
from genkan.core import arns
from genkan.core.errors import Denied
from genkan.core.events import RoleSessionUsed
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store


def assigned(tx: Tx, user_id: str, account_id: str, permission_set_arn: str) -> bool:
    """Whether the person has the permission set in the account, directly or through a group."""
    return tx.remembered(
        ("assigned", user_id, account_id, permission_set_arn),
        lambda: store.any_assignment_of(
            tx, account_id, _id_of(permission_set_arn), _principals(tx, user_id)
        ),
    )


def assignments_of(tx: Tx, user_id: str) -> tuple[tuple[str, str], ...]:
    """Every (account id, permission set ARN) that the person may use, each once, in order."""
    return tx.remembered(
        ("assignments_of", user_id),
        lambda: tuple(
            (account_id, arns.permission_set(instance_id, permission_set_id))
            for account_id, instance_id, permission_set_id in store.pairs_of(
                tx, _principals(tx, user_id)
            )
        ),
    )


def provisioned_role(tx: Tx, account_id: str, permission_set_arn: str) -> ProvisionedRole | None:
    """The role that stands for the permission set in the account; None until it was made."""
    found = tx.remembered(
        ("provisioned_role", account_id, permission_set_arn),
        lambda: store.find_provisioned(tx, account_id, _id_of(permission_set_arn)),
    )
    if found is None or not found.content_hash or found.permission_set_arn != permission_set_arn:
        return None
    return found


def on_role_session_used(tx: Tx, event: RoleSessionUsed) -> None:
    """Refuse the use of a permission set's role by a person who is no longer assigned."""
    role = tx.remembered(
        ("provisioned_by_role", event.role_arn),
        lambda: store.find_provisioned_by_role(tx, event.role_arn),
    )
    if (
        role is None
        or role.account_id != event.account_id
        or not assigned(tx, event.user_id, role.account_id, role.permission_set_arn)
    ):
        raise Denied("No access", detail=f"{event.user_id} is not assigned {event.role_arn}")


def _principals(tx: Tx, user_id: str) -> tuple[str, ...]:
    return (user_id, *identity_store.group_ids_of(tx, user_id))


def _id_of(permission_set_arn: str) -> str:
    return permission_set_arn.rpartition("/")[2]
