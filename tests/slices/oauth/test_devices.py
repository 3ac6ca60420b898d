"""The device grant: from a code in the terminal to one token."""

import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genkan.core.call import Person
from genkan.core.errors import Denied
from genkan.oauth import devices
from genkan.oauth.records import (
    DeviceRequest,
    DeviceRequestProblem,
    StartedDeviceAuthorization,
    Token,
)
from genkan.signin import operations as signin
from tests.slices.oauth.program import (
    DEVICE,
    LEGACY,
    PKCE,
    create_token,
    decide,
    error_of,
    poll,
    read,
    register,
    start,
    token_of,
    try_start,
    whose,
)
from tests.slices.signin.household import STORE_ID, Household
from tests.support.store import Store


def test_an_approved_code_gives_one_token(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    assert error_of(poll(store, client, started)) == "authorization_pending"
    assert decide(store, hana, started) == "approved"
    token = token_of(poll(store, client, started))
    person = whose(store, token.access_token)
    assert person is not None
    assert person.user_id == hana.user_id
    assert person.session_id == hana.session_id
    assert error_of(poll(store, client, started)) == "invalid_grant"


def test_the_codes_have_the_forms_of_aws(store: Store, household: Household) -> None:
    started = start(store, register(store, **DEVICE))
    assert re.fullmatch(r"[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}", started.user_code)
    assert started.expires_in == 600
    assert started.interval == 1
    assert started.verification_uri == "http://localhost:8080/device"
    assert started.verification_uri_complete == (
        f"http://localhost:8080/device?user_code={started.user_code}"
    )


def test_no_letter_of_a_user_code_is_mistaken_for_another(
    store: Store, household: Household
) -> None:
    client = register(store, **DEVICE)
    letters = set("".join(start(store, client).user_code for _ in range(40)))
    assert letters <= set(string.ascii_uppercase) - set("AEIOUY") | {"-"}


def test_codes_are_stored_as_hashes_only(store: Store, household: Household) -> None:
    started = start(store, register(store, **DEVICE))
    stored = store.everything()
    assert started.device_code not in stored
    assert started.user_code not in stored
    assert started.user_code.replace("-", "") not in stored
    assert started.device_code not in repr(started)


def test_a_refused_code_is_access_denied_each_time(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    assert decide(store, hana, started, approve=False) == "denied"
    for _ in range(2):
        assert error_of(poll(store, client, started)) == "access_denied"


def test_a_code_runs_out_after_ten_minutes(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    decide(store, hana, started)
    store.clock.advance(seconds=600)
    assert error_of(poll(store, client, started)) == "expired_token"
    assert read(store, hana, started.user_code) == DeviceRequestProblem(problem="expired")


def test_a_client_that_wakes_up_late_is_told_that_its_code_ran_out(
    store: Store, household: Household
) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    store.clock.advance(seconds=24 * 3600)
    start(store, client)
    assert store.count("device_authorizations") == 1
    assert error_of(poll(store, client, started)) == "expired_token"


def test_an_expired_code_cannot_be_approved(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    request = read(store, hana, started.user_code)
    store.clock.advance(seconds=600)
    with store.write(hana) as tx:
        decision = devices.decide_request(
            tx, user_code=started.user_code, request_id=request.request_id, approve=True
        )
    assert decision.outcome == "expired"
    assert decision.audit_outcome == "Failure"


def test_a_code_is_decided_once(store: Store, hana: Person, ken: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    request = read(store, ken, started.user_code)
    decide(store, hana, started, approve=False)
    with store.write(ken) as tx:
        decision = devices.decide_request(
            tx, user_code=started.user_code, request_id=request.request_id, approve=True
        )
    assert decision.outcome == "expired"
    assert error_of(poll(store, client, started)) == "access_denied"


def test_consent_for_one_request_cannot_reach_another(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    shown, other = start(store, client), start(store, client)
    request = read(store, hana, shown.user_code)
    with store.write(hana) as tx:
        decision = devices.decide_request(
            tx, user_code=other.user_code, request_id=request.request_id, approve=True
        )
    assert decision.outcome == "expired"
    assert error_of(poll(store, client, other)) == "authorization_pending"


def test_reading_a_request_approves_nothing(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    request = read(store, hana, started.user_code)
    assert request == DeviceRequest(
        request_id=request.request_id,
        user_code=started.user_code,
        client_name="botocore-client-corp",
        scopes=("sso:account:access",),
        lasts_seconds=8 * 3600,
    )
    assert error_of(poll(store, client, started)) == "authorization_pending"


def test_another_client_cannot_use_the_device_code(store: Store, hana: Person) -> None:
    client, thief = register(store, **DEVICE), register(store, **DEVICE)
    started = start(store, client)
    decide(store, hana, started)
    assert error_of(poll(store, thief, started)) == "invalid_grant"
    token_of(poll(store, client, started))


def test_a_session_that_ended_before_the_poll_gives_no_token(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    decide(store, hana, started)
    with store.write(hana) as tx:
        signin.end_session(tx)
    assert error_of(poll(store, client, started)) == "access_denied"


def test_a_person_whose_session_ended_cannot_approve(store: Store, hana: Person) -> None:
    started = start(store, register(store, **DEVICE))
    request = read(store, hana, started.user_code)
    with store.write(hana) as tx:
        signin.end_session(tx)
    with store.write(hana) as tx, pytest.raises(Denied):
        devices.decide_request(
            tx, user_code=started.user_code, request_id=request.request_id, approve=True
        )


def test_an_access_token_cannot_approve_another_grant(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    decide(store, hana, started)
    bearer = whose(store, token_of(poll(store, client, started)).access_token)
    assert bearer is not None
    another = start(store, client)
    with store.write(bearer) as tx, pytest.raises(Denied):
        devices.read_request(tx, user_code=another.user_code)


def test_the_cli_may_poll_twice_at_once_and_then_each_second(
    store: Store, household: Household
) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    for _ in range(2):
        assert error_of(poll(store, client, started)) == "authorization_pending"
    for _ in range(30):
        store.clock.advance(seconds=1)
        assert error_of(poll(store, client, started)) == "authorization_pending"


def test_polling_without_pause_is_told_to_slow_down(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    answers = [error_of(poll(store, client, started)) for _ in range(20)]
    assert answers == ["authorization_pending"] * 4 + ["slow_down"] * 16
    store.clock.advance(seconds=5)
    assert error_of(poll(store, client, started)) == "authorization_pending"
    for _ in range(20):
        poll(store, client, started)
    decide(store, hana, started)
    token_of(poll(store, client, started))


def test_an_unknown_start_url_is_refused_in_aws_words(store: Store, household: Household) -> None:
    answer = try_start(store, register(store, **DEVICE), start_url="https://d-0.awsapps.com/start")
    assert not isinstance(answer, StartedDeviceAuthorization)
    assert answer.error == "invalid_request"
    assert answer.error_description == "Invalid start url provided"
    assert answer.shape == "InvalidRequestException"


def test_a_start_url_with_the_portals_fragment_is_accepted(
    store: Store, household: Household
) -> None:
    url = f"https://{STORE_ID}.awsapps.com/start/#/"
    assert isinstance(
        try_start(store, register(store, **DEVICE), start_url=url),
        StartedDeviceAuthorization,
    )


def test_a_pkce_client_may_not_start_a_device_grant(store: Store, household: Household) -> None:
    assert error_of(try_start(store, register(store, **PKCE))) == "unauthorized_client"


def test_an_unknown_client_is_401_invalid_client(store: Store, household: Household) -> None:
    client = register(store, **DEVICE)
    forged = register(store, **LEGACY)
    mixed = type(client)(
        client_id=client.client_id,
        client_secret=forged.client_secret,
        client_id_issued_at=0,
        client_secret_expires_at=0,
    )
    answer = try_start(store, mixed)
    assert error_of(answer) == "invalid_client"
    assert not isinstance(answer, StartedDeviceAuthorization)
    assert answer.http_status == 401


def test_one_address_can_hold_only_so_many_codes(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    for _ in range(devices.OPEN_OF_ONE_SOURCE - 1):
        start(store, client)
    assert error_of(try_start(store, client)) == "slow_down"
    assert isinstance(try_start(store, client, address="198.51.100.1"), StartedDeviceAuthorization)
    decide(store, hana, started)
    token_of(poll(store, client, started))
    start(store, client)


def test_the_table_of_device_codes_is_bounded(
    store: Store, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "OPEN_ALTOGETHER", 30)
    client = register(store, **DEVICE)
    for host in range(40):
        try_start(store, client, address=f"198.51.100.{host}")
    assert store.count("device_authorizations") == 30
    store.clock.advance(seconds=1201)
    start(store, client)
    assert store.count("device_authorizations") == 1


def test_a_user_code_may_be_typed_in_any_case_and_spacing(store: Store, hana: Person) -> None:
    started = start(store, register(store, **DEVICE))
    plain = started.user_code.replace("-", "")
    for typed in (plain, plain.lower(), f" {plain[:4]} {plain[4:]} ", f"{plain[:4]}‐{plain[4:]}"):
        assert isinstance(read(store, hana, typed), DeviceRequest)


def test_guessing_user_codes_is_stopped_for_a_while(store: Store, hana: Person) -> None:
    started = start(store, register(store, **DEVICE))
    for _ in range(devices.WRONG_GUESSES):
        assert read(store, hana, "BBBB-BBBB").problem == "unknown"
    assert read(store, hana, "BBBB-BBBB").problem == "too_many"
    assert read(store, hana, started.user_code).problem == "too_many"
    assert read(store, hana, started.user_code).retry_after_seconds == 600
    store.clock.advance(seconds=599)
    assert read(store, hana, started.user_code).problem == "too_many"
    store.clock.advance(seconds=1)
    again = start(store, register(store, **DEVICE))
    assert isinstance(read(store, hana, again.user_code), DeviceRequest)


def test_one_persons_guesses_do_not_stop_another(store: Store, hana: Person, ken: Person) -> None:
    started = start(store, register(store, **DEVICE))
    for _ in range(devices.WRONG_GUESSES + 1):
        read(store, hana, "BBBB-BBBB")
    assert isinstance(read(store, ken, started.user_code), DeviceRequest)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=st.text() | st.text(alphabet="ABCDEFGH.-_0123456789", max_size=80))
def test_an_invented_device_code_is_an_invalid_grant(
    store: Store, household: Household, text: str
) -> None:
    client = register(store, **DEVICE)
    answer = create_token(
        store, client, grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=text
    )
    assert error_of(answer) in ("invalid_grant", "invalid_request")


def test_a_device_code_with_a_later_expiry_is_forged(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    secret, expires_at, signature = started.device_code.split(".")
    later = f"{secret}.{int(expires_at) + 1000}.{signature}"
    answer = create_token(
        store, client, grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=later
    )
    assert error_of(answer) == "invalid_grant"


def test_a_legacy_client_gets_eight_hours_and_no_refresh_token(store: Store, hana: Person) -> None:
    client = register(store, **LEGACY)
    started = start(store, client)
    decide(store, hana, started)
    token = token_of(poll(store, client, started))
    assert token.expires_in == 28800
    assert token.refresh_token is None
    assert whose(store, token.access_token) is not None


def test_a_client_with_scopes_gets_an_hour_and_a_refresh_token(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    decide(store, hana, started)
    token = poll(store, client, started)
    assert isinstance(token, Token)
    assert token.expires_in == 3600
    assert token.access_token.startswith("aoa")
    assert token.refresh_token is not None
    assert token.refresh_token.startswith("aor")
    assert token.audit_person == hana.user_id
