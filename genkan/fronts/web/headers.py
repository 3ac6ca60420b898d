"""Security headers of a page, above all its Content-Security-Policy.

The policy allows scripts, styles and images of our own static files and nothing inline; no page may
be framed; forms may be sent to ourselves and to exactly the further places a page names. Browsers
apply `form-action` to redirects of the answer as well (DESIGN §11), so a consent page names the
loopback address that its approval is redirected to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

_HOST: Final = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?", re.ASCII)
_IPV6: Final = re.compile(r"[0-9a-f:.]{2,45}", re.ASCII)

_FIXED: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # Not no-referrer: it would turn the Origin header of our own forms into "null" and take that
    # check away from the routes.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"x-frame-options", b"DENY"),
)


def page_headers(form_targets: Iterable[str] = ()) -> list[tuple[bytes, bytes]]:
    """Headers of a page whose forms may end at `form_targets` (absolute URLs).

    Raises ValueError for a target that is not a plain http(s) URL: fail closed rather than let a
    crafted host add a directive.
    """
    policy = content_security_policy(form_targets).encode("ascii")
    return [(b"content-security-policy", policy), *_FIXED]


def content_security_policy(form_targets: Iterable[str] = ()) -> str:
    """The policy's text. See `page_headers`."""
    targets = dict.fromkeys(["'self'", *(form_source(target) for target in form_targets)])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            f"form-action {' '.join(targets)}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def form_source(target: str) -> str:
    """The CSP source (CSP3 §2.3.1) for a URL: scheme, host and port; a path is ignored on
    redirects.

    A host source cannot be an IPv6 address; such a loopback target can only be allowed by scheme.
    """
    parts = urlsplit(target)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or parts.username is not None:
        raise ValueError(f"form target is not an http(s) URL: {target!r}")
    if ":" in host and _IPV6.fullmatch(host):
        return f"{parts.scheme}:"
    if not _HOST.fullmatch(host):
        raise ValueError(f"form target has no plain host: {target!r}")
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port is not None else "")
