"""What happens to PostgreSQL, to the way there, or to a process in the middle of an act."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT

import httpx
import pytest
from botocore.exceptions import BotoCoreError

from tests.faults.chaos import some
from tests.faults.house import LEASE_MS, Case, House, open_house
from tests.faults.lives import Step
from tests.faults.scene import until
from tests.faults.site import Midwife, Site
from tests.support.forwarder import Forwarder
from tests.support.nodes import Nodes
from tests.support.person import device_token

_LONGER_THAN_A_LEASE = LEASE_MS / 1000 + 0.4
_STEPS = [
    Step("BeginRoleWork", "committed", 1),
    Step("ApplyChanges", "ran", 1),
    Step("ApplyChanges", "committed", 1),
    Step("SettleRoleWork", "ran", 1),
    Step("SettleRoleWork", "committed", 1),
]
_TRIED = some(_STEPS, 1)


@dataclass(frozen=True)
class FarHouse:
    """A house whose first worker reaches PostgreSQL through a forwarder."""

    house: House
    forwarder: Forwarder


@pytest.fixture(scope="module")
def far(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarHouse]:
    port = int(site.cluster.url().rpartition(":")[2].partition("/")[0])
    with (
        closing(Forwarder(lambda: [port])) as forwarder,
        open_house(site, tmp_path_factory.mktemp("far"), forwarder) as house,
    ):
        yield FarHouse(house, forwarder)


def _paused(far: FarHouse) -> None:
    time.sleep(_LONGER_THAN_A_LEASE)


def _cut(far: FarHouse) -> None:
    far.house.rows(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def _frozen(far: FarHouse) -> None:
    """Nothing passes, longer than the lease; then the network says that it is over."""
    assert far.house.worker.process is not None
    far.forwarder.freeze()
    far.house.worker.signal(SIGCONT)
    time.sleep(_LONGER_THAN_A_LEASE)
    far.forwarder.cut()
    far.forwarder.thaw()


def _restarted(far: FarHouse) -> None:
    far.house.site.cluster.restart()


def _crashed(far: FarHouse) -> None:
    far.house.site.cluster.restart(crash=True)


_FAULTS: list[Callable[[FarHouse], None]] = [_paused, _cut, _frozen, _restarted, _crashed]


@pytest.mark.parametrize("step", _TRIED, ids=str)
@pytest.mark.parametrize("fault", _FAULTS, ids=lambda fault: fault.__name__.strip("_"))
def test_a_job_is_done_once_although_its_worker_met_a_fault_beside_another_worker(
    far: FarHouse, fault: Callable[[FarHouse], None], step: Step
) -> None:
    house = far.house
    case = Case(house, f"Met-{fault.__name__.strip('_')}-{_STEPS.index(step)}")
    house.worker_that_halts_at(step)
    request_id = case.create()
    until(house.halted)
    house.work_beside()
    fault(far)
    house.worker.signal(SIGCONT)
    until(case.no_job_is_left)
    assert case.status(request_id) == "SUCCEEDED"
    assert case.stands()
    assert case.successes("CreateAccountAssignment") == 1
    again = case.delete()
    assert case.assigned() == 0
    until(case.no_job_is_left)
    assert case.status(again) == "SUCCEEDED"
    assert case.is_gone()
    house.rest()


@pytest.fixture
def nodes(site: Site, tmp_path: Path) -> Iterator[Nodes]:
    """Two nodes, the first of which is dead."""
    with site.postgres(tmp_path, nodes=2) as made:
        made.start()
        made.kill(0)
        yield made


def test_a_refresh_whose_answer_was_lost_with_its_node_is_answered_by_another(
    site: Site, nodes: Nodes
) -> None:
    token = device_token(nodes, "ken")
    nodes.serving[0].start(Midwife(site.cradle).dying(Step("CreateToken", "committed", 1)))

    def refresh(node: int) -> httpx.Response:
        with nodes.http(node) as http:
            return http.post(
                "/token",
                json={
                    "clientId": token["clientId"],
                    "clientSecret": token["clientSecret"],
                    "grantType": "refresh_token",
                    "refreshToken": token["refreshToken"],
                },
            )

    with pytest.raises(httpx.TransportError):
        refresh(0)
    until(lambda: not nodes.serving[0].running())
    first, second = refresh(1), refresh(1)
    assert first.is_success
    # The exchange was committed: what follows the old token is one token, however often asked.
    assert second.json()["refreshToken"] == first.json()["refreshToken"]
    old, token = token, {**token, **first.json()}
    assert refresh(1).is_success
    token = old
    assert refresh(1).status_code == 400


@pytest.mark.parametrize(("moment", "there"), [("ran", 0), ("committed", 1)])
def test_an_act_whose_node_died_was_done_as_a_whole_or_not_at_all(
    site: Site, nodes: Nodes, moment: str, there: int
) -> None:
    nodes.serving[0].start(Midwife(site.cradle).dying(Step("CreateUser", moment, 1)))
    store = {"IdentityStoreId": nodes.facts["identity_store_id"]}
    name = {"UserName": "half", "DisplayName": "A", "Name": {"GivenName": "A", "FamilyName": "B"}}
    with pytest.raises(BotoCoreError):
        nodes.client("identitystore", node=0).create_user(**store, **name)
    client = nodes.client("identitystore", node=1)
    by_name = [{"AttributePath": "UserName", "AttributeValue": "half"}]
    found = client.list_users(**store, Filters=by_name)["Users"]
    assert len(found) == there
    trail = nodes.client("cloudtrail", node=1)
    records = trail.lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
    )["Events"]
    assert sum(
        user["UserId"] in record["CloudTrailEvent"] for user in found for record in records
    ) == (there)
