"""JSON as a policy document allows it: bounded, no duplicate keys, numbers kept as written.

Owns the step from text to plain values. Leaves their meaning to `parse`.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from genkan.authorization import errors
from genkan.authorization.errors import PolicySyntaxError


class Number(str):
    """A JSON number as it was written, told from a string by its type."""

    __slots__ = ()


def load(text: str, max_characters: int) -> Any:
    """Decode JSON text.

    Raises:
        PolicySyntaxError: it is too long, not JSON, nested too deeply, holds a key twice in one
            object, `NaN` or a lone surrogate.
    """
    if len(text) > max_characters:
        raise PolicySyntaxError(
            errors.SYNTAX, detail=f"The document is longer than {max_characters} characters."
        )
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_constant,
        )
        _refuse_half_characters(text, value)
        return value
    except PolicySyntaxError:
        raise
    except (ValueError, RecursionError) as error:
        raise PolicySyntaxError(errors.INVALID_JSON, detail=_json_detail(error)) from None


def _refuse_half_characters(text: str, value: Any) -> None:
    """Raise ValueError for a lone surrogate: it could be neither hashed, stored nor told."""
    text.encode("utf-8")
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode("utf-8")


def _json_detail(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}."
    if isinstance(error, RecursionError):
        return "The document is nested too deeply."
    return "The document is not well-formed text."


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise PolicySyntaxError(
                    errors.SYNTAX, detail=f"The key {key[:64]!r} stands twice in one object."
                )
            seen.add(key)
    return out


def _constant(name: str) -> NoReturn:
    raise ValueError(name)
