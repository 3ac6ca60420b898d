"""Requests at once, on connections of their own: as if one had come after the other."""

import threading
from collections.abc import Callable
from typing import TypeVar

import psycopg
import pytest

from genkan.applications import issuers
from genkan.core.errors import Conflict, QuotaExceeded, Refusal
from tests.slices.applications.world import an_application, an_issuer, assign
from tests.slices.assignments.world import World
from tests.support.quotas import set_quotas
from tests.support.store import Store

T = TypeVar("T")
AT_ONCE = 4


def at_once(store: Store, work: Callable[[Store, int], T]) -> list[T | Refusal]:
    """The results, or refusals, of `work` in threads that start together."""
    barrier = threading.Barrier(AT_ONCE, timeout=60)
    results: list[T | Refusal] = []

    def run(number: int) -> None:
        own = store.another()
        barrier.wait()
        try:
            results.append(own.again(lambda: patient(lambda: work(own, number))))
        except Refusal as refusal:
            results.append(refusal)
        finally:
            own.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == AT_ONCE
    return results


def patient(work: Callable[[], T]) -> T:
    """`work()`, once more when a key was taken meanwhile, as the engine would."""
    try:
        return work()
    except psycopg.errors.UniqueViolation:
        return work()


def test_a_request_sent_several_times_at_once_makes_one_thing(store: Store, world: World) -> None:
    def make(own: Store, number: int) -> tuple[str, str]:
        with own.write() as tx:
            return an_application(tx, client_token="once"), an_issuer(tx, client_token="once")

    assert len(set(at_once(store, make))) == 1
    assert store.count("applications") == 1
    assert store.count("trusted_token_issuers") == 1


def test_one_issuer_of_a_url_is_made_at_once(store: Store, world: World) -> None:
    def make(own: Store, number: int) -> str:
        with own.write() as tx:
            return an_issuer(tx, f"I{number}")

    results = at_once(store, make)
    assert [type(result) for result in results if not isinstance(result, str)] == (
        [Conflict] * (AT_ONCE - 1)
    )
    assert store.count("trusted_token_issuers") == 1


def test_quotas_hold_at_once(store: Store, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(store, applications=2)
    monkeypatch.setattr(issuers, "ISSUER_LIMIT", 2)

    def make(own: Store, number: int) -> tuple[str, str]:
        with own.write() as tx:
            return an_application(tx), an_issuer(tx, issuer_url=f"https://{number}.example.com")

    results = at_once(store, make)
    assert [type(result) for result in results].count(QuotaExceeded) == AT_ONCE - 2
    assert store.count("applications") == 2
    assert store.count("trusted_token_issuers") == 2


def test_one_assignment_is_made_at_once(store: Store, world: World) -> None:
    with store.write() as tx:
        arn = an_application(tx)

    def make(own: Store, number: int) -> None:
        with own.write() as tx:
            assign(tx, arn, world.alice)

    results = at_once(store, make)
    assert [type(result) for result in results].count(Conflict) == AT_ONCE - 1
    assert store.count("application_assignments") == 1
