"""What is wrong with a seed's permission sets and assignments, and with what they refer to."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET

from genkan.authorization import managed
from genkan.core.errors import Invalid
from genkan.core.quotas import Quotas
from genkan.instances.access_control import ATTRIBUTE_LIMIT, check_keys
from genkan.permission_sets import duration
from genkan.permission_sets.content import ATTACHED_LIMIT
from genkan.permission_sets.policies import INLINE_LIMIT
from genkan.sandbox import seed_policies, seed_rules
from genkan.sandbox.document import PermissionSet, PolicyReference, SeedDocument
from genkan.sandbox.seed_mistakes import Found, Known, Path, Unique, at_most
from genkan.sandbox.seed_names import Ambiguous, Names
from genkan.sandbox.seed_rules import shown
from genkan.sandbox.seed_tags import tags_mistakes


def mistakes_in(document: SeedDocument, names: Names, quotas: Quotas) -> Found:
    """Path and sentence of each mistake."""
    if document.settings.access_control_attributes is not UNSET:
        yield from _access_control(document.settings.access_control_attributes)
    sets = document.permission_sets
    yield from at_most(("permission_sets",), len(sets), quotas.permission_sets)
    yield from _permission_sets(sets)
    checks = _AssignmentChecks(document, names, quotas.provisioned_permission_sets)
    for index in range(len(document.assignments)):
        yield from checks.check(index)


def _access_control(attributes: Mapping[str, str]) -> Found:
    path: Path = ("settings", "access_control_attributes")
    yield from at_most(path, len(attributes), ATTRIBUTE_LIMIT, "attributes")
    try:
        check_keys(attributes)
    except Invalid as refused:
        yield path, refused.message


# Permission sets


def _permission_sets(permission_sets: Sequence[PermissionSet]) -> Found:
    names, ids = Unique("permission set"), Unique("permission set id")
    known = Known("policy of AWS", (policy.arn for policy in managed.all_policies()))
    for index, one in enumerate(permission_sets):
        path: Path = ("permission_sets", index)
        yield from names.again((*path, "name"), one.name)
        yield from ids.again((*path, "id"), one.id)
        if one.session_duration:
            try:
                duration.seconds(one.session_duration)
            except Invalid:
                yield (
                    (*path, "session_duration"),
                    (f"{shown(one.session_duration)} is no duration between PT1H and PT12H"),
                )
        yield from _attached(path, one, known)
        yield from seed_policies.mistakes_in(
            (*path, "inline_policy"), one.inline_policy, seed_rules.INLINE_POLICY, INLINE_LIMIT
        )
        yield from _boundary((*path, "permissions_boundary"), one, known)
        yield from tags_mistakes((*path, "tags"), one.tags)


def _attached(path: Path, one: PermissionSet, known: Known) -> Found:
    count = len(one.managed_policies) + len(one.customer_managed_policies)
    yield from at_most(path, count, ATTACHED_LIMIT, "policies attached")
    arns, references = Unique("policy"), Unique("policy")
    for index, arn in enumerate(one.managed_policies):
        at = (*path, "managed_policies", index)
        yield from arns.again(at, arn)
        yield from known.check(at, arn)
    for index, reference in enumerate(one.customer_managed_policies):
        yield from references.again(
            (*path, "customer_managed_policies", index),
            f"{reference.path}{reference.name}" if reference.name else "",
        )


def _boundary(path: Path, one: PermissionSet, known: Known) -> Found:
    boundary = one.permissions_boundary
    if boundary is UNSET:
        return
    if bool(boundary.managed_policy) == (boundary.customer_managed_policy is not UNSET):
        yield path, "must name either managed_policy or customer_managed_policy"
    yield from known.check((*path, "managed_policy"), boundary.managed_policy)


# Assignments


class _AssignmentChecks:
    def __init__(self, document: SeedDocument, names: Names, most: int) -> None:
        self._most = most
        self._assignments = document.assignments
        self._names = names
        self._users = Known("user", (user.user_name for user in document.users))
        self._groups = Known("group", (group.display_name for group in document.groups))
        self._sets = Known("permission set", (one.name for one in document.permission_sets))
        self._references: dict[str, list[PolicyReference]] = {}
        for one in document.permission_sets:
            self._references.setdefault(one.name, references_of(one))
        self._given: set[tuple[str, str, str, int]] = set()
        self._in_account: dict[int, set[str]] = {}
        self._policies = [
            {(policy.path, policy.name) for policy in placed.account.customer_managed_policies}
            for placed in names.accounts
        ]

    def check(self, index: int) -> Found:
        one, path = self._assignments[index], ("assignments", index)
        if bool(one.user) == bool(one.group):
            yield path, "must name either user or group"
        yield from self._users.check((*path, "user"), one.user)
        yield from self._groups.check((*path, "group"), one.group)
        yield from self._sets.check((*path, "permission_set"), one.permission_set)
        if not one.accounts and not one.units:
            yield path, "names no account: give accounts or units"
        if one.accounts == "all" and one.units:
            yield (*path, "units"), "says nothing beside all accounts"
        targets: dict[int, Path] = {}
        yield from self._targets(index, targets)
        for account, at in targets.items():
            yield from self._target(at, (one.user, one.group, one.permission_set), account)

    def _targets(self, index: int, targets: dict[int, Path]) -> Found:
        """Collects the accounts, each with the path that names it."""
        one, path = self._assignments[index], ("assignments", index)
        if one.accounts == "all":
            targets |= dict.fromkeys(range(len(self._names.accounts)), (*path, "accounts"))
            return
        for number, reference in enumerate(one.accounts):
            at: Path = (*path, "accounts", number)
            if reference:
                try:
                    targets.setdefault(self._names.account(reference), at)
                except Ambiguous as ambiguous:
                    yield from self._names.lost(at, ambiguous)
        for number, reference in enumerate(one.units):
            at = (*path, "units", number)
            if reference:
                try:
                    inside = self._names.inside(reference)
                except Ambiguous as ambiguous:
                    yield from self._names.lost(at, ambiguous)
                else:
                    if not inside:
                        yield at, f"there is no account in {shown(reference)}"
                    targets |= {account: targets.get(account, at) for account in inside}

    def _target(self, path: Path, who: tuple[str, str, str], account: int) -> Found:
        user, group, permission_set = who
        placed = self._names.accounts[account]
        name = shown(placed.account.name)
        key = (user, group, permission_set, account)
        if key in self._given:
            yield path, f"this assignment in {name} is given twice"
        self._given.add(key)
        for reference in self._references.get(permission_set, ()):
            if (reference.path, reference.name) not in self._policies[account]:
                written = shown(f"{reference.path}{reference.name}")
                yield (
                    path,
                    (
                        f"the account {name} has no policy {written}, to which the permission set"
                        f" {shown(permission_set)} refers"
                    ),
                )
        provisioned = self._in_account.setdefault(account, set())
        provisioned.add(permission_set)
        if len(provisioned) == self._most + 1:
            yield path, f"the account {name} gets more than {self._most} permission sets"


def references_of(one: PermissionSet) -> list[PolicyReference]:
    """Every customer managed policy that a permission set refers to."""
    found = list(one.customer_managed_policies)
    boundary = one.permissions_boundary
    if boundary is not UNSET and boundary.customer_managed_policy is not UNSET:
        found.append(boundary.customer_managed_policy)
    return [reference for reference in found if reference.name]
