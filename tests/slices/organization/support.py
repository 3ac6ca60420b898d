"""What the organization's tests share."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genkan.core.call import Call, Caller, Operation, Signer
from genkan.db.database import Tx
from genkan.organization import operations as organization
from tests.support.store import ADMINISTRATOR, MANAGEMENT, a_call

ORGANIZATION = "o-abcdefghij"
ROOT = "r-abcd"
OUTER = "ou-abcd-outer001"
INNER = "ou-abcd-inner001"
PRODUCTION = "222233334444"
SECURITY = "333344445555"
LOOSE = "444455556666"


def op(name: str) -> Operation:
    """A wire operation by AWS's name."""
    return next(operation for operation in organization.OPERATIONS if operation.name == name)


def run(tx: Tx, operation_name: str, **params: Any) -> Any:
    """Run a wire operation."""
    return op(operation_name).run(tx, **params)


def signer(account_id: str) -> Signer:
    """Somebody in this account."""
    return replace(
        ADMINISTRATOR, account_id=account_id, arn=f"arn:aws:iam::{account_id}:user/somebody"
    )


def call_of(operation: Operation, params: Mapping[str, Any], caller: Caller | None = None) -> Call:
    """The call that a front would make."""
    return replace(a_call(caller or ADMINISTRATOR), operation=operation, params=params)


def an_organization(tx: Tx) -> None:
    """The organization that the constants above name."""
    organization.create_organization(
        tx,
        account_id=MANAGEMENT,
        name="Management",
        email="root@example.org",
        alias="example-management",
        organization_id=ORGANIZATION,
        root_id=ROOT,
    )
    for unit_id, parent_id, name in ((OUTER, ROOT, "Workloads"), (INNER, OUTER, "Production")):
        organization.create_organizational_unit(tx, parent_id=parent_id, name=name, unit_id=unit_id)
    for account_id, name, parent_id in (
        (PRODUCTION, "production", INNER),
        (SECURITY, "security", OUTER),
        (LOOSE, "sandbox", ROOT),
    ):
        an_account(tx, account_id, name, parent_id)


def an_account(tx: Tx, account_id: str, name: str, parent_id: str = ROOT, **more: Any) -> Any:
    """A member account."""
    params = {
        "email": f"{name}@example.org",
        "alias": f"example-{name}",
        "environment": name if name.isalpha() else "sandbox",
        "colour": "red",
        **more,
    }
    return organization.create_account(
        tx, account_id=account_id, name=name, parent_id=parent_id, **params
    )
