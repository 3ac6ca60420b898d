"""An organization with something of everything, made over the wire, and all that can be read of it.

Reads are told without who made what when, and without the ids of what a seed makes anew: roles.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from tests.support.server import Server

SCP = "SERVICE_CONTROL_POLICY"
DEV, PROD = "sakura-data-dev", "sakura-data-prod"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_MADE_ANEW = re.compile(r"(AWSReservedSSO_\w+|AWSSSO)_[0-9a-f]{16}")
_OF_THE_MAKING = ("RoleId", "CreatedDate", "CreatedBy", "UpdatedBy", "Revision")


def member(server: Server, alias: str) -> Callable[[str], Any]:
    """Clients with the rights of a member account's administrator."""
    role = f"arn:aws:iam::{server.account(alias)}:role/OrganizationAccountAccessRole"
    keys = server.client("sts").assume_role(RoleArn=role, RoleSessionName="rich")["Credentials"]
    credentials = {
        "access_key_id": keys["AccessKeyId"],
        "secret_access_key": keys["SecretAccessKey"],
        "session_token": keys["SessionToken"],
    }
    return lambda service: server.client(service, credentials)


def policy(effect: str, action: str, **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def until(done: Callable[[], bool]) -> None:
    """What the worker does a moment later."""
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# --- making ---------------------------------------------------------------------------------------


def enrich(server: Server) -> None:
    """Add to the sample organization something of every section that a seed has."""
    _controls(server)
    _policies(server)
    _account_instance(server)
    _instance(server)
    _people_and_access(server)
    _applications(server)


def _controls(server: Server) -> None:
    organizations = server.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType=SCP)
    limits = [
        organizations.create_policy(
            Name=name,
            Description=description,
            Type=SCP,
            Content=content,
            Tags=[{"Key": "team", "Value": name}],
        )["Policy"]["PolicySummary"]["Id"]
        for name, description, content in (
            ("No S3", "", json.dumps(policy("Deny", "s3:*"))),
            ("Only IAM", "a\nb", json.dumps(policy("Allow", "*"), indent=4)),
        )
    ]
    unit = organizations.list_organizational_units_for_parent(ParentId=root)
    first = unit["OrganizationalUnits"][0]["Id"]
    organizations.attach_policy(PolicyId=limits[0], TargetId=root)
    organizations.attach_policy(PolicyId=limits[1], TargetId=first)
    organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=first)
    organizations.attach_policy(PolicyId=limits[0], TargetId=server.account(PROD))
    for number, target in enumerate((root, first, server.account(PROD))):
        organizations.tag_resource(ResourceId=target, Tags=[{"Key": "place", "Value": f"{number}"}])
    for service in ("guardduty", "ssm", "config"):
        organizations.enable_aws_service_access(ServicePrincipal=f"{service}.amazonaws.com")
    for service in ("sso", "ssm", "config"):
        organizations.register_delegated_administrator(
            AccountId=server.account(DEV), ServicePrincipal=f"{service}.amazonaws.com"
        )
    organizations.disable_aws_service_access(ServicePrincipal="config.amazonaws.com")


def _policies(server: Server) -> None:
    """A policy whose second version is in effect, the third there, the fourth gone."""
    iam = member(server, DEV)("iam")
    arn = iam.create_policy(
        PolicyName="Rich",
        Path="/teams/",
        Description="Rich in versions",
        PolicyDocument=json.dumps(policy("Allow", "s3:Get*")),
        Tags=[{"Key": "kind", "Value": "rich"}],
    )["Policy"]["Arn"]
    for action in ("s3:List*", "s3:Put*", "s3:Delete*"):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(policy("Deny", action)))
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    for gone in ("v1", "v4"):
        iam.delete_policy_version(PolicyArn=arn, VersionId=gone)


def _instance(server: Server) -> None:
    admin, arn = server.client("sso-admin"), server.facts["instance_arn"]
    for region in ("eu-south-1", "ap-south-1"):
        admin.add_region(InstanceArn=arn, RegionName=region)
        described = partial(admin.describe_region, InstanceArn=arn, RegionName=region)
        until(lambda described=described: described()["Status"] == "ACTIVE")  # type: ignore[misc]
    admin.update_instance(InstanceArn=arn, Name="rich")
    admin.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    configuration = {
        "AccessControlAttributes": [
            {"Key": "Title", "Value": {"Source": ["${path:title}"]}},
            {"Key": "Cost", "Value": {"Source": ["${path:enterprise.costCenter}"]}},
        ]
    }
    admin.create_instance_access_control_attribute_configuration(
        InstanceArn=arn, InstanceAccessControlAttributeConfiguration=configuration
    )
    server.client("identitystore").update_identity_store(
        IdentityStoreId=server.facts["identity_store_id"],
        NetworkConfiguration={
            "VpceAccessRequired": False,
            "ApiAllowSourceIps": ["127.0.0.0/8", "::1/128"],
            "ScimAllowSourceIps": ["192.0.2.0/24"],
        },
    )


