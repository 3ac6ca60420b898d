"""Every signed operation against everything that is wrong with a signature.

One row of the table is one way to be unproven. Each operation is tried without a signature, with a
wrong one and in some of the other ways; each way is tried with operations of every service. All are
refused in the protocol's own words, and nothing but records of refusals may be remembered.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.fronts.aws import trail
from tests.fronts.aws.samples import SIGNED, sample
from tests.fronts.aws.wire import (
    PROTOCOLS,
    TARGETS,
    Answer,
    Keys,
    Sent,
    is_request_id,
    scope_of,
    service_model,
)
from tests.fronts.aws.world import World, at_rest

MISSING = "MissingAuthenticationToken"
INCOMPLETE = "IncompleteSignature"
MISMATCH = "SignatureDoesNotMatch"
UNKNOWN = "InvalidClientTokenId"
DEAD = "The security token included in the request is invalid."
WRONG = (
    "The request signature we calculated does not match the signature you provided. Check your AWS"
    " Secret Access Key and signing method. Consult the service documentation for details."
)
#: The Query protocol's word and the JSON protocol's, with their statuses.
WORDS = {
    MISSING: ("MissingAuthenticationTokenException", 403),
    INCOMPLETE: ("IncompleteSignatureException", 400),
    MISMATCH: ("InvalidSignatureException", 403),
    UNKNOWN: ("UnrecognizedClientException", 403),
}


@dataclass(slots=True)
class Attempt:
    """One operation's good request, with the keys that a stranger may have got hold of."""

    world: World
    service: str
    operation: str
    session: Keys
    other_session: Keys

    @property
    def sent(self) -> Sent:
        return self.world.wire.request(
            self.service, self.operation, sample(self.world, self.service, self.operation)
        )

    def signed(self, keys: Keys | None = None, **how: object) -> Sent:
        return self.sign(self.sent, keys, **how)

    def sign(self, sent: Sent, keys: Keys | None = None, **how: object) -> Sent:
        scope = str(how.pop("scope", scope_of(self.service)))
        keys = keys or self.world.wire.administrator
        return self.world.wire.sign(sent, keys, scope, **how)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def untouched(furnished: World) -> Iterator[tuple[World, Keys, Keys]]:
    """The organization and two sessions; at the end there are some records more, and no more."""
    keys = furnished.member_administrator(), furnished.member_administrator("sakura-web-dev")
    before = at_rest(furnished)
    yield (furnished, *keys)
    records = trail.only_refusals(before, at_rest(furnished))
    assert records
    for record in records:
        assert record["userIdentity"]["type"] == "Unknown"
        assert record["responseElements"] is None


Untouched = tuple[World, Keys, Keys]


def attempted(untouched: Untouched, service: str, operation: str) -> Attempt:
    """An operation to be tried."""
    world, session, other_session = untouched
    return Attempt(world, service, operation, session, other_session)


def _unsigned(attempt: Attempt) -> Sent:
    return attempt.sent


def _other_scheme(attempt: Attempt) -> Sent:
    return attempt.sent.with_header("Authorization", "Bearer aoa0123456789")


def _no_date(attempt: Attempt) -> Sent:
    return attempt.signed().with_header("X-Amz-Date", None)


def _wrong_secret(attempt: Attempt) -> Sent:
    keys = {**attempt.world.wire.administrator, "secret_access_key": "A" * 40}
    return attempt.signed(keys)


def _wrong_service(attempt: Attempt) -> Sent:
    return attempt.signed(scope="s3")


def _neighbour_service(attempt: Attempt) -> Sent:
    return attempt.signed(scope="iam" if scope_of(attempt.service) != "iam" else "sts")


def _no_region(attempt: Attempt) -> Sent:
    return attempt.signed(region="US EAST")


def _expired(attempt: Attempt) -> Sent:
    return attempt.signed(at=timedelta(minutes=-16))


def _early(attempt: Attempt) -> Sent:
    return attempt.signed(at=timedelta(minutes=16))


def _unknown_key(attempt: Attempt) -> Sent:
    return attempt.signed({**attempt.world.wire.administrator, "access_key_id": "AKIA" + "B" * 16})


def _unknown_session(attempt: Attempt) -> Sent:
    return attempt.signed({**attempt.session, "access_key_id": "ASIA" + "B" * 16})


def _no_token(attempt: Attempt) -> Sent:
    keys = {name: value for name, value in attempt.session.items() if name != "session_token"}
    return attempt.signed(keys)


