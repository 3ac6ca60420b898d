"""Events: how a slice asks or tells one above it, inside the transaction.

A publisher names what happens; `assembly` wires the subscribers, which may refuse by raising a
`Refusal`. Subscribers run at once, in order of wiring, in the publisher's transaction.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeleted:
    """A user leaves the identity store."""

    identity_store_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled:
    """A user may no longer sign in; being enabled again revives no session."""

    identity_store_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDeleted:
    """A group leaves the identity store."""

    identity_store_id: str
    group_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceDeleted:
    """An instance goes, after its users and groups; what else hangs on it goes now."""

    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionSetDeleting:
    """Asked before a permission set goes; a subscriber refuses while it is assigned."""

    instance_id: str
    permission_set_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionSetChanging:
    """Asked before a permission set is edited; refuses while an operation on it is running."""

    instance_id: str
    permission_set_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSessionUsed:
    """Asked at each use of a role session: does the person's right to this role still stand?"""

    user_id: str
    account_id: str
    role_arn: str


class EventBus:
    """Subscribers by event type."""

    def __init__(self) -> None:
        self._subscribers: dict[type, list[Callable[[Any, Any], None]]] = defaultdict(list)

    def subscribe(self, event: type, subscriber: Callable[[Any, Any], None]) -> None:
        """`subscriber(tx, event)` will run for each published event of this exact type."""
        self._subscribers[event].append(subscriber)

    def publish(self, tx: Any, event: object) -> None:
        """Run the subscribers now; the first refusal propagates."""
        for subscriber in self._subscribers.get(type(event), ()):
            subscriber(tx, event)
