"""Which accounts may be named as a target, and by whom."""

from genkan.assignments import store
from genkan.core import arns
from genkan.core.call import Signer
from genkan.core.errors import Denied, NotFound
from genkan.db.database import Tx
from genkan.organization import operations as organization


def require_target(tx: Tx, action: str, account_id: str) -> None:
    """Refuse an account outside the organization, and the management account to all but itself."""
    if organization.find_account(tx, account_id) is None:
        raise NotFound(f"Could not find account {account_id} in the organization")
    require_not_management(tx, action, account_id)


def require_not_management(tx: Tx, action: str, account_id: str) -> None:
    """Only the management account changes assignments of the management account (§1.7, §4)."""
    caller = tx.call.caller
    if not isinstance(caller, Signer) or caller.account_id == account_id:
        return
    if account_id == organization.management_account_id(tx):
        raise Denied(
            f"User: {caller.arn} is not authorized to perform: sso:{action} on resource:"
            f" {arns.sso_account(account_id)}"
        )


def require_not_provisioned_in_management(tx: Tx, action: str, permission_set_arn: str) -> None:
    """Only the management account changes or hands out a permission set that it has (§1.7)."""
    caller = tx.call.caller
    if not isinstance(caller, Signer):
        return
    management = organization.management_account_id(tx)
    permission_set_id = permission_set_arn.rpartition("/")[2]
    if caller.account_id == management:
        return
    if store.find_provisioned(tx, management, permission_set_id) is not None:
        raise Denied(
            f"User: {caller.arn} is not authorized to perform: sso:{action} on resource:"
            f" {permission_set_arn}"
        )
