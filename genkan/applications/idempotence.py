"""Client tokens: a create that is sent again is answered again (reference §5.2).

A token is its account's own within the instance, and is remembered as long as what it made: so a
retry never makes a second thing, and a token is free again once the thing is deleted.
"""

import hashlib
from typing import Any

import msgspec

from genkan.applications.records import Made
from genkan.core.errors import Conflict


def digest_of(**request: Any) -> str:
    """SHA-256 of a request's parameters; the order of keys and of tags does not matter."""
    tags = sorted((tag["key"], tag["value"]) for tag in request.pop("tags", ()))
    encoded = msgspec.json.encode({**request, "tags": tags}, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()


def made_before(made: Made | None, request_digest: str) -> str | None:
    """The ARN to answer again, None for a new token; `Conflict` when the request is another."""
    if made is None:
        return None
    if made.request_digest != request_digest:
        raise Conflict("The client token was used for a request with different parameters.")
    return made.arn
