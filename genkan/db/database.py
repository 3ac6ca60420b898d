"""`Tx`, what an operation holds while it runs, and the interface both engines implement.

SQL is the common subset of SQLite and PostgreSQL with `?` placeholders; rows are plain tuples in
the order of the select list. Time is read once per operation: `tx.now`.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from genkan.core.app import Deployment
from genkan.core.call import Call
from genkan.core.errors import Refusal
from genkan.core.events import EventBus
from genkan.core.vault import Vault

T = TypeVar("T")
Row = tuple[Any, ...]


class Connection(Protocol):
    """One engine's connection, as far as `Tx` needs it."""

    def run(self, sql: str, parameters: Sequence[Any]) -> int:
        """Execute and return the number of rows changed."""

    def one(self, sql: str, parameters: Sequence[Any]) -> Row | None:
        """The first row, or None."""

    def all(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """All rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What operations may use besides the transaction; wired by `assembly`."""

    vault: Vault
    events: EventBus
    deployment: Deployment


class Tx:
    """One operation's view of the database.

    `now` is epoch milliseconds. `memo` is a dictionary that lives exactly as long as the data it
    was computed from is unchanged: shared between reads where the engine can tell, otherwise of
    this transaction alone. Its own writes empty it.
    """

    __slots__ = ("_connection", "_memo", "call", "now", "services", "woke")

    def __init__(
        self,
        connection: Connection,
        *,
        now: int,
        call: Call,
        services: Services,
        memo: dict[Hashable, Any] | None = None,
    ) -> None:
        self._connection = connection
        self._memo = {} if memo is None else memo
        self.now = now
        self.call = call
        self.services = services
        self.woke = False

    @property
    def vault(self) -> Vault:
        """Seals and opens secrets, with the keys that this transaction sees."""
        return self.services.vault.within(self._connection)

    @property
    def deployment(self) -> Deployment:
        """Region, base URL and kind of this installation."""
        return self.services.deployment

    def run(self, sql: str, *parameters: Any) -> int:
        """Execute one statement; the number of rows changed."""
        if self._memo:
            self._memo.clear()
        return self._connection.run(sql, parameters)

    def one(self, sql: str, *parameters: Any) -> Row | None:
        """The first row of a query, or None."""
        return self._connection.one(sql, parameters)

    def all(self, sql: str, *parameters: Any) -> list[Row]:
        """All rows of a query; the statement itself must bound them."""
        return self._connection.all(sql, parameters)

    def remembered(self, key: Hashable, compute: Callable[[], T]) -> T:
        """`compute()`, remembered while the database is unchanged.

        Only for values that depend on the database alone, never on the clock or the caller.
        """
        try:
            found: T = self._memo[key]
        except KeyError:
            found = self._memo[key] = compute()
        return found

    def publish(self, event: object) -> None:
        """Run the event's subscribers inside this transaction; their refusals propagate."""
        self.services.events.publish(self, event)

    def wake_workers(self) -> None:
        """Have the workers look for jobs once this transaction is durable."""
        self.woke = True


class Database(Protocol):
    """Transactions on one engine. `point`, `scan` and `write` are `core.app.Transactions`.

    `on_wake` runs after a commit that enqueued jobs.
    """

    on_wake: Callable[[], None]

    def point(self, call: Call, work: Callable[[Tx], Any]) -> Awaitable[Any]:
        """Run a bounded read by key."""

    def scan(self, call: Call, work: Callable[[Tx], Any]) -> Awaitable[Any]:
        """Run a long read away from the event loop."""

    def write(
        self,
        call: Call,
        work: Callable[[Tx], Any],
        refused: Callable[[Tx, Refusal], None] | None = None,
    ) -> Awaitable[Any]:
        """Run a write and answer once it is durable."""

    async def close(self) -> None:
        """Finish what is queued, then release everything."""
