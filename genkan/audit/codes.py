"""Which error a record shows: the code that the caller got, in CloudTrail's spelling.

CloudTrail says AccessDenied of every service.
"""

from genkan.core.call import Call
from genkan.core.error_codes import code_of
from genkan.core.errors import Refusal

_BY_SOURCE = {
    f"{service}.amazonaws.com": service for service in ("iam", "sts", "organizations", "cloudtrail")
}
_RENAMED = {"AccessDeniedException": "AccessDenied"}


def error_of(call: Call, outcome: object) -> tuple[str, str] | None:
    """Code and sentence of a refusal, or of a result that says it is an error."""
    if isinstance(outcome, Refusal):
        code = code_of(call.service or _BY_SOURCE.get(call.event_source, ""), outcome)
        return _RENAMED.get(code, code), outcome.message
    error: tuple[str, str] | None = getattr(outcome, "audit_error", None)
    return error
