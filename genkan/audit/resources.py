"""Which resources a record is about, as LookupEvents names them: pairs of type and name.

Read out of the record itself, after redaction, so that nothing hidden can be searched for. Types
are CloudFormation's words, with CloudTrail's for sessions and access keys. One resource may have
several names, its ARN and its short name, as it has on AWS.
"""

from collections.abc import Mapping
from typing import Any

from genkan.audit.redaction import HIDDEN

MOST_RESOURCES = 20
_LONGEST_NAME = 1024
_DEPTH = 3
_BY_MEMBER = {
    "instanceArn": "AWS::SSO::Instance",
    "permissionSetArn": "AWS::SSO::PermissionSet",
    "applicationArn": "AWS::SSO::Application",
    "applicationProviderArn": "AWS::SSO::ApplicationProvider",
    "trustedTokenIssuerArn": "AWS::SSO::TrustedTokenIssuer",
    "identityStoreId": "AWS::IdentityStore::IdentityStore",
    "userId": "AWS::IdentityStore::User",
    "groupId": "AWS::IdentityStore::Group",
    "membershipId": "AWS::IdentityStore::GroupMembership",
    "accountId": "AWS::Organizations::Account",
    "destinationParentId": "AWS::Organizations::OrganizationalUnit",
    "organizationalUnitId": "AWS::Organizations::OrganizationalUnit",
    "policyId": "AWS::Organizations::Policy",
    "roleArn": "AWS::IAM::Role",
    "roleName": "AWS::IAM::Role",
    "policyArn": "AWS::IAM::ManagedPolicy",
    "samlProviderArn": "AWS::IAM::SAMLProvider",
    "openIdConnectProviderArn": "AWS::IAM::OIDCProvider",
    "accessKeyId": "AWS::IAM::AccessKey",
    "assumedRoleId": "AWS::STS::AssumedRole",
}
_BY_SOURCE = {
    "iam.amazonaws.com": {"userName": "AWS::IAM::User", "groupName": "AWS::IAM::Group"},
    "sts.amazonaws.com": {"principalArn": "AWS::IAM::SAMLProvider"},
}
_BY_ARN = (
    (":instance/", "AWS::SSO::Instance"),
    (":permissionSet/", "AWS::SSO::PermissionSet"),
    (":application/", "AWS::SSO::Application"),
    (":trustedTokenIssuer/", "AWS::SSO::TrustedTokenIssuer"),
    (":account/", "AWS::Organizations::Account"),
    (":ou/", "AWS::Organizations::OrganizationalUnit"),
    (":role/", "AWS::IAM::Role"),
    (":policy/", "AWS::IAM::ManagedPolicy"),
)
_AMBIGUOUS = frozenset({"principalId", "targetId", "resourceArn", "resourceId"})
_NOTHING: Mapping[str, str] = {}
_PRINCIPALS = {"USER": "AWS::IdentityStore::User", "GROUP": "AWS::IdentityStore::Group"}


def resources_of(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Type and name of each resource of a record, in the order they are met."""
    special = _BY_SOURCE.get(record["eventSource"], _NOTHING)
    found: dict[tuple[str, str], None] = {}
    for members in (record.get("requestParameters"), record.get("responseElements")):
        if isinstance(members, dict):
            _collect(members, special, _DEPTH, found)
    return list(found)[:MOST_RESOURCES]


def _collect(
    members: Mapping[str, Any],
    special: Mapping[str, str],
    depth: int,
    found: dict[tuple[str, str], None],
) -> None:
    """Add what members name; of every record that is written, so without a detour."""
    for member, value in members.items():
        if isinstance(value, str):
            kind = special.get(member) or _BY_MEMBER.get(member)
            if kind is None and member in _AMBIGUOUS:
                kind = _other(member, value, members)
            if kind and _is_name(value):
                found[kind, value] = None
        elif depth > 1 and isinstance(value, dict):
            _collect(value, special, depth - 1, found)


_BY_ID = (
    ("r-", "AWS::Organizations::Root"),
    ("ou-", "AWS::Organizations::OrganizationalUnit"),
    ("p-", "AWS::Organizations::Policy"),
)
"""What AWS Organizations tags, by the beginning of its id; an account's is a number."""


def _other(member: str, value: str, members: Mapping[str, Any]) -> str | None:
    """By what stands beside it or in it, for members that are used for several types."""
    if member == "principalId":
        return _PRINCIPALS.get(str(members.get("principalType")))
    if member == "targetId" and members.get("targetType") == "AWS_ACCOUNT":
        return "AWS::Organizations::Account"
    if member == "resourceArn":
        return next((kind for part, kind in _BY_ARN if part in value), None)
    if member == "resourceId":
        found = (kind for part, kind in _BY_ID if value.startswith(part))
        return next(found, "AWS::Organizations::Account" if value.isdecimal() else None)
    return None


def _is_name(value: str) -> bool:
    """Whether it can be a name; line feeds and tabs part names where they are kept."""
    return (
        0 < len(value) <= _LONGEST_NAME
        and value != HIDDEN
        and "\n" not in value
        and "\t" not in value
    )
