"""Pagination tokens: opaque, bound to their query, stable while rows come and go.

A token carries the last key of the page (keyset pagination), sealed for the query it belongs to,
so that a token of another query, caller or instance does not open.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from genkan.core.errors import Invalid
from genkan.core.vault import Unsealable, Vault

T = TypeVar("T")
_PURPOSE = "page tokens"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page; `next_token` is None on the last one."""

    items: Sequence[T]
    next_token: str | None


def open_token(vault: Vault, query: str, token: str | None) -> str | None:
    """The key after which the page starts, or None for the first; `Invalid` for a foreign token."""
    if token is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii"))
        return vault.cipher(_PURPOSE).open(raw, query).decode()
    except (Unsealable, binascii.Error, ValueError):
        raise Invalid("The provided pagination token is not valid for this request.") from None


def page_of(
    vault: Vault, query: str, rows: Sequence[T], limit: int, key: Callable[[T], str]
) -> Page[T]:
    """Cut `rows`, fetched with `limit + 1`, into a page with the token for the next one."""
    if len(rows) <= limit:
        return Page(rows, None)
    items = rows[:limit]
    sealed = vault.cipher(_PURPOSE).seal(key(items[-1]).encode(), query)
    return Page(items, base64.urlsafe_b64encode(sealed).decode("ascii"))
