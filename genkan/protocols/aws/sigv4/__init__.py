"""Signature Version 4, checked: who claims to have signed a request, and did they.

`parse_authorization` reads the claim; the caller finds the secret of its access key; `verify`
decides. Both raise SignatureRefusal with AWS's text and a kind that each front names in its own
protocol (see `errors.signature_error`). Finding keys and session tokens belongs to the caller.

Invariants, beyond the signature itself:

- The body's real hash is signed: `x-amz-content-sha256`, if sent, must equal it, so neither
  UNSIGNED-PAYLOAD nor streaming hashes are accepted, presigned or not.
- `host` and every `x-amz-*` header present are signed, and none of them comes twice: what a
  decoder reads (the target, the session token) is what the signer wrote.
- The scope names the operation's service, a well-formed region and the day of the timestamp.
- A claim is either in the Authorization header or in the query string, never in both.

Source: AWS's published description of Signature Version 4 and its test suite; texts as AWS's
services give them.
"""

from .canonical import canonical_path, canonical_query, canonical_request, string_to_sign
from .claim import (
    ALGORITHM,
    Claimed,
    Scope,
    SignatureFault,
    SignatureRefusal,
    parse_authorization,
)
from .keys import derive_signing_key
from .verification import verify

__all__ = [
    "ALGORITHM",
    "Claimed",
    "Scope",
    "SignatureFault",
    "SignatureRefusal",
    "canonical_path",
    "canonical_query",
    "canonical_request",
    "derive_signing_key",
    "parse_authorization",
    "string_to_sign",
    "verify",
]
