"""Token buckets, with the clock in hand."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.core.token_bucket import SECOND, Buckets


class Clock:
    """Nanoseconds that pass when a test says so. Not at zero, as no machine's are."""

    def __init__(self) -> None:
        self.now = 987_654_321_012_345

    def __call__(self) -> int:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


def taken(buckets: Buckets, key: object = "k", tries: int = 1000) -> int:
    """How many tokens there are."""
    return sum(buckets.take(key) == 0 for _ in range(tries))


@pytest.mark.parametrize("rate", [1, 2, 3, 7, 20, 80, 250])
def test_a_new_bucket_holds_the_tokens_of_a_second(rate: int) -> None:
    clock = Clock()
    buckets = Buckets(rate, clock=clock)
    assert taken(buckets) == rate
    clock.pass_(1)
    assert taken(buckets) == rate
    clock.pass_(3600)
    assert taken(buckets) == rate


def test_tokens_come_one_by_one() -> None:
    clock = Clock()
    buckets = Buckets(20, clock=clock)
    taken(buckets)
    for _ in range(100):
        clock.pass_(0.05)
        assert taken(buckets) == 1
    clock.pass_(0.049)
    assert taken(buckets) == 0


def test_the_wait_that_is_told_is_the_wait() -> None:
    clock = Clock()
    buckets = Buckets(2, burst=5, clock=clock)
    assert taken(buckets) == 5
    wait = buckets.take("k")
    assert wait == SECOND // 2
    clock.now += wait - 1
    assert buckets.take("k") == 1
    clock.now += 1
    assert buckets.take("k") == 0


def test_what_is_refused_costs_nothing() -> None:
    clock = Clock()
    buckets = Buckets(20, clock=clock)
    taken(buckets)
    assert {buckets.take("k") for _ in range(10_000)} == {SECOND // 20}


def test_one_key_takes_nothing_from_another() -> None:
    buckets = Buckets(20, clock=Clock())
    assert taken(buckets, "one") == 20
    assert taken(buckets, "two") == 20


def test_what_is_given_back_can_be_taken_again_and_no_more() -> None:
    clock = Clock()
    buckets = Buckets(20, clock=clock)
    taken(buckets)
    buckets.give_back("k")
    assert taken(buckets) == 1
    buckets.give_back("nobody")
    clock.pass_(1)
    buckets.take("k")
    buckets.give_back("k")
    buckets.give_back("k")
    assert taken(buckets) == 20


def test_a_full_bucket_is_forgotten_when_others_come() -> None:
    clock = Clock()
    buckets = Buckets(20, clock=clock)
    for number in range(500):
        buckets.take(number)
    assert len(buckets) == 500
    clock.pass_(1)
    for number in range(1000, 1250):
        buckets.take(number)
    assert len(buckets) == 250


def test_who_is_still_limited_is_not_forgotten_for_others() -> None:
    clock = Clock()
    buckets = Buckets(20, clock=clock)
    taken(buckets, "limited")
    for number in range(5000):
        clock.pass_(0.0001)
        buckets.take(number)
    assert buckets.take("limited") == 0  # half a second has passed
    assert taken(buckets, "limited") == 9


def test_there_are_never_more_buckets_than_may_be() -> None:
    clock = Clock()
    buckets = Buckets(20, most_keys=100, clock=clock)
    for number in range(10_000):
        buckets.take(number)
        assert len(buckets) <= 100
    assert taken(buckets, 9_999) == 19
    assert taken(buckets, 0) == 20


def test_threads_share_what_there_is() -> None:
    buckets = Buckets(1000, clock=Clock())
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(taken(buckets))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 1000


@given(
    rate=st.integers(1, 1000),
    steps=st.lists(st.tuples(st.integers(0, 2 * SECOND), st.integers(1, 50)), max_size=30),
)
def test_no_stretch_of_time_has_more_than_its_rate_and_a_burst(
    rate: int, steps: list[tuple[int, int]]
) -> None:
    clock = Clock()
    buckets = Buckets(rate, clock=clock)
    found: list[tuple[int, int]] = []
    for pause, asked in steps:
        clock.now += pause
        found.append((clock.now, taken(buckets, tries=asked)))
    token = SECOND // rate
    for first, (began, _) in enumerate(found):
        together = 0
        for moment, number in found[first:]:
            together += number
            assert together <= rate + (moment - began) / token
