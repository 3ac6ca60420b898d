"""Which error a record shows: the code that the caller got, in CloudTrail's spelling.

Fronts name errors on the wire; what a slice left unnamed has the name here that its service has
for it. CloudTrail says AccessDenied of every service.
"""

from genkan.core.call import Call
from genkan.core.errors import Refusal

_COMMON = {
    "Invalid": "ValidationException",
    "NotFound": "ResourceNotFoundException",
    "Conflict": "ConflictException",
    "Denied": "AccessDenied",
    "QuotaExceeded": "ServiceQuotaExceededException",
    "Throttled": "ThrottlingException",
}
_QUERY = {
    **_COMMON,
    "Invalid": "ValidationError",
    "NotFound": "NoSuchEntity",
    "Conflict": "EntityAlreadyExists",
    "QuotaExceeded": "LimitExceeded",
    "Throttled": "Throttling",
}
_BY_SOURCE = {
    "iam.amazonaws.com": _QUERY,
    "sts.amazonaws.com": _QUERY,
    "organizations.amazonaws.com": {
        **_COMMON,
        "Invalid": "InvalidInputException",
        "NotFound": "TargetNotFoundException",
        "QuotaExceeded": "ConstraintViolationException",
        "Throttled": "TooManyRequestsException",
    },
}
_RENAMED = {"AccessDeniedException": "AccessDenied"}


def error_of(call: Call, outcome: object) -> tuple[str, str] | None:
    """Code and sentence of a refusal, or of a result that says it is an error."""
    if isinstance(outcome, Refusal):
        names = _BY_SOURCE.get(call.event_source, _COMMON)
        code = outcome.code or names.get(outcome.kind, outcome.kind)
        return _RENAMED.get(code, code), outcome.message
    error: tuple[str, str] | None = getattr(outcome, "audit_error", None)
    return error
