"""Users and groups as they are described and listed: as mappings, and as the JSON kept of them.

Owns the JSON's form: AWS's member names in the order of AWS's model, and epoch seconds, so that it
is byte for byte what the wire has. A user's is kept without extensions, which are told only when
asked for. Invariant: `read` of what is kept are the members that are set. Pure.

During an upgrade nodes of two releases write side by side. A release whose form is another must
mark its own in `listed_revision` (the revision plus 2**40, say): so neither takes the other's.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

import msgspec

from genkan.core import arns
from genkan.identity_store import attributes
from genkan.identity_store.documents import ListOf, Structure
from genkan.identity_store.records import Group, User

Build: TypeAlias = Callable[[Any], Any]

_TIMES = frozenset({"created_at", "updated_at"})
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def described(user: User, extensions: Sequence[str] = ()) -> dict[str, Any]:
    """Every member that is set, of the extensions those that are named."""
    members = {
        "identity_store_id": user.identity_store_id,
        "user_id": user.user_id,
        "user_arn": arns.user(user.user_id),
        "revision": str(user.revision),
        "user_name": user.user_name,
        "display_name": user.display_name,
        **user.attributes,
        "user_status": user.status,
        "created_at": user.created_at,
        "created_by": user.created_by,
        "updated_at": user.updated_at,
        "updated_by": user.updated_by,
    }
    wanted = {name: user.extensions[name] for name in extensions if name in user.extensions}
    if wanted:
        members["extensions"] = wanted
    return members


def described_group(group: Group) -> dict[str, Any]:
    """Every member; None for those that are not set."""
    return {
        "identity_store_id": group.identity_store_id,
        "group_id": group.group_id,
        "group_arn": arns.group(group.group_id),
        "revision": str(group.revision),
        "display_name": group.display_name,
        "description": group.description,
        "external_ids": group.external_ids or None,
        "created_at": group.created_at,
        "created_by": group.created_by,
        "updated_at": group.updated_at,
        "updated_by": group.updated_by,
    }


def user_json(user: User) -> str:
    """A user without extensions, as AWS's JSON has it."""
    return _encode(_user(described(user))).decode()


def group_json(group: Group) -> str:
    """A group, as AWS's JSON has it."""
    return _encode(_group(described_group(group))).decode()


def read(text: str) -> dict[str, Any]:
    """The members that `user_json` or `group_json` wrote."""
    members: dict[str, Any] = _own(_decode(text))
    for name in _TIMES:
        members[name] = round(members[name] * 1000)
    return members


def _own(value: Any) -> Any:
    if isinstance(value, dict):
        return {_own_name(key): _own(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_own(item) for item in value]
    return value


def _structure(names: Sequence[str], checks: Mapping[str, Any]) -> Build:
    """Builds a structure of these members, as far as they are set; `checks` say what is in them."""
    members = [
        (name, _aws_name(name), _seconds if name in _TIMES else _built(checks.get(name)))
        for name in names
    ]

    def build(value: Any) -> dict[str, Any]:
        get, built = value.get, {}
        for name, label, inner in members:
            item = get(name)
            if item is not None:
                built[label] = item if inner is None else inner(item)
        return built

    return build


def _built(check: Any) -> Build | None:
    """How a member is built of which this is the check; None for a plain one."""
    if isinstance(check, Structure):
        return _structure(tuple(check.members), check.members)
    if isinstance(check, ListOf):
        inner = _structure(tuple(check.item.members), check.item.members)
        return lambda items: [inner(item) for item in items]
    return None


def _seconds(milliseconds: int) -> float:
    return milliseconds / 1000


@cache
def _own_name(key: str) -> str:
    """`GivenName` as `given_name`. Only members of the model come here: there are some forty."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in key).lstrip("_")


def _aws_name(key: str) -> str:
    """`given_name` as `GivenName`."""
    return "".join(part.capitalize() for part in key.split("_"))


# Members in the order of AWS's model; the attributes of a user stand among them.
_CHANGES = ("created_at", "created_by", "updated_at", "updated_by")
_user = _structure(
    (
        *("identity_store_id", "user_id", "user_arn", "revision", "user_name", "external_ids"),
        *("name", "display_name", "nick_name", "profile_url", "emails", "addresses"),
        *("phone_numbers", "user_type", "title", "preferred_language", "locale", "timezone"),
        *("user_status", "photos", "website", "birthdate", "roles", *_CHANGES),
    ),
    attributes.USER,
)
_group = _structure(
    (
        *("identity_store_id", "group_id", "group_arn", "revision", "display_name"),
        *("external_ids", "description", "created_at", "updated_at", "created_by", "updated_by"),
    ),
    attributes.GROUP,
)
