"""What the door does about a refusal: recorded once, within budgets, and told in any case."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from genkan.audit import refusals
from genkan.audit.refusals import Budget, RefusalLimit, Teller
from genkan.core.call import Anonymous, Call, Caller, Operation, Origin, Owner, Public, Worker
from genkan.core.errors import NotFound, Refusal, Throttled
from genkan.perform import perform, record_refusal

JOB = Worker(kind="Job", job_id="1", fence=1)


class House:
    """What the door needs, and what it had recorded.

    `broken`: nothing can be written. `lost`: how often a record's transaction is lost.
    """

    def __init__(self) -> None:
        self.recorded: list[object] = []
        self.asked: list[object] = []
        self.admitted = True
        self.broken = False
        self.lost = 0
        self.app: Any = SimpleNamespace(
            db=self,
            deployment=SimpleNamespace(region="us-east-1"),
            record=lambda tx, call, outcome: self.recorded.append(outcome),
            admits=self._admits,
        )

    def _admits(self, call: Call, outcome: object) -> bool:
        self.asked.append(outcome)
        return self.admitted

    async def point(self, call: Call, work: Callable[[Any], Any]) -> Any:
        return work(None)

    async def write(
        self, call: Call, work: Callable[[Any], Any], refused: Callable[..., None] | None = None
    ) -> Any:
        if self.broken:
            raise OSError("no space left")
        try:
            return work(None)
        except Refusal as refusal:
            for _ in range(self.lost + 1 if refused is not None else 0):
                self.recorded.clear()
                refused(None, refusal)
            raise


@pytest.fixture
def house() -> House:
    return House()


def refusing(
    refusal: Refusal,
    *,
    reads: Literal["point"] | None = "point",
    caller: Caller | None = None,
    name: str = "LookAtIt",
    recorded: bool = True,
) -> Call:
    """A call that is refused."""

    def run(tx: Any) -> None:
        raise refusal

    return Call(
        operation=Operation(
            name="LookAtIt",
            run=run,
            access=Public(reason="a test"),
            reads=reads,
            recorded=recorded,
        ),
        params={},
        caller=caller or Anonymous(),
        origin=Origin(request_id="r"),
        event_source="sso.amazonaws.com",
        event_name=name,
    )


async def refused(house: House, call: Call) -> None:
    """The door refuses it, and whoever asked sees to the record once more, as fronts do."""
    with pytest.raises(Refusal) as caught:
        await perform(house.app, call)
    await record_refusal(house.app, call, caught.value)


@pytest.mark.parametrize(("reads", "recorded"), [("point", True), (None, True), (None, False)])
async def test_a_refusal_is_recorded_once_whatever_was_asked(
    house: House, reads: Literal["point"] | None, recorded: bool
) -> None:
    refusal = NotFound("There is none.")
    await refused(house, refusing(refusal, reads=reads, recorded=recorded))
    assert house.recorded == house.asked == [refusal]


@pytest.mark.parametrize("caller", [Owner(reason="test"), JOB])
async def test_a_read_of_our_own_leaves_no_record(house: House, caller: Caller) -> None:
    with pytest.raises(NotFound):
        await perform(house.app, refusing(NotFound("There is none."), caller=caller))
    assert house.recorded == house.asked == []


async def test_a_step_of_something_else_is_recorded_by_whoever_takes_it(house: House) -> None:
    refusal = NotFound("There is none.")
    call = refusing(refusal, name="")
    with pytest.raises(NotFound):
        await perform(house.app, call)
    assert house.recorded == []
    await record_refusal(house.app, replace(call, event_name="LookAtIt"), refusal)
    assert house.recorded == [refusal]


@pytest.mark.parametrize("reads", ["point", None])
async def test_beyond_its_budget_a_refusal_is_told_and_not_recorded(
    house: House, reads: Literal["point"] | None
) -> None:
    house.admitted = False
    await refused(house, refusing(NotFound("There is none."), reads=reads))
    assert house.recorded == []
    assert len(house.asked) == 1


@pytest.mark.parametrize("admitted", [True, False])
async def test_a_record_whose_transaction_is_lost_is_of_one_refusal(
    house: House, admitted: bool
) -> None:
    house.admitted, house.lost = admitted, 3
    await refused(house, refusing(NotFound("There is none."), reads=None))
    assert len(house.asked) == 1
    assert len(house.recorded) == int(admitted)


@pytest.mark.parametrize("reads", ["point", None])
async def test_what_its_raiser_records_spends_no_budget(
    house: House, reads: Literal["point"] | None
) -> None:
    await refused(house, refusing(Throttled("Rate exceeded", audit_silent=True), reads=reads))
    assert house.recorded == house.asked == []


async def test_a_read_is_refused_all_the_same_when_its_record_cannot_be_written(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.broken = True
    await refused(house, refusing(NotFound("There is none.")))
    assert [record.message for record in caplog.records] == [
        "the refusal of request r could not be recorded"
    ]


# --- telling --------------------------------------------------------------------------------------


def beyond(number: int) -> RefusalLimit:
    """A limit with so many that were not recorded."""
    none = Budget(burst=1, a_minute=1)
    limit = RefusalLimit(clock=lambda: 0, network=none, strangers=none, monotonic=lambda: 0)
    for _ in range(number + 1):
        limit.admits(refusing(NotFound("There is none.")), NotFound("There is none."))
    return limit


async def test_what_cannot_be_told_is_logged_with_its_number(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.broken = True
    await Teller(house.app, beyond(7), perform).tell()
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.message == "7 refusals were not recorded, and nor was that"


async def test_it_is_told_again_and_again_and_the_rest_at_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "TELL_SECONDS", 0.01)
    limit = beyond(3)
    teller = Teller(house.app, limit, perform)
    teller.start()
    async with asyncio.timeout(120):
        while not house.recorded:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    monkeypatch.setattr(refusals, "TELL_SECONDS", 3600.0)
    limit.admits(refusing(NotFound("There is none.")), NotFound("There is none."))
    await teller.close()
    counts = [each.audit_data["count"] for each in house.recorded]  # type: ignore[attr-defined]
    assert sum(counts) == 4
    assert limit.untold() is None
