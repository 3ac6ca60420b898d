"""The identity store held against a plain model of what should be true, with two clients.

The clients are two connections to one store, on which operations take turns in any order.
"""

import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from genkan.core.errors import Conflict, NotFound
from tests.slices.identity_store.support import a_store, members, run
from tests.support.engines import SQLITE
from tests.support.store import Store, open_store

#: Spellings of few names: in other cases, widths and normal forms.
NAMES = (
    "alice",
    "ALICE",
    "ａｌｉｃｅ",
    "bob",
    "straße",
    "STRASSE",
    "re\u0301ne\u0301",
    "RÉNÉ",
)
EMAILS = ("a@example.org", "A@EXAMPLE.ORG", "b@example.org")

clients = st.sampled_from((0, 1))
picks = st.integers(min_value=0, max_value=1_000)


def folded(name: str) -> str:
    """The same for all spellings of a name (written here once more, without reading ours)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


class IdentityStore(RuleBasedStateMachine):
    """Rules do one operation and say what must come of it."""

    engine = SQLITE

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store: Store = open_store(Path(self.folder.name), self.engine)
        self.stores = (self.store, self.store.another())
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, str] = {}
        self.members: dict[tuple[str, str], str] = {}

    def teardown(self) -> None:
        for one in self.stores:
            one.close()
        self.folder.cleanup()

    def do(self, client: int, name: str, /, **params: Any) -> Any:
        """One operation in a transaction of its own."""
        with self.stores[client].write() as tx:
            return run(tx, name, **params)

    def taken(self, user_id: str, name: str | None, email: str | None) -> bool:
        """Whether another user has the name or the address."""
        others = [user for key, user in self.users.items() if key != user_id]
        return any(
            (name is not None and folded(user["name"]) == folded(name))
            or (email is not None and user["email"] and folded(user["email"]) == folded(email))
            for user in others
        )

    @initialize()
    def make(self) -> None:
        with self.store.write() as tx:
            a_store(tx)

    @rule(client=clients, name=st.sampled_from(NAMES), email=st.sampled_from((None, *EMAILS)))
    def create_user(self, client: int, name: str, email: str | None) -> None:
        more = {"emails": [{"value": email, "primary": True}]} if email else {}
        if self.taken("", name, email):
            with pytest.raises(Conflict):
                self.do(client, "CreateUser", **members(name, **more))
            return
        made = self.do(client, "CreateUser", **members(name, **more))
        self.users[made.user_id] = {"name": name, "email": email}

    @precondition(lambda self: self.users)
    @rule(client=clients, pick=picks, name=st.sampled_from(NAMES), email=st.sampled_from(EMAILS))
    def update_user(self, client: int, pick: int, name: str, email: str) -> None:
        user_id = self.picked(self.users, pick)
        operations = [
            {"attribute_path": "userName", "attribute_value": name},
            {"attribute_path": "emails", "attribute_value": [{"value": email}]},
        ]
        if self.taken(user_id, name, email):
            with pytest.raises(Conflict):
                self.do(client, "UpdateUser", user_id=user_id, operations=operations)
            return
        self.do(client, "UpdateUser", user_id=user_id, operations=operations)
        self.users[user_id] = {"name": name, "email": email}

    @precondition(lambda self: self.users)
    @rule(client=clients, pick=picks)
    def delete_user(self, client: int, pick: int) -> None:
        user_id = self.picked(self.users, pick)
        self.do(client, "DeleteUser", user_id=user_id)
        del self.users[user_id]
        self.members = {pair: one for pair, one in self.members.items() if pair[1] != user_id}
        with pytest.raises(NotFound):
            self.do(1 - client, "DeleteUser", user_id=user_id)

    @rule(client=clients, name=st.sampled_from(NAMES))
    def create_group(self, client: int, name: str) -> None:
        if folded(name) in map(folded, self.groups.values()):
            with pytest.raises(Conflict):
                self.do(client, "CreateGroup", display_name=name)
            return
        self.groups[self.do(client, "CreateGroup", display_name=name).group_id] = name

    @precondition(lambda self: self.groups)
    @rule(client=clients, pick=picks)
    def delete_group(self, client: int, pick: int) -> None:
        group_id = self.picked(self.groups, pick)
        self.do(client, "DeleteGroup", group_id=group_id)
        del self.groups[group_id]
        self.members = {pair: one for pair, one in self.members.items() if pair[0] != group_id}

    @precondition(lambda self: self.users and self.groups)
    @rule(client=clients, pick=picks, other=picks)
    def join(self, client: int, pick: int, other: int) -> None:
        pair = (self.picked(self.groups, pick), self.picked(self.users, other))
        params = {"group_id": pair[0], "member_id": {"user_id": pair[1]}}
        if pair in self.members:
            with pytest.raises(Conflict):
                self.do(client, "CreateGroupMembership", **params)
            return
        made = self.do(client, "CreateGroupMembership", **params)
        self.members[pair] = made["membership_id"]

    @precondition(lambda self: self.members)
    @rule(client=clients, pick=picks)
    def leave(self, client: int, pick: int) -> None:
        pair = self.picked(self.members, pick)
        self.do(client, "DeleteGroupMembership", membership_id=self.members.pop(pair))

    @invariant()
    def users_are_those_of_the_model(self) -> None:
        for client in (0, 1):
            found = self.pages(client, "ListUsers", "users")
            assert {user["user_id"]: user["user_name"] for user in found} == {
                key: user["name"] for key, user in self.users.items()
            }
            assert {(user.get("emails") or [{}])[0].get("value") for user in found} == {
                user["email"] for user in self.users.values()
            }

    @invariant()
    def every_spelling_of_a_name_finds_its_user_or_group(self) -> None:
        for name in NAMES:
            for operation, path, held in (
                ("GetUserId", "userName", {k: user["name"] for k, user in self.users.items()}),
                ("GetGroupId", "displayName", self.groups),
            ):
                wanted = [key for key, value in held.items() if folded(value) == folded(name)]
                unique = {"attribute_path": path, "attribute_value": name}
                identifier = {"alternate_identifier": {"unique_attribute": unique}}
                if not wanted:
                    with pytest.raises(NotFound):
                        self.do(0, operation, **identifier)
                else:
                    answer = self.do(1, operation, **identifier)
                    assert [answer.get("user_id") or answer["group_id"]] == wanted

    @invariant()
    def memberships_are_those_of_the_model_from_both_sides(self) -> None:
        by_group, by_user = set(), set()
        for group_id in self.groups:
            for row in self.pages(
                0, "ListGroupMemberships", "group_memberships", group_id=group_id
            ):
                by_group.add((row["group_id"], row["member_id"]["user_id"], row["membership_id"]))
        for user_id in self.users:
            member = {"member_id": {"user_id": user_id}}
            for row in self.pages(
                1, "ListGroupMembershipsForMember", "group_memberships", **member
            ):
                by_user.add((row["group_id"], row["member_id"]["user_id"], row["membership_id"]))
        assert by_group == by_user == {(*pair, one) for pair, one in self.members.items()}

    def pages(self, client: int, name: str, member: str, **params: Any) -> list[Any]:
        """Every row, two a page."""
        if self.store.count("identity_stores") == 0:
            return []
        rows, token = [], None
        while True:
            answer = self.do(client, name, max_results=2, next_token=token, **params)
            rows += answer[member]
            token = answer["next_token"]
            if token is None:
                return rows

    @staticmethod
    def picked(held: dict[Any, Any], pick: int) -> Any:
        """One of the keys, by age: ids are random, and a failure must come again."""
        return list(held)[pick % len(held)]


def test_the_identity_store_is_what_the_model_says(engine: str) -> None:
    machine = type("Machine", (IdentityStore,), {"engine": engine})
    examples = 20 if engine == SQLITE else 8
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=20, deadline=None)
    )
