"""The only SQL of device authorizations, authorization codes, grants and tokens."""

from genkan.db.database import Row, Tx
from genkan.oauth.records import (
    AccessToken,
    AuthorizationCode,
    DeviceAuthorization,
    Grant,
    RefreshToken,
)

_PURGED_AT_ONCE = 200
_DEVICE = (
    "request_id, client_key, client_name, scopes, source, state, user_id, session_id,"
    " next_poll_at, created_at, expires_at"
)
_CODE = (
    "grant_id, client_key, client_name, redirect_uri, code_challenge, scopes, user_id,"
    " session_id, used_at, expires_at, keep_until"
)
_GRANT = (
    "g.grant_id, g.client_key, g.client_name, g.scopes, g.user_id, g.session_id, g.created_at,"
    " g.expires_at"
)


# ── device authorizations ─────────────────────────────────────────────────────────────────────────


def insert_device(
    tx: Tx, device: DeviceAuthorization, *, device_code_hash: bytes, user_code_hash: bytes
) -> bool:
    """Add a device authorization; False when its user code is in use."""
    return (
        tx.run(
            f"INSERT INTO device_authorizations (device_code_hash, user_code_hash, {_DEVICE})"  # noqa: S608
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            device_code_hash,
            user_code_hash,
            device.request_id,
            device.client_key,
            device.client_name,
            " ".join(device.scopes),
            device.source,
            device.state,
            device.user_id,
            device.session_id,
            device.next_poll_at,
            device.created_at,
            device.expires_at,
        )
        > 0
    )


def find_device_by_device_code(tx: Tx, device_code_hash: bytes) -> DeviceAuthorization | None:
    """The device authorization of a polling client, expired or not."""
    return _device(
        tx.one(
            f"SELECT {_DEVICE} FROM device_authorizations WHERE device_code_hash = ?",  # noqa: S608
            device_code_hash,
        )
    )


def find_device_by_user_code(tx: Tx, user_code_hash: bytes) -> DeviceAuthorization | None:
    """The device authorization of a code that a person typed, expired or not."""
    return _device(
        tx.one(
            f"SELECT {_DEVICE} FROM device_authorizations WHERE user_code_hash = ?",  # noqa: S608
            user_code_hash,
        )
    )


def count_devices(tx: Tx) -> int:
    """How many rows there are."""
    row = tx.one("SELECT COUNT(*) FROM device_authorizations")
    return int(row[0]) if row else 0


def count_devices_of(tx: Tx, source: str) -> int:
    """How many unexpired rows a source has."""
    row = tx.one(
        "SELECT COUNT(*) FROM device_authorizations WHERE source = ? AND expires_at > ?",
        source,
        tx.now,
    )
    return int(row[0]) if row else 0


def note_poll(tx: Tx, request_id: str, next_poll_at: int) -> None:
    """Remember when the next poll is due."""
    tx.run(
        "UPDATE device_authorizations SET next_poll_at = ? WHERE request_id = ?",
        next_poll_at,
        request_id,
    )


def decide_device(tx: Tx, request_id: str, *, state: str, user_id: str, session_id: str) -> bool:
    """Answer a pending request; False when it is not pending any more."""
    return (
        tx.run(
            "UPDATE device_authorizations SET state = ?, user_id = ?, session_id = ?"
            " WHERE request_id = ? AND state = 'PENDING' AND expires_at > ?",
            state,
            user_id,
            session_id,
            request_id,
            tx.now,
        )
        > 0
    )


def take_device(tx: Tx, request_id: str) -> bool:
    """Remove an approved request so that it gives one token; False when another poll was first."""
    return (
        tx.run(
            "DELETE FROM device_authorizations WHERE request_id = ? AND state = 'APPROVED'",
            request_id,
        )
        > 0
    )


def purge_devices(tx: Tx, expired_before: int) -> None:
    """Remove some of the rows that expired before then."""
    tx.run(
        "DELETE FROM device_authorizations WHERE request_id IN (SELECT request_id"
        " FROM device_authorizations WHERE expires_at < ? ORDER BY expires_at LIMIT ?)",
        expired_before,
        _PURGED_AT_ONCE,
    )


