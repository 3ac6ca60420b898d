"""How the organization's records are answered, how its lists are cut, how its limits refuse."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from genkan.core.errors import Conflict, Invalid
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.organization.records import Account, Organization

T = TypeVar("T")
Answer = Mapping[str, Any]

PAGE = 20
"""How many a list answers at most, and when nothing is said."""


def page(
    tx: Tx,
    query: str,
    max_results: int,
    next_token: str | None,
    fetch: Callable[[str, int], Sequence[T]],
    key: Callable[[T], str],
) -> tuple[Sequence[T], str | None]:
    """One page of what `fetch(after, limit)` finds, in the order of `key`, and the next token.

    `Invalid` (InvalidInputException) for a token that is not of this query.
    """
    query = f"organizations:{query}"
    try:
        after = open_token(tx.vault, query, next_token) or ""
    except Invalid as refusal:
        raise Invalid(
            "You provided an invalid value for NextToken.",
            code="InvalidInputException",
            members={"reason": "INVALID_NEXT_TOKEN"},
            detail=refusal.message,
        ) from None
    found = page_of(tx.vault, query, fetch(after, max_results + 1), max_results, key)
    return found.items, found.next_token


def account_answer(whole: Organization, account: Account) -> Answer:
    """The account as AWS Organizations describes it."""
    return {
        "id": account.account_id,
        "arn": whole.arn("account", account.account_id),
        "email": account.email,
        "name": account.name,
        "status": account.status,
        "state": account.status,
        "paths": (account.path,),
        "joined_method": account.joined_method,
        "joined_timestamp": account.joined_at,
    }


def violation(message: str, reason: str) -> Conflict:
    """The refusal of what a limit of the organization, named by `reason`, does not let be."""
    return Conflict(message, code="ConstraintViolationException", members={"reason": reason})
