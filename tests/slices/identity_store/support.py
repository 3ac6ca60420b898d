"""What the identity store's tests share."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genkan.core.call import Call, Caller, Operation
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from tests.support.store import ADMINISTRATOR, MANAGEMENT, a_call

STORE = "d-1234567890"
OTHER_STORE = "d-0987654321"
UNKNOWN = "00000000-0000-7000-0000-000000000000"
ENTERPRISE = "aws:identitystore:enterprise"


def op(name: str) -> Operation:
    """A wire operation by AWS's name."""
    return next(operation for operation in identity_store.OPERATIONS if operation.name == name)


def run(tx: Tx, name: str, /, **params: Any) -> Any:
    """Run a wire operation on `STORE`, unless another is named."""
    return op(name).run(tx, **{"identity_store_id": STORE, **params})


def call_of(operation: Operation, params: Mapping[str, Any], caller: Caller | None = None) -> Call:
    """The call that a front would make."""
    return replace(a_call(caller or ADMINISTRATOR), operation=operation, params=params)


def a_store(tx: Tx, identity_store_id: str = STORE) -> str:
    """An empty identity store of the management account."""
    identity_store.create_identity_store(
        tx, identity_store_id=identity_store_id, owner_account_id=MANAGEMENT
    )
    return identity_store_id


def members(user_name: str = "alice", **more: Any) -> dict[str, Any]:
    """CreateUser's required members, and more."""
    return {
        "user_name": user_name,
        "display_name": f"{user_name} Doe",
        "name": {"given_name": user_name, "family_name": "Doe"},
        **more,
    }


def a_user(tx: Tx, user_name: str = "alice", **more: Any) -> str:
    """A user's id."""
    user_id: str = run(tx, "CreateUser", **members(user_name, **more)).user_id
    return user_id


def a_group(tx: Tx, display_name: str = "Admins", **more: Any) -> str:
    """A group's id."""
    group_id: str = run(tx, "CreateGroup", display_name=display_name, **more).group_id
    return group_id


def join(tx: Tx, group_id: str, user_id: str) -> str:
    """Put the user in the group; the membership's id."""
    answer = run(tx, "CreateGroupMembership", group_id=group_id, member_id={"user_id": user_id})
    membership_id: str = answer["membership_id"]
    return membership_id
