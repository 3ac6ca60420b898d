"""Writing an organization through the door, as its seed document describes it.

Everything is an operation performed by the owner of the process; assignments are asked for as any
administrator would, and the seed waits until the worker has provisioned them. Roles are not
written: they appear as the effect of assignments. Leaves checking a document to `seed_reader`.
"""

import asyncio
import os
import secrets
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from genkan.core import ids
from genkan.core.app import App
from genkan.core.call import Operation
from genkan.credentials.operations import CREATE_ACCESS_KEY, CREATE_SIGNING_KEY, SAML_IDP
from genkan.federation.identity_provider import new_key_pair
from genkan.iam import policies as iam_policies
from genkan.iam import roles as iam_roles
from genkan.iam import users as iam_users
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.instances.tags import read_tags
from genkan.organization import operations as organization
from genkan.sandbox import facts, seed_access
from genkan.sandbox.document import Group, Member, SeedDocument, User
from genkan.sandbox.seed_door import Seeder
from genkan.sandbox.seed_members import user_members
from genkan.sandbox.seed_names import Names, PlacedAccount, names_of
from genkan.signin.operations import SET_PASSWORD

ADMINISTRATOR = "administrator"
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
ACCOUNT_ACCESS_ROLE = "OrganizationAccountAccessRole"


async def seed(app: App, document: SeedDocument) -> facts.Handed:
    """Make the whole organization; `SeedFailed` when anything of it is refused or fails."""
    seeder = Seeder(app)
    names = names_of(document)
    await _organization(seeder, document, names)
    await _instance(app, seeder, document)
    await _inside_accounts(seeder, names)
    await seed_access.make_permission_sets(seeder, document.permission_sets)
    passwords = await _people(seeder, document)
    await seed_access.make_assignments(seeder, document, names)
    key = await seeder.do(
        CREATE_ACCESS_KEY, account_id=seeder.made.management, user_name=ADMINISTRATOR
    )
    return facts.Handed(
        administrator=facts.Administrator(key.access_key_id, key.secret_access_key),
        passwords=passwords,
    )


async def _organization(seeder: Seeder, document: SeedDocument, names: Names) -> None:
    root_id = ""
    units: dict[int, str] = {}
    settings = document.settings
    made = await seeder.run(
        organization.create_organization,
        **_account(seeder, names.accounts[0]),
        organization_id=settings.organization_id or None,
        root_id=settings.root_id or None,
    )
    root_id = made.root_id
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


async def _instance(app: App, seeder: Seeder, document: SeedDocument) -> None:
    settings = document.settings
    seeder.made.identity_store_id = settings.identity_store_id or ids.identity_store_id()
    await seeder.run(
        identity_store.create_identity_store,
        identity_store_id=seeder.made.identity_store_id,
        owner_account_id=seeder.made.management,
    )
    instance = await seeder.run(
        instances.create_instance,
        identity_store_id=seeder.made.identity_store_id,
        owner_account_id=seeder.made.management,
        region=app.deployment.region,
        name=settings.instance_name,
        alias=settings.instance_alias,
        tags=read_tags(
            [{"key": key, "value": value} for key, value in settings.instance_tags.items()]
        ),
        instance_id=settings.instance_id or None,
    )
    seeder.made.instance_arn = instance.arn
    if settings.access_control_attributes:
        await seeder.run(
            instances.create_access_control_configuration,
            instance_arn=instance.arn,
            instance_access_control_attribute_configuration={
                "access_control_attributes": [
                    {"key": key, "value": {"source": [source]}}
                    for key, source in settings.access_control_attributes.items()
                ]
            },
        )
    private_key, certificate = await asyncio.to_thread(new_key_pair, app.clock())
    await seeder.do(
        CREATE_SIGNING_KEY, purpose=SAML_IDP, private_key=private_key, certificate=certificate
    )


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
            await seeder.run(
                iam_policies.create_policy,
                account_id=account_id,
                policy_name=policy.name,
                path=policy.path,
                description=policy.description,
                policy_document=policy.document,
            )


def _trust_in(account_id: str) -> str:
    return (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
        f'{{"AWS":"arn:aws:iam::{account_id}:root"}},"Action":"sts:AssumeRole"}}]}}'
    )


async def _people(seeder: Seeder, document: SeedDocument) -> dict[str, str]:
    """Make users and groups; the passwords of those users that have one."""
    wire = {operation.name: operation for operation in identity_store.OPERATIONS}
    store_id = seeder.made.identity_store_id
    for user in document.users:
        made = await seeder.do(
            wire["CreateUser"],
            identity_store_id=store_id,
            user_id=user.id or None,
            **user_members(user),
        )
        seeder.made.users[user.user_name] = made.user_id
        if user.status != "ENABLED":
            await seeder.do(
                identity_store.SET_USER_STATUS,
                identity_store_id=store_id,
                user_id=made.user_id,
                status=user.status,
            )
    for group in document.groups:
        await _group(seeder, wire, group)
    return await _passwords(seeder, document.users)


async def _group(seeder: Seeder, wire: dict[str, Operation], group: Group) -> None:
    store_id = seeder.made.identity_store_id
    made = await seeder.do(
        wire["CreateGroup"],
        identity_store_id=store_id,
        group_id=group.id or None,
        display_name=group.display_name,
        description=group.description or None,
        external_ids=[{"issuer": one.issuer, "id": one.id} for one in group.external_ids],
    )
    seeder.made.groups[group.display_name] = made.group_id
    for entry in group.members:
        member = entry if isinstance(entry, Member) else Member(user=entry)
        await seeder.do(
            wire["CreateGroupMembership"],
            identity_store_id=store_id,
            group_id=made.group_id,
            member_id={"user_id": seeder.made.users[member.user]},
            membership_id=member.id or None,
        )


async def _passwords(seeder: Seeder, users: Sequence[User]) -> dict[str, str]:
    passwords = {
        user.user_name: _password() if user.password is UNSET else user.password
        for user in users
        if user.password is not None
    }
    at_a_time = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(user_name: str, password: str) -> None:
        async with at_a_time:
            await set_password(seeder, seeder.made.users[user_name], password)

    async with asyncio.TaskGroup() as tasks:
        for user_name, password in passwords.items():
            tasks.create_task(one(user_name, password))
    return passwords


async def set_password(seeder: Seeder, user_id: str, password: str) -> None:
    """Hash outside the transaction, then store."""
    from genkan.signin.hashing import hash_password

    digest = await asyncio.to_thread(hash_password, password)
    await seeder.do(SET_PASSWORD, user_id=user_id, password_hash=digest)


def _password() -> str:
    """Readable, within the policy of reference §6.2, over 60 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz"
    blocks = ["".join(secrets.choice(letters) for _ in range(4)) for _ in range(3)]
    return f"{blocks[0].title()}-{blocks[1]}-{blocks[2]}-{secrets.randbelow(90) + 10}"
