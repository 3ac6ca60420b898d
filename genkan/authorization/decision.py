"""The answer: allowed or not, which policy decided, and the sentences that say so.

Owns AWS's access-denied sentence (IAM User Guide, "Troubleshoot access denied error messages") and
the explanation for people. Leaves the deciding to `evaluate`.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, NoReturn

from genkan.authorization.document import PolicyKind

_ARTICLES = {
    PolicyKind.IDENTITY: "an",
    PolicyKind.TRUST: "the",
}


class Reason(Enum):
    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


class Decision(NamedTuple):
    """The answer for one request. Ask `allowed`: the decision itself has no truth value.

    Attributes:
        allowed: the answer.
        reason: why.
        policy_type: the type of policy that allowed, or the type that denied; None when the root
            user of an account is allowed by being it.
        source: the label of the policy that decided; empty when no single one did.
        source_arn: the ARN of that policy, if it was given one.
        statement_index: the statement of that policy, from 0; None when no statement decided.
        statement_id: its Sid; may be empty.
        principal: the asker's ARN.
        action: the action asked for, as written in the request.
        resource: the resource that decided: the first that is denied, else the last.
    """

    allowed: bool
    reason: Reason
    policy_type: PolicyKind | None
    source: str
    source_arn: str
    statement_index: int | None
    statement_id: str
    principal: str
    action: str
    resource: str

    def __bool__(self) -> NoReturn:
        # A named tuple is always true, so `if decide(…)` would allow everything; were it false for
        # a denial, `denial or next_step()` would drop the denial. Neither may pass unnoticed.
        raise TypeError("a decision has no truth value; ask its attribute `allowed`")

    @property
    def access_denied_message(self) -> str:
        """AWS's sentence for a denied request.

        The resource is left out when the action knows none, as AWS does.

        Raises:
            ValueError: the request is allowed.
        """
        if self.allowed or self.policy_type is None:
            raise ValueError("an allowed request has no access-denied sentence")
        on = "" if self.resource == "*" else f" on resource: {self.resource}"
        start = (
            f"User: {self.principal or 'anonymous'} is not authorized to perform: {self.action}{on}"
        )
        if self.reason is Reason.EXPLICIT_DENY:
            article = _ARTICLES.get(self.policy_type, "a")
            return f"{start} with an explicit deny in {article} {self.policy_type.value}"
        return f"{start} because no {self.policy_type.value} allows the {self.action} action"

    @property
    def explanation(self) -> str:
        """One sentence for a person: what decided, and by which statement."""
        what = f"{self.action} on {self.resource}"
        if self.policy_type is None:
            return f"{what} is allowed: the asker is the account's root user."
        kind = self.policy_type.value
        if self.reason is Reason.ALLOWED:
            return f"{what} is allowed by {self._statement()} of the {kind} {self.source!r}."
        if self.reason is Reason.EXPLICIT_DENY:
            return f"{what} is denied by {self._statement()} of the {kind} {self.source!r}."
        where = f" ({self.source})" if self.source else ""
        return f"{what} is denied: no {kind}{where} allows it."

    def _statement(self) -> str:
        sid = f" ({self.statement_id})" if self.statement_id else ""
        return f"statement {self.statement_index}{sid}"
