"""The one validator: walks a decoded request along its model and collects what is wrong.

Compiled into closures from a shape when an operation is first used. The result is a plain dict
with snake_case keys at every structure level; keys of maps and whole documents stay verbatim.
Unknown members are ignored, a null member is an absent one. Every broken constraint of a request
is reported at once, up to `MAX_VIOLATIONS`; a value of a wrong type ends the walk.

Violations are prefixed while the walkers return, so that a correct request pays nothing for paths.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .constraints import (
    NOT_NULL,
    StringConstraints,
    broken_length,
    element_texts,
)
from .model import Model, Shape
from .names import lower_camel, snake_case
from .refusals import HIDDEN, ConstraintViolations, SerializationFailure, Violation
from .scalars import Walk, mismatch, scalar_walker

MAX_VIOLATIONS = 64
MAX_DOCUMENT_DEPTH = 32

_COMPOUND = ("structure", "list", "map")


class _Entry(NamedTuple):
    wire: str
    key: str
    label: str
    walk: Walk
    required: bool


def input_walker(
    model: Model, shape: Shape, *, text: Callable[[str], bool]
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The validator of an operation's input.

    It takes the members by their model name and returns the decoded parameters, or raises
    ConstraintViolations or SerializationFailure. `text(member)` says which members of the
    input arrive as text (header fields, query strings, forms) rather than as JSON.
    """
    walk = _Compiler(model).structure(shape, text)

    def validate(members: dict[str, Any]) -> dict[str, Any]:
        violations: list[Violation] = []
        params: dict[str, Any] = walk(members, violations)
        if violations:
            raise ConstraintViolations(violations[:MAX_VIOLATIONS])
        return params

    return validate


def _prefix(violations: list[Violation], start: int, label: str) -> None:
    for violation in violations[start:]:
        violation.path = f"{label}.{violation.path}" if violation.path else label


