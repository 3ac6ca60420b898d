"""A user as DescribeUser and ListUsers tell it: as a mapping, and as the JSON that is kept of it.

Owns the JSON's form: AWS's member names and epoch seconds, without extensions, which a list tells
only when asked for. Invariant: `read(as_json(user))` is what `described(user)` says. Pure.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from genkan.core import arns
from genkan.identity_store.records import User

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


def as_json(user: User) -> str:
    """The user without extensions, as AWS's JSON has it."""
    members = described(user)
    for name in _TIMES:
        members[name] /= 1000
    return _encode(_renamed(members, _aws_name)).decode()


def read(text: str) -> dict[str, Any]:
    """The members that `as_json` wrote."""
    members: dict[str, Any] = _renamed(_decode(text), _own_name)
    for name in _TIMES:
        members[name] = round(members[name] * 1000)
    return members


def _renamed(value: Any, name: Any) -> Any:
    if isinstance(value, Mapping):
        return {name(key): _renamed(item, name) for key, item in value.items() if item is not None}
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
