"""The seed document: an organization described as data.

THE definition. The reader of seed files (`seed_reader`), the published JSON Schema (`schema`), the
writer (`seed`) and the export all follow it; a member added here is known to all of them. Names are
those of AWS's models in snake_case. People are in `document_people`, applications in
`document_applications`. Leaves to `seed_checks` what no single member can tell.

Invariants: an empty text or list means "not given", a member that may be absent in another sense
is UNSET; a policy is its JSON text here, however it was written.
"""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from genkan.fronts.web.pages import AccountColor
from genkan.sandbox import seed_rules as rules
from genkan.sandbox.document_applications import Application, TrustedTokenIssuer
from genkan.sandbox.document_parts import (
    KEPT,
    ControlPolicyText,
    Policy,
    Reference,
    Tags,
)
from genkan.sandbox.document_people import Group, User
from genkan.sandbox.seed_rules import text

VERSION: Final = 1


class _Part(Struct, forbid_unknown_fields=True):
    """What every part of a document has in common."""


# The organization


class PolicyVersion(_Part, kw_only=True):
    """A version of a policy that is not in effect."""

    version: Annotated[str, text(rules.POLICY_VERSION)]
    document: Policy


class CustomerManagedPolicy(_Part, kw_only=True):
    """A policy that stands in one account, for permission sets to refer to by name and path."""

    name: Annotated[str, text(rules.POLICY_NAME)]
    path: Annotated[str, text(rules.POLICY_PATH)] = "/"
    id: Annotated[str, text(rules.POLICY_UNIQUE_ID, KEPT)] = ""
    description: Annotated[str, text(rules.POLICY_DESCRIPTION)] = ""
    version: Annotated[str, text(rules.POLICY_VERSION, "Of the document in effect.")] = "v1"
    document: Policy
    other_versions: Annotated[list[PolicyVersion], Meta(max_length=4)] = []
    last_version: Annotated[
        str,
        text(rules.POLICY_VERSION, "The highest ever given, where that version is not there."),
    ] = ""
    tags: Tags = {}


class Account(_Part, kw_only=True):
    """An AWS account and how people recognise it."""

    name: Annotated[str, text(rules.ACCOUNT_NAME)]
    email: Annotated[str, text(rules.ACCOUNT_EMAIL, "The root user's address; unique.")]
    id: Annotated[str, text(rules.ACCOUNT_ID, f"Twelve digits, quoted. {KEPT}")] = ""
    alias: Annotated[str, text(rules.ALIAS, "A short name; unique.")] = ""
    environment: Annotated[str, text(rules.ENVIRONMENT, "A word such as production.")] = ""
    colour: Annotated[
        AccountColor, Meta(description="The colour that hangs wherever the account is entered.")
    ] = "none"
    service_control_policies: Annotated[
        list[Reference],
        Meta(description="Attached to it, by name; FullAWSAccess alone when left out."),
    ] = []
    customer_managed_policies: list[CustomerManagedPolicy] = []
    tags: Tags = {}


class Unit(_Part, kw_only=True):
    """An organizational unit; units nest five deep."""

    name: Annotated[str, text(rules.UNIT_NAME)]
    id: Annotated[str, text(rules.UNIT_ID, KEPT)] = ""
    service_control_policies: Annotated[
        list[Reference],
        Meta(description="Attached to it, by name; FullAWSAccess alone when left out."),
    ] = []
    tags: Tags = {}
    accounts: list[Account] = []
    units: list["Unit"] = []


class ServiceControlPolicy(_Part, kw_only=True):
    """A policy that limits the accounts under what it is attached to."""

    name: Annotated[str, text(rules.CONTROL_POLICY_NAME, "Unique.")]
    id: Annotated[str, text(rules.CONTROL_POLICY_ID, KEPT)] = ""
    description: Annotated[str, text(rules.CONTROL_POLICY_DESCRIPTION)] = ""
    content: ControlPolicyText
    tags: Tags = {}


class DelegatedAdministrator(_Part, kw_only=True):
    """A member account that administers services for the organization."""

    account: Annotated[str, text(rules.REFERENCE, "An account's alias, name or id.")]
    services: list[Annotated[str, text(rules.SERVICE_PRINCIPAL)]]


class Organization(_Part, kw_only=True):
    """The management account, what stands in the root beside it, and what holds for all of it."""

    management_account: Account
    accounts: list[Account] = []
    units: list[Unit] = []
    policy_types: Annotated[
        list[Literal["SERVICE_CONTROL_POLICY"]],
        Meta(max_length=1, description="Those enabled; nothing is attached without."),
    ] = []
    service_control_policies: Annotated[
        list[ServiceControlPolicy], Meta(description="Those there are, attached or not.")
    ] = []
    root_service_control_policies: Annotated[
        list[Reference],
        Meta(description="Attached to the root, by name; FullAWSAccess alone when left out."),
    ] = []
    root_tags: Tags = {}
    trusted_services: Annotated[
        list[Annotated[str, text(rules.SERVICE_PRINCIPAL)]] | UnsetType,
        Meta(description="With trusted access; Identity Center alone when left out."),
    ] = UNSET
    delegated_administrators: list[DelegatedAdministrator] = []


# What people may do


class PolicyReference(_Part, kw_only=True):
    """A customer managed policy by name and path, as it stands in every account assigned."""

    name: Annotated[str, text(rules.POLICY_NAME)]
    path: Annotated[str, text(rules.POLICY_PATH)] = "/"


