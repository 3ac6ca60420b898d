"""Decoding and encoding by an operation's own protocol."""

from typing import Any

from . import json11, query, rest_json
from .model import OperationModel
from .wire import Request, Response


def decode(operation: OperationModel, request: Request) -> dict[str, Any]:
    """The validated parameters of a request, snake_case.

    Raises a RequestRefused: ConstraintViolations for values that break the model,
    SerializationFailure (UnsupportedMediaType among them) for bytes or types that do.
    """
    match operation.protocol:
        case "json":
            return json11.decode(operation, request)
        case "rest-json":
            return rest_json.decode(operation, request)
        case "query":
            return query.decode(operation, request)


def encode(operation: OperationModel, result: object, *, request_id: str) -> Response:
    """A result as the operation's answer. `result` is a mapping with snake_case keys, an object
    with such attributes, or None for nothing; EncodingError when it does not fit the model."""
    match operation.protocol:
        case "json":
            return json11.encode(operation, result, request_id=request_id)
        case "rest-json":
            return rest_json.encode(operation, result, request_id=request_id)
        case "query":
            return query.encode(operation, result, request_id=request_id)
