"""The data sets: rows written straight into a store that the product made and seeded itself.

Owns how large an organization is (`SMALL`, `LARGE`) and how it is spread: each user is in five
groups; four assignments in five are a group's; a few permission sets are in every account, the
others here and there, and a few drafts nowhere yet; each assigned permission set has its role in
the account, trust policy and attachments included, as the provisioning worker leaves it. Everybody
has a password, one in five is signed in. What the product forgets by itself (requests older than
90 days, audit records) is not written. Leaves applications and what else an instance has to
`catalogue`.
Invariants: a figure counts what the sample organization has, too; rows are the same for the same
store and scale; and the benchmark person (the sample's first user) has the same accounts, roles and
groups at every scale, so that answers can be compared between data sets.
"""

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from benchmarks import catalogue
from benchmarks.catalogue import Row, Store, some
from genkan.authorization.managed import lookup
from genkan.core import arns
from genkan.identity_store.described import group_json, user_json
from genkan.identity_store.folding import fold
from genkan.identity_store.records import ENABLED, Group, User
from genkan.permission_sets.content import content_hash
from genkan.permission_sets.records import (
    CustomerManagedPolicyReference,
    PermissionsBoundary,
    PermissionSetContent,
)
from genkan.provisioning.desired import MAX_SESSION_DURATION, trust_policy
from genkan.signin.hashing import hash_password

PASSWORD = "Benchm4rk-of-all"
"""Of every user whom this module makes; the sample's users keep theirs."""
PERSON_ACCOUNTS = 20
"""Accounts of the benchmark person, those of the sample organization included."""
PERSON_GROUPS = 4
GROUPS_OF_A_USER = 5
SIGNED_IN_ONE_OF = 5
_BY = "benchmark data set"
_FAMILIES = ("Sato", "Kim", "Rossi", "Silva", "Nguyen", "Okafor", "Meyer", "Larsen", "Haddad")
_GIVEN = ("Yuki", "Alex", "Maria", "Ken", "Ana", "Linh", "Chidi", "Jonas", "Ingrid", "Omar", "Mei")
_ENVIRONMENTS = (("production", "red"), ("staging", "orange"), ("development", "lightBlue"))
_POLICIES = tuple(
    f"arn:aws:iam::aws:policy/{name}"
    for name in ("ReadOnlyAccess", "PowerUserAccess", "AdministratorAccess", "SecurityAudit")
)
_ROLE_PATH = "/aws-reserved/sso.amazonaws.com/"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much there is in all. `everywhere`: permission sets that every account has.

    `applications` and `requests` (for assignments, of the last two months) are added to the sample
    organization's own. One group in `crowd_one_of` has a permission set in every account.
    """

    users: int
    groups: int
    accounts: int
    permission_sets: int
    assignments: int
    roles_of_an_account: int
    everywhere: int
    applications: int = 20
    requests: int = 400
    crowd_one_of: int = 2_000


SMALL = Scale(
    users=1_000,
    groups=100,
    accounts=50,
    permission_sets=30,
    assignments=2_000,
    roles_of_an_account=4,
    everywhere=2,
)
LARGE = Scale(
    users=100_000,
    groups=10_000,
    accounts=5_000,
    permission_sets=3_000,
    assignments=1_000_000,
    roles_of_an_account=20,
    everywhere=5,
    applications=500,
    requests=20_000,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What the product's own seed has made."""

    now: int
    instance_id: str
    identity_store_id: str
    management: str
    organization_id: str
    region: str
    units: tuple[tuple[str, str], ...]
    metadata: str
    metadata_account: str
    person: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Set:
    permission_set_id: str
    name: str
    policies: tuple[str, ...]
    inline_policy: str
    boundary: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class _Account:
    account_id: str
    provider_name: str


def fill(store: Store, scale: Scale) -> None:
    """Bring a freshly seeded store to `scale`."""
    base = _read(store)
    users = _users(store, base, scale)
    groups = _groups(store, base, scale, users)
    sets = _permission_sets(store, base, scale)
    accounts = _accounts(store, base, scale)
    drafts = drafts_of(len(sets))
    placed = sets[: len(sets) - drafts]
    _assign(store, base, scale, accounts, placed, groups, users)
    catalogue.fill(
        store,
        catalogue.Catalogue(
            now=base.now,
            instance_id=base.instance_id,
            region=base.region,
            management=base.management,
            applications=scale.applications,
            requests=scale.requests,
            groups=groups[PERSON_GROUPS:],
            users=users,
            placed=[one.permission_set_id for one in placed],
            drafts=[one.permission_set_id for one in sets[len(placed) :]],
            accounts=[one.account_id for one in accounts],
        ),
    )


