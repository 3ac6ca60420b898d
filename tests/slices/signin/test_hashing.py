"""The hashing pool: what it compares, what it bounds."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from genkan.core.errors import Throttled
from genkan.signin.hashing import HashingPool, Parameters, hash_password
from tests.slices.signin.household import CHEAP, PASSWORD, cheap_hash

OLD = Parameters(time_cost=1, memory_kib=32)


@pytest.fixture
def pool() -> Iterator[HashingPool]:
    made = HashingPool(CHEAP, threads=2)
    yield made
    asyncio.run(made.close())


def test_the_parameters_are_those_that_were_measured() -> None:
    assert hash_password(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_the_right_password_matches_and_another_does_not(pool: HashingPool) -> None:
    assert (await pool.verify(cheap_hash(PASSWORD), PASSWORD)).matches
    assert not (await pool.verify(cheap_hash(PASSWORD), PASSWORD + "x")).matches


async def test_nobody_has_no_password_that_matches(pool: HashingPool) -> None:
    assert not (await pool.verify(None, PASSWORD)).matches


async def test_a_broken_hash_matches_nothing(pool: HashingPool) -> None:
    assert not (await pool.verify("$argon2id$broken", PASSWORD)).matches


async def test_another_spelling_of_the_same_characters_matches(pool: HashingPool) -> None:
    stored = await pool.hash("Gänkan-7x")
    assert (await pool.verify(stored, "Gänkan-7x")).matches


async def test_a_hash_with_older_parameters_is_upgraded_when_it_matches(pool: HashingPool) -> None:
    old = hash_password(PASSWORD, OLD)
    verification = await pool.verify(old, PASSWORD)
    assert verification.matches
    assert verification.upgraded_hash is not None
    again = await pool.verify(verification.upgraded_hash, PASSWORD)
    assert again.matches
    assert again.upgraded_hash is None
    assert (await pool.verify(old, "wrong")).upgraded_hash is None


async def test_an_unknown_user_costs_one_hash_with_the_same_parameters(
    pool: HashingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    hasher = pool._hasher
    verify = type(hasher).verify

    def counted(self: Any, password_hash: str, password: str) -> bool:
        compared.append(password_hash.rsplit("$", 2)[0])
        return verify(self, password_hash, password)

    monkeypatch.setattr(type(hasher), "verify", counted)
    await pool.verify(cheap_hash(PASSWORD), "wrong")
    await pool.verify(None, "wrong")
    assert len(compared) == 2
    assert compared[0] == compared[1]


async def test_beyond_its_places_the_pool_refuses_at_once() -> None:
    pool = HashingPool(CHEAP, threads=1, places=2, places_of_one_source=2)
    async with pool.place("a"), pool.place("b"):
        with pytest.raises(Throttled) as refused:
            async with pool.place("c"):
                pytest.fail("there was no place")
        assert refused.value.retry_after_seconds > 0
    async with pool.place("c"):
        pass
    await pool.close()


async def test_one_source_leaves_places_for_others() -> None:
    pool = HashingPool(CHEAP, threads=1, places=3, places_of_one_source=2)
    async with pool.place("a"), pool.place("a"):
        with pytest.raises(Throttled):
            async with pool.place("a"):
                pytest.fail("there was no place")
        async with pool.place("b"):
            pass
    await pool.close()


async def test_a_client_that_hangs_up_frees_no_place_before_its_hash_is_done() -> None:
    pool = HashingPool(CHEAP, threads=1, places=1)
    gate = threading.Event()

    async def hang_up_while_hashing() -> None:
        async with pool.place("a"):
            await pool._run(gate.wait)

    task = asyncio.create_task(hang_up_while_hashing())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(Throttled):
        async with pool.place("b"):
            pytest.fail("the thread is still at work")
    gate.set()
    await pool._run(lambda: None)
    async with pool.place("b"):
        pass
    await pool.close()


async def test_a_source_that_left_is_forgotten() -> None:
    pool = HashingPool(CHEAP, threads=1)
    async with pool.place("a"):
        pass
    assert not pool._taken
    await pool.close()
