"""A small Signature Version 4 signer for tests and benchmarks: headers in, headers out.

Uses the package's canonical forms on purpose, so that tests can sign what no SDK would; that
those forms are AWS's is proven by the vectors and by botocore in test_sigv4_*.py.
"""

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote

from genkan.protocols.aws import sigv4
from genkan.protocols.aws.wire import Request

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = 1_440_938_160_000  # 2015-08-30T12:36:00Z
Headers = list[tuple[bytes, bytes]]


def basic_timestamp(now: int) -> str:
    return datetime.fromtimestamp(now // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def signed(
    *,
    method: str = "POST",
    path: bytes = b"/",
    query: bytes = b"",
    headers: Iterable[tuple[bytes, bytes]] = (),
    body: bytes = b"",
    service: str = "identitystore",
    region: str = "us-east-1",
    now: int = NOW,
    date: str | None = None,
    token: str | None = None,
    unsigned: Iterable[bytes] = (),
    access_key_id: str = ACCESS_KEY_ID,
    secret_key: str = SECRET_KEY,
) -> Request:
    """A request signed in its Authorization header. `unsigned` names headers left out of it."""
    timestamp = basic_timestamp(now)
    all_headers: Headers = [(b"host", b"localhost:8080"), *headers]
    all_headers.append((b"x-amz-date", timestamp.encode()))
    if token is not None:
        all_headers.append((b"x-amz-security-token", token.encode()))
    names = sorted({name.lower().decode() for name, _ in all_headers if name not in set(unsigned)})
    claimed = _claim(names, timestamp, date, region, service, access_key_id, token)
    bare = Request(method=method, path=path, query=query, headers=all_headers, body=body)
    signature = _signature(claimed, bare, secret_key)
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={access_key_id}/{claimed.scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    all_headers.append((b"authorization", authorization.encode()))
    return Request(method=method, path=path, query=query, headers=all_headers, body=body)


def presigned(
    *,
    query: bytes,
    method: str = "GET",
    path: bytes = b"/",
    headers: Iterable[tuple[bytes, bytes]] = (),
    body: bytes = b"",
    service: str = "sts",
    region: str = "us-east-1",
    now: int = NOW,
    expires: int = 900,
    token: str | None = None,
    secret_key: str = SECRET_KEY,
) -> Request:
    """A request signed in its query string."""
    timestamp = basic_timestamp(now)
    all_headers: Headers = [(b"host", b"localhost:8080"), *headers]
    names = sorted({name.lower().decode() for name, _ in all_headers})
    claimed = _claim(names, timestamp, None, region, service, ACCESS_KEY_ID, token)
    added = {
        "X-Amz-Algorithm": sigv4.ALGORITHM,
        "X-Amz-Credential": f"{ACCESS_KEY_ID}/{claimed.scope}",
        "X-Amz-Date": timestamp,
        "X-Amz-Expires": str(expires),
        "X-Amz-SignedHeaders": ";".join(names),
    }
    if token is not None:
        added["X-Amz-Security-Token"] = token
    text = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in added.items())
    whole = b"&".join(part for part in (query, text.encode()) if part)
    bare = Request(method=method, path=path, query=whole, headers=all_headers, body=body)
    whole += b"&X-Amz-Signature=" + _signature(claimed, bare, secret_key).encode()
    return Request(method=method, path=path, query=whole, headers=all_headers, body=body)


def _claim(
    names: list[str],
    timestamp: str,
    date: str | None,
    region: str,
    service: str,
    access_key_id: str,
    token: str | None,
) -> sigv4.Claimed:
    return sigv4.Claimed(
        access_key_id=access_key_id,
        scope=sigv4.Scope(date or timestamp[:8], region, service),
        signed_headers=tuple(names),
        signature="",
        presigned=False,
        timestamp=timestamp,
        instant=0,
        expires=None,
        session_token=token,
    )


def _signature(claimed: sigv4.Claimed, request: Request, secret_key: str) -> str:
    body_hash = sha256(request.body).hexdigest()
    canonical = sigv4.canonical_request(claimed, request, body_hash)
    to_sign = sigv4.string_to_sign(claimed, canonical)
    key = sigv4.derive_signing_key(secret_key, claimed.scope)
    return hmac.digest(key, to_sign, "sha256").hex()


def replaced(request: Request, **parts: object) -> Request:
    """The same request with some of its parts replaced."""
    whole = {
        name: getattr(request, name) for name in ("method", "path", "query", "headers", "body")
    }
    return Request(**(whole | parts))


def with_header(request: Request, name: bytes, value: bytes | None) -> Request:
    """The request with that header replaced, added, or (value None) taken away."""
    headers = [(key, old) for key, old in request.headers if key.lower() != name]
    if value is not None:
        headers.append((name, value))
    return replaced(request, headers=headers)
