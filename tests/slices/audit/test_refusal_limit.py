"""Which refusals are recorded, and what is told of the others; the clock is the test's."""

from typing import Any

import pytest

from genkan.audit.refusals import MOST_TOLD, Budget, RefusalLimit
from genkan.core.call import (
    Anonymous,
    Call,
    Caller,
    Operation,
    Origin,
    Owner,
    Person,
    Public,
    Signer,
    Worker,
)
from genkan.core.errors import Denied, NotFound, Refusal

OPERATION = Operation(name="DoIt", run=lambda tx: None, access=Public(reason="a test"))
MINUTE = 60_000_000_000
REFUSED = Denied("You may not do this.")


class Time:
    """Nanoseconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 5 * MINUTE

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def limit(time: Time) -> RefusalLimit:
    return a_limit(time)


def a_limit(time: Time, *, limits_proven: bool = True) -> RefusalLimit:
    return RefusalLimit(
        clock=lambda: 1_700_000_000_000,
        limits_proven=limits_proven,
        caller=Budget(burst=5, a_minute=2),
        callers=Budget(burst=12, a_minute=3),
        network=Budget(burst=3, a_minute=1),
        strangers=Budget(burst=7, a_minute=2),
        monotonic=time,
    )


def signer(
    account: str = "111122223333", user_id: str = "AIDAX", person: str | None = None
) -> Signer:
    return Signer(
        account_id=account,
        arn=f"arn:aws:iam::{account}:user/{user_id}",
        user_id=user_id,
        access_key_id="AKIAXXXXXXXXXXXXXXXX",
        person_id=person,
    )


def person(user_id: str) -> Person:
    return Person(
        user_id=user_id, user_name="hana", identity_store_id="d-1234567890", session_id="s"
    )


def a_call(caller: Caller, source: str = "192.0.2.1") -> Call:
    return Call(
        operation=OPERATION,
        params={},
        caller=caller,
        origin=Origin(request_id="r", source_ip=source),
        event_source="sso.amazonaws.com",
        event_name="DoIt",
    )


def admitted(limit: RefusalLimit, call: Call, times: int = 20, refusal: Refusal = REFUSED) -> int:
    return sum(limit.admits(call, refusal) for _ in range(times))


def test_proven_callers_have_no_limit_where_none_is_wanted_and_strangers_have(time: Time) -> None:
    limit = a_limit(time, limits_proven=False)
    for _ in range(3):
        assert admitted(limit, a_call(signer())) == 20
        assert admitted(limit, a_call(person("u"))) == 20
    assert limit.untold() is None
    assert admitted(limit, a_call(Anonymous())) == 3


def test_a_caller_has_a_burst_and_then_a_rate(limit: RefusalLimit, time: Time) -> None:
    call = a_call(signer())
    assert admitted(limit, call) == 5
    time.now += MINUTE
    assert admitted(limit, call) == 2
    time.now += 60 * MINUTE
    assert admitted(limit, call) == 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (signer(user_id="AROAX:a", person="u"), signer(user_id="AROAY:b", person="u")),
        (signer(user_id="AROAX:a"), signer(user_id="AROAX:b")),
        (signer(user_id="AROAX:a", person="u"), person("u")),
    ],
)
def test_sessions_of_one_person_or_role_share_a_budget(
    limit: RefusalLimit, one: Caller, other: Caller
) -> None:
    assert admitted(limit, a_call(one)) == 5
    assert admitted(limit, a_call(other)) == 0


@pytest.mark.parametrize(
    "other", [signer("444455556666"), signer(user_id="AIDAY"), signer(person="v"), person("v")]
)
def test_one_caller_does_not_use_up_anothers(limit: RefusalLimit, other: Caller) -> None:
    assert admitted(limit, a_call(signer())) == 5
    assert admitted(limit, a_call(other)) == 5


def test_all_callers_share_a_budget_and_spend_none_of_their_own_beyond(
    limit: RefusalLimit, time: Time
) -> None:
    assert [admitted(limit, a_call(signer(user_id=f"AIDA{n}"))) for n in range(4)] == [5, 5, 2, 0]
    time.now += MINUTE
    # The fourth has its whole burst; what all have is three a minute.
    assert admitted(limit, a_call(signer(user_id="AIDA3"))) == 3


def test_strangers_have_budgets_by_network_and_together(limit: RefusalLimit) -> None:
    addresses = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
    assert [admitted(limit, a_call(Anonymous(), each)) for each in addresses] == [3, 3, 1]


def test_strangers_use_up_nothing_of_whoever_is_proven(limit: RefusalLimit) -> None:
    for number in range(200):
        admitted(limit, a_call(Anonymous(), f"198.51.100.{number}"))
    assert admitted(limit, a_call(signer())) == 5


def test_addresses_of_one_ipv6_network_are_one(limit: RefusalLimit) -> None:
    assert admitted(limit, a_call(Anonymous(), "2001:db8::1")) == 3
    assert admitted(limit, a_call(Anonymous(), "2001:db8::ffff:2")) == 0
    assert admitted(limit, a_call(Anonymous(), "2001:db8:0:ff::1")) == 0
    assert admitted(limit, a_call(Anonymous(), "2001:db8:0:100::1")) == 3


def test_ipv4_clients_of_a_socket_of_both_families_are_each_their_own(limit: RefusalLimit) -> None:
    assert admitted(limit, a_call(Anonymous(), "::ffff:192.0.2.1")) == 3
    assert admitted(limit, a_call(Anonymous(), "192.0.2.1")) == 0
    assert admitted(limit, a_call(Anonymous(), "::ffff:192.0.2.2")) == 3


@pytest.mark.parametrize("source", ["", "no address", "x" * 5000])
def test_what_is_no_address_has_a_budget_too(limit: RefusalLimit, source: str) -> None:
    assert admitted(limit, a_call(Anonymous(), source)) == 3


@pytest.mark.parametrize("caller", [Owner(reason="test"), Worker(kind="Job", job_id="1", fence=1)])
def test_our_own_jobs_are_not_limited(limit: RefusalLimit, caller: Caller) -> None:
    assert admitted(limit, a_call(caller), 500) == 500
    assert limit.untold() is None


def test_what_is_not_recorded_is_counted_and_told_once(limit: RefusalLimit) -> None:
    assert limit.untold() is None
    admitted(limit, a_call(signer(), "192.0.2.1"), 8)
    admitted(limit, a_call(signer(), "192.0.2.2"), 4, NotFound("no such thing"))
    admitted(limit, a_call(Anonymous(), "192.0.2.3"), 5)
    assert limit.not_recorded == {"caller": 7, "callers": 0, "network": 2, "strangers": 0}
    told = limit.untold()
    assert told is not None
    assert told.audit_data == {
        "count": 9,
        "since": "2023-11-14T22:13:20Z",
        "until": "2023-11-14T22:13:20Z",
        "errorCodes": {"AccessDenied": 5, "ResourceNotFoundException": 4},
        "sourceIPAddresses": {"192.0.2.2": 4, "192.0.2.1": 3, "192.0.2.3": 2},
    }
    assert limit.untold() is None
    assert limit.not_recorded["caller"] == 7


def test_one_record_names_no_more_than_it_can_hold(limit: RefusalLimit) -> None:
    for number in range(5000):
        limit.admits(a_call(Anonymous(), f"198.{number // 250}.100.{number % 250}"), REFUSED)
    told = limit.untold()
    assert told is not None
    sources: Any = told.audit_data["sourceIPAddresses"]
    assert len(sources) <= MOST_TOLD + 1
    assert sum(sources.values()) == told.audit_data["count"] == 5000 - 7


def test_a_sandbox_put_back_has_every_budget_again(limit: RefusalLimit) -> None:
    admitted(limit, a_call(signer()))
    admitted(limit, a_call(Anonymous()))
    limit.forget()
    assert limit.untold() is None
    assert admitted(limit, a_call(signer())) == 5
    assert admitted(limit, a_call(Anonymous())) == 3


def test_memory_is_bounded_whoever_comes(limit: RefusalLimit) -> None:
    for number in range(40_000):
        limit.admits(a_call(Anonymous(), f"{number % 200}.{number // 200}.0.1"), REFUSED)
    assert len(limit._strangers.own) <= 16_384
    assert limit._untold is not None
    assert len(limit._untold.sources) <= 1001
