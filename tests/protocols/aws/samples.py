"""Values that satisfy a model: the smallest of a shape, and the whole of it.

Parameters come in the spelling of SDKs (`InstanceArn`), as botocore's serializers take them;
results in ours. Strings are derived from the shape's own pattern and length, so that a refreshed
model needs no new fixtures.
"""

import re
from datetime import UTC, datetime
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

from botocore import xform_name

from genkan.protocols.aws.constraints import StringConstraints
from genkan.protocols.aws.model import Model, Shape

WHEN = datetime(2022, 4, 26, 17, 38, 24, tzinfo=UTC)
WHEN_MILLISECONDS = 1_650_994_704_000
DOCUMENT = {"verbatimKey": ["text", 1, 2.5, True, None, {"Nested": {}}]}


# --- strings from patterns ---


def sample_string(shape: Shape) -> str:
    """The shortest string we can find that the shape accepts."""
    rules = StringConstraints(shape)
    if shape.enum:
        return shape.enum[0]
    if not shape.pattern:
        return "x" * int(rules.low or 1)
    for repeat in range(70):
        value = _matching(shape.pattern, repeat)
        if rules.satisfied(value):
            return value
    raise AssertionError(f"no sample for {shape.pattern} {shape.min}–{shape.max}")


def _matching(pattern: str, repeat: int) -> str:
    """A string of the pattern, with open repetitions made `repeat` times where that is allowed."""
    pattern = re.sub(r"\\u[dD][89a-fA-F]..\\u[dD].{3}", "z", pattern)
    pattern = re.sub(r"\\p\{\w+\}", "a-z", _outside_classes(pattern))
    return _generate(_parser.parse(pattern, re.ASCII), repeat)


def _outside_classes(pattern: str) -> str:
    """A bare `\\p{L}` as `[\\p{L}]`."""
    out, inside, at = "", False, 0
    while at < len(pattern):
        step = 2 if pattern[at] == "\\" else 1
        piece = pattern[at : at + step]
        if piece in ("\\p", "\\P"):
            end = pattern.index("}", at) + 1
            piece = pattern[at:end]
            step = end - at
            piece = piece if inside else f"[{piece}]"
        elif piece == "[":
            inside = True
        elif piece == "]":
            inside = False
        out += piece
        at += step
    return out


def _generate(parsed: Any, repeat: int) -> str:
    return "".join(_piece(op, argument, repeat) for op, argument in parsed)


def _piece(op: Any, argument: Any, repeat: int) -> str:
    c = _constants
    if op == c.LITERAL:
        return chr(argument)
    if op in (c.ANY, c.NOT_LITERAL):
        return "x"
    if op == c.IN:
        return _from_class(argument)
    if op in (c.MAX_REPEAT, c.MIN_REPEAT):
        low, high, inner = argument
        count = max(low, min(repeat, 512 if high is c.MAXREPEAT else high))
        return _generate(inner, repeat) * count
    if op == c.SUBPATTERN:
        return _generate(argument[-1], repeat)
    if op == c.BRANCH:
        return _generate(argument[1][0], repeat)
    if op in (c.AT, c.ASSERT, c.ASSERT_NOT):
        return ""
    raise AssertionError(f"unknown regex node {op}")


def _from_class(items: Any) -> str:
    c = _constants
    if items[0][0] == c.NEGATE:
        return "x"
    for op, argument in items:
        if op == c.RANGE and argument[0] <= ord("x") <= argument[1]:
            return "x"
    op, argument = items[-1]
    if op == c.LITERAL:
        return chr(argument)
    if op == c.RANGE:
        return chr(argument[0])
    return {"CATEGORY_DIGIT": "1", "CATEGORY_WORD": "w"}.get(str(argument), "x")


# --- parameters ---


def parameters(model: Model, shape: Shape, *, full: bool, depth: int = 0) -> Any:
    """A value in the spelling of SDKs: required members only, or every member."""

    def inner(name: str) -> Any:
        return parameters(model, model.shapes[name], full=full, depth=depth + 1)

    if shape.document:
        return DOCUMENT
    match shape.type:
        case "structure":
            names = [n for n in shape.members if full or n in shape.required]
            if shape.union or (depth and not names):
                # A form cannot say that a structure is there but empty.
                names = list(shape.members)[:1]
            if depth > 8:
                names = []
            return {name: inner(shape.members[name].shape) for name in names}
        case "list":
            count = int(max(shape.min or 0, 2 if full else 0))
            count = min(count, int(shape.max) if shape.max is not None else count)
            return [inner(shape.member.shape) for _ in range(count)]
        case "map":
            return {inner(shape.key.shape): inner(shape.value.shape)}
        case "string":
            return sample_string(shape)
        case "integer" | "long":
            return int(shape.min if shape.min is not None else 7)
        case "float" | "double":
            return 2.5
        case "boolean":
            return True
        case "timestamp":
            return WHEN
        case "blob":
            return b"\x00\xff blob"
    raise AssertionError(shape.type)


def ours(model: Model, shape: Shape, value: Any) -> Any:
    """The same value as our operations see it: snake_case, milliseconds."""
    if shape.document:
        return value
    match shape.type:
        case "structure":
            return {
                xform_name(name): ours(model, model.shapes[shape.members[name].shape], item)
                for name, item in value.items()
            }
        case "list":
            return [ours(model, model.shapes[shape.member.shape], item) for item in value]
        case "map":
            inner = model.shapes[shape.value.shape]
            return {key: ours(model, inner, item) for key, item in value.items()}
        case "timestamp":
            return WHEN_MILLISECONDS
    return value
