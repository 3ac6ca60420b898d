"""A worker on PostgreSQL killed at every step of an assignment: another one finishes its job."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import psycopg
import pytest

from tests.faults.chaos import KILLS, SEED
from tests.faults.lives import Step
from tests.faults.scene import INLINE, POWER_USER, READ_ONLY, until
from tests.faults.site import Midwife, Site
from tests.faults.test_assignments import CREATION, DELETION, twice
from tests.support.nodes import Member, Nodes

LEASE_MS = 800
ALIAS = "sakura-data-dev"
CASES = max(3, KILLS // 3)
"""How many steps of each kind are tried, of about twenty; the seed chooses."""


@dataclass(frozen=True)
class House:
    """Nodes that do no jobs, and one worker whose processes are born to die."""

    nodes: Nodes
    worker: Member
    midwife: Midwife

    def worker_that_dies_at(self, step: Step) -> None:
        """Begin to work until that step."""
        self.worker.start(self.midwife.dying(step))

    def died(self) -> bool:
        """Whether the worker's process is over."""
        return not self.worker.running()

    def work(self) -> None:
        """Begin to work for good."""
        self.worker.start(self.midwife)

    def rest(self) -> None:
        """Let the worker die."""
        self.worker.end(SIGKILL)

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What a query gives."""
        with psycopg.connect(self.nodes.database, autocommit=True) as raw:
            found = raw.execute(sql.encode(), parameters)
            return found.fetchall() if found.description else []


@pytest.fixture(scope="module")
def house(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The installation whose worker dies."""
    midwife = Midwife(site.cradle, lease_ms=LEASE_MS)
    with site.postgres(tmp_path_factory.mktemp("house"), works=False, begin=midwife) as nodes:
        nodes.start()
        yield House(nodes, nodes.another("worker", "worker"), midwife)


class Case:
    """One permission set of every kind of policy, to be given to Ken in one account."""

    def __init__(self, house: House, name: str) -> None:
        self.house = house
        self.name = name
        self.account = house.nodes.account(ALIAS)
        self._admin = house.nodes.client("sso-admin")
        instance = {"InstanceArn": house.nodes.facts["instance_arn"]}
        self._instance = instance
        made = self._admin.create_permission_set(**instance, Name=name)
        self.arn = made["PermissionSet"]["PermissionSetArn"]
        target = {**instance, "PermissionSetArn": self.arn}
        self._admin.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=READ_ONLY)
        self._admin.attach_customer_managed_policy_reference_to_permission_set(
            **target, CustomerManagedPolicyReference={"Name": "DataLakeReaders"}
        )
        self._admin.put_inline_policy_to_permission_set(**target, InlinePolicy=INLINE)
        self._admin.put_permissions_boundary_to_permission_set(
            **target, PermissionsBoundary={"ManagedPolicyArn": POWER_USER}
        )
        self._assignment = {
            **target,
            "TargetId": self.account,
            "TargetType": "AWS_ACCOUNT",
            "PrincipalType": "USER",
            "PrincipalId": house.nodes.user("ken")["user_id"],
        }

    def create(self) -> str:
        """Ask for the assignment; the request's id."""
        asked = self._admin.create_account_assignment(**self._assignment)
        request_id: str = asked["AccountAssignmentCreationStatus"]["RequestId"]
        return request_id

    def delete(self) -> str:
        """Ask for its end; the request's id."""
        asked = self._admin.delete_account_assignment(**self._assignment)
        request_id: str = asked["AccountAssignmentDeletionStatus"]["RequestId"]
        return request_id

    def status(self, request_id: str) -> str:
        """Where a request stands."""
        ((status,),) = self.house.rows(
            "SELECT status FROM assignment_requests WHERE request_id = %s", request_id
        )
        return str(status)

    def recorded(self) -> list[str]:
        """The role names written down for it."""
        found = self.house.rows(
            "SELECT role_name FROM provisioned_permission_sets WHERE permission_set_id = %s",
            self.arn.rpartition("/")[2],
        )
        return [row[0] for row in found]

    def assigned(self) -> int:
        """How many have it."""
        listed = self._admin.list_account_assignments(
            **self._instance, AccountId=self.account, PermissionSetArn=self.arn
        )
        return len(listed["AccountAssignments"])

    def roles(self) -> list[tuple[str, str]]:
        """The roles in the account that stand for it, with their boundaries."""
        return [
            (name, boundary)
            for name, boundary in self.house.rows(
                "SELECT role_name, boundary_arn FROM iam_roles WHERE account_id = %s", self.account
            )
            if name.startswith(f"AWSReservedSSO_{self.name}_")
        ]

    def says_everything(self, role: str) -> bool:
        """Whether the role has every policy."""
        attached = self.house.rows(
            "SELECT policy_arn FROM iam_role_attachments WHERE account_id = %s AND role_name = %s",
            self.account,
            role,
        )
        inline = self.house.rows(
            "SELECT document FROM iam_role_policies WHERE account_id = %s AND role_name = %s",
            self.account,
            role,
        )
        return {one[0] for one in attached} == {
            READ_ONLY,
            f"arn:aws:iam::{self.account}:policy/DataLakeReaders",
        } and [json.loads(one[0]) for one in inline] == [json.loads(INLINE)]

    def no_job_is_left(self) -> bool:
        """Whether all work is done."""
        return self.house.rows("SELECT 1 FROM jobs") == []


