"""Operations of sign-in: passwords in two steps, interactive sessions, and setting a password.

A password is checked between two transactions, because a hash is too slow for one (DESIGN §4):
PREPARE_PASSWORD counts the attempt and reads the hash, RECORD_PASSWORD_OUTCOME signs in if what was
read still holds. `password_check` runs the two around the hashing pool.
"""

from collections.abc import Mapping, Sequence

from genkan.audit.redaction import HIDDEN
from genkan.core import ids
from genkan.core.call import Operation, OwnSession, Person, Public, System
from genkan.core.errors import NotFound
from genkan.core.events import UserDeleted, UserDisabled
from genkan.core.vault import token_hash
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.identity_store.folding import fold
from genkan.identity_store.records import User
from genkan.instances import operations as instances
from genkan.signin import attempts, browsers, store, throttle
from genkan.signin.flow import Factor
from genkan.signin.records import (
    InteractiveSession,
    LiveSession,
    NotSignedIn,
    Password,
    PasswordChallenge,
    PasswordState,
    SignedIn,
)

SESSION_MS = 8 * 3600 * 1000
_LONGEST_USER_AGENT = 256


def prepare_password(
    tx: Tx, *, user_name: str, workflow_id: str, browser_tokens: Sequence[str] = ()
) -> PasswordChallenge | NotSignedIn:
    """Count an attempt and say what its password must match.

    `NotSignedIn` "locked" when it must wait: then nothing is counted and nothing need be hashed.
    Runs the same queries whether or not there is such a user.
    """
    identity_store_id = instances.the_instance(tx).identity_store_id
    user = identity_store.find_user_by_name(tx, identity_store_id, user_name)
    password = store.find_password(tx, user.user_id if user else "")
    browser_id = browsers.recognised(tx.vault, browser_tokens, user.user_id if user else "", tx.now)
    count, allowed = attempts.count(tx, _counters(tx, identity_store_id, user_name, browser_id))
    audit_data = {
        "AuthWorkflowID": workflow_id,
        "CredentialType": Factor.PASSWORD.value,
    }
    if not allowed:
        return NotSignedIn(
            reason="locked",
            retry_after_seconds=throttle.wait_seconds(count, tx.now),
            audit_bounded=True,
            audit_data=audit_data,
        )
    return PasswordChallenge(
        identity_store_id=identity_store_id,
        user_name=user_name,
        user_id=user.user_id if user else "",
        password_hash=password.password_hash if password else None,
        password_version=password.version if password else "",
        browser_id=browser_id,
        attempts=count.attempts,
        audit_data={**audit_data, "UserName": user.user_name if user else HIDDEN},
    )


def record_password_outcome(
    tx: Tx,
    *,
    challenge: PasswordChallenge,
    matches: bool,
    workflow_id: str,
    upgraded_hash: str | None = None,
) -> SignedIn | NotSignedIn:
    """Sign in, if the password matched and all that was read for it still holds.

    Not when meanwhile the password was changed, the user disabled or deleted, or the limit of
    attempts reached by others that were sent at once.
    """
    user = identity_store.find_user(tx, challenge.user_id)
    password = store.find_password(tx, challenge.user_id)
    keys = _counters(tx, challenge.identity_store_id, challenge.user_name, challenge.browser_id)
    count = attempts.standing(tx, keys.own)
    wait = throttle.wait_seconds(count, tx.now)
    audit_data = {"AuthWorkflowID": workflow_id, "CredentialType": Factor.PASSWORD.value}
    if wait and count.attempts > challenge.attempts:
        return NotSignedIn(reason="locked", retry_after_seconds=wait, audit_data=audit_data)
    if user is None or not _holds(challenge, user, password) or not matches:
        return NotSignedIn(reason="wrong", retry_after_seconds=wait or None, audit_data=audit_data)
    attempts.give_back(tx, keys)
    if upgraded_hash is not None:
        store.upgrade_hash(tx, user.user_id, challenge.password_version, upgraded_hash)
    return _sign_in(tx, user, challenge.browser_id, audit_data)


def find_session(tx: Tx, *, session_token: str) -> LiveSession | None:
    """The session of a cookie, if it stands: not expired, not ended, its user enabled."""
    key = token_hash(session_token)
    return _live(tx, tx.remembered(("session", key), lambda: store.find_session_by_token(tx, key)))


def live_session(tx: Tx, session_id: str) -> LiveSession | None:
    """The session of an id, if it stands. For slices that bind something to a session."""
    return _live(
        tx,
        tx.remembered(("session", session_id), lambda: store.find_session(tx, session_id)),
    )


def session_used(tx: Tx, session_id: str) -> None:
    """Note that something was issued under a session."""
    store.touch_session(tx, session_id, tx.now)


def end_session(tx: Tx) -> None:
    """End the caller's own session. Its tokens are dead with it, role sessions run on (§8.1)."""
    caller = tx.call.caller
    assert isinstance(caller, Person)
    store.delete_session(tx, caller.session_id)


