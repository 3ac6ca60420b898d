"""Permission sets and assignments with two clients at once, held against a plain model.

A client waits until what it asked for has ended, as scripts do; meanwhile the other may be told
that an operation is in process, and then nothing of its own has happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fronts.aws.at_once import CONFLICT, GONE, NEVER_THE_SAME, OK, Act, Failure, Pair
from tests.fronts.aws.world import (
    INLINE,
    READ_ONLY,
    SECURITY_AUDIT,
    Clients,
    World,
    read_world,
    until,
)
from tests.support.server import Server

NAMES = ("One", "Two")
ACCOUNTS = ("sakura-web-dev", "sakura-data-dev")
USERS = ("ken", "maria")
FAILED = "FAILED"


@dataclass
class PermissionSet:
    """What a permission set says; `inline` is "" or `INLINE`."""

    name: str
    description: str | None = None
    inline: str = ""
    managed: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Model:
    """The permission sets beside the sample's, and who has which where."""

    sets: dict[str, PermissionSet] = field(default_factory=dict)
    held: set[tuple[str, str, str]] = field(default_factory=set)
    """Set, account, user."""


Change = Callable[[Model], str]
"""What a call does to a model that has its permission set, and what the client must be told."""


class Acts:
    """The calls of a client, each with what it does to the model."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._at = {"InstanceArn": world.instance}

    def create(self, name: str) -> Act[Model]:
        def call(clients: Clients) -> str:
            made = clients.sso_admin.create_permission_set(**self._at, Name=name)
            arn: str = made["PermissionSet"]["PermissionSetArn"]
            return arn

        def apply(model: Model, made: str) -> str:
            if name in [one.name for one in model.sets.values()]:
                return CONFLICT
            model.sets[made] = PermissionSet(name)
            return OK

        return Act(f"Create {name}", call, apply)

    def delete(self, arn: str) -> Act[Model]:
        def change(model: Model) -> str:
            if any(one[0] == arn for one in model.held):
                return CONFLICT
            del model.sets[arn]
            return OK

        return self._on(arn, "delete_permission_set", change)

    def describe_as(self, arn: str, description: str) -> Act[Model]:
        def change(model: Model) -> str:
            model.sets[arn].description = description
            return OK

        return self._on(arn, "update_permission_set", change, Description=description)

    def inline(self, arn: str, there: bool) -> Act[Model]:
        """Put the policy, or take it away; what is not there is not found."""

        def change(model: Model) -> str:
            if not (there or model.sets[arn].inline):
                return GONE
            model.sets[arn].inline = INLINE if there else ""
            return OK

        if there:
            operation = "put_inline_policy_to_permission_set"
            return self._on(arn, operation, change, InlinePolicy=INLINE)
        return self._on(arn, "delete_inline_policy_from_permission_set", change)

    def managed(self, arn: str, policy: str, there: bool) -> Act[Model]:
        """Attach a policy, or detach it."""

        def change(model: Model) -> str:
            attached = model.sets[arn].managed
            if there and policy in attached:
                return CONFLICT
            if not there and policy not in attached:
                return GONE
            attached ^= {policy}
            return OK

        verb, side = ("attach", "to") if there else ("detach", "from")
        operation = f"{verb}_managed_policy_{side}_permission_set"
        return self._on(arn, operation, change, ManagedPolicyArn=policy)

    def tag(self, arn: str, value: str | None) -> Act[Model]:
        """Set the tag, or take it away."""

        def call(clients: Clients) -> str:
            named = {**self._at, "ResourceArn": arn}
            if value is None:
                clients.sso_admin.untag_resource(**named, TagKeys=["team"])
            else:
                tags = [{"Key": "team", "Value": value}]
                clients.sso_admin.tag_resource(**named, Tags=tags)
            return ""

        def change(model: Model) -> str:
            model.sets[arn].tags = {} if value is None else {"team": value}
            return OK

        return _of(arn, f"Tag {arn} {value}", call, change)

    def assign(self, arn: str, alias: str, user: str) -> Act[Model]:
        def change(model: Model) -> str:
            model.held.add((arn, alias, user))
            return OK

        return self._assignment("creation", arn, alias, user, change)

    def unassign(self, arn: str, alias: str, user: str) -> Act[Model]:
        def change(model: Model) -> str:
            if (arn, alias, user) not in model.held:
                return FAILED
            model.held.discard((arn, alias, user))
            return OK

        return self._assignment("deletion", arn, alias, user, change)

    def provision(self, arn: str) -> Act[Model]:
        def call(clients: Clients) -> str:
            answer = clients.sso_admin.provision_permission_set(
                **self._at, PermissionSetArn=arn, TargetType="ALL_PROVISIONED_ACCOUNTS"
            )["PermissionSetProvisioningStatus"]
            return self._end("provisioning", answer["RequestId"])

        return _of(arn, f"Provision {arn}", call, lambda model: OK, lasting=True)

    def _on(self, arn: str, operation: str, change: Change, **params: Any) -> Act[Model]:
        def call(clients: Clients) -> str:
            getattr(clients.sso_admin, operation)(**self._at, PermissionSetArn=arn, **params)
            return ""

        return _of(arn, f"{operation} {arn} {params}", call, change)

    def _assignment(self, kind: str, arn: str, alias: str, user: str, change: Change) -> Act[Model]:
        verb = {"creation": "create", "deletion": "delete"}[kind]

        def call(clients: Clients) -> str:
            answer = getattr(clients.sso_admin, f"{verb}_account_assignment")(
                **self._at,
                PermissionSetArn=arn,
                TargetId=self._world.account(alias),
                TargetType="AWS_ACCOUNT",
                PrincipalType="USER",
                PrincipalId=self._world.users[user],
            )[f"AccountAssignment{kind.title()}Status"]
            return self._end(kind, answer["RequestId"])

        return _of(arn, f"{verb} {arn} {alias} {user}", call, change, lasting=True)

    def _end(self, kind: str, request_id: str) -> str:
        """Wait for the end of a request, as clients do."""
        ended = until(
            lambda: self._world.status(kind, request_id),
            lambda found: found["Status"] != "IN_PROGRESS",
        )
        if ended["Status"] != "SUCCEEDED":
            raise Failure(ended["Status"])
        return ""


def _of(
    arn: str, name: str, call: Callable[[Clients], str], change: Change, *, lasting: bool = False
) -> Act[Model]:
    """A call about a permission set, which must be there."""

    def apply(model: Model, made: str) -> str:
        return change(model) if arn in model.sets else GONE

    return Act(name, call, apply, subject=arn, lasting=lasting)


picks = st.integers(0, 1_000)
yes = st.booleans()
where = (picks, st.sampled_from(ACCOUNTS), st.sampled_from(USERS))
drawn = st.one_of(
    st.tuples(st.just("create"), st.sampled_from(NAMES)),
    st.tuples(st.sampled_from(("delete", "provision")), picks),
    st.tuples(st.just("describe_as"), picks, st.sampled_from(("a", "b"))),
    st.tuples(st.just("inline"), picks, yes),
    st.tuples(st.just("managed"), picks, st.sampled_from((READ_ONLY, SECURITY_AUDIT)), yes),
    st.tuples(st.just("tag"), picks, st.sampled_from(("a", "b", None))),
    st.tuples(st.just("assign"), *where),
    st.tuples(st.sampled_from(("assign", "unassign")), *where),
)


def act_of(acts: Acts, world: World, model: Model, words: tuple[Any, ...]) -> Act[Model]:
    """What was drawn, on a permission set by age; on none when there is none."""
    kind, *rest = words
    if kind == "create":
        return acts.create(*rest)
    nothing = world.sets["ReadOnlyAccess"][:-4] + "0000"
    arn = list(model.sets)[rest[0] % len(model.sets)] if model.sets else nothing
    act: Act[Model] = getattr(acts, kind)(arn, *rest[1:])
    return act


def seen(world: World) -> Any:
    """What the service says there is beside the sample, and the roles that stand for it."""
    sso, at = world.admin.sso_admin, {"InstanceArn": world.instance}
    listed = set(sso.list_permission_sets(**at)["PermissionSets"]) - set(world.sets.values())
    sets, held = {}, set()
    names = {user_id: name for name, user_id in world.users.items()}
    for arn in listed:
        of = {**at, "PermissionSetArn": arn}
        found = sso.describe_permission_set(**of)["PermissionSet"]
        attached = sso.list_managed_policies_in_permission_set(**of)["AttachedManagedPolicies"]
        tags = sso.list_tags_for_resource(**at, ResourceArn=arn)["Tags"]
        sets[arn] = PermissionSet(
            found["Name"],
            found.get("Description"),
            sso.get_inline_policy_for_permission_set(**of)["InlinePolicy"],
            {policy["Arn"] for policy in attached},
            {tag["Key"]: tag["Value"] for tag in tags},
        )
        roles = set(sso.list_accounts_for_provisioned_permission_set(**of)["AccountIds"])
        for alias in ACCOUNTS:
            account = world.account(alias)
            rows = sso.list_account_assignments(**of, AccountId=account)["AccountAssignments"]
            held |= {(arn, alias, names[row["PrincipalId"]]) for row in rows}
            assert (account in roles) is bool(rows), "a role stands where somebody has it"
    return sets, held


def look(model: Model) -> Any:
    """The same of a model."""
    return model.sets, model.held


@settings(NEVER_THE_SAME, max_examples=8)
@given(steps=st.lists(st.tuples(drawn, drawn), min_size=8, max_size=16))
def test_two_clients_at_once_leave_what_some_order_of_their_calls_would(
    running_server: Server, two_clients: tuple[Clients, Clients], steps: list[tuple[Any, Any]]
) -> None:
    running_server.reset()
    world = read_world(running_server)
    acts, pair = Acts(world), Pair(two_clients, Model())
    pair.do(acts.create("One"), acts.create("Two"), look, lambda: seen(world))
    for first, second in steps:
        model = pair.model
        both = act_of(acts, world, model, first), act_of(acts, world, model, second)
        pair.do(*both, look, lambda: seen(world))
    pair.close()


def test_assigning_and_deleting_at_once_leave_no_assignment_of_nothing(
    running_server: Server, two_clients: tuple[Clients, Clients]
) -> None:
    running_server.reset()
    world = read_world(running_server)
    acts, pair = Acts(world), Pair(two_clients, Model())
    here = ACCOUNTS[0]
    for _ in range(5):
        if not pair.model.sets:
            pair.do(acts.create("One"), acts.create("One"), look, lambda: seen(world))
        (arn,) = pair.model.sets
        pair.do(acts.assign(arn, here, "ken"), acts.delete(arn), look, lambda: seen(world))
        pair.do(
            acts.unassign(arn, here, "ken"),
            acts.unassign(arn, here, "ken"),
            look,
            lambda: seen(world),
        )
    pair.close()
