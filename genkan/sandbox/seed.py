"""Writing the sample organization through the door.

Everything is an operation performed by the owner of the process; assignments are asked for as any
administrator would, and the seed waits until the worker has provisioned them.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from genkan.assignments import operations as assignments
from genkan.core import ids
from genkan.core.app import App
from genkan.core.call import Call, Operation, Origin, Owner, System
from genkan.credentials.operations import CREATE_ACCESS_KEY, CREATE_SIGNING_KEY, SAML_IDP
from genkan.federation.identity_provider import new_key_pair
from genkan.iam import policies as iam_policies
from genkan.iam import roles as iam_roles
from genkan.iam import users as iam_users
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.organization import operations as organization
from genkan.perform import perform
from genkan.permission_sets import operations as permission_sets
from genkan.sandbox import facts, sample
from genkan.signin.operations import SET_PASSWORD

ADMINISTRATOR = "administrator"
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
ACCOUNT_ACCESS_ROLE = "OrganizationAccountAccessRole"
_TIMEOUT_SECONDS = 60


class SeedFailed(Exception):
    """The sample organization could not be made; the data directory holds half of one."""


@dataclass(slots=True)
class _Made:
    """Ids that later steps need, by the sample's names."""

    accounts: dict[str, str]
    units: dict[str, str]
    users: dict[str, str]
    groups: dict[str, str]
    permission_sets: dict[str, str]
    instance_arn: str = ""
    identity_store_id: str = ""


class Seeder:
    """Performs operations as the owner of the process."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.made = _Made({}, {}, {}, {}, {})

    async def do(self, operation: Operation, **params: Any) -> Any:
        """Perform one operation of a slice."""
        return await perform(
            self._app,
            Call(
                operation=operation,
                params=params,
                caller=Owner(reason="sample organization"),
                origin=Origin(request_id=ids.request_id(), user_agent="genkan sandbox"),
                event_source=_event_source(operation),
                region=self._app.deployment.region,
            ),
        )

    async def run(self, function: Callable[..., Any], **params: Any) -> Any:
        """Perform a slice's internal function."""
        name = "".join(part.title() for part in function.__name__.split("_"))
        return await self.do(Operation(name=name, run=function, access=System()), **params)


def _event_source(operation: Operation) -> str:
    for source, operations in (
        ("identitystore.amazonaws.com", identity_store.OPERATIONS),
        ("organizations.amazonaws.com", organization.OPERATIONS),
    ):
        if operation in operations:
            return source
    return "sso.amazonaws.com"


async def seed(app: App) -> None:
    """Make the whole sample organization; `SeedFailed` when an assignment does not succeed."""
    seeder = Seeder(app)
    await _organization(seeder)
    await _instance(app, seeder)
    await _inside_accounts(app, seeder)
    await _permission_sets(seeder)
    passwords = await _people(seeder)
    await _assignments(seeder)
    key = await seeder.do(
        CREATE_ACCESS_KEY, account_id=_management(seeder), user_name=ADMINISTRATOR
    )
    await seeder.do(
        facts.REMEMBER,
        administrator=facts.Administrator(key.access_key_id, key.secret_access_key),
        passwords=passwords,
        reset_secret=ids.token(),
    )


def _management(seeder: Seeder) -> str:
    return seeder.made.accounts[sample.MANAGEMENT.alias]


async def _organization(seeder: Seeder) -> None:
    management = ids.account_id()
    made = await seeder.run(
        organization.create_organization,
        account_id=management,
        name=sample.MANAGEMENT.name,
        email=_account_email(sample.MANAGEMENT),
        alias=sample.MANAGEMENT.alias,
        environment=sample.MANAGEMENT.environment,
        colour=sample.MANAGEMENT.colour,
    )
    seeder.made.accounts[sample.MANAGEMENT.alias] = management
    seeder.made.units[""] = made.root_id
    for unit in sample.UNITS:
        created = await seeder.run(
            organization.create_organizational_unit,
            name=unit.name,
            parent_id=seeder.made.units[unit.parent],
        )
        seeder.made.units[unit.name] = created.unit_id
    for account in sample.ACCOUNTS:
        account_id = ids.account_id()
        await seeder.run(
            organization.create_account,
            account_id=account_id,
            name=account.name,
            email=_account_email(account),
            alias=account.alias,
            environment=account.environment,
            colour=account.colour,
            parent_id=seeder.made.units[account.unit],
        )
        seeder.made.accounts[account.alias] = account_id


def _account_email(account: sample.Account) -> str:
    return f"aws+{account.alias}@sakura.example"


async def _instance(app: App, seeder: Seeder) -> None:
    seeder.made.identity_store_id = ids.identity_store_id()
    await seeder.run(
        identity_store.create_identity_store,
        identity_store_id=seeder.made.identity_store_id,
        owner_account_id=_management(seeder),
    )
    instance = await seeder.run(
        instances.create_instance,
        identity_store_id=seeder.made.identity_store_id,
        owner_account_id=_management(seeder),
        region=app.deployment.region,
        name="sakura",
    )
    seeder.made.instance_arn = instance.arn
    private_key, certificate = await asyncio.to_thread(new_key_pair, app.clock())
    await seeder.do(
        CREATE_SIGNING_KEY, purpose=SAML_IDP, private_key=private_key, certificate=certificate
    )


