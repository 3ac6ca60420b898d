"""The only SQL of `role_sessions` and `used_assertions`."""

import msgspec

from genkan.db.database import Tx
from genkan.sts.records import RoleSession

_PURGE_BATCH = 500
_PURGED_BY_ONE_OF = 128
"""Sessions made for each one that lets expired ones go. A purge reads where others insert: on
PostgreSQL two at a time conflict, and then all sessions would be made in turns."""


def insert(tx: Tx, session: RoleSession) -> None:
    """Add a session, its secret sealed for this row; now and then let expired ones go."""
    tx.run(
        "INSERT INTO role_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        session.access_key_id,
        tx.vault.seal(session.secret_access_key.encode(), _place(session.access_key_id)),
        session.token_hash,
        session.account_id,
        session.role_id,
        session.role_name,
        session.role_arn,
        session.session_name,
        session.source,
        session.person_id,
        session.parent,
        session.session_policy,
        msgspec.json.encode(session.tags).decode() if session.tags else "",
        session.issued_at,
        session.expires_at,
    )
    if session.token_hash[0] % _PURGED_BY_ONE_OF == 0:
        _purge(tx)


def _purge(tx: Tx) -> None:
    tx.run(
        "DELETE FROM role_sessions WHERE access_key_id IN"
        " (SELECT access_key_id FROM role_sessions WHERE expires_at < ? LIMIT ?)",
        tx.now - 86_400_000,
        _PURGE_BATCH,
    )


def find(tx: Tx, access_key_id: str) -> RoleSession | None:
    """One session with its secret opened."""
    row = tx.one(
        "SELECT secret_sealed, token_hash, account_id, role_id, role_name, role_arn, session_name,"
        " source, person_id, parent, session_policy, tags, issued_at, expires_at"
        " FROM role_sessions WHERE access_key_id = ?",
        access_key_id,
    )
    if row is None:
        return None
    return RoleSession(
        access_key_id=access_key_id,
        secret_access_key=tx.vault.open(row[0], _place(access_key_id)).decode(),
        token_hash=row[1],
        account_id=row[2],
        role_id=row[3],
        role_name=row[4],
        role_arn=row[5],
        session_name=row[6],
        source=row[7],
        person_id=row[8],
        parent=row[9],
        session_policy=row[10],
        tags=msgspec.json.decode(row[11]) if row[11] else {},
        issued_at=row[12],
        expires_at=row[13],
    )


def end(tx: Tx, access_key_id: str, person_id: str) -> bool:
    """Forget a person's session; False when there is no such session of this person."""
    sql = "DELETE FROM role_sessions WHERE access_key_id = ? AND person_id = ?"
    return tx.run(sql, access_key_id, person_id) == 1


def use_assertion(tx: Tx, assertion_hash: bytes, expires_at: int) -> bool:
    """Remember an assertion; False when it was exchanged before."""
    tx.run("DELETE FROM used_assertions WHERE expires_at < ?", tx.now)
    added = tx.run(
        "INSERT INTO used_assertions VALUES (?, ?) ON CONFLICT (assertion_hash) DO NOTHING",
        assertion_hash,
        expires_at,
    )
    return added == 1


def _place(access_key_id: str) -> str:
    return f"role_sessions.secret:{access_key_id}"
