"""A real database on either engine, with a settable clock, for slice tests."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from genkan.core.app import Deployment
from genkan.core.call import Call, Caller, Operation, Origin, Owner, Signer, System
from genkan.core.events import EventBus
from genkan.core.vault import Vault
from genkan.db.database import Connection, Database, Row, Services, Tx
from genkan.keys.kek import KeyEncryptionKey
from genkan.keys.ring import make_keys, open_vault
from tests.support.engines import SQLITE, Data, open_data

T = TypeVar("T")

MANAGEMENT = "111122223333"
NOW = 1_800_000_000_000
KEK = KeyEncryptionKey("the test", bytes(range(32)))
ADMINISTRATOR = Signer(
    account_id=MANAGEMENT,
    arn=f"arn:aws:iam::{MANAGEMENT}:user/administrator",
    user_id="AIDAAAAAAAAAAAAAAAAA",
    access_key_id="AKIAAAAAAAAAAAAAAAAA",
)


DEPLOYMENT = Deployment(accounts="embedded", base_url="http://localhost:8080", region="us-east-1")


class SettableClock:
    """Epoch milliseconds; `advance` moves it."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, *, seconds: float) -> None:
        """Move forward."""
        self.now += int(seconds * 1000)


def some_services(deployment: Deployment = DEPLOYMENT, vault: Vault | None = None) -> Services:
    """What operations need besides a transaction, with no subscribers yet.

    Without a vault always the same one, whose root is the test's; it has no keys for rows.
    """
    return Services(vault=vault or Vault(KEK.key), events=EventBus(), deployment=deployment)


class Watched:
    """A connection that notes down what it is asked."""

    def __init__(self, real: Connection, seen: list[tuple[str, Sequence[Any]]]) -> None:
        self._real = real
        self._seen = seen

    def run(self, sql: str, parameters: Sequence[Any]) -> int:
        self._seen.append((sql, parameters))
        return self._real.run(sql, parameters)

    def one(self, sql: str, parameters: Sequence[Any]) -> Row | None:
        self._seen.append((sql, parameters))
        return self._real.one(sql, parameters)

    def all(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        self._seen.append((sql, parameters))
        return self._real.all(sql, parameters)


class Store:
    """`with store.write() as tx:` is one committed transaction, rolled back by an exception."""

    def __init__(
        self,
        data: Data,
        clock: SettableClock | None = None,
        deployment: Deployment = DEPLOYMENT,
    ) -> None:
        self.data = data
        self.clock = clock or SettableClock()
        self._watching: list[tuple[str, Sequence[Any]]] | None = None
        self.services = some_services(deployment, open_vault(data.connection, KEK))
        self.events = self.services.events

    @property
    def raw(self) -> Any:
        """The driver's own connection, in autocommit."""
        return self.data.raw

    @contextmanager
    def write(self, caller: Caller = ADMINISTRATOR) -> Iterator[Tx]:
        """One transaction by `caller`."""
        self.data.begin()
        try:
            yield self.tx(caller)
        except BaseException:
            self.data.rollback()
            raise
        self.data.commit()

    def tx(self, caller: Caller = ADMINISTRATOR, *, memo: dict[Hashable, Any] | None = None) -> Tx:
        """What an operation holds, in the transaction that was begun."""
        connection: Connection = self.data.connection
        if self._watching is not None:
            connection = Watched(connection, self._watching)
        return Tx(
            connection, now=self.clock.now, call=a_call(caller), services=self.services, memo=memo
        )

    def again(self, work: Callable[[], T]) -> T:
        """`work()`, once more whenever other transactions were in its way, as the engine would."""
        while True:
            try:
                return work()
            except psycopg.errors.SerializationFailure:
                continue

    def rows(self, sql: str, *parameters: Any) -> list[Row]:
        """What a query gives, outside any transaction."""
        return self.data.rows(sql, parameters)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        count: int = self.rows(f"SELECT COUNT(*) FROM {table}")[0][0]
        return count

    def everything(self) -> str:
        """Every row of every table as text, for looking for what must not be there."""
        return "\n".join(
            f"{table}: {row}"
            for table in self.data.tables()
            for row in self.rows(f"SELECT * FROM {table}")
        )

    @contextmanager
    def watched(self) -> Iterator[list[tuple[str, Sequence[Any]]]]:
        """The statements, with parameters, that operations run meanwhile."""
        seen: list[tuple[str, Sequence[Any]]] = []
        self._watching = seen
        yield seen
        self._watching = None

    def database(self) -> Database:
        """The engine's own transactions, on this data, clock and services."""
        return self.data.database(self.services, self.clock)

    def another(self) -> "Store":
        """The same data on a connection of its own, with the same clock."""
        return Store(self.data.another(), self.clock, self.services.deployment)

    def close(self) -> None:
        """Close the connection."""
        self.data.close()


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


def open_store(directory: Path, engine: str = SQLITE, deployment: Deployment = DEPLOYMENT) -> Store:
    """A migrated, empty store; on SQLite it is `genkan.sqlite` in `directory`."""
    data = open_data(engine, directory)
    if data.connection.one("SELECT 1 FROM data_keys", ()) is None:
        data.begin()
        make_keys(data.connection, KEK, NOW)
        data.commit()
    return Store(data, deployment=deployment)