def _forged_token(attempt: Attempt) -> Sent:
    token = attempt.session["session_token"]
    forged = token[:-1] + ("A" if token[-1] != "A" else "B")
    return attempt.signed({**attempt.session, "session_token": forged})


def _foreign_token(attempt: Attempt) -> Sent:
    token = attempt.other_session["session_token"]
    return attempt.signed({**attempt.session, "session_token": token})


def _needless_token(attempt: Attempt) -> Sent:
    keys = attempt.world.wire.administrator
    return attempt.signed({**keys, "session_token": attempt.session["session_token"]})


def _token_added(attempt: Attempt) -> Sent:
    keys = {name: value for name, value in attempt.session.items() if name != "session_token"}
    return attempt.signed(keys).and_header("X-Amz-Security-Token", attempt.session["session_token"])


def _body_changed(attempt: Attempt) -> Sent:
    signed = attempt.signed()
    added = b"&Marker=x" if PROTOCOLS[attempt.service] == "query" else b" "
    return replace(signed, body=signed.body + added)


def _query_added(attempt: Attempt) -> Sent:
    return replace(attempt.signed(), target="/?Extra=1")


def _header_added(attempt: Attempt) -> Sent:
    return attempt.signed().and_header("X-Amz-Extra", "1")


def _operation_changed(attempt: Attempt) -> Sent:
    other = (
        next(
            name
            for service, name in SIGNED
            if service == attempt.service and name != attempt.operation
        )
        if attempt.service != "cloudtrail"
        else "ListTrails"
    )
    signed = attempt.signed()
    if PROTOCOLS[attempt.service] == "json":
        return signed.with_header("X-Amz-Target", f"{TARGETS[attempt.service]}.{other}")
    action = f"Action={attempt.operation}".encode()
    return replace(signed, body=signed.body.replace(action, f"Action={other}".encode(), 1))


def _payload_unsigned(attempt: Attempt) -> Sent:
    return attempt.sign(attempt.sent.with_header("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"))


def _date_repeated(attempt: Attempt) -> Sent:
    signed = attempt.signed()
    return signed.and_header("X-Amz-Date", signed.header("X-Amz-Date"))


def _signed_twice(attempt: Attempt) -> Sent:
    signed = attempt.signed()
    return signed.and_header("Authorization", signed.header("Authorization"))


def _other_host(attempt: Attempt) -> Sent:
    return attempt.signed(host=f"127.0.0.1:{attempt.world.server.port}")


def _host_unsigned(attempt: Attempt) -> Sent:
    signed = attempt.signed()
    authorization = signed.header("Authorization").replace("host;", "")
    return signed.with_header("Authorization", authorization)


def _both_ways(attempt: Attempt) -> Sent:
    return replace(attempt.signed(), target="/?X-Amz-Signature=1&X-Amz-Expires=5")


CASES: dict[Callable[[Attempt], Sent], tuple[str, str]] = {
    _unsigned: (MISSING, "Missing Authentication Token"),
    _other_scheme: (MISSING, "Missing Authentication Token"),
    _no_date: (
        INCOMPLETE,
        "Authorization header requires existence of a 'X-Amz-Date' header.",
    ),
    _wrong_secret: (MISMATCH, WRONG),
    _wrong_service: (MISMATCH, "Credential should be scoped to correct service: '{scope}'."),
    _neighbour_service: (MISMATCH, "Credential should be scoped to correct service: '{scope}'."),
    _no_region: (MISMATCH, "Credential should be scoped to a valid region."),
    _expired: (MISMATCH, "Signature expired: "),
    _early: (MISMATCH, "Signature not yet current: "),
    _unknown_key: (UNKNOWN, DEAD),
    _unknown_session: (UNKNOWN, DEAD),
    _no_token: (UNKNOWN, DEAD),
    _forged_token: (UNKNOWN, DEAD),
    _foreign_token: (UNKNOWN, DEAD),
    _needless_token: (UNKNOWN, DEAD),
    _token_added: (
        MISMATCH,
        "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization.",
    ),
    _body_changed: (MISMATCH, WRONG),
    _query_added: (MISMATCH, WRONG),
    _header_added: (MISMATCH, "'x-amz-extra' must be a 'SignedHeader' in the AWS Authorization."),
    _operation_changed: (MISMATCH, WRONG),
    _payload_unsigned: (MISMATCH, ""),
    _date_repeated: (INCOMPLETE, "Date must be in ISO-8601 'basic format'."),
    _signed_twice: (INCOMPLETE, "Authorization header is repeated or too long."),
    _other_host: (MISMATCH, WRONG),
    _host_unsigned: (
        MISMATCH,
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    ),
    _both_ways: (
        INCOMPLETE,
        "Sign in the Authorization header or in the query string, not in both.",
    ),
}


