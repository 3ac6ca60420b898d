"""What the identity store offers: the wire's operations, the pages' own, look-ups for slices."""

from genkan.core.call import Call, Check, Iam, Operation, System
from genkan.core.errors import Conflict
from genkan.db.database import Tx
from genkan.identity_store import access, groups, memberships, store, stores, users
from genkan.identity_store.access import (
    all_groups,
    all_memberships,
    all_users,
    iam,
    owner_of,
    the_group,
    the_group_found,
    the_groups,
    the_membership,
    the_membership_between,
    the_user,
    the_user_found,
)
from genkan.identity_store.folding import fold
from genkan.identity_store.groups import create_group
from genkan.identity_store.memberships import GROUPS_PER_USER, create_group_membership
from genkan.identity_store.records import Group, IdentityStore, PrincipalType, User
from genkan.identity_store.stores import erase_identity_store
from genkan.identity_store.users import create_user, set_user_status

__all__ = [
    "CREATE_IDENTITY_STORE",
    "OPERATIONS",
    "SET_USER_STATUS",
    "create_group",
    "create_group_membership",
    "create_identity_store",
    "create_user",
    "erase_identity_store",
    "find_group",
    "find_user",
    "find_user_by_email",
    "find_user_by_name",
    "group_ids_of",
    "has_principal",
    "owner_of",
    "set_user_status",
]


def create_identity_store(
    tx: Tx, *, identity_store_id: str, owner_account_id: str
) -> IdentityStore:
    """Make the store of an instance; `Conflict` when the id is taken."""
    if store.find_identity_store(tx, identity_store_id) is not None:
        raise Conflict(f"The identity store {identity_store_id} exists already.")
    store.insert_identity_store(tx, identity_store_id, owner_account_id)
    return IdentityStore(
        identity_store_id=identity_store_id,
        owner_account_id=owner_account_id,
        user_count=0,
        group_count=0,
        created_at=tx.now,
    )


def find_user(tx: Tx, user_id: str) -> User | None:
    """The user of this id, enabled or not, in whichever store; one indexed query."""
    return tx.remembered(("user", user_id), lambda: store.find_user(tx, user_id))


def find_user_by_name(tx: Tx, identity_store_id: str, user_name: str) -> User | None:
    """The user whose name matches `user_name` caselessly; one indexed query."""
    return store.find_user_by_name(tx, identity_store_id, fold(user_name))


def find_user_by_email(tx: Tx, identity_store_id: str, email: str) -> User | None:
    """The user whose e-mail matches `email` caselessly."""
    user_id = store.user_id_by_email(tx, identity_store_id, fold(email))
    return None if user_id is None else store.find_user(tx, user_id)


def find_group(tx: Tx, group_id: str) -> Group | None:
    """The group of this id, in whichever store; one indexed query."""
    return store.find_group(tx, group_id)


def group_ids_of(tx: Tx, user_id: str) -> tuple[str, ...]:
    """The groups that a user is in, at most 1,000; none for an unknown user."""
    return tx.remembered(
        ("group_ids_of", user_id), lambda: store.group_ids_of(tx, user_id, GROUPS_PER_USER)
    )


def has_principal(
    tx: Tx, identity_store_id: str, principal_type: PrincipalType, principal_id: str
) -> bool:
    """Whether the store has such a principal; one look into an index."""
    if principal_type == "USER":
        return store.has_user(tx, identity_store_id, principal_id)
    return store.has_group(tx, identity_store_id, principal_id)