def _people_and_access(server: Server) -> None:
    admin, arn = server.client("sso-admin"), server.facts["instance_arn"]
    at = {"IdentityStoreId": server.facts["identity_store_id"]}
    store = server.client("identitystore")
    user = store.create_user(
        **at,
        UserName="ritchie",
        DisplayName="Ritchie: yes",
        Name={"GivenName": "R", "FamilyName": "Itchie", "HonorificPrefix": "Dr."},
        Emails=[{"Value": "ritchie@example.com", "Type": "work", "Primary": True}],
        Addresses=[{"Locality": "Kyoto", "Primary": False}],
        Title="no",
        Birthdate="1970-01-01",
        Extensions={"aws:identitystore:enterprise": {"costCenter": "007", "division": "x"}},
    )["UserId"]
    group = store.create_group(**at, DisplayName="Rich", Description="null")["GroupId"]
    store.create_group_membership(**at, GroupId=group, MemberId={"UserId": user})
    made = admin.create_permission_set(
        InstanceArn=arn, Name="Rich", SessionDuration="PT3H", Tags=[{"Key": "k", "Value": "v"}]
    )["PermissionSet"]["PermissionSetArn"]
    named = {"InstanceArn": arn, "PermissionSetArn": made}
    admin.put_inline_policy_to_permission_set(
        **named, InlinePolicy=json.dumps(policy("Allow", "iam:List*"))
    )
    reference = {"Name": "Rich", "Path": "/teams/"}
    admin.attach_customer_managed_policy_reference_to_permission_set(
        **named, CustomerManagedPolicyReference=reference
    )
    admin.put_permissions_boundary_to_permission_set(
        **named, PermissionsBoundary={"CustomerManagedPolicyReference": reference}
    )
    status = admin.create_account_assignment(
        **named,
        TargetId=server.account(DEV),
        TargetType="AWS_ACCOUNT",
        PrincipalType="GROUP",
        PrincipalId=group,
    )["AccountAssignmentCreationStatus"]["RequestId"]
    until(
        lambda: (
            admin.describe_account_assignment_creation_status(
                InstanceArn=arn, AccountAssignmentCreationRequestId=status
            )["AccountAssignmentCreationStatus"]["Status"]
            == "SUCCEEDED"
        )
    )


def _applications(server: Server) -> None:
    admin, arn = server.client("sso-admin"), server.facts["instance_arn"]
    issuers = [_issuer(admin, arn, f"https://idp{number}.example.com", "idp") for number in (1, 2)]
    plain = _application(admin, arn, "Plain")
    twin = _application(member(server, DEV)("sso-admin"), arn, "Plain")
    admin.update_application(ApplicationArn=twin, Status="DISABLED")
    full = admin.create_application(
        InstanceArn=arn,
        ApplicationProviderArn="arn:aws:sso::aws:applicationProvider/custom",
        Name="Full: yes",
        Description="no",
        PortalOptions={
            "Visibility": "DISABLED",
            "SignInOptions": {"Origin": "APPLICATION", "ApplicationUrl": "https://example.com/"},
        },
        Tags=[{"Key": "app", "Value": "full"}],
    )["ApplicationArn"]
    at = {"ApplicationArn": full}
    for kind, principal in _principals(server):
        admin.create_application_assignment(**at, PrincipalType=kind, PrincipalId=principal)
    admin.put_application_assignment_configuration(**at, AssignmentRequired=False)
    admin.put_application_session_configuration(
        **at, UserBackgroundSessionApplicationStatus="ENABLED"
    )
    targets = [arn, full, plain, twin]
    admin.put_application_access_scope(**at, Scope="sso:account:access", AuthorizedTargets=targets)
    admin.put_application_access_scope(**at, Scope="openid")
    admin.put_application_authentication_method(
        **at,
        AuthenticationMethodType="IAM",
        AuthenticationMethod={
            "Iam": {
                "ActorPolicy": policy(
                    "Allow",
                    "sso-oauth:CreateTokenWithIAM",
                    Principal={"AWS": server.account(DEV)},
                )
            }
        },
    )
    for grant_type, grant in (
        (
            "authorization_code",
            {"AuthorizationCode": {"RedirectUris": ["https://example.com/back?a=b"]}},
        ),
        ("refresh_token", {"RefreshToken": {}}),
        (_EXCHANGE, {"TokenExchange": {}}),
        (
            JWT_BEARER,
            {
                "JwtBearer": {
                    "AuthorizedTokenIssuers": [
                        {"TrustedTokenIssuerArn": issuer, "AuthorizedAudiences": ["yes", "b"]}
                        for issuer in issuers
                    ]
                }
            },
        ),
    ):
        admin.put_application_grant(**at, GrantType=grant_type, Grant=grant)


