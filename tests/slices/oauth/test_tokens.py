"""Tokens: how long they live, what ends them, rotation, and answers that were lost."""

from dataclasses import replace
from typing import Any

import pytest

from genkan.core.call import Person
from genkan.core.errors import Denied
from genkan.core.events import UserDeleted
from genkan.core.vault import token_hash
from genkan.identity_store import operations as identity_store
from genkan.oauth import operations, persons, tokens
from genkan.oauth.records import Rejected
from genkan.signin import operations as signin
from tests.slices.oauth.program import (
    DEVICE,
    LEGACY,
    PKCE,
    authorize,
    create_token,
    error_of,
    exchange,
    log_in,
    refresh,
    register,
    token_of,
    whose,
)
from tests.slices.signin.household import STORE_ID, sign_in
from tests.support.store import Store


def rows(store: Store, table: str) -> int:
    return store.count(table)


def test_only_hashes_of_tokens_are_stored(store: Store, hana: Person) -> None:
    _, token = log_in(store, hana)
    assert token.refresh_token is not None
    stored = store.everything()
    assert token.access_token not in stored
    assert token.refresh_token not in stored
    assert str(token_hash(token.access_token)) in stored
    assert token.access_token not in repr(token)
    assert token.refresh_token not in repr(token)


def test_an_access_token_lives_an_hour(store: Store, hana: Person) -> None:
    _, token = log_in(store, hana)
    store.clock.advance(seconds=3599)
    assert whose(store, token.access_token) is not None
    store.clock.advance(seconds=1)
    assert whose(store, token.access_token) is None


def test_no_token_outlives_its_session(store: Store, hana: Person) -> None:
    store.clock.advance(seconds=7.5 * 3600)
    client, token = log_in(store, hana)
    assert token.expires_in == 1800
    store.clock.advance(seconds=1800)
    assert whose(store, token.access_token) is None
    assert error_of(refresh(store, client, token.refresh_token)) == "invalid_grant"


