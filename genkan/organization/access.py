"""Who may call AWS Organizations: its management account; others for some reads.

Delegated administrators of any service read the tree, members DescribeOrganization only.

AWS answers members that ask for more, and accounts outside, with sentences of its own, so both are
refused here, before the door's general rule.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from genkan.core.call import Call, Check, Iam, Signer
from genkan.core.errors import Denied, NotFound
from genkan.db.database import Tx
from genkan.organization import store, tag_store
from genkan.organization.records import FULL_ACCESS, Account, Organization

Resource = Callable[[Organization, Mapping[str, Any]], str | tuple[str, ...]]
Context = dict[str, str | tuple[str, ...]]

IDENTITY_CENTER = "sso.amazonaws.com"
"""The service principal of Identity Center, in whose name it may be administered (§1.7)."""

_KEYS = {
    "service_principal": "organizations:ServicePrincipal",
    "policy_type": "organizations:PolicyType",
    "type": "organizations:PolicyType",
    "filter": "organizations:PolicyType",
}
"""Condition keys of AWS Organizations by the parameter that says them."""

_TAGGED = ("r-", "ou-", "p-", *"0123456789")
"""What the ids of things with tags begin with; an organization has none."""


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


def place_of(tx: Tx, account_id: str) -> tuple[str, str] | None:
    """The account's organization and the path of its parent there; None outside of it.

    As `aws:PrincipalOrgID` and `aws:PrincipalOrgPaths` say it: `o-…`, `o-…/r-…/ou-…/`.
    """
    whole, account = find_organization(tx), find_account(tx, account_id)
    if whole is None or account is None:
        return None
    return whole.organization_id, account.path.removesuffix(f"{account_id}/")


def management_account_id(tx: Tx) -> str:
    """The management account; AWSOrganizationsNotInUseException without an organization."""
    return organization(tx).management_account_id


def is_delegate(tx: Tx, account_id: str, of: str) -> bool:
    """Whether the account administers Identity Center for the account `of`, which owns it.

    Both must stand at the time of the call: its registration, and the service's trusted access.
    """
    whole = find_organization(tx)
    if whole is None or whole.management_account_id != of:
        return False
    return tx.remembered(
        ("delegate", account_id),
        lambda: store.delegation_stands(tx, account_id, IDENTITY_CENTER),
    )


def of_management(tx: Tx, call: Call) -> str:
    """`Iam.owner` of what only the management account may do."""
    owner = of_members(tx, call)
    if isinstance(call.caller, Signer) and call.caller.account_id != owner:
        raise Denied("You don't have permissions to access this resource.")
    return owner


def of_delegates(tx: Tx, call: Call) -> str:
    """`Iam.owner` of what delegated administrators of any service may read as their own."""
    of_members(tx, call)
    caller = call.caller
    if isinstance(caller, Signer) and store.delegated_services(tx, caller.account_id, "", 1):
        return caller.account_id
    return of_management(tx, call)


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
    return _iam(action, resource, of_members if members_may_read else of_management)


def reading(action: str, resource: Resource | None = None) -> Iam:
    """The same for a read that delegated administrators share."""
    return _iam(action, resource, of_delegates)


def _iam(action: str, resource: Resource | None, owner: Callable[[Tx, Call], str]) -> Iam:
    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        owner(tx, call)
        named = "*" if resource is None else resource(organization(tx), call.params)
        context = {
            key: call.params[name]
            for name, key in _KEYS.items()
            if call.params.get(name) is not None
        }
        resources = (named,) if isinstance(named, str) else named
        return (
            Check(
                action=f"organizations:{action}",
                resources=resources,
                context={**context, **_request_tags(call.params)},
                of_resource=_tags_of(tx, resources),
            ),
        )

    return Iam(checks=checks, owner=owner, members_may_read=owner is of_members)


def _request_tags(params: Mapping[str, Any]) -> Context:
    """`aws:RequestTag/<key>` and `aws:TagKeys` of a request that names tags, or keys of them."""
    tags: Sequence[Mapping[str, str]] = params.get("tags") or ()
    context: Context = {f"aws:RequestTag/{tag['key']}": tag["value"] for tag in tags}
    if keys := params.get("tag_keys") or [tag["key"] for tag in tags]:
        context["aws:TagKeys"] = tuple(keys)
    return context


def _tags_of(tx: Tx, arns: Sequence[str]) -> dict[str, Context]:
    """`aws:ResourceTag/<key>` of each resource that has tags, by its ARN."""
    found: dict[str, Context] = {}
    for arn in arns:
        tags = _tags(tx, arn.rpartition("/")[2])
        if tags:
            found[arn] = {f"aws:ResourceTag/{key}": value for key, value in tags}
    return found


def _tags(tx: Tx, resource_id: str) -> tag_store.Tags:
    if not resource_id.startswith(_TAGGED):
        return ()
    return tx.remembered(
        ("organization tags", resource_id), lambda: tag_store.find(tx, resource_id)
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


def the_root(found: Organization, params: Mapping[str, Any]) -> str:
    """The root named by RootId."""
    return found.arn("root", params["root_id"])


def the_policy(found: Organization, params: Mapping[str, Any]) -> str:
    """The service control policy named by PolicyId."""
    named = f"service_control_policy/{params['policy_id']}"
    if params["policy_id"] == FULL_ACCESS.policy_id:
        return f"arn:aws:organizations::aws:policy/{named}"
    return found.arn("policy", named)


def the_target(found: Organization, params: Mapping[str, Any]) -> str:
    """The root, unit or account named by TargetId."""
    target = params["target_id"]
    kinds = {"r-": "root", "ou": "ou"}
    return found.arn(kinds.get(target[:2], "account"), target)


def the_resource(found: Organization, params: Mapping[str, Any]) -> str:
    """The root, unit, account or policy named by ResourceId."""
    resource_id = params["resource_id"]
    if resource_id.startswith("p-"):
        return the_policy(found, {"policy_id": resource_id})
    return the_target(found, {"target_id": resource_id})


def the_policy_and_target(found: Organization, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Both that AttachPolicy and DetachPolicy name."""
    return (the_policy(found, params), the_target(found, params))


def _not_in_use() -> NotFound:
    return NotFound(
        "Your account is not a member of an organization.",
        code="AWSOrganizationsNotInUseException",
    )
