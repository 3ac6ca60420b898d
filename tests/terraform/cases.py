"""For each resource: the least that a configuration may say, the most, and each field's change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.terraform.applications import (
    Application,
    ApplicationAccessScope,
    ApplicationAssignment,
    ApplicationAssignmentConfiguration,
    ApplicationGrant,
    TrustedTokenIssuer,
)
from tests.terraform.assignments import AccountAssignment
from tests.terraform.identity_store import Group, GroupMembership, User
from tests.terraform.instances import Instance, InstanceAccessControlAttributes, Region
from tests.terraform.permission_sets import (
    CustomerManagedPolicyAttachment,
    CustomerManagedPolicyAttachmentsExclusive,
    InlinePolicy,
    ManagedPolicyAttachment,
    ManagedPolicyAttachmentsExclusive,
    PermissionsBoundaryAttachment,
    PermissionSet,
)
from tests.terraform.provider import Provider
from tests.terraform.resource import Resource
from tests.terraform.scene import (
    CUSTOM,
    POLICY,
    READ_ONLY,
    SECURITY_AUDIT,
    VIEW_ONLY,
    WITHOUT_POLICY,
    Scene,
    allow,
    issuer,
)

Config = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A resource with its configurations. `changes` are made one after the other; None unsets."""

    kind: type[Resource]
    least: Config
    most: Config | None = None
    changes: list[Config] = field(default_factory=list)
    provider: Provider | None = None


def _user(scene: Scene) -> Case:
    name = {"given_name": "Ada", "family_name": "Lovelace"}
    full_name = name | {
        "formatted": "Ada Lovelace",
        "middle_name": "King",
        "honorific_prefix": "Countess",
        "honorific_suffix": "FRS",
    }
    email = {"value": "ada@example.com", "type": "work", "primary": True}
    phone = {"value": "+44 20 7946 0000", "type": "work", "primary": True}
    address = {
        "street_address": "12 St James's Square",
        "locality": "London",
        "region": "England",
        "postal_code": "SW1Y 4JH",
        "country": "GB",
        "formatted": "12 St James's Square, London",
        "type": "work",
        "primary": True,
    }
    texts = {
        "nickname": "Ada",
        "locale": "en-GB",
        "preferred_language": "en",
        "profile_url": "https://example.com/ada",
        "timezone": "Europe/London",
        "title": "Analyst",
        "user_type": "employee",
    }
    base = {"user_name": "ada", "display_name": "Ada", "name": name} | scene.store
    most = base | texts | {"name": full_name, "emails": [email]}
    most |= {"phone_numbers": [phone], "addresses": [address]}
    changes: list[Config] = [{"display_name": "Ada L."}]
    changes += [{text: f"{value}2"} for text, value in texts.items()]
    changes += [{"name": full_name | {part: f"New {part}"}} for part in full_name]
    changes += [
        {"emails": [email | {"value": "countess@example.com"}]},
        {"emails": [{"value": "countess@example.com", "primary": False}]},
        {"phone_numbers": [phone | {"value": "+44 20 7946 0001"}]},
        {"addresses": [address | {"country": "UK"}]},
        {"addresses": [{"locality": "Paris", "primary": False}]},
        {"name": name},
    ]
    changes += [{gone: None} for gone in (*texts, "emails", "phone_numbers", "addresses")]
    return Case(User, base, most, changes)


def _group(scene: Scene) -> Case:
    least = {"display_name": "Analysts"} | scene.store
    changes: list[Config] = [{"description": "They compute"}, {"display_name": "Computers"}]
    return Case(Group, least, least | {"description": "They analyse"}, changes)


def _group_membership(scene: Scene) -> Case:
    parts = {"group_id": scene.group(), "member_id": scene.user()}
    return Case(GroupMembership, parts | scene.store)


def _permission_set(scene: Scene) -> Case:
    least = {"name": "Least"} | scene.here
    most = least | {
        "description": "All that can be said",
        "relay_state": "https://console.aws.amazon.com/s3",
        "session_duration": "PT8H",
        "tags": {"team": "a", "cost-centre": "1"},
    }
    changes: list[Config] = [
        {"description": "Something else"},
        {"relay_state": "https://console.aws.amazon.com/ec2"},
        {"session_duration": "PT2H"},
        {"tags": {"team": "b", "stage": "prod"}},
        {"relay_state": None},
        {"session_duration": "PT1H"},
        {"tags": {}},
    ]
    return Case(PermissionSet, least, most, changes)


