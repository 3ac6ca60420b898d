"""An assignment becomes AWS's role in the account, and goes with the last of them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from genkan.assignments import operations as assignments
from genkan.assignments.operations import BEGIN_ROLE_WORK
from genkan.core.call import Call, Origin, Signer, Worker
from genkan.core.errors import Conflict, Denied
from genkan.db import jobs
from genkan.db.database import Tx
from genkan.iam import operations as iam
from genkan.iam import policies as iam_policies
from genkan.iam.records import PROVISION_JOB
from genkan.instances.operations import INSTANCE_JOB
from genkan.perform import perform
from genkan.permission_sets import operations as permission_sets
from genkan.provisioning.jobs import GAVE_UP
from genkan.provisioning.sandbox import SandboxTarget
from genkan.provisioning.target import Site
from genkan.worker import InProcessWorker
from tests.slices.assignments.world import (
    INSTANCE_ARN,
    MEMBER,
    OTHER,
    a_permission_set,
    assign,
    roles_of,
    run,
    status_of,
    unassign,
)
from tests.slices.provisioning.support import METADATA, OWNER, Killed, Process
from tests.support.store import ADMINISTRATOR

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"
INLINE = (
    '{ "Version": "2012-10-17",\n "Statement": [{"Effect": "Allow", "Action": "s3:*",'
    ' "Resource": "*"}] }'
)
IN_MEMBER = Signer(
    account_id=MEMBER,
    arn=f"arn:aws:iam::{MEMBER}:user/somebody",
    user_id="AIDA",
    access_key_id="AKIA",
)


@pytest.fixture
async def process(tmp_path: Path, engine: str) -> AsyncIterator[Process]:
    started = Process(tmp_path, engine)
    yield started
    await started.close()


def edit(tx: Tx, name: str, arn: str, **params: Any) -> None:
    run(tx, permission_sets, name, instance_arn=INSTANCE_ARN, permission_set_arn=arn, **params)


def a_policy(process: Process, name: str, path: str = "/", account_id: str = MEMBER) -> str:
    with process.store.write(OWNER) as tx:
        return iam_policies.create_policy(
            tx, account_id=account_id, policy_name=name, path=path, policy_document=INLINE
        ).policy_arn


def in_account(process: Process, name: str, **params: Any) -> Any:
    """What IAM answers somebody in the member account."""
    with process.store.write(IN_MEMBER) as tx:
        return run(tx, iam, name, **params)


def the_role(process: Process) -> dict[str, Any]:
    (role,) = in_account(process, "ListRoles")["roles"]
    found: dict[str, Any] = in_account(process, "GetRole", role_name=role["role_name"])["role"]
    return found


async def test_the_role_is_the_one_aws_makes(process: Process) -> None:
    with process.write() as tx:
        arn = a_permission_set(tx, "Auditor", description="Looks", session_duration="PT2H")
        edit(tx, "AttachManagedPolicyToPermissionSet", arn, managed_policy_arn=READ_ONLY)
        edit(tx, "PutInlinePolicyToPermissionSet", arn, inline_policy=INLINE)
        edit(
            tx,
            "PutPermissionsBoundaryToPermissionSet",
            arn,
            permissions_boundary={"managed_policy_arn": BILLING},
        )
        request_id = assign(tx, MEMBER, arn, process.world.bob)
    assert await process.work_off() == 1
    with process.write() as tx:
        assert status_of(tx, request_id) == ("SUCCEEDED", None)
        provisioned = assignments.provisioned_role(tx, MEMBER, arn)
    assert provisioned is not None
    role = the_role(process)
    name = role["role_name"]
    assert role["arn"] == provisioned.role_arn
    assert role["path"] == "/aws-reserved/sso.amazonaws.com/"
    assert role["description"] == "Looks"
    assert role["max_session_duration"] == 43200
    assert role["permissions_boundary"]["permissions_boundary_arn"] == BILLING
    assert json.loads(unquote(role["assume_role_policy_document"])) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provisioned.saml_provider_arn},
                "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            }
        ],
    }
    attached = in_account(process, "ListAttachedRolePolicies", role_name=name)
    assert [one["policy_arn"] for one in attached["attached_policies"]] == [READ_ONLY]
    assert in_account(process, "ListRolePolicies", role_name=name)["policy_names"] == [
        "AwsSSOInlinePolicy"
    ]
    inline = in_account(process, "GetRolePolicy", role_name=name, policy_name="AwsSSOInlinePolicy")
    assert unquote(inline["policy_document"]) == INLINE
    provider = in_account(
        process, "GetSAMLProvider", saml_provider_arn=provisioned.saml_provider_arn
    )
    assert provider["saml_metadata_document"] == METADATA


async def test_nothing_is_made_in_other_accounts(process: Process) -> None:
    with process.write() as tx:
        assign(tx, OTHER, process.world.read_only, process.world.bob)
    await process.work_off()
    assert in_account(process, "ListRoles")["roles"] == []
    assert in_account(process, "ListSAMLProviders")["saml_provider_list"] == []


async def test_customer_managed_policies_are_taken_from_the_account_by_path_and_name(
    process: Process,
) -> None:
    own = a_policy(process, "Own", "/team/")
    bound = a_policy(process, "Bound")
    arn = process.world.read_only
    with process.write() as tx:
        edit(
            tx,
            "AttachCustomerManagedPolicyReferenceToPermissionSet",
            arn,
            customer_managed_policy_reference={"name": "Own", "path": "/team/"},
        )
        edit(
            tx,
            "PutPermissionsBoundaryToPermissionSet",
            arn,
            permissions_boundary={"customer_managed_policy_reference": {"name": "Bound"}},
        )
        assign(tx, MEMBER, arn, process.world.bob)
    await process.work_off()
    role = the_role(process)
    attached = in_account(process, "ListAttachedRolePolicies", role_name=role["role_name"])
    assert [one["policy_arn"] for one in attached["attached_policies"]] == [own]
    assert role["permissions_boundary"]["permissions_boundary_arn"] == bound


@pytest.mark.parametrize("as_boundary", [False, True], ids=["attached", "boundary"])
async def test_a_customer_managed_policy_that_is_missing_fails_and_leaves_nothing(
    process: Process, as_boundary: bool
) -> None:
    a_policy(process, "Own", "/other/")
    a_policy(process, "Own", account_id=OTHER)
    arn = process.world.read_only
    reference = {"name": "Own"}
    with process.write() as tx:
        if as_boundary:
            edit(
                tx,
                "PutPermissionsBoundaryToPermissionSet",
                arn,
                permissions_boundary={"customer_managed_policy_reference": reference},
            )
        else:
            edit(
                tx,
                "AttachCustomerManagedPolicyReferenceToPermissionSet",
                arn,
                customer_managed_policy_reference=reference,
            )
        request_id = assign(tx, MEMBER, arn, process.world.bob)
    await process.work_off()
    with process.write() as tx:
        assert status_of(tx, request_id) == (
            "FAILED",
            f"Received a 404 status error: Not supported policy arn:aws:iam::{MEMBER}:policy/Own.",
        )
        assert not assignments.assigned(tx, process.world.bob, MEMBER, arn)
        assert roles_of(tx, MEMBER) == []
        assert tx.one("SELECT COUNT(*) FROM jobs") == (0,)
        edit(tx, "DeletePermissionSet", arn)
    assert in_account(process, "ListRoles")["roles"] == []


class PolicyVanishes(SandboxTarget):
    """Between looking and attaching, somebody deletes the policy."""

    async def missing_policies(self, site: Site, policy_arns: Any) -> tuple[str, ...]:
        return ()


async def test_a_policy_that_vanishes_half_way_takes_the_new_role_with_it(
    tmp_path: Path, engine: str
) -> None:
    process = Process(tmp_path, engine, PolicyVanishes())
    arn = process.world.read_only
    with process.write() as tx:
        edit(tx, "AttachManagedPolicyToPermissionSet", arn, managed_policy_arn=READ_ONLY)
        edit(
            tx,
            "AttachCustomerManagedPolicyReferenceToPermissionSet",
            arn,
            customer_managed_policy_reference={"name": "Own"},
        )
        request_id = assign(tx, MEMBER, arn, process.world.bob)
    await process.work_off()
    with process.write() as tx:
        status, reason = status_of(tx, request_id)
        assert roles_of(tx, MEMBER) == []
    assert status == "FAILED"
    assert reason is not None
    assert reason.endswith(f"Not supported policy arn:aws:iam::{MEMBER}:policy/Own.")
    assert in_account(process, "ListRoles")["roles"] == []
    await process.close()


async def test_a_failed_edit_leaves_the_old_role_as_it_was(process: Process) -> None:
    arn = process.world.read_only
    with process.write() as tx:
        edit(tx, "AttachManagedPolicyToPermissionSet", arn, managed_policy_arn=READ_ONLY)
        assign(tx, MEMBER, arn, process.world.bob)
    await process.work_off()
    before = the_role(process)
    with process.write() as tx:
        edit(
            tx,
            "AttachCustomerManagedPolicyReferenceToPermissionSet",
            arn,
            customer_managed_policy_reference={"name": "Missing"},
        )
        edit(tx, "UpdatePermissionSet", arn, description="changed")
        request_id = run(
            tx,
            assignments,
            "ProvisionPermissionSet",
            instance_arn=INSTANCE_ARN,
            permission_set_arn=arn,
            target_type="AWS_ACCOUNT",
            target_id=MEMBER,
        )["permission_set_provisioning_status"]["request_id"]
    await process.work_off()
    assert the_role(process) == before
    with process.write() as tx:
        assert status_of(tx, request_id, "provisioning")[0] == "FAILED"
        assert assignments.assigned(tx, process.world.bob, MEMBER, arn)
        assert assignments.provisioned_role(tx, MEMBER, arn) is not None


async def test_an_edit_reaches_the_role_when_it_is_provisioned_and_not_before(
    process: Process,
) -> None:
    arn = process.world.read_only
    with process.write() as tx:
        edit(tx, "AttachManagedPolicyToPermissionSet", arn, managed_policy_arn=READ_ONLY)
        edit(tx, "PutInlinePolicyToPermissionSet", arn, inline_policy=INLINE)
        assign(tx, MEMBER, arn, process.world.bob)
    await process.work_off()
    before = the_role(process)
    with process.write() as tx:
        edit(tx, "DetachManagedPolicyFromPermissionSet", arn, managed_policy_arn=READ_ONLY)
        edit(tx, "AttachManagedPolicyToPermissionSet", arn, managed_policy_arn=BILLING)
        edit(tx, "DeleteInlinePolicyFromPermissionSet", arn)
        edit(tx, "UpdatePermissionSet", arn, description="changed")
    assert await process.work_off() == 0
    assert the_role(process) == before
    with process.write() as tx:
        run(
            tx,
            assignments,
            "ProvisionPermissionSet",
            instance_arn=INSTANCE_ARN,
            permission_set_arn=arn,
            target_type="ALL_PROVISIONED_ACCOUNTS",
        )
    await process.work_off()
    after = the_role(process)
    assert (after["role_id"], after["arn"]) == (before["role_id"], before["arn"])
    assert after["description"] == "changed"
    name = after["role_name"]
    attached = in_account(process, "ListAttachedRolePolicies", role_name=name)
    assert [one["policy_arn"] for one in attached["attached_policies"]] == [BILLING]
    assert in_account(process, "ListRolePolicies", role_name=name)["policy_names"] == []


async def test_the_role_goes_with_the_last_assignment_and_the_provider_stays(
    process: Process,
) -> None:
    arn = process.world.read_only
    with process.write() as tx:
        edit(tx, "AttachManagedPolicyToPermissionSet", arn, managed_policy_arn=READ_ONLY)
        edit(tx, "PutInlinePolicyToPermissionSet", arn, inline_policy=INLINE)
        assign(tx, MEMBER, arn, process.world.bob)
    await process.work_off()
    with process.write() as tx:
        assign(tx, MEMBER, arn, process.world.group, "GROUP")
    await process.work_off()
    with process.write() as tx:
        unassign(tx, MEMBER, arn, process.world.bob)
    await process.work_off()
    assert the_role(process)
    with process.write() as tx:
        unassign(tx, MEMBER, arn, process.world.group, "GROUP")
    await process.work_off()
    assert in_account(process, "ListRoles")["roles"] == []
    assert len(in_account(process, "ListSAMLProviders")["saml_provider_list"]) == 1
    with process.write() as tx:
        assert roles_of(tx, MEMBER) == []


async def test_new_metadata_reaches_the_provider_with_the_next_provisioning(
    process: Process,
) -> None:
    with process.write() as tx:
        assign(tx, MEMBER, process.world.read_only, process.world.bob)
    await process.work_off()
    process.metadata = METADATA.replace("urn:test", "urn:new")
    with process.write() as tx:
        assign(tx, MEMBER, process.world.administrator, process.world.bob)
    await process.work_off()
    (listed,) = in_account(process, "ListSAMLProviders")["saml_provider_list"]
    provider = in_account(process, "GetSAMLProvider", saml_provider_arn=listed["arn"])
    assert provider["saml_metadata_document"] == process.metadata


async def test_passing_trouble_leaves_the_request_running_until_it_passes(
    process: Process,
) -> None:
    with process.write() as tx:
        request_id = assign(tx, MEMBER, process.world.read_only, process.world.bob)

    async def fails(app: Any, account_id: str) -> str:
        raise ConnectionError("no metadata today")

    (job,) = process.claim()
    process._metadata_for, works = fails, process._metadata_for  # type: ignore[method-assign]
    handlers, _ = _handlers(process)
    with pytest.raises(ConnectionError):
        await handlers[job.kind](process.app, job)
    with process.write() as tx:
        assert status_of(tx, request_id) == ("IN_PROGRESS", None)
        assert jobs.retry_later(tx, job, "ConnectionError")
    process._metadata_for = works  # type: ignore[method-assign]
    assert await process.work_off() == 0
    process.store.clock.advance(seconds=60)
    assert await process.work_off() == 1
    with process.write() as tx:
        assert status_of(tx, request_id) == ("SUCCEEDED", None)


def _handlers(process: Process) -> Any:
    from genkan.provisioning.jobs import ProvisioningContext, make_handlers

    return make_handlers(ProvisioningContext(metadata_for=process._metadata_for))


async def test_a_dead_job_fails_its_request_and_cleans_up_later(process: Process) -> None:
    with process.write() as tx:
        request_id = assign(tx, MEMBER, process.world.read_only, process.world.bob)
    (job,) = process.claim()
    process.database.die_at = 4
    with pytest.raises(Killed):
        await process.handlers[job.kind](process.app, job)
    process.database.die_at = None
    with process.write() as tx:
        tx.run("UPDATE jobs SET state = 'dead' WHERE id = ?", job.id)
        assert len(roles_of(tx, MEMBER)) == 1
    await process.give_up[job.kind](process.app, job, "RuntimeError: broken")
    with process.write() as tx:
        assert status_of(tx, request_id) == ("FAILED", GAVE_UP)
    assert await process.work_off() == 0
    process.store.clock.advance(seconds=601)
    assert await process.work_off() == 1
    with process.write() as tx:
        assert roles_of(tx, MEMBER) == []
    assert in_account(process, "ListRoles")["roles"] == []


async def test_a_worker_that_lost_its_lease_changes_nothing_more(process: Process) -> None:
    with process.write() as tx:
        edit(
            tx,
            "AttachManagedPolicyToPermissionSet",
            process.world.read_only,
            managed_policy_arn=READ_ONLY,
        )
        request_id = assign(tx, MEMBER, process.world.read_only, process.world.bob)
    (stale,) = process.claim()
    process.store.clock.advance(seconds=31)
    (fresh,) = process.claim()
    assert (fresh.id, fresh.fence) == (stale.id, stale.fence + 1)
    with pytest.raises(Conflict, match="no longer leased"):
        await process.handlers[stale.kind](process.app, stale)
    with process.write() as tx:
        assert roles_of(tx, MEMBER) == []
    await process.do(fresh)
    with pytest.raises(Conflict, match="no longer leased"):
        await process.handlers[stale.kind](process.app, stale)
    with process.write() as tx:
        assert status_of(tx, request_id) == ("SUCCEEDED", None)
        assert len(roles_of(tx, MEMBER)) == 1


async def test_the_acts_of_people_are_audited_and_the_workers_steps_are_not(
    process: Process,
) -> None:
    operation = next(one for one in assignments.OPERATIONS if one.name == "CreateAccountAssignment")
    await perform(
        process.app,
        Call(
            operation=operation,
            params={
                "instance_arn": INSTANCE_ARN,
                "target_id": MEMBER,
                "target_type": "AWS_ACCOUNT",
                "permission_set_arn": process.world.read_only,
                "principal_type": "USER",
                "principal_id": process.world.bob,
            },
            caller=OWNER,
            origin=Origin(request_id="00000000-0000-4000-8000-000000000000"),
            event_source="sso.amazonaws.com",
        ),
    )
    assert await process.work_off() == 1
    assert process.audited == ["CreateAccountAssignment"]


@pytest.mark.parametrize(
    "caller",
    [ADMINISTRATOR, Worker(kind="AnotherJob", job_id="job", fence=1)],
    ids=["signer", "another job"],
)
async def test_the_steps_are_for_the_provisioning_job_only(process: Process, caller: Any) -> None:
    call = Call(
        operation=BEGIN_ROLE_WORK,
        params={},
        caller=caller,
        origin=Origin(request_id="00000000-0000-4000-8000-000000000000"),
        event_source="sso.amazonaws.com",
    )
    with pytest.raises(Denied):
        await perform(process.app, call)


async def test_the_worker_in_the_process_does_the_jobs(process: Process) -> None:
    import asyncio

    with process.write() as tx:
        requests = [
            assign(tx, account_id, arn, process.world.bob)
            for account_id in (MEMBER, OTHER)
            for arn in (process.world.read_only, process.world.administrator)
        ]
    worker = InProcessWorker(process.app, process.handlers, process.give_up)
    await worker.start()
    async with asyncio.timeout(120):
        while True:
            with process.write() as tx:
                ended = {status_of(tx, request_id) for request_id in requests}
            if ("IN_PROGRESS", None) not in ended:
                break
            await asyncio.sleep(0.01)
    await worker.stop()
    assert ended == {("SUCCEEDED", None)}
    assert list(process.handlers) == [PROVISION_JOB, INSTANCE_JOB]
    assert len(in_account(process, "ListRoles")["roles"]) == 2
    assert len(in_account(process, "ListSAMLProviders")["saml_provider_list"]) == 1
