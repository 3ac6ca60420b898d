"""The actor that does what a room's table says, and looks at once whether it is so.

What it was told is on its own paper. After an acknowledged act whatever that changed must be told
by the next reader, who asks another node; what should be possible must not be refused; a passing
state must pass; the same client token must give the same thing.
"""

import itertools
import threading
import time
from collections.abc import Mapping
from typing import Any

from tests.faults.actors import PATIENCE_SECONDS, Actor
from tests.faults.deeds.deed import Deed, Fact, Hand, Nothing, Params, Race, Room
from tests.faults.journal import REFUSED, Act, Asker, Journal
from tests.faults.paper import Facts, Key, Paper, Value
from tests.support.nodes import Nodes

_PAUSE_SECONDS = 0.02
_LOOKS = 0.3
_REPEATS = 0.3
_RACES = 0.12
_AGAIN = ("Throttling", "TooManyRequests", "SlowDown")
"""How codes begin that only say: not now."""
_ABSENT = object()
Asked = Mapping[str, Any]


class Keeper(Actor):
    """Keeps the things of one room. `looks`: which share of what was changed it looks at.

    `before`: what is so before anybody acts. `node`: the one that it asks, else the balancer; it
    looks at another one.
    """

    def __init__(
        self,
        name: str,
        journal: Journal,
        server: Nodes,
        seed: int,
        room: Room,
        *,
        looks: float = _LOOKS,
        node: int | None = None,
    ) -> None:
        super().__init__(name, journal, server, seed)
        self.room = room
        self.paper = Paper()
        self.hand = Hand(server, self.paper, self.dice, name)
        self.done: set[Deed] = set()
        self.node = node
        self._looks = looks
        self._facts = {fact.kind: fact for fact in room.facts}
        self.keys: dict[str, Mapping[str, str] | None] = {"": None}
        self._askers: dict[tuple[str, int | None, str], Asker] = {}
        self._turns = itertools.cycle(range(len(server.serving)))

    def know(self, before: Facts) -> None:
        """Begin with what is so."""
        self.paper = Paper(before)
        self.hand.paper = self.paper

    def share(self, other: "Keeper") -> None:
        """Keep the same things as another one, who asks another node."""
        self.paper = self.hand.paper = other.paper
        self.keys = other.keys

    def prepare(self) -> None:
        """Be the administrator of the room's member accounts, too."""
        for alias in self.room.members:
            self.become(alias)

    def become(self, alias: str) -> None:
        """Take a session of the account's administrator."""
        role = f"arn:aws:iam::{self.server.account(alias)}:role/OrganizationAccountAccessRole"
        given = self.server.client("sts").assume_role(RoleArn=role, RoleSessionName="keeper")[
            "Credentials"
        ]
        self.keys[alias] = {
            "access_key_id": given["AccessKeyId"],
            "secret_access_key": given["SecretAccessKey"],
            "session_token": given["SessionToken"],
        }

    def step(self) -> None:
        """One deed or race that is possible now."""
        deeds = [*self.room.deeds, *self.room.races]
        weights = [deed.often if isinstance(deed, Deed) else _RACES for deed in deeds]
        (chosen,) = self.dice.choices(deeds, weights)
        self.attempt(chosen)

    def attempt(self, chosen: Deed | Race) -> None:
        """Do it, if it is possible now."""
        try:
            asked = chosen.asks(self.hand)
        except Nothing:
            return
        before = self.paper.everything()
        if isinstance(chosen, Race):
            self._race(chosen, *asked)  # type: ignore[misc]
        else:
            self._do(chosen, asked)  # type: ignore[arg-type]
        self._look_at(before)

    # --- doing ------------------------------------------------------------------------------------

    def _do(self, deed: Deed, asked: Params) -> None:
        act = self._known(deed, asked)
        if act is None:
            return
        if deed.refused:
            self._must_be_refused(deed, act)
        elif act.done:
            self._take(deed, act)
            if "ClientToken" in asked and self.dice.random() < _REPEATS:
                self._repeat(deed, act)

    def _known(self, deed: Deed, asked: Params, *, lost: bool = False) -> Act | None:
        """An act that is known to be done, or refused as it must be; None otherwise.

        `lost`: whether it was asked before, and nobody knows what became of it.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            act = self._ask(deed, asked)
            if act.done:
                return act
            if act.outcome == REFUSED and not says_later(act):
                return act if deed.refused else self._refused(deed, act, lost=lost)
            if not (deed.insists or deed.refused) and not says_later(act):
                return None
            lost = lost or act.outcome != REFUSED
            if time.monotonic() > deadline:
                self.journal.object_to(f"{self.name}: no answer to {act.name} for so long")
                return None
            if self.stopping.wait(_PAUSE_SECONDS):
                return None

    def _refused(self, deed: Deed, act: Act, *, lost: bool) -> Act | None:
        if act.told.partition(" ")[2] in deed.may_be:
            return None  # for a reason of others; of what was lost that says nothing
        if lost:
            # It was done the first time, as far as anybody can know here: the judge knows better.
            deed.effect(self.paper, act.asked, act.answer)
            self._until_it_has_passed(deed, act)
        else:
            self.journal.object_to(f"{act.agent} {act.name} {dict(act.asked)}: {act.told}")
        return None

    def _must_be_refused(self, deed: Deed, act: Act) -> None:
        if act.done or act.told.partition(" ")[2] != deed.refused:
            told = f"{act.agent} {act.name} {dict(act.asked)}: {act.outcome} {act.told}"
            self.journal.object_to(f"not refused with {deed.refused}: {told}")
        self.done.add(deed)

    def _take(self, deed: Deed, act: Act) -> None:
        deed.effect(self.paper, act.asked, act.answer)
        self.done.add(deed)
        self._until_it_has_passed(deed, act)

    def _repeat(self, deed: Deed, act: Act) -> None:
        """The same request with the same token: the same answer, and nothing more."""
        again = self._known(deed, act.asked)
        if again is not None and _without_metadata(again) != _without_metadata(act):
            self.journal.object_to(f"one token, two answers: {act.answer} {again.answer}")

    def _race(self, race: Race, first: Params, second: Params) -> None:
        acts: list[Act | None] = [None, None]

        def ask(place: int, deed: Deed, asked: Params) -> None:
            acts[place] = self._ask(deed, asked, f"racer-{place}")

        threads = [
            threading.Thread(target=ask, args=(place, deed, asked), daemon=True)
            for place, (deed, asked) in enumerate(((race.first, first), (race.second, second)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if acts[1] is not None and acts[1].done:
            race.second.effect(self.paper, second, acts[1].answer)
        gone = acts[0]
        if gone is None or not gone.done:
            # Whether it is gone is not known, so it is taken away by an act that is.
            gone = self._known(race.first, first, lost=gone is None or gone.outcome != REFUSED)
        if gone is not None:
            self._take(race.first, gone)

    # --- looking ----------------------------------------------------------------------------------

    def _look_at(self, before: Mapping[tuple[str, Key], Value]) -> None:
        if self.stopping.is_set():
            return  # what passes may not have passed
        after = self.paper.everything()
        changed = [
            one
            for one in {**before, **after}
            if before.get(one, _ABSENT) != after.get(one, _ABSENT) and one[0] in self._facts
        ]
        for kind, key in changed:
            if self.dice.random() < self._looks:
                self._look(self._facts[kind], key, after.get((kind, key)))

    def _look(self, fact: Fact, key: Key, value: Value | None) -> None:
        service, name = fact.operation(self.hand, key) if fact.operation else ("", "")
        alias = fact.by(self.hand, key)
        node = next(self._turns)
        if node == self.node:
            node = next(self._turns)
        asker = self._asker(alias, node, "eyes")
        act = asker.aws(service or fact.service, name or fact.name, **fact.asks(self.hand, key))
        if act.done:
            told = fact.told(key, act.answer)
        elif act.outcome == REFUSED and not says_later(act):
            denied = "AccessDenied" in act.told
            told = fact.denied if denied else None
        else:
            return
        if told != value:
            self.journal.object_to(
                f"{act.agent} {fact.kind} {key}: node {node} tells {told}, it is {value}"
            )

    def _until_it_has_passed(self, deed: Deed, act: Act) -> None:
        passing = deed.passing
        if passing is None:
            return
        asked = passing.asks(act.asked, act.answer)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.stopping.is_set():
            seen = self._asker(deed.by, self.node, "").aws(deed.service, passing.name, **asked)
            if seen.outcome == REFUSED and not says_later(seen):
                if not passing.gone:
                    self.journal.object_to(f"{act.agent} {act.name} came to nothing: {seen.told}")
                return
            if seen.done and passing.over(seen.answer) and not passing.gone:
                self._learn(deed.service, seen)
                return
            if time.monotonic() > deadline:
                self.journal.object_to(f"{act.agent} {act.name} does not pass")
                return
            time.sleep(_PAUSE_SECONDS)

    def _learn(self, service: str, seen: Act) -> None:
        for deed in self.room.deeds:
            if (deed.service, deed.name) == (service, seen.name):
                deed.effect(self.paper, seen.asked, seen.answer)

    def _ask(self, deed: Deed, asked: Params, asker: str = "") -> Act:
        return self._asker(deed.by, self.node, asker).aws(deed.service, deed.name, **asked)

    def _asker(self, alias: str, node: int | None, which: str) -> Asker:
        place = (alias, node, which)
        if place not in self._askers:
            self._askers[place] = Asker(
                self.name, self.journal, self.server, credentials=self.keys[alias], node=node
            )
        return self._askers[place]


def says_later(act: Act) -> bool:
    """Whether a refusal only means: not now."""
    return act.outcome == REFUSED and act.told.partition(" ")[2].startswith(_AGAIN)


def _without_metadata(act: Act) -> dict[str, Any]:
    return {name: value for name, value in act.answer.items() if name != "ResponseMetadata"}
