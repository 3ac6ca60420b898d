"""CloudTrail's shape: who, what, with what result, and without secrets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from genkan.audit import operations as audit
from genkan.audit.recorder import Home, Recorder
from genkan.audit.redaction import HIDDEN, redact
from genkan.core.call import (
    Anonymous,
    Call,
    Caller,
    Operation,
    Origin,
    Person,
    Public,
    SessionIssuer,
)
from genkan.core.errors import Conflict, Invalid
from tests.support.store import ADMINISTRATOR, MANAGEMENT, Store

HOME = Home(
    account_id=MANAGEMENT,
    identity_store_arn=f"arn:aws:identitystore::{MANAGEMENT}:identitystore/d-1234567890",
)
RECORDER = Recorder(home=lambda tx: HOME)


@dataclass(frozen=True)
class Result:
    """A result with something to hide and something to tell."""

    thing_id: str = "1"
    the_secret: str = "opensesame"
    nothing: None = None
    audit_data: Mapping[str, str] = field(default_factory=dict)


def _call(caller: Caller = ADMINISTRATOR, source: str = "sso.amazonaws.com", **params: Any) -> Call:
    return Call(
        operation=Operation(
            name="MakeThing",
            run=lambda tx: None,
            access=Public(reason="test"),
            secret=frozenset({"password", "nested.token"}),
            conceals=frozenset({"the_secret"}),
        ),
        params=params,
        caller=caller,
        origin=Origin(request_id="r", source_ip="192.0.2.1", user_agent="agent"),
        event_source=source,
    )


def _record(store: Store, call: Call, outcome: object) -> dict[str, Any]:
    with store.write() as tx:
        RECORDER.record(tx, call, outcome)
        row = tx.one("SELECT record FROM audit_events ORDER BY event_time DESC LIMIT 1")
    assert row is not None
    found: dict[str, Any] = json.loads(row[0])
    return found


def test_a_change_is_recorded_with_who_from_where_and_result(store: Store) -> None:
    record = _record(store, _call(display_name="x", nested={"a_b": 1}), Result())
    assert record["eventName"] == "MakeThing"
    assert record["eventSource"] == "sso.amazonaws.com"
    assert record["sourceIPAddress"] == "192.0.2.1"
    assert record["userIdentity"]["type"] == "IAMUser"
    assert record["userIdentity"]["userName"] == "administrator"
    assert record["requestParameters"] == {"displayName": "x", "nested": {"aB": 1}}
    assert record["responseElements"] == {"thingId": "1", "theSecret": HIDDEN}
    assert record["recipientAccountId"] == MANAGEMENT
    assert "errorCode" not in record


def test_secrets_never_reach_a_record(store: Store) -> None:
    call = _call(password="hunter2", nested={"token": "t0ken", "raw": b"bytes"})
    record = json.dumps(_record(store, call, Result()))
    for secret in ("hunter2", "t0ken", "bytes", "opensesame"):
        assert secret not in record
    assert record.count(HIDDEN) == 4


def test_a_refusal_is_recorded_as_an_error_without_response(store: Store) -> None:
    record = _record(store, _call(), Conflict("It exists."))
    assert (record["errorCode"], record["errorMessage"]) == ("ConflictException", "It exists.")
    assert record["responseElements"] is None


def test_a_person_is_an_identity_center_user(store: Store) -> None:
    person = Person(
        user_id="u-1", user_name="alice", identity_store_id="d-1234567890", session_id="s-1"
    )
    identity = _record(store, _call(person), None)["userIdentity"]
    assert identity == {
        "type": "IdentityCenterUser",
        "accountId": MANAGEMENT,
        "onBehalfOf": {"userId": "u-1", "identityStoreArn": HOME.identity_store_arn},
        "credentialId": "s-1",
    }


def test_a_role_session_shows_on_whose_behalf_it_acts(store: Store) -> None:
    signer = replace(ADMINISTRATOR, role_session="ASIAAAAAAAAAAAAAAAAA", person_id="u-1")
    identity = _record(store, _call(signer), None)["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["onBehalfOf"]["userId"] == "u-1"


def test_a_role_session_shows_the_role_and_when_it_began(store: Store) -> None:
    arn = f"arn:aws:iam::{MANAGEMENT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Clerk_0a1b"
    issuer = SessionIssuer(
        role_arn=arn, role_id="AROAAAAAAAAAAAAAAAAA", issued_at=1_700_000_000_999
    )
    signer = replace(ADMINISTRATOR, role_session="ASIAAAAAAAAAAAAAAAAA", session_issuer=issuer)
    identity = _record(store, _call(signer), None)["userIdentity"]
    assert identity["sessionContext"] == {
        "sessionIssuer": {
            "type": "Role",
            "principalId": "AROAAAAAAAAAAAAAAAAA",
            "arn": arn,
            "accountId": MANAGEMENT,
            "userName": "AWSReservedSSO_Clerk_0a1b",
        },
        "attributes": {"creationDate": "2023-11-14T22:13:20Z", "mfaAuthenticated": "false"},
    }


def test_a_long_term_key_has_no_session_context(store: Store) -> None:
    assert "sessionContext" not in _record(store, _call(), None)["userIdentity"]


def test_a_sign_in_event_is_a_service_event_with_its_outcome(store: Store) -> None:
    @dataclass(frozen=True)
    class Failed:
        audit_outcome: str = "Failure"
        audit_data: Mapping[str, str] = field(
            default_factory=lambda: {"CredentialType": "PASSWORD"}
        )

    attempt = _call(Anonymous(), "signin.amazonaws.com", password="x")
    call = replace(attempt, event_name="CredentialVerification")
    record = _record(store, call, Failed())
    assert record["eventType"] == "AwsServiceEvent"
    assert record["serviceEventDetails"] == {"CredentialVerification": "Failure"}
    assert record["additionalEventData"] == {"CredentialType": "PASSWORD"}
    assert record["requestParameters"] is None


def test_a_silent_outcome_leaves_no_record(store: Store) -> None:
    @dataclass(frozen=True)
    class Silent:
        audit_silent: bool = True

    with store.write() as tx:
        RECORDER.record(tx, _call(Anonymous()), Silent())
        assert tx.one("SELECT count(*) FROM audit_events") == (0,)


def test_lookup_pages_newest_first_without_gaps_or_repeats(store: Store) -> None:
    for number in range(7):
        store.clock.advance(seconds=number % 2)
        with store.write() as tx:
            RECORDER.record(tx, replace(_call(), event_name=f"E{number}"), None)
    seen: list[str] = []
    token: str | None = None
    with store.write() as tx:
        while True:
            page = audit.lookup_events(tx, max_results=3, next_token=token)
            seen += [event.event_name for event in page.events]
            token = page.next_token
            if token is None:
                break
    assert sorted(seen) == [f"E{number}" for number in range(7)]
    assert seen[0] in ("E6", "E5")


def test_lookup_finds_by_attribute_and_time_and_refuses_nonsense(store: Store) -> None:
    with store.write() as tx:
        RECORDER.record(tx, replace(_call(), event_name="Wanted"), None)
        RECORDER.record(tx, replace(_call(), event_name="Other"), None)
        by_name = [{"attribute_key": "EventName", "attribute_value": "Wanted"}]
        found = audit.lookup_events(tx, lookup_attributes=by_name).events
        assert [event.event_name for event in found] == ["Wanted"]
        assert audit.lookup_events(tx, end_time=tx.now - 1).events == []
        for bad in (
            {"start_time": 2, "end_time": 1},
            {"lookup_attributes": by_name * 2},
            {"lookup_attributes": [{"attribute_key": "Colour", "attribute_value": "red"}]},
            {"next_token": "AAAA"},
        ):
            with pytest.raises(Invalid):
                audit.lookup_events(tx, **bad)


def test_another_accounts_trail_is_not_shown(store: Store) -> None:
    with store.write() as tx:
        RECORDER.record(tx, _call(), None)
    with store.write(replace(ADMINISTRATOR, account_id="222233334444")) as tx:
        assert audit.lookup_events(tx).events == []


def test_redaction_cuts_long_strings_and_keeps_lists() -> None:
    shown = redact({"long": "x" * 5000, "items": [{"a": 1}, None]}, frozenset())
    assert len(shown["long"]) < 4200
    assert shown["items"] == [{"a": 1}, None]
