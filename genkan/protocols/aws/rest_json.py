"""AWS REST JSON: the access portal (sso) and the OIDC endpoints (sso-oidc).

Method and path name the operation; members travel in the query string, in header fields or in
a JSON object (reference §8.1, §8.3). No member of these models travels in the path or in a
response header: a refreshed model that needs it does not load (see `model.Member`).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from .encoder import NO_MEMBERS, Build, TreeBuilder
from .json11 import json_object
from .model import Member, OperationModel, Shape
from .refusals import SerializationFailure, UnsupportedMediaType
from .walker import input_walker
from .wire import Request, Response, pairs, text, unique

CONTENT_TYPE = b"application/json"

_render = msgspec.json.Encoder().encode


def decode(operation: OperationModel, request: Request) -> dict[str, Any]:
    """The parameters of a request, snake_case. Raises RequestRefused of any kind."""
    if operation.input is None:
        return {}
    return _validator(operation)(_members(operation.input, request))


def encode(operation: OperationModel, result: object, *, request_id: str) -> Response:
    """200 and the output as JSON, unset members as null as AWS writes them here; an empty body
    for an operation without output."""
    headers = [(b"x-amzn-requestid", request_id.encode("ascii"))]
    if operation.output is None:
        return Response(200, headers, b"")
    headers.append((b"content-type", CONTENT_TYPE))
    tree = _builder(operation)(NO_MEMBERS if result is None else result)
    return Response(200, headers, _render(tree))


def _members(shape: Shape, request: Request) -> dict[str, Any]:
    """What the request carries of each member, by the model's name of it."""
    found: dict[str, Any] = {}
    query: dict[str, str] | None = None
    body: dict[str, Any] | None = None
    for name, member in shape.members.items():
        if member.location == "querystring":
            if query is None:
                query = unique(pairs(request.query))
            found[name] = query.get(member.location_name or name)
        elif member.location == "header":
            found[name] = _header(request, member, name)
        else:
            if body is None:
                body = _body(request)
            found[name] = body.get(member.location_name or name)
    return found


def _header(request: Request, member: Member, name: str) -> str | None:
    key = (member.location_name or name).lower().encode("ascii")
    value = request.header(key)
    if value is None:
        return None
    if key in request.repeated:
        raise SerializationFailure(f"The header {member.location_name or name} is repeated")
    return text(value.strip())


def _body(request: Request) -> dict[str, Any]:
    if request.body and request.media_type() != "application/json":
        raise UnsupportedMediaType("The Content-Type must be application/json")
    return json_object(request.body)


@cache
def _validator(operation: OperationModel) -> Callable[[dict[str, Any]], dict[str, Any]]:
    shape = operation.input
    assert shape is not None
    return input_walker(
        operation.model, shape, text=lambda name: shape.members[name].location is not None
    )


@cache
def _builder(operation: OperationModel) -> Build:
    shape = operation.output
    assert shape is not None
    if any(member.location for member in shape.members.values()):
        raise ValueError(f"{operation}: output outside the body")
    return TreeBuilder(operation.model).structure(
        shape, nulls=True, wire=lambda name: shape.members[name].location_name or name
    )
