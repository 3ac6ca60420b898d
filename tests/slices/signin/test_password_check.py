"""Signing in around the hashing pool, and what happens when much comes at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genkan.core.call import Owner
from genkan.core.errors import Denied, Invalid, Throttled
from genkan.signin import operations, throttle
from genkan.signin.hashing import HashingPool
from genkan.signin.password_check import set_password, sign_in_with_password
from genkan.signin.records import NotSignedIn, SignedIn
from tests.slices.signin.household import CHEAP, PASSWORD
from tests.slices.signin.running import HERE, Running, running


@pytest.fixture
async def house(tmp_path: Path, engine: str) -> AsyncIterator[Running]:
    async with running(tmp_path, engine=engine) as made:
        yield made


@pytest.fixture
async def pool() -> AsyncIterator[HashingPool]:
    made = HashingPool(CHEAP, threads=2)
    yield made
    await made.close()


async def attempt(
    house: Running,
    pool: HashingPool,
    user_name: str = "hana",
    password: str = PASSWORD,
    address: str = "192.0.2.1",
) -> SignedIn | NotSignedIn:
    return await sign_in_with_password(
        house.app,
        pool,
        user_name=user_name,
        password=password,
        workflow_id="workflow",
        origin=replace(HERE, source_ip=address),
    )


async def test_the_right_password_signs_in_and_leaves_aws_events(
    house: Running, pool: HashingPool
) -> None:
    outcome = await attempt(house, pool)
    assert isinstance(outcome, SignedIn)
    assert [name for name, _ in house.trail] == ["CredentialChallenge", "CredentialVerification"]
    assert house.trail[1][1] is outcome


async def test_a_wrong_password_leaves_a_failure(house: Running, pool: HashingPool) -> None:
    outcome = await attempt(house, pool, password="wrong")
    assert isinstance(outcome, NotSignedIn)
    assert outcome.audit_outcome == "Failure"
    assert [name for name, _ in house.trail] == ["CredentialChallenge", "CredentialVerification"]


async def test_a_stranger_who_waits_out_no_lock_leaves_only_so_many_further_records(
    house: Running, pool: HashingPool
) -> None:
    for _ in range(throttle.FREE_ATTEMPTS):
        await attempt(house, pool, password="wrong")
    records, rows = len(house.trail), house.all_rows()
    for _ in range(30):
        outcome = await attempt(house, pool)
        assert isinstance(outcome, NotSignedIn)
        assert outcome.reason == "locked"
    assert len(house.trail) == records
    assert [name for name, _ in house.bounded] == ["CredentialChallenge"] * 30
    assert house.all_rows() == rows


@pytest.mark.parametrize("user_name", ["hana", "nobody"])
async def test_every_attempt_hashes_once_whoever_it_is_for(
    house: Running, pool: HashingPool, monkeypatch: pytest.MonkeyPatch, user_name: str
) -> None:
    hashed: list[object] = []
    verify = HashingPool._verify

    def counted(self: HashingPool, password_hash: str | None, password: str) -> Any:
        hashed.append(self)
        return verify(self, password_hash, password)

    monkeypatch.setattr(HashingPool, "_verify", counted)
    await attempt(house, pool, user_name, "wrong")
    assert len(hashed) == 1


async def test_guesses_sent_at_once_share_the_limit(house: Running, pool: HashingPool) -> None:
    outcomes = await asyncio.gather(
        *(attempt(house, pool, password=f"guess-{number}") for number in range(15))
    )
    wrong = [o for o in outcomes if isinstance(o, NotSignedIn) and o.reason == "wrong"]
    assert len(outcomes) == 15
    assert len(wrong) <= throttle.FREE_ATTEMPTS
    assert all(isinstance(outcome, NotSignedIn) for outcome in outcomes)
    assert sum(name == "CredentialChallenge" for name, _ in house.trail) == throttle.FREE_ATTEMPTS


async def test_the_right_password_among_too_many_guesses_does_not_pass(
    house: Running, pool: HashingPool
) -> None:
    for number in range(throttle.FREE_ATTEMPTS):
        await attempt(house, pool, password=f"guess-{number}")
    outcomes = await asyncio.gather(*(attempt(house, pool) for _ in range(10)))
    assert all(isinstance(outcome, NotSignedIn) for outcome in outcomes)


async def test_a_full_pool_refuses_and_counts_nothing(house: Running) -> None:
    pool = HashingPool(CHEAP, threads=1, places=1)
    async with pool.place("198.51.100.1"):
        with pytest.raises(Throttled):
            await attempt(house, pool)
    assert house.rows("sign_in_attempts") == 0
    ((name, outcome),) = house.trail
    assert name == "CredentialChallenge"
    assert isinstance(outcome, Throttled)
    await pool.close()


async def test_strangers_make_few_rows_and_no_sessions(house: Running, pool: HashingPool) -> None:
    for number in range(30):
        await attempt(house, pool, f"guess-{number}", address=f"198.51.100.{number}")
    assert house.rows("sign_in_attempts") == 90
    assert house.rows("interactive_sessions") == 0
    house.clock.advance(seconds=2 * 24 * 3600)
    await attempt(house, pool, "another")
    assert house.rows("sign_in_attempts") == 3


async def test_a_password_that_breaks_the_policy_is_not_set(
    house: Running, pool: HashingPool
) -> None:
    with pytest.raises(Invalid, match="TOO_SHORT, NO_UPPER_CASE, NO_DIGIT, NO_SYMBOL"):
        await set_password(
            house.app,
            pool,
            user_id=house.household.hana,
            password="short",
            caller=Owner(reason="test"),
            origin=HERE,
        )


async def test_a_new_password_replaces_the_old_one(house: Running, pool: HashingPool) -> None:
    await set_password(
        house.app,
        pool,
        user_id=house.household.hana,
        password="Another-horse-8",
        caller=Owner(reason="test"),
        origin=HERE,
    )
    assert isinstance(await attempt(house, pool), NotSignedIn)
    assert isinstance(await attempt(house, pool, password="Another-horse-8"), SignedIn)


async def test_nobody_but_the_owner_sets_a_password(house: Running, pool: HashingPool) -> None:
    outcome = await attempt(house, pool)
    assert isinstance(outcome, SignedIn)
    for caller in (None, outcome.person):
        with pytest.raises(Denied):
            await house.do(
                operations.SET_PASSWORD,
                caller,
                user_id=house.household.ken,
                password_hash="$argon2id$stolen",
            )


async def test_an_old_hash_is_upgraded_by_signing_in(house: Running) -> None:
    pool = HashingPool(replace(CHEAP, memory_kib=128))
    assert isinstance(await attempt(house, pool), SignedIn)
    challenge = await house.do(
        operations.PREPARE_PASSWORD, user_name="hana", workflow_id="workflow"
    )
    assert "m=128" in challenge.password_hash
    assert isinstance(await attempt(house, pool), SignedIn)
    await pool.close()
