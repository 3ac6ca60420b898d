"""The key-encryption key: where it is found, what it looks like, how one is made.

32 random bytes in base64, as `openssl rand -base64 32` prints them, in the environment or a file.
Messages name where a key came from, never what it is.
"""

import base64
import binascii
import os
from dataclasses import dataclass, field
from pathlib import Path

from genkan.core.vault import KEY_BYTES, Cipher, derived_key, key_id, new_key
from genkan.db.files import make_durable

_LONGEST_FILE = 1024
_FEWEST_DIFFERENT_BYTES = 10
_FORM = f"{KEY_BYTES} bytes in base64 are expected, as `openssl rand -base64 {KEY_BYTES}` prints"


class KeyRefused(Exception):
    """The key cannot be used; one sentence for whoever starts the process. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class KeyEncryptionKey:
    """`origin` names its place, for messages."""

    origin: str
    key: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What the key is called in the database: derived from it, and tells nothing of it."""
        return key_id(self.key).hex()

    @property
    def cipher(self) -> Cipher:
        """What wraps data keys."""
        return Cipher(derived_key(self.key, "wrap"))


def given_key(
    text: str | None, file: Path | None, variable: str = "GENKAN_KEY"
) -> KeyEncryptionKey | None:
    """The key of the environment: its text, or the file that holds it; None when neither is given.

    `variable` is what they are called; `KeyRefused` when both are given or the key is malformed.
    """
    if text is not None and file is not None:
        raise KeyRefused(f"{variable} and {variable}_FILE are both set: which key is meant?")
    if text is not None:
        return _parsed(text.encode("utf-8", "replace"), variable)
    return read_key(file, f"{variable}_FILE {file}") if file is not None else None


def read_key(path: Path, origin: str = "") -> KeyEncryptionKey:
    """The key of a file; `KeyRefused` when it cannot be read or is malformed."""
    origin = origin or str(path)
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_FILE)
    except OSError as error:
        raise KeyRefused(f"{origin} cannot be read: {error.strerror}") from None
    return _parsed(text, origin)


def make_key_file(path: Path) -> KeyEncryptionKey:
    """Write a fresh key to `path`, whole or not at all, readable by this user only."""
    key = new_key()
    write_key_file(path, key)
    return KeyEncryptionKey(str(path), key)


def write_key_file(path: Path, key: bytes) -> None:
    """Put a key into a file, whole or not at all; `OSError` passes."""
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    make_durable(path.parent)


def _parsed(text: bytes, origin: str) -> KeyEncryptionKey:
    stripped = text.strip()
    if not stripped:
        raise KeyRefused(f"{origin} is empty: {_FORM}")
    try:
        key = base64.b64decode(stripped, validate=True)
    except (binascii.Error, ValueError):
        raise KeyRefused(f"{origin} is malformed: {_FORM}") from None
    if len(key) != KEY_BYTES:
        raise KeyRefused(f"{origin} has {len(key)} bytes: {_FORM}")
    if len(set(key)) < _FEWEST_DIFFERENT_BYTES:
        raise KeyRefused(f"{origin} is a placeholder, not a random key: {_FORM}")
    return KeyEncryptionKey(origin, key)
