"""Two of everything at once, on connections of their own: exactly one wins."""

import itertools
import threading
from collections.abc import Callable
from typing import TypeVar

from genkan.core.call import Person
from genkan.oauth.records import Rejected, Token
from tests.slices.oauth.program import (
    DEVICE,
    PKCE,
    authorize,
    decide,
    exchange,
    log_in,
    poll,
    refresh,
    register,
    start,
    whose,
)
from tests.support.store import Store

T = TypeVar("T")
AT_ONCE = 6


def at_once(store: Store, work: Callable[[Store], T]) -> list[T]:
    """The results of `work` in threads that start together, each with its own connection."""
    barrier = threading.Barrier(AT_ONCE, timeout=60)
    results: list[T] = []

    def run() -> None:
        own = store.another()
        barrier.wait()
        results.append(own.again(lambda: work(own)))
        own.close()

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == AT_ONCE
    return results


def test_polls_at_once_give_exactly_one_token(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    decide(store, hana, started)
    results = at_once(store, lambda own: poll(own, client, started))
    tokens = [result for result in results if isinstance(result, Token)]
    assert len(tokens) == 1
    assert whose(store, tokens[0].access_token) is not None
    others = [result.error for result in results if isinstance(result, Rejected)]
    assert others == ["invalid_grant"] * (AT_ONCE - 1)


def test_a_code_used_at_once_leaves_no_token_alive(store: Store, hana: Person) -> None:
    client = register(store, **PKCE)
    code = authorize(store, hana, client)
    results = at_once(store, lambda own: exchange(own, client, code))
    tokens = [result for result in results if isinstance(result, Token)]
    assert len(tokens) == 1
    assert whose(store, tokens[0].access_token) is None


def test_processes_that_share_a_token_file_may_refresh_at_once(store: Store, hana: Person) -> None:
    client, token = log_in(store, hana)
    results = at_once(store, lambda own: refresh(own, client, token.refresh_token))
    tokens = [result for result in results if isinstance(result, Token)]
    assert len({(one.access_token, one.refresh_token) for one in tokens}) == 1
    assert len(tokens) == AT_ONCE
    assert whose(store, tokens[0].access_token) is not None
    assert isinstance(refresh(store, client, tokens[0].refresh_token), Token)


def test_decisions_at_once_are_one_decision(store: Store, hana: Person) -> None:
    client = register(store, **DEVICE)
    started = start(store, client)
    verdicts = itertools.cycle([True, False])

    def answer(own: Store) -> str:
        try:
            return decide(own, hana, started, approve=next(verdicts))
        except AssertionError:  # Read after another's decision: nothing to decide any more.
            return "expired"

    outcomes = at_once(store, answer)
    assert len([outcome for outcome in outcomes if outcome != "expired"]) == 1
