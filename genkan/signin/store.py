"""The only SQL of `passwords`, `sign_in_attempts` and `interactive_sessions`."""

from genkan.db.database import Row, Tx
from genkan.signin.records import InteractiveSession, Password
from genkan.signin.throttle import Count

_SESSION = (
    "session_id, user_id, identity_store_id, source_ip, user_agent, created_at, last_used_at,"
    " expires_at"
)
_PURGED_AT_ONCE = 200


def find_password(tx: Tx, user_id: str) -> Password | None:
    """The password of a user."""
    row = tx.one(
        "SELECT user_id, password_hash, state, version, changed_at FROM passwords"
        " WHERE user_id = ?",
        user_id,
    )
    if row is None:
        return None
    return Password(
        user_id=row[0], password_hash=row[1], state=row[2], version=row[3], changed_at=row[4]
    )


def put_password(tx: Tx, password: Password) -> None:
    """Set or replace a user's password."""
    tx.run(
        "INSERT INTO passwords (user_id, password_hash, state, version, changed_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET"
        " password_hash = excluded.password_hash, state = excluded.state,"
        " version = excluded.version, changed_at = excluded.changed_at",
        password.user_id,
        password.password_hash,
        password.state,
        password.version,
        password.changed_at,
    )


def upgrade_hash(tx: Tx, user_id: str, version: str, password_hash: str) -> None:
    """Replace the hash of an unchanged password by one with the current parameters."""
    tx.run(
        "UPDATE passwords SET password_hash = ? WHERE user_id = ? AND version = ?",
        password_hash,
        user_id,
        version,
    )


def delete_password(tx: Tx, user_id: str) -> None:
    """Forget a user's password."""
    tx.run("DELETE FROM passwords WHERE user_id = ?", user_id)


def find_count(tx: Tx, key: bytes) -> Count | None:
    """What was counted under a key."""
    row = tx.one(
        "SELECT attempts, blocked_until, counted_at FROM sign_in_attempts WHERE counter_key = ?",
        key,
    )
    return None if row is None else Count(attempts=row[0], blocked_until=row[1], counted_at=row[2])


def put_count(tx: Tx, key: bytes, count: Count) -> None:
    """Set what is counted under a key."""
    tx.run(
        "INSERT INTO sign_in_attempts (counter_key, attempts, blocked_until, counted_at)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (counter_key) DO UPDATE SET"
        " attempts = excluded.attempts, blocked_until = excluded.blocked_until,"
        " counted_at = excluded.counted_at",
        key,
        count.attempts,
        count.blocked_until,
        count.counted_at,
    )


def delete_count(tx: Tx, key: bytes) -> None:
    """Forget what was counted under a key."""
    tx.run("DELETE FROM sign_in_attempts WHERE counter_key = ?", key)


def purge_counts(tx: Tx, counted_before: int) -> None:
    """Forget some of the counts that are older, oldest first."""
    tx.run(
        "DELETE FROM sign_in_attempts WHERE counter_key IN (SELECT counter_key"
        " FROM sign_in_attempts WHERE counted_at < ? ORDER BY counted_at LIMIT ?)",
        counted_before,
        _PURGED_AT_ONCE,
    )


def keep_newest_counts(tx: Tx, limit: int) -> None:
    """Forget the oldest counts beyond `limit` rows."""
    row = tx.one("SELECT COUNT(*) FROM sign_in_attempts")
    excess = (row[0] if row else 0) - limit
    if excess > 0:
        tx.run(
            "DELETE FROM sign_in_attempts WHERE counter_key IN (SELECT counter_key"
            " FROM sign_in_attempts ORDER BY counted_at LIMIT ?)",
            excess,
        )


def insert_session(tx: Tx, session: InteractiveSession, token_hash: bytes) -> None:
    """Add a session."""
    tx.run(
        f"INSERT INTO interactive_sessions (token_hash, {_SESSION})"  # noqa: S608 - own columns
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        token_hash,
        session.session_id,
        session.user_id,
        session.identity_store_id,
        session.source_ip,
        session.user_agent,
        session.created_at,
        session.last_used_at,
        session.expires_at,
    )


def find_session_by_token(tx: Tx, token_hash: bytes) -> InteractiveSession | None:
    """The session of a cookie, expired or not."""
    return _session(
        tx.one(
            f"SELECT {_SESSION} FROM interactive_sessions WHERE token_hash = ?",  # noqa: S608
            token_hash,
        )
    )


def find_session(tx: Tx, session_id: str) -> InteractiveSession | None:
    """The session of an id, expired or not."""
    return _session(
        tx.one(
            f"SELECT {_SESSION} FROM interactive_sessions WHERE session_id = ?",  # noqa: S608
            session_id,
        )
    )


def touch_session(tx: Tx, session_id: str, now: int) -> None:
    """Note that a session was used."""
    tx.run("UPDATE interactive_sessions SET last_used_at = ? WHERE session_id = ?", now, session_id)


def delete_session(tx: Tx, session_id: str) -> bool:
    """End a session; False when it had ended."""
    return tx.run("DELETE FROM interactive_sessions WHERE session_id = ?", session_id) > 0


def delete_sessions_of(tx: Tx, user_id: str) -> None:
    """End every session of a user."""
    tx.run("DELETE FROM interactive_sessions WHERE user_id = ?", user_id)


def purge_sessions(tx: Tx) -> None:
    """Remove some of the sessions that have expired."""
    tx.run(
        "DELETE FROM interactive_sessions WHERE session_id IN (SELECT session_id"
        " FROM interactive_sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
        tx.now,
        _PURGED_AT_ONCE,
    )


def _session(row: Row | None) -> InteractiveSession | None:
    if row is None:
        return None
    return InteractiveSession(
        session_id=row[0],
        user_id=row[1],
        identity_store_id=row[2],
        source_ip=row[3],
        user_agent=row[4],
        created_at=row[5],
        last_used_at=row[6],
        expires_at=row[7],
    )
