"""What no single member of a seed can tell: duplicates, references, limits, policies.

Every mistake is found, each with the path of what is wrong. The rules are those of the slices that
will be written to, asked of the same functions where these are pure; what passes here is not
refused there. Members that are wrong in form stand in as empty texts and are not reported again.
"""

from collections.abc import Sequence

from msgspec import UNSET

from genkan.core.errors import Invalid
from genkan.iam.policies import POLICY_LIMIT
from genkan.identity_store import attributes
from genkan.identity_store.folding import fold, is_reserved
from genkan.identity_store.memberships import GROUPS_PER_USER
from genkan.organization.making import DEEPEST_UNIT
from genkan.sandbox import seed_policies, seed_rights, seed_rules
from genkan.sandbox.document import (
    ExternalId,
    Member,
    SeedDocument,
    User,
)
from genkan.sandbox.seed_members import user_members
from genkan.sandbox.seed_mistakes import Found, Known, Path, Unique
from genkan.sandbox.seed_names import Names, member_name, names_of
from genkan.sandbox.seed_rules import shown
from genkan.signin.password_policy import Violation, violations

_PASSWORD = {
    Violation.TOO_SHORT: "at least 8 characters",
    Violation.TOO_LONG: "at most 64 characters",
    Violation.NO_LOWER_CASE: "a lower-case letter",
    Violation.NO_UPPER_CASE: "an upper-case letter",
    Violation.NO_DIGIT: "a digit",
    Violation.NO_SYMBOL: "a sign such as ! or -",
    Violation.CONTROL_CHARACTER: "no control character",
}


def mistakes_in(document: SeedDocument) -> Found:
    """Path and sentence of each mistake."""
    names = names_of(document)
    yield from _organization(document, names)
    yield from _users(document.users)
    yield from _groups(document)
    yield from _memberships(document)
    yield from seed_rights.mistakes_in(document, names)


# The organization


def _organization(document: SeedDocument, names: Names) -> Found:
    ids, emails = Unique("account id"), Unique("e-mail address", str.casefold)
    aliases = Unique("alias")
    for placed in names.accounts:
        account, path = placed.account, placed.path
        yield from ids.again((*path, "id"), account.id)
        yield from emails.again((*path, "email"), account.email)
        yield from aliases.again((*path, "alias"), account.alias)
        taken = Unique("policy", str.lower)
        for index, policy in enumerate(account.customer_managed_policies):
            at = (*path, "customer_managed_policies", index)
            yield from taken.again((*at, "name"), policy.name)
            yield from seed_policies.mistakes_in(
                (*at, "document"), policy.document, seed_rules.MANAGED_POLICY, POLICY_LIMIT
            )
    yield from _units(document.settings.root_id, names)


def _units(root_id: str, names: Names) -> Found:
    ids = Unique("id")
    siblings: dict[int, Unique] = {}
    for placed in names.units:
        unit, path = placed.unit, placed.path
        among = siblings.setdefault(id(placed.parent), Unique("unit"))
        yield from among.again((*path, "name"), unit.name)
        yield from ids.again((*path, "id"), unit.id)
        if placed.depth == DEEPEST_UNIT + 1:
            yield path, f"units nest at most {DEEPEST_UNIT} deep"
        if unit.id and root_id and unit.id.split("-")[1] != root_id.removeprefix("r-"):
            yield (*path, "id"), f"{shown(unit.id)} does not belong to the root {root_id}"


# People


def _users(users: Sequence[User]) -> Found:
    names, emails = Unique("user name", fold), Unique("e-mail address", fold)
    ids, external = Unique("user id"), Unique("external id")
    for index, user in enumerate(users):
        path: Path = ("users", index)
        yield from names.again((*path, "user_name"), user.user_name)
        yield from ids.again((*path, "id"), user.id)
        yield from _external_ids(path, user.external_ids, external)
        for number, email in enumerate(user.emails):
            yield from emails.again((*path, "emails", number, "value"), email.value)
        yield from _user(path, user)


def _user(path: Path, user: User) -> Found:
    for name in ("emails", "addresses", "phone_numbers", "roles"):
        for number, value in enumerate(getattr(user, name)):
            if not user_members(value):
                yield (*path, name, number), "must not be empty; leave it out instead"
    if user.enterprise is not UNSET and not user_members(user.enterprise):
        yield (*path, "enterprise"), "must not be empty; leave it out instead"
    if is_reserved(user.user_name):
        yield (*path, "user_name"), f"{shown(user.user_name)} is a reserved name"
    elif user.user_name and user.display_name and user.name.given_name and user.name.family_name:
        try:
            attributes.check_user(user_members(user))
        except Invalid as refused:
            at = "birthdate" if "birthdate" in refused.message else "photos"
            yield (*path, at), refused.message
    if isinstance(user.password, str) and user.password:
        wanted = [_PASSWORD[broken] for broken in violations(user.password)]
        if wanted:
            yield (*path, "password"), f"the password needs {', '.join(wanted)}"


def _external_ids(path: Path, given: Sequence[ExternalId], taken: Unique) -> Found:
    for number, external in enumerate(given):
        if external.issuer and external.id:
            pair = f"{external.id} of {external.issuer}"
            yield from taken.again((*path, "external_ids", number), pair)


def _groups(document: SeedDocument) -> Found:
    names, ids = Unique("group", fold), Unique("group id")
    external = Unique("external id")
    for index, group in enumerate(document.groups):
        path: Path = ("groups", index)
        yield from names.again((*path, "display_name"), group.display_name)
        yield from ids.again((*path, "id"), group.id)
        yield from _external_ids(path, group.external_ids, external)
        if is_reserved(group.display_name):
            yield (*path, "display_name"), f"{shown(group.display_name)} is a reserved name"


def _memberships(document: SeedDocument) -> Found:
    known = Known("user", (user.user_name for user in document.users))
    ids = Unique("membership id")
    counts: dict[str, int] = {}
    for index, group in enumerate(document.groups):
        inside = Unique("member")
        for number, member in enumerate(group.members):
            path: Path = ("groups", index, "members", number)
            name = member_name(member)
            yield from known.check(path, name)
            yield from inside.again(path, name)
            if isinstance(member, Member):
                yield from ids.again((*path, "id"), member.id)
            counts[name] = counts.get(name, 0) + 1
            if name and counts[name] == GROUPS_PER_USER + 1:
                yield path, f"{shown(name)} is in more than {GROUPS_PER_USER} groups"
