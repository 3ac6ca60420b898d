"""What a user's and a group's attributes are, and how an attribute path changes them.

A draft is a mutable dictionary of a principal's members in snake_case, as AWS's model names them
(reference §2.2), `extensions` included. Drafts are checked as a whole before they are stored. Pure.
"""

from collections.abc import Mapping, MutableMapping
from datetime import date
from typing import Any

from genkan.core.errors import Invalid
from genkan.identity_store.documents import (
    Check,
    ListOf,
    Structure,
    boolean,
    external_id_part,
    plain,
    string,
    user_name,
)
from genkan.identity_store.folding import is_reserved

ENTERPRISE = "aws:identitystore:enterprise"

Draft = MutableMapping[str, Any]

_NAME = Structure(
    dict.fromkeys(
        (
            "formatted",
            "family_name",
            "given_name",
            "middle_name",
            "honorific_prefix",
            "honorific_suffix",
        ),
        string,
    )
)
_ADDRESS = Structure(
    {
        **dict.fromkeys(
            (
                "street_address",
                "locality",
                "region",
                "postal_code",
                "country",
                "formatted",
                "type",
            ),
            string,
        ),
        "primary": boolean,
    }
)
_VALUE = Structure({"value": string, "type": string, "primary": boolean})
_PHOTO = Structure(
    {"value": string, "type": string, "display": string, "primary": boolean},
    required=frozenset({"value"}),
)
_EXTERNAL_ID = Structure(
    {"issuer": external_id_part, "id": external_id_part}, required=frozenset({"issuer", "id"})
)
_EXTERNAL_IDS = ListOf(_EXTERNAL_ID, 10)

USER: Mapping[str, Check] = {
    "user_name": user_name,
    "display_name": string,
    "name": _NAME,
    "nick_name": string,
    "profile_url": string,
    "user_type": string,
    "title": string,
    "preferred_language": string,
    "locale": string,
    "timezone": string,
    "website": string,
    "birthdate": string,
    "emails": ListOf(_VALUE, 1),
    "addresses": ListOf(_ADDRESS, 1),
    "phone_numbers": ListOf(_VALUE, 1),
    "roles": ListOf(_VALUE, 1),
    "photos": ListOf(_PHOTO, 3),
    "external_ids": _EXTERNAL_IDS,
}
GROUP: Mapping[str, Check] = {
    "display_name": string,
    "description": string,
    "external_ids": _EXTERNAL_IDS,
}

_ENTERPRISE_FIELDS = (
    "employeeNumber",
    "costCenter",
    "organization",
    "division",
    "department",
)
_ENTERPRISE = Structure(
    {**dict.fromkeys(_ENTERPRISE_FIELDS, string), "manager": Structure({"value": string})}
)


def extensions(value: Mapping[str, Any]) -> dict[str, Any]:
    """`Extensions` as CreateUser takes it; only the enterprise extension exists (§2.2)."""
    for name in value:
        if name != ENTERPRISE:
            raise Invalid(f"The extension {name} is not supported.")
    return {name: _ENTERPRISE(name, document) for name, document in value.items()}


def change(draft: Draft, members: Mapping[str, Check], path: str, value: Any) -> None:
    """Apply one AttributeOperation (§2.5): set `path` to `value`, or remove it for None.

    Paths are matched in any case. `Invalid` for a path that does not exist or cannot be changed.
    """
    if path.lower().startswith("aws:"):
        if members is not USER:
            raise _no_such(path)
        _change_enterprise(draft, path, value)
        return
    head, _, rest = path.partition(".")
    name = next((name for name in members if plain(name) == plain(head)), None)
    if name is None:
        raise _no_such(path)
    _change_member(draft, name, members[name], path, rest, value)


def _change_member(
    container: Draft, name: str, check: Check, path: str, rest: str, value: Any
) -> None:
    if not rest:
        if value is None:
            container.pop(name, None)
        else:
            container[name] = check(path, value)
        return
    head, _, rest = rest.partition(".")
    inner = check.name_of(head) if isinstance(check, Structure) else None
    if not isinstance(check, Structure) or inner is None:
        raise _no_such(path)
    structure = dict(container.get(name, {}))
    _change_member(structure, inner, check.members[inner], path, rest, value)
    if structure:
        container[name] = structure
    else:
        container.pop(name, None)


def _change_enterprise(draft: Draft, path: str, value: Any) -> None:
    extension, _, rest = path.partition(".")
    if extension.lower() != ENTERPRISE:
        raise _no_such(path)
    held = dict(draft.get("extensions", {}))
    _change_member(held, ENTERPRISE, _ENTERPRISE, path, rest, value)
    draft["extensions"] = held


def check_user(draft: Mapping[str, Any]) -> None:
    """The rules about a user as a whole; `Invalid` names every required attribute missing."""
    if "user_name" not in draft:
        raise Invalid("userName is a required attribute")
    missing = [member for member in ("display_name", "name") if member not in draft]
    if "name" in draft:
        missing += [part for part in ("given_name", "family_name") if part not in draft["name"]]
    if missing:
        raise Invalid(
            ", ".join(f"{plain(part)}: The attribute {plain(part)} is required" for part in missing)
        )
    _check_not_reserved(draft["user_name"])
    if sum(photo.get("primary", False) for photo in draft.get("photos", ())) > 1:
        raise Invalid("Only one value of photos may be primary.")
    if "birthdate" in draft and not _is_date(draft["birthdate"]):
        raise Invalid("The value of birthdate must be a date in the form YYYY-MM-DD.")


def check_group(draft: Mapping[str, Any]) -> None:
    """The rules about a group as a whole."""
    if "display_name" not in draft:
        raise Invalid("displayName is a required attribute")
    _check_not_reserved(draft["display_name"])


def _check_not_reserved(name: str) -> None:
    if is_reserved(name):
        raise Invalid(f"{name} is a reserved name.")


def _is_date(text: str) -> bool:
    if not (text.isascii() and len(text) == 10 and text[4] == text[7] == "-"):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _no_such(path: str) -> Invalid:
    return Invalid(f"The attribute path {path} is not supported.")
