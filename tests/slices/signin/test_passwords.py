"""Passwords in two steps: counting first, signing in only if everything still holds."""

import pytest

from genkan.audit.redaction import HIDDEN
from genkan.core.errors import NotFound
from genkan.identity_store import operations as identity_store
from genkan.signin import attempts, browsers, operations, throttle
from genkan.signin.records import NotSignedIn, PasswordChallenge, SignedIn
from tests.slices.signin.household import (
    PASSWORD,
    STORE_ID,
    Household,
    attempt,
    cheap_hash,
    furnish,
    prepare,
    record,
)
from tests.support.store import Store


def challenged(outcome: PasswordChallenge | NotSignedIn) -> PasswordChallenge:
    assert isinstance(outcome, PasswordChallenge)
    return outcome


def signed_in(outcome: SignedIn | NotSignedIn) -> SignedIn:
    assert isinstance(outcome, SignedIn)
    return outcome


def refused(outcome: object) -> NotSignedIn:
    assert isinstance(outcome, NotSignedIn)
    return outcome


def test_the_right_password_gives_a_session(store: Store, household: Household) -> None:
    outcome = signed_in(attempt(store, right=True))
    assert outcome.person.user_id == household.hana
    with store.write() as tx:
        live = operations.find_session(tx, session_token=outcome.session_token)
    assert live is not None
    assert live.person == outcome.person
    assert live.display_name == "Hana"


def test_a_wrong_password_is_an_outcome_whose_count_is_committed(
    store: Store, household: Household
) -> None:
    assert refused(attempt(store, right=False)).reason == "wrong"
    assert challenged(prepare(store)).attempts == 2


def test_an_unknown_user_and_a_wrong_password_give_the_same_outcome(
    store: Store, household: Household
) -> None:
    for _ in range(8):
        assert attempt(store, "nobody", right=True) == attempt(store, right=False)


def queries_of(store: Store, user_name: str) -> list[str]:
    """The statements of a failed attempt, without what is compared or stored.

    And without what one new counter in 256 has looked at, whoever's it is: whether there are too
    many of them.
    """
    with store.watched() as seen:
        attempt(store, user_name, right=False)
    return [sql for sql, _ in seen if sql != "SELECT COUNT(*) FROM sign_in_attempts"]


def test_an_unknown_user_runs_the_same_queries(store: Store, household: Household) -> None:
    existing, unknown = queries_of(store, "hana"), queries_of(store, "nobody")
    assert len(existing) > 5
    assert existing == unknown


def test_the_sixth_attempt_must_wait_whatever_its_password(
    store: Store, household: Household
) -> None:
    for _ in range(throttle.FREE_ATTEMPTS):
        assert refused(attempt(store, right=False)).reason == "wrong"
    locked = refused(attempt(store, right=True))
    assert locked.reason == "locked"
    assert locked.retry_after_seconds == 15
    assert locked.audit_bounded


def test_waiting_is_not_counted_and_ends(store: Store, household: Household) -> None:
    for _ in range(throttle.FREE_ATTEMPTS):
        attempt(store, right=False)
    for _ in range(50):
        assert refused(attempt(store, right=True)).reason == "locked"
    store.clock.advance(seconds=15)
    assert signed_in(attempt(store, right=True))


def test_the_lock_out_survives_a_restart(store: Store, household: Household) -> None:
    for _ in range(throttle.FREE_ATTEMPTS):
        attempt(store, right=False)
    restarted = store.another()
    assert refused(attempt(restarted, right=True)).reason == "locked"
    restarted.close()


def test_success_clears_the_count(store: Store, household: Household) -> None:
    for _ in range(3):
        for _ in range(throttle.FREE_ATTEMPTS - 1):
            attempt(store, right=False)
        assert signed_in(attempt(store, right=True))


def test_another_spelling_of_the_name_is_counted_with_it(
    store: Store, household: Household
) -> None:
    for name in ("hana", "HANA", "Hana", "ｈａｎａ", "hAna"):
        attempt(store, name, right=False)
    assert refused(attempt(store, right=True)).reason == "locked"


def test_a_stranger_who_fails_on_purpose_does_not_lock_the_owner_out(
    store: Store, household: Household
) -> None:
    for host in range(200):
        attempt(store, right=False, address=f"198.51.100.{host}")
    assert signed_in(attempt(store, right=True, address="192.0.2.1"))


