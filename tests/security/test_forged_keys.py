"""Sign a request with a forged or stale key; have a signature trusted over what it does not cover.

A few of each kind here, end to end; `tests/fronts/aws/test_signatures` tries every operation
against every fault.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fronts.aws.wire import Answer, Keys, Sent, Wire
from tests.security.attacker import Ledger, assume, credentials_in, person, saml_response
from tests.security.enclosed import Enclosed
from tests.support.server import Server

FORM = "application/x-www-form-urlencoded"
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def wire(server: Server) -> Wire:
    return Wire(server)


def create_group(wire: Wire, name: str = "Mine") -> Sent:
    """A request worth forging."""
    store = wire.server.facts["identity_store_id"]
    return wire.request(
        "identitystore", "CreateGroup", {"IdentityStoreId": store, "DisplayName": name}
    )


def signed(wire: Wire, keys: Keys | None = None, **options: object) -> Sent:
    """The same, signed by the administrator unless other keys are given."""
    return wire.sign(
        create_group(wire),
        keys or wire.administrator,
        "identitystore",
        **options,  # type: ignore[arg-type]
    )


def is_unproven(answer: Answer) -> bool:
    """Refused as AWS's JSON services refuse what is not signed by a living key."""
    return answer.status in (400, 403) and answer.code in (
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "IncompleteSignatureException",
        "MissingAuthenticationTokenException",
    )


def test_a_forged_key_signs_nothing(wire: Wire) -> None:
    true = wire.administrator
    ledger = Ledger(wire.server)
    for keys in (
        {**true, "secret_access_key": true["secret_access_key"][:-1] + "x"},
        {**true, "secret_access_key": "x"},
        {**true, "access_key_id": "AKIAIOSFODNN7EXAMPLE"},
        {**true, "access_key_id": "ASIAIOSFODNN7EXAMPLE", "session_token": "x"},
        {**true, "session_token": "x"},
        {**true, "access_key_id": true["access_key_id"].lower()},
    ):
        assert is_unproven(wire.send(signed(wire, keys)))
    assert ledger.changes() == {}


def test_a_stale_signature_is_none(wire: Wire) -> None:
    ledger = Ledger(wire.server)
    for minutes in (-16, 16, -24 * 60, -10 * 365 * 24 * 60):
        answer = wire.send(signed(wire, at=timedelta(minutes=minutes)))
        assert is_unproven(answer), answer
    for minutes, seconds in ((-10, 60), (-60 * 24 * 7, 604_800)):
        sent = signed(wire, at=timedelta(minutes=minutes), presign=seconds)
        assert is_unproven(wire.send(sent))
    assert ledger.changes() == {}
    assert wire.send(signed(wire, at=timedelta(minutes=-14))).status == 200


def test_a_signature_is_for_one_service_one_day_and_a_region(wire: Wire) -> None:
    ledger = Ledger(wire.server)
    for scope in ("sso", "iam", "sts", "s3", "identitystor", "identitystore2"):
        sent = wire.sign(create_group(wire), wire.administrator, scope)
        assert wire.send(sent).code == "InvalidSignatureException", scope
    for region in ("../..", "US-EAST-1", "us east 1", "*"):
        assert is_unproven(wire.send(signed(wire, region=region))), region
    yesterday = signed(wire, at=timedelta(days=-1))
    today = signed(wire)
    mixed = yesterday.with_header("X-Amz-Date", today.header("X-Amz-Date"))
    assert is_unproven(wire.send(mixed))
    assert ledger.changes() == {}


