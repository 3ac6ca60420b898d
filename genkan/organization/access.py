"""Who may call AWS Organizations: its management account; DescribeOrganization also its members.

AWS answers members that ask for more, and accounts outside, with sentences of its own, so both are
refused here, before the door's general rule.
"""

from collections.abc import Callable, Mapping
from typing import Any

from genkan.core.call import Call, Check, Iam, Signer
from genkan.core.errors import Denied, NotFound
from genkan.db.database import Tx
from genkan.organization import store
from genkan.organization.records import Account, Organization

Resource = Callable[[Organization, Mapping[str, Any]], str]


def organization(tx: Tx) -> Organization:
    """The organization; AWSOrganizationsNotInUseException when there is none."""
    found = find_organization(tx)
    if found is None:
        raise _not_in_use()
    return found


def find_organization(tx: Tx) -> Organization | None:
    """The organization, or None before there is one."""
    return tx.remembered(("organization",), lambda: store.find_organization(tx))


def find_account(tx: Tx, account_id: str) -> Account | None:
    """The account of the organization, or None."""
    return tx.remembered(("account", account_id), lambda: store.find_account(tx, account_id))


def of_management(tx: Tx, call: Call) -> str:
    """`Iam.owner` of what only the management account may do."""
    owner = of_members(tx, call)
    if isinstance(call.caller, Signer) and call.caller.account_id != owner:
        raise Denied("You don't have permissions to access this resource.")
    return owner


def of_members(tx: Tx, call: Call) -> str:
    """`Iam.owner` of what every account of the organization may read."""
    owner = organization(tx).management_account_id
    if isinstance(call.caller, Signer) and find_account(tx, call.caller.account_id) is None:
        raise _not_in_use()
    return owner


def iam(action: str, resource: Resource | None = None, *, members_may_read: bool = False) -> Iam:
    """`organizations:<action>` on `resource`, or on everything.

    The questions are asked of nobody outside, even where the door leaves ownership unasked because
    members may read.
    """

    owner = of_members if members_may_read else of_management

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        owner(tx, call)
        if resource is None:
            return (Check(action=f"organizations:{action}"),)
        arn = resource(organization(tx), call.params)
        return (Check(action=f"organizations:{action}", resources=(arn,)),)

    return Iam(
        checks=checks,
        owner=owner,
        members_may_read=members_may_read,
    )


def the_account(found: Organization, params: Mapping[str, Any]) -> str:
    """The account named by AccountId."""
    return found.arn("account", params["account_id"])


def the_unit(found: Organization, params: Mapping[str, Any]) -> str:
    """The unit named by OrganizationalUnitId."""
    return found.arn("ou", params["organizational_unit_id"])


def the_parent(found: Organization, params: Mapping[str, Any]) -> str:
    """The root or unit named by ParentId."""
    kind = "root" if params["parent_id"].startswith("r-") else "ou"
    return found.arn(kind, params["parent_id"])


def the_child(found: Organization, params: Mapping[str, Any]) -> str:
    """The account or unit named by ChildId."""
    kind = "ou" if params["child_id"].startswith("ou-") else "account"
    return found.arn(kind, params["child_id"])


def _not_in_use() -> NotFound:
    return NotFound(
        "Your account is not a member of an organization.",
        code="AWSOrganizationsNotInUseException",
    )
