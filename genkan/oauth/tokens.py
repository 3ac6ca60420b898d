"""Access and refresh tokens: giving them, rotating them, and finding who stands behind one.

An access token lives one hour when the client gets a refresh token with it, eight hours for a
client without scopes (legacy profiles, reference §0 finding 6), and never beyond its interactive
session.

Rotation (RFC 9700 §4.14.2): a refresh token works once, and its reuse takes the whole grant back,
because then two parties hold it. One exception: an answer can be lost, and several processes of one
person share one token file without a lock. So the successors of a refresh token are derived from it
with our key, and for two minutes, while the new refresh token has not been used, presenting the old
one gives the *same* answer again. Nothing forks: a thief who repeats within that time holds the
same next token as its owner, and whoever of the two refreshes second is recognised as reuse.
"""

import base64
import hashlib
import hmac
from dataclasses import replace

from genkan.core import ids
from genkan.core.call import Person
from genkan.core.vault import same, token_hash
from genkan.db.database import Tx
from genkan.oauth import errors, store
from genkan.oauth.clients import ACCOUNT_ACCESS, refreshes
from genkan.oauth.records import Client, Grant, RefreshToken, Rejected, Token
from genkan.signin import operations as signin
from genkan.signin.records import LiveSession

ACCESS_TOKEN_MS = 3600 * 1000
LEGACY_ACCESS_TOKEN_MS = 8 * 3600 * 1000
REPEATED_ANSWER_MS = 120 * 1000
_ACCESS = "aoa"
_REFRESH = "aor"
_LONGEST_TOKEN = 512
_PURGED_BY_ONE_OF = 128
"""Refreshes for each one that lets expired rows go, more at once than were added since. A purge
reads where others insert: on PostgreSQL two at a time conflict, and then all would take turns."""


def give(
    tx: Tx, client: Client, *, session: LiveSession, scopes: tuple[str, ...], grant_id: str
) -> Token:
    """The first tokens of a new grant, under a session that stands."""
    store.purge_grants(tx)
    grant = Grant(
        grant_id=grant_id,
        client_key=client.client_key,
        client_name=client.client_name,
        scopes=scopes,
        user_id=session.person.user_id,
        session_id=session.person.session_id,
        created_at=tx.now,
        expires_at=session.expires_at,
    )
    store.insert_grant(tx, grant)
    refresh_token = ids.token(_REFRESH) if refreshes(client) else None
    return _keep(tx, grant, ids.token(_ACCESS), refresh_token)


def refresh(tx: Tx, client: Client, refresh_token: str) -> Token | Rejected:
    """Exchange a refresh token for the next pair."""
    key = token_hash(refresh_token[:_LONGEST_TOKEN])
    found = store.find_refresh_token(tx, key)
    grant = store.find_grant(tx, found.grant_id) if found else None
    if found is None or grant is None or not same(grant.client_key, client.client_key):
        return errors.INVALID_REFRESH_TOKEN
    session = signin.live_session(tx, grant.session_id)
    if session is None or session.person.user_id != grant.user_id or found.expires_at <= tx.now:
        return errors.INVALID_REFRESH_TOKEN
    successors = _successors(tx, refresh_token)
    if store.use_refresh_token(tx, key):
        if key[0] % _PURGED_BY_ONE_OF == 0:
            store.purge_grants(tx)
        return _keep(tx, grant, *successors)
    repeated = _same_answer(tx, grant, found, *successors)
    if repeated is None:
        store.revoke_grant(tx, grant.grant_id)
        return replace(errors.INVALID_REFRESH_TOKEN, audit_bounded=False)
    return repeated


def find_token(tx: Tx, *, access_token: str, scope: str = ACCOUNT_ACCESS) -> Person | None:
    """The person behind an access token that stands and covers `scope`, else None.

    A grant without scopes is one of a legacy client and covers account access. The interactive
    session must stand, its user be enabled: both are asked at each call.
    """
    key = token_hash(access_token[:_LONGEST_TOKEN])
    token = tx.remembered(("access_token", key), lambda: store.find_access_token(tx, key))
    if token is None or token.expires_at <= tx.now:
        return None
    if scope not in (token.grant.scopes or (ACCOUNT_ACCESS,)):
        return None
    session = signin.live_session(tx, token.grant.session_id)
    if session is None or session.person.user_id != token.grant.user_id:
        return None
    return replace(session.person, token_id=token.token_id)


def _keep(tx: Tx, grant: Grant, access_token: str, refresh_token: str | None) -> Token:
    lifetime = ACCESS_TOKEN_MS if grant.scopes else LEGACY_ACCESS_TOKEN_MS
    expires_at = min(tx.now + lifetime, grant.expires_at)
    token_id = ids.request_id()
    store.insert_access_token(
        tx,
        token_hash(access_token),
        token_id=token_id,
        grant_id=grant.grant_id,
        expires_at=expires_at,
    )
    if refresh_token is not None:
        store.insert_refresh_token(
            tx,
            token_hash(refresh_token),
            grant_id=grant.grant_id,
            expires_at=grant.expires_at,
        )
    signin.session_used(tx, grant.session_id)
    return Token(
        access_token=access_token,
        refresh_token=refresh_token,
        expires_in=(expires_at - tx.now) // 1000,
        audit_person=grant.user_id,
        audit_credential=token_id,
    )


def _same_answer(
    tx: Tx, grant: Grant, used: RefreshToken, access_token: str, refresh_token: str
) -> Token | None:
    if tx.now - used.used_at > REPEATED_ANSWER_MS:
        return None
    access = store.find_access_token(tx, token_hash(access_token))
    following = store.find_refresh_token(tx, token_hash(refresh_token))
    if access is None or following is None or following.used_at:
        return None
    return Token(
        access_token=access_token,
        refresh_token=refresh_token,
        expires_in=max(0, access.expires_at - tx.now) // 1000,
        audit_person=grant.user_id,
        audit_credential=access.token_id,
    )


def _successors(tx: Tx, refresh_token: str) -> tuple[str, str]:
    key = tx.vault.derive("oauth refresh rotation")
    seed = hmac.digest(key, refresh_token.encode("utf-8", "replace"), hashlib.sha256)
    return _ACCESS + _derived(seed, "access"), _REFRESH + _derived(seed, "refresh")


def _derived(seed: bytes, purpose: str) -> str:
    digest = hmac.digest(seed, purpose.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
