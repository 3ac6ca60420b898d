"""A request as the AWS front sees it: raw bytes, because signatures are over raw bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

RawHeaders = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRequest:
    """One request; header names are lower case as ASGI gives them."""

    method: str
    raw_path: bytes
    query_string: bytes
    headers: RawHeaders
    body: bytes
    client_address: str
    secure: bool
    request_id: str

    def header(self, name: bytes) -> str | None:
        """The value of a header that stands exactly once, or None."""
        found = [value for key, value in self.headers if key == name]
        return found[0].decode("latin-1") if len(found) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsResponse:
    """One answer, ready to send."""

    status: int
    headers: RawHeaders
    body: bytes