def test_a_browser_that_signed_in_before_is_counted_apart(
    store: Store, household: Household
) -> None:
    token = signed_in(attempt(store, right=True)).browser_token
    for _ in range(20):
        attempt(store, right=False)
    assert refused(attempt(store, right=True)).reason == "locked"
    assert signed_in(attempt(store, right=True, browser_tokens=(token,)))


def test_a_recognised_browser_is_locked_out_too(store: Store, household: Household) -> None:
    token = signed_in(attempt(store, right=True)).browser_token
    for _ in range(throttle.FREE_ATTEMPTS):
        attempt(store, right=False, browser_tokens=(token,))
    assert refused(attempt(store, right=True, browser_tokens=(token,))).reason == "locked"
    assert signed_in(attempt(store, right=True))


def test_a_browser_of_one_user_is_nothing_special_to_another(
    store: Store, household: Household
) -> None:
    token = signed_in(attempt(store, "ken", right=True)).browser_token
    for _ in range(throttle.FREE_ATTEMPTS):
        attempt(store, right=False)
    assert refused(attempt(store, right=True, browser_tokens=(token,))).reason == "locked"


def test_guesses_from_many_networks_lose_their_free_attempts_but_one(
    store: Store, household: Household
) -> None:
    for host in range(throttle.SUSPICIOUS_ATTEMPTS):
        attempt(store, right=False, address=f"198.51.100.{host}")
    assert refused(attempt(store, right=False, address="203.0.113.1")).reason == "wrong"
    assert refused(attempt(store, right=True, address="203.0.113.1")).reason == "locked"


def test_signing_in_often_is_not_suspicious(store: Store, household: Household) -> None:
    for host in range(throttle.SUSPICIOUS_ATTEMPTS + 5):
        attempt(store, right=True, address=f"198.51.100.{host}")
    for _ in range(throttle.FREE_ATTEMPTS):
        assert refused(attempt(store, right=False)).reason == "wrong"


def test_parallel_guesses_share_the_limit(store: Store, household: Household) -> None:
    prepared = [prepare(store) for _ in range(20)]
    allowed = [one for one in prepared if isinstance(one, PasswordChallenge)]
    assert len(allowed) == throttle.FREE_ATTEMPTS
    assert isinstance(record(store, allowed[0], matches=True), NotSignedIn)
    assert isinstance(record(store, allowed[-1], matches=True), SignedIn)


def test_a_password_changed_meanwhile_does_not_sign_in(store: Store, household: Household) -> None:
    challenge = challenged(prepare(store))
    with store.write() as tx:
        operations.set_password(tx, user_id=household.hana, password_hash=cheap_hash(PASSWORD))
    assert refused(record(store, challenge, matches=True)).reason == "wrong"


def test_a_user_disabled_meanwhile_does_not_sign_in(store: Store, household: Household) -> None:
    challenge = challenged(prepare(store))
    set_status(store, household.hana, "DISABLED")
    assert refused(record(store, challenge, matches=True)).reason == "wrong"


def test_a_user_deleted_meanwhile_does_not_sign_in(store: Store, household: Household) -> None:
    challenge = challenged(prepare(store))
    wire = {operation.name: operation for operation in identity_store.OPERATIONS}
    with store.write() as tx:
        wire["DeleteUser"].run(tx, identity_store_id=STORE_ID, user_id=household.hana)
    assert refused(record(store, challenge, matches=True)).reason == "wrong"


def test_a_disabled_user_does_not_sign_in_with_the_right_password(
    store: Store, household: Household
) -> None:
    set_status(store, household.hana, "DISABLED")
    assert refused(attempt(store, right=True)).reason == "wrong"


def test_a_user_without_a_password_never_matches(store: Store, household: Household) -> None:
    with store.write() as tx:
        identity_store.create_user(
            tx,
            identity_store_id=STORE_ID,
            user_name="new",
            display_name="New",
            name={"given_name": "New", "family_name": "User"},
        )
    challenge = challenged(prepare(store, "new"))
    assert challenge.password_hash is None
    assert refused(record(store, challenge, matches=True)).reason == "wrong"


def test_a_password_in_an_unknown_state_does_not_sign_in(
    store: Store, household: Household
) -> None:
    with store.write() as tx:
        tx.run("UPDATE passwords SET state = 'SOMETHING_NEW'")
    assert refused(attempt(store, right=True)).reason == "wrong"


def test_an_upgraded_hash_replaces_the_old_one(store: Store, household: Household) -> None:
    challenge = challenged(prepare(store))
    signed_in(record(store, challenge, matches=True, upgraded_hash="$argon2id$new"))
    after = challenged(prepare(store))
    assert after.password_hash == "$argon2id$new"
    assert after.password_version == challenge.password_version


