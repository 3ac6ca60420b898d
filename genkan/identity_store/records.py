"""Records of the identity store. Times are epoch milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ENABLED = "ENABLED"
DISABLED = "DISABLED"

PrincipalType = Literal["USER", "GROUP"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityStore:
    """A store and the account that owns it.

    `network_configuration` holds what was set of AWS's structure, in snake_case; empty at first.
    """

    identity_store_id: str
    owner_account_id: str
    user_count: int
    group_count: int
    created_at: int
    network_configuration: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user.

    `attributes` holds the other members of AWS's User structure that are set, in snake_case
    (`name`, `emails`, `external_ids`, …); `extensions` its map of extensions, keys verbatim.
    """

    user_id: str
    identity_store_id: str
    user_name: str
    display_name: str
    status: str
    attributes: Mapping[str, Any]
    extensions: Mapping[str, Any]
    revision: int
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str

    @property
    def enabled(self) -> bool:
        """Whether the user may sign in and keep sessions."""
        return self.status == ENABLED

    @property
    def email(self) -> str | None:
        """The e-mail address, of which there is at most one."""
        for email in self.attributes.get("emails", ()):
            value: str | None = email.get("value")
            return value
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group. `external_ids` are {"issuer", "id"} structures."""

    group_id: str
    identity_store_id: str
    display_name: str
    description: str | None
    external_ids: tuple[Mapping[str, str], ...]
    revision: int
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A user in a group; never changed after it was made."""

    membership_id: str
    identity_store_id: str
    group_id: str
    user_id: str
    created_at: int
    created_by: str
