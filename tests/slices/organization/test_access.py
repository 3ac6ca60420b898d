"""Who may call AWS Organizations (reference §10)."""

from typing import Any

import pytest

from genkan.core.call import Caller, Iam, Owner, System
from genkan.core.errors import Denied, NotFound
from genkan.organization import operations as organization
from tests.slices.organization.support import (
    INNER,
    ORGANIZATION,
    PRODUCTION,
    ROOT,
    call_of,
    op,
    signer,
)
from tests.support.store import ADMINISTRATOR, MANAGEMENT, Store

ARN = f"arn:aws:organizations::{MANAGEMENT}"
NAMES = [operation.name for operation in organization.OPERATIONS]


def owner(tx: Any, name: str, caller: Caller) -> str:
    access = op(name).access
    assert isinstance(access, Iam)
    assert access.owner is not None
    return access.owner(tx, call_of(op(name), {}, caller))


@pytest.mark.parametrize("name", NAMES)
def test_the_management_account_owns_every_operation(organized: Store, name: str) -> None:
    with organized.write() as tx:
        assert owner(tx, name, ADMINISTRATOR) == MANAGEMENT
        assert owner(tx, name, Owner(reason="seed")) == MANAGEMENT


@pytest.mark.parametrize("name", [name for name in NAMES if name != "DescribeOrganization"])
def test_a_member_account_is_denied_in_awss_words(organized: Store, name: str) -> None:
    with organized.write() as tx, pytest.raises(Denied) as refused:
        owner(tx, name, signer(PRODUCTION))
    assert refused.value.message == "You don't have permissions to access this resource."


def test_only_describe_organization_is_open_to_members(organized: Store) -> None:
    opened = [
        operation.name
        for operation in organization.OPERATIONS
        if isinstance(operation.access, Iam) and operation.access.members_may_read
    ]
    assert opened == ["DescribeOrganization"]
    with organized.write() as tx:
        assert owner(tx, "DescribeOrganization", signer(PRODUCTION)) == MANAGEMENT


@pytest.mark.parametrize("name", NAMES)
def test_an_account_outside_is_not_in_an_organization(organized: Store, name: str) -> None:
    with organized.write() as tx, pytest.raises(NotFound) as refused:
        owner(tx, name, signer("999999999999"))
    assert refused.value.code == "AWSOrganizationsNotInUseException"
    assert refused.value.message == "Your account is not a member of an organization."


def test_a_read_open_to_members_is_closed_outside_before_any_policy(organized: Store) -> None:
    access = op("DescribeOrganization").access
    assert isinstance(access, Iam)
    call = call_of(op("DescribeOrganization"), {}, signer("999999999999"))
    with organized.write() as tx, pytest.raises(NotFound) as refused:
        access.checks(tx, call)
    assert refused.value.code == "AWSOrganizationsNotInUseException"


@pytest.mark.parametrize("name", NAMES)
def test_without_an_organization_nothing_is_in_use(store: Store, name: str) -> None:
    with store.write() as tx, pytest.raises(NotFound) as refused:
        owner(tx, name, ADMINISTRATOR)
    assert refused.value.code == "AWSOrganizationsNotInUseException"


@pytest.mark.parametrize(
    ("name", "params", "resource"),
    [
        ("DescribeOrganization", {}, "*"),
        ("ListAccounts", {}, "*"),
        ("ListRoots", {}, "*"),
        (
            "DescribeAccount",
            {"account_id": PRODUCTION},
            f"{ARN}:account/{ORGANIZATION}/{PRODUCTION}",
        ),
        ("ListAccountsForParent", {"parent_id": ROOT}, f"{ARN}:root/{ORGANIZATION}/{ROOT}"),
        ("ListAccountsForParent", {"parent_id": INNER}, f"{ARN}:ou/{ORGANIZATION}/{INNER}"),
        (
            "ListOrganizationalUnitsForParent",
            {"parent_id": INNER},
            f"{ARN}:ou/{ORGANIZATION}/{INNER}",
        ),
        ("ListChildren", {"parent_id": ROOT}, f"{ARN}:root/{ORGANIZATION}/{ROOT}"),
        ("ListParents", {"child_id": INNER}, f"{ARN}:ou/{ORGANIZATION}/{INNER}"),
        (
            "ListParents",
            {"child_id": PRODUCTION},
            f"{ARN}:account/{ORGANIZATION}/{PRODUCTION}",
        ),
        (
            "DescribeOrganizationalUnit",
            {"organizational_unit_id": INNER},
            f"{ARN}:ou/{ORGANIZATION}/{INNER}",
        ),
    ],
)
def test_iam_is_asked_about_the_resource_named(
    organized: Store, name: str, params: dict[str, str], resource: str
) -> None:
    access = op(name).access
    assert isinstance(access, Iam)
    with organized.write() as tx:
        (check,) = access.checks(tx, call_of(op(name), params))
    assert check.action == f"organizations:{name}"
    assert check.resources == (resource,)


def test_no_request_can_make_an_organization_a_unit_or_an_account() -> None:
    for operation in (
        organization.CREATE_ORGANIZATION,
        organization.CREATE_ORGANIZATIONAL_UNIT,
        organization.CREATE_ACCOUNT,
    ):
        assert isinstance(operation.access, System)
        assert operation.access.jobs == frozenset()
