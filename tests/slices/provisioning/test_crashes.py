"""Killed before or after any transaction, a job ends as if it had not been cut off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genkan.assignments import operations as assignments
from genkan.iam import policies as iam_policies
from genkan.permission_sets import operations as permission_sets
from genkan.provisioning.sandbox import SandboxTarget
from tests.slices.assignments.world import (
    INSTANCE_ARN,
    MEMBER,
    assign,
    roles_of,
    run,
    unassign,
)
from tests.slices.provisioning.support import OWNER, Killed, Process, Stepwise, everything
from tests.slices.provisioning.test_roles import BILLING, INLINE, READ_ONLY, edit

STEPS_AT_MOST = 40


async def creation(process: Process) -> None:
    """A role with every kind of policy is about to be made."""
    fill(process)
    with process.write() as tx:
        assign(tx, MEMBER, process.world.read_only, process.world.bob)


async def change(process: Process) -> None:
    """A role is about to lose some policies and get others."""
    await creation(process)
    await process.work_off()
    arn = process.world.read_only
    with process.write() as tx:
        edit(tx, "DetachManagedPolicyFromPermissionSet", arn, managed_policy_arn=READ_ONLY)
        edit(tx, "AttachManagedPolicyToPermissionSet", arn, managed_policy_arn=BILLING)
        edit(tx, "DeleteInlinePolicyFromPermissionSet", arn)
        edit(tx, "DeletePermissionsBoundaryFromPermissionSet", arn)
        edit(tx, "UpdatePermissionSet", arn, description="changed")
        run(
            tx,
            assignments,
            "ProvisionPermissionSet",
            instance_arn=INSTANCE_ARN,
            permission_set_arn=arn,
            target_type="ALL_PROVISIONED_ACCOUNTS",
        )


async def deletion(process: Process) -> None:
    """The last assignment is gone, its role is about to go."""
    await creation(process)
    await process.work_off()
    with process.write() as tx:
        unassign(tx, MEMBER, process.world.read_only, process.world.bob)


async def failure(process: Process) -> None:
    """A new role is about to fail for want of a policy of the account."""
    with process.write() as tx:
        edit(
            tx,
            "AttachCustomerManagedPolicyReferenceToPermissionSet",
            process.world.read_only,
            customer_managed_policy_reference={"name": "Missing"},
        )
        assign(tx, MEMBER, process.world.read_only, process.world.bob)


async def clean_up(process: Process) -> None:
    """The only person assigned was deleted."""
    from genkan.identity_store import operations as identity_store
    from tests.slices.assignments.world import STORE

    await creation(process)
    await process.work_off()
    with process.write() as tx:
        run(
            tx,
            identity_store,
            "DeleteUser",
            identity_store_id=STORE,
            user_id=process.world.bob,
        )


def fill(process: Process) -> None:
    arn = process.world.read_only
    with process.store.write(OWNER) as tx:
        iam_policies.create_policy(tx, account_id=MEMBER, policy_name="Own", policy_document=INLINE)
    with process.write() as tx:
        edit(tx, "AttachManagedPolicyToPermissionSet", arn, managed_policy_arn=READ_ONLY)
        edit(
            tx,
            "AttachCustomerManagedPolicyReferenceToPermissionSet",
            arn,
            customer_managed_policy_reference={"name": "Own"},
        )
        edit(tx, "PutInlinePolicyToPermissionSet", arn, inline_policy=INLINE)
        edit(
            tx,
            "PutPermissionsBoundaryToPermissionSet",
            arn,
            permissions_boundary={"managed_policy_arn": BILLING},
        )


SCENARIOS: tuple[Callable[[Process], Any], ...] = (
    creation,
    change,
    deletion,
    failure,
    clean_up,
)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("target", [SandboxTarget(), Stepwise()], ids=["at once", "one by one"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
async def test_a_job_killed_at_any_transaction_ends_as_one_that_was_not(
    tmp_path: Path,
    engine: str,
    scenario: Callable[[Process], Any],
    target: SandboxTarget,
    after: bool,
) -> None:
    whole = Process(tmp_path / "whole", engine, target)
    await scenario(whole)
    whole.database.steps = 0
    await whole.work_off()
    steps = whole.database.steps
    assert 2 <= steps <= STEPS_AT_MOST
    for number in range(1, steps + 1):
        process = Process(tmp_path / str(number), engine, target)
        await scenario(process)
        await killed_at(process, number, after=after)
        with process.write() as tx:
            named = roles_of(tx, MEMBER)
        process.restart()
        await process.work_off()
        assert everything(process) == everything(whole), number
        with process.write() as tx:
            ended = roles_of(tx, MEMBER)
        # A suffix that was recorded before the end is the one that stays.
        assert not ended or not named or ended == named
        await process.close()
    await whole.close()


async def killed_at(process: Process, number: int, *, after: bool) -> None:
    process.database.steps = 0
    process.database.die_at = number
    process.database.die_after = after
    with pytest.raises(Killed):
        await process.work_off()


async def test_a_job_killed_at_every_transaction_in_turn_still_ends(
    tmp_path: Path, engine: str
) -> None:
    process = Process(tmp_path, engine, Stepwise())
    await creation(process)
    for number in range(1, STEPS_AT_MOST):
        process.database.steps = 0
        process.database.die_at = number
        try:
            await process.work_off()
        except Killed:
            process.restart()
        else:
            break
    else:
        raise AssertionError("the job never ended")
    with process.write() as tx:
        (role,) = roles_of(tx, MEMBER)
        found = assignments.provisioned_role(tx, MEMBER, process.world.read_only)
        assert assignments.assigned(tx, process.world.bob, MEMBER, process.world.read_only)
        made = tx.all("SELECT role_name FROM iam_roles WHERE account_id = ?", MEMBER)
        requests = tx.all("SELECT status FROM assignment_requests")
    assert found is not None
    assert made == [(role,)]
    assert requests == [("SUCCEEDED",)]
    await process.close()


def test_the_scenarios_cover_every_operation_that_edits_a_permission_set() -> None:
    # A new kind of edit must be thought of in `fill`.
    edits = {
        one.name
        for one in permission_sets.OPERATIONS
        if one.reads is None and one.name.startswith(("Attach", "Put"))
    }
    assert edits == {
        "AttachManagedPolicyToPermissionSet",
        "AttachCustomerManagedPolicyReferenceToPermissionSet",
        "PutInlinePolicyToPermissionSet",
        "PutPermissionsBoundaryToPermissionSet",
    }