def test_the_table_of_attempts_holds_no_name_and_is_bounded(
    store: Store, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_MOST_ROWS", 100)
    for number in range(1500):
        attempt(store, f"guess-{number}", right=False, address=f"192.0.2.{number % 200}")
    rows = store.count("sign_in_attempts")
    # Pruned at every 256th new key on average; two new keys an attempt.
    assert rows < 2500
    for (key,) in store.rows("SELECT counter_key FROM sign_in_attempts"):
        assert len(key) == 16


def test_forgotten_attempts_leave_the_table(store: Store, household: Household) -> None:
    for number in range(50):
        attempt(store, f"guess-{number}", right=False)
    store.clock.advance(seconds=2 * 24 * 3600)
    attempt(store, "another", right=False)
    assert store.count("sign_in_attempts") == 3


def test_a_network_that_tried_many_names_waits_for_the_hour_to_end(
    store: Store, household: Household
) -> None:
    for number in range(throttle.NETWORK_ATTEMPTS):
        assert refused(attempt(store, f"guess-{number}", right=False)).reason == "wrong"
    store.clock.advance(seconds=3000)
    locked = refused(attempt(store, "hana", right=True))
    assert (locked.reason, locked.retry_after_seconds) == ("locked", 600)
    assert signed_in(attempt(store, "hana", right=True, address="198.51.100.1"))
    store.clock.advance(seconds=600)
    assert signed_in(attempt(store, "hana", right=True))


def test_success_does_not_count_for_the_network(store: Store, household: Household) -> None:
    for _ in range(3 * throttle.NETWORK_ATTEMPTS):
        signed_in(attempt(store, "hana", right=True))
    assert store.count("sign_in_attempts") == 0


def test_a_recognised_browser_does_not_wait_for_its_network(
    store: Store, household: Household
) -> None:
    known = signed_in(attempt(store, right=True)).browser_token
    for number in range(throttle.NETWORK_ATTEMPTS):
        attempt(store, f"guess-{number}", right=False)
    assert refused(attempt(store, right=True)).reason == "locked"
    assert signed_in(attempt(store, right=True, browser_tokens=(known,)))


def test_what_the_trail_shows_of_an_unknown_user_name_is_hidden(
    store: Store, household: Household
) -> None:
    assert challenged(prepare(store, "my-password-in-the-wrong-field")).audit_data == {
        "AuthWorkflowID": "workflow",
        "CredentialType": "PASSWORD",
        "UserName": HIDDEN,
    }
    assert challenged(prepare(store, "HANA")).audit_data["UserName"] == "hana"


def test_a_success_is_two_events_of_one_person(store: Store, household: Household) -> None:
    outcome = signed_in(attempt(store, right=True))
    assert outcome.audit_events == (
        ("CredentialVerification", "Success"),
        ("UserAuthentication", "Success"),
    )
    assert outcome.audit_person == household.hana
    assert refused(attempt(store, right=False)).audit_outcome == "Failure"


def test_secrets_do_not_show_in_a_traceback(store: Store, household: Household) -> None:
    challenge = challenged(prepare(store))
    outcome = signed_in(record(store, challenge, matches=True))
    assert "argon2id" not in repr(challenge)
    assert outcome.session_token not in repr(outcome)
    assert outcome.browser_token not in repr(outcome)


def test_a_password_is_set_for_an_existing_user_only(store: Store, household: Household) -> None:
    with store.write() as tx, pytest.raises(NotFound):
        operations.set_password(tx, user_id="nobody", password_hash=cheap_hash(PASSWORD))
    with store.write() as tx, pytest.raises(ValueError):
        operations.set_password(tx, user_id=household.hana, password_hash=PASSWORD)


def test_a_browser_token_is_recognised_by_the_next_attempt(
    store: Store, household: Household
) -> None:
    first = signed_in(attempt(store, right=True)).browser_token
    second = signed_in(attempt(store, right=True, browser_tokens=(first,))).browser_token
    with store.write() as tx:
        known = browsers.recognised(tx.vault, [second], household.hana, tx.now)
    assert known == first.split(".")[0]


def set_status(store: Store, user_id: str, status: str) -> None:
    with store.write() as tx:
        identity_store.set_user_status(
            tx, identity_store_id=STORE_ID, user_id=user_id, status=status
        )


def test_furnishing_is_what_the_other_tests_build_on(store: Store) -> None:
    with store.write() as tx:
        household = furnish(tx)
    assert household.hana != household.ken
