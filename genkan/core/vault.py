"""Sealing: what must be readable again is encrypted and bound to its place (DESIGN §8).

AES-256-GCM; the associated data names table, column and row, so that a sealed value copied into
another row does not open. Hashing is for what need only be compared.

Two kinds of keys. Values kept in rows are sealed by data keys, which a ring finds in the database
and which are rotated (`genkan.keys`). Everything else comes from the root secret, which stays the
same as long as the installation: signatures of registered clients, CSRF tokens, and ciphers for
what leaves the database, such as page tokens and cookies.
"""

import hashlib
import hmac
import os
import secrets
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
KEY_ID_BYTES = 8
_VERSION = b"\x02"
_SALT_BYTES = 12
_NONCE_BYTES = 12
_TAG_BYTES = 16
HEADER_BYTES = len(_VERSION) + KEY_ID_BYTES
_MOST_DERIVED = 256


class Unsealable(Exception):
    """The value was not sealed with a key of ours for this place, or was changed."""


class Cipher:
    """AES-256-GCM under one key: version byte, salt, nonce, ciphertext and tag.

    Each message has a key of its own, HMAC-SHA256 of a random salt. Random 96-bit nonces alone
    would bound one key to 2^32 messages (NIST SP 800-38D §8.3), and strangers cause some of them.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key must have {KEY_BYTES} bytes")
        self._key = key

    def seal(self, plaintext: bytes, place: str) -> bytes:
        """Encrypt for `place`, the associated data."""
        return _VERSION + self.encrypt(plaintext, _VERSION + place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt what `seal` made for the same place; `Unsealable` otherwise."""
        if sealed[:1] != _VERSION:
            raise Unsealable(place)
        try:
            return self.decrypt(sealed[1:], _VERSION + place.encode())
        except InvalidTag:
            raise Unsealable(place) from None

    def encrypt(self, plaintext: bytes, associated: bytes) -> bytes:
        """Salt, nonce, ciphertext and tag."""
        random = os.urandom(_SALT_BYTES + _NONCE_BYTES)
        aead = self._aead(random[:_SALT_BYTES])
        return random + aead.encrypt(random[_SALT_BYTES:], plaintext, associated)

    def decrypt(self, message: bytes, associated: bytes) -> bytes:
        """What `encrypt` was given; `InvalidTag` for anything else."""
        salt, rest = message[:_SALT_BYTES], message[_SALT_BYTES:]
        if len(rest) < _NONCE_BYTES + _TAG_BYTES:
            raise InvalidTag
        return self._aead(salt).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], associated)

    def _aead(self, salt: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._key, salt, "sha256"))


class Ring(Protocol):
    """The data keys of an installation. `rows` is the transaction's view of the database."""

    def sealing(self, rows: Any) -> tuple[bytes, Cipher]:
        """Id and cipher of the key that seals now, as this transaction sees it."""

    def opening(self, rows: Any, key_id: bytes) -> Cipher | None:
        """The cipher of a data key, or None when there is no such key."""


class Vault:
    """The secrets of one installation; `within` gives it a transaction, which rows need."""

    __slots__ = ("_ciphers", "_derived", "_ring", "_root", "_rows")

    def __init__(self, root: bytes, ring: Ring | None = None) -> None:
        if len(root) != KEY_BYTES:
            raise ValueError(f"the root secret must have {KEY_BYTES} bytes")
        self._root = root
        self._ring = ring
        self._rows: Any = None
        self._derived: dict[str, bytes] = {}
        self._ciphers: dict[str, Cipher] = {}

    def within(self, rows: Any) -> "Vault":
        """This vault inside a transaction."""
        bound: Vault = object.__new__(Vault)
        bound._root = self._root
        bound._ring = self._ring
        bound._rows = rows
        bound._derived = self._derived
        bound._ciphers = self._ciphers
        return bound

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for `purpose` (HKDF-SHA256, RFC 5869), independent of the others."""
        found = self._derived.get(purpose)
        if found is None:
            if len(self._derived) >= _MOST_DERIVED:
                self._derived.clear()
            found = self._derived[purpose] = derived_key(self._root, purpose)
        return found

    def cipher(self, purpose: str) -> Cipher:
        """For what is kept by others, such as page tokens and cookies: rotation leaves it alone."""
        found = self._ciphers.get(purpose)
        if found is None:
            if len(self._ciphers) >= _MOST_DERIVED:
                self._ciphers.clear()
            found = self._ciphers[purpose] = Cipher(self.derive(purpose))
        return found

    def seal(self, plaintext: bytes, place: str) -> bytes:
        """Encrypt for a row, `place` being "table.column:row": version, key id, message.

        The key is asked of the transaction that writes the row: whoever retires a key can then
        be sure that no transaction after that seals with it.
        """
        key_id, cipher = self._required_ring().sealing(self._rows)
        header = sealed_header(key_id)
        return header + cipher.encrypt(plaintext, header + place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt what `seal` made for the same place; `Unsealable` otherwise."""
        header = sealed[:HEADER_BYTES]
        if header[:1] != _VERSION:
            raise Unsealable(place)
        cipher = self._required_ring().opening(self._rows, header[1:])
        if cipher is None:
            raise Unsealable(place)
        try:
            return cipher.decrypt(sealed[HEADER_BYTES:], header + place.encode())
        except InvalidTag:
            raise Unsealable(place) from None

    def _required_ring(self) -> Ring:
        if self._ring is None or self._rows is None:
            raise RuntimeError("rows are sealed and opened inside a transaction only")
        return self._ring


def derived_key(key: bytes, purpose: str) -> bytes:
    """HKDF-SHA256 (RFC 5869) of a uniformly random key."""
    return HKDF(SHA256(), KEY_BYTES, None, b"genkan:" + purpose.encode()).derive(key)


def sealed_header(key_id: bytes) -> bytes:
    """The first `HEADER_BYTES` of everything that a data key has sealed."""
    return _VERSION + key_id


def key_id_of(sealed: bytes) -> bytes:
    """Which data key sealed a row's value; empty when this is no such value."""
    header = sealed[:HEADER_BYTES]
    return header[1:] if len(header) == HEADER_BYTES and header[:1] == _VERSION else b""


def key_id(key: bytes) -> bytes:
    """What a key is called: derived from it, so that one id never means two keys."""
    return derived_key(key, "key id")[:KEY_ID_BYTES]


def new_key() -> bytes:
    """A fresh key."""
    return secrets.token_bytes(KEY_BYTES)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token of full entropy, as stored for comparison and look-up."""
    return hashlib.sha256(token.encode()).digest()


def same(left: str | bytes, right: str | bytes) -> bool:
    """Constant-time equality."""
    a = left.encode() if isinstance(left, str) else left
    b = right.encode() if isinstance(right, str) else right
    return hmac.compare_digest(a, b)
