"""Turning parameters and results into CloudTrail's JSON, without what must not be remembered."""

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_LONGEST = 4096


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
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {
            camel(str(key)): HIDDEN
            if path + str(key) in hidden
            else redact(member, hidden, f"{path}{key}.")
            for key, member in value.items()
            if member is not None and not str(key).startswith("audit_")
        }
    if isinstance(value, bytes):
        return HIDDEN
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
    if isinstance(value, Sequence | frozenset | set):
        return [redact(member, hidden, path) for member in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return str(value)
