"""From a result to the JSON tree of its output shape, for both JSON protocols.

A result is a mapping with snake_case keys or any object with such attributes; None is left out.
What the model does not know is left out too. A value of another type than the model's, or a
required member that is missing, is our bug and raises EncodingError with the member's path; it
never reaches a client as a half-right answer. A list that is `Rendered` and a structure that is a
`RenderedItem` are taken as they are: what their slice wrote down, a test of the slice holds against
this encoder.
"""

import binascii
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import msgspec

from genkan.core.rendered import Rendered, RenderedItem

from .model import Model, Shape
from .names import snake_case

Build: TypeAlias = Callable[[Any], Any]

NO_MEMBERS: Mapping[str, Any] = {}


class EncodingError(Exception):
    """A result does not fit its operation's output. A bug of the operation, never the client's."""


def wrong(value: object, wanted: str) -> EncodingError:
    return EncodingError(f"{wanted} expected, not {type(value).__name__}")


@cache
def keyed(kind: type) -> bool:
    """Whether members of such a result are read by key; by attribute otherwise."""
    if issubclass(kind, str | bytes | int | float | list | tuple | set | frozenset):
        raise EncodingError(f"structure expected, not {kind.__name__}")
    return issubclass(kind, Mapping)


class Member(NamedTuple):
    """A member as it is written: its key in a result, its label on the wire, and how it is built.

    A recursive shape's `build` is not what it will be yet; it is called only when all are compiled.
    """

    key: str
    label: str
    shape: Shape
    build: Build
    required: bool


def _telling(members: Sequence[Member], *, nulls: bool) -> Build:
    """A structure, built so that what does not fit is named by its path."""

    def build(value: Any) -> Any:
        by_key = keyed(value.__class__)
        tree = {}
        for member in members:
            item = value.get(member.key) if by_key else getattr(value, member.key, None)
            try:
                if item is not None:
                    tree[member.label] = member.build(item)
                elif member.required:
                    raise EncodingError("required, but the result has none")
                elif nulls:
                    tree[member.label] = None
            except EncodingError as error:
                raise EncodingError(f"{member.label}: {error}") from None
        return tree

    return build


def compiled(members: Sequence[Member], *, nulls: bool) -> Build:
    """A structure as straight-line code, since a list of hundreds is built on the event loop.

    Compiled once from names of the model that is shipped, none of which a request can choose.
    """
    told = _telling(members, nulls=nulls)
    by_attribute = _function(members, _BY_ATTRIBUTE, told, told, nulls=nulls)

    def other(value: Any) -> Any:
        if value.__class__ is RenderedItem:
            return msgspec.Raw(value.json)
        return told(value) if keyed(value.__class__) else by_attribute(value)

    return _function(members, _BY_KEY, told, other, nulls=nulls)


class _Reading(NamedTuple):
    """How the members of a result are read: what is done first, and for each key."""

    first: tuple[str, ...]
    member: str


_BY_KEY = _Reading(
    ("    if value.__class__ is not dict:", "        return other(value)"), "get(%r)"
)
_BY_ATTRIBUTE = _Reading((), "getattr(value, %r, None)")


def _function(
    members: Sequence[Member], reading: _Reading, told: Build, other: Build, *, nulls: bool
) -> Build:
    """What does not fit is a bug: it is built once more by `told`, which says where."""
    lines = ["def build(value):", *reading.first, "    try:"]
    lines += ["        get = value.get"] if reading.first else []
    lines.append("        tree = {}")
    names: dict[str, Any] = {"told": told, "other": other, "Misfit": EncodingError}
    for number, member in enumerate(members):
        names[f"build_{number}"] = member.build
        kept = f"            tree[{member.label!r}] ="
        own, converted = _INLINE.get("" if member.shape.document else member.shape.type, ("", ""))
        lines.append(f"        x = {reading.member % member.key}")
        if own:
            lines += [f"        if x.__class__ is {own}:", f"{kept} {converted}"]
        lines.append(f"        {'elif' if own else 'if'} x is not None:")
        lines.append(f"{kept} build_{number}(x)")
        if member.required:
            lines += ["        else:", "            return told(value)"]
        elif nulls:
            lines += ["        else:", f"{kept} None"]
    lines += ["        return tree", "    except Misfit:", "        return told(value)"]
    exec("\n".join(lines), names)  # noqa: S102 - names of the shipped model only, as literals
    made: Build = names["build"]
    return made


