"""AWS Organizations' tree, read only (reference §10), and look-ups for slices."""

from collections.abc import Iterable, Sequence

from genkan.core.call import Operation, System
from genkan.core.errors import NotFound
from genkan.db.database import Tx
from genkan.organization import access, control_policies, delegation, store, tags
from genkan.organization.access import (
    IDENTITY_CENTER,
    find_account,
    find_organization,
    iam,
    is_delegate,
    management_account_id,
    organization,
    place_of,
    reading,
)
from genkan.organization.answers import PAGE, Answer, account_answer, page
from genkan.organization.control_policies import levels_of, policy_arn
from genkan.organization.delegation import trust_service
from genkan.organization.making import (
    create_account,
    create_organization,
    create_organizational_unit,
    find_parent,
)
from genkan.organization.records import Account, Organization, OrganizationalUnit

__all__ = [
    "CREATE_ACCOUNT",
    "CREATE_ORGANIZATION",
    "CREATE_ORGANIZATIONAL_UNIT",
    "IDENTITY_CENTER",
    "OPERATIONS",
    "accounts_by_id",
    "create_account",
    "create_organization",
    "create_organizational_unit",
    "find_account",
    "find_organization",
    "is_delegate",
    "is_member",
    "levels_of",
    "management_account_id",
    "organization",
    "place_of",
    "policy_arn",
    "trust_service",
]


def is_member(tx: Tx, account_id: str, of: str) -> bool:
    """Whether the account belongs to the organization that the account `of` manages."""
    whole = access.find_organization(tx)
    if whole is None or whole.management_account_id != of:
        return False
    return find_account(tx, account_id) is not None


def accounts_by_id(tx: Tx, account_ids: Iterable[str]) -> dict[str, Account]:
    """The accounts that exist of those asked for, by id."""
    return store.accounts_by_id(tx, account_ids)


def describe_organization(tx: Tx) -> Answer:
    """DescribeOrganization, open to every account of it."""
    whole = organization(tx)
    manager = store.find_account(tx, whole.management_account_id)
    return {
        "organization": {
            "id": whole.organization_id,
            "arn": whole.arn("organization"),
            "feature_set": "ALL",
            "master_account_arn": whole.arn("account", whole.management_account_id),
            "master_account_id": whole.management_account_id,
            "master_account_email": manager.email if manager else None,
            "available_policy_types": (),
        }
    }


def list_accounts(tx: Tx, *, max_results: int = PAGE, next_token: str | None = None) -> Answer:
    """ListAccounts, in the order of ids."""
    accounts, token = page(
        tx,
        "ListAccounts",
        max_results,
        next_token,
        lambda after, limit: store.list_accounts(tx, after, limit),
        lambda account: account.account_id,
    )
    return {"accounts": _accounts(tx, accounts), "next_token": token}


def describe_account(tx: Tx, *, account_id: str) -> Answer:
    """DescribeAccount; AccountNotFoundException for an account outside the organization."""
    account = find_account(tx, account_id)
    if account is None:
        raise NotFound(
            "You specified an account that doesn't exist.", code="AccountNotFoundException"
        )
    return {"account": account_answer(organization(tx), account)}


def list_roots(tx: Tx, *, max_results: int = PAGE, next_token: str | None = None) -> Answer:
    """ListRoots: the one root."""
    whole = organization(tx)
    roots, token = page(
        tx,
        "ListRoots",
        max_results,
        next_token,
        lambda after, limit: [whole.root_id],
        lambda root: root,
    )
    described = [control_policies.root_answer(tx) for _ in roots]
    return {"roots": described, "next_token": token}


def list_organizational_units_for_parent(
    tx: Tx, *, parent_id: str, max_results: int = PAGE, next_token: str | None = None
) -> Answer:
    """ListOrganizationalUnitsForParent; ParentNotFoundException for an unknown parent."""
    whole = organization(tx)
    units, token = _units_of(
        tx, "ListOrganizationalUnitsForParent", parent_id, max_results, next_token
    )
    return {"organizational_units": [_unit(whole, unit) for unit in units], "next_token": token}


def list_accounts_for_parent(
    tx: Tx, *, parent_id: str, max_results: int = PAGE, next_token: str | None = None
) -> Answer:
    """ListAccountsForParent: accounts that stand in it directly."""
    accounts, token = _accounts_of(tx, "ListAccountsForParent", parent_id, max_results, next_token)
    return {"accounts": _accounts(tx, accounts), "next_token": token}


def list_children(
    tx: Tx,
    *,
    parent_id: str,
    child_type: str,
    max_results: int = PAGE,
    next_token: str | None = None,
) -> Answer:
    """ListChildren: ids of accounts or of units that stand in it directly."""
    query = f"ListChildren:{child_type}"
    if child_type == "ACCOUNT":
        accounts, token = _accounts_of(tx, query, parent_id, max_results, next_token)
        found = [account.account_id for account in accounts]
    else:
        units, token = _units_of(tx, query, parent_id, max_results, next_token)
        found = [unit.unit_id for unit in units]
    children = [{"id": child, "type": child_type} for child in found]
    return {"children": children, "next_token": token}


