"""Writing what a seed lets people do: permission sets, and assignments until they stand."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET

from genkan.assignments import operations as assignments
from genkan.core.call import Operation
from genkan.permission_sets import operations as permission_sets
from genkan.sandbox.document import PermissionSet, PolicyReference, SeedDocument
from genkan.sandbox.seed_door import Seeder, SeedFailed, wait_until
from genkan.sandbox.seed_names import Names
from genkan.sandbox.seed_tags import tag_list


async def make_permission_sets(seeder: Seeder, wanted: Sequence[PermissionSet]) -> None:
    """Create every permission set with its policies."""
    wire = {operation.name: operation for operation in permission_sets.OPERATIONS}
    for one in wanted:
        made = await seeder.do(
            wire["CreatePermissionSet"],
            instance_arn=seeder.made.instance_arn,
            permission_set_id=one.id or None,
            name=one.name,
            description=one.description,
            session_duration=one.session_duration,
            relay_state=one.relay_state,
            tags=tag_list(one.tags),
        )
        arn = made["permission_set"]["permission_set_arn"]
        seeder.made.permission_sets[one.name] = arn
        target = {"instance_arn": seeder.made.instance_arn, "permission_set_arn": arn}
        await _policies(seeder, wire, one, target)


async def _policies(
    seeder: Seeder,
    wire: Mapping[str, Operation],
    one: PermissionSet,
    target: Mapping[str, str],
) -> None:
    for policy_arn in one.managed_policies:
        await seeder.do(
            wire["AttachManagedPolicyToPermissionSet"], **target, managed_policy_arn=policy_arn
        )
    for reference in one.customer_managed_policies:
        await seeder.do(
            wire["AttachCustomerManagedPolicyReferenceToPermissionSet"],
            **target,
            customer_managed_policy_reference=_reference(reference),
        )
    if one.inline_policy:
        await seeder.do(
            wire["PutInlinePolicyToPermissionSet"], **target, inline_policy=one.inline_policy
        )
    boundary = one.permissions_boundary
    if boundary is not UNSET:
        reference_given = boundary.customer_managed_policy
        await seeder.do(
            wire["PutPermissionsBoundaryToPermissionSet"],
            **target,
            permissions_boundary={"managed_policy_arn": boundary.managed_policy}
            if reference_given is UNSET
            else {"customer_managed_policy_reference": _reference(reference_given)},
        )


def _reference(reference: PolicyReference) -> dict[str, str]:
    return {"name": reference.name, "path": reference.path}


async def make_assignments(seeder: Seeder, document: SeedDocument, names: Names) -> None:
    """Assign, and wait until every role stands; `SeedFailed` when one does not."""
    wire = {operation.name: operation for operation in assignments.OPERATIONS}
    running: dict[tuple[str, int], str] = {}
    for one in document.assignments:
        for account in names.targets(one):
            role = (one.permission_set, account)
            # Of one role only one request runs at a time (reference §4).
            if (earlier := running.pop(role, None)) is not None:
                await _done(seeder, wire, earlier)
            answer = await seeder.do(
                wire["CreateAccountAssignment"],
                instance_arn=seeder.made.instance_arn,
                target_id=seeder.made.accounts[account],
                target_type="AWS_ACCOUNT",
                permission_set_arn=seeder.made.permission_sets[one.permission_set],
                principal_type="USER" if one.user else "GROUP",
                principal_id=seeder.made.users[one.user]
                if one.user
                else seeder.made.groups[one.group],
            )
            running[role] = answer["account_assignment_creation_status"]["request_id"]
    for request_id in running.values():
        await _done(seeder, wire, request_id)


async def _done(seeder: Seeder, wire: Mapping[str, Operation], request_id: str) -> None:
    async def done() -> bool:
        answer = await seeder.do(
            wire["DescribeAccountAssignmentCreationStatus"],
            instance_arn=seeder.made.instance_arn,
            account_assignment_creation_request_id=request_id,
        )
        status = answer["account_assignment_creation_status"]
        if status["status"] == "FAILED":
            raise SeedFailed(f"an assignment failed: {status['failure_reason']}")
        return bool(status["status"] == "SUCCEEDED")

    await wait_until(done, "an assignment")