def _issuer(admin: Any, instance_arn: str, url: str, name: str) -> str:
    made: str = admin.create_trusted_token_issuer(
        InstanceArn=instance_arn,
        Name=name,
        TrustedTokenIssuerType="OIDC_JWT",
        TrustedTokenIssuerConfiguration={
            "OidcJwtConfiguration": {
                "IssuerUrl": url,
                "ClaimAttributePath": "email",
                "IdentityStoreAttributePath": "emails.value",
                "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
            }
        },
        Tags=[{"Key": "idp", "Value": "1"}],
    )["TrustedTokenIssuerArn"]
    return made


def _application(admin: Any, instance_arn: str, name: str) -> str:
    made: str = admin.create_application(
        InstanceArn=instance_arn,
        ApplicationProviderArn="arn:aws:sso::aws:applicationProvider/custom",
        Name=name,
    )["ApplicationArn"]
    return made


def _principals(server: Server) -> Iterator[tuple[str, str]]:
    store = server.client("identitystore")
    at = {"IdentityStoreId": server.facts["identity_store_id"]}
    yield "USER", store.list_users(**at)["Users"][0]["UserId"]
    yield "GROUP", store.list_groups(**at)["Groups"][0]["GroupId"]


def _account_instance(server: Server) -> None:
    """An instance of the account PROD, with people and an application of its own."""
    clients = member(server, PROD)
    admin, store = clients("sso-admin"), clients("identitystore")
    arn = admin.create_instance(Name="own", Tags=[{"Key": "own", "Value": "yes"}])["InstanceArn"]
    until(lambda: admin.describe_instance(InstanceArn=arn)["Status"] == "ACTIVE")
    at = {"IdentityStoreId": admin.describe_instance(InstanceArn=arn)["IdentityStoreId"]}
    user = store.create_user(
        **at, UserName="taro", DisplayName="Own", Name={"GivenName": "T", "FamilyName": "O"}
    )["UserId"]
    group = store.create_group(**at, DisplayName="Own")["GroupId"]
    store.create_group_membership(**at, GroupId=group, MemberId={"UserId": user})
    issuer = _issuer(admin, arn, "https://own.example.com", "own")
    application = _application(admin, arn, "Own")
    admin.create_application_assignment(
        ApplicationArn=application, PrincipalType="GROUP", PrincipalId=group
    )
    admin.put_application_grant(
        ApplicationArn=application,
        GrantType=JWT_BEARER,
        Grant={
            "JwtBearer": {
                "AuthorizedTokenIssuers": [
                    {"TrustedTokenIssuerArn": issuer, "AuthorizedAudiences": ["own"]}
                ]
            }
        },
    )


# --- reading --------------------------------------------------------------------------------------


class Told:
    """Every answer of the read operations, by operation and parameters."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}

    def ask(self, client: Any, name: str, **params: Any) -> Any:
        """The answer, whole lists of it; an error's code where that is the answer."""
        method = getattr(client, name)
        try:
            if client.can_paginate(name):
                answer = client.get_paginator(name).paginate(**params).build_full_result()
            else:
                answer = method(**params)
        except ClientError as error:
            answer = {"error": error.response["Error"]["Code"]}
        answer.pop("ResponseMetadata", None)
        self.answers[f"{name} {json.dumps(params)}"] = _told(answer)
        return answer


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _told(item)
            for key, item in value.items()
            if not isinstance(item, datetime) and key not in _OF_THE_MAKING
        }
    if isinstance(value, list):
        return [_told(item) for item in value]
    return _MADE_ANEW.sub(r"\1", value) if isinstance(value, str) else value


def told(server: Server) -> dict[str, Any]:
    """All that an administrator can read, of the organization and inside every account."""
    reads = Told()
    _read_organization(reads, server.client("organizations"))
    _read_instance(
        reads,
        server.client("sso-admin"),
        server.client("identitystore"),
        server.facts["instance_arn"],
    )
    _read_access(reads, server)
    for account in server.facts["accounts"]:
        if account["id"] == server.facts["management_account_id"]:
            _read_account(reads, server.client("iam"), account["id"])
        else:
            clients = member(server, account["alias"])
            _read_account(reads, clients("iam"), account["id"])
            for instance in clients("sso-admin").list_instances()["Instances"]:
                if instance["OwnerAccountId"] == account["id"]:
                    _read_instance(
                        reads,
                        clients("sso-admin"),
                        clients("identitystore"),
                        instance["InstanceArn"],
                    )
    return reads.answers


