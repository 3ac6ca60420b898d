"""Two clients at once, held against a plain model: what they were told must come of some order.

Each of the two calls is made in a thread of its own, both let go at the same moment. Whatever the
service made of it, there must be an order of the two in which the model answers the same, and what
is then read must be what the model has after that order.
"""

import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings

from tests.fronts.aws.world import Clients

M = TypeVar("M")
OK, CONFLICT, GONE = "ok", "ConflictException", "ResourceNotFoundException"
#: What two threads do is never the same twice: nothing to keep, nothing to make smaller.
NEVER_THE_SAME = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Outcome(NamedTuple):
    """What a client was told: `OK` or the error's code, and the id of what it made, if anything."""

    word: str
    made: str = ""


@dataclass(frozen=True)
class Act(Generic[M]):
    """One call. `call` returns the id of what it makes; `apply` does the same to the model.

    `apply(model, made)` says what the client must be told, and changes the model only when that
    is `OK`. A `lasting` act works on its `subject` for a while, in which AWS refuses others.
    """

    name: str
    call: Callable[[Clients], str]
    apply: Callable[[M, str], str]
    subject: str = ""
    lasting: bool = False

    def blocks(self, other: "Act[M]") -> bool:
        """Whether the other may be refused because this one is under way."""
        return self.lasting and self.subject == other.subject


def told(act: Act[M], clients: Clients) -> Outcome:
    """Make the call; what it was told."""
    try:
        return Outcome(OK, act.call(clients))
    except ClientError as error:
        return Outcome(error.response["Error"]["Code"])
    except Failure as failure:
        return Outcome(failure.args[0])


class Failure(Exception):
    """A request that was accepted and then ended otherwise than SUCCEEDED; its status."""


class Pair(Generic[M]):
    """Two clients and the models that the service may be in by what they were told so far."""

    def __init__(self, clients: tuple[Clients, Clients], model: M) -> None:
        self._clients = clients
        self._models = [model]
        self._threads = ThreadPoolExecutor(2)

    @property
    def model(self) -> M:
        """What the service is in."""
        (model,) = self._models
        return model

    def do(self, first: Act[M], second: Act[M], look: Callable[[M], Any], seen: Any) -> None:
        """Both acts at once; then `seen()` must be what `look` sees in a model of some order."""
        ready = threading.Barrier(2)

        def run(act: Act[M], clients: Clients) -> Outcome:
            ready.wait(timeout=120)
            return told(act, clients)

        under_way = [
            self._threads.submit(run, act, clients)
            for act, clients in zip((first, second), self._clients, strict=True)
        ]
        outcomes = [one.result(timeout=300) for one in under_way]
        before = self.model
        both = list(zip((first, second), outcomes, strict=True))
        self._models = [
            model for order in (both, both[::-1]) if (model := _after(before, *order)) is not None
        ]
        story = [(act.name, outcome) for act, outcome in both]
        assert self._models, f"no order explains {story} after {before}"
        found = seen()
        self._models = [model for model in self._models if look(model) == found][:1]
        assert self._models, f"after {story} there is {found}, of {before}"

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


def _after(model: M, *order: tuple[Act[M], Outcome]) -> M | None:
    """The model after the acts in this order, if it answers each as it was answered."""
    (first, _), (second, _) = order
    others = {id(first): second, id(second): first}
    after = copy.deepcopy(model)
    for act, outcome in order:
        trial = copy.deepcopy(after)
        word = act.apply(trial, outcome.made)
        if word == outcome.word:
            after = trial if word == OK else after
        elif not (outcome.word == CONFLICT and others[id(act)].blocks(act)):
            return None
    return after
