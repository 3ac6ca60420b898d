"""An organization as it stands → the seed document that makes it again.

Reads a store's file without changing it, while a server runs on it or not. Secrets are not read:
no password, no key. Roles are not exported, since they are the effect of assignments. Invariant:
an exported document, seeded, is exported as the same document; what of an organization the
document cannot say is told (`Exported.left_out`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import UNSET

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
from genkan.db.ours import is_anothers, tables_of
from genkan.db.sqlite import SqliteConnection
from genkan.instances import access_control, regions
from genkan.instances import operations as instances
from genkan.instances.records import ACTIVE, CREATE_IN_PROGRESS, REMOVING, Instance
from genkan.organization import operations as organization
from genkan.sandbox import export_access, export_applications, export_people, facts
from genkan.sandbox.document import AccountInstance, Organization, SeedDocument, Settings, Unit
from genkan.sandbox.export_organization import exported_organization
from genkan.sandbox.seed_names import names_of
from genkan.sandbox.seed_order import in_order
from genkan.sandbox.seed_rights import references_of
from genkan.sandbox.seed_rules import shown
from genkan.signin import operations as signin

ALWAYS_LEFT_OUT = (
    "passwords, access keys, sessions and tokens; the audit trail, requests and their states; who"
    " made what when"
)
"""What no file has."""


class ExportRefused(Exception):
    """The file cannot be exported; one sentence for whoever asked."""


@contextmanager
def reading(database: Path) -> Iterator[Tx]:
    """One snapshot of a store; `ExportRefused` when it is none of this release."""
    if not database.exists():
        raise ExportRefused(f"{database.parent} holds no organization")
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
    tables = tables_of(SqliteConnection(raw))
    if not tables or is_anothers(tables):
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


@dataclass(frozen=True, slots=True)
class Exported:
    """The document, and what of this organization it could not say, a phrase for each."""

    document: SeedDocument
    left_out: list[str]


def export(tx: Tx) -> Exported:
    """The whole organization, ids included, in an order that only depends on what it holds.

    `ExportRefused` where there is none, or one whose making has not ended.
    """
    instance = _instance(tx)
    people = export_people.exported_users(tx, instance.identity_store_id)
    groups = export_people.exported_groups(tx, instance.identity_store_id, people)
    inside = export_applications.Inside(tx, instance, people, groups)
    for user_id, user in people.items():
        if not signin.has_password(tx, user_id):
            user.password = None
    sets = export_access.exported_permission_sets(tx, instance)
    whole = exported_organization(tx)
    document = SeedDocument(
        settings=_settings(tx, instance),
        organization=whole,
        users=list(people.values()),
        groups=list(groups.values()),
        permission_sets=list(sets.values()),
        assignments=[
            export_access.exported_assignment(given, people, groups, sets)
            for permission_set_arn in sets
            for given in export_access.assignments_of(tx, instance, permission_set_arn)
        ],
        trusted_token_issuers=export_applications.exported_issuers(inside),
        applications=export_applications.exported_applications(inside),
        account_instances=_account_instances(tx, whole, inside.left_out),
    )
    for arn, one in sets.items():
        for account_id in export_access.behind(tx, instance, arn):
            inside.left_out.append(
                f"permission set {shown(one.name)}: what changed is not provisioned to"
                f" {account_id}; a seed provisions it"
            )
    left_out = [*inside.left_out, *_policies_not_there(document)]
    return Exported(in_order(document), left_out)


def _policies_not_there(document: SeedDocument) -> list[str]:
    """What permission sets came to refer to and an account does not have: nothing provisions it."""
    referred = {one.name: references_of(one) for one in document.permission_sets}
    held = {
        placed.account.id: {
            (policy.path, policy.name) for policy in placed.account.customer_managed_policies
        }
        for placed in names_of(document).accounts
    }
    missing = {
        (one.permission_set, f"{reference.path}{reference.name}", account_id)
        for one in document.assignments
        for account_id in one.accounts
        for reference in referred[one.permission_set]
        if (reference.path, reference.name) not in held[account_id]
    }
    return [
        f"permission set {shown(name)}: the policy {policy} of account {account_id}, which is not"
        " there; without it the file cannot be seeded"
        for name, policy, account_id in sorted(missing)
    ]


def _instance(tx: Tx) -> Instance:
    if facts.is_half_made(tx):
        raise ExportRefused("the organization is not complete: `genkan up` makes a whole one")
    try:
        return instances.the_instance(tx)
    except NotFound:
        raise ExportRefused("there is no organization yet: `genkan up` makes one") from None


def _settings(tx: Tx, instance: Instance) -> Settings:
    whole = organization.organization(tx)
    try:
        described = access_control.describe_configuration(tx, instance_arn=instance.arn)
    except NotFound:
        described = None
    return Settings(
        region=instance.region,
        added_regions=[
            one.region_name for one in regions.regions_of(tx, instance) if one.status != REMOVING
        ],
        instance_name=instance.name,
        instance_alias=instance.alias,
        instance_tags=dict(instance.tags),
        access_control_attributes=UNSET
        if described is None
        else {
            one.key: one.source
            for one in access_control.access_control_attributes(tx, instance.instance_id)
        },
        network=export_people.exported_network(tx, instance.identity_store_id),
        instance_id=instance.instance_id,
        identity_store_id=instance.identity_store_id,
        organization_id=whole.organization_id,
        root_id=whole.root_id,
    )


def _account_instances(tx: Tx, whole: Organization, left_out: list[str]) -> list[AccountInstance]:
    found = []
    for account_id in _member_accounts(whole):
        instance = instances.instance_of_account(tx, account_id)
        if instance is None:
            continue
        if instance.status in (ACTIVE, CREATE_IN_PROGRESS):
            found.append(_account_instance(tx, instance, left_out))
        else:
            left_out.append(f"the instance of account {account_id}: it is {instance.status}")
    return found


def _account_instance(tx: Tx, instance: Instance, left_out: list[str]) -> AccountInstance:
    people = export_people.exported_users(tx, instance.identity_store_id)
    groups = export_people.exported_groups(tx, instance.identity_store_id, people)
    inside = export_applications.Inside(tx, instance, people, groups, left_out)
    return AccountInstance(
        account=instance.owner_account_id,
        id=instance.instance_id,
        identity_store_id=instance.identity_store_id,
        name=instance.name,
        region=instance.region,
        tags=dict(instance.tags),
        network=export_people.exported_network(tx, instance.identity_store_id),
        users=list(people.values()),
        groups=list(groups.values()),
        trusted_token_issuers=export_applications.exported_issuers(inside),
        applications=export_applications.exported_applications(inside),
    )


def _member_accounts(whole: Organization | Unit) -> Iterator[str]:
    for account in whole.accounts:
        yield account.id
    for unit in whole.units:
        yield from _member_accounts(unit)
