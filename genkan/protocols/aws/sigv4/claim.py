"""The claim of a signed request, read from its Authorization header or its query string."""

import re
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from ..refusals import SerializationFailure
from ..wire import Request, pairs

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
MAX_EXPIRES_SECONDS = 604800
MAX_AUTHORIZATION = 8192
MAX_SIGNED_HEADERS = 64
MAX_CREDENTIAL = 1024
_REMEMBERED = 256

_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_KEY_ID = re.compile(r"[A-Za-z0-9_]{1,128}")
_EXPIRES = re.compile(r"[0-9]{1,6}")
_HEADER_NAMES = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+(?:;[a-z0-9!#$%&'*+.^_`|~-]+)*")
_QUERY_PARAMETERS = (
    b"X-Amz-Algorithm",
    b"X-Amz-Credential",
    b"X-Amz-Signature",
    b"X-Amz-SignedHeaders",
    b"X-Amz-Date",
    b"X-Amz-Expires",
)


class SignatureFault(Enum):
    """Why a signature is refused, in no protocol's words."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    MISMATCH = "mismatch"
    EXPIRED = "expired"
    NOT_YET_CURRENT = "not yet current"


class SignatureRefusal(Exception):
    """The request is not proven to be signed. `message` is client-safe."""

    def __init__(self, kind: SignatureFault, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Scope(NamedTuple):
    """What a signing key is good for: a day (YYYYMMDD), a region and a service."""

    date: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


class Claimed(NamedTuple):
    """A claim, well-formed and nothing more. Trust nothing of it before `verify` returned.

    `timestamp` is as sent (`20150830T123600Z`), `instant` the same in epoch milliseconds;
    `expires` is in seconds and only of presigned requests.
    """

    access_key_id: str
    scope: Scope
    signed_headers: tuple[str, ...]
    signature: str
    presigned: bool
    timestamp: str
    instant: int
    expires: int | None
    session_token: str | None

    def __repr__(self) -> str:
        return f"<Claimed {self.access_key_id}/{self.scope}>"


_MISMATCH_TEXT = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)


def incomplete(message: str) -> SignatureRefusal:
    return SignatureRefusal(SignatureFault.INCOMPLETE, message)


def mismatch(message: str = _MISMATCH_TEXT) -> SignatureRefusal:
    return SignatureRefusal(SignatureFault.MISMATCH, message)


def parse_authorization(request: Request) -> Claimed:
    """The claim of a request, from its Authorization header or its query string."""
    header = request.header(b"authorization")
    presigned = b"X-Amz-" in request.query and _query_claim(request)
    if header is None:
        if not presigned:
            raise SignatureRefusal(SignatureFault.MISSING, "Missing Authentication Token")
        return _from_query(presigned)
    if presigned:
        raise incomplete("Sign in the Authorization header or in the query string, not in both.")
    return _from_header(request, header)


def _from_header(request: Request, header: bytes) -> Claimed:
    if b"authorization" in request.repeated or len(header) > MAX_AUTHORIZATION:
        raise incomplete("Authorization header is repeated or too long.")
    algorithm, _, rest = header.decode("latin-1").strip().partition(" ")
    if algorithm != ALGORITHM:
        if algorithm.startswith("AWS4-"):
            raise incomplete(f"Unsupported AWS 'algorithm': '{algorithm}'.")
        raise SignatureRefusal(SignatureFault.MISSING, "Missing Authentication Token")
    parts: dict[str, str] = {}
    for item in rest.split(",") if rest else ():
        name, equals, value = item.strip().partition("=")
        if not equals or name in parts:
            raise incomplete("Invalid key=value pair in Authorization header.")
        parts[name] = value
    date = request.header(b"x-amz-date")
    missing = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    if date is None:
        missing.append("Authorization header requires existence of a 'X-Amz-Date' header.")
    if missing or date is None:
        raise incomplete(" ".join(missing))
    token = request.header(b"x-amz-security-token")
    return _claimed(
        parts["Credential"],
        parts["SignedHeaders"],
        parts["Signature"],
        date.decode("latin-1").strip(),
        token=None if token is None else token.decode("latin-1").strip(),
    )


def _query_claim(request: Request) -> dict[bytes, str] | None:
    """The `X-Amz-*` parameters of a query string when they claim a signature."""
    found: dict[bytes, str] = {}
    for name, value in query_pairs(request.query):
        if name.startswith(b"X-Amz-"):
            if name in found:
                raise incomplete("AWS query-string parameters must not be repeated.")
            found[name] = value.decode("latin-1")
    return found if any(name in found for name in _QUERY_PARAMETERS) else None


def _from_query(parameters: dict[bytes, str]) -> Claimed:
    missing = [name.decode() for name in _QUERY_PARAMETERS if not parameters.get(name)]
    if missing:
        listed = " ".join(f"AWS query-string parameters must include '{n}'." for n in missing)
        raise incomplete(f"{listed} Re-examine the query-string parameters.")
    algorithm = parameters[b"X-Amz-Algorithm"]
    if algorithm != ALGORITHM:
        raise incomplete(f"Unsupported AWS 'algorithm': '{algorithm[:64]}'.")
    expires = parameters[b"X-Amz-Expires"]
    if not _EXPIRES.fullmatch(expires) or not 1 <= int(expires) <= MAX_EXPIRES_SECONDS:
        raise incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800.")
    return _claimed(
        parameters[b"X-Amz-Credential"],
        parameters[b"X-Amz-SignedHeaders"],
        parameters[b"X-Amz-Signature"],
        parameters[b"X-Amz-Date"],
        token=parameters.get(b"X-Amz-Security-Token"),
        expires=int(expires),
    )


def _claimed(
    credential: str,
    signed_headers: str,
    signature: str,
    timestamp: str,
    *,
    token: str | None,
    expires: int | None = None,
) -> Claimed:
    key_id, scope = _credential(credential)
    names = _names(signed_headers)
    if token is not None and not (token and token.isascii() and token.isprintable()):
        raise incomplete("The session token is not one.")
    return Claimed(
        access_key_id=key_id,
        scope=scope,
        signed_headers=names,
        signature=signature,
        presigned=expires is not None,
        timestamp=timestamp,
        instant=_instant(timestamp),
        expires=expires,
        session_token=token,
    )


# A client signs with one key and one set of headers again and again: these are read once. What is
# refused is not remembered.


@lru_cache(maxsize=_REMEMBERED)
def _credential(credential: str) -> tuple[str, Scope]:
    """The access key and the scope of a Credential parameter."""
    elements = credential.split("/")
    too_long = len(credential) > MAX_CREDENTIAL
    if too_long or len(elements) != 5 or not _KEY_ID.fullmatch(elements[0]):
        raise incomplete(
            "Credential must have exactly 5 slash-delimited elements, "
            "e.g. keyid/date/region/service/term."
        )
    key_id, date, region, service, terminator = elements
    if terminator != TERMINATOR:
        raise mismatch(f"Credential should be scoped with a valid terminator: '{TERMINATOR}'.")
    return key_id, Scope(date, region, service)


@lru_cache(maxsize=_REMEMBERED)
def _names(signed_headers: str) -> tuple[str, ...]:
    """The header names of a SignedHeaders parameter."""
    if len(signed_headers) > MAX_AUTHORIZATION or not _HEADER_NAMES.fullmatch(signed_headers):
        raise incomplete("SignedHeaders must be header names in lower case, joined by ';'.")
    names = tuple(signed_headers.split(";"))
    if len(names) > MAX_SIGNED_HEADERS or list(names) != sorted(set(names)):
        raise incomplete("SignedHeaders must be sorted and name each header once.")
    return names


@lru_cache(maxsize=_REMEMBERED)
def _instant(timestamp: str) -> int:
    """Epoch milliseconds of an ISO 8601 basic timestamp."""
    try:
        if not _TIMESTAMP.fullmatch(timestamp):
            raise ValueError
        moment = datetime(
            int(timestamp[:4]),
            int(timestamp[4:6]),
            int(timestamp[6:8]),
            int(timestamp[9:11]),
            int(timestamp[11:13]),
            int(timestamp[13:15]),
            tzinfo=UTC,
        )
    except ValueError:
        raise incomplete("Date must be in ISO-8601 'basic format'.") from None
    return int(moment.timestamp()) * 1000


def query_pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    """The decoded pairs of a query string, by the reader that the decoders use."""
    try:
        return pairs(raw)
    except SerializationFailure as failure:
        raise incomplete(failure.message) from None
