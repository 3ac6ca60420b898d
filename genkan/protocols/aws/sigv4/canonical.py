"""The canonical request and the string to sign: one spelling for all that mean the same."""

from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from ..wire import Request
from .claim import ALGORITHM, Claimed, mismatch, query_pairs


def canonical_request(claimed: Claimed, request: Request, body_hash: str) -> bytes:
    """What is hashed: method, path, query, the signed headers, their names, the body's hash."""
    lines = [
        request.method.encode("ascii"),
        canonical_path(request.path),
        canonical_query(request.query),
    ]
    names, listed = _spelled(claimed.signed_headers)
    header, repeated = request.header, request.repeated
    for key, beginning in names:
        value = header(key)
        if value is None:
            raise mismatch()
        if repeated and key in repeated:
            values = [raw for field, raw in request.headers if field.lower() == key]
            joined = b",".join(b" ".join(raw.split()) for raw in values)
        else:
            joined = b" ".join(value.split())
        lines.append(beginning + joined)
    lines += [b"", listed, body_hash.encode("ascii")]
    return b"\n".join(lines)


@lru_cache(maxsize=256)
def _spelled(names: tuple[str, ...]) -> tuple[tuple[tuple[bytes, bytes], ...], bytes]:
    """Each name, and as its line begins; then all of them as the canonical request lists them."""
    keys = [name.encode("ascii") for name in names]
    return tuple((key, key + b":") for key in keys), b";".join(keys)


def string_to_sign(claimed: Claimed, canonical: bytes) -> bytes:
    """What is signed: algorithm, time, scope and the hash of the canonical request."""
    digest = sha256(canonical).hexdigest()
    return f"{ALGORITHM}\n{claimed.timestamp}\n{claimed.scope}\n{digest}".encode("ascii")


def canonical_path(raw: bytes) -> bytes:
    """The path as every service but S3 signs it: dot segments and empty ones removed, then
    encoded once more than it came."""
    if raw == b"/" or not raw:
        return b"/"
    segments: list[bytes] = []
    for segment in raw.split(b"/"):
        if segment == b"..":
            if segments:
                segments.pop()
        elif segment and segment != b".":
            segments.append(segment)
    path = b"/" + b"/".join(segments)
    if raw.endswith(b"/") and segments:
        path += b"/"
    return quote(path, safe="/-_.~").encode("ascii")


def canonical_query(raw: bytes) -> bytes:
    """The sorted, strictly encoded query string without the signature itself.

    Decoded by the reader that the decoders use and encoded again, so that two spellings which
    sign alike also read alike.
    """
    if not raw:
        return b""
    encoded = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in query_pairs(raw)
        if name != b"X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in encoded).encode("ascii")
