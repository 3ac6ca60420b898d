"""Walkers of scalar shapes: from a JSON value or a text to the value a slice receives.

Each takes (value, violations), returns the value, appends what constraints it breaks with an
empty path, and raises SerializationFailure for a value of another type, as AWS words it.
"""

import binascii
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from .constraints import StringConstraints, broken_length, broken_range
from .model import Shape
from .refusals import HIDDEN, SerializationFailure, Violation

Walk: TypeAlias = Callable[[Any, list[Violation]], Any]

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_BITS = {"integer": 31, "long": 63}
_JAVA_NAMES = {
    "string": "String",
    "integer": "Integer",
    "long": "Long",
    "float": "Float",
    "double": "Double",
    "boolean": "Boolean",
    "timestamp": "Timestamp",
}
LAST_SECOND = 253402300799  # 9999-12-31T23:59:59Z


def mismatch(value: object, wanted: str) -> SerializationFailure:
    """A value of one JSON type where the model has another, named as AWS's parser names them."""
    match value:
        case True:
            found = "TRUE_VALUE"
        case False:
            found = "FALSE_VALUE"
        case int():
            found = "NUMBER_VALUE"
        case float():
            found = "DECIMAL_VALUE"
        case str():
            found = "STRING_VALUE"
        case list():
            return SerializationFailure("Start of list found where not expected")
        case _:
            return SerializationFailure("Start of structure or map found where not expected")
    return SerializationFailure(f"{found} cannot be converted to {wanted}")


def scalar_walker(shape: Shape, *, text: bool) -> Walk:
    """The walker of a scalar shape; `text` for header fields, query strings and forms."""
    match shape.type:
        case "string":
            return _string(shape)
        case "integer" | "long":
            return _number(shape, _integer_from_text if text else _integer_from_json)
        case "float" | "double":
            return _number(shape, _decimal_from_text if text else _decimal_from_json)
        case "boolean":
            return _boolean_from_text if text else _boolean_from_json
        case "timestamp":
            return _instant_from_text if text else _instant_from_json
        case "blob":
            return _blob(shape)
        case _:
            raise ValueError(f"{shape.type} is not a scalar")


def _string(shape: Shape) -> Walk:
    rules = StringConstraints(shape)
    low, high, enum, match = rules.low, rules.high, rules.enum, rules.match
    sensitive = shape.sensitive

    def bare(value: Any, violations: list[Violation]) -> Any:
        if value.__class__ is not str:
            raise mismatch(value, "String")
        return value

    def constrained(value: Any, violations: list[Violation]) -> Any:
        if value.__class__ is not str:
            raise mismatch(value, "String")
        if (
            not low <= len(value) <= high
            or (enum and value not in enum)
            or (match is not None and not match(value))
        ):
            shown = HIDDEN if sensitive else value
            violations += [Violation("", shown, text) for text in rules.broken(value)]
        return value

    return constrained if rules else bare


def _number(shape: Shape, read: Callable[[Any, Shape], Any]) -> Walk:
    bounded = shape.min is not None or shape.max is not None
    sensitive = shape.sensitive

    def walk(value: Any, violations: list[Violation]) -> Any:
        number = read(value, shape)
        if bounded:
            shown = HIDDEN if sensitive else number
            violations += [Violation("", shown, text) for text in broken_range(shape, number)]
        return number

    return walk


def _integer_from_json(value: Any, shape: Shape) -> int:
    if value.__class__ is float and value.is_integer():
        value = int(value)
    if value.__class__ is not int:
        raise mismatch(value, _JAVA_NAMES[shape.type])
    return _in_range(value, shape)


def _integer_from_text(value: Any, shape: Shape) -> int:
    if value.__class__ is not str or not _INTEGER.fullmatch(value):
        raise mismatch(value, _JAVA_NAMES[shape.type])
    return _in_range(int(value), shape)


def _in_range(value: int, shape: Shape) -> int:
    limit = 1 << _BITS[shape.type]
    if not -limit <= value < limit:
        wanted = _JAVA_NAMES[shape.type]
        raise SerializationFailure(f"NUMBER_VALUE out of range of {wanted}")
    return value


def _decimal_from_json(value: Any, shape: Shape) -> float:
    if value.__class__ not in (int, float):
        raise mismatch(value, _JAVA_NAMES[shape.type])
    return _finite(value, _JAVA_NAMES[shape.type])


def _decimal_from_text(value: Any, shape: Shape) -> float:
    if value.__class__ is not str or not _DECIMAL.fullmatch(value):
        raise mismatch(value, _JAVA_NAMES[shape.type])
    return _finite(float(value), _JAVA_NAMES[shape.type])


def _finite(value: int | float, wanted: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise SerializationFailure(f"NUMBER_VALUE out of range of {wanted}")
    return number


def _boolean_from_json(value: Any, violations: list[Violation]) -> bool:
    if value is True or value is False:
        return bool(value)
    raise mismatch(value, "Boolean")


def _boolean_from_text(value: Any, violations: list[Violation]) -> bool:
    if value.__class__ is str:
        lowered = value.lower()
        if lowered in ("true", "false"):
            return bool(lowered == "true")
    raise mismatch(value, "Boolean")


def _instant_from_json(value: Any, violations: list[Violation]) -> int:
    """Epoch seconds, with a fraction perhaps, to epoch milliseconds."""
    if value.__class__ not in (int, float):
        raise mismatch(value, "Timestamp")
    if not abs(value) <= LAST_SECOND:
        raise SerializationFailure("NUMBER_VALUE out of range of Timestamp")
    return round(value * 1000)


def _instant_from_text(value: Any, violations: list[Violation]) -> int:
    """ISO 8601 with a zone to epoch milliseconds."""
    if value.__class__ is not str or not _INSTANT.fullmatch(value):
        raise mismatch(value, "Timestamp")
    try:
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise mismatch(value, "Timestamp") from None
    return int(instant.replace(microsecond=0).timestamp()) * 1000 + instant.microsecond // 1000


def _blob(shape: Shape) -> Walk:
    sized = shape.min is not None or shape.max is not None

    def walk(value: Any, violations: list[Violation]) -> Any:
        if value.__class__ is not str:
            raise SerializationFailure("only base-64-encoded strings are convertible to bytes")
        try:
            decoded = binascii.a2b_base64(value.encode("ascii"), strict_mode=True)
        except ValueError:
            raise SerializationFailure("Invalid Base64") from None
        if sized:
            broken = broken_length(shape, len(decoded))
            violations += [Violation("", HIDDEN, text) for text in broken]
        return decoded

    return walk
