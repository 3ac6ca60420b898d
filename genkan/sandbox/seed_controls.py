"""Writing what holds for a seed's organization: trusted access, delegation, policies, tags."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import UNSET

from genkan.organization import operations as organization
from genkan.organization.control_policies import TYPE
from genkan.organization.records import FULL_ACCESS
from genkan.sandbox.document import SeedDocument, ServiceControlPolicy
from genkan.sandbox.seed_door import Seeder
from genkan.sandbox.seed_names import Names
from genkan.sandbox.seed_tags import tag_list

_WIRE = {operation.name: operation for operation in organization.OPERATIONS}


async def make_controls(seeder: Seeder, document: SeedDocument, names: Names) -> None:
    """All of it, on an organization whose instance stands."""
    await _delegate(seeder, document, names)
    whole = document.organization
    policies = {one.name: await _policy(seeder, one) for one in whole.service_control_policies}
    policies[FULL_ACCESS.name] = FULL_ACCESS.policy_id
    if whole.policy_types:
        await seeder.do(_WIRE["EnablePolicyType"], root_id=seeder.made.root_id, policy_type=TYPE)
    for target, attached, tags in _targets(seeder, document, names):
        await _attach(seeder, target, [policies[name] for name in attached])
        if tags:
            await seeder.do(_WIRE["TagResource"], resource_id=target, tags=tag_list(tags))


async def _delegate(seeder: Seeder, document: SeedDocument, names: Names) -> None:
    """Registering needs trusted access, which may be taken away again and leave registrations."""
    whole = document.organization
    given = whole.trusted_services
    trusted = {organization.IDENTITY_CENTER} if given is UNSET else set(given)
    needed = {service for one in whole.delegated_administrators for service in one.services}
    for service in sorted(trusted | needed):
        await seeder.do(_WIRE["EnableAWSServiceAccess"], service_principal=service)
    for one in whole.delegated_administrators:
        for service in one.services:
            await seeder.do(
                _WIRE["RegisterDelegatedAdministrator"],
                account_id=seeder.made.accounts[names.account(one.account)],
                service_principal=service,
            )
    for service in sorted((needed | {organization.IDENTITY_CENTER}) - trusted):
        await seeder.do(_WIRE["DisableAWSServiceAccess"], service_principal=service)


async def _policy(seeder: Seeder, one: ServiceControlPolicy) -> str:
    made = await seeder.do(
        _WIRE["CreatePolicy"],
        name=one.name,
        description=one.description,
        content=one.content,
        type=TYPE,
        tags=tag_list(one.tags),
        policy_id=one.id or None,
    )
    policy_id: str = made["policy"]["policy_summary"]["id"]
    return policy_id


def _targets(
    seeder: Seeder, document: SeedDocument, names: Names
) -> Iterator[tuple[str, Sequence[str], Mapping[str, str]]]:
    """(id, names of policies attached, tags) of the root, every unit and every account."""
    whole = document.organization
    yield seeder.made.root_id, whole.root_service_control_policies, whole.root_tags
    for placed in names.units:
        unit = placed.unit
        yield seeder.made.units[id(placed)], unit.service_control_policies, unit.tags
    for account_id, held in zip(seeder.made.accounts, names.accounts, strict=True):
        yield account_id, held.account.service_control_policies, held.account.tags


async def _attach(seeder: Seeder, target_id: str, wanted: Sequence[str]) -> None:
    """A target begins with full access, is never without a policy, and has five at most."""
    if not wanted:
        return
    others = [policy_id for policy_id in wanted if policy_id != FULL_ACCESS.policy_id]
    for number, policy_id in enumerate(others):
        await seeder.do(_WIRE["AttachPolicy"], policy_id=policy_id, target_id=target_id)
        if number == 0 and FULL_ACCESS.policy_id not in wanted:
            await seeder.do(
                _WIRE["DetachPolicy"], policy_id=FULL_ACCESS.policy_id, target_id=target_id
            )
