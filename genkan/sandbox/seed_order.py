"""One order for a seed document, so that equal organizations give equal documents.

Owns sorting, regrouping assignments by principal and permission set, and choosing by which word an
account is referred to. What is written in another order means the same.
"""

from collections import defaultdict
from collections.abc import Iterable

from msgspec import UNSET
from msgspec.structs import replace

from genkan.sandbox.document import (
    Account,
    Assignment,
    Group,
    Member,
    PermissionSet,
    SeedDocument,
    Settings,
    Unit,
    User,
)
from genkan.sandbox.seed_names import Ambiguous, Names, member_name, names_of


def in_order(document: SeedDocument) -> SeedDocument:
    """The same organization, sorted by names; passwords are left out."""
    names = names_of(document)
    whole = document.organization
    return replace(
        document,
        organization=replace(
            whole,
            management_account=_account(whole.management_account),
            accounts=_accounts(whole.accounts),
            units=_units(whole.units),
        ),
        users=sorted(map(_user, document.users), key=lambda one: one.user_name),
        groups=sorted(map(_group, document.groups), key=lambda one: one.display_name),
        permission_sets=sorted(
            map(_permission_set, document.permission_sets), key=lambda one: one.name
        ),
        assignments=_assignments(document, names),
    )


def without_ids(document: SeedDocument) -> SeedDocument:
    """The same organization with ids to be chosen anew, but those that assignments refer to."""
    needed = {
        reference
        for one in document.assignments
        if one.accounts != "all"
        for reference in one.accounts
    }
    whole = document.organization
    settings = document.settings
    return replace(
        document,
        settings=Settings(
            region=settings.region,
            instance_name=settings.instance_name,
            instance_alias=settings.instance_alias,
            instance_tags=settings.instance_tags,
            access_control_attributes=settings.access_control_attributes,
        ),
        organization=replace(
            whole,
            management_account=_nameless(whole.management_account, needed),
            accounts=[_nameless(one, needed) for one in whole.accounts],
            units=[_unit_without_ids(one, needed) for one in whole.units],
        ),
        users=[replace(one, id="") for one in document.users],
        groups=[
            replace(one, id="", members=list(map(member_name, one.members)))
            for one in document.groups
        ],
        permission_sets=[replace(one, id="") for one in document.permission_sets],
    )


def _nameless(account: Account, needed: set[str]) -> Account:
    return account if account.id in needed else replace(account, id="")


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
    policies = sorted(account.customer_managed_policies, key=lambda one: (one.path, one.name))
    return replace(account, customer_managed_policies=policies)


def _units(units: Iterable[Unit]) -> list[Unit]:
    return sorted(
        (replace(one, accounts=_accounts(one.accounts), units=_units(one.units)) for one in units),
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
            else sorted(_reference(names, account) for account in accounts),
        )
        for (group, user, permission_set), accounts in sorted(targets.items())
    ]


def _reference(names: Names, index: int) -> str:
    """The first word of an account that means no other."""
    account = names.accounts[index].account
    for reference in (account.alias, account.name, account.id):
        try:
            if reference and names.account(reference) == index:
                return reference
        except Ambiguous:
            continue
    raise Ambiguous(f"no word means the account {account.name} alone")
