"""Good requests about what an organization delegates, and about an account's own policies.

`furnish_accounts` makes two member accounts administrators of services that do nothing here, so
that Identity Center's own delegation stays for the sample; and two policies in the management
account, `Spare` with three versions and two tags, and `Doomed`.
"""

from collections.abc import Callable
from typing import Any

from tests.fronts.aws.world import INLINE, World

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
    iam = world.admin.iam
    tags = [{"Key": "team", "Value": "a"}, {"Key": "stage", "Value": "test"}]
    iam.create_policy(PolicyName="Spare", PolicyDocument=INLINE, Tags=tags)
    for _ in range(2):
        iam.create_policy_version(**_spare(world), PolicyDocument=INLINE)
    iam.create_policy(PolicyName="Doomed", PolicyDocument=INLINE)


def _spare(world: World, **more: Any) -> Params:
    return {"PolicyArn": f"arn:aws:iam::{world.management}:policy/Spare", **more}


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
IAM: dict[str, Callable[[World], Params]] = {
    "CreatePolicy": lambda w: {"PolicyName": "Fresh", "PolicyDocument": INLINE},
    "CreatePolicyVersion": lambda w: _spare(w, PolicyDocument=INLINE),
    "SetDefaultPolicyVersion": lambda w: _spare(w, VersionId="v2"),
    "DeletePolicyVersion": lambda w: _spare(w, VersionId="v3"),
    "DeletePolicy": lambda w: {"PolicyArn": f"arn:aws:iam::{w.management}:policy/Doomed"},
    "TagPolicy": lambda w: _spare(w, Tags=[{"Key": "owner", "Value": "b"}]),
    "UntagPolicy": lambda w: _spare(w, TagKeys=["stage"]),
    "ListPolicies": lambda w: {"Scope": "Local"},
    "ListPolicyVersions": _spare,
    "ListPolicyTags": _spare,
    "ListEntitiesForPolicy": _spare,
}
