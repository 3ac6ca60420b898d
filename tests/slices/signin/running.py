"""A running application on a real database: what stands behind a front, without the front."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from genkan.core.app import App, Deployment
from genkan.core.call import Anonymous, Call, Caller, Operation, Origin, Owner, Signer
from genkan.core.errors import Denied
from genkan.core.events import EventBus, UserDeleted
from genkan.core.vault import Vault
from genkan.db.database import Services, Tx
from genkan.db.migrate import migrate_sqlite
from genkan.db.sqlite import SqliteDatabase, connect
from genkan.oauth import operations as oauth
from genkan.oauth.persons import require_person
from genkan.perform import perform
from genkan.signin import operations as signin
from tests.slices.signin.household import Household, furnish
from tests.support.store import SettableClock

HERE = Origin(request_id="00000000-0000-4000-8000-000000000000", source_ip="192.0.2.1")


class Running:
    """An `App`, its people, its clock, and what audit was told, in order."""

    def __init__(self, app: App, clock: SettableClock, path: Path) -> None:
        self.app = app
        self.clock = clock
        self.path = path
        self.trail: list[tuple[str, object]] = []
        self.household = Household("", "")

    def record(self, tx: Any, call: Call, outcome: object) -> None:
        """Stands where the audit recorder does."""
        if not getattr(outcome, "audit_silent", False):
            self.trail.append((call.event_name or call.operation.name, outcome))

    async def do(self, operation: Operation, caller: Caller | None = None, **params: Any) -> Any:
        """Perform one operation through the door."""
        return await perform(
            self.app,
            Call(
                operation=operation,
                params=params,
                caller=caller or Anonymous(),
                origin=HERE,
                event_source="test.amazonaws.com",
            ),
        )

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        raw = connect(self.path, read_only=True)
        count: int = raw.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        raw.close()
        return count

    def all_rows(self) -> int:
        """How many rows there are in all tables."""
        raw = connect(self.path, read_only=True)
        names = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        raw.close()
        return sum(self.rows(name) for (name,) in names)


def _no_signer(tx: Tx, signer: Signer) -> None:
    raise Denied("No signers here.")


@asynccontextmanager
async def running(
    directory: Path, base_url: str = "http://localhost:8080"
) -> AsyncIterator[Running]:
    """A furnished application whose store is in `directory`."""
    path = directory / "running.sqlite"
    raw = connect(path, read_only=False)
    migrate_sqlite(raw, 1_800_000_000_000)
    raw.close()
    events = EventBus()
    events.subscribe(UserDeleted, signin.forget_user)
    events.subscribe(UserDeleted, oauth.forget_user)
    deployment = Deployment(
        kind="sandbox", base_url=base_url, region="us-east-1", cookie_suffix="_8080"
    )
    clock = SettableClock()
    vault = Vault(bytes(range(32)))
    database = SqliteDatabase(
        path, services=Services(vault=vault, events=events, deployment=deployment), clock=clock
    )
    app = App(
        deployment=deployment,
        db=database,
        clock=clock,
        vault=vault,
        events=events,
        standing=_no_signer,
        require_session=require_person,
        is_member=lambda tx, account_id: True,
        record=lambda tx, call, outcome: made.record(tx, call, outcome),
    )
    made = Running(app, clock, path)
    call = Call(
        operation=signin.SET_PASSWORD,
        params={},
        caller=Owner(reason="test"),
        origin=HERE,
        event_source="test.amazonaws.com",
    )
    made.household = await database.write(call, furnish)
    yield made
    await database.close()
