"""A real database on a temporary file, with a settable clock, for slice tests."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genkan.core.app import Deployment
from genkan.core.call import Call, Caller, Operation, Origin, Owner, Signer, System
from genkan.core.events import EventBus
from genkan.core.vault import Vault
from genkan.db.database import Services, Tx
from genkan.db.migrate import migrate_sqlite
from genkan.db.sqlite import SqliteConnection, connect

MANAGEMENT = "111122223333"
ADMINISTRATOR = Signer(
    account_id=MANAGEMENT,
    arn=f"arn:aws:iam::{MANAGEMENT}:user/administrator",
    user_id="AIDAAAAAAAAAAAAAAAAA",
    access_key_id="AKIAAAAAAAAAAAAAAAAA",
)


class SettableClock:
    """Epoch milliseconds; `advance` moves it."""

    def __init__(self, now: int = 1_800_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, *, seconds: float) -> None:
        """Move forward."""
        self.now += int(seconds * 1000)


class Store:
    """`with store.write() as tx:` is one committed transaction, rolled back by an exception."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self.clock = SettableClock()
        self.events = EventBus()
        self.services = Services(
            vault=Vault(bytes(range(32))),
            events=self.events,
            deployment=Deployment(
                kind="sandbox", base_url="http://localhost:8080", region="us-east-1"
            ),
        )

    @contextmanager
    def write(self, caller: Caller = ADMINISTRATOR) -> Iterator[Tx]:
        """One transaction by `caller`."""
        self.raw.execute("BEGIN IMMEDIATE")
        try:
            yield Tx(
                SqliteConnection(self.raw),
                now=self.clock.now,
                call=a_call(caller),
                services=self.services,
            )
        except BaseException:
            self.raw.execute("ROLLBACK")
            raise
        self.raw.execute("COMMIT")


def a_call(caller: Caller | None = None) -> Call:
    """A call that only carries its caller."""
    operation = Operation(name="Test", run=lambda tx: None, access=System())
    return Call(
        operation=operation,
        params={},
        caller=caller or Owner(reason="test"),
        origin=Origin(request_id="00000000-0000-4000-8000-000000000000"),
        event_source="test.amazonaws.com",
    )


def open_store(directory: Path) -> Store:
    """A migrated store in `directory`."""
    raw = connect(directory / "genkan.sqlite", read_only=False)
    migrate_sqlite(raw, 1_800_000_000_000)
    return Store(raw)
