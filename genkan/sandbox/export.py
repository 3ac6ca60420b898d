"""An organization as it stands → the seed document that makes it again.

Reads a store's file without changing it, while a server runs on it or not. Secrets are not read:
no password, no key. Roles are not exported, since they are the effect of assignments. Invariant:
an exported document, seeded, is exported as the same document.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from msgspec import UNSET, UnsetType

from genkan.assignments import operations as assignments
from genkan.assignments.provisioned import list_accounts_for_provisioned_permission_set
from genkan.core import ids
from genkan.core.app import Deployment
from genkan.core.call import Call, Operation, Origin, Owner, System
from genkan.core.clock import system_clock
from genkan.core.errors import NotFound
from genkan.core.events import EventBus
from genkan.core.vault import Vault, new_key
from genkan.db.database import Services, Tx
from genkan.db.files import open_to_read
from genkan.db.migrate import shipped
from genkan.db.sqlite import SqliteConnection
from genkan.fronts.web.pages import AccountColor
from genkan.iam.policies import customer_policies
from genkan.identity_store import groups, memberships, users
from genkan.identity_store.attributes import ENTERPRISE
from genkan.instances import operations as instances
from genkan.instances.records import Instance
from genkan.organization import operations as organization
from genkan.organization.records import Account as AccountRecord
from genkan.permission_sets import operations as permission_sets
from genkan.permission_sets.records import CustomerManagedPolicyReference, PermissionsBoundary
from genkan.sandbox.document import (
    Account,
    Assignment,
    Boundary,
    CustomerManagedPolicy,
    ExternalId,
    Group,
    Member,
    Organization,
    PermissionSet,
    PolicyReference,
    SeedDocument,
    Settings,
    Unit,
    User,
)
from genkan.sandbox.seed_members import user_of
from genkan.sandbox.seed_order import in_order
from genkan.signin import operations as signin

Answer = Mapping[str, Any]


class ExportRefused(Exception):
    """The file cannot be exported; one sentence for whoever asked."""


@contextmanager
def reading(database: Path) -> Iterator[Tx]:
    """One snapshot of a store; `ExportRefused` when it is none of this release."""
    try:
        raw = open_to_read(database)
    except sqlite3.Error as error:
        raise ExportRefused(f"{database} cannot be read: {error}") from None
    try:
        raw.execute("BEGIN")
        _require_this_release(raw, database)
        yield _transaction(raw)
    except sqlite3.Error as error:
        raise ExportRefused(f"{database} cannot be read: {error}") from None
    finally:
        raw.close()


def _require_this_release(raw: sqlite3.Connection, database: Path) -> None:
    wanted = {step.number: step.digest for step in shipped()}
    tables = {row[0] for row in raw.execute("SELECT name FROM sqlite_master")}
    if "schema_migrations" not in tables:
        raise ExportRefused(f"{database} holds no organization")
    applied = dict(raw.execute("SELECT number, digest FROM schema_migrations").fetchall())
    if applied != wanted:
        older = applied.items() < wanted.items()
        advice = "`genkan up` brings it up to date" if older else "it is of another release"
        raise ExportRefused(f"{database} was not made by this release; {advice}")


def _transaction(raw: sqlite3.Connection) -> Tx:
    # Nothing sealed is opened here; a vault is only needed to page through long lists.
    return Tx(
        SqliteConnection(raw),
        now=system_clock(),
        call=Call(
            operation=Operation(name="ExportOrganization", run=export, access=System()),
            params={},
            caller=Owner(reason="export"),
            origin=Origin(request_id=ids.request_id()),
            event_source="sandbox.genkan",
        ),
        services=Services(
            vault=Vault(new_key()),
            events=EventBus(),
            deployment=Deployment(accounts="embedded", base_url="http://localhost", region=""),
        ),
        memo={},
    )


def stored_region(database: Path) -> str:
    """The Region of the instance in a store, or an empty text before there is one."""
    with reading(database) as tx:
        try:
            return instances.the_instance(tx).region
        except NotFound:
            return ""


def export(tx: Tx) -> SeedDocument:
    """The whole organization, ids included, in an order that only depends on what it holds."""
    instance = instances.the_instance(tx)
    people = _users(tx, instance.identity_store_id)
    groups_found = _groups(tx, instance.identity_store_id, people)
    sets = _permission_sets(tx, instance)
    return in_order(
        SeedDocument(
            settings=_settings(tx, instance),
            organization=_organization(tx),
            users=list(people.values()),
            groups=list(groups_found.values()),
            permission_sets=list(sets.values()),
            assignments=[
                _assignment(given, people, groups_found, sets)
                for permission_set_arn in sets
                for given in _assignments(tx, instance, permission_set_arn)
            ],
        )
    )


def _every(read: Callable[..., Answer], members: str, **params: Any) -> Iterator[Any]:
    """Every item of a paged list."""
    token: str | None = None
    while True:
        answer = read(**params, next_token=token)
        yield from answer[members]
        token = answer["next_token"]
        if token is None:
            return


def _settings(tx: Tx, instance: Instance) -> Settings:
    whole = organization.organization(tx)
    return Settings(
        region=instance.region,
        instance_name=instance.name,
        instance_alias=instance.alias,
        instance_tags=dict(instance.tags),
        access_control_attributes={
            attribute.key: attribute.source
            for attribute in instances.access_control_attributes(tx, instance.instance_id)
        },
        instance_id=instance.instance_id,
        identity_store_id=instance.identity_store_id,
        organization_id=whole.organization_id,
        root_id=whole.root_id,
    )


# The organization


def _organization(tx: Tx) -> Organization:
    whole = organization.organization(tx)
    accounts = _accounts(tx, whole.root_id)
    return Organization(
        management_account=next(one for one in accounts if one.id == whole.management_account_id),
        accounts=[one for one in accounts if one.id != whole.management_account_id],
        units=_units(tx, whole.root_id),
    )


def _units(tx: Tx, parent_id: str) -> list[Unit]:
    read = organization.list_organizational_units_for_parent
    return [
        Unit(
            name=unit["name"],
            id=unit["id"],
            accounts=_accounts(tx, unit["id"]),
            units=_units(tx, unit["id"]),
        )
        for unit in _every(read, "organizational_units", tx=tx, parent_id=parent_id)
    ]


def _accounts(tx: Tx, parent_id: str) -> list[Account]:
    read = organization.list_accounts_for_parent
    account_ids = [
        account["id"] for account in _every(read, "accounts", tx=tx, parent_id=parent_id)
    ]
    return [
        _account(tx, account) for account in organization.accounts_by_id(tx, account_ids).values()
    ]


def _account(tx: Tx, account: AccountRecord) -> Account:
    return Account(
        name=account.name,
        email=account.email,
        id=account.account_id,
        alias=account.alias,
        environment=account.environment,
        colour=_colour(account.colour),
        customer_managed_policies=[
            CustomerManagedPolicy(
                name=policy.policy_name,
                path=policy.path,
                description=policy.description,
                document=policy.document,
            )
            for policy in customer_policies(tx, account.account_id)
        ],
    )


def _colour(word: str) -> AccountColor:
    for known in get_args(AccountColor):
        if known == word:
            return known  # type: ignore[no-any-return]
    return "none"


# People


def _users(tx: Tx, identity_store_id: str) -> dict[str, User]:
    described = _every(
        users.list_users,
        "users",
        tx=tx,
        identity_store_id=identity_store_id,
        extensions=[ENTERPRISE],
    )
    found = {one["user_id"]: user_of(one) for one in described}
    for user_id, user in found.items():
        if not signin.has_password(tx, user_id):
            user.password = None
    return found


def _groups(tx: Tx, identity_store_id: str, people: Mapping[str, User]) -> dict[str, Group]:
    return {
        one["group_id"]: Group(
            display_name=one["display_name"],
            id=one["group_id"],
            description=one["description"] or "",
            external_ids=[
                ExternalId(issuer=pair["issuer"], id=pair["id"])
                for pair in one["external_ids"] or ()
            ],
            members=[
                Member(
                    user=people[membership["member_id"]["user_id"]].user_name,
                    id=membership["membership_id"],
                )
                for membership in _every(
                    memberships.list_group_memberships,
                    "group_memberships",
                    tx=tx,
                    identity_store_id=identity_store_id,
                    group_id=one["group_id"],
                )
            ],
        )
        for one in _every(groups.list_groups, "groups", tx=tx, identity_store_id=identity_store_id)
    }


# What people may do


def _permission_sets(tx: Tx, instance: Instance) -> dict[str, PermissionSet]:
    arns = _every(
        permission_sets.list_permission_sets, "permission_sets", tx=tx, instance_arn=instance.arn
    )
    return {arn: _permission_set(tx, instance, arn) for arn in arns}


def _permission_set(tx: Tx, instance: Instance, arn: str) -> PermissionSet:
    found = permission_sets.existing(tx, instance.arn, arn)
    content = permission_sets.content_of(tx, found)
    return PermissionSet(
        name=found.name,
        id=found.permission_set_id,
        description=found.description,
        session_duration=found.session_duration,
        relay_state=found.relay_state,
        managed_policies=list(content.managed_policies),
        customer_managed_policies=[
            _reference(reference) for reference in content.customer_managed_policies
        ],
        inline_policy=content.inline_policy,
        permissions_boundary=_boundary(content.boundary),
        tags=dict(found.tags),
    )


def _reference(reference: CustomerManagedPolicyReference) -> PolicyReference:
    return PolicyReference(name=reference.name, path=reference.path)


def _boundary(boundary: PermissionsBoundary | None) -> Boundary | UnsetType:
    if boundary is None:
        return UNSET
    if boundary.customer_managed_policy_reference is not None:
        reference = _reference(boundary.customer_managed_policy_reference)
        return Boundary(customer_managed_policy=reference)
    return Boundary(managed_policy=boundary.managed_policy_arn or "")


def _assignments(tx: Tx, instance: Instance, permission_set_arn: str) -> Iterator[Answer]:
    target = {"tx": tx, "instance_arn": instance.arn, "permission_set_arn": permission_set_arn}
    accounts = _every(list_accounts_for_provisioned_permission_set, "account_ids", **target)
    for account_id in accounts:
        yield from _every(
            assignments.list_account_assignments,
            "account_assignments",
            account_id=account_id,
            **target,
        )


def _assignment(
    given: Answer,
    people: Mapping[str, User],
    groups_found: Mapping[str, Group],
    sets: Mapping[str, PermissionSet],
) -> Assignment:
    principal_id = given["principal_id"]
    is_user = given["principal_type"] == "USER"
    return Assignment(
        user=people[principal_id].user_name if is_user else "",
        group="" if is_user else groups_found[principal_id].display_name,
        permission_set=sets[given["permission_set_arn"]].name,
        accounts=[given["account_id"]],
    )