_USER_SECRETS = frozenset(
    {
        "user_name",
        "name",
        "display_name",
        "nick_name",
        "profile_url",
        "emails",
        "addresses",
        "phone_numbers",
        "user_type",
        "title",
        "preferred_language",
        "locale",
        "timezone",
        "photos",
        "website",
        "birthdate",
        "roles",
        "extensions",
        "external_ids",
    }
)
_GROUP_SECRETS = frozenset({"display_name", "description", "external_ids"})
_UPDATE_SECRETS = frozenset({"operations.attribute_value"})
_FILTER_SECRETS = frozenset({"filters.attribute_value"})
_IDENTIFIER_SECRETS = frozenset(
    {
        "alternate_identifier.unique_attribute.attribute_value",
        "alternate_identifier.external_id.id",
    }
)
"""What is asked about a person is as much theirs as what is answered."""

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="DescribeIdentityStore",
        run=stores.describe_identity_store,
        access=iam("DescribeIdentityStore"),
        reads="point",
    ),
    Operation(
        name="ListIdentityStores",
        run=stores.list_identity_stores,
        access=Iam(checks=lambda tx, call: (Check(action="identitystore:ListIdentityStores"),)),
        reads="point",
    ),
    Operation(
        name="UpdateIdentityStore",
        run=stores.update_identity_store,
        access=iam("UpdateIdentityStore"),
    ),
    Operation(
        name="CreateUser", run=users.create_user, access=iam("CreateUser"), secret=_USER_SECRETS
    ),
    Operation(
        name="DescribeUser",
        run=users.describe_user,
        access=iam("DescribeUser", the_user, members_may_read=True),
        reads="point",
    ),
    Operation(
        name="ListUsers",
        run=users.list_users,
        access=iam("ListUsers", all_users, members_may_read=True),
        reads="point",
        secret=_FILTER_SECRETS,
    ),
    Operation(
        name="GetUserId",
        run=users.get_user_id,
        access=iam("GetUserId", the_user_found, members_may_read=True),
        reads="point",
        secret=_IDENTIFIER_SECRETS,
    ),
    Operation(
        name="UpdateUser",
        run=users.update_user,
        access=iam("UpdateUser", the_user),
        secret=_UPDATE_SECRETS,
    ),
    Operation(name="DeleteUser", run=users.delete_user, access=iam("DeleteUser", the_user)),
    Operation(
        name="CreateGroup",
        run=groups.create_group,
        access=iam("CreateGroup"),
        secret=_GROUP_SECRETS,
    ),
    Operation(
        name="DescribeGroup",
        run=groups.describe_group,
        access=iam("DescribeGroup", the_group, members_may_read=True),
        reads="point",
    ),
    Operation(
        name="ListGroups",
        run=groups.list_groups,
        access=iam("ListGroups", all_groups, members_may_read=True),
        reads="point",
        secret=_FILTER_SECRETS,
    ),
    Operation(
        name="GetGroupId",
        run=groups.get_group_id,
        access=iam("GetGroupId", the_group_found, members_may_read=True),
        reads="point",
        secret=_IDENTIFIER_SECRETS,
    ),
    Operation(
        name="UpdateGroup",
        run=groups.update_group,
        access=iam("UpdateGroup", the_group),
        secret=_UPDATE_SECRETS,
    ),
    Operation(name="DeleteGroup", run=groups.delete_group, access=iam("DeleteGroup", the_group)),
    Operation(
        name="CreateGroupMembership",
        run=memberships.create_group_membership,
        access=iam("CreateGroupMembership", the_group, the_user),
    ),
    Operation(
        name="DeleteGroupMembership",
        run=memberships.delete_group_membership,
        access=iam("DeleteGroupMembership", the_membership),
    ),
    Operation(
        name="DescribeGroupMembership",
        run=memberships.describe_group_membership,
        access=iam("DescribeGroupMembership", the_membership, members_may_read=True),
        reads="point",
    ),
    Operation(
        name="GetGroupMembershipId",
        run=memberships.get_group_membership_id,
        access=iam(
            "GetGroupMembershipId",
            the_group,
            the_user,
            the_membership_between,
            members_may_read=True,
        ),
        reads="point",
    ),
    Operation(
        name="ListGroupMemberships",
        run=memberships.list_group_memberships,
        access=iam("ListGroupMemberships", the_group, all_memberships, members_may_read=True),
        reads="point",
    ),
    Operation(
        name="ListGroupMembershipsForMember",
        run=memberships.list_group_memberships_for_member,
        access=iam(
            "ListGroupMembershipsForMember", the_user, all_memberships, members_may_read=True
        ),
        reads="point",
    ),
    Operation(
        name="IsMemberInGroups",
        run=memberships.is_member_in_groups,
        access=iam(
            "IsMemberInGroups", the_user, the_groups, all_memberships, members_may_read=True
        ),
        reads="point",
    ),
)


def _status_checks(tx: Tx, call: Call) -> tuple[Check, ...]:
    disables = call.params["status"] == "DISABLED"
    return (Check(action=f"sso-directory:{'DisableUser' if disables else 'EnableUser'}"),)


SET_USER_STATUS = Operation(
    name="SetUserStatus",
    run=users.set_user_status,
    access=Iam(checks=_status_checks, owner=access.owner),
)
CREATE_IDENTITY_STORE = Operation(
    name="CreateIdentityStore", run=create_identity_store, access=System()
)
