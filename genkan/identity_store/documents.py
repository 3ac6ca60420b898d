"""Attribute values that arrive as JSON documents, which no service model constrains.

Owns the checks that the model makes for ordinary members (reference §16.2) on values of
`UpdateUser`, `UpdateGroup` and `Extensions`; keys may be in lower camel or Pascal case, as
clients send both. Pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from genkan.core.errors import Invalid

_LONGEST = 1024
_BLANKS = "\t\n\r \u00a0\u3000"

Check = Callable[[str, Any], Any]


def string(path: str, value: Any) -> str:
    """SensitiveStringType: 1 to 1,024 letters, marks, symbols, numbers, punctuation, blanks."""
    return _text(path, value, _LONGEST, _BLANKS)


def user_name(path: str, value: Any) -> str:
    """UserName: 1 to 128 characters without blanks."""
    return _text(path, value, 128, "")


def external_id_part(path: str, value: Any) -> str:
    """ExternalIdIssuer and ExternalIdIdentifier: 1 to 256 characters without blanks."""
    return _text(path, value, 256, "")


def boolean(path: str, value: Any) -> bool:
    """A JSON boolean, nothing that merely looks like one."""
    if not isinstance(value, bool):
        raise Invalid(f"The value of {path} must be a boolean.")
    return value


def _text(path: str, value: Any, longest: int, blanks: str) -> str:
    if not isinstance(value, str):
        raise Invalid(f"The value of {path} must be a string.")
    if not 1 <= len(value) <= longest:
        raise Invalid(f"The value of {path} must have between 1 and {longest} characters.")
    if not _allows(blanks)(value):
        raise Invalid(f"The value of {path} has a character that is not allowed.")
    return value


@cache
def _allows(blanks: str) -> Callable[[str], object]:
    # With the tables by which the models' own members are checked; Python's may be older.
    import regex

    allowed: Callable[[str], object] = regex.compile(
        rf"[\p{{L}}\p{{M}}\p{{S}}\p{{N}}\p{{P}}{blanks}]*"
    ).fullmatch
    return allowed


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure: `members` by snake_case name, of which `required` must be there."""

    members: Mapping[str, Check]
    required: frozenset[str] = frozenset()

    def __call__(self, path: str, value: Any) -> dict[str, Any]:
        """The structure with snake_case keys; `Invalid` for a member that it does not have."""
        if not isinstance(value, Mapping):
            raise Invalid(f"The value of {path} must be a structure.")
        result: dict[str, Any] = {}
        for key, member in value.items():
            name = self.name_of(str(key))
            if name is None:
                raise Invalid(f"{path} has no member {str(key)[:_LONGEST]}.")
            if member is not None:
                result[name] = self.members[name](f"{path}.{key}", member)
        if missing := sorted(self.required - result.keys()):
            raise Invalid(f"{path}: The attribute {plain(missing[0])} is required")
        if not result:
            raise Invalid(f"The value of {path} must not be empty.")
        return result

    def name_of(self, key: str) -> str | None:
        """The snake_case member that a client's `key` means, in whatever case, or None."""
        wanted = plain(key)
        return next((name for name in self.members if plain(name) == wanted), None)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of 1 to `longest` structures."""

    item: Structure
    longest: int

    def __call__(self, path: str, value: Any) -> list[dict[str, Any]]:
        """The whole replacement list."""
        if not isinstance(value, list | tuple):
            raise Invalid(f"The value of {path} must be a list.")
        if not value:
            raise Invalid(f"The value of {path} must not be empty.")
        if len(value) > self.longest:
            raise Invalid(f"List attribute {path} exceeds allowed limit of {self.longest}")
        return [self.item(path, entry) for entry in value]


def plain(name: str) -> str:
    """`family_name`, `familyName` and `FamilyName` alike, as attribute paths are compared."""
    return name.replace("_", "").lower()