CHANGES: dict[str, Callable[[Sent], Sent]] = {
    "another body": lambda s: replace(s, body=s.body.replace(b"Mine", b"Evil")),
    "an empty body": lambda s: replace(s, body=b""),
    "a longer body": lambda s: replace(s, body=s.body + b" "),
    "another target": lambda s: s.with_header("X-Amz-Target", "AWSIdentityStore.DeleteGroup"),
    "one more target": lambda s: s.and_header("X-Amz-Target", "AWSIdentityStore.DeleteGroup"),
    "another x-amz header": lambda s: s.and_header("X-Amz-Evil", "1"),
    "an unsigned token": lambda s: s.and_header("X-Amz-Security-Token", "x"),
    "an unsigned body's hash": lambda s: s.and_header("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
    "another date": lambda s: s.with_header("X-Amz-Date", "20200101T000000Z"),
    "another path": lambda s: replace(s, target="/x"),
    "another query": lambda s: replace(s, target="/?x=1"),
    "another method": lambda s: replace(s, method="PUT"),
    "a second authorization": lambda s: s.and_header("Authorization", s.header("Authorization")),
    "no signed host": lambda s: s.with_header(
        "Authorization", s.header("Authorization").replace("host;", "")
    ),
    "no signed target": lambda s: s.with_header(
        "Authorization", s.header("Authorization").replace(";x-amz-target", "")
    ),
    "no signature": lambda s: s.with_header("Authorization", None),
    "half a signature": lambda s: s.with_header("Authorization", s.header("Authorization")[:-8]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_after_signing_is_refused(
    wire: Wire, change: Callable[[Sent], Sent]
) -> None:
    ledger = Ledger(wire.server)
    answer = wire.send(change(signed(wire)))
    assert answer.status in (400, 403, 404, 405)
    assert ledger.changes() == {}


@pytest.mark.parametrize(
    "stated", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", EMPTY]
)
def test_a_signer_cannot_leave_the_body_out(wire: Wire, stated: str) -> None:
    """Even the holder of the key: who takes such a request over could put any body into it."""
    ledger = Ledger(wire.server)
    sent = create_group(wire).with_header("X-Amz-Content-Sha256", stated)
    assert is_unproven(wire.send(wire.sign(sent, wire.administrator, "identitystore")))
    assert ledger.changes() == {}


@pytest.mark.sandbox_only("a node has one name, and answers under no other")
def test_a_signature_for_another_host_is_refused(wire: Wire) -> None:
    """Also among the names that this server answers to: the raw Host is what was signed."""
    ledger = Ledger(wire.server)
    for signed_for, sent_to in (
        (f"127.0.0.1:{wire.server.port}", wire.host),
        (wire.host, f"127.0.0.1:{wire.server.port}"),
        ("identitystore.us-east-1.amazonaws.com", wire.host),
    ):
        assert is_unproven(wire.send(signed(wire, host=signed_for), host=sent_to))
    assert ledger.changes() == {}


def test_a_presigned_link_does_what_was_signed_and_nothing_else(wire: Wire) -> None:
    form = b"Action=GetCallerIdentity&Version=2011-06-15"
    bare = Sent("GET", f"/?{form.decode()}")
    link = wire.sign(bare, wire.administrator, "sts", presign=300)
    assert wire.send(link).status == 200
    ledger = Ledger(wire.server)
    for changed in (
        replace(link, target=link.target.replace("GetCallerIdentity", "GetSessionToken")),
        replace(link, target=link.target.replace("X-Amz-Expires=300", "X-Amz-Expires=600000")),
        replace(link, target=f"{link.target}&RoleArn=x"),
        replace(link, target=f"{link.target}&X-Amz-Security-Token=x"),
        replace(link, method="POST", body=form, headers=(("Content-Type", FORM),)),
        replace(link, method="POST"),
        link.and_header("X-Amz-Evil", "1"),
        link.and_header("Authorization", signed(wire).header("Authorization")),
    ):
        assert wire.send(changed).status in (400, 403), changed.target
    assert wire.send(link, host=f"127.0.0.1:{wire.server.port}").status in (403, 421)
    assert ledger.changes() == {}


def test_a_session_token_is_part_of_its_key(wire: Wire) -> None:
    alex = person(wire.server, "alex")
    keys = credentials_in(
        assume(wire.server, saml_response(alex, "sakura-playground", "AdministratorAccess"))
    )
    good = wire.sign(wire.request("sts", "GetCallerIdentity", {}), keys, "sts")
    assert wire.send(good).status == 200
    assert wire.send(good.with_header("X-Amz-Security-Token", None)).status == 403
    bare = {name: value for name, value in keys.items() if name != "session_token"}
    answer = wire.call("sts", "GetCallerIdentity", {}, bare)
    assert (answer.status, answer.code) == (403, "InvalidClientTokenId")


def test_a_session_key_is_stale_when_its_time_is_over(enclosed: Enclosed) -> None:
    wire = Wire(enclosed)
    alex = person(enclosed, "alex")
    keys = credentials_in(
        assume(enclosed, saml_response(alex, "sakura-playground", "AdministratorAccess"))
    )
    hours = timedelta(hours=4)
    enclosed.advance(seconds=hours.total_seconds() - 30)
    almost = hours - timedelta(seconds=30)
    assert wire.call("sts", "GetCallerIdentity", {}, keys, at=almost).status == 200
    enclosed.advance(seconds=31)
    answer = wire.call("sts", "GetCallerIdentity", {}, keys, at=hours)
    assert (answer.status, answer.code) == (403, "ExpiredToken")
