"""Password hashing: argon2id in a bounded pool of threads (DESIGN §7, §8).

One hash costs tens of milliseconds and 19 MiB, so a place in the pool is taken before anything else
is done for a sign-in, and beyond the bound the answer is `Throttled`. One source may hold only a
part of the places: a flood from one address leaves room for everybody else. A place is free again
when its hash is done, not when its client hangs up.
"""

import asyncio
import base64
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from genkan.core.errors import Throttled
from genkan.signin.password_policy import normalized

T = TypeVar("T")
PLACES = 32
PLACES_OF_ONE_SOURCE = 16
_LONGEST_COMPARED = 256
_RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Argon2id's cost (RFC 9106 §4): passes, memory in KiB, lanes."""

    time_cost: int = 2
    memory_kib: int = 19 * 1024
    parallelism: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether a password matched; `upgraded_hash` replaces a stored hash with old parameters."""

    matches: bool
    upgraded_hash: str | None = None


def hash_password(password: str, parameters: Parameters | None = None) -> str:
    """A new PHC string, computed in the calling thread: for seeds and command lines."""
    return _hasher(parameters or Parameters()).hash(normalized(password))


class HashingPool:
    """The threads that hash. One per process; `close` when the process ends.

    `refused` counts the sign-ins that found no place.
    """

    def __init__(
        self,
        parameters: Parameters | None = None,
        *,
        threads: int | None = None,
        places: int = PLACES,
        places_of_one_source: int = PLACES_OF_ONE_SOURCE,
    ) -> None:
        chosen = parameters or Parameters()
        self._hasher = _hasher(chosen)
        self._nobody = _of_nobody(chosen)
        self._executor = ThreadPoolExecutor(
            threads or min(4, os.cpu_count() or 1), thread_name_prefix="genkan-argon2"
        )
        self._places = places
        self._places_of_one_source = places_of_one_source
        self._taken: Counter[str] = Counter()
        self._working = 0
        self.refused = 0

    @property
    def taken(self) -> int:
        """Places that are taken now."""
        return self._taken.total()

    @asynccontextmanager
    async def place(self, source: str) -> AsyncIterator[None]:
        """A place for one sign-in from `source`; `Throttled` when there is none."""
        if (
            self._taken[source] >= self._places_of_one_source
            or self._taken.total() >= self._places
            or self._working >= self._places
        ):
            self.refused += 1
            raise Throttled(
                "Too many people are signing in right now.",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        self._taken[source] += 1
        try:
            yield
        finally:
            self._taken[source] -= 1
            if not self._taken[source]:
                del self._taken[source]

    async def verify(self, password_hash: str | None, password: str) -> Verification:
        """Compare; None stands for "no such user" and never matches, after the same work."""
        return await self._run(lambda: self._verify(password_hash, password))

    async def hash(self, password: str) -> str:
        """A new PHC string with the current parameters."""
        return await self._run(lambda: self._hasher.hash(normalized(password)))

    async def close(self) -> None:
        """Let running hashes finish and end the threads."""
        await asyncio.to_thread(self._executor.shutdown)

    async def _run(self, work: Callable[[], T]) -> T:
        self._working += 1
        future = asyncio.get_running_loop().run_in_executor(self._executor, work)
        future.add_done_callback(self._worked)
        return await asyncio.shield(future)

    def _worked(self, _: object) -> None:
        self._working -= 1

    def _verify(self, password_hash: str | None, password: str) -> Verification:
        text = normalized(password[:_LONGEST_COMPARED])
        try:
            self._hasher.verify(password_hash or self._nobody, text)
        except (VerificationError, InvalidHashError):
            return Verification(matches=False)
        if password_hash is None:
            return Verification(matches=False)
        if not self._hasher.check_needs_rehash(password_hash):
            return Verification(matches=True)
        return Verification(matches=True, upgraded_hash=self._hasher.hash(text))


def _of_nobody(parameters: Parameters) -> str:
    """Stands in for the hash of a user who does not exist: the same cost, and nothing matches."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (16, 32)
    )
    return (
        f"$argon2id$v=19$m={parameters.memory_kib},t={parameters.time_cost}"
        f",p={parameters.parallelism}${salt}${digest}"
    )


def _hasher(parameters: Parameters) -> PasswordHasher:
    return PasswordHasher(
        time_cost=parameters.time_cost,
        memory_cost=parameters.memory_kib,
        parallelism=parameters.parallelism,
    )
