"""A refusal of ours as what the AWS fronts encode."""

from genkan.core.error_codes import code_of
from genkan.core.errors import Refusal, Throttled
from genkan.protocols.aws.errors import ErrorAnswer


def refusal_answer(service: str, refusal: Refusal) -> ErrorAnswer:
    """What to encode for `refusal` of an operation of `service`."""
    members = dict(refusal.members)
    if isinstance(refusal, Throttled):
        members.setdefault("retry_after_seconds", refusal.retry_after_seconds)
    return ErrorAnswer(code_of(service, refusal), refusal.message, members)
