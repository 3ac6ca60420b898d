"""A small organization with people and permission sets, for the tests of these slices."""

from dataclasses import dataclass
from typing import Any

from genkan.assignments import operations as assignments
from genkan.assignments.work import begin_role_work, settle_role_work
from genkan.core.call import Owner
from genkan.core.events import (
    GroupDeleted,
    PermissionSetChanging,
    PermissionSetDeleting,
    RoleSessionUsed,
    UserDeleted,
)
from genkan.db import jobs
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.organization import operations as organization
from genkan.permission_sets import operations as permission_sets
from tests.support.store import MANAGEMENT, Store

MEMBER = "222233334444"
OTHER = "333344445555"
STORE = "d-1234567890"
INSTANCE_ID = "ssoins-1234567890abcdef"
INSTANCE_ARN = f"arn:aws:sso:::instance/{INSTANCE_ID}"
NOBODY = "00000000-0000-7000-0000-000000000000"
OWNER = Owner(reason="test")


@dataclass(frozen=True, slots=True)
class World:
    """What the tests name: alice is in the group, bob is in none."""

    alice: str
    bob: str
    group: str
    read_only: str
    administrator: str


def make_world(store: Store, region: str = "us-east-1") -> World:
    """Make it in one transaction, events wired; permission sets are without policies."""
    wire(store)
    with store.write(OWNER) as tx:
        whole = organization.create_organization(
            tx, account_id=MANAGEMENT, name="Management", email="root@example.com"
        )
        for account_id, name in ((MEMBER, "member"), (OTHER, "other")):
            organization.create_account(
                tx,
                account_id=account_id,
                name=name,
                email=f"{name}@example.com",
                environment="development",
                colour="red",
                parent_id=whole.root_id,
            )
        identity_store.create_identity_store(
            tx, identity_store_id=STORE, owner_account_id=MANAGEMENT
        )
        instances.create_instance(
            tx,
            identity_store_id=STORE,
            owner_account_id=MANAGEMENT,
            region=region,
            instance_id=INSTANCE_ID,
        )
        alice, bob = (a_user(tx, name) for name in ("alice", "bob"))
        group = run(
            tx, identity_store, "CreateGroup", identity_store_id=STORE, display_name="Team"
        ).group_id
        run(
            tx,
            identity_store,
            "CreateGroupMembership",
            identity_store_id=STORE,
            group_id=group,
            member_id={"user_id": alice},
        )
        return World(
            alice=alice,
            bob=bob,
            group=group,
            read_only=a_permission_set(tx, "ReadOnly"),
            administrator=a_permission_set(tx, "Administrator"),
        )


def wire(store: Store) -> None:
    """The subscribers of assignments."""
    store.events.subscribe(UserDeleted, assignments.on_user_deleted)
    store.events.subscribe(GroupDeleted, assignments.on_group_deleted)
    store.events.subscribe(PermissionSetDeleting, assignments.on_permission_set_deleting)
    store.events.subscribe(PermissionSetChanging, assignments.on_permission_set_changing)
    store.events.subscribe(RoleSessionUsed, assignments.on_role_session_used)


def run(tx: Tx, slice_operations: Any, name: str, /, **params: Any) -> Any:
    """Run a wire operation of a slice by AWS's name."""
    operation = next(one for one in slice_operations.OPERATIONS if one.name == name)
    return operation.run(tx, **params)


def a_user(tx: Tx, user_name: str) -> str:
    """A user's id."""
    user_id: str = run(
        tx,
        identity_store,
        "CreateUser",
        identity_store_id=STORE,
        user_name=user_name,
        display_name=user_name,
        name={"given_name": user_name, "family_name": "Doe"},
    ).user_id
    return user_id


def a_permission_set(tx: Tx, name: str, **more: Any) -> str:
    """A permission set's ARN."""
    answer = permission_sets.create_permission_set(tx, instance_arn=INSTANCE_ARN, name=name, **more)
    arn: str = answer["permission_set"]["permission_set_arn"]
    return arn


def assign(tx: Tx, account_id: str, arn: str, principal_id: str, kind: str = "USER") -> str:
    """Ask for an assignment; the request id."""
    return _ask(tx, "CreateAccountAssignment", account_id, arn, principal_id, kind)


def unassign(tx: Tx, account_id: str, arn: str, principal_id: str, kind: str = "USER") -> str:
    """Ask for the end of an assignment; the request id."""
    return _ask(tx, "DeleteAccountAssignment", account_id, arn, principal_id, kind)


def _ask(tx: Tx, name: str, account_id: str, arn: str, principal_id: str, kind: str) -> str:
    answer = run(
        tx,
        assignments,
        name,
        instance_arn=INSTANCE_ARN,
        target_id=account_id,
        target_type="AWS_ACCOUNT",
        permission_set_arn=arn,
        principal_type=kind,
        principal_id=principal_id,
    )
    ((member, status),) = answer.items()
    assert member.endswith("_status")
    request_id: str = status["request_id"]
    return request_id


def status_of(tx: Tx, request_id: str, kind: str = "creation") -> tuple[str, str | None]:
    """(Status, FailureReason) as Describe…Status tells them."""
    if kind == "provisioning":
        answer = run(
            tx,
            assignments,
            "DescribePermissionSetProvisioningStatus",
            instance_arn=INSTANCE_ARN,
            provision_permission_set_request_id=request_id,
        )["permission_set_provisioning_status"]
    else:
        answer = run(
            tx,
            assignments,
            f"DescribeAccountAssignment{kind.capitalize()}Status",
            **{
                "instance_arn": INSTANCE_ARN,
                f"account_assignment_{kind}_request_id": request_id,
            },
        )[f"account_assignment_{kind}_status"]
    return answer["status"], answer["failure_reason"]


def work_off(store: Store, failure: str = "") -> int:
    """Do every due job as a worker whose accounts obey at once, or refuse; how many there were."""
    done = 0
    while True:
        with store.write(OWNER) as tx:
            claimed = jobs.claim(tx, 10)
        if not claimed:
            return done
        for job in claimed:
            done += 1
            with store.write(job.worker) as tx:
                work = begin_role_work(tx, **job.payload)
                if work is not None:
                    where = {k: v for k, v in job.payload.items() if k != "instance_id"}
                    stands = work.content is not None
                    if failure:
                        stands = not (work.new and stands)
                    settle_role_work(
                        tx,
                        **where,
                        stands=stands,
                        content_hash="" if failure else work.content_hash,
                        failure=failure,
                    )
                jobs.finish(tx, job.worker)


def roles_of(tx: Tx, account_id: str) -> list[str]:
    """Names of the roles that are recorded for an account, completed or not."""
    rows = tx.all(
        "SELECT role_name FROM provisioned_permission_sets WHERE account_id = ? ORDER BY 1",
        account_id,
    )
    return [row[0] for row in rows]
