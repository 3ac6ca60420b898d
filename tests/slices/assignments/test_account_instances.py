"""What an account instance does not have: permission sets and access to accounts (§1.1)."""

from collections.abc import Mapping
from typing import Any

import pytest

from genkan.assignments import operations as assignments
from genkan.core.errors import Invalid, NotFound
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.permission_sets import operations as permission_sets
from tests.slices.assignments.world import MEMBER, NOBODY, World, make_world, run
from tests.support.store import Store

INSTANCE = "arn:aws:sso:::instance/ssoins-fedcba0987654321"
UNKNOWN = "arn:aws:sso:::instance/ssoins-0000000000000000"
PRINCIPAL = {"principal_type": "USER", "principal_id": NOBODY}
#: Operations that name the instance alone, or things that are not in it.
ABOUT_THE_INSTANCE: list[tuple[Any, str, Mapping[str, Any]]] = [
    (permission_sets, "CreatePermissionSet", {"name": "Any"}),
    (permission_sets, "ListPermissionSets", {}),
    (assignments, "ListAccountAssignmentsForPrincipal", PRINCIPAL),
    (assignments, "ListPermissionSetsProvisionedToAccount", {"account_id": MEMBER}),
    (assignments, "ListAccountAssignmentCreationStatus", {}),
    (assignments, "ListAccountAssignmentDeletionStatus", {}),
    (assignments, "ListPermissionSetProvisioningStatus", {}),
]
_TARGET = {"target_type": "AWS_ACCOUNT", "target_id": MEMBER}
#: Operations that name a permission set, which is always another instance's.
ABOUT_A_PERMISSION_SET: list[tuple[Any, str, Mapping[str, Any]]] = [
    (assignments, "CreateAccountAssignment", {**_TARGET, **PRINCIPAL}),
    (assignments, "DeleteAccountAssignment", {**_TARGET, **PRINCIPAL}),
    (assignments, "ProvisionPermissionSet", _TARGET),
    (assignments, "ListAccountAssignments", {"account_id": MEMBER}),
    (assignments, "ListAccountsForProvisionedPermissionSet", {}),
    (permission_sets, "DescribePermissionSet", {}),
    (permission_sets, "UpdatePermissionSet", {}),
    (permission_sets, "DeletePermissionSet", {}),
]


@pytest.fixture
def world(store: Store) -> World:
    made = make_world(store)
    with store.write() as tx:
        identity_store.create_identity_store(
            tx, identity_store_id="d-0123456789", owner_account_id=MEMBER
        )
        instances.create_instance(
            tx,
            identity_store_id="d-0123456789",
            owner_account_id=MEMBER,
            region="us-east-1",
            kind=instances.ACCOUNT,
            instance_id=INSTANCE.rpartition("/")[2],
        )
    return made


@pytest.mark.parametrize(
    ("of", "name", "params"), ABOUT_THE_INSTANCE, ids=[one[1] for one in ABOUT_THE_INSTANCE]
)
def test_an_account_instance_refuses_what_it_does_not_have(
    store: Store, world: World, of: Any, name: str, params: Mapping[str, Any]
) -> None:
    with pytest.raises(Invalid, match="not supported for this Id"), store.write() as tx:
        run(tx, of, name, instance_arn=INSTANCE, **params)
    with pytest.raises(NotFound), store.write() as tx:
        run(tx, of, name, instance_arn=UNKNOWN, **params)


@pytest.mark.parametrize(
    ("of", "name", "params"), ABOUT_A_PERMISSION_SET, ids=[one[1] for one in ABOUT_A_PERMISSION_SET]
)
@pytest.mark.parametrize("instance_arn", [INSTANCE, UNKNOWN])
def test_a_permission_set_is_found_in_its_own_instance_only(
    store: Store, world: World, of: Any, name: str, params: Mapping[str, Any], instance_arn: str
) -> None:
    with pytest.raises(NotFound, match="Could not find PermissionSet"), store.write() as tx:
        run(
            tx,
            of,
            name,
            instance_arn=instance_arn,
            permission_set_arn=world.read_only,
            **params,
        )
    with pytest.raises(NotFound), store.write() as tx:
        elsewhere = world.read_only.replace("ssoins-1234567890abcdef", "ssoins-fedcba0987654321")
        run(tx, of, name, instance_arn=INSTANCE, permission_set_arn=elsewhere, **params)
