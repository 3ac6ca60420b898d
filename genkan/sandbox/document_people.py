"""The part of the seed document that describes people and their groups, of any identity store."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from genkan.sandbox import seed_rules as rules
from genkan.sandbox.document_parts import KEPT, Attribute, Reference
from genkan.sandbox.seed_rules import text


class _Part(Struct, forbid_unknown_fields=True):
    """What every part of a document has in common."""


class Name(_Part, kw_only=True):
    """A person's name."""

    given_name: Attribute
    family_name: Attribute
    middle_name: Attribute = ""
    formatted: Attribute = ""
    honorific_prefix: Attribute = ""
    honorific_suffix: Attribute = ""


class Value(_Part, kw_only=True):
    """An e-mail address, a phone number or a role."""

    value: Attribute = ""
    type: Attribute = ""
    primary: bool | UnsetType = UNSET


class Photo(_Part, kw_only=True):
    """Where a picture of the person is."""

    value: Attribute
    type: Attribute = ""
    display: Attribute = ""
    primary: bool | UnsetType = UNSET


class Address(_Part, kw_only=True):
    """A postal address."""

    street_address: Attribute = ""
    locality: Attribute = ""
    region: Attribute = ""
    postal_code: Attribute = ""
    country: Attribute = ""
    formatted: Attribute = ""
    type: Attribute = ""
    primary: bool | UnsetType = UNSET


class Manager(_Part, kw_only=True):
    """Who someone reports to."""

    value: Attribute


class Enterprise(_Part, kw_only=True):
    """The enterprise extension (`aws:identitystore:enterprise`)."""

    employee_number: Attribute = ""
    cost_center: Attribute = ""
    organization: Attribute = ""
    division: Attribute = ""
    department: Attribute = ""
    manager: Manager | UnsetType = UNSET


class ExternalId(_Part, kw_only=True):
    """The id that an outside directory gave."""

    issuer: Annotated[str, text(rules.EXTERNAL_ISSUER)]
    id: Annotated[str, text(rules.EXTERNAL_ID)]


class User(_Part, kw_only=True):
    """A person."""

    user_name: Annotated[str, text(rules.USER_NAME, "What the person signs in with; unique.")]
    display_name: Attribute
    name: Name
    id: Annotated[str, text(rules.PRINCIPAL_ID, KEPT)] = ""
    password: Annotated[
        str | UnsetType | None,
        Meta(
            extra={"rule": rules.PASSWORD},
            description="null: the user has none. Left out: one is made up; see sandbox.json.",
        ),
    ] = UNSET
    status: Literal["ENABLED", "DISABLED"] = "ENABLED"
    nick_name: Attribute = ""
    profile_url: Attribute = ""
    user_type: Attribute = ""
    title: Attribute = ""
    preferred_language: Attribute = ""
    locale: Attribute = ""
    timezone: Attribute = ""
    website: Attribute = ""
    birthdate: Annotated[str, text(rules.ATTRIBUTE, "YYYY-MM-DD")] = ""
    emails: Annotated[list[Value], Meta(max_length=1)] = []
    addresses: Annotated[list[Address], Meta(max_length=1)] = []
    phone_numbers: Annotated[list[Value], Meta(max_length=1)] = []
    roles: Annotated[list[Value], Meta(max_length=1)] = []
    photos: Annotated[list[Photo], Meta(max_length=3)] = []
    enterprise: Enterprise | UnsetType = UNSET
    external_ids: Annotated[list[ExternalId], Meta(max_length=10)] = []


class Member(_Part, kw_only=True):
    """A user in a group, with the membership's own id."""

    user: Annotated[str, text(rules.REFERENCE, "A user's user_name.")]
    id: Annotated[str, text(rules.PRINCIPAL_ID, KEPT)] = ""


class Group(_Part, kw_only=True):
    """A group of people."""

    display_name: Annotated[str, text(rules.GROUP_NAME)]
    id: Annotated[str, text(rules.PRINCIPAL_ID, KEPT)] = ""
    description: Attribute = ""
    external_ids: Annotated[list[ExternalId], Meta(max_length=10)] = []
    members: Annotated[
        list[Reference | Member],
        Meta(description="User names; or {user, id}, to keep an id."),
    ] = []