def find_guesses(tx: Tx, user_id: str) -> tuple[int, int]:
    """How many user codes a person guessed wrongly, and since when; zeros when none."""
    row = tx.one("SELECT guesses, counted_from FROM user_code_guesses WHERE user_id = ?", user_id)
    return (row[0], row[1]) if row else (0, 0)


def put_guesses(tx: Tx, user_id: str, guesses: int, counted_from: int) -> None:
    """Set how many user codes a person guessed wrongly."""
    tx.run(
        "INSERT INTO user_code_guesses (user_id, guesses, counted_from) VALUES (?, ?, ?)"
        " ON CONFLICT (user_id) DO UPDATE SET guesses = excluded.guesses,"
        " counted_from = excluded.counted_from",
        user_id,
        guesses,
        counted_from,
    )


# ── authorization codes ───────────────────────────────────────────────────────────────────────────


def insert_code(tx: Tx, code_hash: bytes, code: AuthorizationCode) -> None:
    """Add an authorization code."""
    tx.run(
        f"INSERT INTO authorization_codes (code_hash, {_CODE})"  # noqa: S608 - own columns
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        code_hash,
        code.grant_id,
        code.client_key,
        code.client_name,
        code.redirect_uri,
        code.code_challenge,
        " ".join(code.scopes),
        code.user_id,
        code.session_id,
        code.used_at,
        code.expires_at,
        code.keep_until,
    )


def find_code(tx: Tx, code_hash: bytes) -> AuthorizationCode | None:
    """The authorization code, used or expired or neither."""
    row = tx.one(
        f"SELECT {_CODE} FROM authorization_codes WHERE code_hash = ?",  # noqa: S608
        code_hash,
    )
    if row is None:
        return None
    return AuthorizationCode(
        grant_id=row[0],
        client_key=row[1],
        client_name=row[2],
        redirect_uri=row[3],
        code_challenge=row[4],
        scopes=tuple(row[5].split()),
        user_id=row[6],
        session_id=row[7],
        used_at=row[8],
        expires_at=row[9],
        keep_until=row[10],
    )


def use_code(tx: Tx, code_hash: bytes) -> bool:
    """Spend a code; False when it was spent before."""
    return (
        tx.run(
            "UPDATE authorization_codes SET used_at = ? WHERE code_hash = ? AND used_at = 0",
            tx.now,
            code_hash,
        )
        > 0
    )


# ── grants and tokens ─────────────────────────────────────────────────────────────────────────────


def insert_grant(tx: Tx, grant: Grant) -> None:
    """Add a grant."""
    tx.run(
        "INSERT INTO token_grants (grant_id, client_key, client_name, scopes, user_id, session_id,"
        " created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        grant.grant_id,
        grant.client_key,
        grant.client_name,
        " ".join(grant.scopes),
        grant.user_id,
        grant.session_id,
        grant.created_at,
        grant.expires_at,
    )


def find_grant(tx: Tx, grant_id: str) -> Grant | None:
    """The grant, unless it was revoked."""
    row = tx.one(
        f"SELECT {_GRANT} FROM token_grants AS g WHERE g.grant_id = ?",  # noqa: S608
        grant_id,
    )
    return None if row is None else _grant(row)


def revoke_grant(tx: Tx, grant_id: str) -> None:
    """Take back a grant with every token it gave."""
    tx.run("DELETE FROM access_tokens WHERE grant_id = ?", grant_id)
    tx.run("DELETE FROM refresh_tokens WHERE grant_id = ?", grant_id)
    tx.run("DELETE FROM token_grants WHERE grant_id = ?", grant_id)


