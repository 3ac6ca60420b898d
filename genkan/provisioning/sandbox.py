"""The sandbox target: accounts that live in our own store, changed through the door.

All changes of a job are one transaction under its fence: an account is as it was or as it should
be, and a worker whose lease is gone changes nothing more.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from genkan.core import arns
from genkan.core.call import Call, Operation, Origin, System
from genkan.core.errors import NotFound, QuotaExceeded
from genkan.core.ids import request_id
from genkan.db.database import Tx
from genkan.iam import operations as iam
from genkan.iam.records import PROVISION_JOB
from genkan.perform import perform
from genkan.provisioning import plan
from genkan.provisioning.plan import Change
from genkan.provisioning.state import AccountState, RoleState, SamlProviderState
from genkan.provisioning.target import Site, TargetRefused

_IAM = "iam.amazonaws.com"


class SandboxTarget:
    """`AccountTarget` over the iam slice."""

    async def read_account(self, site: Site, *, role_name: str, provider_name: str) -> AccountState:
        """What stands there under these names now."""
        params = {
            "account_id": site.account_id,
            "role_name": role_name,
            "provider_name": provider_name,
        }
        state: AccountState = await _perform(site, READ_ACCOUNT, params)
        return state

    async def missing_policies(self, site: Site, policy_arns: Sequence[str]) -> tuple[str, ...]:
        """Those of the policies that do not exist."""
        missing: tuple[str, ...] = await _perform(
            site, READ_MISSING_POLICIES, {"policy_arns": policy_arns}
        )
        return missing

    async def apply(self, site: Site, changes: Sequence[Change]) -> None:
        """Make all changes, or none of them."""
        if changes:
            params = {"account_id": site.account_id, "changes": tuple(changes)}
            await _perform(site, APPLY_CHANGES, params)


def _apply(tx: Tx, *, account_id: str, changes: Sequence[Change]) -> None:
    for change in changes:
        operation, params = _operation(change)
        try:
            operation.run(tx, account_id=account_id, **params)
        except NotFound as refusal:
            policy_arn = params.get("policy_arn") or params.get("permissions_boundary")
            if policy_arn is None:
                raise
            raise TargetRefused(404, f"Not supported policy {policy_arn}.") from refusal
        except QuotaExceeded as refusal:
            raise TargetRefused(409, refusal.message) from refusal


def _operation(change: Change) -> tuple[Operation, Mapping[str, Any]]:
    """The operation of the iam slice for a change, and its parameters but the account."""
    match change:
        case plan.PutSamlProvider(name, metadata):
            return iam.PUT_SAML_PROVIDER, {"name": name, "saml_metadata_document": metadata}
        case plan.DeleteSamlProvider(name):
            return iam.DELETE_SAML_PROVIDER, {"name": name}
        case plan.PutRole():
            return iam.PUT_ROLE, {
                "role_name": change.name,
                "path": change.path,
                "assume_role_policy_document": change.trust_policy,
                "description": change.description,
                "max_session_duration": change.max_session_duration,
            }
        case plan.DeleteRole(name):
            return iam.DELETE_ROLE, {"role_name": name}
        case plan.PutBoundary(role_name, arn):
            params = {"role_name": role_name, "permissions_boundary": arn}
            return iam.PUT_ROLE_PERMISSIONS_BOUNDARY, params
        case plan.DeleteBoundary(role_name):
            return iam.DELETE_ROLE_PERMISSIONS_BOUNDARY, {"role_name": role_name}
        case plan.AttachPolicy(role_name, arn):
            return iam.ATTACH_ROLE_POLICY, {"role_name": role_name, "policy_arn": arn}
        case plan.DetachPolicy(role_name, arn):
            return iam.DETACH_ROLE_POLICY, {"role_name": role_name, "policy_arn": arn}
        case plan.PutRolePolicy(role_name, name, document):
            return iam.PUT_ROLE_POLICY, {
                "role_name": role_name,
                "policy_name": name,
                "policy_document": document,
            }
        case plan.DeleteRolePolicy(role_name, name):
            return iam.DELETE_ROLE_POLICY, {"role_name": role_name, "policy_name": name}


def _read_account(tx: Tx, *, account_id: str, role_name: str, provider_name: str) -> AccountState:
    provider = iam.find_saml_provider(tx, arns.saml_provider(account_id, provider_name))
    role = iam.find_role(tx, account_id, role_name)
    policies = iam.policies_of_role(tx, account_id, role_name)
    state = AccountState(
        provider=None
        if provider is None
        else SamlProviderState(name=provider.name, metadata=provider.metadata)
    )
    if role is None or policies is None:
        return state
    return AccountState(
        provider=state.provider,
        role=RoleState(
            name=role.role_name,
            path=role.path,
            trust_policy=role.trust_policy,
            description=role.description,
            max_session_duration=role.max_session_duration,
            managed_policies=frozenset(arn for arn, _ in policies.managed),
            inline_policies=frozenset(policies.inline),
            boundary=role.boundary_arn or None,
        ),
    )


def _read_missing_policies(tx: Tx, *, policy_arns: Sequence[str]) -> tuple[str, ...]:
    return tuple(arn for arn in policy_arns if iam.policy_text(tx, arn) is None)


async def _perform(site: Site, operation: Operation, params: Mapping[str, Any]) -> Any:
    call = Call(
        operation=operation,
        params=params,
        caller=site.job.worker,
        origin=Origin(request_id=request_id()),
        event_source=_IAM,
        event_name=operation.name,
    )
    return await perform(site.app, call)


_WORKERS = System(jobs=frozenset({PROVISION_JOB}))
READ_ACCOUNT = Operation(
    name="ReadAccount", run=_read_account, access=_WORKERS, reads="point", recorded=False
)
READ_MISSING_POLICIES = Operation(
    name="ReadMissingPolicies",
    run=_read_missing_policies,
    access=_WORKERS,
    reads="point",
    recorded=False,
)
APPLY_CHANGES = Operation(name="ApplyChanges", run=_apply, access=_WORKERS, recorded=False)
