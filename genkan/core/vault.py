"""Sealing: what must be readable again is encrypted and bound to its place (DESIGN §8).

AES-256-GCM with a random 96-bit nonce; the associated data names table, column and row, so that a
sealed value copied into another row does not open. Hashing is for what need only be compared.
"""

import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE_BYTES = 12


class Unsealable(Exception):
    """The value was not sealed with this key for this place, or was changed."""


class Vault:
    """One key-encryption key and what is derived from it; a key of another size is refused."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key-encryption key must have {KEY_BYTES} bytes")
        self._key = key
        self._aead = AESGCM(self.derive("seal"))

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for `purpose` (HKDF-SHA256, RFC 5869), independent of the others."""
        return HKDF(SHA256(), KEY_BYTES, None, b"genkan:" + purpose.encode()).derive(self._key)

    def seal(self, plaintext: bytes, place: str) -> bytes:
        """Encrypt for `place` ("table.column:row"): version byte, nonce, ciphertext and tag."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._aead.encrypt(nonce, plaintext, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt what `seal` made for the same place; `Unsealable` otherwise."""
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _VERSION or len(rest) < 16:
            raise Unsealable(place)
        try:
            return self._aead.decrypt(nonce, rest, place.encode())
        except InvalidTag:
            raise Unsealable(place) from None


def new_key() -> bytes:
    """A fresh key-encryption key."""
    return secrets.token_bytes(KEY_BYTES)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token of full entropy, as stored for comparison and look-up."""
    return hashlib.sha256(token.encode()).digest()


def same(left: str | bytes, right: str | bytes) -> bool:
    """Constant-time equality."""
    a = left.encode() if isinstance(left, str) else left
    b = right.encode() if isinstance(right, str) else right
    return hmac.compare_digest(a, b)