def _read_organization(reads: Told, client: Any) -> None:
    ask = partial(reads.ask, client)
    ask("describe_organization")
    ask("list_accounts")
    ask("list_aws_service_access_for_organization")
    for one in ask("list_delegated_administrators")["DelegatedAdministrators"]:
        ask("list_delegated_services_for_account", AccountId=one["Id"])
    for one in ask("list_policies", Filter=SCP)["Policies"]:
        ask("describe_policy", PolicyId=one["Id"])
        ask("list_targets_for_policy", PolicyId=one["Id"])
        ask("list_tags_for_resource", ResourceId=one["Id"])
    for root in ask("list_roots")["Roots"]:
        _read_below(reads, client, root["Id"])


def _read_below(reads: Told, client: Any, parent: str) -> None:
    ask = partial(reads.ask, client)
    ask("list_policies_for_target", TargetId=parent, Filter=SCP)
    ask("list_tags_for_resource", ResourceId=parent)
    for account in ask("list_accounts_for_parent", ParentId=parent)["Accounts"]:
        ask("list_policies_for_target", TargetId=account["Id"], Filter=SCP)
        ask("list_tags_for_resource", ResourceId=account["Id"])
    units = ask("list_organizational_units_for_parent", ParentId=parent)["OrganizationalUnits"]
    for unit in units:
        _read_below(reads, client, unit["Id"])


def _read_instance(reads: Told, admin: Any, store: Any, arn: str) -> None:
    ask = partial(reads.ask, admin)
    instance = ask("describe_instance", InstanceArn=arn)
    ask("list_regions", InstanceArn=arn)
    ask("list_tags_for_resource", ResourceArn=arn)
    ask("describe_instance_access_control_attribute_configuration", InstanceArn=arn)
    at = {"IdentityStoreId": instance["IdentityStoreId"]}
    reads.ask(store, "describe_identity_store", **at)
    for user in reads.ask(store, "list_users", **at)["Users"]:
        reads.ask(
            store,
            "describe_user",
            **at,
            UserId=user["UserId"],
            Extensions=["aws:identitystore:enterprise"],
        )
    for group in reads.ask(store, "list_groups", **at)["Groups"]:
        reads.ask(store, "list_group_memberships", **at, GroupId=group["GroupId"])
    for one in ask("list_trusted_token_issuers", InstanceArn=arn)["TrustedTokenIssuers"]:
        issuer = one["TrustedTokenIssuerArn"]
        ask("describe_trusted_token_issuer", TrustedTokenIssuerArn=issuer)
        ask("list_tags_for_resource", ResourceArn=issuer)
    for one in ask("list_applications", InstanceArn=arn)["Applications"]:
        _read_application(ask, one["ApplicationArn"])


def _read_application(ask: Callable[..., Any], arn: str) -> None:
    for name in (
        "describe_application",
        "list_application_assignments",
        "get_application_assignment_configuration",
        "get_application_session_configuration",
        "list_application_access_scopes",
        "list_application_authentication_methods",
        "list_application_grants",
    ):
        ask(name, ApplicationArn=arn)
    ask("list_tags_for_resource", ResourceArn=arn)


def _read_access(reads: Told, server: Server) -> None:
    ask = partial(reads.ask, server.client("sso-admin"))
    arn = server.facts["instance_arn"]
    for made in ask("list_permission_sets", InstanceArn=arn)["PermissionSets"]:
        named = {"InstanceArn": arn, "PermissionSetArn": made}
        for name in (
            "describe_permission_set",
            "get_inline_policy_for_permission_set",
            "get_permissions_boundary_for_permission_set",
            "list_managed_policies_in_permission_set",
            "list_customer_managed_policy_references_in_permission_set",
        ):
            ask(name, **named)
        ask("list_tags_for_resource", InstanceArn=arn, ResourceArn=made)
        for account in ask("list_accounts_for_provisioned_permission_set", **named)["AccountIds"]:
            ask("list_account_assignments", **named, AccountId=account)


def _read_account(reads: Told, iam: Any, account_id: str) -> None:
    for role in iam.get_paginator("list_roles").paginate().build_full_result()["Roles"]:
        name = role["RoleName"]
        found = Told()
        for read in ("get_role", "list_role_policies", "list_attached_role_policies"):
            found.ask(iam, read, RoleName=name)
        key = f"role {account_id} {_told(name)}"
        reads.answers[key] = list(found.answers.values())
    for one in reads.ask(iam, "list_policies", Scope="Local")["Policies"]:
        named = {"PolicyArn": one["Arn"]}
        reads.ask(iam, "get_policy", **named)
        reads.ask(iam, "list_policy_tags", **named)
        for version in reads.ask(iam, "list_policy_versions", **named)["Versions"]:
            reads.ask(iam, "get_policy_version", **named, VersionId=version["VersionId"])