def delete_grants_of(tx: Tx, user_id: str) -> None:
    """Take back every grant of a user, and forget what else is kept about the user."""
    for table in ("access_tokens", "refresh_tokens"):
        tx.run(
            f"DELETE FROM {table} WHERE grant_id IN"  # noqa: S608 - own table names
            " (SELECT grant_id FROM token_grants WHERE user_id = ?)",
            user_id,
        )
    tx.run("DELETE FROM token_grants WHERE user_id = ?", user_id)
    tx.run("DELETE FROM user_code_guesses WHERE user_id = ?", user_id)


def insert_access_token(
    tx: Tx, token_hash: bytes, *, token_id: str, grant_id: str, expires_at: int
) -> None:
    """Add an access token."""
    tx.run(
        "INSERT INTO access_tokens (token_hash, token_id, grant_id, expires_at)"
        " VALUES (?, ?, ?, ?)",
        token_hash,
        token_id,
        grant_id,
        expires_at,
    )


def find_access_token(tx: Tx, token_hash: bytes) -> AccessToken | None:
    """An access token with its grant, expired or not."""
    row = tx.one(
        f"SELECT {_GRANT}, t.token_id, t.expires_at FROM access_tokens AS t"  # noqa: S608
        " JOIN token_grants AS g ON g.grant_id = t.grant_id WHERE t.token_hash = ?",
        token_hash,
    )
    if row is None:
        return None
    return AccessToken(grant=_grant(row[:8]), token_id=row[8], expires_at=row[9])


def access_token_stands(tx: Tx, token_id: str) -> bool:
    """Whether an access token was neither revoked nor has expired."""
    found = tx.one(
        "SELECT 1 FROM access_tokens WHERE token_id = ? AND expires_at > ?", token_id, tx.now
    )
    return found is not None


def insert_refresh_token(tx: Tx, token_hash: bytes, *, grant_id: str, expires_at: int) -> None:
    """Add a refresh token that was not used yet."""
    tx.run(
        "INSERT INTO refresh_tokens (token_hash, grant_id, used_at, expires_at)"
        " VALUES (?, ?, 0, ?)",
        token_hash,
        grant_id,
        expires_at,
    )


def find_refresh_token(tx: Tx, token_hash: bytes) -> RefreshToken | None:
    """A refresh token, used or expired or neither."""
    row = tx.one(
        "SELECT grant_id, used_at, expires_at FROM refresh_tokens WHERE token_hash = ?", token_hash
    )
    return None if row is None else RefreshToken(grant_id=row[0], used_at=row[1], expires_at=row[2])


def use_refresh_token(tx: Tx, token_hash: bytes) -> bool:
    """Spend a refresh token; False when it was spent before."""
    return (
        tx.run(
            "UPDATE refresh_tokens SET used_at = ? WHERE token_hash = ? AND used_at = 0",
            tx.now,
            token_hash,
        )
        > 0
    )


def purge_grants(tx: Tx) -> None:
    """Remove some of the codes, tokens and grants whose time is over."""
    for table, key, end in (
        ("authorization_codes", "code_hash", "keep_until"),
        ("access_tokens", "token_hash", "expires_at"),
        ("refresh_tokens", "token_hash", "expires_at"),
        ("token_grants", "grant_id", "expires_at"),
    ):
        tx.run(
            f"DELETE FROM {table} WHERE {key} IN"  # noqa: S608 - own table and column names
            f" (SELECT {key} FROM {table} WHERE {end} <= ? ORDER BY {end} LIMIT ?)",
            tx.now,
            _PURGED_AT_ONCE,
        )


def _device(row: Row | None) -> DeviceAuthorization | None:
    if row is None:
        return None
    return DeviceAuthorization(
        request_id=row[0],
        client_key=row[1],
        client_name=row[2],
        scopes=tuple(row[3].split()),
        source=row[4],
        state=row[5],
        user_id=row[6],
        session_id=row[7],
        next_poll_at=row[8],
        created_at=row[9],
        expires_at=row[10],
    )


def _grant(row: Row) -> Grant:
    return Grant(
        grant_id=row[0],
        client_key=row[1],
        client_name=row[2],
        scopes=tuple(row[3].split()),
        user_id=row[4],
        session_id=row[5],
        created_at=row[6],
        expires_at=row[7],
    )
