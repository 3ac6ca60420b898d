"""A running application on a real database: what stands behind a front, without the front."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from genkan.core.app import App, Deployment
from genkan.core.call import Anonymous, Call, Caller, Operation, Origin, Owner, Signer
from genkan.core.errors import Denied
from genkan.core.events import UserDeleted
from genkan.db.database import Tx
from genkan.oauth import operations as oauth
from genkan.oauth.persons import require_person
from genkan.perform import perform
from genkan.signin import operations as signin
from tests.slices.signin.household import Household, furnish
from tests.support.engines import SQLITE
from tests.support.store import Store, open_store

HERE = Origin(request_id="00000000-0000-4000-8000-000000000000", source_ip="192.0.2.1")


class Running:
    """An `App`, its people, its clock, and what audit was told, in order.

    `bounded`: what it was told of but may leave out, since a stranger can repeat it without end.
    """

    def __init__(self, app: App, store: Store) -> None:
        self.app = app
        self.store = store
        self.clock = store.clock
        self.trail: list[tuple[str, object]] = []
        self.bounded: list[tuple[str, object]] = []
        self.household = Household("", "")

    def record(self, tx: Any, call: Call, outcome: object) -> None:
        """Stands where the audit recorder does."""
        if not getattr(outcome, "audit_silent", False):
            told = self.bounded if getattr(outcome, "audit_bounded", False) else self.trail
            told.append((call.event_name or call.operation.name, outcome))

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
        return self.store.count(table)

    def all_rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(self.rows(table) for table in self.store.data.tables())


def _no_signer(tx: Tx, signer: Signer) -> None:
    raise Denied("No signers here.")


@asynccontextmanager
async def running(
    directory: Path, base_url: str = "http://localhost:8080", engine: str = SQLITE
) -> AsyncIterator[Running]:
    """A furnished application; on SQLite its store is in `directory`."""
    deployment = Deployment(
        accounts="embedded", base_url=base_url, region="us-east-1", cookie_suffix="_8080"
    )
    store = open_store(directory, engine, deployment)
    store.events.subscribe(UserDeleted, signin.forget_user)
    store.events.subscribe(UserDeleted, oauth.forget_user)
    database = store.database()
    app = App(
        deployment=deployment,
        db=database,
        clock=store.clock,
        vault=store.services.vault,
        events=store.events,
        standing=_no_signer,
        require_session=require_person,
        is_member=lambda tx, account_id, of: True,
        is_delegate=lambda tx, account_id, of: False,
        record=lambda tx, call, outcome: made.record(tx, call, outcome),
    )
    made = Running(app, store)
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
    store.close()
