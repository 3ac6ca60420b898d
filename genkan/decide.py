"""The door's question: may this caller have this call done, now?

Owns the four ways in (`Iam`, `OwnSession`, `Public`, `System`) and the order of an IAM decision:
liveness of the signer, ownership of what is administered, then policies. Leaves finding a signer's
policies and a person's session to what `assembly` injects into `App`.
Invariants: there is no other way in; what is not expressly allowed is denied; every answer is made
from the transaction's own data, so a right that ended before this transaction is gone.
"""

from collections.abc import Callable, ItemsView, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from genkan.authorization import PolicySet, Principal, Request
from genkan.authorization import decide as decide_policies
from genkan.authorization.request import Context
from genkan.core.app import App
from genkan.core.call import (
    Call,
    Check,
    Iam,
    Owner,
    OwnSession,
    Person,
    Public,
    Signer,
    System,
    Worker,
)
from genkan.core.clock import iso8601
from genkan.core.errors import Denied
from genkan.db import jobs

PlaceOf = Callable[[Any, str], tuple[str, str] | None]

DEAD = "The security token included in the request is invalid."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A signer's policies and the condition keys that follow from its session."""

    principal: Principal
    policies: PolicySet
    context: Mapping[str, Any] = field(default_factory=dict)


class Gathered(Mapping[str, Any]):
    """Condition keys that are gathered when one is asked for: most policies ask for none."""

    __slots__ = ("_found", "_gather")

    def __init__(self, gather: Callable[[], dict[str, Any]]) -> None:
        self._gather = gather
        self._found: dict[str, Any] | None = None

    def with_keys(self, more: Mapping[str, Any]) -> "Gathered":
        """These with further keys, which outrank them."""
        return Gathered(lambda: {**self._all(), **more})

    def _all(self) -> dict[str, Any]:
        if self._found is None:
            self._found = self._gather()
        return self._found

    def __getitem__(self, key: str) -> Any:
        return self._all()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def items(self) -> ItemsView[str, Any]:
        """As a dictionary has them, which is quicker than asking for each."""
        return self._all().items()


def decide(app: App, tx: Any, call: Call) -> None:
    """Return when the call may go on; raise `Denied` when it may not."""
    access = call.operation.access
    caller = call.caller
    if isinstance(access, Public) or isinstance(caller, Owner):
        return
    if isinstance(access, Iam) and isinstance(caller, Signer):
        _decide_iam(app, tx, call, access, caller)
    elif isinstance(access, OwnSession) and isinstance(caller, Signer) and access.of == "signer":
        app.standing(tx, caller)
    elif isinstance(access, OwnSession) and isinstance(caller, Person) and access.of == "person":
        app.require_session(tx, caller)
    elif isinstance(access, System) and isinstance(caller, Worker) and caller.kind in access.jobs:
        jobs.require_lease(tx, caller)
    else:
        raise Denied(
            "You may not do this.",
            detail=f"{type(caller).__name__} is no caller of {call.operation.name}",
        )


def _decide_iam(app: App, tx: Any, call: Call, access: Iam, caller: Signer) -> None:
    standing: Standing = app.standing(tx, caller)
    owner = caller.account_id
    if access.owner is not None:
        owner = access.owner(tx, call)
        if owner != caller.account_id and not _shares(app, tx, access, caller.account_id, owner):
            raise Denied(
                _not_owner(caller, access, tx, call),
                detail=f"{caller.account_id} does not own what {owner} owns",
            )

    def gather() -> dict[str, Any]:
        return {
            **request_context(tx, call),
            **account_context(tx, app.place_of, caller.account_id, owner),
            **standing.context,
        }

    context = Gathered(gather)
    for check in access.checks(tx, call):
        for resources, more in _questions(check):
            request = Request(
                principal=standing.principal,
                action=check.action,
                resources=resources,
                context=context.with_keys(more) if more else context,
            )
            decision = decide_policies(request, standing.policies)
            if not decision.allowed:
                raise Denied(decision.access_denied_message, detail=decision.explanation)


def _questions(check: Check) -> Iterator[tuple[tuple[str, ...], Context]]:
    """The resources to ask about at once, and their condition keys."""
    if not check.of_resource:
        yield check.resources, check.context
        return
    for resource in check.resources:
        yield (resource,), {**check.context, **check.of_resource.get(resource, {})}


def _shares(app: App, tx: Any, access: Iam, account_id: str, owner: str) -> bool:
    """Whether what another account owns is open to this one: to read, or to administer for it."""
    if access.members_may_read and app.is_member(tx, account_id, owner):
        return True
    return access.delegable and bool(app.is_delegate(tx, account_id, owner))


def _not_owner(caller: Signer, access: Iam, tx: Any, call: Call) -> str:
    """AWS's sentence for a caller whose own policies are not even asked."""
    check = access.checks(tx, call)[0]
    return (
        f"User: {caller.arn} is not authorized to perform: {check.action} on resource:"
        f" {check.resources[0]}"
    )


def request_context(tx: Any, call: Call) -> Context:
    """The condition keys that follow from the request alone."""
    origin = call.origin
    context: dict[str, Any] = {
        "aws:CurrentTime": iso8601(tx.now),
        "aws:EpochTime": str(tx.now // 1000),
        "aws:SecureTransport": origin.secure_transport,
        "aws:RequestedRegion": call.region,
        "aws:ViaAWSService": "false",
    }
    if origin.source_ip:
        context["aws:SourceIp"] = origin.source_ip
    if origin.user_agent:
        context["aws:UserAgent"] = origin.user_agent
    return context


def account_context(tx: Any, place_of: PlaceOf, caller: str, owner: str) -> Context:
    """Whose the caller (empty: nobody's) and what is asked about are, and in which organization."""
    key = ("accounts of a request", caller, owner)
    found: Context = tx.remembered(key, lambda: _account_context(tx, place_of, caller, owner))
    return found


def _account_context(tx: Any, place_of: PlaceOf, caller: str, owner: str) -> Context:
    context: dict[str, Any] = {"aws:ResourceAccount": owner}
    for who, account_id in (("Principal", caller), ("Resource", owner)):
        place = place_of(tx, account_id) if account_id else None
        if place is not None:
            context[f"aws:{who}OrgID"], context[f"aws:{who}OrgPaths"] = place[0], (place[1],)
    return context
