"""How IAM answers: documents, pages with Markers, and whose account is asked about."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from genkan.core.call import Call, Signer
from genkan.core.errors import Denied, Invalid
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx

T = TypeVar("T")
Answer = dict[str, Any]
_BEGINNING_BYTES = 100


def account_of(call: Call) -> str:
    """The caller's own account: IAM knows no other."""
    if isinstance(call.caller, Signer):
        return call.caller.account_id
    raise Denied("IAM answers the holder of an access key only.")


def url_encoded(document: str) -> str:
    """A policy document as IAM sends it: RFC 3986, only unreserved characters left as they are."""
    return quote(document, safe="")


def opened(tx: Tx, query: str, marker: str | None) -> str | None:
    """The key after which a page starts; `Invalid` (ValidationError) for a foreign Marker."""
    try:
        return open_token(tx.vault, query, marker)
    except Invalid:
        raise Invalid(f"Invalid Marker: {marker}", code="ValidationError") from None


def page(
    tx: Tx,
    name: str,
    query: str,
    fetch: Callable[[str | None, int], Sequence[T]],
    *,
    key: Callable[[T], str],
    shape: Callable[[T], object],
    marker: str | None,
    max_items: int,
) -> Answer:
    """One page of what `fetch(after, limit)` finds, as the member `name` of an answer.

    Keys must be short: a Marker has at most 320 characters. `short` makes any text so.
    """
    after = opened(tx, query, marker)
    found = page_of(tx.vault, query, fetch(after, max_items + 1), max_items, key)
    return {
        name: [shape(item) for item in found.items],
        "is_truncated": found.next_token is not None,
        "marker": found.next_token,
    }


def short(text: str) -> str:
    """Stands for a text in a Marker, in 165 bytes at most; in its order, but for long beginnings.

    What comes after it is found whether or not the text itself is still there.
    """
    encoded = text.encode()
    beginning = encoded[:_BEGINNING_BYTES].decode(errors="ignore")
    return f"{beginning}\0{hashlib.sha256(encoded).hexdigest()}"
