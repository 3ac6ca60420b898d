"""What no single member of a seed can tell: duplicates, references, limits, policies.

Every mistake is found, each with the path of what is wrong. The rules are those of the slices that
will be written to, asked of the same functions where these are pure; what passes here is not
refused there. Members that are wrong in form stand in as empty texts and are not reported again.
"""

from functools import partial

from genkan.core.quotas import Quotas
from genkan.iam.policies import POLICIES_PER_ACCOUNT, POLICY_LIMIT
from genkan.iam.tags import with_tags
from genkan.organization.making import DEEPEST_UNIT
from genkan.sandbox import (
    seed_application_checks,
    seed_control_checks,
    seed_instance_checks,
    seed_people_checks,
    seed_policies,
    seed_rights,
    seed_rules,
)
from genkan.sandbox.document import CustomerManagedPolicy, SeedDocument
from genkan.sandbox.seed_mistakes import Found, Ids, Path, Unique, at_most
from genkan.sandbox.seed_names import Names, names_of
from genkan.sandbox.seed_rules import shown
from genkan.sandbox.seed_tags import tags_mistakes


def mistakes_in(document: SeedDocument, quotas: Quotas) -> Found:
    """Path and sentence of each mistake."""
    names = names_of(document)
    ids = Ids()
    yield from _organization(document, names)
    yield from seed_control_checks.mistakes_in(document, names)
    yield from seed_people_checks.mistakes_in((), document, ids, quotas)
    yield from seed_rights.mistakes_in(document, names, quotas)
    yield from seed_application_checks.mistakes_in((), document, names, ids, quotas)
    yield from seed_instance_checks.mistakes_in(document, names, ids, quotas)


# The organization


def _organization(document: SeedDocument, names: Names) -> Found:
    ids, emails = Unique("account id"), Unique("e-mail address", str.casefold)
    aliases, unique_ids = Unique("alias"), Unique("policy id")
    for placed in names.accounts:
        account, path = placed.account, placed.path
        yield from ids.again((*path, "id"), account.id)
        yield from emails.again((*path, "email"), account.email)
        yield from aliases.again((*path, "alias"), account.alias)
        yield from tags_mistakes((*path, "tags"), account.tags)
        taken = Unique("policy", str.lower)
        policies = account.customer_managed_policies
        at = (*path, "customer_managed_policies")
        yield from at_most(at, len(policies), POLICIES_PER_ACCOUNT)
        for index, policy in enumerate(policies):
            yield from taken.again((*at, index, "name"), policy.name)
            yield from unique_ids.again((*at, index, "id"), policy.id)
            yield from _policy((*at, index), policy)
    yield from _units(document.settings.root_id or names.root_id, names)


def _policy(at: Path, policy: CustomerManagedPolicy) -> Found:
    rule = seed_rules.MANAGED_POLICY
    yield from seed_policies.mistakes_in((*at, "document"), policy.document, rule, POLICY_LIMIT)
    yield from tags_mistakes((*at, "tags"), policy.tags, partial(with_tags, ()))
    versions = Unique("version")
    yield from versions.again((*at, "version"), policy.version)
    highest = seed_policies.version_number(policy.version)
    for number, other in enumerate(policy.other_versions):
        inside = (*at, "other_versions", number)
        yield from versions.again((*inside, "version"), other.version)
        yield from seed_policies.mistakes_in(
            (*inside, "document"), other.document, rule, POLICY_LIMIT
        )
        highest = max(highest, seed_policies.version_number(other.version))
    if policy.last_version and seed_policies.version_number(policy.last_version) < highest:
        yield (*at, "last_version"), f"is lower than v{highest}, which is given"


def _units(root_id: str, names: Names) -> Found:
    ids = Unique("id")
    siblings: dict[int, Unique] = {}
    for placed in names.units:
        unit, path = placed.unit, placed.path
        among = siblings.setdefault(id(placed.parent), Unique("unit"))
        yield from among.again((*path, "name"), unit.name)
        yield from ids.again((*path, "id"), unit.id)
        yield from tags_mistakes((*path, "tags"), unit.tags)
        if placed.depth == DEEPEST_UNIT + 1:
            yield path, f"units nest at most {DEEPEST_UNIT} deep"
        if unit.id and root_id and unit.id.split("-")[1] != root_id.removeprefix("r-"):
            yield (*path, "id"), f"{shown(unit.id)} does not belong to the root {root_id}"
