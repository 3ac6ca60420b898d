"""What each AWS service calls a kind of refusal (reference §8.1, §8.3, §8.4).

One table, so that a caller and the record of its request are told the same code.
"""

from collections.abc import Mapping

from genkan.core.errors import Refusal

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
_CODES: Mapping[str, Mapping[str, str]] = {
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


def code_of(service: str, refusal: Refusal) -> str:
    """The code of a refusal by a service, named as its model is; by any other, the usual one."""
    names = _CODES.get(service, _JSON)
    code = refusal.code or names.get(refusal.kind, refusal.kind)
    return code if names is _QUERY else _RENAMED.get(code, code)
