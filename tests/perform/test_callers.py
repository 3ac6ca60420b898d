"""Who may come through the door: every operation by every kind of caller (DESIGN §4).

The operations' own `run` is replaced by one that does nothing, so that what is tested is the way in
alone: whoever is refused never reaches it.
"""

from typing import Any

import pytest

from genkan.core.call import Iam, Operation, Owner, OwnSession, Public, System, Worker
from genkan.core.errors import Conflict, Denied, Refusal
from tests.perform.dump import AUDIT, changes, dump
from tests.perform.house import House, harmless
from tests.perform.inventory import operations

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPERATIONS = operations()
#: AWS Organizations answers those outside in words of its own (reference §10).
OUTSIDE = "AWSOrganizationsNotInUseException"


def welcome(caller: str, operation: Operation) -> bool:
    """What the access says, written down once more and without reading the door."""
    access = operation.access
    if isinstance(access, Public):
        return True
    if isinstance(access, OwnSession):
        return (caller == "person") == (access.of == "person") and caller in (
            "person",
            "member",
            "stranger",
            "administrator",
        )
    if isinstance(access, Iam):
        if caller in ("member", "stranger"):
            own_account = access.owner is None
            return own_account or (caller == "member" and access.members_may_read)
        return caller == "administrator"
    assert isinstance(access, System)
    return False


@pytest.mark.parametrize(
    "caller", ["anonymous", "person", "worker", "member", "stranger", "administrator"]
)
@pytest.mark.parametrize("name", OPERATIONS)
async def test_only_whom_the_access_names_comes_in(house: House, name: str, caller: str) -> None:
    operation = OPERATIONS[name]
    ran: list[str] = []
    # A read has a connection that cannot write.
    before = dump(house.database) if operation.reads is None else {}
    params = house.params(operation)
    refusal = await attempt(house, harmless(operation, ran), caller, params)
    assert bool(ran) == welcome(caller, operation) == (refusal is None)
    if operation.reads is None:
        wanted = {AUDIT: (1, 0)} if operation.recorded else {}
        assert changes(before, dump(house.database)) == wanted
    if refusal is not None:
        assert isinstance(refusal, Denied) or refusal.code == OUTSIDE


async def attempt(
    house: House, operation: Operation, caller: str, params: dict[str, Any]
) -> Refusal | None:
    try:
        await house.do(operation, house.callers[caller], **params)
    except Refusal as refusal:
        return refusal
    return None


@pytest.mark.parametrize("name", OPERATIONS)
async def test_the_owner_of_the_process_may_do_everything(house: House, name: str) -> None:
    """Seed, command line and signing run as the owner; no front ever does."""
    ran: list[str] = []
    operation = OPERATIONS[name]
    await house.do(harmless(operation, ran), Owner(reason="test"), **house.params(operation))
    assert ran


@pytest.mark.parametrize(
    "name", [name for name, one in OPERATIONS.items() if getattr(one.access, "jobs", ())]
)
async def test_a_worker_needs_the_lease_of_its_job(house: House, name: str) -> None:
    operation = OPERATIONS[name]
    assert isinstance(operation.access, System)
    ran: list[str] = []
    for kind in operation.access.jobs:
        house.callers["leaseless"] = Worker(kind=kind, job_id="0", fence=1)
        before = dump(house.database)
        refusal = await attempt(house, harmless(operation, ran), "leaseless", {})
        assert isinstance(refusal, Conflict)
        assert changes(before, dump(house.database)) == {}
    assert not ran