def list_parents(
    tx: Tx, *, child_id: str, max_results: int = PAGE, next_token: str | None = None
) -> Answer:
    """ListParents: the one parent; ChildNotFoundException for an unknown account or unit."""
    child = (
        store.find_unit(tx, child_id) if child_id.startswith("ou-") else find_account(tx, child_id)
    )
    if child is None:
        raise NotFound("You specified a child that doesn't exist.", code="ChildNotFoundException")
    parent_id = child.parent_id
    parents, token = page(
        tx,
        f"ListParents:{child_id}",
        max_results,
        next_token,
        lambda after, limit: [parent_id],
        lambda parent: parent,
    )
    described = [{"id": parent, "type": _parent_type(parent)} for parent in parents]
    return {"parents": described, "next_token": token}


def describe_organizational_unit(tx: Tx, *, organizational_unit_id: str) -> Answer:
    """DescribeOrganizationalUnit; OrganizationalUnitNotFoundException for an unknown one."""
    unit = store.find_unit(tx, organizational_unit_id)
    if unit is None:
        raise NotFound(
            "You specified an organizational unit that doesn't exist.",
            code="OrganizationalUnitNotFoundException",
        )
    return {"organizational_unit": _unit(organization(tx), unit)}


def _units_of(
    tx: Tx, query: str, parent_id: str, max_results: int, next_token: str | None
) -> tuple[Sequence[OrganizationalUnit], str | None]:
    find_parent(tx, parent_id)
    return page(
        tx,
        f"{query}:{parent_id}",
        max_results,
        next_token,
        lambda after, limit: store.list_units(tx, parent_id, after, limit),
        lambda unit: unit.unit_id,
    )


def _accounts_of(
    tx: Tx, query: str, parent_id: str, max_results: int, next_token: str | None
) -> tuple[Sequence[Account], str | None]:
    find_parent(tx, parent_id)
    return page(
        tx,
        f"{query}:{parent_id}",
        max_results,
        next_token,
        lambda after, limit: store.list_accounts_of(tx, parent_id, after, limit),
        lambda account: account.account_id,
    )


def _parent_type(parent_id: str) -> str:
    return "ROOT" if parent_id.startswith("r-") else "ORGANIZATIONAL_UNIT"


def _unit(whole: Organization, unit: OrganizationalUnit) -> Answer:
    return {
        "id": unit.unit_id,
        "arn": whole.arn("ou", unit.unit_id),
        "name": unit.name,
        "path": unit.path,
    }


def _accounts(tx: Tx, accounts: Sequence[Account]) -> list[Answer]:
    whole = organization(tx)
    return [account_answer(whole, account) for account in accounts]


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="DescribeOrganization",
        run=describe_organization,
        access=iam("DescribeOrganization", members_may_read=True),
        reads="point",
    ),
    Operation(
        name="ListAccounts", run=list_accounts, access=reading("ListAccounts"), reads="point"
    ),
    Operation(
        name="DescribeAccount",
        run=describe_account,
        access=reading("DescribeAccount", access.the_account),
        reads="point",
    ),
    Operation(name="ListRoots", run=list_roots, access=reading("ListRoots"), reads="point"),
    Operation(
        name="ListOrganizationalUnitsForParent",
        run=list_organizational_units_for_parent,
        access=reading("ListOrganizationalUnitsForParent", access.the_parent),
        reads="point",
    ),
    Operation(
        name="ListAccountsForParent",
        run=list_accounts_for_parent,
        access=reading("ListAccountsForParent", access.the_parent),
        reads="point",
    ),
    Operation(
        name="ListChildren",
        run=list_children,
        access=reading("ListChildren", access.the_parent),
        reads="point",
    ),
    Operation(
        name="ListParents",
        run=list_parents,
        access=reading("ListParents", access.the_child),
        reads="point",
    ),
    Operation(
        name="DescribeOrganizationalUnit",
        run=describe_organizational_unit,
        access=reading("DescribeOrganizationalUnit", access.the_unit),
        reads="point",
    ),
    *delegation.OPERATIONS,
    *control_policies.OPERATIONS,
    *tags.OPERATIONS,
)

CREATE_ORGANIZATION = Operation(name="CreateOrganization", run=create_organization, access=System())
CREATE_ORGANIZATIONAL_UNIT = Operation(
    name="CreateOrganizationalUnit", run=create_organizational_unit, access=System()
)
CREATE_ACCOUNT = Operation(name="CreateAccount", run=create_account, access=System())
