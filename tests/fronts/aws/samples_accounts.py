"""Good requests about what an organization delegates, and about an account's own policies.

`furnish_accounts` makes two member accounts administrators of services that do nothing here, so
that Identity Center's own delegation stays for the sample; two policies in the management
account, `Spare` with three versions and two tags, and `Doomed`; and two service control policies,
of which the spare one is attached to a unit and to the delegate.
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
_SCP = "SERVICE_CONTROL_POLICY"
_NO_BUCKETS = (
    '{"Version":"2012-10-17","Statement":'
    '[{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}]}'
)


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
    organizations.enable_policy_type(RootId=world.more["root"], PolicyType=_SCP)
    for name in ("scp", "doomed scp"):
        made = organizations.create_policy(**_control(name))["Policy"]["PolicySummary"]
        world.more[name] = made["Id"]
    for target in (world.more["unit"], world.account(DELEGATE)):
        organizations.attach_policy(PolicyId=world.more["scp"], TargetId=target)


def _control(name: str) -> Params:
    return {"Name": name, "Description": "", "Content": _NO_BUCKETS, "Type": _SCP}


def _policy(world: World, name: str = "scp", **more: Any) -> Params:
    return {"PolicyId": world.more[name], **more}


def _type(world: World) -> Params:
    return {"RootId": world.more["root"], "PolicyType": _SCP}


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
    "CreatePolicy": lambda w: _control("fresh"),
    "DescribePolicy": _policy,
    "UpdatePolicy": lambda w: _policy(w, Description="changed"),
    "ListPolicies": lambda w: {"Filter": _SCP},
    "ListPoliciesForTarget": lambda w: {"TargetId": w.more["unit"], "Filter": _SCP},
    "ListTargetsForPolicy": _policy,
    "AttachPolicy": lambda w: _policy(w, TargetId=w.account(SECOND)),
    "DetachPolicy": lambda w: _policy(w, TargetId=w.account(DELEGATE)),
    "DeletePolicy": lambda w: _policy(w, "doomed scp"),
    "TagResource": lambda w: {
        "ResourceId": w.more["unit"],
        "Tags": [{"Key": "stage", "Value": "prod"}],
    },
    "UntagResource": lambda w: {"ResourceId": w.account(SECOND), "TagKeys": ["stage"]},
    "ListTagsForResource": lambda w: {"ResourceId": w.more["scp"]},
    "DisablePolicyType": _type,
    "EnablePolicyType": _type,
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
