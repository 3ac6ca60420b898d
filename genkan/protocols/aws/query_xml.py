"""Results as AWS Query's XML, compiled from the output shapes of a model.

Every text is escaped for what an XML 1.0 parser would change or refuse: markup, carriage
returns, and characters that XML cannot hold, which become U+FFFD.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeAlias

from .encoder import EncodingError, base64, boolean, decimal, integer, keyed, string, wrong
from .model import Model, OperationModel, Shape
from .names import snake_case

Write: TypeAlias = Callable[[Any, list[str]], None]

_SPECIAL = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;"}


def escape(value: str) -> str:
    """Text as the content of an element."""
    if not _SPECIAL.search(value):
        return value
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], "\ufffd"), value)


def element(tag: str, value: str) -> str:
    """One element with text. `tag` is ours, never a client's."""
    return f"<{tag}>{escape(value)}</{tag}>"


@cache
def result_writer(operation: OperationModel) -> Write:
    """Writes a result as the operation's `<XResult>` element."""
    assert operation.output is not None
    tag = operation.result_wrapper or f"{operation.name}Result"
    return _Writers(operation.model).structure(operation.output, tag)


def iso8601(value: Any) -> str:
    """Epoch milliseconds as `2011-06-15T00:00:00Z`, whole seconds, as IAM and STS answer."""
    return datetime.fromtimestamp(integer(value) // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_TEXTS: dict[str, Callable[[Any], str]] = {
    "string": string,
    "integer": lambda value: str(integer(value)),
    "long": lambda value: str(integer(value)),
    "float": lambda value: repr(decimal(value)),
    "double": lambda value: repr(decimal(value)),
    "boolean": lambda value: "true" if boolean(value) else "false",
    "timestamp": iso8601,
    "blob": base64,
}


class _Writers:
    """Compiles a shape under a tag into a function that appends XML."""

    def __init__(self, model: Model) -> None:
        self.shapes = model.shapes
        self.done: dict[tuple[str, str], Write] = {}

    def writer(self, name: str, tag: str) -> Write:
        key = (name, tag)
        if key in self.done:
            return self.done[key]
        # A recursive shape meets itself here before it is finished.
        self.done[key] = lambda value, out: self.done[key](value, out)
        write = self.done[key] = self._compile(self.shapes[name], tag)
        return write

    def _compile(self, shape: Shape, tag: str) -> Write:
        match shape.type:
            case "structure":
                return self.structure(shape, tag)
            case "list":
                return self._list(shape, tag)
            case "map":
                return self._map(shape, tag)
            case _:
                return _scalar(_TEXTS[shape.type], tag)

    def structure(self, shape: Shape, tag: str) -> Write:
        entries = [
            (snake_case(name), name, self.writer(member.shape, name), name in shape.required)
            for name, member in shape.members.items()
        ]

        def write(value: Any, out: list[str]) -> None:
            by_key = keyed(value.__class__)
            out.append(f"<{tag}>")
            label = ""
            try:
                for key, label, inner, required in entries:  # noqa: B007 (in the error)
                    item = value.get(key) if by_key else getattr(value, key, None)
                    if item is not None:
                        inner(item, out)
                    elif required:
                        raise EncodingError("required, but the result has none")
            except EncodingError as error:
                raise EncodingError(f"{label}: {error}") from None
            out.append(f"</{tag}>")

        return write

    def _list(self, shape: Shape, tag: str) -> Write:
        assert shape.member is not None
        inner = self.writer(shape.member.shape, "member")

        def write(value: Any, out: list[str]) -> None:
            if not isinstance(value, list | tuple):
                raise wrong(value, "list")
            out.append(f"<{tag}>")
            for item in value:
                inner(item, out)
            out.append(f"</{tag}>")

        return write

    def _map(self, shape: Shape, tag: str) -> Write:
        assert shape.value is not None
        inner = self.writer(shape.value.shape, "value")

        def write(value: Any, out: list[str]) -> None:
            if not isinstance(value, Mapping):
                raise wrong(value, "map")
            out.append(f"<{tag}>")
            for key, item in value.items():
                out.append("<entry>" + element("key", string(key)))
                inner(item, out)
                out.append("</entry>")
            out.append(f"</{tag}>")

        return write


def _scalar(text: Callable[[Any], str], tag: str) -> Write:
    def write(value: Any, out: list[str]) -> None:
        out.append(f"<{tag}>{escape(text(value))}</{tag}>")

    return write