def _managed_policy_attachment(scene: Scene) -> Case:
    base = scene.permission_set()
    return Case(
        ManagedPolicyAttachment,
        base | {"managed_policy_arn": READ_ONLY},
        base | {"managed_policy_arn": VIEW_ONLY},
    )


def _managed_policy_attachments_exclusive(scene: Scene) -> Case:
    base = scene.permission_set()
    changes: list[Config] = [
        {"managed_policy_arns": {SECURITY_AUDIT}},
        {"managed_policy_arns": {SECURITY_AUDIT, VIEW_ONLY}},
        {"managed_policy_arns": set()},
    ]
    return Case(
        ManagedPolicyAttachmentsExclusive,
        base | {"managed_policy_arns": set()},
        base | {"managed_policy_arns": {READ_ONLY, VIEW_ONLY}},
        changes,
    )


def _customer_managed_policy_attachment(scene: Scene) -> Case:
    base = scene.permission_set()
    deep = {"name": "Readers=v1.0@team", "path": "/team/data/"}
    return Case(
        CustomerManagedPolicyAttachment,
        base | {"customer_managed_policy_reference": POLICY},
        base | {"customer_managed_policy_reference": deep},
    )


def _customer_managed_policy_attachments_exclusive(scene: Scene) -> Case:
    base = scene.permission_set()
    argument = "customer_managed_policy_reference"
    # A list to Terraform: in the order of path and name, which is the service's.
    second, third = {"name": "Others", "path": "/"}, {"name": "All", "path": "/team/"}
    return Case(
        CustomerManagedPolicyAttachmentsExclusive,
        base | {argument: [POLICY]},
        base | {argument: [POLICY, second]},
        [{argument: [POLICY, second, third]}, {argument: [third]}, {argument: []}],
    )


def _inline_policy(scene: Scene) -> Case:
    base = scene.permission_set()
    changes: list[Config] = [{"inline_policy": allow("s3:GetObject", "s3:ListBucket")}]
    return Case(
        InlinePolicy,
        base | {"inline_policy": allow("s3:GetObject")},
        base | {"inline_policy": allow("ec2:Describe*", "logs:Get*")},
        changes,
    )


def _permissions_boundary_attachment(scene: Scene) -> Case:
    base = scene.permission_set()
    return Case(
        PermissionsBoundaryAttachment,
        base | {"permissions_boundary": {"managed_policy_arn": READ_ONLY}},
        base | {"permissions_boundary": {"customer_managed_policy_reference": POLICY}},
    )


def _account_assignment(scene: Scene) -> Case:
    base = scene.permission_set() | {
        "target_id": scene.server.account(WITHOUT_POLICY),
        "target_type": "AWS_ACCOUNT",
    }
    return Case(
        AccountAssignment,
        base | {"principal_type": "USER", "principal_id": scene.user()},
        base | {"principal_type": "GROUP", "principal_id": scene.group()},
    )


def _application(scene: Scene) -> Case:
    least = {"name": "Least", "application_provider_arn": CUSTOM} | scene.here
    options = {"visibility": "ENABLED", "origin": "APPLICATION"}
    options |= {"application_url": "https://app.example.com/"}
    most = least | {
        "description": "All that can be said",
        "status": "ENABLED",
        "portal_options": options,
        "tags": {"team": "a", "stage": "test"},
    }
    changes: list[Config] = [
        {"name": "Most"},
        {"description": "Something else"},
        {"status": "DISABLED"},
        {"portal_options": options | {"application_url": "https://app.example.com/start"}},
        {"portal_options": options | {"origin": "IDENTITY_CENTER", "application_url": None}},
        {"tags": {"team": "b"}},
    ]
    return Case(Application, least, most, changes)


def _application_access_scope(scene: Scene) -> Case:
    base = scene.application() | {"scope": "sso:account:access"}
    targets = [scene.application("Other")["application_arn"], scene.instance_arn]
    return Case(ApplicationAccessScope, base, base | {"authorized_targets": targets})


