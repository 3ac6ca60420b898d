"""One order for a seed document, so that equal organizations give equal documents.

Owns sorting, regrouping assignments by principal and permission set, and choosing by which word an
account is referred to. What is written in another order means the same.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from genkan.organization.operations import IDENTITY_CENTER
from genkan.organization.records import FULL_ACCESS
from genkan.sandbox import seed_order_applications
from genkan.sandbox.document import (
    Account,
    AccountInstance,
    Assignment,
    CustomerManagedPolicy,
    Organization,
    PermissionSet,
    SeedDocument,
    Unit,
)
from genkan.sandbox.document_people import Group, Member, User
from genkan.sandbox.seed_names import Names, member_name, names_of
from genkan.sandbox.seed_policies import version_number


def in_order(document: SeedDocument) -> SeedDocument:
    """The same organization, sorted by names; passwords are left out."""
    names = names_of(document)
    region = document.settings.region
    return replace(
        document,
        settings=replace(
            document.settings,
            added_regions=sorted(document.settings.added_regions),
            instance_tags=dict(sorted(document.settings.instance_tags.items())),
        ),
        organization=_organization(document.organization, names),
        users=_users(document.users),
        groups=_groups(document.groups),
        permission_sets=sorted(
            map(_permission_set, document.permission_sets), key=lambda one: one.name
        ),
        assignments=_assignments(document, names),
        **seed_order_applications.in_order(document, names, owner=0, region=region),
        account_instances=sorted(
            (_account_instance(one, names, region) for one in document.account_instances),
            key=lambda one: one.account,
        ),
    )


def _organization(whole: Organization, names: Names) -> Organization:
    trusted = whole.trusted_services
    delegated = (
        replace(
            one,
            account=names.word_for(names.account(one.account)),
            services=sorted(one.services),
        )
        for one in whole.delegated_administrators
        if one.services
    )
    return replace(
        whole,
        management_account=_account(whole.management_account),
        accounts=_accounts(whole.accounts),
        units=_units(whole.units),
        service_control_policies=sorted(
            (
                replace(one, tags=dict(sorted(one.tags.items())))
                for one in whole.service_control_policies
            ),
            key=lambda one: one.name,
        ),
        root_service_control_policies=_attached(whole.root_service_control_policies),
        root_tags=dict(sorted(whole.root_tags.items())),
        trusted_services=UNSET
        if trusted is UNSET or trusted == [IDENTITY_CENTER]
        else sorted(trusted),
        delegated_administrators=sorted(delegated, key=lambda one: one.account),
    )


def _attached(names: list[str]) -> list[str]:
    """Full access alone is what everything has of itself."""
    return [] if names == [FULL_ACCESS.name] else sorted(names)


def _account_instance(one: AccountInstance, names: Names, region: str) -> AccountInstance:
    owner = names.account(one.account)
    return replace(
        one,
        account=names.word_for(owner),
        region="" if one.region == region else one.region,
        tags=dict(sorted(one.tags.items())),
        users=[replace(user, password=UNSET) for user in _users(one.users)],
        groups=_groups(one.groups),
        **seed_order_applications.in_order(one, names, owner=owner, region=one.region or region),
    )


def _users(users: list[User]) -> list[User]:
    return sorted(map(_user, users), key=lambda one: one.user_name)


def _groups(groups: list[Group]) -> list[Group]:
    return sorted(map(_group, groups), key=lambda one: one.display_name)


def without_ids(document: SeedDocument) -> SeedDocument:
    """The same organization with ids to be chosen anew, but those that assignments refer to."""
    needed = _accounts_referred_to(document)
    whole = document.organization
    return replace(
        document,
        settings=replace(
            document.settings, instance_id="", identity_store_id="", organization_id="", root_id=""
        ),
        organization=replace(
            whole,
            management_account=_nameless(whole.management_account, needed),
            accounts=[_nameless(one, needed) for one in whole.accounts],
            units=[_unit_without_ids(one, needed) for one in whole.units],
            service_control_policies=[
                replace(one, id="") for one in whole.service_control_policies
            ],
        ),
        **_people_without_ids(document),
        permission_sets=[replace(one, id="") for one in document.permission_sets],
        **seed_order_applications.without_ids(document),
        account_instances=[
            replace(
                one,
                id="",
                identity_store_id="",
                **_people_without_ids(one),
                **seed_order_applications.without_ids(one),
            )
            for one in document.account_instances
        ],
    )


def _accounts_referred_to(document: SeedDocument) -> set[str]:
    needed = {one.account for one in document.organization.delegated_administrators}
    for assignment in document.assignments:
        if assignment.accounts != "all":
            needed.update(assignment.accounts)
    places: list[SeedDocument | AccountInstance] = [document, *document.account_instances]
    for inside in places:
        needed.update(one.account for one in inside.trusted_token_issuers)
        needed.update(one.account for one in inside.applications)
    needed.update(one.account for one in document.account_instances)
    return needed


def _people_without_ids(inside: SeedDocument | AccountInstance) -> dict[str, Any]:
    return {
        "users": [replace(one, id="") for one in inside.users],
        "groups": [
            replace(one, id="", members=list(map(member_name, one.members)))
            for one in inside.groups
        ],
    }


def _nameless(account: Account, needed: set[str]) -> Account:
    policies = [replace(one, id="") for one in account.customer_managed_policies]
    return replace(
        account,
        id=account.id if account.id in needed else "",
        customer_managed_policies=policies,
    )


def _unit_without_ids(unit: Unit, needed: set[str]) -> Unit:
    return replace(
        unit,
        id="",
        accounts=[_nameless(one, needed) for one in unit.accounts],
        units=[_unit_without_ids(one, needed) for one in unit.units],
    )


def _accounts(accounts: Iterable[Account]) -> list[Account]:
    return sorted(map(_account, accounts), key=lambda one: (one.name, one.email))


def _account(account: Account) -> Account:
    policies = sorted(
        map(_policy, account.customer_managed_policies), key=lambda one: (one.path, one.name)
    )
    return replace(
        account,
        service_control_policies=_attached(account.service_control_policies),
        customer_managed_policies=policies,
        tags=dict(sorted(account.tags.items())),
    )


def _policy(policy: CustomerManagedPolicy) -> CustomerManagedPolicy:
    others = sorted(policy.other_versions, key=lambda one: version_number(one.version))
    highest = max(version_number(one) for one in (policy.version, *(v.version for v in others)))
    return replace(
        policy,
        other_versions=others,
        last_version="" if version_number(policy.last_version) == highest else policy.last_version,
        tags=dict(sorted(policy.tags.items())),
    )


def _units(units: Iterable[Unit]) -> list[Unit]:
    return sorted(
        (
            replace(
                one,
                service_control_policies=_attached(one.service_control_policies),
                tags=dict(sorted(one.tags.items())),
                accounts=_accounts(one.accounts),
                units=_units(one.units),
            )
            for one in units
        ),
        key=lambda one: one.name,
    )


def _user(user: User) -> User:
    return replace(user, password=None if user.password is None else UNSET)


def _group(group: Group) -> Group:
    members = sorted(group.members, key=member_name)
    return replace(
        group,
        members=[one.user if isinstance(one, Member) and not one.id else one for one in members],
    )


def _permission_set(one: PermissionSet) -> PermissionSet:
    return replace(
        one,
        managed_policies=sorted(one.managed_policies),
        customer_managed_policies=sorted(
            one.customer_managed_policies, key=lambda reference: (reference.path, reference.name)
        ),
        tags=dict(sorted(one.tags.items())),
    )


def _assignments(document: SeedDocument, names: Names) -> list[Assignment]:
    targets: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for one in document.assignments:
        targets[one.group, one.user, one.permission_set].update(names.targets(one))
    return [
        Assignment(
            group=group,
            user=user,
            permission_set=permission_set,
            accounts="all"
            if len(accounts) == len(names.accounts)
            else sorted(map(names.word_for, accounts)),
        )
        for (group, user, permission_set), accounts in sorted(targets.items())
    ]
