"""What is known of the request or the job in whose context code runs: for logs and metrics alone.

Set once by whoever takes the request or the job; whatever runs for it finds it in its context.
Nothing may depend on it: outside of any request there is none.
"""

from contextvars import ContextVar
from typing import Any

from genkan.core.call import Call
from genkan.core.errors import Refusal


class Trace:
    """One request or job. `operation`, `refusal` and `sign_in` say what became of it so far.

    All words are of closed sets of our own, never a sender's: they become labels of metrics.
    """

    __slots__ = ("job_id", "operation", "refusal", "request_id", "sign_in")

    def __init__(self, *, request_id: str = "", job_id: str = "") -> None:
        self.request_id = request_id
        self.job_id = job_id
        self.operation = ""
        self.refusal = ""
        self.sign_in = ""

    def begins(self, call: Call) -> None:
        """An operation is performed; what a front names as an event is what was asked for."""
        if call.event_name or not self.operation:
            self.operation = call.event_name or call.operation.name

    def ended(self, call: Call, result: Any) -> None:
        """It has this result: of a sign-in its outcome, by its reason or its type."""
        if call.event_source == "signin.amazonaws.com":
            self.sign_in = getattr(result, "reason", "") or type(result).__name__

    def refused(self, refusal: Refusal) -> None:
        """It was refused."""
        self.refusal = refusal.code or refusal.kind


current: ContextVar[Trace | None] = ContextVar("genkan_trace", default=None)
