"""A worker on PostgreSQL killed at every step of an assignment: another one finishes its job."""

import json
from pathlib import Path
from typing import Any

from tests.faults.chaos import SEED, some
from tests.faults.house import Case, House
from tests.faults.lives import Step
from tests.faults.scene import until
from tests.faults.test_assignments import CREATION, DELETION, twice

TRIED = 3
"""Steps that are tried of each act; all of them in `make test-all`."""


def steps_of(house: House, tmp_path: Path, act: Any) -> list[Step]:
    """What a worker that nobody disturbs goes through."""
    steps = tmp_path / "steps"
    house.worker.start(house.midwife.counting(steps))
    act()
    until(lambda: steps.exists() and '["finish", "committed"' in steps.read_text())
    house.rest()
    return [Step(*json.loads(line)) for line in steps.read_text().splitlines()]


def take_the_provider_away(case: Case) -> None:
    case.house.rows("DELETE FROM iam_saml_providers WHERE account_id = %s", case.account)


def test_a_creation_whose_worker_is_killed_at_any_step_is_done_once_by_another(
    house: House, tmp_path: Path
) -> None:
    case = Case(house, "Undisturbed")
    take_the_provider_away(case)
    steps = steps_of(house, tmp_path, case.create)
    assert [step.name for step in steps] == twice(CREATION[1:]), f"seed {SEED}"
    for number, step in enumerate(some(steps, TRIED)):
        case = Case(house, f"Created-{number}")
        take_the_provider_away(case)
        house.worker_that_dies_at(step)
        request_id = case.create()
        until(house.died)
        chosen = case.recorded()
        house.work()
        until(case.no_job_is_left)
        assert case.status(request_id) == "SUCCEEDED", step
        assert case.stands(), step
        assert chosen in ([], case.recorded()), step
        house.rest()


def test_a_deletion_whose_worker_is_killed_at_any_step_is_done_once_by_another(
    house: House, tmp_path: Path
) -> None:
    places = some(range(len(twice(DELETION[1:]))), TRIED)
    undisturbed, *cases = [Case(house, f"Deleted-{number}") for number in range(1 + len(places))]
    house.work()
    for case in (undisturbed, *cases):
        case.create()
        until(case.no_job_is_left)
    house.rest()
    steps = steps_of(house, tmp_path, undisturbed.delete)
    assert [step.name for step in steps] == twice(DELETION[1:]), f"seed {SEED}"
    for place, case in zip(places, cases, strict=True):
        step = steps[place]
        house.worker_that_dies_at(step)
        request_id = case.delete()
        assert case.assigned() == 0
        until(house.died)
        house.work()
        until(case.no_job_is_left)
        assert case.status(request_id) == "SUCCEEDED", step
        assert case.is_gone(), step
        house.rest()
