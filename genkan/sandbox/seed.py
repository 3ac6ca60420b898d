"""Writing an organization through the door, as its seed document describes it.

Everything is an operation performed by the owner of the process; assignments are asked for as any
administrator would, and the seed waits until the worker has provisioned them. Roles are not
written: they appear as the effect of assignments. Leaves checking a document to `seed_reader`.
"""

from typing import Any

from msgspec import UNSET

from genkan.core import ids
from genkan.core.app import App
from genkan.credentials.operations import CREATE_ACCESS_KEY
from genkan.iam import policies as iam_policies
from genkan.iam import roles as iam_roles
from genkan.iam import users as iam_users
from genkan.iam.tags import with_tags
from genkan.organization import operations as organization
from genkan.sandbox import facts, seed_access
from genkan.sandbox.document import CustomerManagedPolicy, SeedDocument
from genkan.sandbox.seed_applications import Inside, make_applications
from genkan.sandbox.seed_controls import make_controls
from genkan.sandbox.seed_door import Seeder
from genkan.sandbox.seed_instances import add_regions, make_account_instances, make_instance
from genkan.sandbox.seed_names import Names, PlacedAccount, names_of
from genkan.sandbox.seed_people import make_passwords, make_people, restrict
from genkan.sandbox.seed_policies import version_number
from genkan.sandbox.seed_tags import tag_list

ADMINISTRATOR = "administrator"
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
ACCOUNT_ACCESS_ROLE = "OrganizationAccountAccessRole"


async def seed(app: App, document: SeedDocument) -> facts.Handed:
    """Make the whole organization; `SeedFailed` when anything of it is refused or fails."""
    seeder = Seeder(app)
    names = names_of(document)
    await _organization(seeder, document, names)
    await make_instance(app, seeder, document.settings)
    await _inside_accounts(seeder, names)
    await seed_access.make_permission_sets(seeder, document.permission_sets)
    made = seeder.made
    made.users, made.groups = await make_people(
        seeder, made.identity_store_id, document.users, document.groups
    )
    passwords = await make_passwords(seeder, document.users, made.users)
    await seed_access.make_assignments(seeder, document, names)
    await make_applications(
        seeder,
        Inside(made.instance_arn, seeder.region, made.users, made.groups),
        document.trusted_token_issuers,
        document.applications,
        names,
    )
    await make_account_instances(seeder, document, names)
    await make_controls(seeder, document, names)
    await add_regions(seeder, document.settings)
    if document.settings.network is not UNSET:
        await restrict(seeder, made.identity_store_id, document.settings.network)
    key = await seeder.do(
        CREATE_ACCESS_KEY, account_id=seeder.made.management, user_name=ADMINISTRATOR
    )
    return facts.Handed(
        administrator=facts.Administrator(key.access_key_id, key.secret_access_key),
        passwords=passwords,
    )


async def _organization(seeder: Seeder, document: SeedDocument, names: Names) -> None:
    settings = document.settings
    made = await seeder.run(
        organization.create_organization,
        **_account(seeder, names.accounts[0]),
        organization_id=settings.organization_id or None,
        root_id=settings.root_id or names.root_id or None,
    )
    root_id = seeder.made.root_id = made.root_id
    units = seeder.made.units
    for placed in names.units:
        created = await seeder.run(
            organization.create_organizational_unit,
            name=placed.unit.name,
            parent_id=units[id(placed.parent)] if placed.parent else root_id,
            unit_id=placed.unit.id or None,
        )
        units[id(placed)] = created.unit_id
    for member in names.accounts[1:]:
        await seeder.run(
            organization.create_account,
            **_account(seeder, member),
            parent_id=units[id(member.unit)] if member.unit else root_id,
        )


def _account(seeder: Seeder, placed: PlacedAccount) -> dict[str, Any]:
    account = placed.account
    account_id = account.id or ids.account_id()
    seeder.made.accounts.append(account_id)
    return {
        "account_id": account_id,
        "name": account.name,
        "email": account.email,
        "alias": account.alias,
        "environment": account.environment,
        "colour": account.colour,
    }


async def _inside_accounts(seeder: Seeder, names: Names) -> None:
    management = seeder.made.management
    await seeder.run(iam_users.create_user, account_id=management, user_name=ADMINISTRATOR)
    await seeder.run(
        iam_users.attach_user_policy,
        account_id=management,
        user_name=ADMINISTRATOR,
        policy_arn=ADMINISTRATOR_ACCESS,
    )
    for account_id in seeder.made.accounts[1:]:
        await seeder.run(
            iam_roles.put_role,
            account_id=account_id,
            role_name=ACCOUNT_ACCESS_ROLE,
            assume_role_policy_document=_trust_in(management),
        )
        await seeder.run(
            iam_roles.attach_role_policy,
            account_id=account_id,
            role_name=ACCOUNT_ACCESS_ROLE,
            policy_arn=ADMINISTRATOR_ACCESS,
        )
    for account_id, placed in zip(seeder.made.accounts, names.accounts, strict=True):
        for policy in placed.account.customer_managed_policies:
            await _policy(seeder, account_id, policy)


async def _policy(seeder: Seeder, account_id: str, policy: CustomerManagedPolicy) -> None:
    made = await seeder.run(
        iam_policies.create_policy,
        account_id=account_id,
        policy_name=policy.name,
        path=policy.path,
        description=policy.description,
        policy_document=policy.document,
        tags=with_tags((), tag_list(policy.tags)),
        policy_id=policy.id or None,
    )
    documents = {version_number(one.version): one.document for one in policy.other_versions}
    documents[version_number(policy.version)] = policy.document
    last = version_number(policy.last_version) if policy.last_version else max(documents)
    if last > 1:
        await seeder.run(
            iam_policies.replace_versions,
            policy_arn=made.policy_arn,
            documents=documents,
            default_version=version_number(policy.version),
            last_version=last,
        )


def _trust_in(account_id: str) -> str:
    return (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
        f'{{"AWS":"arn:aws:iam::{account_id}:root"}},"Action":"sts:AssumeRole"}}]}}'
    )
