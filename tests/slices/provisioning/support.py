"""An application over a real store, whose jobs the tests do one by one and may cut off anywhere."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genkan.core.app import App
from genkan.core.call import Call, Owner
from genkan.core.errors import Refusal
from genkan.db import jobs
from genkan.db.database import Database as RealDatabase
from genkan.db.database import Tx
from genkan.db.jobs import Job
from genkan.provisioning.jobs import ProvisioningContext, make_handlers
from genkan.provisioning.plan import Change
from genkan.provisioning.sandbox import SandboxTarget
from genkan.provisioning.target import AccountTarget, Site
from tests.slices.assignments.world import World, make_world
from tests.support.store import Store, open_store

METADATA = '<EntityDescriptor entityID="urn:test"/>'
OWNER = Owner(reason="test")


class Killed(BaseException):
    """The process is gone: nothing may catch this."""


class Database:
    """The real database; the process dies before its n-th transaction, or just after it."""

    def __init__(self, real: RealDatabase) -> None:
        self._real = real
        self.steps = 0
        self.die_at: int | None = None
        self.die_after = False

    async def point(self, call: Call, work: Callable[[Any], Any]) -> Any:
        return await self._counted(lambda: self._real.point(call, work))

    async def scan(self, call: Call, work: Callable[[Any], Any]) -> Any:
        return await self._counted(lambda: self._real.scan(call, work))

    async def write(
        self,
        call: Call,
        work: Callable[[Any], Any],
        refused: Callable[[Any, Refusal], None] | None = None,
    ) -> Any:
        return await self._counted(lambda: self._real.write(call, work, refused))

    async def _counted(self, act: Callable[[], Any]) -> Any:
        self.steps += 1
        if self.steps == self.die_at and not self.die_after:
            raise Killed
        result = await act()
        if self.steps == self.die_at:
            raise Killed
        return result


class Stepwise(SandboxTarget):
    """Makes changes one by one, as in accounts that know no transaction."""

    async def apply(self, site: Site, changes: Sequence[Change]) -> None:
        for change in changes:
            await super().apply(site, [change])


class Process:
    """One store with an application over it; `world` is already in it."""

    def __init__(self, directory: Path, engine: str, target: AccountTarget | None = None) -> None:
        directory.mkdir(exist_ok=True)
        self.store: Store = open_store(directory, engine)
        self.world: World = make_world(self.store)
        self._real = self.store.database()
        self.database = Database(self._real)
        self.audited: list[str] = []
        self.app = App(
            deployment=self.store.services.deployment,
            db=self.database,
            clock=self.store.clock,
            vault=self.store.services.vault,
            events=self.store.events,
            standing=_nobody_signs,
            require_session=_nobody_signs,
            is_member=lambda tx, account_id, of: True,
            is_delegate=lambda tx, account_id, of: False,
            record=lambda tx, call, outcome: self.audited.append(call.operation.name),
        )
        self.metadata = METADATA
        context = ProvisioningContext(
            metadata_for=self._metadata_for, target=target or SandboxTarget()
        )
        self.handlers, self.give_up = make_handlers(context)

    async def _metadata_for(self, app: App, account_id: str) -> str:
        return self.metadata

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """One transaction of an administrator, beside the application."""
        with self.store.write() as tx:
            yield tx

    def claim(self) -> list[Job]:
        """Lease what is due, as the worker does."""
        with self.store.write(OWNER) as tx:
            return jobs.claim(tx, 10)

    async def do(self, job: Job) -> None:
        """Run one job to its end and forget it."""
        await self.handlers[job.kind](self.app, job)
        with self.store.write(OWNER) as tx:
            jobs.finish(tx, job.worker)

    async def work_off(self) -> int:
        """Do every due job; how many there were."""
        done = 0
        while claimed := self.claim():
            for job in claimed:
                await self.do(job)
                done += 1
        return done

    def restart(self) -> None:
        """The leases of the dead process are taken back."""
        self.database.die_at = None
        with self.store.write(OWNER) as tx:
            jobs.take_back(tx, all_leases=True)

    async def close(self) -> None:
        """Close the store."""
        await self._real.close()
        self.store.close()


def _nobody_signs(tx: Any, caller: Any) -> None:
    raise AssertionError("no request in these tests")


_TABLES = {
    "iam_roles": "account_id, role_name, path, trust_policy, description, max_session_duration,"
    " boundary_arn",
    "iam_role_policies": "account_id, role_name, policy_name, document",
    "iam_role_attachments": "account_id, role_name, policy_arn",
    "iam_saml_providers": "account_id, name, metadata",
    "assignments": "account_id, principal_type",
    "assignment_requests": "kind, status, failure_reason, account_id",
    "provisioned_permission_sets": "account_id, role_name, role_arn, content_hash <> ''",
    "provisioned_accounts": "account_id, saml_provider_name",
    "jobs": "kind, state",
}
_RANDOM = re.compile(r"[0-9a-f]{16}")


def everything(process: Process) -> dict[str, list[tuple[Any, ...]]]:
    """All that these slices keep, with random suffixes told apart by order of appearance only."""
    seen: dict[str, str] = {}

    def plain(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return _RANDOM.sub(lambda m: seen.setdefault(m[0], f"random{len(seen)}"), value)

    with process.store.write(OWNER) as tx:
        return {
            table: [
                tuple(plain(value) for value in row)
                for row in tx.all(f"SELECT {columns} FROM {table} ORDER BY {columns}")
            ]
            for table, columns in _TABLES.items()
        }
