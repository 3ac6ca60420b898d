"""One node on PostgreSQL and workers that come to an end, or to a halt, at a step of a job."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGSTOP
from typing import Any

import psycopg

from tests.faults.lives import Step
from tests.faults.scene import INLINE, POWER_USER, READ_ONLY
from tests.faults.site import Midwife, Site
from tests.support.forwarder import Forwarder
from tests.support.nodes import Member, Nodes
from tests.support.postgresql import Cluster

LEASE_MS = 800
ALIAS = "sakura-data-dev"


@dataclass(frozen=True)
class House:
    """Nodes that do no jobs, and one worker whose processes are born to die."""

    site: Site
    nodes: Nodes
    worker: Member
    other: Member
    midwife: Midwife

    def worker_that_dies_at(self, step: Step) -> None:
        """Begin to work until that step."""
        self.worker.start(self.midwife.dying(step))

    def worker_that_halts_at(self, step: Step) -> None:
        """Begin to work until that step, and go on when it is told to."""
        self.worker.start(self.midwife.dying(step, SIGSTOP))

    def halted(self) -> bool:
        """Whether the worker has come to its step."""
        assert self.worker.process is not None
        stat = Path(f"/proc/{self.worker.process.pid}/stat").read_text()
        return stat.rpartition(") ")[2].startswith("T")

    def died(self) -> bool:
        """Whether the worker's process is over."""
        return not self.worker.running()

    def work(self) -> None:
        """Begin to work for good."""
        self.worker.start(self.midwife)

    def rest(self) -> None:
        """Let the worker die."""
        for worker in (self.worker, self.other):
            worker.end(SIGKILL)

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What a query gives."""
        with psycopg.connect(self.nodes.database, autocommit=True) as raw:
            found = raw.execute(sql.encode(), parameters)
            return found.fetchall() if found.description else []

    def work_beside(self) -> None:
        """Have one more worker, which nothing happens to."""
        self.other.start(self.midwife)


@contextmanager
def open_house(site: Site, folder: Path, way: Forwarder | None = None) -> Iterator[House]:
    """A house of its own; its first worker may reach the database through a forwarder."""
    midwife = Midwife(site.cradle, lease_ms=LEASE_MS)
    with site.postgres(folder, works=False, begin=midwife) as nodes:
        nodes.start()
        database = through(way, site.cluster, nodes) if way is not None else ""
        house = House(
            site,
            nodes,
            nodes.another("worker", "worker", database),
            nodes.another("other", "worker"),
            midwife,
        )
        # What `genkan init` recorded waits to be sealed, which is no step of what is tried.
        house.rows("DELETE FROM jobs")
        yield house


def through(way: Forwarder, cluster: Cluster, nodes: Nodes) -> str:
    """The nodes' database, over the loopback and a forwarder."""
    name = nodes.database.partition("?")[0].rpartition("/")[2]
    address, _, path = cluster.url(name).rpartition("/")
    return f"{address.rpartition(':')[0]}:{way.port}/{path}"


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

    def stands(self) -> bool:
        """Whether there is the assignment and its one role, as it was written down."""
        return (
            self.assigned() == 1
            and [(role, POWER_USER) for role in self.recorded()] == self.roles()
            and len(self.roles()) == 1
            and self.says_everything(self.roles()[0][0])
        )

    def is_gone(self) -> bool:
        """Whether nothing of it is left."""
        return (self.assigned(), self.recorded(), self.roles()) == (0, [], [])

    def successes(self, name: str) -> int:
        """How many acts of this name on this permission set were recorded as done."""
        found = self.house.rows(
            "SELECT record FROM audit_events WHERE event_name = %s AND record LIKE %s",
            name,
            f"%{self.arn}%",
        )
        return sum("errorCode" not in json.loads(one[0]) for one in found)