def drafts_of(permission_sets: int) -> int:
    """How many of so many made permission sets are in no account yet: the last ones."""
    return max(1, permission_sets // 150)


def _read(store: Store) -> _Base:
    ((instance_id, identity_store_id, management, region, now),) = store.rows(
        "SELECT id, identity_store_id, owner_account_id, region, created_at FROM instances"
    )
    ((organization_id,),) = store.rows("SELECT id FROM organizations")
    (metadata_account, metadata) = store.rows(
        "SELECT account_id, metadata FROM iam_saml_providers ORDER BY account_id LIMIT 1"
    )[0]
    ((person,),) = store.rows("SELECT id FROM users WHERE user_name_folded = 'hanako'")
    tables = ("users", "groups", "accounts", "permission_sets", "assignments")
    return _Base(
        now=now,
        instance_id=instance_id,
        identity_store_id=identity_store_id,
        management=management,
        region=region,
        organization_id=organization_id,
        units=tuple(store.rows("SELECT id, path FROM organizational_units ORDER BY path")),
        metadata=metadata,
        metadata_account=metadata_account,
        person=person,
        counts={table: store.rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables},
    )


# --- identifiers: chosen by a generator of their own, so that they do not depend on the scale -----


def _hex(rng: random.Random, digits: int) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def _resource_id(rng: random.Random) -> str:
    raw = _hex(rng, 32)
    return f"{raw[:8]}-{raw[8:12]}-70{raw[14:16]}-{raw[16:20]}-{raw[20:]}"


def _unique_id(rng: random.Random, prefix: str) -> str:
    return prefix + "".join(rng.choices(_BASE32, k=17))


def _resource_ids(noun: str, count: int) -> list[str]:
    """`count` ids, the first of which are the same at every scale.

    Not in order: as in the product, what is next to each other in a list was made whenever.
    """
    rng = random.Random(noun)
    return [_resource_id(rng) for _ in range(count)]


# --- people ---------------------------------------------------------------------------------------


def _users(store: Store, base: _Base, scale: Scale) -> list[str]:
    users = _resource_ids("users", scale.users - base.counts["users"])
    store.add(
        "users",
        "id, identity_store_id, user_name, user_name_folded, display_name, email_folded, status,"
        " attributes, extensions, revision, created_at, created_by, updated_at, updated_by, listed,"
        " listed_revision",
        (_user(base, number, user_id) for number, user_id in enumerate(users)),
    )
    password_hash = hash_password(PASSWORD)
    store.add(
        "passwords",
        "user_id, password_hash, state, version, changed_at",
        ((user_id, password_hash, "ACTIVE", user_id[:8] * 2, base.now) for user_id in users),
    )
    _signed_in(store, base, users[::SIGNED_IN_ONE_OF])
    store.change(
        f"UPDATE identity_stores SET user_count = {scale.users}, group_count = {scale.groups}"
    )
    return users


def _signed_in(store: Store, base: _Base, users: Sequence[str]) -> None:
    """A session of each of these users, with the tokens of one command line.

    Nobody knows the tokens: only hashes are stored, and these are of nothing.
    """
    rng = random.Random("sessions")
    ends = base.now + 90 * 86_400_000
    sessions = [(_resource_id(rng), _resource_id(rng), user_id) for user_id in users]
    store.add(
        "interactive_sessions",
        "session_id, token_hash, user_id, identity_store_id, source_ip, user_agent, created_at,"
        " last_used_at, expires_at",
        (
            (
                *(session, rng.randbytes(32), user_id, base.identity_store_id, "192.0.2.1"),
                *("benchmark", base.now, base.now, ends),
            )
            for session, _, user_id in sessions
        ),
    )
    store.add(
        "token_grants",
        "grant_id, client_key, client_name, scopes, user_id, session_id, created_at, expires_at",
        (
            (
                *(grant, rng.randbytes(32), "aws-cli", "sso:account:access", user_id, session),
                *(base.now, ends),
            )
            for session, grant, user_id in sessions
        ),
    )
    store.add(
        "access_tokens",
        "token_hash, token_id, grant_id, expires_at",
        ((rng.randbytes(32), _resource_id(rng), grant, ends) for _, grant, _ in sessions),
    )
    store.add(
        "refresh_tokens",
        "token_hash, grant_id, used_at, expires_at",
        ((rng.randbytes(32), grant, 0, ends) for _, grant, _ in sessions),
    )


def user_name(number: int) -> str:
    """The user name of the user of this number."""
    return f"user{number:06d}"


def _user(base: _Base, number: int, user_id: str) -> Row:
    name = user_name(number)
    given, family = _GIVEN[number % len(_GIVEN)], _FAMILIES[number % len(_FAMILIES)]
    email = f"{name}@sakura.example"
    attributes = {
        "name": {"given_name": given, "family_name": family},
        "title": f"Engineer {number % 7}",
        "preferred_language": "en",
        "emails": [{"value": email, "type": "work", "primary": True}],
    }
    user = User(
        user_id=user_id,
        identity_store_id=base.identity_store_id,
        user_name=name,
        display_name=f"{given} {family}",
        status=ENABLED,
        attributes=attributes,
        extensions={},
        revision=1,
        created_at=base.now,
        created_by=_BY,
        updated_at=base.now,
        updated_by=_BY,
    )
    return (
        *(user_id, base.identity_store_id, name, fold(name), user.display_name, fold(email)),
        *(user.status, json.dumps(attributes, separators=(",", ":")), "{}", user.revision),
        *(base.now, _BY, base.now, _BY, user_json(user), user.revision),
    )


def _groups(store: Store, base: _Base, scale: Scale, users: Sequence[str]) -> list[str]:
    groups = _resource_ids("groups", scale.groups - base.counts["groups"])
    store.add(
        "groups",
        "id, identity_store_id, display_name, display_name_folded, description, external_ids,"
        " revision, created_at, created_by, updated_at, updated_by, listed, listed_revision",
        (_group(base, number, group_id) for number, group_id in enumerate(groups)),
    )
    pairs = [(group_id, base.person) for group_id in groups[:PERSON_GROUPS]]
    pairs += _memberships(groups[PERSON_GROUPS:], users)
    ids = _resource_ids("memberships", len(pairs))
    store.add(
        "group_memberships",
        "id, identity_store_id, group_id, user_id, created_at, created_by",
        (
            (membership_id, base.identity_store_id, group_id, user_id, base.now, _BY)
            for membership_id, (group_id, user_id) in zip(ids, pairs, strict=True)
        ),
    )
    return groups


def _group(base: _Base, number: int, group_id: str) -> Row:
    name = f"Team {number:05d}"
    group = Group(
        group_id=group_id,
        identity_store_id=base.identity_store_id,
        display_name=name,
        description=f"Members of {name}",
        external_ids=(),
        revision=1,
        created_at=base.now,
        created_by=_BY,
        updated_at=base.now,
        updated_by=_BY,
    )
    return (
        *(group_id, base.identity_store_id, name, fold(name), group.description, "[]"),
        *(group.revision, base.now, _BY, base.now, _BY, group_json(group), 1),
    )


def _memberships(groups: Sequence[str], users: Sequence[str]) -> Iterator[tuple[str, str]]:
    rng = random.Random("membership")
    for user_id in users:
        for group_id in some(rng, groups, GROUPS_OF_A_USER):
            yield group_id, user_id


# --- permission sets and accounts -----------------------------------------------------------------


def _permission_sets(store: Store, base: _Base, scale: Scale) -> list[_Set]:
    rng = random.Random("permission sets")
    count = scale.permission_sets - base.counts["permission_sets"]
    placed = count - drafts_of(count)
    sets = [
        _permission_set(f"ps-{_hex(rng, 16)}", number, draft=number >= placed)
        for number in range(count)
    ]
    store.add(
        "permission_sets",
        "permission_set_id, instance_id, name, description, session_duration, relay_state,"
        " inline_policy, boundary, content_hash, tags, created_at",
        (
            (
                *(one.permission_set_id, base.instance_id, one.name, _about(one.name), "PT8H"),
                *("", one.inline_policy, one.boundary, one.content_hash),
                *(catalogue.tags(number), base.now),
            )
            for number, one in enumerate(sets)
        ),
    )
    store.add(
        "permission_set_managed_policies",
        "permission_set_id, policy_arn",
        ((one.permission_set_id, arn) for one in sets for arn in one.policies),
    )
    return sets


def _about(name: str) -> str:
    return f"What {name} may do"


def _permission_set(permission_set_id: str, number: int, *, draft: bool) -> _Set:
    policies = tuple(sorted({_POLICIES[number % len(_POLICIES)], _POLICIES[0]}))
    if any(lookup(arn) is None for arn in policies):
        raise LookupError(f"no such managed policies: {policies}")
    name = f"Access{number:04d}"
    boundary = PermissionsBoundary(managed_policy_arn=_POLICIES[1]) if draft else None
    inline_policy = catalogue.inline_policy(name) if draft else ""
    content = PermissionSetContent(
        name=name,
        description=_about(name),
        session_duration="PT8H",
        relay_state="",
        managed_policies=policies,
        customer_managed_policies=tuple(
            CustomerManagedPolicyReference(path=path, name=name)
            for path, name in (catalogue.references(permission_set_id) if draft else ())
        ),
        inline_policy=inline_policy,
        boundary=boundary,
    )
    kept = "" if boundary is None else msgspec.json.encode(boundary).decode()
    return _Set(permission_set_id, name, policies, inline_policy, kept, content_hash(content))


def _accounts(store: Store, base: _Base, scale: Scale) -> list[_Account]:
    rng = random.Random("accounts")
    taken = {row[0] for row in store.rows("SELECT id FROM accounts")}
    chosen: dict[str, None] = {}
    while len(chosen) < scale.accounts - base.counts["accounts"]:
        account_id = str(rng.randrange(10**11, 10**12))
        if account_id not in taken:
            chosen[account_id] = None
    named = random.Random("providers")
    accounts = [_Account(key, f"AWSSSO_{_hex(named, 16)}_DO_NOT_DELETE") for key in chosen]
    store.add(
        "accounts",
        "id, organization_id, parent_id, path, name, email, email_folded, alias, environment,"
        " colour, status, joined_method, joined_at",
        (_account(base, number, account) for number, account in enumerate(accounts)),
    )
    store.add(
        "iam_saml_providers",
        "account_id, name, uuid, metadata, created_at, valid_until",
        (_provider(base, account, named) for account in accounts),
    )
    store.add(
        "provisioned_accounts",
        "instance_id, account_id, saml_provider_name",
        ((base.instance_id, one.account_id, one.provider_name) for one in accounts),
    )
    _account_access(store, base, accounts)
    return accounts


def _account(base: _Base, number: int, account: _Account) -> Row:
    environment, colour = _ENVIRONMENTS[number % len(_ENVIRONMENTS)]
    unit_id, path = base.units[number % len(base.units)]
    email = f"aws+team{number:05d}@sakura.example"
    return (
        account.account_id,
        base.organization_id,
        unit_id,
        f"{path}{account.account_id}/",
        f"Team {number:05d} {environment.title()}",
        email,
        email.casefold(),
        f"team-{number:05d}-{environment}",
        environment,
        colour,
        "ACTIVE",
        "CREATED",
        base.now,
    )


def _provider(base: _Base, account: _Account, rng: random.Random) -> Row:
    metadata = base.metadata.replace(base.metadata_account, account.account_id)
    uuid = "".join(rng.choices(_BASE32, k=34))
    century = 100 * 365 * 86_400_000
    return (account.account_id, account.provider_name, uuid, metadata, base.now, base.now + century)


_ROLE_COLUMNS = (
    "account_id, role_name, role_key, path, role_id, trust_policy, description,"
    " max_session_duration, boundary_arn, tags, created_at"
)


def _account_access(store: Store, base: _Base, accounts: Sequence[_Account]) -> None:
    """The role through which the management account gets into a member, as AWS makes it."""
    name, rng = "OrganizationAccountAccessRole", random.Random("access")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{base.management}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    text = json.dumps(trust, separators=(",", ":"))
    store.add(
        "iam_roles",
        _ROLE_COLUMNS,
        (
            (
                *(one.account_id, name, name.lower(), "/", _unique_id(rng, "AROA"), text),
                *("", 3600, "", "[]", base.now),
            )
            for one in accounts
        ),
    )
    store.add(
        "iam_role_attachments",
        "account_id, role_name, policy_arn",
        ((one.account_id, name, _POLICIES[2]) for one in accounts),
    )


# --- who has what where ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Right:
    """A permission set in an account, the role that stands for it, and how many have it."""

    account: _Account
    permission_set: _Set
    role_name: str
    role_id: str
    of_person: bool
    position: int
    holders: int


def _assign(
    store: Store,
    base: _Base,
    scale: Scale,
    accounts: Sequence[_Account],
    sets: Sequence[_Set],
    groups: Sequence[str],
    users: Sequence[str],
) -> None:
    rights = list(_rights(base, scale, accounts, sets))
    _roles(store, base, rights)
    rng = random.Random("assignments")
    made = groups[PERSON_GROUPS:]
    crowds = made[: min(len(made) // scale.crowd_one_of, scale.everywhere)]
    others = made[len(crowds) :]

    def holders(right: _Right) -> list[tuple[str, str]]:
        found = [("GROUP", groups[0])] if right.of_person else []
        by_group = (right.holders * 4 + 4) // 5
        here = [("GROUP", one) for one in crowds[right.position : right.position + 1]]
        found += here
        found += [("GROUP", one) for one in some(rng, others, by_group - len(here))]
        return found + [("USER", one) for one in some(rng, users, right.holders - by_group)]

    store.add(
        "assignments",
        "instance_id, account_id, permission_set_id, principal_type, principal_id, created_at",
        (
            (
                base.instance_id,
                right.account.account_id,
                right.permission_set.permission_set_id,
                kind,
                principal_id,
                base.now,
            )
            for right in rights
            for kind, principal_id in holders(right)
        ),
    )


def _rights(
    base: _Base, scale: Scale, accounts: Sequence[_Account], sets: Sequence[_Set]
) -> Iterator[_Right]:
    of_person = PERSON_ACCOUNTS - base.counts["accounts"]
    persons = of_person * min(2, scale.everywhere)
    pairs = len(accounts) * scale.roles_of_an_account
    wanted = scale.assignments - base.counts["assignments"] - persons
    numbers = itertools.count()
    rng, others = random.Random("roles"), len(sets) - scale.everywhere
    for place, account in enumerate(accounts):
        here = list(sets[: scale.everywhere])
        rest = scale.roles_of_an_account - len(here)
        start = place * rest
        here += [sets[scale.everywhere + (start + number) % others] for number in range(rest)]
        for position, permission_set in enumerate(here):
            number = next(numbers)
            yield _Right(
                account,
                permission_set,
                f"AWSReservedSSO_{permission_set.name}_{_hex(rng, 16)}",
                _unique_id(rng, "AROA"),
                place < of_person and position < 2,
                position,
                wanted * (number + 1) // pairs - wanted * number // pairs,
            )


def _roles(store: Store, base: _Base, rights: Sequence[_Right]) -> None:
    store.add("iam_roles", _ROLE_COLUMNS, (_role(base, right) for right in rights))
    store.add(
        "iam_role_attachments",
        "account_id, role_name, policy_arn",
        (
            (right.account.account_id, right.role_name, arn)
            for right in rights
            for arn in right.permission_set.policies
        ),
    )
    store.add(
        "provisioned_permission_sets",
        "account_id, permission_set_id, instance_id, role_name, role_path, role_arn,"
        " saml_provider_name, content_hash, created_at, updated_at",
        (
            (
                right.account.account_id,
                right.permission_set.permission_set_id,
                base.instance_id,
                right.role_name,
                _ROLE_PATH,
                arns.role(right.account.account_id, _ROLE_PATH, right.role_name),
                right.account.provider_name,
                right.permission_set.content_hash,
                base.now,
                base.now,
            )
            for right in rights
        ),
    )


def _role(base: _Base, right: _Right) -> Row:
    account = right.account
    return (
        account.account_id,
        right.role_name,
        right.role_name.lower(),
        _ROLE_PATH,
        right.role_id,
        trust_policy(arns.saml_provider(account.account_id, account.provider_name)),
        _about(right.permission_set.name),
        MAX_SESSION_DURATION,
        "",
        "[]",
        base.now,
    )
