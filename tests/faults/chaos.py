"""What is done to an installation, in an order that a seed decides, while actors keep it busy.

`Run` is the whole of one run: prepare the actors, let the faults happen, calm down, judge. The
same seed gives the same schedule and the same dice for every actor; the moments are the machine's.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from genkan.audit.sealing import SEAL_JOB
from tests.faults.access import Access
from tests.faults.actors import Actor, Holder, Visitor
from tests.faults.deeds.table import ROOMS
from tests.faults.journal import Journal
from tests.faults.keeper import Keeper
from tests.faults.leftovers import Rows
from tests.faults.paper import Facts
from tests.faults.verdict import judge, what_is
from tests.support.nodes import Nodes

_WORK = f"SELECT 1 FROM jobs WHERE kind <> '{SEAL_JOB}'"
KILLS = int(os.environ.get("GENKAN_TEST_KILLS", "8"))
SEED = int(os.environ.get("GENKAN_TEST_SEED", "0")) or random.randrange(1, 2**31)
_UNRECORDED = "could not be recorded"
CALM_SECONDS = 240
"""How long everything may take to end once nothing disturbs it."""
_GO_ON_SECONDS = 120
_ALIASES = ("sakura-security", "sakura-data-dev", "sakura-web-dev")

_ALL_FROM_KILLS = 50
Case = TypeVar("Case")
Fault = Callable[[random.Random], None]


def some(cases: Sequence[Case], count: int) -> list[Case]:
    """So many of the cases, which the seed chooses; all of them where there are many kills."""
    if KILLS >= _ALL_FROM_KILLS or count >= len(cases):
        return list(cases)
    chosen = random.Random(SEED).sample(range(len(cases)), count)
    return [cases[number] for number in sorted(chosen)]


def schedule(seed: int, kills: int, others: Mapping[str, int], kinds: Sequence[str]) -> list[str]:
    """The faults of a run in their order: so many kills of these kinds, so many of the others."""
    dice = random.Random(f"{seed}/schedule")
    faults = [kinds[number % len(kinds)] for number in range(kills)]
    faults += [name for name, count in others.items() for _ in range(count)]
    dice.shuffle(faults)
    return faults


class Run:
    """One installation under load. `faults` are what may be done to it, by name."""

    def __init__(self, nodes: Nodes, folder: Path, seed: int, faults: Mapping[str, Fault]) -> None:
        self.nodes = nodes
        self.seed = seed
        self.journal = Journal(folder / "journal.jsonl")
        self._faults = faults
        self._dice = random.Random(f"{seed}/chaos")
        self.done: Counter[str] = Counter()
        self.before: Facts = {}
        make: Any = (self.journal, nodes, seed)
        self.access = [
            Access("access-0", *make, user_name="ken", aliases=_ALIASES),
            Access("access-1", *make, user_name="maria", aliases=_ALIASES),
        ]
        self.holders = [Holder("holder", *make, user_name="alex")]
        self.keepers = [Keeper(room.name, *make, room) for room in ROOMS]
        self.actors: list[Actor] = [
            *self.keepers,
            *self.access,
            *self.holders,
            Visitor("visitor", *make, user_name="hanako"),
        ]

    def under(self, faults: Iterable[str]) -> list[str]:
        """Everything that is wrong after these faults under load, with how to repeat it."""
        print(f"seed {self.seed}")
        before = what_is(Rows(self.nodes.database))
        for keeper in (*self.keepers, *self.access):
            keeper.know(before)
        for actor in self.actors:
            actor.prepare()
        for actor in self.actors:
            actor.start()
        try:
            self._go_on()
            for name in faults:
                self.journal.note(name)
                self._faults[name](self._dice)
                self.done[name] += 1
                self._go_on()
        finally:
            for actor in self.actors:
                actor.stopping.set()
            for actor in self.actors:
                actor.join()
        print(f"{dict(self.done)} among {len(self.journal.acts)} acts: {self.journal.counts()}")
        self.calm_down()
        self._look_at_sessions()
        self.before = before
        self.journal.unrecorded = self._unrecorded()
        found = judge(self.journal, self.nodes.database, before)
        return [f"seed {self.seed}", *found] if found else []

    def _unrecorded(self) -> int:
        if self.done["no bytes left"]:
            return len(self.journal.acts)  # the log could not grow either
        return self.nodes.log().count(_UNRECORDED)

    def _go_on(self) -> None:
        """Return after some more acts, at a moment that nobody chose."""
        wanted = len(self.journal) + self._dice.randint(3, 20)
        deadline = time.monotonic() + _GO_ON_SECONDS
        while len(self.journal) < wanted:
            if time.monotonic() > deadline:
                raise AssertionError(f"seed {self.seed}: the load does not go on")
            time.sleep(0.005)
        time.sleep(self._dice.random() / 20)

    def calm_down(self) -> None:
        """Return when no job is left: all that was asked has ended, or will not."""
        rows = Rows(self.nodes.database)
        deadline = time.monotonic() + CALM_SECONDS
        while rows.all(_WORK) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _look_at_sessions(self) -> None:
        stand = set(
            Rows(self.nodes.database).all(
                "SELECT account_id, permission_set_id, principal_id FROM assignments"
            )
        )
        for actor in self.access:
            actor.stopping.clear()
            for session in actor.sessions:
                account, arn, principal = session.stands_on
                right = (account, arn.rpartition("/")[2], principal) in stand
                caller = actor.until(lambda kept=session: actor.asker.identity(kept.credentials))  # type: ignore[misc] # noqa: B023
                if caller is not None and caller.done != right:
                    self.journal.object_to(
                        f"a session of {session.stands_on} is alive: {caller.done},"
                        f" its assignment stands: {right}"
                    )
        for holder in self.holders:
            holder.stopping.clear()
            for token, right in [
                *((ended, False) for ended in holder.ended),
                *([(holder.token["accessToken"], True)] if holder.token else []),
            ]:
                listed = holder.accounts(token)
                if listed is not None and listed.done != right:
                    self.journal.object_to(f"a token is alive: {listed.done}, not {right}")