def test_signing_out_kills_the_tokens(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    with store.write(hana) as tx:
        signin.end_session(tx)
    assert whose(store, token.access_token) is None
    answer = refresh(store, client, token.refresh_token)
    assert isinstance(answer, Rejected)
    assert answer.error_description == "Invalid refresh token provided"
    assert answer.shape == "InvalidGrantException"


def test_logout_with_a_token_ends_the_browsers_session(store: Store, hana: Person) -> None:
    _, token = log_in(store, hana)
    bearer = whose(store, token.access_token)
    assert bearer is not None
    with store.write(bearer) as tx:
        signin.end_session(tx)
    with store.write() as tx:
        assert signin.live_session(tx, hana.session_id) is None


def test_a_disabled_persons_tokens_are_dead(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    with store.write() as tx:
        identity_store.set_user_status(
            tx, identity_store_id=STORE_ID, user_id=hana.user_id, status="DISABLED"
        )
    assert whose(store, token.access_token) is None
    assert error_of(refresh(store, client, token.refresh_token)) == "invalid_grant"


def test_a_deleted_person_leaves_no_grant(store: Store, hana: Person) -> None:
    store.events.subscribe(UserDeleted, operations.forget_user)
    _, token = log_in(store, hana)
    wire = {operation.name: operation for operation in identity_store.OPERATIONS}
    with store.write() as tx:
        wire["DeleteUser"].run(tx, identity_store_id=STORE_ID, user_id=hana.user_id)
    assert whose(store, token.access_token) is None
    assert [rows(store, t) for t in ("token_grants", "access_tokens", "refresh_tokens")] == [0] * 3


def test_a_token_of_one_person_is_nobody_elses(store: Store, hana: Person, ken: Person) -> None:
    _, of_hana = log_in(store, hana)
    _, of_ken = log_in(store, ken)
    first, second = whose(store, of_hana.access_token), whose(store, of_ken.access_token)
    assert first is not None
    assert second is not None
    assert (first.user_id, second.user_id) == (hana.user_id, ken.user_id)


@pytest.mark.parametrize("token", ["", "aoa", "aoa" + "x" * 43, "x" * 100_000, "玄関"])
def test_a_forged_token_finds_nobody(store: Store, hana: Person, token: str) -> None:
    log_in(store, hana)
    assert whose(store, token) is None


def test_a_refresh_token_is_no_access_token(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    assert token.refresh_token is not None
    assert whose(store, token.refresh_token) is None
    assert error_of(refresh(store, client, token.access_token)) == "invalid_grant"


def test_a_token_without_the_scope_opens_nothing(store: Store, hana: Person) -> None:
    client = register(store, **{**PKCE, "scopes": ["codewhisperer:analysis"]})
    code = authorize(store, hana, client, scopes="codewhisperer:analysis")
    token = token_of(exchange(store, client, code))
    assert whose(store, token.access_token) is None
    assert whose(store, token.access_token, scope="codewhisperer:analysis") is not None


def test_refreshing_gives_new_tokens_and_keeps_the_person(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    store.clock.advance(seconds=2700)
    renewed = token_of(refresh(store, client, token.refresh_token))
    assert renewed.access_token != token.access_token
    assert renewed.refresh_token != token.refresh_token
    assert renewed.expires_in == 3600
    person = whose(store, renewed.access_token)
    assert person is not None
    assert person.user_id == hana.user_id
    assert person.token_id == renewed.audit_credential


def test_a_session_can_be_refreshed_until_it_ends(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    for _ in range(10):
        store.clock.advance(seconds=2700)
        token = token_of(refresh(store, client, token.refresh_token))
    store.clock.advance(seconds=2700)
    assert error_of(refresh(store, client, token.refresh_token)) == "invalid_grant"


def test_an_old_refresh_token_takes_the_whole_grant_back(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    renewed = token_of(refresh(store, client, token.refresh_token))
    store.clock.advance(seconds=121)
    stolen = refresh(store, client, token.refresh_token)
    assert isinstance(stolen, Rejected)
    assert stolen.error_description == "Invalid refresh token provided"
    assert not stolen.audit_bounded
    assert whose(store, renewed.access_token) is None
    assert error_of(refresh(store, client, renewed.refresh_token)) == "invalid_grant"


def test_a_lost_answer_is_given_again(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    first = token_of(refresh(store, client, token.refresh_token))
    store.clock.advance(seconds=100)
    again = token_of(refresh(store, client, token.refresh_token))
    assert again == replace(first, expires_in=first.expires_in - 100)
    assert rows(store, "refresh_tokens") == 2


def test_an_answer_that_arrived_is_not_given_again(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    renewed = token_of(refresh(store, client, token.refresh_token))
    newest = token_of(refresh(store, client, renewed.refresh_token))
    assert error_of(refresh(store, client, token.refresh_token)) == "invalid_grant"
    assert whose(store, newest.access_token) is None


def test_a_thief_who_repeats_in_time_is_found_out_at_the_next_refresh(
    store: Store, hana: Person
) -> None:
    client, token = log_in(store, hana)
    owners = token_of(refresh(store, client, token.refresh_token))
    thiefs = token_of(refresh(store, client, token.refresh_token))
    assert thiefs.refresh_token == owners.refresh_token
    store.clock.advance(seconds=2700)
    newest = token_of(refresh(store, client, thiefs.refresh_token))
    store.clock.advance(seconds=300)
    assert error_of(refresh(store, client, owners.refresh_token)) == "invalid_grant"
    assert whose(store, newest.access_token) is None


def test_another_client_cannot_refresh(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    thief = register(store, **PKCE)
    assert error_of(refresh(store, thief, token.refresh_token)) == "invalid_grant"
    token_of(refresh(store, client, token.refresh_token))


def test_successors_cannot_be_computed_without_the_key(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    renewed = token_of(refresh(store, client, token.refresh_token))
    assert renewed.refresh_token is not None
    assert len(renewed.refresh_token) == 3 + 43
    with store.write() as tx:
        assert tokens._successors(tx, renewed.refresh_token)[1] != renewed.refresh_token


@pytest.mark.parametrize("members", [LEGACY, {"grant_types": ["authorization_code"]}])
def test_a_client_without_refresh_tokens_may_not_refresh(
    store: Store, hana: Person, members: dict[str, Any]
) -> None:
    client = register(store, redirect_uris=["http://127.0.0.1/"], **members)
    assert error_of(refresh(store, client, "aor")) == "unauthorized_client"


@pytest.mark.parametrize(
    ("grant_type", "error"),
    [
        ("password", "unsupported_grant_type"),
        ("client_credentials", "unsupported_grant_type"),
        ("", "unsupported_grant_type"),
        ("refresh_token", "invalid_request"),
        ("authorization_code", "unauthorized_client"),
        ("urn:ietf:params:oauth:grant-type:device_code", "invalid_request"),
    ],
)
def test_a_grant_type_must_be_known_and_have_its_member(
    store: Store, hana: Person, grant_type: str, error: str
) -> None:
    assert error_of(create_token(store, register(store, **DEVICE), grant_type=grant_type)) == error


def test_what_has_expired_leaves_the_tables(store: Store, hana: Person) -> None:
    for _ in range(3):
        log_in(store, hana)
    store.clock.advance(seconds=9 * 3600)
    log_in(store, sign_in(store))
    for table in ("token_grants", "access_tokens", "refresh_tokens", "authorization_codes"):
        assert rows(store, table) == 1


def test_the_door_asks_again_whether_session_and_token_stand(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    bearer = whose(store, token.access_token)
    assert bearer is not None
    with store.write(bearer) as tx:
        persons.require_person(tx, bearer)
        persons.require_person(tx, hana)
    token_of(refresh(store, client, token.refresh_token))
    store.clock.advance(seconds=200)
    refresh(store, client, token.refresh_token)
    with store.write(bearer) as tx:
        with pytest.raises(Denied):
            persons.require_person(tx, bearer)
        persons.require_person(tx, hana)
        signin.end_sessions_of(tx, hana.user_id)
        with pytest.raises(Denied):
            persons.require_person(tx, hana)


def test_a_person_with_a_session_of_someone_else_is_refused(
    store: Store, hana: Person, ken: Person
) -> None:
    forged = replace(hana, session_id=ken.session_id)
    with store.write(forged) as tx, pytest.raises(Denied):
        persons.require_person(tx, forged)