class Boundary(_Part, kw_only=True):
    """A permissions boundary: a policy of AWS, or one of the accounts' own."""

    managed_policy: Annotated[str, text(rules.POLICY_ARN)] = ""
    customer_managed_policy: PolicyReference | UnsetType = UNSET


class PermissionSet(_Part, kw_only=True):
    """A permission set with its policies."""

    name: Annotated[str, text(rules.PERMISSION_SET_NAME)]
    id: Annotated[str, text(rules.PERMISSION_SET_ID, KEPT)] = ""
    description: Annotated[str, text(rules.PERMISSION_SET_DESCRIPTION)] = ""
    session_duration: Annotated[str, text(rules.SESSION_DURATION, "ISO 8601, PT1H to PT12H")] = (
        "PT1H"
    )
    relay_state: Annotated[str, text(rules.RELAY_STATE)] = ""
    managed_policies: Annotated[
        list[Annotated[str, text(rules.POLICY_ARN)]], Meta(description="ARNs of AWS's policies.")
    ] = []
    customer_managed_policies: list[PolicyReference] = []
    inline_policy: Policy = ""
    permissions_boundary: Annotated[
        Boundary | UnsetType,
        Meta(
            extra_json_schema={
                "oneOf": [
                    {"required": ["managed_policy"]},
                    {"required": ["customer_managed_policy"]},
                ]
            }
        ),
    ] = UNSET
    tags: Tags = {}


class Assignment(_Part, kw_only=True):
    """Who gets which permission set in which accounts."""

    user: Annotated[str, text(rules.REFERENCE, "A user's user_name; this or `group`.")] = ""
    group: Annotated[str, text(rules.REFERENCE, "A group's display_name; this or `user`.")] = ""
    permission_set: Annotated[str, text(rules.REFERENCE, "A permission set's name.")]
    accounts: Annotated[
        Literal["all"] | list[Reference],
        Meta(description="Aliases, names or ids of accounts; or all."),
    ] = []
    units: Annotated[
        list[Reference],
        Meta(description="Units, such as Workloads/Production: every account in them and below."),
    ] = []


# The whole


class Network(_Part, kw_only=True):
    """From where an identity store may be called: addresses and CIDR blocks."""

    api_allow_source_ips: Annotated[
        list[Annotated[str, text(rules.SOURCE_ADDRESSES)]], Meta(max_length=50)
    ] = []
    scim_allow_source_ips: Annotated[
        list[Annotated[str, text(rules.SOURCE_ADDRESSES)]], Meta(max_length=50)
    ] = []


class Settings(_Part, kw_only=True):
    """What the organization and its instance of Identity Center are."""

    region: Annotated[str, text(rules.REGION, "The instance's Region.")] = ""
    added_regions: Annotated[
        list[Annotated[str, text(rules.REGION)]], Meta(description="Beside `region`.")
    ] = []
    instance_name: Annotated[str, text(rules.INSTANCE_NAME)] = ""
    instance_alias: Annotated[
        str, text(rules.INSTANCE_ALIAS, "The word in https://<alias>.awsapps.com/start.")
    ] = ""
    instance_tags: Tags = {}
    access_control_attributes: Annotated[
        dict[
            Annotated[str, text(rules.ACCESS_CONTROL_KEY)],
            Annotated[str, text(rules.ACCESS_CONTROL_SOURCE)],
        ]
        | UnsetType,
        Meta(
            description="Session tags and where they come from, such as ${path:title}; not"
            " enabled when left out."
        ),
    ] = UNSET
    network: Annotated[
        Network | UnsetType, Meta(description="Of the identity store; not set when left out.")
    ] = UNSET
    instance_id: Annotated[str, text(rules.INSTANCE_ID, KEPT)] = ""
    identity_store_id: Annotated[str, text(rules.IDENTITY_STORE_ID, KEPT)] = ""
    organization_id: Annotated[str, text(rules.ORGANIZATION_ID, KEPT)] = ""
    root_id: Annotated[str, text(rules.ROOT_ID, KEPT)] = ""


class AccountInstance(_Part, kw_only=True):
    """An instance of a member account's own, with its directory. Nobody signs in there."""

    account: Annotated[str, text(rules.REFERENCE, "A member account's alias, name or id.")]
    id: Annotated[str, text(rules.INSTANCE_ID, KEPT)] = ""
    identity_store_id: Annotated[str, text(rules.IDENTITY_STORE_ID, KEPT)] = ""
    name: Annotated[str, text(rules.INSTANCE_NAME)] = ""
    region: Annotated[str, text(rules.REGION, "The organization's when left out.")] = ""
    tags: Tags = {}
    network: Annotated[
        Network | UnsetType, Meta(description="Of the identity store; not set when left out.")
    ] = UNSET
    users: list[User] = []
    groups: list[Group] = []
    trusted_token_issuers: list[TrustedTokenIssuer] = []
    applications: list[Application] = []


class SeedDocument(_Part, kw_only=True):
    """An organization: its accounts, its people, and what they may do where."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = VERSION
    settings: Settings = field(default_factory=Settings)
    organization: Organization
    users: list[User] = []
    groups: list[Group] = []
    permission_sets: list[PermissionSet] = []
    assignments: list[Assignment] = []
    trusted_token_issuers: list[TrustedTokenIssuer] = []
    applications: list[Application] = []
    account_instances: list[AccountInstance] = []
