"""A request and a response as bytes, and the reading of what every AWS protocol shares.

Header fields, percent-encoded pairs and media types are read here once, strictly, so that the
signature and the decoders see the same thing: a byte that one of them read differently would be
a byte that an attacker can change under a valid signature.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from .refusals import SerializationFailure, UnsupportedMediaType

MAX_BODY = 1 << 20
"""Bytes of body that a decoder accepts; what is larger must be refused before it is read."""

MAX_FIELDS = 4096
"""Pairs that one query string or form may hold."""

FORM = "application/x-www-form-urlencoded"

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Request:
    """What came in, exactly as it came: nothing here is decoded, joined or normalised.

    `path` and `query` are the raw bytes of the request target, `query` without its `?`;
    `headers` are (name, value) in the order received. All state is read-only.
    """

    __slots__ = ("_fields", "_form", "body", "headers", "method", "path", "query", "repeated")

    def __init__(
        self,
        *,
        method: str,
        path: bytes,
        query: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        fields: dict[bytes, bytes] = {}
        repeated: set[bytes] = set()
        for name, value in headers:
            key = name.lower()
            if key in fields:
                repeated.add(key)
                fields[key] += b"," + value
            else:
                fields[key] = value
        self._fields = fields
        self.repeated = repeated
        self._form: dict[str, str] | None = None

    def header(self, name: bytes) -> bytes | None:
        """The field of that lower-case name, None when absent; repeated ones joined by comma."""
        return self._fields.get(name)

    def header_names(self) -> list[bytes]:
        """Every field name present, in lower case, once."""
        return list(self._fields)

    def media_type(self) -> str:
        """The Content-Type in lower case without its parameters; empty when absent."""
        raw = self._fields.get(b"content-type", b"")
        return raw.partition(b";")[0].strip().lower().decode("latin-1")

    def form(self) -> dict[str, str]:
        """The parameters of the query string and of a form body together, read once.

        A name that comes twice, wherever, leaves open which one counts: SerializationFailure.
        UnsupportedMediaType for a body that is not a form.
        """
        if self._form is None:
            found = pairs(self.query)
            if self.body:
                if self.media_type() != FORM:
                    raise UnsupportedMediaType(f"The Content-Type must be {FORM}")
                if len(self.body) > MAX_BODY:
                    raise SerializationFailure("The request is too large")
                found += pairs(self.body)
            self._form = unique(found)
        return self._form


class Response(NamedTuple):
    """What goes out. Content-Length is the server's."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def pairs(encoded: bytes) -> list[tuple[bytes, bytes]]:
    """The (name, value) pairs of a query string or form, percent-decoded, `+` read as a blank.

    Order and repetitions are kept; empty segments are skipped. SerializationFailure on an
    escape that is none and on more than `MAX_FIELDS` pairs.
    """
    if not encoded:
        return []
    if encoded.count(b"&") >= MAX_FIELDS:
        raise SerializationFailure("Too many parameters")
    if _BAD_ESCAPE.search(encoded):
        raise SerializationFailure("Malformed percent-encoding")
    found = []
    for segment in encoded.split(b"&"):
        if segment:
            name, _, value = segment.partition(b"=")
            found.append((_unescaped(name), _unescaped(value)))
    return found


def unique(found: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The pairs as text. SerializationFailure for a repeated name."""
    named = {text(name): text(value) for name, value in found}
    if len(named) != len(found):
        raise SerializationFailure("A parameter is repeated")
    return named


def _unescaped(part: bytes) -> bytes:
    if b"+" in part:
        part = part.replace(b"+", b" ")
    return unquote_to_bytes(part) if b"%" in part else part


def text(raw: bytes) -> str:
    """Decoded UTF-8. SerializationFailure for other bytes and for NUL, which no store holds."""
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise SerializationFailure("The request is not UTF-8") from None
    if "\0" in decoded:
        raise SerializationFailure("NUL is not allowed in a string")
    return decoded
