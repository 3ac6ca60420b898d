"""The words of the tables: deeds, facts, races, rooms, and the hand that an actor asks with."""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.paper import Key, Paper, Value
from tests.support.server import Server

Params = Mapping[str, Any]
Answer = Mapping[str, Any]
Row = tuple[Any, ...]
TENANT = "sakura-playground"
"""The account that has an instance of its own, and loses it."""
AT_MOST = 6
"""Living things of one kind that an actor keeps."""


class Nothing(Exception):
    """There is nothing to do this to now."""


class Hand:
    """What a deed is asked with: names that nobody had yet, dice, and what should be true."""

    def __init__(self, server: Server, paper: Paper, dice: random.Random, name: str) -> None:
        self.server = server
        self.paper = paper
        self.dice = dice
        self._name = name
        self._number = 0
        self.instance = server.facts["instance_arn"]
        self.store = server.facts["identity_store_id"]
        self.management = server.facts["management_account_id"]

    def a_name(self) -> str:
        """One that nobody had yet."""
        self._number += 1
        return f"load-{self._name}-{self._number}"

    def one(self, kind: str, *begin: str) -> Key:
        """The key of something that is so, whose first parts are these; `Nothing` if none is."""
        keys = [key for key in self.paper.of(kind) if key[: len(begin)] == begin]
        if not keys:
            raise Nothing
        return self.dice.choice(sorted(keys))

    def room_for(self, kind: str, *begin: str, most: int = AT_MOST) -> None:
        """`Nothing` when there are enough of them."""
        if sum(key[: len(begin)] == begin for key in self.paper.of(kind)) >= most:
            raise Nothing

    def enough_of(self, kind: str, *begin: str, least: int = AT_MOST // 2) -> None:
        """`Nothing` when there are too few of them to take one away."""
        if sum(key[: len(begin)] == begin for key in self.paper.of(kind)) < least:
            raise Nothing

    def missing(self, kind: str, *key: str) -> None:
        """`Nothing` when this is so."""
        if self.paper.get(kind, *key) is not None:
            raise Nothing


def no_effect(paper: Paper, asked: Params, answer: Answer) -> None:
    """Of what changes nothing."""


@dataclass(frozen=True, kw_only=True)
class Passing:
    """A passing state: the operation that tells of it, and whether its answer says it is over."""

    name: str
    asks: Callable[[Params, Answer], Params]
    over: Callable[[Answer], bool]
    gone: bool = False
    """Whether it ends with nothing there to tell of."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One kind of act.

    `asks` gives a request, or raises `Nothing`. `by`: the alias of the account whose administrator
    asks, ours by default. `insists`: asked again after a lost answer, with the same parameters.
    `refused`: the code that it must be refused with. `may_be`: codes that it may be refused with,
    where others act on the same things.
    """

    service: str
    name: str
    asks: Callable[[Hand], Params]
    effect: Callable[[Paper, Params, Answer], None] = no_effect
    by: str = ""
    insists: bool = True
    refused: str = ""
    may_be: frozenset[str] = frozenset()
    passing: Passing | None = None
    often: float = 1.0


def sso(
    name: str,
    asks: Callable[[Hand], Params],
    effect: Callable[[Paper, Params, Answer], None] = no_effect,
    **more: Any,
) -> Deed:
    """A deed of sso-admin's."""
    return Deed(service="sso-admin", name=name, asks=asks, effect=effect, **more)


@dataclass(frozen=True, kw_only=True)
class Race:
    """Two deeds at once, with requests for the same thing. Either may be refused for the other."""

    first: Deed
    second: Deed
    asks: Callable[[Hand], tuple[Params, Params]]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One kind of thing that may be so.

    `sql` and `stored`: every one that the store has, of ours. `service`, `name`, `asks`, `told`:
    the operation that tells one by its key, and its value in the answer, None when it is not so.
    `denied`: what is told by being denied; otherwise a refusal tells that it is not so.
    `by`: whose administrator is to ask, by the key.
    """

    kind: str
    sql: str = ""
    stored: Callable[[Row], Iterable[tuple[Key, Value]]]
    service: str = "sso-admin"
    name: str = ""
    asks: Callable[[Hand, Key], Params]
    told: Callable[[Key, Answer], Value | None]
    denied: Value | None = None
    by: Callable[[Hand, Key], str] = lambda hand, key: ""
    operation: Callable[[Hand, Key], tuple[str, str]] | None = None


@dataclass(frozen=True, kw_only=True)
class Room:
    """A table: what one actor does. `members`: accounts whose administrators it asks as."""

    name: str
    deeds: tuple[Deed, ...]
    facts: tuple[Fact, ...]
    races: tuple[Race, ...] = ()
    members: tuple[str, ...] = ()


def of_store(hand: Hand, key: Key) -> str:
    """`by` of what an identity store holds, whose id begins the key."""
    return "" if key[0] == hand.store else TENANT


def of_instance(hand: Hand, key: Key) -> str:
    """`by` of what an instance holds, whose ARN begins the key."""
    return "" if key[0].split("/")[1] == hand.instance.split("/")[1] else TENANT


def there(key: Key, answer: Answer) -> Value:
    """`told` of what has no value of its own."""
    return True
