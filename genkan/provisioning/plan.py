"""The changes that turn what stands in an account into what should stand there. Pure.

`plan(desired, actual)` applied to `actual` gives `desired`, and planning again gives nothing. Cut
off anywhere, the role allows nothing that it allows neither before nor after, as long as policies
only allow: the provider comes before the role that trusts it, a first boundary before all policies,
what goes before what comes, another boundary between the two, and a boundary goes last of all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from genkan.provisioning.state import AccountState, RoleState, SamlProviderState


@dataclass(frozen=True, slots=True)
class PutSamlProvider:
    """Create the provider, or replace its metadata."""

    name: str
    metadata: str


@dataclass(frozen=True, slots=True)
class DeleteSamlProvider:
    """Remove the provider."""

    name: str


@dataclass(frozen=True, slots=True)
class PutRole:
    """Create the role without policies, or set these of its properties."""

    name: str
    path: str
    trust_policy: str
    description: str
    max_session_duration: int


@dataclass(frozen=True, slots=True)
class DeleteRole:
    """Remove a role that has no policies and no boundary left."""

    name: str


@dataclass(frozen=True, slots=True)
class PutBoundary:
    """Set the role's permissions boundary."""

    role_name: str
    policy_arn: str


@dataclass(frozen=True, slots=True)
class DeleteBoundary:
    """Remove the role's permissions boundary."""

    role_name: str


@dataclass(frozen=True, slots=True)
class AttachPolicy:
    """Attach a managed policy."""

    role_name: str
    policy_arn: str


@dataclass(frozen=True, slots=True)
class DetachPolicy:
    """Detach a managed policy."""

    role_name: str
    policy_arn: str


@dataclass(frozen=True, slots=True)
class PutRolePolicy:
    """Add or replace an inline policy."""

    role_name: str
    policy_name: str
    document: str


@dataclass(frozen=True, slots=True)
class DeleteRolePolicy:
    """Remove an inline policy."""

    role_name: str
    policy_name: str


Change = (
    PutSamlProvider
    | DeleteSamlProvider
    | PutRole
    | DeleteRole
    | PutBoundary
    | DeleteBoundary
    | AttachPolicy
    | DetachPolicy
    | PutRolePolicy
    | DeleteRolePolicy
)


def plan(desired: AccountState, actual: AccountState) -> tuple[Change, ...]:
    """The changes from `actual` to `desired`, in the order in which they are safe."""
    return tuple(_changes(desired, actual))


def _changes(desired: AccountState, actual: AccountState) -> Iterator[Change]:
    before, after = actual.role, desired.role
    if before is not None and (after is None or _identity(before) != _identity(after)):
        yield from _policies(before, _bare(before))
        yield DeleteRole(before.name)
        before = None
    yield from _provider(desired.provider, actual.provider)
    if after is not None:
        if before is None or _bare(before) != _bare(after):
            yield PutRole(
                after.name,
                after.path,
                after.trust_policy,
                after.description,
                after.max_session_duration,
            )
        yield from _policies(before or _bare(after), after)


def _provider(
    desired: SamlProviderState | None, actual: SamlProviderState | None
) -> Iterator[Change]:
    if actual is not None and (desired is None or desired.name != actual.name):
        yield DeleteSamlProvider(actual.name)
    if desired is not None and desired != actual:
        yield PutSamlProvider(desired.name, desired.metadata)


def _policies(before: RoleState, after: RoleState) -> Iterator[Change]:
    role = after.name
    comes = after.boundary if before.boundary is None else None
    other = after.boundary if before.boundary not in (None, after.boundary) else None
    if comes is not None:
        yield PutBoundary(role, comes)
    for arn in sorted(before.managed_policies - after.managed_policies):
        yield DetachPolicy(role, arn)
    # Under another boundary the old text of a replaced policy might allow what it never did.
    kept = before.inline_policies & after.inline_policies if other else after.inline_policies
    names = {name for name, _ in before.inline_policies} - {name for name, _ in kept}
    for name in sorted(names):
        yield DeleteRolePolicy(role, name)
    if other is not None:
        yield PutBoundary(role, other)
    for arn in sorted(after.managed_policies - before.managed_policies):
        yield AttachPolicy(role, arn)
    for name, document in sorted(after.inline_policies - before.inline_policies):
        yield PutRolePolicy(role, name, document)
    if after.boundary is None and before.boundary is not None:
        yield DeleteBoundary(role)


def _identity(role: RoleState) -> tuple[str, str]:
    return (role.path, role.name)


def _bare(role: RoleState) -> RoleState:
    return replace(role, managed_policies=frozenset(), inline_policies=frozenset(), boundary=None)
