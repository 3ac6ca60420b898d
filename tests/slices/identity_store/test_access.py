"""Who may call what on which resources, as IAM is asked (reference §1.2, §1.7)."""

from typing import Any

import pytest

from genkan.core.call import Iam, System
from genkan.core.errors import NotFound
from genkan.identity_store import operations as identity_store
from tests.slices.identity_store.support import (
    STORE,
    UNKNOWN,
    a_group,
    a_user,
    call_of,
    join,
    op,
    run,
)
from tests.support.store import MANAGEMENT, Store

STORE_ARN = f"arn:aws:identitystore::{MANAGEMENT}:identitystore/{STORE}"
READS = {
    "DescribeUser",
    "DescribeGroup",
    "DescribeGroupMembership",
    "GetUserId",
    "GetGroupId",
    "GetGroupMembershipId",
    "ListUsers",
    "ListGroups",
    "ListGroupMemberships",
    "ListGroupMembershipsForMember",
    "IsMemberInGroups",
}


def user(user_id: str) -> str:
    return f"arn:aws:identitystore:::user/{user_id}"


def group(group_id: str) -> str:
    return f"arn:aws:identitystore:::group/{group_id}"


def membership(membership_id: str) -> str:
    return f"arn:aws:identitystore:::membership/{membership_id}"


def resources(tx: Any, name: str, **params: Any) -> set[str]:
    """What IAM is asked about, after checking the action and that the store is among it."""
    operation = op(name)
    assert isinstance(operation.access, Iam)
    (check,) = operation.access.checks(
        tx, call_of(operation, {"identity_store_id": STORE, **params})
    )
    assert check.action == f"identitystore:{name}"
    assert STORE_ARN in check.resources
    return set(check.resources) - {STORE_ARN}


def test_every_operation_is_decided_by_iam_and_owned_by_the_stores_account(filled: Store) -> None:
    with filled.write() as tx:
        for operation in identity_store.OPERATIONS:
            assert isinstance(operation.access, Iam)
            if operation.name == "ListIdentityStores":
                assert operation.access.owner is None
                continue
            assert operation.access.owner is not None
            call = call_of(operation, {"identity_store_id": STORE})
            assert operation.access.owner(tx, call) == MANAGEMENT


def test_only_the_reads_of_reference_1_7_are_open_to_members() -> None:
    opened = {
        operation.name
        for operation in identity_store.OPERATIONS
        if isinstance(operation.access, Iam) and operation.access.members_may_read
    }
    assert opened == READS


def test_reads_read_and_the_others_write() -> None:
    for operation in identity_store.OPERATIONS:
        reads = READS | {"DescribeIdentityStore", "ListIdentityStores"}
        assert (operation.reads is not None) == (operation.name in reads)


def test_an_unknown_store_has_no_owner(store: Store) -> None:
    operation = op("ListUsers")
    assert isinstance(operation.access, Iam)
    assert operation.access.owner is not None
    with store.write() as tx, pytest.raises(NotFound):
        operation.access.owner(tx, call_of(operation, {"identity_store_id": STORE}))


def test_resources_of_operations_on_a_principal(filled: Store) -> None:
    with filled.write() as tx:
        for name in ("CreateUser", "CreateGroup"):
            assert resources(tx, name) == set()
        for name in ("DescribeUser", "UpdateUser", "DeleteUser"):
            assert resources(tx, name, user_id=UNKNOWN) == {user(UNKNOWN)}
            assert resources(tx, name, user_id=user(UNKNOWN)) == {user(UNKNOWN)}
        for name in ("DescribeGroup", "UpdateGroup", "DeleteGroup"):
            assert resources(tx, name, group_id=UNKNOWN) == {group(UNKNOWN)}
        assert resources(tx, "ListUsers") == {user("*")}
        assert resources(tx, "ListGroups") == {group("*")}


def test_resources_of_get_ids_are_the_ones_found_or_all(filled: Store) -> None:
    def named(path: str, value: str) -> dict[str, Any]:
        return {"unique_attribute": {"attribute_path": path, "attribute_value": value}}

    with filled.write() as tx:
        user_id, group_id = a_user(tx, "alice"), a_group(tx, "Admins")
        ask = resources
        assert ask(tx, "GetUserId", alternate_identifier=named("userName", "Alice")) == {
            user(user_id)
        }
        assert ask(tx, "GetUserId", alternate_identifier=named("userName", "nobody")) == {user("*")}
        assert ask(tx, "GetGroupId", alternate_identifier=named("displayName", "admins")) == {
            group(group_id)
        }
        assert ask(tx, "GetGroupId", alternate_identifier=named("displayName", "none")) == {
            group("*")
        }


def test_resources_of_operations_on_memberships(filled: Store) -> None:
    with filled.write() as tx:
        user_id, group_id = a_user(tx), a_group(tx)
        membership_id = join(tx, group_id, user_id)
        member_id = {"user_id": user_id}
        both = {user(user_id), group(group_id)}
        assert (
            resources(tx, "CreateGroupMembership", group_id=group_id, member_id=member_id) == both
        )
        for name in ("DescribeGroupMembership", "DeleteGroupMembership"):
            assert resources(tx, name, membership_id=membership_id) == {
                *both,
                membership(membership_id),
            }
            assert resources(tx, name, membership_id=UNKNOWN) == {
                membership(UNKNOWN),
                user("*"),
                group("*"),
            }
        assert resources(tx, "GetGroupMembershipId", group_id=group_id, member_id=member_id) == {
            *both,
            membership(membership_id),
        }
        run(tx, "DeleteGroupMembership", membership_id=membership_id)
        assert resources(tx, "GetGroupMembershipId", group_id=group_id, member_id=member_id) == {
            *both,
            membership("*"),
        }
        assert resources(tx, "ListGroupMemberships", group_id=group_id) == {
            group(group_id),
            membership("*"),
        }
        assert resources(tx, "ListGroupMembershipsForMember", member_id=member_id) == {
            user(user_id),
            membership("*"),
        }
        assert resources(
            tx, "IsMemberInGroups", member_id=member_id, group_ids=[group_id, UNKNOWN]
        ) == {*both, group(UNKNOWN), membership("*")}


@pytest.mark.parametrize(("status", "act"), [("DISABLED", "Disable"), ("ENABLED", "Enable")])
def test_enabling_and_disabling_are_different_permissions(
    filled: Store, status: str, act: str
) -> None:
    operation = identity_store.SET_USER_STATUS
    params = {"identity_store_id": STORE, "user_id": UNKNOWN, "status": status}
    assert isinstance(operation.access, Iam)
    assert not operation.access.members_may_read
    with filled.write() as tx:
        (check,) = operation.access.checks(tx, call_of(operation, params))
        assert operation.access.owner is not None
        assert operation.access.owner(tx, call_of(operation, params)) == MANAGEMENT
    assert check.action == f"sso-directory:{act}User"


def test_no_request_can_make_an_identity_store() -> None:
    assert isinstance(identity_store.CREATE_IDENTITY_STORE.access, System)


def test_audit_never_sees_what_the_model_calls_sensitive() -> None:
    for name, personal in (
        ("CreateUser", {"user_name", "name", "emails", "addresses", "birthdate", "extensions"}),
        ("CreateGroup", {"display_name", "description"}),
        ("UpdateUser", {"operations.attribute_value"}),
        ("UpdateGroup", {"operations.attribute_value"}),
    ):
        assert personal <= op(name).secret
