"""The decision: did the holder of this secret sign this request, for this service, now."""

import hmac
import re
from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256

from ..wire import Request
from .canonical import canonical_request, string_to_sign
from .claim import Claimed, SignatureFault, SignatureRefusal, mismatch
from .keys import signing_key

SKEW_MILLISECONDS = 15 * 60 * 1000
"""How far the timestamp of a header signature may be from now, both ways."""
PRESIGNED_SKEW_MILLISECONDS = 5 * 60 * 1000
"""How far a presigned timestamp may be ahead of now."""

_EMPTY_HASH = sha256(b"").hexdigest()
_REGION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# A second one of these could be read differently by us and by whoever stands before us.
_SINGLE = frozenset({b"host", b"authorization", b"content-type", b"content-length"})


def verify(
    claimed: Claimed,
    secret_key: str,
    request: Request,
    now: int,
    *,
    allowed_services: Collection[str],
    regions: Collection[str] | None = None,
) -> None:
    """Returns when the holder of `secret_key` signed this request for this service, now.

    `now` is epoch milliseconds. `allowed_services` are the signing names of the operation's
    model; `regions`, if given, the only regions accepted. Raises SignatureRefusal otherwise.
    """
    if not secret_key:
        raise ValueError("a signature cannot be checked without a secret")
    if isinstance(allowed_services, str) or isinstance(regions, str):
        # A name would be searched as a part of a string: "o" is in "sso".
        raise TypeError("allowed services and regions are collections of names")
    _check_scope(claimed, allowed_services, regions)
    _check_time(claimed, now)
    _check_headers(claimed, request)
    body_hash = sha256(request.body).hexdigest() if request.body else _EMPTY_HASH
    stated = request.header(b"x-amz-content-sha256")
    if stated is not None and not hmac.compare_digest(stated.strip(), body_hash.encode()):
        raise mismatch(
            "The provided 'x-amz-content-sha256' header does not match what was computed."
        )
    canonical = canonical_request(claimed, request, body_hash)
    key = signing_key(secret_key, claimed.scope)
    expected = hmac.digest(key, string_to_sign(claimed, canonical), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), claimed.signature.encode("utf-8")):
        raise mismatch()


def _check_scope(
    claimed: Claimed, allowed_services: Collection[str], regions: Collection[str] | None
) -> None:
    date, region, service = claimed.scope
    faults = []
    if not _REGION.fullmatch(region) or (regions is not None and region not in regions):
        faults.append("Credential should be scoped to a valid region.")
    if service not in allowed_services:
        wanted = ", ".join(f"'{name}'" for name in sorted(allowed_services))
        faults.append(f"Credential should be scoped to correct service: {wanted}.")
    if date != claimed.timestamp[:8]:
        faults.append(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
            "from HTTP."
        )
    if faults:
        raise mismatch(" ".join(faults))


def _check_time(claimed: Claimed, now: int) -> None:
    if claimed.expires is None:
        ahead = behind = SKEW_MILLISECONDS
    else:
        ahead, behind = PRESIGNED_SKEW_MILLISECONDS, claimed.expires * 1000
    if claimed.instant < now - behind:
        raise SignatureRefusal(
            SignatureFault.EXPIRED,
            f"Signature expired: {claimed.timestamp} is now earlier than {_basic(now - behind)} "
            f"({_basic(now)} - {behind // 60000} min.)",
        )
    if claimed.instant > now + ahead:
        raise SignatureRefusal(
            SignatureFault.NOT_YET_CURRENT,
            f"Signature not yet current: {claimed.timestamp} is still later than "
            f"{_basic(now + ahead)} ({_basic(now)} + {ahead // 60000} min.)",
        )


def _basic(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _check_headers(claimed: Claimed, request: Request) -> None:
    signed = claimed.signed_headers
    if "host" not in signed:
        raise mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    for name in request.header_names():
        if name.startswith(b"x-amz-"):
            if name.decode("latin-1") not in signed:
                shown = name.decode("ascii", "replace")
                raise mismatch(f"'{shown}' must be a 'SignedHeader' in the AWS Authorization.")
            if name in request.repeated:
                raise mismatch("A header that begins with 'x-amz-' is repeated.")
    if not request.repeated.isdisjoint(_SINGLE):
        raise mismatch("A header that must be unique is repeated.")
    if claimed.presigned and request.header(b"x-amz-security-token") is not None:
        raise mismatch("The session token of a presigned request belongs in its query string.")
