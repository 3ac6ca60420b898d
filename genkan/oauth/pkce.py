"""Proof Key for Code Exchange, S256 only (RFC 7636)."""

import base64
import hashlib
import re

from genkan.core.vault import same

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def is_challenge(text: str) -> bool:
    """Whether this can be the S256 challenge of a verifier: 43 characters of base64url (§4.2)."""
    return _CHALLENGE.fullmatch(text) is not None


def verifies(verifier: str, challenge: str) -> bool:
    """Whether a well-formed verifier (§4.1) is the one behind the challenge (§4.6)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return same(base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"), challenge)
