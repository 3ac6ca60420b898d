"""The assembled application as the door and the fronts see it. Made only by `assembly`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from genkan.core.call import Call, Person, Signer
from genkan.core.clock import Clock
from genkan.core.errors import Refusal
from genkan.core.events import EventBus
from genkan.core.quotas import Quotas
from genkan.core.vault import Vault


class Transactions(Protocol):
    """What the door needs of a database (see `db.database`)."""

    def point(self, call: Call, work: Callable[[Any], Any]) -> Awaitable[Any]:
        """Run a bounded read."""

    def scan(self, call: Call, work: Callable[[Any], Any]) -> Awaitable[Any]:
        """Run a long read away from the event loop."""

    def write(
        self,
        call: Call,
        work: Callable[[Any], Any],
        refused: Callable[[Any, Refusal], None] | None = None,
    ) -> Awaitable[Any]:
        """Run a write; answered only when durable. `refused` runs in a savepoint of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What this installation is: addresses, region, accounts, quotas. Read-only after start.

    `accounts`: "embedded" ones stand in the store and have our own STS; "aws" ones are AWS's.
    """

    accounts: Literal["embedded", "aws"]
    base_url: str
    region: str
    partition: str = "aws"
    cookie_suffix: str = ""
    quotas: Quotas = field(default_factory=Quotas)

    @property
    def secure(self) -> bool:
        """Whether people reach it over TLS."""
        return self.base_url.startswith("https://")


@dataclass(slots=True, kw_only=True)
class App:
    """Everything that a call needs, wired once.

    `standing(tx, signer)` finds what a signer may do and raises `Denied` when its key no longer
    stands. `require_session(tx, person)` raises `Denied` when the person's session has ended.
    `is_member(tx, account_id, of)`: whether an account belongs to the organization that the account
    `of` manages. `is_delegate(tx, account_id, of)`: whether an account administers for it.
    `place_of(tx, account_id)`: an account's organization and its path there, None outside of one.
    `record(tx, call, outcome)` writes the audit record of a write. `admits(call, outcome)`: whether
    a refusal is to be recorded, or there were too many.
    """

    deployment: Deployment
    db: Transactions
    clock: Clock
    vault: Vault
    events: EventBus
    standing: Callable[[Any, Signer], Any]
    require_session: Callable[[Any, Person], None]
    is_member: Callable[[Any, str, str], bool]
    is_delegate: Callable[[Any, str, str], bool]
    record: Callable[[Any, Call, object], None]
    place_of: Callable[[Any, str], tuple[str, str] | None] = lambda tx, account_id: None
    admits: Callable[[Call, object], bool] = lambda call, outcome: True
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
