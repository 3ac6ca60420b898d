"""The identity store with two clients at once, held against a plain model."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fronts.aws.at_once import CONFLICT, GONE, NEVER_THE_SAME, OK, Act, Pair
from tests.fronts.aws.world import NOBODY, Clients, World, read_world
from tests.support.server import Server

NAMES = ("alice", "ALICE", "straße", "STRASSE", "bob")
EMAILS = ("a@example.org", "A@EXAMPLE.ORG", "b@example.org")
TITLES = ("Clerk", "Chief")


@dataclass
class Model:
    """What there should be beside the sample: users, groups and who is in which."""

    users: dict[str, dict[str, str]] = field(default_factory=dict)
    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    members: dict[str, tuple[str, str]] = field(default_factory=dict)


def folded(name: str) -> str:
    """The same for all spellings of a name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def taken(held: dict[str, dict[str, str]], own: str, key: str, value: str) -> bool:
    """Whether another one has the name or the address."""
    return any(
        folded(one[key]) == folded(value)
        for one_id, one in held.items()
        if one_id != own and key in one
    )


class Acts:
    """The calls of a client, each with what it does to the model."""

    def __init__(self, store: str) -> None:
        self._at = {"IdentityStoreId": store}

    def create_user(self, name: str, email: str) -> Act[Model]:
        def call(clients: Clients) -> str:
            made: str = clients.identitystore.create_user(
                **self._at,
                UserName=name,
                DisplayName=name,
                Name={"GivenName": name, "FamilyName": "Doe"},
                Emails=[{"Value": email, "Primary": True}],
            )["UserId"]
            return made

        def apply(model: Model, made: str) -> str:
            if taken(model.users, "", "name", name) or taken(model.users, "", "email", email):
                return CONFLICT
            model.users[made] = {"name": name, "email": email}
            return OK

        return Act(f"CreateUser {name} {email}", call, apply)

    def update_user(self, user: str, **values: str | None) -> Act[Model]:
        """Change attributes of a user together; None takes one away."""
        paths = {"name": "userName", "email": "emails", "title": "title"}

        def value_of(key: str, value: str | None) -> dict[str, Any]:
            if value is None:
                return {}
            return {"AttributeValue": [{"Value": value}] if key == "email" else value}

        def call(clients: Clients) -> str:
            operations = [
                {"AttributePath": paths[key], **value_of(key, value)}
                for key, value in values.items()
            ]
            clients.identitystore.update_user(**self._at, UserId=user, Operations=operations)
            return ""

        def apply(model: Model, made: str) -> str:
            if user not in model.users:
                return GONE
            if any(
                value is not None and key != "title" and taken(model.users, user, key, value)
                for key, value in values.items()
            ):
                return CONFLICT
            kept = {k: v for k, v in model.users[user].items() if k not in values}
            model.users[user] = kept | {k: v for k, v in values.items() if v is not None}
            return OK

        return Act(f"UpdateUser {user} {values}", call, apply)

    def delete_user(self, user: str) -> Act[Model]:
        return self._delete("user", user)

    def create_group(self, name: str) -> Act[Model]:
        def call(clients: Clients) -> str:
            made: str = clients.identitystore.create_group(**self._at, DisplayName=name)["GroupId"]
            return made

        def apply(model: Model, made: str) -> str:
            if taken(model.groups, "", "name", name):
                return CONFLICT
            model.groups[made] = {"name": name}
            return OK

        return Act(f"CreateGroup {name}", call, apply)

    def update_group(self, group: str, name: str) -> Act[Model]:
        def call(clients: Clients) -> str:
            operations = [{"AttributePath": "displayName", "AttributeValue": name}]
            clients.identitystore.update_group(**self._at, GroupId=group, Operations=operations)
            return ""

        def apply(model: Model, made: str) -> str:
            if group not in model.groups:
                return GONE
            if taken(model.groups, group, "name", name):
                return CONFLICT
            model.groups[group] = {"name": name}
            return OK

        return Act(f"UpdateGroup {group} {name}", call, apply)

    def delete_group(self, group: str) -> Act[Model]:
        return self._delete("group", group)

    def join(self, group: str, user: str) -> Act[Model]:
        def call(clients: Clients) -> str:
            made: str = clients.identitystore.create_group_membership(
                **self._at, GroupId=group, MemberId={"UserId": user}
            )["MembershipId"]
            return made

        def apply(model: Model, made: str) -> str:
            if group not in model.groups or user not in model.users:
                return GONE
            if (group, user) in model.members.values():
                return CONFLICT
            model.members[made] = (group, user)
            return OK

        return Act(f"Join {group} {user}", call, apply)

    def leave(self, membership: str) -> Act[Model]:
        def call(clients: Clients) -> str:
            clients.identitystore.delete_group_membership(**self._at, MembershipId=membership)
            return ""

        def apply(model: Model, made: str) -> str:
            return GONE if model.members.pop(membership, None) is None else OK

        return Act(f"Leave {membership}", call, apply)

    def _delete(self, kind: str, deleted: str) -> Act[Model]:
        """A user or a group, with its memberships."""

        def call(clients: Clients) -> str:
            delete = getattr(clients.identitystore, f"delete_{kind}")
            delete(**self._at, **{f"{kind.title()}Id": deleted})
            return ""

        def apply(model: Model, made: str) -> str:
            held = model.users if kind == "user" else model.groups
            if held.pop(deleted, None) is None:
                return GONE
            model.members = {k: pair for k, pair in model.members.items() if deleted not in pair}
            return OK

        return Act(f"Delete {kind} {deleted}", call, apply)


