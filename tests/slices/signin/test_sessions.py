"""Interactive sessions: who has one, and what ends it."""

import pytest

from genkan.core.call import Person
from genkan.core.events import UserDeleted
from genkan.core.vault import token_hash
from genkan.identity_store import operations as identity_store
from genkan.signin import operations
from genkan.signin.records import LiveSession, SignedIn
from tests.slices.signin.household import (
    PASSWORD,
    STORE_ID,
    Household,
    attempt,
    cheap_hash,
)
from tests.support.store import Store


@pytest.fixture
def session(store: Store, household: Household) -> SignedIn:
    """Hana, signed in."""
    outcome = attempt(store, right=True)
    assert isinstance(outcome, SignedIn)
    return outcome


def found(store: Store, token: str) -> LiveSession | None:
    with store.write() as tx:
        return operations.find_session(tx, session_token=token)


def end_as(store: Store, person: Person) -> None:
    with store.write(person) as tx:
        operations.end_session(tx)


def test_only_the_hash_of_a_session_token_is_stored(store: Store, session: SignedIn) -> None:
    rows = store.rows("SELECT * FROM interactive_sessions")
    assert len(rows) == 1
    assert token_hash(session.session_token) in rows[0]
    assert session.session_token not in str(rows)


def test_a_session_lasts_eight_hours(store: Store, session: SignedIn) -> None:
    store.clock.advance(seconds=8 * 3600 - 1)
    assert found(store, session.session_token)
    store.clock.advance(seconds=1)
    assert found(store, session.session_token) is None


@pytest.mark.parametrize("token", ["", "x", "x" * 100_000, "ご玄関"])
def test_a_forged_token_finds_nothing(store: Store, session: SignedIn, token: str) -> None:
    assert found(store, token) is None


def test_signing_out_ends_this_session_alone(store: Store, session: SignedIn) -> None:
    other = attempt(store, right=True)
    assert isinstance(other, SignedIn)
    end_as(store, session.person)
    assert found(store, session.session_token) is None
    assert found(store, other.session_token) is not None


def test_ending_a_session_again_changes_nothing(store: Store, session: SignedIn) -> None:
    end_as(store, session.person)
    end_as(store, session.person)
    assert found(store, session.session_token) is None


def test_a_disabled_person_has_no_session(store: Store, session: SignedIn) -> None:
    with store.write() as tx:
        identity_store.set_user_status(
            tx, identity_store_id=STORE_ID, user_id=session.person.user_id, status="DISABLED"
        )
    assert found(store, session.session_token) is None
    with store.write() as tx:
        assert operations.live_session(tx, session.person.session_id) is None


def test_a_deleted_person_leaves_neither_session_nor_password(
    store: Store, session: SignedIn
) -> None:
    store.events.subscribe(UserDeleted, operations.forget_user)
    wire = {operation.name: operation for operation in identity_store.OPERATIONS}
    with store.write() as tx:
        wire["DeleteUser"].run(tx, identity_store_id=STORE_ID, user_id=session.person.user_id)
    assert found(store, session.session_token) is None
    user_id = session.person.user_id
    for table in ("interactive_sessions", "passwords"):
        assert store.rows(f"SELECT * FROM {table} WHERE user_id = ?", user_id) == []


def test_a_new_password_ends_the_sessions(store: Store, session: SignedIn) -> None:
    with store.write() as tx:
        operations.set_password(
            tx, user_id=session.person.user_id, password_hash=cheap_hash(PASSWORD)
        )
    assert found(store, session.session_token) is None


def test_an_administrator_can_end_a_persons_sessions(store: Store, session: SignedIn) -> None:
    with store.write() as tx:
        operations.end_sessions_of(tx, session.person.user_id)
    assert found(store, session.session_token) is None


def test_expired_sessions_leave_the_table(store: Store, session: SignedIn) -> None:
    store.clock.advance(seconds=9 * 3600)
    attempt(store, "ken", right=True)
    assert store.count("interactive_sessions") == 1


def test_the_newest_name_of_a_renamed_user_is_shown(store: Store, session: SignedIn) -> None:
    wire = {operation.name: operation for operation in identity_store.OPERATIONS}
    with store.write() as tx:
        wire["UpdateUser"].run(
            tx,
            identity_store_id=STORE_ID,
            user_id=session.person.user_id,
            operations=[{"attribute_path": "displayName", "attribute_value": "Hana Sato"}],
        )
    live = found(store, session.session_token)
    assert live is not None
    assert live.display_name == "Hana Sato"
