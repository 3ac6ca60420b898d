"""Who may decide about a grant: a person in a browser, never a program that holds a token."""

from genkan.core.call import Person
from genkan.core.errors import Denied
from genkan.db.database import Tx
from genkan.oauth import store
from genkan.signin import operations as signin
from genkan.signin.records import LiveSession


def require_person(tx: Tx, person: Person) -> None:
    """`Denied` unless the person's session, and the token if one was shown, stand right now.

    The door asks this in the transaction of each act of a person (`core.app.App.require_session`).
    """
    session = signin.live_session(tx, person.session_id)
    if session is None or session.person.user_id != person.user_id:
        raise Denied("Your session has ended.")
    if person.token_id and not store.access_token_stands(tx, person.token_id):
        raise Denied("Your session has ended.")


def browser_session(tx: Tx) -> LiveSession:
    """The calling person's own session, as it stands in this transaction.

    `Denied` when it has ended since it was found, and for a caller known by an access token: a
    token that could approve further grants would outlive its own rotation and scopes.
    """
    caller = tx.call.caller
    assert isinstance(caller, Person)
    session = None if caller.token_id else signin.live_session(tx, caller.session_id)
    if session is None or session.person.user_id != caller.user_id:
        raise Denied("Your session has ended.")
    return session
