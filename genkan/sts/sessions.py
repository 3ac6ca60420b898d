"""Minting role sessions, and asking whether one is still alive."""

from collections.abc import Mapping

from genkan.core import arns, ids
from genkan.core.call import SessionIssuer, Signer
from genkan.core.errors import Denied
from genkan.core.events import RoleSessionUsed
from genkan.core.vault import token_hash
from genkan.db.database import Tx
from genkan.iam import operations as iam
from genkan.iam.records import Role
from genkan.identity_store import operations as identity_store
from genkan.sts import store
from genkan.sts.records import (
    AssertionContent,
    AssumedRole,
    AssumedRoleUser,
    Credentials,
    RoleSession,
)

RESERVED_PATH = "/aws-reserved/sso.amazonaws.com/"
_TOKEN_BYTES = 96
_PARENTS = 4


def mint(
    tx: Tx,
    *,
    role: Role,
    account_id: str,
    session_name: str,
    duration_seconds: int,
    source: str,
    person_id: str = "",
    parent: str = "",
    session_policy: str = "",
    tags: Mapping[str, str] | None = None,
) -> AssumedRole:
    """A new session of `role` for `duration_seconds`; the caller has decided that it may be."""
    token = ids.token("IQoJb3JpZ2luX2Vj", _TOKEN_BYTES)
    session = RoleSession(
        access_key_id=ids.unique_id("ASIA"),
        secret_access_key=ids.secret_access_key(),
        token_hash=token_hash(token),
        account_id=account_id,
        role_id=role.role_id,
        role_name=role.role_name,
        role_arn=role.arn,
        session_name=session_name,
        source=source,
        person_id=person_id,
        parent=parent,
        session_policy=session_policy,
        tags=tags or {},
        issued_at=tx.now,
        expires_at=tx.now + duration_seconds * 1000,
    )
    store.insert(tx, session)
    return AssumedRole(
        credentials=Credentials(
            access_key_id=session.access_key_id,
            secret_access_key=session.secret_access_key,
            session_token=token,
            expiration=session.expires_at,
        ),
        assumed_role_user=AssumedRoleUser(
            assumed_role_id=session.assumed_role_id,
            arn=arns.assumed_role(account_id, role.role_name, session_name),
        ),
    )


def mint_assigned(
    tx: Tx, content: AssertionContent, *, source: str, session_policy: str = ""
) -> AssumedRole:
    """The one rule for a session of an assigned role (DESIGN §5), through SAML or without it.

    `Denied` unless the person is enabled and the assignment stands now, and the role exists.
    """
    name = arns.parse_iam(content.role_arn)
    role = iam.find_role(tx, content.account_id, name.name)
    if role is None or role.arn != content.role_arn:
        raise Denied("No access", detail=f"no role {content.role_arn}")
    if not _person_holds(tx, content.subject, content.account_id, content.role_arn):
        raise Denied("No access", detail="disabled or no longer assigned")
    return mint(
        tx,
        role=role,
        account_id=content.account_id,
        session_name=content.session_name,
        duration_seconds=min(content.duration_seconds, role.max_session_duration),
        source=source,
        person_id=content.subject,
        session_policy=session_policy,
        tags=content.tags,
    )


def mint_federated(
    tx: Tx, content: AssertionContent, *, source: str, session_policy: str = ""
) -> AssumedRole:
    """A session of a role that is not Identity Center's, for another identity provider's person."""
    name = arns.parse_iam(content.role_arn)
    role = iam.find_role(tx, content.account_id, name.name)
    if role is None or role.path.startswith(RESERVED_PATH):
        raise Denied("No access", detail=f"no role {content.role_arn} to federate into")
    return mint(
        tx,
        role=role,
        account_id=content.account_id,
        session_name=content.session_name,
        duration_seconds=content.duration_seconds,
        source=source,
        session_policy=session_policy,
        tags=content.tags,
    )


def find_session(tx: Tx, access_key_id: str) -> RoleSession | None:
    """The session of an access key, expired ones included, dead ones included."""
    return tx.remembered(("role_session", access_key_id), lambda: store.find(tx, access_key_id))


def alive(tx: Tx, session: RoleSession, depth: int = 0) -> bool:
    """Whether the session may be used now, apart from its own expiry's error.

    Its role stands under the same role id, its person is enabled and still assigned, and the
    session it was chained from is alive.
    """
    if session.expires_at <= tx.now:
        return False
    return _stands(tx, session, depth)


def _stands(tx: Tx, session: RoleSession, depth: int) -> bool:
    role = iam.find_role(tx, session.account_id, session.role_name)
    if role is None or role.role_id != session.role_id:
        return False
    if session.parent:
        parent = find_session(tx, session.parent)
        # A chained session outlives its parent's expiry, as on AWS, but not its parent's right.
        return depth < _PARENTS and parent is not None and _stands(tx, parent, depth + 1)
    if session.person_id:
        return _person_holds(tx, session.person_id, session.account_id, session.role_arn)
    return not role.path.startswith(RESERVED_PATH)


def _person_holds(tx: Tx, person_id: str, account_id: str, role_arn: str) -> bool:
    return tx.remembered(
        ("holds", person_id, role_arn), lambda: _asks(tx, person_id, account_id, role_arn)
    )


def _asks(tx: Tx, person_id: str, account_id: str, role_arn: str) -> bool:
    user = identity_store.find_user(tx, person_id)
    if user is None or not user.enabled:
        return False
    try:
        tx.publish(RoleSessionUsed(user_id=person_id, account_id=account_id, role_arn=role_arn))
    except Denied:
        return False
    return True


def signer_of(session: RoleSession, person_id: str) -> Signer:
    """The caller that a verified signature with this session's key proves."""
    return Signer(
        account_id=session.account_id,
        arn=arns.assumed_role(session.account_id, session.role_name, session.session_name),
        user_id=session.assumed_role_id,
        access_key_id=session.access_key_id,
        role_session=session.access_key_id,
        session_issuer=SessionIssuer(
            role_arn=session.role_arn, role_id=session.role_id, issued_at=session.issued_at
        ),
        person_id=person_id or None,
    )


def person_behind(tx: Tx, session: RoleSession) -> str:
    """The user id of the person at the start of the chain, or empty."""
    for _ in range(_PARENTS):
        if session.person_id or not session.parent:
            return session.person_id
        parent = find_session(tx, session.parent)
        if parent is None:
            return ""
        session = parent
    return session.person_id
