"""What is wrong with a seed's people: users, groups and memberships of one identity store."""

from collections.abc import Sequence

from msgspec import UNSET

from genkan.core.errors import Invalid
from genkan.core.quotas import Quotas
from genkan.identity_store import attributes
from genkan.identity_store.folding import fold, is_reserved
from genkan.identity_store.memberships import GROUPS_PER_USER
from genkan.sandbox.document import AccountInstance, SeedDocument
from genkan.sandbox.document_people import ExternalId, Group, Member, User
from genkan.sandbox.seed_members import user_members
from genkan.sandbox.seed_mistakes import Found, Ids, Known, Path, Unique, at_most
from genkan.sandbox.seed_names import member_name
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


def mistakes_in(
    at: Path, inside: SeedDocument | AccountInstance, ids: Ids, quotas: Quotas
) -> Found:
    """Path and sentence of each mistake in the people of one identity store, written at `at`."""
    users, groups = inside.users, inside.groups
    yield from at_most((*at, "users"), len(users), quotas.users)
    yield from at_most((*at, "groups"), len(groups), quotas.groups)
    yield from _users(at, users, ids.principals)
    yield from _groups(at, groups, ids.principals)
    yield from _memberships(at, users, groups, ids.memberships)


def _users(at: Path, users: Sequence[User], ids: Unique) -> Found:
    names, emails = Unique("user name", fold), Unique("e-mail address", fold)
    external = Unique("external id")
    for index, user in enumerate(users):
        path: Path = (*at, "users", index)
        yield from names.again((*path, "user_name"), user.user_name)
        yield from ids.again((*path, "id"), user.id)
        yield from _external_ids(path, user.external_ids, external)
        for number, email in enumerate(user.emails):
            yield from emails.again((*path, "emails", number, "value"), email.value)
        yield from _user(path, user)


def _user(path: Path, user: User) -> Found:
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


def _groups(at: Path, groups: Sequence[Group], ids: Unique) -> Found:
    names, external = Unique("group", fold), Unique("external id")
    for index, group in enumerate(groups):
        path: Path = (*at, "groups", index)
        yield from names.again((*path, "display_name"), group.display_name)
        yield from ids.again((*path, "id"), group.id)
        yield from _external_ids(path, group.external_ids, external)
        if is_reserved(group.display_name):
            yield (*path, "display_name"), f"{shown(group.display_name)} is a reserved name"


def _memberships(at: Path, users: Sequence[User], groups: Sequence[Group], ids: Unique) -> Found:
    known = Known("user", (user.user_name for user in users))
    counts: dict[str, int] = {}
    for index, group in enumerate(groups):
        inside = Unique("member")
        for number, member in enumerate(group.members):
            path: Path = (*at, "groups", index, "members", number)
            name = member_name(member)
            yield from known.check(path, name)
            yield from inside.again(path, name)
            if isinstance(member, Member):
                yield from ids.again((*path, "id"), member.id)
            counts[name] = counts.get(name, 0) + 1
            if name and counts[name] == GROUPS_PER_USER + 1:
                yield path, f"{shown(name)} is in more than {GROUPS_PER_USER} groups"
