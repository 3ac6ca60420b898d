"""Users and groups as they are described and listed: as mappings, and as the JSON kept of them.

Owns the JSON's form: AWS's member names and epoch seconds. A user's is kept without extensions,
which a list tells only when asked for. Invariant: `read(as_json(members))` are the members that are
set. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from genkan.core import arns
from genkan.identity_store.records import Group, User

_PLAIN = frozenset({str, int, float, bool})
_TIMES = ("created_at", "updated_at")
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


def as_json(members: Mapping[str, Any]) -> str:
    """What is described, as AWS's JSON has it."""
    seconds = {name: members[name] / 1000 for name in _TIMES}
    return _encode(_renamed({**members, **seconds}, _aws_name)).decode()


def read(text: str) -> dict[str, Any]:
    """The members that `as_json` wrote."""
    members: dict[str, Any] = _renamed(_decode(text), _own_name)
    for name in _TIMES:
        members[name] = round(members[name] * 1000)
    return members


def _renamed(value: Any, name: Callable[[str], str]) -> Any:
    # Of most values the class says enough, and asking for an abstract one costs more than all else.
    if value.__class__ in _PLAIN:
        return value
    if value.__class__ is dict or isinstance(value, Mapping):
        return {
            name(key): item if item.__class__ in _PLAIN else _renamed(item, name)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list | tuple):
        return [_renamed(item, name) for item in value]
    return value


@cache
def _aws_name(key: str) -> str:
    """`given_name` as `GivenName`. Only members of the model come here: there are some forty."""
    return "".join(part.capitalize() for part in key.split("_"))


@cache
def _own_name(key: str) -> str:
    """`GivenName` as `given_name`."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in key).lstrip("_")