def _application_assignment(scene: Scene) -> Case:
    base = scene.application()
    return Case(
        ApplicationAssignment,
        base | {"principal_type": "USER", "principal_id": scene.user()},
        base | {"principal_type": "GROUP", "principal_id": scene.group()},
    )


def _application_assignment_configuration(scene: Scene) -> Case:
    base = scene.application()
    required, free = {"assignment_required": True}, {"assignment_required": False}
    return Case(ApplicationAssignmentConfiguration, base | required, base | free, [required, free])


def _application_grant(scene: Scene) -> Case:
    base = scene.application() | {"grant_type": "authorization_code"}
    uris = ["http://127.0.0.1:8080/b", "http://127.0.0.1:8080/a"]
    return Case(
        ApplicationGrant,
        base | {"redirect_uris": uris[:1]},
        base | {"redirect_uris": uris},
        [{"redirect_uris": uris[1:]}],
    )


def _application_grant_jwt_bearer(scene: Scene) -> Case:
    base = scene.application()
    base |= {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}
    one = {"arn": scene.issuer(), "audiences": ["z", "a"]}
    other = {"arn": scene.issuer("Another"), "audiences": ["b"]}
    return Case(
        ApplicationGrant,
        base | {"authorized_token_issuers": [one]},
        base | {"authorized_token_issuers": [other, one]},
        [{"authorized_token_issuers": [other | {"audiences": ["c"]}]}],
    )


def _application_grant_refresh_token(scene: Scene) -> Case:
    base = scene.application()
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    return Case(
        ApplicationGrant, base | {"grant_type": "refresh_token"}, base | {"grant_type": exchange}
    )


def _trusted_token_issuer(scene: Scene) -> Case:
    least = issuer("Least") | scene.here
    most = issuer("Most") | scene.here
    most |= {"client_token": "terraform-1", "tags": {"team": "a", "stage": "test"}}
    oidc: Config = dict(issuer("Most")["oidc"])  # type: ignore[call-overload]
    changes: list[Config] = [
        {"name": "Renamed"},
        {"oidc": oidc | {"claim_attribute_path": "preferred_username"}},
        {"oidc": oidc | {"identity_store_attribute_path": "userName"}},
        {"tags": {"team": "b"}},
    ]
    return Case(TrustedTokenIssuer, least, most, changes)


def _instance(scene: Scene) -> Case:
    changes: list[Config] = [{"name": "other"}, {"tags": {"team": "b", "stage": "prod"}}]
    return Case(
        Instance,
        {},
        {"name": "own", "key_type": "AWS_OWNED_KMS_KEY", "tags": {"team": "a"}},
        changes,
        provider=scene.member(WITHOUT_POLICY),
    )


def _region(scene: Scene) -> Case:
    return Case(Region, {"region_name": "eu-central-1"} | scene.here)


def _instance_access_control_attributes(scene: Scene) -> Case:
    given, family = {"${path:name.givenName}"}, {"${path:name.familyName}"}
    least = {"attribute": {"name": given}} | scene.here
    most = {"attribute": {"name": given, "last": family}} | scene.here
    changes: list[Config] = [
        {"attribute": {"name": given, "last": {"${path:name.formatted}"}}},
        {"attribute": {"only": family}},
    ]
    return Case(InstanceAccessControlAttributes, least, most, changes)


CASES: dict[str, Callable[[Scene], Case]] = {
    make.__name__.removeprefix("_"): make
    for make in (
        _user,
        _group,
        _group_membership,
        _permission_set,
        _managed_policy_attachment,
        _managed_policy_attachments_exclusive,
        _customer_managed_policy_attachment,
        _customer_managed_policy_attachments_exclusive,
        _inline_policy,
        _permissions_boundary_attachment,
        _account_assignment,
        _application,
        _application_access_scope,
        _application_assignment,
        _application_assignment_configuration,
        _application_grant,
        _application_grant_jwt_bearer,
        _application_grant_refresh_token,
        _trusted_token_issuer,
        _instance,
        _region,
        _instance_access_control_attributes,
    )
}
