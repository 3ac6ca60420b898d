"""Permission sets, assignments and roles held against a plain model, with two clients.

The clients are two connections to one store, on which operations take turns; the worker comes
when the machine says so, so requests wait for any time.
"""

import tempfile
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

from genkan.assignments import operations as assignments
from genkan.core.errors import Conflict
from genkan.identity_store import operations as identity_store
from genkan.permission_sets import operations as permission_sets
from tests.slices.assignments.world import (
    INSTANCE_ARN,
    MEMBER,
    OTHER,
    STORE,
    a_permission_set,
    a_user,
    assign,
    make_world,
    run,
    status_of,
    unassign,
    wire,
    work_off,
)
from tests.support.engines import SQLITE
from tests.support.quotas import set_quotas
from tests.support.store import Store, open_store

ACCOUNTS = (MEMBER, OTHER)
NAMES = ("One", "Two")
LATEST = "LATEST_PERMISSION_SET_PROVISIONED"

clients = st.sampled_from((0, 1))
accounts = st.sampled_from(ACCOUNTS)
contents = st.sampled_from(("a", "b"))
picks = st.integers(min_value=0, max_value=1_000)
#: Mostly the worker comes at once; a request that waits is in the way of everything else.
moments = st.sampled_from((True, True, True, False))

Pair = tuple[str, str]


