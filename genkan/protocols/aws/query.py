"""AWS Query: sts and iam. A form in, XML out.

`Action` and `Version` name the operation; members are flattened into the names of the form's
fields: `Tags.member.1.Key`, `Map.entry.1.key`. They may stand in the query string (a presigned
GET), in the body, or in both, but each of them once.

IAM answers policy documents URL-encoded (RFC 3986): that is a matter of the value, so of the
slice or front that makes the result, not of this codec.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from .model import Model, OperationModel, Shape
from .query_xml import element, result_writer
from .refusals import SerializationFailure
from .walker import input_walker
from .wire import Request, Response

MAX_DEPTH = 16
"""Dots in the name of a field."""

Node: TypeAlias = "dict[str, Any] | str"
Gather: TypeAlias = Callable[[Any], Any]

_INDEX = re.compile(r"[1-9][0-9]{0,3}")


def decode(operation: OperationModel, request: Request) -> dict[str, Any]:
    """The parameters of a request, snake_case. Raises RequestRefused of any kind."""
    if operation.input is None:
        request.form()
        return {}
    gather, validate = _decoder(operation)
    return validate(gather(_tree(request.form())))


def encode(operation: OperationModel, result: object, *, request_id: str) -> Response:
    """200 and the output as XML, in `<XResult>` inside `<XResponse>`, with the request id."""
    name = operation.name
    parts = [f'<{name}Response xmlns="{operation.model.metadata.xml_namespace}">']
    if operation.output is not None:
        result_writer(operation)({} if result is None else result, parts)
    parts.append(
        f"<ResponseMetadata>{element('RequestId', request_id)}</ResponseMetadata></{name}Response>"
    )
    headers = [
        (b"content-type", b"text/xml"),
        (b"x-amzn-requestid", request_id.encode("ascii")),
    ]
    return Response(200, headers, "".join(parts).encode("utf-8"))


def _tree(form: dict[str, str]) -> dict[str, Any]:
    """The fields by the segments of their names. SerializationFailure when one field is both a
    value and the parent of others."""
    root: dict[str, Any] = {}
    for name, value in form.items():
        if "." not in name:
            if name in root:
                raise SerializationFailure(f"Parameter {name[:64]} is given in two ways")
            root[name] = value
            continue
        segments = name.split(".")
        if len(segments) > MAX_DEPTH:
            raise SerializationFailure("A parameter is nested too deeply")
        node = root
        for segment in segments[:-1]:
            node = node.setdefault(segment, {})
            if node.__class__ is not dict:
                raise SerializationFailure(f"Parameter {name[:64]} is given in two ways")
        if segments[-1] in node:
            raise SerializationFailure(f"Parameter {name[:64]} is given in two ways")
        node[segments[-1]] = value
    return root


@cache
def _decoder(operation: OperationModel) -> tuple[Gather, Callable[[Any], dict[str, Any]]]:
    assert operation.input is not None
    gather = _Gatherers(operation.model).compile(operation.input)
    return gather, input_walker(operation.model, operation.input, text=lambda member: True)


class _Gatherers:
    """Compiles shapes into functions from a node of the form's tree to the tree of the model."""

    def __init__(self, model: Model) -> None:
        self.shapes = model.shapes
        self.done: dict[str, Gather] = {}

    def gatherer(self, name: str) -> Gather:
        if name in self.done:
            return self.done[name]
        # A recursive shape meets itself here before it is finished.
        self.done[name] = lambda node: self.done[name](node)
        gather = self.done[name] = self.compile(self.shapes[name])
        return gather

    def compile(self, shape: Shape) -> Gather:
        match shape.type:
            case "structure":
                return self._structure(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case _:
                return _scalar

    def _structure(self, shape: Shape) -> Gather:
        members = [(name, self.gatherer(member.shape)) for name, member in shape.members.items()]

        def gather(node: Any) -> Any:
            if node.__class__ is not dict:
                raise SerializationFailure("Unexpected value where a structure belongs")
            return {name: inner(node[name]) for name, inner in members if name in node}

        return gather

    def _list(self, shape: Shape) -> Gather:
        assert shape.member is not None
        inner = self.gatherer(shape.member.shape)
        return lambda node: [inner(item) for item in _indexed(node, "member")]

    def _map(self, shape: Shape) -> Gather:
        assert shape.value is not None
        inner = self.gatherer(shape.value.shape)

        def gather(node: Any) -> Any:
            found = {}
            for item in _indexed(node, "entry"):
                if item.__class__ is not dict or item.keys() != {"key", "value"}:
                    raise SerializationFailure("A map entry needs one key and one value")
                key = _scalar(item["key"])
                if key in found:
                    raise SerializationFailure("A map key is repeated")
                found[key] = inner(item["value"])
            return found

        return gather


def _scalar(node: Any) -> Any:
    if node.__class__ is not str:
        raise SerializationFailure("Unexpected list element or structure where a value belongs")
    return node


def _indexed(node: Any, label: str) -> list[Any]:
    """The items under `<label>.1`, `<label>.2`, … in order; an empty value is an empty list."""
    if node == "":
        return []
    items = node.get(label) if node.__class__ is dict else None
    if items.__class__ is not dict or not all(_INDEX.fullmatch(index) for index in items):
        raise SerializationFailure(f"A list must be given as .{label}.1, .{label}.2 and so on")
    return [items[index] for index in sorted(items, key=int)]