Case = Callable[[Attempt], Sent]
#: What every operation is tried with, and how many of the other cases it is tried with.
ALWAYS: tuple[Case, ...] = (_unsigned, _wrong_secret)
TURNS = 2
#: Of each service, what every case is tried with: operations all over its table.
A_SERVICE = 3


def turns(number: int) -> list[Case]:
    """Some of the cases, so that operations that follow each other share none."""
    others = [case for case in CASES if case not in ALWAYS]
    return [others[(number * TURNS + turn) % len(others)] for turn in range(TURNS)]


def some_of_each_service(number: int) -> list[tuple[str, str]]:
    """Operations of every service; others for each number."""
    found = []
    for service in {service: None for service, _ in SIGNED}:
        mine = [pair for pair in SIGNED if pair[0] == service]
        step = max(1, len(mine) // A_SERVICE)
        found += [mine[(number + turn * step) % len(mine)] for turn in range(A_SERVICE)]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(("service", "operation"), SIGNED)
def test_nobody_is_served_who_did_not_sign(
    untouched: Untouched, service: str, operation: str
) -> None:
    attempt = attempted(untouched, service, operation)
    cases = (*ALWAYS, *turns(SIGNED.index((service, operation))))
    assert {case.__name__: refused(attempt, case) for case in cases} == {
        case.__name__: CASES[case][0] for case in cases
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.strip("_"))
def test_every_service_refuses_every_kind_of_forgery(untouched: Untouched, case: Case) -> None:
    tried = some_of_each_service(list(CASES).index(case))
    assert {pair: refused(attempted(untouched, *pair), case) for pair in tried} == dict.fromkeys(
        tried, CASES[case][0]
    )


def refused(attempt: Attempt, case: Case) -> str:
    """The kind of refusal of a case if all of it is right, else what is wrong."""
    kind, message = CASES[case]
    answer = attempt.world.wire.send(case(attempt))
    wanted = message.format(scope=scope_of(attempt.service))
    if answer.message is None or not answer.message.startswith(wanted):
        return f"{answer} instead of {wanted}"
    return kind if is_refusal(attempt, answer, kind) else repr(answer)


def is_refusal(attempt: Attempt, answer: Answer, kind: str) -> bool:
    """Whether it is written as the operation's protocol writes it (reference §8.4)."""
    word, status = WORDS[kind]
    if not is_request_id(answer.request_id):
        return False
    if PROTOCOLS[attempt.service] == "query":
        return (
            (answer.code, answer.status, answer.headers["content-type"])
            == (kind, status, "text/xml")
        ) and b"<Type>Sender</Type>" in answer.body
    return (
        (answer.code, answer.status, answer.headers["content-type"])
        == (word, 400, "application/x-amz-json-1.1")
    ) and answer.json.keys() == {"__type", "message"}


def test_every_case_has_its_turn_with_several_operations() -> None:
    told = [case for number in range(len(SIGNED)) for case in turns(number)]
    assert min(told.count(case) for case in CASES if case not in ALWAYS) >= 5


def test_the_good_request_is_served(untouched: Untouched) -> None:
    """The matrix would prove nothing if requests were refused for another reason."""
    world, session, _ = untouched
    for keys in (world.wire.administrator, session):
        assert world.wire.call("sts", "GetCallerIdentity", {}, keys).status == 200
    assert world.wire.call("sso-admin", "ListInstances", {}).status == 200


@pytest.mark.parametrize("host", ["stranger.example", "127.0.0.1", "localhost", ""])
def test_a_foreign_host_name_is_no_host_of_ours(untouched: Untouched, host: str) -> None:
    world = untouched[0]
    sent = world.wire.request("sts", "GetCallerIdentity", {})
    signed = world.wire.sign(sent, world.wire.administrator, "sts", host=host or None)
    answer = world.wire.send(signed, host=host)
    assert answer.status == 421
    assert is_request_id(answer.request_id)


def test_every_service_has_an_operation_in_the_matrix() -> None:
    assert {service for service, _ in SIGNED} == {*TARGETS, "iam", "sts"}
    assert all(name in service_model(service).operation_names for service, name in SIGNED)
