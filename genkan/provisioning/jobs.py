"""The worker's handler: from a claimed job to a role as it should be, and a settled request.

Three kinds of step, each of which may be the last before a crash: `BeginRoleWork` says what is to
be brought about and records names; the target makes the changes, at once or one by one;
`SettleRoleWork` records the end. Run again after any of them, the job ends as if it had not been
cut off.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from genkan.assignments.operations import BEGIN_ROLE_WORK, SETTLE_ROLE_WORK
from genkan.assignments.records import RoleWork
from genkan.core.app import App
from genkan.core.call import Call, Caller, Operation, Origin, Owner
from genkan.core.ids import request_id
from genkan.db.jobs import Job
from genkan.iam.records import PROVISION_JOB
from genkan.instances.operations import INSTANCE_JOB
from genkan.perform import perform
from genkan.provisioning import instances
from genkan.provisioning.desired import customer_policies, desired_role
from genkan.provisioning.plan import plan
from genkan.provisioning.sandbox import SandboxTarget
from genkan.provisioning.state import AccountState, SamlProviderState
from genkan.provisioning.target import AccountTarget, Site, TargetRefused

GAVE_UP = "An unexpected internal service exception was encountered"
"""AWS's FailureReason when it is nobody's fault but the service's."""

Handler = Callable[[App, Job], Awaitable[None]]
GiveUp = Callable[[App, Job, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningContext:
    """What the handler is given by `assembly`.

    `metadata_for(app, account_id)` is the metadata of our identity provider towards the account.
    """

    metadata_for: Callable[[App, str], Awaitable[str]]
    target: AccountTarget = field(default_factory=SandboxTarget)


def make_handlers(
    context: ProvisioningContext,
) -> tuple[Mapping[str, Handler], Mapping[str, GiveUp]]:
    """The handlers by job kind, and what is done when a job of that kind is dead."""

    async def provision(app: App, job: Job) -> None:
        await provision_role(context, app, job)

    return (
        {PROVISION_JOB: provision, INSTANCE_JOB: instances.settle_instance},
        {PROVISION_JOB: give_up, INSTANCE_JOB: instances.give_up},
    )


async def provision_role(context: ProvisioningContext, app: App, job: Job) -> None:
    """Bring about what the job is for, and settle its request."""
    work: RoleWork | None = await _step(app, BEGIN_ROLE_WORK, job.payload, job.worker)
    if work is None:
        return
    site = Site(app=app, job=job, account_id=work.account_id)
    failure = ""
    stands = work.content is not None
    try:
        await _bring_about(context, site, work)
    except TargetRefused as refused:
        failure = refused.reason
        stands = await _still_stands(context, site, work)
    await _settle(
        app,
        job,
        job.worker,
        stands=stands,
        content_hash="" if failure else work.content_hash,
        failure=failure,
    )


async def give_up(app: App, job: Job, error: str) -> None:
    """Settle the request of a job that failed too often; the log has the error."""
    await _settle(app, job, Owner(reason=f"job {job.id} is dead"), stands=True, failure=GAVE_UP)


async def _bring_about(context: ProvisioningContext, site: Site, work: RoleWork) -> None:
    if work.content is None:
        await _remove(context.target, site, work)
        return
    role = desired_role(work, work.content)
    needed = customer_policies(role, site.account_id)
    for policy_arn in await context.target.missing_policies(site, needed) if needed else ():
        raise TargetRefused(404, f"Not supported policy {policy_arn}.")
    metadata = await context.metadata_for(site.app, site.account_id)
    provider = SamlProviderState(name=work.saml_provider_name, metadata=metadata)
    actual = await _read(context.target, site, work)
    await context.target.apply(site, plan(AccountState(provider=provider, role=role), actual))


async def _remove(target: AccountTarget, site: Site, work: RoleWork) -> None:
    actual = await _read(target, site, work)
    await target.apply(site, plan(AccountState(provider=actual.provider), actual))


async def _still_stands(context: ProvisioningContext, site: Site, work: RoleWork) -> bool:
    """After a refusal: leave an old role as it is, take a half-made one away again."""
    if work.content is None or not work.new:
        return True
    try:
        await _remove(context.target, site, work)
    except TargetRefused:
        return True
    return False


async def _read(target: AccountTarget, site: Site, work: RoleWork) -> AccountState:
    return await target.read_account(
        site, role_name=work.role_name, provider_name=work.saml_provider_name
    )


async def _settle(
    app: App, job: Job, caller: Caller, *, stands: bool, failure: str, content_hash: str = ""
) -> None:
    params = {
        "account_id": job.payload["account_id"],
        "permission_set_id": job.payload["permission_set_id"],
        "request_id": job.payload["request_id"],
        "stands": stands,
        "content_hash": content_hash,
        "failure": failure,
    }
    await _step(app, SETTLE_ROLE_WORK, params, caller)


async def _step(app: App, operation: Operation, params: Mapping[str, Any], caller: Caller) -> Any:
    call = Call(
        operation=operation,
        params=params,
        caller=caller,
        origin=Origin(request_id=request_id()),
        event_source="sso.amazonaws.com",
        event_name=operation.name,
    )
    return await perform(app, call)
