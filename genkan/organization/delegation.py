"""Trusted access of services, and the accounts that administer them (reference §1.7, §10).

Owns the registrations; what a delegated administrator may do follows at each call from
`access.is_delegate`. Registering an account needs trusted access; Identity Center takes one
account at a time. Taking trusted access away leaves registrations as they are, without effect.
"""

from genkan.core.call import Operation
from genkan.core.errors import Conflict, Invalid, NotFound
from genkan.db.database import Tx
from genkan.organization import access, store
from genkan.organization.access import IDENTITY_CENTER, find_account, iam, organization, reading
from genkan.organization.answers import PAGE, Answer, account_answer, page, violation
from genkan.organization.records import Delegation
from genkan.organization.services import TRUSTED

_MOST_DELEGATES = {IDENTITY_CENTER: 1}
_MOST = 20


def enable_aws_service_access(tx: Tx, *, service_principal: str) -> Answer:
    """EnableAWSServiceAccess; enabling again changes nothing, its date included."""
    _require_known(service_principal)
    trust_service(tx, service_principal=service_principal)
    return {}


def disable_aws_service_access(tx: Tx, *, service_principal: str) -> Answer:
    """DisableAWSServiceAccess; what was not enabled stays so."""
    _require_known(service_principal)
    store.disable_service(tx, service_principal)
    return {}


def list_aws_service_access_for_organization(
    tx: Tx, *, max_results: int = PAGE, next_token: str | None = None
) -> Answer:
    """ListAWSServiceAccessForOrganization, in the order of the names."""
    services, token = page(
        tx,
        "ListAWSServiceAccessForOrganization",
        max_results,
        next_token,
        lambda after, limit: store.list_services(tx, after, limit),
        lambda service: service.service_principal,
    )
    enabled = [
        {"service_principal": service.service_principal, "date_enabled": service.enabled_at}
        for service in services
    ]
    return {"enabled_service_principals": enabled, "next_token": token}


def register_delegated_administrator(tx: Tx, *, account_id: str, service_principal: str) -> Answer:
    """RegisterDelegatedAdministrator: a member account, for a service with trusted access.

    `Conflict` (ConstraintViolationException, with its reason) for the management account, without
    trusted access, and beyond the number that the service takes.
    """
    _require_known(service_principal)
    if account_id == organization(tx).management_account_id:
        raise violation(
            "You cannot register management account/yourself as delegated administrator for your"
            " organization.",
            "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
        )
    _require_account(tx, account_id)
    if not store.service_enabled(tx, service_principal):
        raise violation(
            f"You must enable service access for {service_principal} before you register a"
            " delegated administrator for it.",
            "SERVICE_ACCESS_NOT_ENABLED",
        )
    most = most_delegates(service_principal)
    registered = store.delegates_of(tx, service_principal, most + 1)
    if account_id in registered:
        raise Conflict(
            "The provided account is already a delegated administrator for your organization.",
            code="AccountAlreadyRegisteredException",
        )
    if len(registered) >= most:
        raise violation(
            "You have exceeded the allowed number of delegated administrators for the service"
            f" {service_principal}.",
            "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED",
        )
    store.insert_delegation(
        tx,
        Delegation(account_id=account_id, service_principal=service_principal, enabled_at=tx.now),
    )
    return {}


def deregister_delegated_administrator(
    tx: Tx, *, account_id: str, service_principal: str
) -> Answer:
    """DeregisterDelegatedAdministrator: ends what it may do with the next call."""
    _require_known(service_principal)
    _require_account(tx, account_id)
    if not store.delete_delegation(tx, account_id, service_principal):
        raise _not_registered()
    return {}


def list_delegated_administrators(
    tx: Tx,
    *,
    service_principal: str | None = None,
    max_results: int = PAGE,
    next_token: str | None = None,
) -> Answer:
    """ListDelegatedAdministrators, of one service or of any, in the order of ids."""
    if service_principal is not None:
        _require_known(service_principal)
    delegates, token = page(
        tx,
        f"ListDelegatedAdministrators:{service_principal or ''}",
        max_results,
        next_token,
        lambda after, limit: store.list_delegates(tx, service_principal, after, limit),
        lambda delegate: delegate[0],
    )
    whole = organization(tx)
    accounts = store.accounts_by_id(tx, (account_id for account_id, _ in delegates))
    described = []
    for account_id, enabled_at in delegates:
        answer = dict(account_answer(whole, accounts[account_id]))
        del answer["paths"]
        described.append({**answer, "delegation_enabled_date": enabled_at})
    return {"delegated_administrators": described, "next_token": token}


def list_delegated_services_for_account(
    tx: Tx, *, account_id: str, max_results: int = PAGE, next_token: str | None = None
) -> Answer:
    """ListDelegatedServicesForAccount; AccountNotRegisteredException when there are none."""
    _require_account(tx, account_id)
    if not store.delegated_services(tx, account_id, "", 1):
        raise _not_registered()
    services, token = page(
        tx,
        f"ListDelegatedServicesForAccount:{account_id}",
        max_results,
        next_token,
        lambda after, limit: store.delegated_services(tx, account_id, after, limit),
        lambda service: service.service_principal,
    )
    described = [
        {
            "service_principal": service.service_principal,
            "delegation_enabled_date": service.enabled_at,
        }
        for service in services
    ]
    return {"delegated_services": described, "next_token": token}


def most_delegates(service_principal: str) -> int:
    """How many accounts may administer the service."""
    return _MOST_DELEGATES.get(service_principal, _MOST)


def trust_service(tx: Tx, *, service_principal: str) -> None:
    """Let a service work in the organization: enabling Identity Center does so for itself."""
    store.enable_service(tx, service_principal, tx.now)


def _require_known(service_principal: str) -> None:
    if service_principal not in TRUSTED:
        raise Invalid(
            "You specified an unrecognized service principal.",
            code="InvalidInputException",
            members={"reason": "UNRECOGNIZED_SERVICE_PRINCIPAL"},
        )


def _require_account(tx: Tx, account_id: str) -> None:
    if find_account(tx, account_id) is None:
        raise NotFound(
            "You specified an account that doesn't exist.", code="AccountNotFoundException"
        )


def _not_registered() -> Conflict:
    return Conflict(
        "The provided account is not a registered delegated administrator for your organization.",
        code="AccountNotRegisteredException",
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="EnableAWSServiceAccess",
        run=enable_aws_service_access,
        access=iam("EnableAWSServiceAccess"),
    ),
    Operation(
        name="DisableAWSServiceAccess",
        run=disable_aws_service_access,
        access=iam("DisableAWSServiceAccess"),
    ),
    Operation(
        name="ListAWSServiceAccessForOrganization",
        run=list_aws_service_access_for_organization,
        access=reading("ListAWSServiceAccessForOrganization"),
        reads="point",
    ),
    Operation(
        name="RegisterDelegatedAdministrator",
        run=register_delegated_administrator,
        access=iam("RegisterDelegatedAdministrator", access.the_account),
    ),
    Operation(
        name="DeregisterDelegatedAdministrator",
        run=deregister_delegated_administrator,
        access=iam("DeregisterDelegatedAdministrator", access.the_account),
    ),
    Operation(
        name="ListDelegatedAdministrators",
        run=list_delegated_administrators,
        access=reading("ListDelegatedAdministrators"),
        reads="point",
    ),
    Operation(
        name="ListDelegatedServicesForAccount",
        run=list_delegated_services_for_account,
        access=reading("ListDelegatedServicesForAccount", access.the_account),
        reads="point",
    ),
)
