"""Errors as each AWS protocol writes them, and AWS's names for what is refused down here.

Sources: the error shapes of the models (status, code, spelling of `message`), reference §8.4,
and the recorded answers of sso and sso-oidc.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from .model import Model, OperationModel, Protocol, Shape
from .names import snake_case
from .query_xml import element
from .refusals import ConstraintViolations, RequestRefused
from .sigv4 import SignatureFault, SignatureRefusal
from .wire import Response

# Codes that no model lists. JSON 1.1 answers 400 to nearly everything, REST and Query do not.
_FORBIDDEN = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "ForbiddenException",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_STATUS = {
    "InternalFailure": 500,
    "InternalServerException": 500,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "RequestEntityTooLarge": 413,
}
# RFC 6749's words where the shape's name does not spell them.
_OAUTH_ERRORS = {
    "InternalServerException": "server_error",
    "InvalidRequestRegionException": "invalid_request",
}
_ORGANIZATIONS_REASONS = (
    ("Member must not be null", "INPUT_REQUIRED"),
    ("Member must satisfy regular expression pattern", "INVALID_PATTERN"),
    ("Member must satisfy enum value set", "INVALID_ENUM"),
    ("Member must have length less", "MAX_LENGTH_EXCEEDED"),
    ("Member must have length greater", "MIN_LENGTH_EXCEEDED"),
    ("Member must have value less", "MAX_VALUE_EXCEEDED"),
    ("Member must have value greater", "MIN_VALUE_EXCEEDED"),
)
# CloudTrail models no ValidationException: each parameter has an error of its own.
_CLOUDTRAIL_CODES = {
    "lookupAttributes": "InvalidLookupAttributesException",
    "maxResults": "InvalidMaxResultsException",
    "eventCategory": "InvalidEventCategoryException",
}
_PATTERN_MESSAGE = "You provided a value that does not match the required pattern."

_render = msgspec.json.Encoder().encode


class ErrorAnswer(NamedTuple):
    """What to pass to `encode_error`: AWS's code, a client-safe message, further members."""

    code: str
    message: str
    members: Mapping[str, Any] = {}