class Assignments(RuleBasedStateMachine):
    """Rules do one operation and say what must come of it.

    `queue` holds what the worker has not done: (kind, account and set, principal, request id).
    """

    engine = SQLITE

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        store = open_store(Path(self.folder.name), self.engine)
        set_quotas(store, account_assignment_requests=1_000, provisioning_requests=1_000)
        self.stores: tuple[Store, Store] = (store, store.another())
        wire(self.stores[1])
        self.sets: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.roles: dict[Pair, str] = {}
        self.held: set[tuple[Pair, str]] = set()
        self.queue: list[tuple[str, Pair, str, str]] = []
        self.ended: dict[str, tuple[str, str]] = {}
        self.principals: dict[str, str] = {}
        self.made = 0
        self.group = ""
        self.joined = ""

    def teardown(self) -> None:
        for one in self.stores:
            one.close()
        self.folder.cleanup()

    @initialize()
    def make(self) -> None:
        world = make_world(self.stores[0])
        self.group, self.joined = world.group, world.alice
        self.principals = {world.alice: "USER", world.bob: "USER", world.group: "GROUP"}
        for arn, name in ((world.read_only, "ReadOnly"), (world.administrator, "Administrator")):
            self.sets[arn], self.names[arn] = "", name

    def waiting(self, arn: str, account_id: str | None = None) -> bool:
        """Whether a request on the set, in the account if one is given, is not done."""
        return any(
            kind != "CLEAN" and pair[1] == arn and account_id in (None, pair[0])
            for kind, pair, _, _ in self.queue
        )

    def attempt(self, client: int, conflicts: bool, work: Any) -> Any:
        """`work(tx)`, which must be refused exactly when it conflicts."""
        if not conflicts:
            with self.stores[client].write() as tx:
                return work(tx)
        with pytest.raises(Conflict), self.stores[client].write() as tx:
            work(tx)
        return None

    @rule(client=clients, name=st.sampled_from(NAMES))
    def create(self, client: int, name: str) -> None:
        taken = name in self.names.values()
        arn = self.attempt(client, taken, lambda tx: a_permission_set(tx, name))
        if arn:
            self.sets[arn], self.names[arn] = "", name

    @precondition(lambda self: self.sets)
    @rule(client=clients, pick=picks, content=contents)
    def edit(self, client: int, pick: int, content: str) -> None:
        arn = self.picked(self.sets, pick)
        conflicts = self.waiting(arn)
        named = {"instance_arn": INSTANCE_ARN, "permission_set_arn": arn}
        self.attempt(
            client,
            conflicts,
            lambda tx: run(
                tx, permission_sets, "UpdatePermissionSet", **named, description=content
            ),
        )
        if not conflicts:
            self.sets[arn] = content

    @precondition(lambda self: self.sets)
    @rule(client=clients, pick=picks)
    def delete(self, client: int, pick: int) -> None:
        arn = self.picked(self.sets, pick)
        # A role whose removal waits for the worker is still there.
        conflicts = self.waiting(arn) or any(pair[1] == arn for pair in self.roles)
        named = {"instance_arn": INSTANCE_ARN, "permission_set_arn": arn}
        self.attempt(
            client, conflicts, lambda tx: run(tx, permission_sets, "DeletePermissionSet", **named)
        )
        if not conflicts:
            del self.sets[arn], self.names[arn]

    @precondition(lambda self: self.sets and self.principals)
    @rule(client=clients, pick=picks, account_id=accounts, who=picks, now=moments)
    def ask_for(self, client: int, pick: int, account_id: str, who: int, now: bool) -> None:
        arn, principal = self.picked(self.sets, pick), self.picked(self.principals, who)
        conflicts = self.waiting(arn, account_id)
        request_id = self.attempt(
            client,
            conflicts,
            lambda tx: assign(tx, account_id, arn, principal, self.principals[principal]),
        )
        if not conflicts:
            self.queue.append(("CREATION", (account_id, arn), principal, request_id))
        if now:
            self.work(client)

    @precondition(lambda self: self.sets and self.principals)
    @rule(client=clients, pick=picks, account_id=accounts, who=picks, now=moments)
    def ask_away(self, client: int, pick: int, account_id: str, who: int, now: bool) -> None:
        arn, principal = self.picked(self.sets, pick), self.picked(self.principals, who)
        pair = (account_id, arn)
        conflicts = self.waiting(arn, account_id)
        request_id = self.attempt(
            client,
            conflicts,
            lambda tx: unassign(tx, account_id, arn, principal, self.principals[principal]),
        )
        if conflicts:
            return
        if (pair, principal) in self.held:
            self.held.discard((pair, principal))
            self.queue.append(("DELETION", pair, principal, request_id))
        else:
            self.ended[request_id] = ("deletion", "FAILED")
        if now:
            self.work(client)

    @precondition(lambda self: self.sets)
    @rule(client=clients, pick=picks, account_id=st.sampled_from((None, *ACCOUNTS)), now=moments)
    def provision(self, client: int, pick: int, account_id: str | None, now: bool) -> None:
        arn = self.picked(self.sets, pick)
        conflicts = self.waiting(arn, account_id)
        target = (
            {"target_type": "AWS_ACCOUNT", "target_id": account_id}
            if account_id
            else {"target_type": "ALL_PROVISIONED_ACCOUNTS"}
        )
        named = {"instance_arn": INSTANCE_ARN, "permission_set_arn": arn, **target}
        answer = self.attempt(
            client, conflicts, lambda tx: run(tx, assignments, "ProvisionPermissionSet", **named)
        )
        if conflicts:
            return
        request_id = answer["permission_set_provisioning_status"]["request_id"]
        if account_id:
            self.queue.append(("PROVISIONING", (account_id, arn), "", request_id))
        else:
            mine = [pair for pair in self.roles if pair[1] == arn]
            self.queue += [("TARGET", pair, "", request_id) for pair in mine]
            if not mine:
                self.ended[request_id] = ("provisioning", "SUCCEEDED")
        if now:
            self.work(client)

    @precondition(lambda self: self.principals)
    @rule(client=clients, who=picks)
    def delete_principal(self, client: int, who: int) -> None:
        principal = self.picked(self.principals, who)
        kind = self.principals.pop(principal)
        name = "DeleteUser" if kind == "USER" else "DeleteGroup"
        with self.stores[client].write() as tx:
            member = {"user_id" if kind == "USER" else "group_id": principal}
            run(tx, identity_store, name, identity_store_id=STORE, **member)
        ended = {pair for pair, one in self.held if one == principal}
        self.held = {(pair, one) for pair, one in self.held if one != principal}
        for pair in sorted(ended):
            if not any(pair == other for other, _ in self.held):
                self.queue.append(("CLEAN", pair, "", ""))

    @rule(client=clients)
    def new_user(self, client: int) -> None:
        with self.stores[client].write() as tx:
            self.made += 1
            self.principals[a_user(tx, f"user{self.made}")] = "USER"

    @rule(client=clients)
    def work(self, client: int) -> None:
        """All that waits, in the order in which it was asked for."""
        work_off(self.stores[client])
        for kind, pair, principal, request_id in self.queue:
            used = any(pair == other for other, _ in self.held)
            if kind == "CREATION":
                there = principal in self.principals
                self.ended[request_id] = ("creation", "SUCCEEDED" if there else "FAILED")
                if there:
                    self.held.add((pair, principal))
                    self.roles[pair] = self.sets[pair[1]]
            elif kind in ("DELETION", "CLEAN"):
                if kind == "DELETION":
                    self.ended[request_id] = ("deletion", "SUCCEEDED")
                if not used:
                    self.roles.pop(pair, None)
            else:
                self.ended[request_id] = ("provisioning", "SUCCEEDED")
                if kind == "PROVISIONING" or pair in self.roles:
                    self.roles[pair] = self.sets[pair[1]]
        self.queue = []

    @invariant()
    def assignments_are_those_of_the_model(self) -> None:
        with self.stores[0].write() as tx:
            for arn in self.sets:
                for account_id in ACCOUNTS:
                    found = run(
                        tx,
                        assignments,
                        "ListAccountAssignments",
                        instance_arn=INSTANCE_ARN,
                        account_id=account_id,
                        permission_set_arn=arn,
                    )["account_assignments"]
                    wanted = {one for pair, one in self.held if pair == (account_id, arn)}
                    assert {row["principal_id"] for row in found} == wanted

    @invariant()
    def roles_are_where_the_model_has_them_and_as_old(self) -> None:
        with self.stores[1].write() as tx:
            for arn, content in self.sets.items():
                mine = {pair[0]: said for pair, said in self.roles.items() if pair[1] == arn}
                for status, wanted in (
                    (None, set(mine)),
                    (LATEST, {one for one, said in mine.items() if said == content}),
                ):
                    found = run(
                        tx,
                        assignments,
                        "ListAccountsForProvisionedPermissionSet",
                        instance_arn=INSTANCE_ARN,
                        permission_set_arn=arn,
                        provisioning_status=status,
                    )["account_ids"]
                    assert set(found) == wanted

    @invariant()
    def people_may_use_what_they_or_their_groups_hold(self) -> None:
        with self.stores[0].write() as tx:
            for user, kind in self.principals.items():
                if kind != "USER":
                    continue
                mine = {user} | ({self.group} if user == self.joined else set())
                for arn in self.sets:
                    for account_id in ACCOUNTS:
                        wanted = any(((account_id, arn), one) in self.held for one in mine)
                        assert assignments.assigned(tx, user, account_id, arn) == wanted

    @invariant()
    def requests_end_once_and_stay_ended(self) -> None:
        with self.stores[1].write() as tx:
            for request_id, (kind, status) in self.ended.items():
                assert status_of(tx, request_id, kind)[0] == status
            for kind, _, _, request_id in self.queue:
                word = {"CREATION": "creation", "DELETION": "deletion"}.get(kind, "provisioning")
                if request_id:
                    assert status_of(tx, request_id, word)[0] == "IN_PROGRESS"

    @staticmethod
    def picked(held: dict[str, Any], pick: int) -> str:
        """One of the keys, by age: ids are random, and a failure must come again."""
        return list(held)[pick % len(held)]


def test_assignments_and_roles_are_what_the_model_says(engine: str) -> None:
    machine = type("Machine", (Assignments,), {"engine": engine})
    examples = 60 if engine == SQLITE else 8
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=40, deadline=None)
    )
