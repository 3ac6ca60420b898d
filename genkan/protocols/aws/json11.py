"""AWS JSON 1.1: sso-admin, identitystore, organizations, cloudtrail.

`POST /`, `X-Amz-Target: <prefix>.<Operation>`, a JSON object each way (reference §2.1, §8.4).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from .encoder import NO_MEMBERS, Build, TreeBuilder
from .model import OperationModel
from .refusals import SerializationFailure, UnsupportedMediaType
from .walker import input_walker
from .wire import MAX_BODY, Request, Response

CONTENT_TYPE = b"application/x-amz-json-1.1"

_parse = msgspec.json.Decoder().decode
_render = msgspec.json.Encoder().encode


def decode(operation: OperationModel, request: Request) -> dict[str, Any]:
    """The parameters of a request, snake_case. Raises RequestRefused of any kind."""
    if request.media_type() != "application/x-amz-json-1.1":
        raise UnsupportedMediaType("The Content-Type must be application/x-amz-json-1.1")
    return _validator(operation)(json_object(request.body))


def encode(operation: OperationModel, result: object, *, request_id: str) -> Response:
    """200 and the operation's output as JSON; `{}` when it has none."""
    tree = _builder(operation)(NO_MEMBERS if result is None else result)
    headers = [
        (b"content-type", CONTENT_TYPE),
        (b"x-amzn-requestid", request_id.encode("ascii")),
    ]
    return Response(200, headers, _render(tree))


def json_object(body: bytes) -> dict[str, Any]:
    """The one JSON object of a body; an empty body is an empty object."""
    if not body:
        return {}
    if len(body) > MAX_BODY:
        raise SerializationFailure("The request is too large")
    try:
        tree = _parse(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        raise SerializationFailure("The request body is not valid JSON") from None
    if tree.__class__ is not dict:
        raise SerializationFailure("The request body is not a JSON object")
    # JSON can hold a NUL only escaped, so most bodies need no second look.
    if b"\\u0000" in body:
        _refuse_nul(tree)
    return tree


def _refuse_nul(tree: Any) -> None:
    pending = [tree]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += value.keys()
            pending += value.values()
        elif isinstance(value, list):
            pending += value
        elif isinstance(value, str) and "\0" in value:
            raise SerializationFailure("NUL is not allowed in a string")


@cache
def _validator(operation: OperationModel) -> Callable[[dict[str, Any]], dict[str, Any]]:
    if operation.input is None:
        return lambda members: {}
    return input_walker(operation.model, operation.input, text=lambda member: False)


@cache
def _builder(operation: OperationModel) -> Build:
    if operation.output is None:
        return lambda result: {}
    return TreeBuilder(operation.model).structure(operation.output)
