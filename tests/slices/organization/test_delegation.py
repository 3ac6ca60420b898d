"""Trusted access and delegated administrators (reference §1.7, §10)."""

from typing import Any

import pytest

from genkan.core.call import Iam
from genkan.core.errors import Conflict, Denied, Invalid, NotFound, Refusal
from genkan.db.database import Tx
from genkan.organization import operations as organization
from tests.slices.organization.support import (
    LOOSE,
    ORGANIZATION,
    PRODUCTION,
    SECURITY,
    call_of,
    op,
    run,
    signer,
)
from tests.support.store import ADMINISTRATOR, MANAGEMENT, Store

SSO = "sso.amazonaws.com"
CONFIG = "config.amazonaws.com"
GUARD = "guardduty.amazonaws.com"
READS = (
    "ListAccounts",
    "DescribeAccount",
    "ListRoots",
    "ListOrganizationalUnitsForParent",
    "ListAccountsForParent",
    "ListChildren",
    "ListParents",
    "DescribeOrganizationalUnit",
    "ListAWSServiceAccessForOrganization",
    "ListDelegatedAdministrators",
    "ListDelegatedServicesForAccount",
)
CHANGES = (
    "EnableAWSServiceAccess",
    "DisableAWSServiceAccess",
    "RegisterDelegatedAdministrator",
    "DeregisterDelegatedAdministrator",
)


def trust(tx: Tx, *services: str) -> None:
    for service in services:
        run(tx, "EnableAWSServiceAccess", service_principal=service)


def delegate(tx: Tx, account_id: str, service: str = SSO) -> None:
    run(tx, "RegisterDelegatedAdministrator", account_id=account_id, service_principal=service)


def refusal(store: Store, name: str, **params: Any) -> Refusal:
    with store.write() as tx, pytest.raises(Refusal) as refused:
        run(tx, name, **params)
    return refused.value


def test_services_that_are_enabled_are_listed_with_their_dates(organized: Store) -> None:
    since = organized.clock.now
    with organized.write() as tx:
        trust(tx, SSO, CONFIG)
    organized.clock.advance(seconds=60)
    with organized.write() as tx:
        trust(tx, SSO)
        run(tx, "DisableAWSServiceAccess", service_principal=GUARD)
        found = run(tx, "ListAWSServiceAccessForOrganization")
    assert found["enabled_service_principals"] == [
        {"service_principal": CONFIG, "date_enabled": since},
        {"service_principal": SSO, "date_enabled": since},
    ]
    with organized.write() as tx:
        run(tx, "DisableAWSServiceAccess", service_principal=CONFIG)
        found = run(tx, "ListAWSServiceAccessForOrganization")
    assert [one["service_principal"] for one in found["enabled_service_principals"]] == [SSO]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("EnableAWSServiceAccess", {}),
        ("DisableAWSServiceAccess", {}),
        ("RegisterDelegatedAdministrator", {"account_id": PRODUCTION}),
        ("DeregisterDelegatedAdministrator", {"account_id": PRODUCTION}),
        ("ListDelegatedAdministrators", {}),
    ],
)
@pytest.mark.parametrize("service", ["sso", "SSO.amazonaws.com", "nothing.amazonaws.com"])
def test_a_service_that_aws_does_not_know_is_invalid(
    organized: Store, name: str, params: dict[str, str], service: str
) -> None:
    refused = refusal(organized, name, service_principal=service, **params)
    assert isinstance(refused, Invalid)
    assert refused.code == "InvalidInputException"
    assert refused.members == {"reason": "UNRECOGNIZED_SERVICE_PRINCIPAL"}


def test_a_delegated_administrator_is_listed_until_it_is_deregistered(organized: Store) -> None:
    since = organized.clock.now
    with organized.write() as tx:
        trust(tx, SSO)
        delegate(tx, SECURITY)
        found = run(tx, "ListDelegatedAdministrators", service_principal=SSO)
        services = run(tx, "ListDelegatedServicesForAccount", account_id=SECURITY)
        account = run(tx, "DescribeAccount", account_id=SECURITY)["account"]
    (described,) = found["delegated_administrators"]
    expected = {name: value for name, value in account.items() if name != "paths"}
    assert described == {**expected, "delegation_enabled_date": since}
    assert services["delegated_services"] == [
        {"service_principal": SSO, "delegation_enabled_date": since}
    ]
    with organized.write() as tx:
        params = {"account_id": SECURITY, "service_principal": SSO}
        run(tx, "DeregisterDelegatedAdministrator", **params)
        assert run(tx, "ListDelegatedAdministrators")["delegated_administrators"] == []
    for name in ("DeregisterDelegatedAdministrator", "ListDelegatedServicesForAccount"):
        given = params if name.startswith("Dereg") else {"account_id": SECURITY}
        assert refusal(organized, name, **given).code == "AccountNotRegisteredException"


