"""From a result to the JSON tree of its output shape, for both JSON protocols.

A result is a mapping with snake_case keys or any object with such attributes; None is left out.
What the model does not know is left out too. A value of another type than the model's, or a
required member that is missing, is our bug and raises EncodingError with the member's path; it
never reaches a client as a half-right answer.
"""

import binascii
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

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
        entries = [
            (snake_case(member), wire(member), self.build(ref.shape), member in shape.required)
            for member, ref in shape.members.items()
        ]

        def build(value: Any) -> Any:
            by_key = keyed(value.__class__)
            tree = {}
            label = ""
            try:
                for key, label, inner, required in entries:
                    item = value.get(key) if by_key else getattr(value, key, None)
                    if item is not None:
                        tree[label] = inner(item)
                    elif required:
                        raise EncodingError("required, but the result has none")
                    elif nulls:
                        tree[label] = None
            except EncodingError as error:
                raise EncodingError(f"{label}: {error}") from None
            return tree

        return build

    def _list(self, shape: Shape) -> Build:
        assert shape.member is not None
        inner = self.build(shape.member.shape)

        def build(value: Any) -> Any:
            if not isinstance(value, list | tuple):
                raise wrong(value, "list")
            return [inner(item) for item in value]

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