def end_sessions_of(tx: Tx, user_id: str) -> None:
    """End every session of a user."""
    store.delete_sessions_of(tx, user_id)


def forget_user(tx: Tx, event: UserDeleted) -> None:
    """Subscriber of `UserDeleted`: no password and no session outlives its user."""
    store.delete_password(tx, event.user_id)
    store.delete_sessions_of(tx, event.user_id)


def on_user_disabled(tx: Tx, event: UserDisabled) -> None:
    """Subscriber of `UserDisabled`: a session does not come back when its user does."""
    store.delete_sessions_of(tx, event.user_id)


def has_password(tx: Tx, user_id: str) -> bool:
    """Whether a user can sign in with a password."""
    return store.find_password(tx, user_id) is not None


def set_password(tx: Tx, *, user_id: str, password_hash: str) -> None:
    """Set a user's password, given as an Argon2id PHC string, and end the user's sessions.

    `NotFound` when there is no such user. The policy is checked where the password is known
    (`password_check.set_password`).
    """
    if identity_store.find_user(tx, user_id) is None:
        raise NotFound("USER not found.", members={"resource_type": "USER"})
    if not password_hash.startswith("$argon2id$"):
        raise ValueError("not an Argon2id PHC string")
    store.put_password(
        tx,
        Password(
            user_id=user_id,
            password_hash=password_hash,
            state=PasswordState.ACTIVE,
            version=ids.hex16(),
            changed_at=tx.now,
        ),
    )
    store.delete_sessions_of(tx, user_id)


def _counters(
    tx: Tx, identity_store_id: str, user_name: str, browser_id: str | None
) -> attempts.Counters:
    return attempts.counters(
        tx.vault,
        identity_store_id=identity_store_id,
        folded_name=fold(user_name),
        source=throttle.network(tx.call.origin.source_ip),
        browser_id=browser_id,
    )


def _holds(challenge: PasswordChallenge, user: User, password: Password | None) -> bool:
    return (
        user.enabled
        and user.identity_store_id == challenge.identity_store_id
        and password is not None
        and password.state == PasswordState.ACTIVE
        and password.version == challenge.password_version
    )


def _sign_in(tx: Tx, user: User, browser_id: str | None, audit_data: Mapping[str, str]) -> SignedIn:
    store.purge_sessions(tx)
    token = ids.token()
    session = InteractiveSession(
        session_id=ids.request_id(),
        user_id=user.user_id,
        identity_store_id=user.identity_store_id,
        source_ip=tx.call.origin.source_ip,
        user_agent=tx.call.origin.user_agent[:_LONGEST_USER_AGENT],
        created_at=tx.now,
        last_used_at=tx.now,
        expires_at=tx.now + SESSION_MS,
    )
    store.insert_session(tx, session, token_hash(token))
    return SignedIn(
        person=_person(user, session),
        session_token=token,
        browser_token=browsers.browser_token(tx.vault, user.user_id, browser_id, tx.now),
        expires_at=session.expires_at,
        audit_person=user.user_id,
        audit_credential=session.session_id,
        audit_data=audit_data,
    )


def _live(tx: Tx, session: InteractiveSession | None) -> LiveSession | None:
    if session is None or session.expires_at <= tx.now:
        return None
    user = identity_store.find_user(tx, session.user_id)
    if user is None or not user.enabled:
        return None
    return LiveSession(
        person=_person(user, session),
        display_name=user.display_name,
        created_at=session.created_at,
        expires_at=session.expires_at,
    )


def _person(user: User, session: InteractiveSession) -> Person:
    return Person(
        user_id=user.user_id,
        user_name=user.user_name,
        identity_store_id=user.identity_store_id,
        session_id=session.session_id,
    )


_SIGN_IN = Public(reason="counted, locked out and bounded by the hashing pool")
OPERATIONS: tuple[Operation, ...] = (
    Operation(name="Logout", run=end_session, access=OwnSession(of="person")),
)
END_SESSION = OPERATIONS[0]
PREPARE_PASSWORD = Operation(
    name="PreparePassword",
    run=prepare_password,
    access=_SIGN_IN,
    secret=frozenset({"browser_tokens"}),
    conceals=frozenset({"password_hash"}),
)
RECORD_PASSWORD_OUTCOME = Operation(
    name="RecordPasswordOutcome",
    run=record_password_outcome,
    access=_SIGN_IN,
    secret=frozenset({"challenge", "upgraded_hash"}),
    conceals=frozenset({"session_token", "browser_token"}),
)
FIND_SESSION = Operation(
    name="FindSession",
    run=find_session,
    access=Public(reason="the token is the proof"),
    reads="point",
    secret=frozenset({"session_token"}),
)
SET_PASSWORD = Operation(
    name="UpdatePassword",
    run=set_password,
    access=System(),
    secret=frozenset({"password_hash"}),
)
