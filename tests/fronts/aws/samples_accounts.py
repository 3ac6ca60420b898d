"""Good requests about what an organization delegates.

`furnish_accounts` makes two member accounts administrators of services that do nothing here, so
that Identity Center's own delegation stays for the sample.
"""

from collections.abc import Callable
from typing import Any

from tests.fronts.aws.world import World

Params = dict[str, Any]
CONFIG = "config.amazonaws.com"
GUARD = "guardduty.amazonaws.com"
SSO = "sso.amazonaws.com"
DELEGATE = "sakura-log-archive"
SECOND = "sakura-security"


def furnish_accounts(world: World) -> None:
    """Make what the samples name."""
    organizations = world.admin.organizations
    for service in (CONFIG, GUARD, "ram.amazonaws.com"):
        organizations.enable_aws_service_access(ServicePrincipal=service)
    for alias in (DELEGATE, SECOND):
        for service in (CONFIG, GUARD):
            organizations.register_delegated_administrator(
                AccountId=world.account(alias), ServicePrincipal=service
            )


def _account(world: World, alias: str, service: str) -> Params:
    return {"AccountId": world.account(alias), "ServicePrincipal": service}


ORGANIZATIONS: dict[str, Callable[[World], Params]] = {
    "EnableAWSServiceAccess": lambda w: {"ServicePrincipal": "cloudtrail.amazonaws.com"},
    "DisableAWSServiceAccess": lambda w: {"ServicePrincipal": "ram.amazonaws.com"},
    "ListAWSServiceAccessForOrganization": lambda w: {},
    "RegisterDelegatedAdministrator": lambda w: _account(w, DELEGATE, SSO),
    "DeregisterDelegatedAdministrator": lambda w: _account(w, SECOND, GUARD),
    "ListDelegatedAdministrators": lambda w: {},
    "ListDelegatedServicesForAccount": lambda w: {"AccountId": w.account(DELEGATE)},
}