def test_an_account_of_several_services_is_one_administrator(organized: Store) -> None:
    with organized.write() as tx:
        trust(tx, SSO, CONFIG, GUARD)
        delegate(tx, SECURITY, CONFIG)
        delegate(tx, SECURITY, GUARD)
        delegate(tx, PRODUCTION, CONFIG)
        every = run(tx, "ListDelegatedAdministrators")["delegated_administrators"]
        of_guard = run(tx, "ListDelegatedAdministrators", service_principal=GUARD)
        of_sso = run(tx, "ListDelegatedAdministrators", service_principal=SSO)
        first = run(tx, "ListDelegatedServicesForAccount", account_id=SECURITY, max_results=1)
        token = first["next_token"]
        rest = run(tx, "ListDelegatedServicesForAccount", account_id=SECURITY, next_token=token)
        with pytest.raises(Invalid):
            run(tx, "ListDelegatedServicesForAccount", account_id=PRODUCTION, next_token=token)
    assert [one["id"] for one in every] == [PRODUCTION, SECURITY]
    assert [one["id"] for one in of_guard["delegated_administrators"]] == [SECURITY]
    assert of_sso["delegated_administrators"] == []
    services = first["delegated_services"] + rest["delegated_services"]
    assert [one["service_principal"] for one in services] == [CONFIG, GUARD]
    assert rest["next_token"] is None


@pytest.mark.parametrize(
    ("account_id", "trusted", "code", "reason"),
    [
        (SECURITY, (), "ConstraintViolationException", "SERVICE_ACCESS_NOT_ENABLED"),
        (
            MANAGEMENT,
            (SSO,),
            "ConstraintViolationException",
            "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
        ),
        (
            SECURITY,
            (SSO, PRODUCTION),
            "ConstraintViolationException",
            "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED",
        ),
        (PRODUCTION, (SSO, PRODUCTION), "AccountAlreadyRegisteredException", None),
        ("999999999999", (SSO,), "AccountNotFoundException", None),
    ],
)
def test_who_cannot_be_registered_is_told_why(
    organized: Store, account_id: str, trusted: tuple[str, ...], code: str, reason: str | None
) -> None:
    with organized.write() as tx:
        trust(tx, *trusted[:1])
        for registered in trusted[1:]:
            delegate(tx, registered)
    refused = refusal(
        organized, "RegisterDelegatedAdministrator", account_id=account_id, service_principal=SSO
    )
    assert isinstance(refused, Conflict | NotFound)
    assert refused.code == code
    assert refused.members == ({"reason": reason} if reason else {})


def test_registration_and_trusted_access_must_both_stand(organized: Store) -> None:
    with organized.write() as tx:
        trust(tx, SSO, CONFIG)
        delegate(tx, SECURITY)
        delegate(tx, LOOSE, CONFIG)
        assert organization.is_delegate(tx, SECURITY, MANAGEMENT)
        assert not organization.is_delegate(tx, SECURITY, PRODUCTION)
        assert not organization.is_delegate(tx, LOOSE, MANAGEMENT)
    with organized.write() as tx:
        run(tx, "DisableAWSServiceAccess", service_principal=SSO)
    with organized.write() as tx:
        assert not organization.is_delegate(tx, SECURITY, MANAGEMENT)
        trust(tx, SSO)
    with organized.write() as tx:
        assert organization.is_delegate(tx, SECURITY, MANAGEMENT)
        params = {"account_id": SECURITY, "service_principal": SSO}
        run(tx, "DeregisterDelegatedAdministrator", **params)
    with organized.write() as tx:
        assert not organization.is_delegate(tx, SECURITY, MANAGEMENT)


def test_without_an_organization_nobody_is_a_delegate(store: Store) -> None:
    with store.write() as tx:
        assert not organization.is_delegate(tx, SECURITY, MANAGEMENT)


def _owner(tx: Tx, name: str, account_id: str) -> str:
    access = op(name).access
    assert isinstance(access, Iam)
    assert access.owner is not None
    return access.owner(tx, call_of(op(name), {}, signer(account_id)))


@pytest.mark.parametrize("name", READS)
def test_delegated_administrators_of_any_service_read(organized: Store, name: str) -> None:
    with organized.write() as tx:
        trust(tx, CONFIG)
        delegate(tx, SECURITY, CONFIG)
        assert _owner(tx, name, SECURITY) == SECURITY
        assert _owner(tx, name, MANAGEMENT) == MANAGEMENT
        with pytest.raises(Denied):
            _owner(tx, name, PRODUCTION)


@pytest.mark.parametrize("name", CHANGES)
def test_delegated_administrators_delegate_nothing(organized: Store, name: str) -> None:
    with organized.write() as tx:
        trust(tx, SSO)
        delegate(tx, SECURITY)
        with pytest.raises(Denied):
            _owner(tx, name, SECURITY)


@pytest.mark.parametrize("name", CHANGES)
def test_the_service_is_a_condition_key(organized: Store, name: str) -> None:
    access = op(name).access
    assert isinstance(access, Iam)
    params = {"account_id": SECURITY, "service_principal": SSO}
    with organized.write() as tx:
        (check,) = access.checks(tx, call_of(op(name), params, ADMINISTRATOR))
    assert check.context == {"organizations:ServicePrincipal": SSO}
    arn = f"arn:aws:organizations::{MANAGEMENT}:account/{ORGANIZATION}/{SECURITY}"
    assert check.resources == ((arn,) if "Delegated" in name else ("*",))