async def _inside_accounts(app: App, seeder: Seeder) -> None:
    management = _management(seeder)
    await seeder.run(iam_users.create_user, account_id=management, user_name=ADMINISTRATOR)
    await seeder.run(
        iam_users.attach_user_policy,
        account_id=management,
        user_name=ADMINISTRATOR,
        policy_arn=ADMINISTRATOR_ACCESS,
    )
    for account in sample.ACCOUNTS:
        account_id = seeder.made.accounts[account.alias]
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
    for alias in sample.ANALYST_ACCOUNTS:
        await seeder.run(
            iam_policies.create_policy,
            account_id=seeder.made.accounts[alias],
            policy_name=sample.ANALYST_POLICY_NAME,
            policy_document=sample.ANALYST_POLICY,
        )


def _trust_in(account_id: str) -> str:
    return (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
        f'{{"AWS":"arn:aws:iam::{account_id}:root"}},"Action":"sts:AssumeRole"}}]}}'
    )


async def _permission_sets(seeder: Seeder) -> None:
    wire = {operation.name: operation for operation in permission_sets.OPERATIONS}
    instance_arn = seeder.made.instance_arn
    for wanted in sample.PERMISSION_SETS:
        made = await seeder.do(
            wire["CreatePermissionSet"],
            instance_arn=instance_arn,
            name=wanted.name,
            description=wanted.description,
            session_duration=wanted.duration,
        )
        arn = made["permission_set"]["permission_set_arn"]
        seeder.made.permission_sets[wanted.name] = arn
        target = {"instance_arn": instance_arn, "permission_set_arn": arn}
        if wanted.managed:
            await seeder.do(
                wire["AttachManagedPolicyToPermissionSet"],
                **target,
                managed_policy_arn=wanted.managed,
            )
        if wanted.inline:
            await seeder.do(
                wire["PutInlinePolicyToPermissionSet"], **target, inline_policy=wanted.inline
            )
        if wanted.customer:
            await seeder.do(
                wire["AttachCustomerManagedPolicyReferenceToPermissionSet"],
                **target,
                customer_managed_policy_reference={"name": wanted.customer, "path": "/"},
            )


async def _people(seeder: Seeder) -> dict[str, str]:
    wire = {operation.name: operation for operation in identity_store.OPERATIONS}
    store_id = seeder.made.identity_store_id
    for name, description in sample.GROUPS:
        group = await seeder.do(
            wire["CreateGroup"],
            identity_store_id=store_id,
            display_name=name,
            description=description,
        )
        seeder.made.groups[name] = group.group_id
    passwords = {}
    for user in sample.USERS:
        made = await seeder.do(
            wire["CreateUser"],
            identity_store_id=store_id,
            user_name=user.user_name,
            display_name=user.display_name,
            name={"given_name": user.given_name, "family_name": user.family_name},
            emails=[{"value": user.email, "type": "work", "primary": True}],
            preferred_language=user.language,
        )
        seeder.made.users[user.user_name] = made.user_id
        for group_name in user.groups:
            await seeder.do(
                wire["CreateGroupMembership"],
                identity_store_id=store_id,
                group_id=seeder.made.groups[group_name],
                member_id={"user_id": made.user_id},
            )
        passwords[user.user_name] = _password()
        await set_password(seeder, made.user_id, passwords[user.user_name])
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


async def _assignments(seeder: Seeder) -> None:
    wire = {operation.name: operation for operation in assignments.OPERATIONS}
    for wanted in sample.ASSIGNMENTS:
        requests = [
            (
                await seeder.do(
                    wire["CreateAccountAssignment"],
                    instance_arn=seeder.made.instance_arn,
                    target_id=seeder.made.accounts[alias],
                    target_type="AWS_ACCOUNT",
                    permission_set_arn=seeder.made.permission_sets[wanted.permission_set],
                    principal_type=wanted.principal_type,
                    principal_id=_principal(seeder, wanted),
                )
            )
            for alias in wanted.accounts
        ]
        await _until_done(seeder, wire, requests)


def _principal(seeder: Seeder, wanted: sample.Assignment) -> str:
    known = seeder.made.groups if wanted.principal_type == "GROUP" else seeder.made.users
    return known[wanted.principal]


async def _until_done(seeder: Seeder, wire: dict[str, Operation], requests: Sequence[Any]) -> None:
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        for request in requests:
            asked = request["account_assignment_creation_status"]
            while True:
                answer = await seeder.do(
                    wire["DescribeAccountAssignmentCreationStatus"],
                    instance_arn=seeder.made.instance_arn,
                    account_assignment_creation_request_id=asked["request_id"],
                )
                status = answer["account_assignment_creation_status"]
                if status["status"] == "SUCCEEDED":
                    break
                if status["status"] == "FAILED":
                    raise SeedFailed(status["failure_reason"])
                await asyncio.sleep(0.005)
