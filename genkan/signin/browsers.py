"""Recognised browsers: a token that says "this user has signed in with this browser before".

The token is self-contained and signed for one user, so that a browser is recognised without a row
and nobody learns from it whose it is. It proves no identity and opens nothing: it only gives the
browser's attempts a count of their own (`throttle`), which strangers cannot use up.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from genkan.core import ids
from genkan.core.vault import Vault, same

LIFETIME_MS = 180 * 24 * 3600 * 1000
REMEMBERED = 4
"""How many users one browser is recognised for; fronts keep this many tokens."""

_LONGEST = 200


def browser_token(vault: Vault, user_id: str, browser_id: str | None, now: int) -> str:
    """A token for this user; `browser_id` is the one recognised, or None for a new browser."""
    chosen = browser_id or ids.hex16()
    return f"{chosen}.{now}.{_signature(vault, user_id, chosen, now)}"


def recognised(vault: Vault, tokens: Sequence[str], user_id: str, now: int) -> str | None:
    """The id of the browser if one of its tokens is this user's and not too old."""
    found = None
    for token in tokens[:REMEMBERED]:
        browser_id, issued, signature = _parts(token)
        expected = _signature(vault, user_id, browser_id, issued)
        if same(signature, expected) and user_id and 0 <= now - issued <= LIFETIME_MS:
            found = browser_id
    return found


def _parts(token: str) -> tuple[str, int, str]:
    parts = token[:_LONGEST].split(".")
    if len(parts) != 3 or not (parts[1].isascii() and parts[1].isdigit()):
        return "", 0, ""
    return parts[0], int(parts[1]), parts[2]


def _signature(vault: Vault, user_id: str, browser_id: str, issued: int) -> str:
    text = f"{user_id}\0{browser_id}\0{issued}".encode()
    digest = hmac.digest(vault.derive("recognised browser"), text, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
