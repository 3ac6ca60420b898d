"""A batch of the chain: what is hashed, what is signed, and by which key. Pure.

A record's digest covers every column of it. A batch's digest covers its own fields, the digests of
its records in their order, and the digest of the batch before. The signature, Ed25519 by a key
derived from the installation's root secret, covers sequence, digest and time, so that a head that
is kept elsewhere can be checked without the database.
"""

import base64
import binascii
import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from genkan.audit.records import Batch, Entry, Members, Pruned
from genkan.core.vault import Vault

GENESIS = "0" * 64
"""What the first batch follows."""
MOST_RECORDS = 1000
_PURPOSE = "audit seals"


def record_digest(entry: Entry) -> str:
    """SHA-256 over every column of a record."""
    columns = (
        entry.event_id,
        entry.event_time,
        entry.account_id,
        entry.event_name,
        entry.event_source,
        entry.user_name,
        entry.access_key_id,
        entry.read_only,
        entry.resources,
        entry.record,
    )
    return hashlib.sha256(msgspec.msgpack.encode(columns)).hexdigest()


def members_text(members: Members) -> str:
    """The list of a batch's records as it is kept."""
    return msgspec.json.encode(members).decode()


def batch_digest(batch: Batch, members: str) -> str:
    """What the batch's digest must be."""
    fields = (
        "genkan audit batch 1",
        batch.sequence,
        batch.sealed_at,
        batch.records,
        batch.first_time,
        batch.last_time,
        batch.horizon,
        batch.previous,
        hashlib.sha256(members.encode()).hexdigest(),
    )
    return hashlib.sha256(msgspec.msgpack.encode(fields)).hexdigest()


def head_message(sequence: int, digest: str, sealed_at: int) -> bytes:
    """What is signed of a batch."""
    return f"genkan audit head 1\n{sequence}\n{digest}\n{sealed_at}\n".encode()


def pruned_message(pruned: Pruned) -> bytes:
    """What is signed of a pruning."""
    fields = (pruned.sequence, pruned.digest, pruned.records, pruned.pruned_at)
    return ("genkan audit pruned 1\n" + "".join(f"{field}\n" for field in fields)).encode()


class Sealer:
    """Signs and checks signatures. The root secret never changes, and so neither does the key."""

    def __init__(self, vault: Vault) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(vault.derive(_PURPOSE))
        self._public: Ed25519PublicKey = self._private.public_key()

    @property
    def public_key(self) -> str:
        """The public key, base64 of its 32 bytes."""
        return base64.b64encode(self._public.public_bytes_raw()).decode()

    def sign(self, message: bytes) -> str:
        """The signature, base64."""
        return base64.b64encode(self._private.sign(message)).decode()

    def signed(self, message: bytes, signature: str) -> bool:
        """Whether it was signed with this key."""
        try:
            self._public.verify(base64.b64decode(signature, validate=True), message)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True
