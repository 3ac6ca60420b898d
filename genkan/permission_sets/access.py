"""Which IAM question each operation of permission sets asks."""

from genkan.core.call import Call, Check, Iam
from genkan.db.database import Tx
from genkan.instances import operations as instances
from genkan.instances.tags import request_context, resource_context
from genkan.permission_sets.content import find_permission_set


def on_instance(action: str) -> Iam:
    """The action on the instance."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        return (Check(action=f"sso:{action}", resources=(call.params["instance_arn"],)),)

    return Iam(checks=checks, owner=instances.owner_of, delegable=True)


def creating(action: str) -> Iam:
    """The action on the instance, with the tags that the request would give."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        return (
            Check(
                action=f"sso:{action}",
                resources=(call.params["instance_arn"],),
                context=request_context(call.params.get("tags") or ()),
            ),
        )

    return Iam(checks=checks, owner=instances.owner_of, delegable=True)


def on_permission_set(action: str) -> Iam:
    """The action on the instance and the permission set, with the permission set's tags."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        arn = call.params["permission_set_arn"]
        found = find_permission_set(tx, arn)
        return (
            Check(
                action=f"sso:{action}",
                resources=(call.params["instance_arn"], arn),
                context=resource_context(found.tags if found is not None else ()),
            ),
        )

    return Iam(checks=checks, owner=instances.owner_of, delegable=True)