def encode_error(
    protocol: Protocol,
    *,
    code: str,
    message: str,
    request_id: str,
    model: Model | None = None,
    status: int | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """An error in the protocol of the request.

    `code` is a shape's name or wire code of `model`, or one that AWS uses without modelling it.
    `members` are further members of the error, by snake_case or wire name; those that the model
    does not give it are left out. `status` overrides the model's and the usual one. An empty
    `message` is legal and is what AWS often sends.
    """
    shape = model.error_shape(code) if model else None
    if status is None:
        status = _status(protocol, code, shape)
    if protocol == "query":
        return _xml_error(model, shape, code, message, request_id, status)
    body: dict[str, Any]
    if model is not None and model.service == "sso-oidc" and _is_oauth(shape):
        body = {"error": oauth_error(code), "error_description": message or None}
    elif protocol == "json":
        body = {"__type": code, _message_key(shape): message}
    else:
        body = {"message": message}
    body |= _further_members(shape, members or {}, request_id)
    headers = [
        (b"content-type", b"application/json" if protocol == "rest-json" else _JSON11),
        (b"x-amzn-errortype", code.encode("ascii")),
        (b"x-amzn-requestid", request_id.encode("ascii")),
    ]
    return Response(status, headers, _render(body))


_JSON11 = b"application/x-amz-json-1.1"


def _status(protocol: Protocol, code: str, shape: Shape | None) -> int:
    if shape is not None:
        if shape.error is not None:
            return shape.error.http_status_code
        return 500 if shape.fault else 400
    if code in _STATUS:
        return _STATUS[code]
    return 403 if protocol != "json" and code in _FORBIDDEN else 400


def _message_key(shape: Shape | None) -> str:
    """`Message` or `message`: as the model spells it; unmodelled ones come from AWS's front,
    which writes it small."""
    if shape is None:
        return "message"
    return next((name for name in shape.members if name.lower() == "message"), "Message")


def _is_oauth(shape: Shape | None) -> bool:
    return shape is not None and "error_description" in shape.members


def oauth_error(code: str) -> str:
    """`AuthorizationPendingException` → `authorization_pending`: the `error` of sso-oidc."""
    return _OAUTH_ERRORS.get(code) or snake_case(code.removesuffix("Exception"))


def _further_members(
    shape: Shape | None, members: Mapping[str, Any], request_id: str
) -> dict[str, Any]:
    """The error's own members by their wire names; what it does not have is left out.

    identitystore's errors carry the request id in the body.
    """
    own = shape.members if shape else {}
    names = {snake_case(name): name for name in own} | {name: name for name in own}
    found = {names[key]: value for key, value in members.items() if key in names}
    if "request_id" in names:
        found.setdefault(names["request_id"], request_id)
    return {name: value for name, value in found.items() if value is not None}


def _xml_error(
    model: Model | None,
    shape: Shape | None,
    code: str,
    message: str,
    request_id: str,
    status: int,
) -> Response:
    if shape is not None and shape.error is not None and shape.error.code:
        code = shape.error.code
    fault = "Receiver" if status >= 500 else "Sender"
    namespace = f' xmlns="{model.metadata.xml_namespace}"' if model else ""
    body = (
        f"<ErrorResponse{namespace}><Error>"
        + element("Type", fault)
        + element("Code", code)
        + element("Message", message)
        + "</Error>"
        + element("RequestId", request_id)
        + "</ErrorResponse>"
    )
    headers = [
        (b"content-type", b"text/xml"),
        (b"x-amzn-requestid", request_id.encode("ascii")),
    ]
    return Response(status, headers, body.encode("utf-8"))


# --- AWS's names for refusals of this package ---


def refusal_error(operation: OperationModel, refused: RequestRefused) -> ErrorAnswer:
    """How the operation's service calls a request that its decoder refused."""
    violations = isinstance(refused, ConstraintViolations)
    match operation.service:
        case "sso" | "sso-oidc":
            return ErrorAnswer("InvalidRequestException", refused.message)
        case "sts" | "iam":
            code = "ValidationError" if violations else "MalformedInput"
        case "organizations" if isinstance(refused, ConstraintViolations):
            return _organizations_error(refused)
        case "cloudtrail" if isinstance(refused, ConstraintViolations):
            code = _cloudtrail_code(refused)
        case _:
            code = "ValidationException" if violations else "SerializationException"
    return ErrorAnswer(code, refused.message)


def _cloudtrail_code(refused: ConstraintViolations) -> str:
    """The error of the first refused parameter that has one."""
    refused_members = (violation.path.partition(".")[0] for violation in refused.violations)
    codes = (_CLOUDTRAIL_CODES[name] for name in refused_members if name in _CLOUDTRAIL_CODES)
    return next(codes, "ValidationException")


def _organizations_error(refused: ConstraintViolations) -> ErrorAnswer:
    """Organizations says one thing, with a reason, where its siblings list every constraint."""
    constraint = refused.violations[0].constraint
    for start, reason in _ORGANIZATIONS_REASONS:
        if constraint.startswith(start):
            message = _PATTERN_MESSAGE if reason == "INVALID_PATTERN" else refused.message
            return ErrorAnswer("InvalidInputException", message, {"Reason": reason})
    reason = "INVALID_LIST_MEMBER"
    return ErrorAnswer("InvalidInputException", refused.message, {"Reason": reason})


def signature_error(protocol: Protocol, refused: SignatureRefusal) -> ErrorAnswer:
    """How the protocol calls a signature that was refused."""
    match refused.kind:
        case SignatureFault.MISSING:
            code = "MissingAuthenticationToken"
        case SignatureFault.INCOMPLETE:
            code = "IncompleteSignature"
        case _ if protocol == "query":
            return ErrorAnswer("SignatureDoesNotMatch", refused.message)
        case _:
            code = "InvalidSignature"
    return ErrorAnswer(code if protocol == "query" else f"{code}Exception", refused.message)
