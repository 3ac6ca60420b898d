"""The lock-out's rule, without a store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.signin import throttle
from genkan.signin.throttle import Count

NOW = 1_800_000_000_000
TIMES = st.integers(min_value=0, max_value=2**45)


def tried(times: int, *, free: int = throttle.FREE_ATTEMPTS) -> Count:
    count = Count()
    for _ in range(times):
        count = throttle.counted(count, NOW, free=free)
    return count


def test_five_attempts_are_free_and_the_fifth_makes_the_sixth_wait() -> None:
    assert throttle.wait_seconds(tried(4), NOW) == 0
    assert throttle.wait_seconds(tried(5), NOW) == 15
    assert throttle.wait_seconds(tried(6), NOW) == 30


@given(attempts=st.integers(min_value=0, max_value=10**9), free=st.integers(0, 5))
def test_no_wait_is_longer_than_fifteen_minutes(attempts: int, free: int) -> None:
    assert 0 <= throttle.delay_ms(attempts, free=free) <= 15 * 60 * 1000


@given(attempts=st.integers(min_value=0, max_value=10**6), free=st.integers(0, 5))
def test_a_further_attempt_never_shortens_the_wait(attempts: int, free: int) -> None:
    longer = throttle.delay_ms(attempts + 1, free=free)
    assert longer >= throttle.delay_ms(attempts, free=free)


def test_a_day_without_an_attempt_is_forgotten() -> None:
    count = tried(20)
    later = NOW + throttle.FORGET_AFTER_MS
    assert throttle.current(count, later) == count
    assert throttle.current(count, later + 1) == Count()


def test_a_suspicious_user_name_leaves_every_network_its_first_attempt() -> None:
    of_name = Count(attempts=10**6, counted_at=NOW)
    free = throttle.free_attempts(of_name)
    assert throttle.wait_seconds(Count(), NOW) == 0
    assert throttle.wait_seconds(tried(1, free=free), NOW) == 15


@given(count=st.builds(Count, attempts=TIMES, blocked_until=TIMES, counted_at=TIMES), now=TIMES)
def test_waiting_ends_exactly_when_the_block_does(count: Count, now: int) -> None:
    wait = throttle.wait_seconds(count, now)
    assert (wait > 0) == (count.blocked_until > now)
    assert throttle.wait_seconds(count, now + wait * 1000) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("2001:db8:1:200:ffff::9", "2001:db8:1:200::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", "unknown"),
        ("example.org", "unknown"),
    ],
)
def test_one_customer_is_one_network(address: str, network: str) -> None:
    assert throttle.network(address) == network


@given(st.text())
def test_no_address_breaks_the_throttle(address: str) -> None:
    assert throttle.network(address)