# Types that need no more than a look: the class of a right value, and what is written for it.
_INLINE = {
    "string": ("str", "x"),
    "boolean": ("bool", "x"),
    "integer": ("int", "x"),
    "long": ("int", "x"),
    "timestamp": ("int", "x / 1000"),
}


class TreeBuilder:
    """Compiles the shapes of a model into functions from a value to JSON types."""

    def __init__(self, model: Model) -> None:
        self.shapes = model.shapes
        self.done: dict[str, Build] = {}

    def build(self, name: str) -> Build:
        if name in self.done:
            return self.done[name]
        # A recursive shape meets itself here before it is finished.
        self.done[name] = lambda value: self.done[name](value)
        build = self.done[name] = self._compile(self.shapes[name])
        return build

    def _compile(self, shape: Shape) -> Build:
        if shape.document:
            return _document
        match shape.type:
            case "structure":
                return self.structure(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case _:
                return _SCALARS[shape.type]

    def structure(
        self, shape: Shape, *, nulls: bool = False, wire: Callable[[str], str] = str
    ) -> Build:
        """A structure; `nulls` writes unset members as null, `wire` names them in the body."""
        members = [
            Member(
                snake_case(name),
                wire(name),
                self.shapes[ref.shape],
                self.build(ref.shape),
                name in shape.required,
            )
            for name, ref in shape.members.items()
        ]
        return compiled(members, nulls=nulls)

    def _list(self, shape: Shape) -> Build:
        assert shape.member is not None
        inner = self.build(shape.member.shape)

        def build(value: Any) -> Any:
            if value.__class__ is list or isinstance(value, list | tuple):
                return [inner(item) for item in value]
            if isinstance(value, Rendered):
                return msgspec.Raw(value.json)
            raise wrong(value, "list")

        return build

    def _map(self, shape: Shape) -> Build:
        assert shape.value is not None
        inner = self.build(shape.value.shape)

        def build(value: Any) -> Any:
            if not isinstance(value, Mapping):
                raise wrong(value, "map")
            return {string(key): inner(item) for key, item in value.items()}

        return build


def string(value: Any) -> str:
    """A str, or the value of an enumeration's member."""
    if value.__class__ is str:
        return value
    if isinstance(value, Enum):
        value = value.value
    if not isinstance(value, str):
        raise wrong(value, "string")
    return value


def integer(value: Any) -> int:
    if value.__class__ is not int:
        raise wrong(value, "integer")
    return value


def decimal(value: Any) -> float:
    if value.__class__ not in (int, float):
        raise wrong(value, "number")
    return value


def boolean(value: Any) -> bool:
    if value.__class__ is not bool:
        raise wrong(value, "boolean")
    return value


def base64(value: Any) -> str:
    if not isinstance(value, bytes):
        raise wrong(value, "bytes")
    return binascii.b2a_base64(value, newline=False).decode("ascii")


def _epoch_seconds(value: Any) -> float:
    """Epoch milliseconds to seconds with a fraction, `1650989104.461`, as AWS's JSON has them."""
    return integer(value) / 1000


def _document(value: Any) -> Any:
    if isinstance(value, Mapping | list | tuple | str | int | float):
        return value
    raise wrong(value, "document")


_SCALARS: dict[str, Build] = {
    "string": string,
    "integer": integer,
    "long": integer,
    "float": decimal,
    "double": decimal,
    "boolean": boolean,
    "timestamp": _epoch_seconds,
    "blob": base64,
}
