"""Which IAM question each operation of instances asks."""

from genkan.core.call import Call, Check, Iam
from genkan.db.database import Tx
from genkan.instances.lookup import find_instance, owner_of, owner_or_denied
from genkan.instances.tags import request_context, resource_context

_OWNERS_ALONE = frozenset({"DeleteInstance"})
"""What no delegated administrator does (reference §1.7)."""


def on_instance(action: str, *, unknown_is_denied: bool = False) -> Iam:
    """The action on the instance, with its tags as condition keys."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        arn = call.params["instance_arn"]
        found = find_instance(tx, arn)
        context = resource_context(found.tags if found is not None else ())
        return (Check(action=f"sso:{action}", resources=(arn,), context=context),)

    return Iam(
        checks=checks,
        owner=owner_or_denied if unknown_is_denied else owner_of,
        delegable=action not in _OWNERS_ALONE,
    )


def in_own_account(action: str) -> Iam:
    """The action in the caller's own account, with the tags that the request would give."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        context = request_context(call.params.get("tags") or ())
        return (Check(action=f"sso:{action}", context=context),)

    return Iam(checks=checks)
