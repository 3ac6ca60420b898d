"""Planning: applied to what stands it gives what should stand, safely at every step."""

from dataclasses import replace
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from genkan.provisioning import plan as p
from genkan.provisioning.plan import Change, plan
from genkan.provisioning.state import AccountState, RoleState, SamlProviderState

# A policy is written as the letters of what it allows, so that a role's rights can be counted.
_RIGHTS = st.sets(st.sampled_from("abcd")).map(lambda letters: "".join(sorted(letters)))
_INLINE = st.dictionaries(st.sampled_from(["one", "two"]), _RIGHTS).map(
    lambda found: frozenset(found.items())
)
_ROLES = st.builds(
    RoleState,
    name=st.sampled_from(["role", "other"]),
    path=st.sampled_from(["/", "/reserved/"]),
    trust_policy=st.sampled_from(["trust", "distrust"]),
    description=st.sampled_from(["", "what it is for"]),
    max_session_duration=st.sampled_from([3600, 43200]),
    managed_policies=st.frozensets(_RIGHTS, max_size=4),
    inline_policies=_INLINE,
    boundary=st.none() | _RIGHTS,
)
_PROVIDERS = st.builds(
    SamlProviderState,
    name=st.sampled_from(["provider", "another"]),
    metadata=st.sampled_from(["<old/>", "<new/>"]),
)
_STATES = st.builds(AccountState, provider=st.none() | _PROVIDERS, role=st.none() | _ROLES)


def applied(state: AccountState, change: Change) -> AccountState:
    """What an account does with one change; it refuses what IAM refuses."""
    match change:
        case p.PutSamlProvider(name, metadata):
            assert state.provider is None or state.provider.name == name
            return replace(state, provider=SamlProviderState(name=name, metadata=metadata))
        case p.DeleteSamlProvider(name):
            assert state.provider is not None
            assert state.provider.name == name
            return replace(state, provider=None)
        case p.PutRole(name, path, trust_policy, description, duration):
            role = state.role or RoleState(
                name=name, path=path, trust_policy="", description="", max_session_duration=0
            )
            assert (role.name, role.path) == (name, path)
            return replace(
                state,
                role=replace(
                    role,
                    trust_policy=trust_policy,
                    description=description,
                    max_session_duration=duration,
                ),
            )
    assert state.role is not None
    if isinstance(change, p.DeleteRole):
        assert state.role.name == change.name
        assert not state.role.managed_policies
        assert not state.role.inline_policies
        return replace(state, role=None)
    assert state.role.name == change.role_name
    return replace(state, role=_with_policy(state.role, change))


def _with_policy(role: RoleState, change: Change) -> RoleState:
    match change:
        case p.PutBoundary(_, arn):
            return replace(role, boundary=arn)
        case p.DeleteBoundary():
            assert role.boundary is not None
            return replace(role, boundary=None)
        case p.AttachPolicy(_, arn):
            return replace(role, managed_policies=role.managed_policies | {arn})
        case p.DetachPolicy(_, arn):
            assert arn in role.managed_policies
            return replace(role, managed_policies=role.managed_policies - {arn})
        case p.PutRolePolicy(_, name, document):
            others = {pair for pair in role.inline_policies if pair[0] != name}
            return replace(role, inline_policies=frozenset(others | {(name, document)}))
        case p.DeleteRolePolicy(_, name):
            others = {pair for pair in role.inline_policies if pair[0] != name}
            assert len(others) < len(role.inline_policies)
            return replace(role, inline_policies=frozenset(others))
    raise AssertionError(change)


def rights(state: AccountState) -> set[str]:
    """What somebody in the role may do: some policy allows it and the boundary does not forbid."""
    if state.role is None:
        return set()
    texts = [*state.role.managed_policies, *(text for _, text in state.role.inline_policies)]
    allowed = {letter for text in texts for letter in text}
    return allowed if state.role.boundary is None else allowed & set(state.role.boundary)


@given(desired=_STATES, actual=_STATES)
def test_applying_a_plan_gives_what_is_desired(desired: AccountState, actual: AccountState) -> None:
    state = actual
    for change in plan(desired, actual):
        state = applied(state, change)
    assert state == desired


@given(desired=_STATES, actual=_STATES, steps=st.integers(min_value=0, max_value=30))
def test_a_plan_cut_off_anywhere_is_completed_by_planning_again(
    desired: AccountState, actual: AccountState, steps: int
) -> None:
    state = actual
    for change in plan(desired, actual)[:steps]:
        state = applied(state, change)
    for change in plan(desired, state):
        state = applied(state, change)
    assert state == desired


@given(state=_STATES)
def test_there_is_nothing_to_plan_where_all_is_as_desired(state: AccountState) -> None:
    assert plan(state, state) == ()


def every_role() -> list[RoleState]:
    """Every role of two rights, at most one managed and one inline policy, and a boundary."""
    texts = ["", "a", "b", "ab"]
    managed = [frozenset[str](), *(frozenset({text}) for text in texts)]
    inline = [frozenset[tuple[str, str]](), *(frozenset({("one", text)}) for text in texts)]
    return [
        RoleState(
            name="role",
            path="/",
            trust_policy="trust",
            description="",
            max_session_duration=3600,
            managed_policies=attached,
            inline_policies=own,
            boundary=boundary,
        )
        for attached, own, boundary in product(managed, inline, [None, *texts])
    ]


def test_no_step_allows_what_is_allowed_neither_before_nor_after() -> None:
    for before, after in product(every_role(), repeat=2):
        state, desired = AccountState(role=before), AccountState(role=after)
        bound = rights(state) | rights(desired)
        for change in plan(desired, state):
            state = applied(state, change)
            assert rights(state) <= bound, (before, after, change)


def test_the_saml_provider_is_made_before_the_role_that_trusts_it() -> None:
    role = RoleState(
        name="role", path="/", trust_policy="trust", description="", max_session_duration=3600
    )
    desired = AccountState(
        provider=SamlProviderState(name="provider", metadata="<new/>"), role=role
    )
    kinds = [type(change) for change in plan(desired, AccountState())]
    assert kinds == [p.PutSamlProvider, p.PutRole]


def test_a_role_loses_its_policies_before_it_goes() -> None:
    role = RoleState(
        name="role",
        path="/",
        trust_policy="trust",
        description="",
        max_session_duration=3600,
        managed_policies=frozenset({"a"}),
        inline_policies=frozenset({("one", "b")}),
        boundary="ab",
    )
    kinds = [type(change) for change in plan(AccountState(), AccountState(role=role))]
    assert kinds == [p.DetachPolicy, p.DeleteRolePolicy, p.DeleteBoundary, p.DeleteRole]