def steps_of(house: House, tmp_path: Path, act: Any) -> list[Step]:
    """What a worker that nobody disturbs goes through."""
    steps = tmp_path / "steps"
    house.worker.start(house.midwife.counting(steps))
    act()
    until(lambda: steps.exists() and '["finish", "committed"' in steps.read_text())
    house.rest()
    return [Step(*json.loads(line)) for line in steps.read_text().splitlines()]


def some(steps: list[Step]) -> list[Step]:
    """Those that the seed chooses, each at most once."""
    return random.Random(SEED).sample(steps, min(CASES, len(steps)))


def take_the_provider_away(case: Case) -> None:
    case.house.rows("DELETE FROM iam_saml_providers WHERE account_id = %s", case.account)


def test_a_creation_whose_worker_is_killed_at_any_step_is_done_once_by_another(
    house: House, tmp_path: Path
) -> None:
    case = Case(house, "Undisturbed")
    take_the_provider_away(case)
    steps = steps_of(house, tmp_path, case.create)
    assert [step.name for step in steps] == twice(CREATION[1:]), f"seed {SEED}"
    for number, step in enumerate(some(steps)):
        case = Case(house, f"Created-{number}")
        take_the_provider_away(case)
        house.worker_that_dies_at(step)
        request_id = case.create()
        until(house.died)
        chosen = case.recorded()
        house.work()
        until(case.no_job_is_left)
        assert case.status(request_id) == "SUCCEEDED", step
        assert case.assigned() == 1, step
        ((role, boundary),) = case.roles()
        assert case.recorded() == [role], step
        assert chosen in ([], [role]), step
        assert boundary == POWER_USER, step
        assert case.says_everything(role), step
        house.rest()


def test_a_deletion_whose_worker_is_killed_at_any_step_is_done_once_by_another(
    house: House, tmp_path: Path
) -> None:
    cases = [Case(house, f"Deleted-{number}") for number in range(1 + len(twice(DELETION)))]
    house.work()
    for case in cases[: 1 + CASES]:
        case.create()
        until(case.no_job_is_left)
    house.rest()
    case = cases.pop()
    steps = steps_of(house, tmp_path, cases.pop(0).delete)
    assert [step.name for step in steps] == twice(DELETION[1:]), f"seed {SEED}"
    for step, case in zip(some(steps), cases, strict=False):
        house.worker_that_dies_at(step)
        request_id = case.delete()
        assert case.assigned() == 0
        until(house.died)
        house.work()
        until(case.no_job_is_left)
        assert case.status(request_id) == "SUCCEEDED", step
        assert (case.roles(), case.recorded(), case.assigned()) == ([], [], 0), step
        house.rest()
