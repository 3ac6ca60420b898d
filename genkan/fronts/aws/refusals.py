"""AWS's names for our refusals, service by service (reference §8.1, §8.3, §8.4)."""

from genkan.core.errors import Refusal, Throttled
from genkan.protocols.aws.errors import ErrorAnswer

_JSON = {
    "Invalid": "ValidationException",
    "NotFound": "ResourceNotFoundException",
    "Conflict": "ConflictException",
    "Denied": "AccessDeniedException",
    "QuotaExceeded": "ServiceQuotaExceededException",
    "Throttled": "ThrottlingException",
}
_QUERY = {
    "Invalid": "ValidationError",
    "NotFound": "NoSuchEntity",
    "Conflict": "EntityAlreadyExists",
    "Denied": "AccessDenied",
    "QuotaExceeded": "LimitExceeded",
    "Throttled": "Throttling",
}
_NAMES = {
    "sso-admin": _JSON,
    "identitystore": _JSON,
    "cloudtrail": {**_JSON, "Invalid": "InvalidNextTokenException"},
    "organizations": {
        **_JSON,
        "Invalid": "InvalidInputException",
        "NotFound": "TargetNotFoundException",
        "QuotaExceeded": "ConstraintViolationException",
        "Throttled": "TooManyRequestsException",
    },
    "iam": _QUERY,
    "sts": _QUERY,
    "sso": {
        "Invalid": "InvalidRequestException",
        "NotFound": "ResourceNotFoundException",
        "Conflict": "InvalidRequestException",
        "Denied": "ForbiddenException",
        "QuotaExceeded": "TooManyRequestsException",
        "Throttled": "TooManyRequestsException",
    },
    "sso-oidc": {
        "Invalid": "InvalidRequestException",
        "NotFound": "InvalidRequestException",
        "Conflict": "InvalidGrantException",
        "Denied": "AccessDeniedException",
        "QuotaExceeded": "SlowDownException",
        "Throttled": "SlowDownException",
    },
}
# The door names a dead key in the Query protocol's word; JSON services have another for it.
_RENAMED = {"InvalidClientTokenId": "UnrecognizedClientException"}


def refusal_answer(service: str, protocol: str, refusal: Refusal) -> ErrorAnswer:
    """What to encode for `refusal` of an operation of `service`."""
    code = refusal.code or _NAMES[service].get(refusal.kind, refusal.kind)
    if protocol != "query":
        code = _RENAMED.get(code, code)
    members = dict(refusal.members)
    if isinstance(refusal, Throttled):
        members.setdefault("retry_after_seconds", refusal.retry_after_seconds)
    return ErrorAnswer(code, refusal.message, members)
