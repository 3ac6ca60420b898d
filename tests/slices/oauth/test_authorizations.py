"""Authorization codes with PKCE: who may get one, where it goes, and that it works once."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genkan.core.call import Anonymous, Person
from genkan.core.errors import Denied
from genkan.oauth import authorizations
from genkan.oauth.records import (
    AuthorizationAnswered,
    AuthorizationRefused,
    AuthorizationRequest,
    Rejected,
)
from genkan.signin import operations as signin
from tests.slices.oauth.program import (
    DEVICE,
    LEGACY,
    PKCE,
    REDIRECT,
    VERIFIER,
    authorize,
    create_token,
    error_of,
    exchange,
    query,
    refresh,
    register,
    token_of,
    whose,
)
from tests.slices.signin.household import Household
from tests.support.store import Store


def prepare(store: Store, text: str) -> AuthorizationRequest | AuthorizationRefused:
    with store.write(Anonymous()) as tx:
        return authorizations.prepare(tx, query=text)


def refused(answer: object) -> AuthorizationRefused:
    assert isinstance(answer, AuthorizationRefused)
    return answer


def test_consent_sends_code_and_state_to_the_program(store: Store, hana: Person) -> None:
    client = register(store, **PKCE)
    with store.write(hana) as tx:
        answer = authorizations.grant(tx, query=query(client, state="a&b=c d"))
    assert isinstance(answer, AuthorizationAnswered)
    assert answer.redirect_to.startswith(REDIRECT + "?")
    sent = parse_qs(urlsplit(answer.redirect_to).query)
    assert sent["state"] == ["a&b=c d"]
    assert set(sent) == {"code", "state"}
    token = token_of(exchange(store, client, sent["code"][0]))
    person = whose(store, token.access_token)
    assert person is not None
    assert person.user_id == hana.user_id


def test_refusing_tells_the_program_and_makes_no_code(store: Store, hana: Person) -> None:
    client = register(store, **PKCE)
    with store.write(hana) as tx:
        answer = authorizations.deny(tx, query=query(client, state=None))
    assert isinstance(answer, AuthorizationAnswered)
    assert answer.redirect_to == f"{REDIRECT}?error=access_denied"
    assert not answer.granted
    assert store.count("authorization_codes") == 0


def test_what_the_person_is_shown_comes_from_the_registration(
    store: Store, household: Household
) -> None:
    client = register(store, **{**PKCE, "client_name": "my tool"})
    request = prepare(store, query(client))
    assert isinstance(request, AuthorizationRequest)
    assert request.client.client_name == "my tool"
    assert request.scopes == ("sso:account:access",)
    assert request.redirect_uri == REDIRECT


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "forged"},
        {"client_id": None},
        {"client_id": ""},
        {"redirect_uri": "https://evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:1/elsewhere"},
        {"redirect_uri": "http://127.0.0.1:44029@evil.example/oauth/callback"},
        {"redirect_uri": None},
        {"redirect_uri": ""},
    ],
)
def test_nothing_is_redirected_while_client_or_target_are_in_doubt(
    store: Store, household: Household, changed: dict[str, str | None]
) -> None:
    client = register(store, **PKCE)
    assert refused(prepare(store, query(client, **changed))).redirect_to is None


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": VERIFIER}, "invalid_request"),
        ({"scopes": "codewhisperer:analysis"}, "invalid_scope"),
        ({"scopes": "sso:account:access unknown"}, "invalid_scope"),
    ],
)
def test_the_program_is_told_what_is_wrong_with_its_request(
    store: Store, household: Household, changed: dict[str, str | None], error: str
) -> None:
    answer = refused(prepare(store, query(register(store, **PKCE), **changed)))
    assert answer.error == error
    assert answer.redirect_to is not None
    assert answer.redirect_to.startswith(f"{REDIRECT}?error={error}&state=428a4dc4")


def test_a_state_too_long_to_echo_is_an_invalid_request(store: Store, household: Household) -> None:
    answer = refused(prepare(store, query(register(store, **PKCE), state="x" * 3000)))
    assert answer.redirect_to == f"{REDIRECT}?error=invalid_request"


def test_a_repeated_parameter_is_refused_without_a_redirect(
    store: Store, household: Household
) -> None:
    text = query(register(store, **PKCE))
    twice = f"{text}&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Foauth%2Fcallback"
    assert refused(prepare(store, twice)).redirect_to is None
    assert refused(prepare(store, text + "&a=1" * 2)).redirect_to is None


def test_a_query_too_long_or_with_too_many_fields_is_refused(
    store: Store, household: Household
) -> None:
    text = query(register(store, **PKCE))
    assert refused(prepare(store, text + "&a=" + "x" * 20_000)).redirect_to is None
    fields = "".join(f"&a{n}=" for n in range(100))
    assert refused(prepare(store, text + fields)).redirect_to is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=st.text(max_size=200))
def test_no_query_makes_a_redirect_by_itself(store: Store, household: Household, text: str) -> None:
    assert refused(prepare(store, text)).redirect_to is None


def test_a_client_without_the_code_grant_is_unauthorized(
    store: Store, household: Household
) -> None:
    client = register(store, redirect_uris=["http://127.0.0.1/oauth/callback"], **DEVICE)
    answer = refused(prepare(store, query(client)))
    assert answer.error == "unauthorized_client"


def test_an_expired_registration_is_no_client(store: Store, household: Household) -> None:
    text = query(register(store, **PKCE))
    store.clock.advance(seconds=90 * 24 * 3600)
    assert refused(prepare(store, text)).redirect_to is None


def test_scopes_not_asked_for_are_those_registered(store: Store, household: Household) -> None:
    request = prepare(store, query(register(store, **PKCE), scopes=None))
    assert isinstance(request, AuthorizationRequest)
    assert request.scopes == ("sso:account:access",)


def test_what_the_form_sends_back_is_checked_again(store: Store, hana: Person) -> None:
    client = register(store, **PKCE)
    with store.write(hana) as tx:
        answer = authorizations.grant(
            tx, query=query(client, redirect_uri="https://evil.example/oauth/callback")
        )
    assert refused(answer).redirect_to is None
    assert store.count("authorization_codes") == 0


def test_a_person_whose_session_ended_grants_nothing(store: Store, hana: Person) -> None:
    client = register(store, **PKCE)
    with store.write(hana) as tx:
        signin.end_session(tx)
    with store.write(hana) as tx, pytest.raises(Denied):
        authorizations.grant(tx, query=query(client))


def test_a_code_used_again_takes_back_what_it_gave(store: Store, hana: Person) -> None:
    client = register(store, **PKCE)
    code = authorize(store, hana, client)
    token = token_of(exchange(store, client, code))
    assert whose(store, token.access_token) is not None
    again = exchange(store, client, code)
    assert again == Rejected(
        error="invalid_grant",
        error_description="Invalid grant provided",
        shape="InvalidGrantException",
        audit_bounded=False,
    )
    assert whose(store, token.access_token) is None
    assert error_of(refresh(store, client, token.refresh_token)) == "invalid_grant"


def test_a_code_used_again_hours_later_takes_back_what_it_gave(store: Store, hana: Person) -> None:
    client = register(store, **PKCE)
    code = authorize(store, hana, client)
    token = token_of(exchange(store, client, code))
    store.clock.advance(seconds=2 * 3600)
    renewed = token_of(refresh(store, client, token.refresh_token))
    assert error_of(exchange(store, client, code)) == "invalid_grant"
    assert whose(store, renewed.access_token) is None


def test_a_code_runs_out_after_two_minutes(store: Store, hana: Person) -> None:
    client = register(store, **PKCE)
    code = authorize(store, hana, client)
    store.clock.advance(seconds=120)
    assert error_of(exchange(store, client, code)) == "expired_token"


def test_code_verifier_shorter_than_43_is_invalid_grant(store: Store, hana: Person) -> None:
    client = register(store, **PKCE)
    code = authorize(store, hana, client)
    assert error_of(exchange(store, client, code, code_verifier="a" * 42)) == "invalid_grant"


def test_a_wrong_verifier_spends_the_code(store: Store, hana: Person) -> None:
    client = register(store, **PKCE)
    code = authorize(store, hana, client)
    assert error_of(exchange(store, client, code, code_verifier="a" * 64)) == "invalid_grant"
    assert error_of(exchange(store, client, code)) == "invalid_grant"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1:44030/oauth/callback",
        "http://127.0.0.1/oauth/callback",
        "http://127.0.0.1:44029/oauth/callback/",
        "x",
    ],
)
def test_the_redirect_uri_must_be_the_one_of_the_request(
    store: Store, hana: Person, redirect_uri: str
) -> None:
    client = register(store, **PKCE)
    code = authorize(store, hana, client)
    answer = exchange(store, client, code, redirect_uri=redirect_uri)
    assert error_of(answer) == "invalid_grant"


def test_another_client_cannot_use_the_code(store: Store, hana: Person) -> None:
    client, thief = register(store, **PKCE), register(store, **PKCE)
    assert error_of(exchange(store, thief, authorize(store, hana, client))) == "invalid_grant"


def test_a_session_that_ended_before_the_exchange_gives_no_token(
    store: Store, hana: Person
) -> None:
    client = register(store, **PKCE)
    code = authorize(store, hana, client)
    with store.write(hana) as tx:
        signin.end_session(tx)
    assert error_of(exchange(store, client, code)) == "invalid_grant"


def test_a_forged_code_is_refused_in_aws_words(store: Store, household: Household) -> None:
    answer = exchange(store, register(store, **PKCE), "forged")
    assert isinstance(answer, Rejected)
    assert answer.error_description == "Invalid grant provided"
    assert answer.audit_bounded
    assert not answer.audit_silent


def test_codes_are_stored_as_hashes_only(store: Store, hana: Person) -> None:
    code = authorize(store, hana, register(store, **PKCE))
    assert code not in store.everything()


@pytest.mark.parametrize("missing", ["code", "redirect_uri", "code_verifier"])
def test_a_missing_member_is_an_invalid_request_and_spends_nothing(
    store: Store, hana: Person, missing: str
) -> None:
    client = register(store, **PKCE)
    code = authorize(store, hana, client)
    members = {"code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    del members[missing]
    answer = create_token(store, client, grant_type="authorization_code", **members)
    assert error_of(answer) == "invalid_request"
    token_of(exchange(store, client, code))


def test_a_legacy_client_cannot_use_an_authorization_code(
    store: Store, household: Household
) -> None:
    answer = exchange(store, register(store, **LEGACY), "code")
    assert error_of(answer) == "unauthorized_client"
