"""Access keys and signing keys: made by the owner of the process, read to check signatures."""

from genkan.core import ids
from genkan.core.call import Operation, System
from genkan.core.errors import NotFound
from genkan.credentials import store
from genkan.credentials.records import AccessKey, SigningKey
from genkan.db.database import Tx

SAML_IDP = "saml-idp"


def create_access_key(tx: Tx, *, account_id: str, user_name: str) -> AccessKey:
    """A new active key for an IAM user of the account; the only time its secret is told."""
    key = AccessKey(
        access_key_id=ids.unique_id("AKIA"),
        account_id=account_id,
        user_name=user_name,
        secret_access_key=ids.secret_access_key(),
        status="Active",
        created_at=tx.now,
    )
    store.insert_access_key(tx, key)
    return key


def find_access_key(tx: Tx, access_key_id: str) -> AccessKey | None:
    """The active key of this id, or None."""
    key = tx.remembered(
        ("access_key", access_key_id), lambda: store.find_access_key(tx, access_key_id)
    )
    return key if key is not None and key.status == "Active" else None


def create_signing_key(tx: Tx, *, purpose: str, private_key: bytes, certificate: str) -> SigningKey:
    """Keep a key pair made outside (making one is slow); both PEM."""
    key = SigningKey(
        key_id=ids.hex16(),
        purpose=purpose,
        private_key=private_key,
        certificate=certificate,
        created_at=tx.now,
    )
    store.insert_signing_key(tx, key)
    return key


def signing_key(tx: Tx, *, purpose: str) -> SigningKey:
    """The active key for a purpose; `NotFound` when there is none: absence is an error."""
    key = tx.remembered(("signing_key", purpose), lambda: store.active_signing_key(tx, purpose))
    if key is None:
        raise NotFound(f"There is no signing key for {purpose}.")
    return key


CREATE_ACCESS_KEY = Operation(
    name="CreateAccessKey",
    run=create_access_key,
    access=System(),
    conceals=frozenset({"secret_access_key"}),
)
CREATE_SIGNING_KEY = Operation(
    name="CreateSigningKey",
    run=create_signing_key,
    access=System(),
    secret=frozenset({"private_key"}),
    conceals=frozenset({"private_key"}),
)
