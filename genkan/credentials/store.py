"""The only SQL of `access_keys` and `signing_keys`."""

from genkan.credentials.records import AccessKey, SigningKey
from genkan.db.database import Tx


def insert_access_key(tx: Tx, key: AccessKey) -> None:
    """Add a key, its secret sealed for this row."""
    tx.run(
        "INSERT INTO access_keys VALUES (?, ?, ?, ?, ?, ?)",
        key.access_key_id,
        key.account_id,
        key.user_name,
        tx.vault.seal(key.secret_access_key.encode(), f"access_keys.secret:{key.access_key_id}"),
        key.status,
        key.created_at,
    )


def find_access_key(tx: Tx, access_key_id: str) -> AccessKey | None:
    """One key with its secret opened."""
    row = tx.one(
        "SELECT account_id, user_name, secret_sealed, status, created_at FROM access_keys"
        " WHERE access_key_id = ?",
        access_key_id,
    )
    if row is None:
        return None
    return AccessKey(
        access_key_id=access_key_id,
        account_id=row[0],
        user_name=row[1],
        secret_access_key=tx.vault.open(row[2], f"access_keys.secret:{access_key_id}").decode(),
        status=row[3],
        created_at=row[4],
    )


def insert_signing_key(tx: Tx, key: SigningKey) -> None:
    """Add a signing key, active from now."""
    tx.run(
        "INSERT INTO signing_keys VALUES (?, ?, ?, ?, 'active', ?)",
        key.key_id,
        key.purpose,
        tx.vault.seal(key.private_key, f"signing_keys.private_key:{key.key_id}"),
        key.certificate,
        key.created_at,
    )


def active_signing_key(tx: Tx, purpose: str) -> SigningKey | None:
    """The newest active key for a purpose."""
    row = tx.one(
        "SELECT key_id, private_key_sealed, certificate, created_at FROM signing_keys"
        " WHERE purpose = ? AND state = 'active' ORDER BY created_at DESC, key_id LIMIT 1",
        purpose,
    )
    if row is None:
        return None
    return SigningKey(
        key_id=row[0],
        purpose=purpose,
        private_key=tx.vault.open(row[1], f"signing_keys.private_key:{row[0]}"),
        certificate=row[2],
        created_at=row[3],
    )