picks = st.integers(0, 1_000)
drawn = st.one_of(
    st.tuples(st.just("create_user"), st.sampled_from(NAMES), st.sampled_from(EMAILS)),
    st.tuples(st.just("create_group"), st.sampled_from(NAMES)),
    st.tuples(st.just("rename"), picks, st.sampled_from(NAMES)),
    st.tuples(st.just("address"), picks, st.sampled_from((None, *EMAILS))),
    st.tuples(st.just("title"), picks, st.sampled_from((None, *TITLES))),
    st.tuples(st.just("update_group"), picks, st.sampled_from(NAMES)),
    st.tuples(st.sampled_from(("delete_user", "delete_group", "leave")), picks),
    st.tuples(st.just("join"), picks, picks),
)


def act_of(acts: Acts, model: Model, words: tuple[Any, ...]) -> Act[Model]:
    """What was drawn, on what there is by age; on what is not there when there is nothing."""

    def pick(held: dict[str, Any], number: int) -> str:
        return list(held)[number % len(held)] if held else NOBODY

    kind, *rest = words
    match kind:
        case "create_user":
            return acts.create_user(*rest)
        case "create_group":
            return acts.create_group(*rest)
        case "rename" | "address" | "title":
            key = {"rename": "name", "address": "email", "title": "title"}[kind]
            return acts.update_user(pick(model.users, rest[0]), **{key: rest[1]})
        case "update_group":
            return acts.update_group(pick(model.groups, rest[0]), rest[1])
        case "delete_user":
            return acts.delete_user(pick(model.users, rest[0]))
        case "delete_group":
            return acts.delete_group(pick(model.groups, rest[0]))
        case "leave":
            return acts.leave(pick(model.members, rest[0]))
    return acts.join(pick(model.groups, rest[0]), pick(model.users, rest[1]))


def seen(world: World) -> tuple[Any, ...]:
    """What the service says there is beside the sample."""
    store, at = world.admin.identitystore, {"IdentityStoreId": world.store}
    users = {}
    for one in store.list_users(**at)["Users"]:
        if one["UserId"] not in world.users.values():
            users[one["UserId"]] = {"name": one["UserName"]}
            if one.get("Emails"):
                users[one["UserId"]]["email"] = one["Emails"][0]["Value"]
            if "Title" in one:
                users[one["UserId"]]["title"] = one["Title"]
    groups = {
        one["GroupId"]: {"name": one["DisplayName"]}
        for one in store.list_groups(**at)["Groups"]
        if one["GroupId"] not in world.groups.values()
    }
    members = {
        one["MembershipId"]: (one["GroupId"], one["MemberId"]["UserId"])
        for group in groups
        for one in store.list_group_memberships(**at, GroupId=group)["GroupMemberships"]
    }
    return users, groups, members


def look(model: Model) -> tuple[Any, ...]:
    """The same of a model."""
    return model.users, model.groups, model.members


@settings(NEVER_THE_SAME, max_examples=12)
@given(steps=st.lists(st.tuples(drawn, drawn), min_size=8, max_size=20))
def test_two_clients_at_once_leave_what_some_order_of_their_calls_would(
    running_server: Server, two_clients: tuple[Clients, Clients], steps: list[tuple[Any, Any]]
) -> None:
    running_server.reset()
    world = read_world(running_server)
    acts, pair = Acts(world.store), Pair(two_clients, Model())
    for first, second in steps:
        model = pair.model
        both = act_of(acts, model, first), act_of(acts, model, second)
        pair.do(*both, look, lambda: seen(world))
    pair.close()


#: Pairs that meet: of each only one may win, or one must see what the other did.
MEETING = [
    ("create_user", ("alice", "a@example.org"), ("ALICE", "b@example.org")),
    ("create_user", ("alice", "a@example.org"), ("bob", "A@EXAMPLE.ORG")),
    ("create_group", ("straße",), ("STRASSE",)),
]


@pytest.mark.parametrize(("kind", "one", "other"), MEETING)
def test_of_two_that_want_one_name_at_once_one_has_it(
    running_server: Server,
    two_clients: tuple[Clients, Clients],
    kind: str,
    one: tuple[str, ...],
    other: tuple[str, ...],
) -> None:
    running_server.reset()
    world = read_world(running_server)
    acts = Acts(world.store)
    pair = Pair(two_clients, Model())
    for _ in range(5):
        both = getattr(acts, kind)(*one), getattr(acts, kind)(*other)
        pair.do(*both, look, lambda: seen(world))
        (winner,) = pair.model.users or pair.model.groups
        gone = acts.delete_user if kind == "create_user" else acts.delete_group
        # Both clients take the winner away: one of them comes too late.
        pair.do(gone(winner), gone(winner), look, lambda: seen(world))
        assert look(pair.model) == ({}, {}, {})
    pair.close()


def test_joining_and_deleting_at_once_leave_no_membership_of_nobody(
    running_server: Server, two_clients: tuple[Clients, Clients]
) -> None:
    running_server.reset()
    world = read_world(running_server)
    acts, pair = Acts(world.store), Pair(two_clients, Model())
    for gone in ("user", "group"):
        for _ in range(4):
            both = acts.create_user("alice", "a@example.org"), acts.create_group("bob")
            pair.do(*both, look, lambda: seen(world))
            (user,), (group,) = pair.model.users, pair.model.groups
            taken_away = acts.delete_user(user) if gone == "user" else acts.delete_group(group)
            pair.do(acts.join(group, user), taken_away, look, lambda: seen(world))
            pair.do(acts.delete_user(user), acts.delete_group(group), look, lambda: seen(world))
            assert look(pair.model) == ({}, {}, {})
    pair.close()
