"""The closed set of refusals: everything that a caller can be told.

A refusal is an expected answer, carried by an exception so that the door rolls the operation's
savepoint back. Each has a client-safe sentence (`message`), a private `detail` for the log only,
and where one AWS service needs its own name for it, a `code` and extra `members`. A bug is never
a refusal: it propagates and is answered 500.
"""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """Base of the closed set. `message` may be shown to anyone, `detail` to operators only.

    `audit_admitted`: whether audit records it; None until it was asked, which is once.
    """

    audit_admitted: bool | None = None

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        members: Mapping[str, Any] | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.members: Mapping[str, Any] = members or {}
        self.detail = detail

    @property
    def kind(self) -> str:
        """The refusal's word, as metrics and logs name it."""
        return type(self).__name__


class Invalid(Refusal):
    """The request breaks a rule that its sender can read (AWS: ValidationException)."""


class NotFound(Refusal):
    """The named thing does not exist, or not for this caller (ResourceNotFoundException)."""


class Conflict(Refusal):
    """The state forbids it now: duplicate, in use, running operation (ConflictException)."""


class Denied(Refusal):
    """The caller is known and may not (AccessDeniedException)."""


class QuotaExceeded(Refusal):
    """A limit of reference §12 is reached (ServiceQuotaExceededException)."""


class Throttled(Refusal):
    """Too many at once; trying later helps (ThrottlingException).

    `audit_silent`: the door leaves no record of it, since whoever raised it sees to that.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: int = 1,
        audit_silent: bool = False,
        **rest: Any,
    ) -> None:
        super().__init__(message, **rest)
        self.retry_after_seconds = retry_after_seconds
        self.audit_silent = audit_silent


class Unauthenticated(Refusal):
    """Nobody was proven. Raised by fronts only: an unknown caller never reaches the door.

    For audit: `claimed` is the access key that was named, and `caller` whose proof was good, but
    is over.
    """

    def __init__(self, message: str, *, claimed: str = "", caller: Any = None, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.claimed = claimed
        self.caller = caller
