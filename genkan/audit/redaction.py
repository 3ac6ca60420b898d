"""Turning parameters and results into CloudTrail's JSON, without what must not be remembered."""

import dataclasses
import enum
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_LONGEST = 4096
_PLAIN = frozenset({int, bool, float, type(None)})


@lru_cache(maxsize=4096)
def camel(name: str) -> str:
    """`instance_arn` → `instanceArn`, as CloudTrail spells members."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def redact(value: Any, hidden: frozenset[str], path: str = "") -> Any:
    """A JSON-ready copy of `value` with snake_case members in lower camel case.

    `hidden` holds dotted paths of members to hide. Bytes are always hidden: nothing readable in
    them helps an auditor. None members are left out; long strings are cut.
    """
    kind: Any = type(value)
    if kind is str:
        return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
    if kind is dict:
        return _members(value.items(), hidden, path)
    if kind in _PLAIN:
        return value
    if kind is list or kind is tuple:
        return [redact(member, hidden, path) for member in value]
    names = _fields(kind)
    if names is not None:
        return _members(((name, getattr(value, name)) for name in names), hidden, path)
    return _unusual(value, hidden, path)


def _members(members: Iterable[tuple[Any, Any]], hidden: frozenset[str], path: str) -> Any:
    shown: dict[str, Any] = {}
    for key, member in members:
        if member is None:
            continue
        name = key if key.__class__ is str else str(key)
        told = _told_name(name)
        if told is None:
            continue
        if not hidden:
            shown[told] = (
                member
                if member.__class__ is str and len(member) <= _LONGEST
                else redact(member, hidden)
            )
        elif path + name in hidden:
            shown[told] = HIDDEN
        else:
            shown[told] = redact(member, hidden, f"{path}{name}.")
    return shown


@lru_cache(maxsize=4096)
def _told_name(name: str) -> str | None:
    """A member's name in a record; None when it is for the recorder alone."""
    return None if name.startswith("audit_") else camel(name)


def _unusual(value: Any, hidden: frozenset[str], path: str) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return _members(value.items(), hidden, path)
    if isinstance(value, bytes):
        return HIDDEN
    if isinstance(value, str):
        return redact(str(value), hidden, path)
    if isinstance(value, Sequence | frozenset | set):
        return [redact(member, hidden, path) for member in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return str(value)


@lru_cache(maxsize=1024)
def _fields(kind: type) -> tuple[str, ...] | None:
    """The names of a dataclass's fields; None for any other class."""
    if not dataclasses.is_dataclass(kind) or issubclass(kind, enum.Enum):
        return None
    return tuple(field.name for field in dataclasses.fields(kind))
