"""Redirect URIs: what an authorization code may be sent to (RFC 6749 §3.1.2, RFC 8252 §7)."""

from urllib.parse import urlsplit

from genkan.core.errors import Invalid

LONGEST = 2_048
"""Characters of a redirect URI; the model sets no bound."""

_RUN_BY_BROWSERS = frozenset(
    {"about", "blob", "data", "file", "filesystem", "javascript", "vbscript"}
)
"""Schemes that a browser runs or opens itself: a code sent there is a code given away."""


def check_redirect_uri(uri: str) -> None:
    """`Invalid` unless the URI is absolute, without fragment, and goes to a client of people."""
    if not _is_redirect_uri(uri):
        raise Invalid(f"The redirect URI {uri[:100]} is not valid.")


def _is_redirect_uri(uri: str) -> bool:
    if len(uri) > LONGEST or not uri.isascii() or not all("!" <= one <= "~" for one in uri):
        return False
    if "\\" in uri or "#" in uri:
        return False
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 - reading it is what refuses a port that is no number
    except ValueError:
        return False
    scheme = parts.scheme.lower()
    if not scheme or scheme in _RUN_BY_BROWSERS:
        return False
    if scheme in ("http", "https"):
        return bool(parts.hostname) and parts.username is None
    return len(uri) > len(scheme) + 1
