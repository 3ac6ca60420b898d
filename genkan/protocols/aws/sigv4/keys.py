"""Signing keys, derived once a day, region and service for each secret."""

import hmac
import os
from hashlib import blake2b
from threading import Lock

from .claim import TERMINATOR, Scope

MAX_CACHED_KEYS = 4096

# The cache knows secrets only by a hash under a key of this process.
_FINGERPRINT_KEY = os.urandom(32)
_cache: dict[tuple[bytes, Scope], bytes] = {}
_cache_lock = Lock()


def derive_signing_key(secret_key: str, scope: Scope) -> bytes:
    """The key of one day, region and service: four HMACs from the secret."""
    key = b"AWS4" + secret_key.encode("utf-8")
    for part in (*scope, TERMINATOR):
        key = hmac.digest(key, part.encode("utf-8"), "sha256")
    return key


def signing_key(secret_key: str, scope: Scope) -> bytes:
    """`derive_signing_key`, remembered."""
    fingerprint = blake2b(secret_key.encode("utf-8"), key=_FINGERPRINT_KEY, digest_size=16).digest()
    cache_key = (fingerprint, scope)
    key = _cache.get(cache_key)
    if key is None:
        key = derive_signing_key(secret_key, scope)
        with _cache_lock:
            while len(_cache) >= MAX_CACHED_KEYS:
                del _cache[next(iter(_cache))]
            _cache[cache_key] = key
    return key
