"""A seed's people as the identity store's members, and back."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from genkan.identity_store.attributes import ENTERPRISE
from genkan.sandbox.document_people import User

_NOT_MEMBERS = ("id", "password", "status")
_CAMEL = {
    "employee_number": "employeeNumber",
    "cost_center": "costCenter",
}


def user_members(part: Struct) -> dict[str, Any]:
    """What is given of a user or of a part of one, as CreateUser takes it."""
    found: dict[str, Any] = {}
    for name in part.__struct_fields__:
        value = _plain(getattr(part, name))
        if value not in ("", [], UNSET):
            found[name] = value
    if isinstance(part, User):
        for name in _NOT_MEMBERS:
            found.pop(name, None)
        if isinstance(enterprise := found.pop("enterprise", None), Mapping):
            camel = {_CAMEL.get(name, name): value for name, value in enterprise.items()}
            found["extensions"] = {ENTERPRISE: camel}
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return user_members(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def user_of(described: Mapping[str, Any]) -> User:
    """A user as DescribeUser tells it, extensions included."""
    members = {
        name: value
        for name, value in described.items()
        if name in User.__struct_fields__ and value is not None
    }
    return msgspec.convert(
        {
            **members,
            "id": described["user_id"],
            "status": described["user_status"],
            **_enterprise(described.get("extensions", {})),
        },
        User,
    )


def _enterprise(extensions: Mapping[str, Any]) -> dict[str, Any]:
    if ENTERPRISE not in extensions:
        return {}
    snake = {camel: name for name, camel in _CAMEL.items()}
    given = {snake.get(name, name): value for name, value in extensions[ENTERPRISE].items()}
    return {"enterprise": given}