class _Compiler:
    """Turns shapes into walkers; one for JSON values and one for texts of each."""

    def __init__(self, model: Model) -> None:
        self.shapes = model.shapes
        self.done: dict[tuple[str, bool], Walk] = {}

    def walker(self, name: str, text: bool) -> Walk:
        key = (name, text)
        if key in self.done:
            return self.done[key]

        # A recursive shape meets itself here before it is finished.
        def later(value: Any, violations: list[Violation]) -> Any:
            return self.done[key](value, violations)

        self.done[key] = later
        walk = self.done[key] = self._compile(self.shapes[name], text)
        return walk

    def _compile(self, shape: Shape, text: bool) -> Walk:
        if shape.document:
            return _document
        match shape.type:
            case "structure":
                return self.structure(shape, lambda _: text)
            case "list":
                return self._list(shape, text)
            case "map":
                return self._map(shape, text)
            case _:
                return scalar_walker(shape, text=text)

    def structure(self, shape: Shape, text: Callable[[str], bool]) -> Walk:
        entries = [
            _Entry(
                name,
                snake_case(name),
                lower_camel(name),
                self.walker(member.shape, text(name)),
                name in shape.required,
            )
            for name, member in shape.members.items()
        ]

        def walk(value: Any, violations: list[Violation]) -> Any:
            if value.__class__ is not dict:
                if value.__class__ is list:
                    raise SerializationFailure("Start of list found where not expected")
                raise SerializationFailure("Unexpected field type")
            get = value.get
            found = {}
            for wire, key, label, inner, required in entries:
                item = get(wire)
                if item is None:
                    if required:
                        violations.append(Violation(label, None, NOT_NULL))
                    continue
                before = len(violations)
                found[key] = inner(item, violations)
                if len(violations) != before:
                    _prefix(violations, before, label)
                    if len(violations) >= MAX_VIOLATIONS:
                        break
            return found

        return _exactly_one(shape, walk) if shape.union else walk

    def _list(self, shape: Shape, text: bool) -> Walk:
        assert shape.member is not None
        element = self.shapes[shape.member.shape]
        inner = self.walker(shape.member.shape, text)
        compound = element.type in _COMPOUND
        listed = _listed("Member must satisfy constraint", element)
        hidden = compound or element.sensitive or shape.sensitive

        def walk(value: Any, violations: list[Violation]) -> Any:
            if value.__class__ is not list:
                if value.__class__ is dict:
                    raise SerializationFailure("Start of structure or map found where not expected")
                raise SerializationFailure("Unexpected field type")
            sizes = broken_length(shape, len(value))
            if sizes:
                shown = HIDDEN if value else value
                violations += [Violation("", shown, text) for text in sizes]
                return value
            found = []
            broken = False
            for index, item in enumerate(value, 1):
                if item is None:
                    violations.append(Violation(f"{index}.member", None, NOT_NULL))
                    continue
                before = len(violations)
                found.append(inner(item, violations))
                if len(violations) != before:
                    if compound:
                        _prefix(violations, before, f"{index}.member")
                    else:
                        del violations[before:]
                        broken = True
                if len(violations) >= MAX_VIOLATIONS:
                    return found
            if broken:
                violations.append(Violation("", HIDDEN if hidden else value, listed))
            return found

        return walk

    def _map(self, shape: Shape, text: bool) -> Walk:
        assert shape.key is not None
        assert shape.value is not None
        keys = StringConstraints(self.shapes[shape.key.shape])
        keys_text = _listed("Map keys must satisfy constraint", self.shapes[shape.key.shape])
        element = self.shapes[shape.value.shape]
        values_text = _listed("Map value must satisfy constraint", element)
        inner = self.walker(shape.value.shape, text)
        compound = element.type in _COMPOUND

        def walk(value: Any, violations: list[Violation]) -> Any:
            if value.__class__ is not dict:
                if value.__class__ is list:
                    raise SerializationFailure("Start of list found where not expected")
                raise SerializationFailure("Unexpected field type")
            sizes = broken_length(shape, len(value))
            violations += [Violation("", HIDDEN, text) for text in sizes]
            if sizes:
                return value
            found = {}
            broken = set()
            for name, item in value.items():
                if not keys.satisfied(name):
                    broken.add(keys_text)
                if item is None:
                    broken.add(f"Map value must satisfy constraint: [{NOT_NULL}]")
                    continue
                before = len(violations)
                found[name] = inner(item, violations)
                if len(violations) != before:
                    if compound:
                        _prefix(violations, before, f"{name}.member")
                    else:
                        del violations[before:]
                        broken.add(values_text)
                if len(violations) >= MAX_VIOLATIONS:
                    return found
            violations += [Violation("", HIDDEN, text) for text in sorted(broken)]
            return found

        return walk


def _listed(what: str, shape: Shape) -> str:
    return f"{what}: [{', '.join(element_texts(shape))}]"


def _exactly_one(shape: Shape, walk: Walk) -> Walk:
    """A union carries one member: none or several leave open which one is meant."""
    names = ", ".join(lower_camel(name) for name in shape.members)
    constraint = f"Member must have exactly one member set: [{names}]"

    def walk_union(value: Any, violations: list[Violation]) -> Any:
        found = walk(value, violations)
        if len(found) != 1:
            violations.append(Violation("", HIDDEN, constraint))
        return found

    return walk_union


def _document(value: Any, violations: list[Violation]) -> Any:
    """A document is taken verbatim, within `MAX_DOCUMENT_DEPTH`."""
    _check_document(value, MAX_DOCUMENT_DEPTH)
    return value


def _check_document(value: Any, depth: int) -> None:
    if value.__class__ is dict or value.__class__ is list:
        if not depth:
            raise SerializationFailure("Document nested too deeply")
        for item in value.values() if value.__class__ is dict else value:
            _check_document(item, depth - 1)
    elif value.__class__ is float and not math.isfinite(value):
        raise mismatch(value, "Document")
