"""Paths of the pages, and the names of the form fields they post.

The one place that spells a path of `fronts/web`: templates and routes both read it, so they cannot
disagree. Which front answers which path is DESIGN §5 ("Who owns which route on the one port").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

PORTAL: Final = "/start"
"""GET: the portal (or the sign-in page in its place). `?q=` filters without JavaScript."""

SIGN_IN: Final = "/signin"
"""POST `SignInPage`'s form; GET shows the step the attempt has reached."""

SIGN_OUT: Final = "/signout"
"""POST, no further fields."""

CONSOLE: Final = "/console"
"""POST `account_id`, `role_name`: open an account in the browser."""

ACCESS_KEYS: Final = "/access-keys"
"""POST `account_id`, `role_name`: issue credentials. GET with the same query: the page, nothing
issued."""

ACCOUNT_SIGN_OUT: Final = "/account/signout"
"""POST `account_id`, `role_name`: end this browser's session in one account."""

DEVICE: Final = "/device"
"""GET, optionally `?user_code=`; POST `user_code` and `step` ("check" or "confirm")."""

DEVICE_CONSENT: Final = "/device/consent"
"""POST `decision` ("approve" or "deny") and the page's hidden fields."""

AUTHORIZE_CONSENT: Final = "/authorize/consent"
"""POST `decision` ("approve" or "deny") and the page's hidden fields."""

CSRF_FIELD: Final = "csrf_token"


def with_query(here: str, values: Mapping[str, str]) -> str:
    """`here` (path and query of our own) with the named query parameters set, the others kept."""
    parts = urlsplit(local_path(here))
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in values]
    return f"{parts.path}?{urlencode([*kept, *values.items()])}"


def local_path(here: str) -> str:
    """`here` itself when it is a path on this server, else the portal.

    Refuses `//host` and `/\\host`, which browsers read as another server (open redirect).
    """
    if not here.startswith("/") or here[1:2] in ("/", "\\"):
        return PORTAL
    if any(character < " " or character == "\\" for character in here):
        return PORTAL
    return here
