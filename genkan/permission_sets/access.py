"""Which IAM question each operation of permission sets asks."""

from genkan.core.call import Call, Check, Iam
from genkan.db.database import Tx
from genkan.instances import operations as instances
from genkan.instances.records import Tags
from genkan.instances.tags import request_context, resource_contexts
from genkan.permission_sets.content import find_permission_set


def on_instance(action: str) -> Iam:
    """The action on the instance, with its tags."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        arn = call.params["instance_arn"]
        tags = resource_contexts({arn: instances.tags_or_none(tx, arn)})
        return (Check(action=f"sso:{action}", resources=(arn,), of_resource=tags),)

    return Iam(checks=checks, owner=instances.owner_of, delegable=True)


def creating(action: str) -> Iam:
    """The action on the instance, with its tags and those that the request would give."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        arn = call.params["instance_arn"]
        return (
            Check(
                action=f"sso:{action}",
                resources=(arn,),
                context=request_context(call.params.get("tags") or ()),
                of_resource=resource_contexts({arn: instances.tags_or_none(tx, arn)}),
            ),
        )

    return Iam(checks=checks, owner=instances.owner_of, delegable=True)


def on_permission_set(action: str) -> Iam:
    """The action on the instance and the permission set, each with its tags."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        instance, arn = call.params["instance_arn"], call.params["permission_set_arn"]
        tags = {instance: instances.tags_or_none(tx, instance), arn: tags_or_none(tx, arn)}
        return (
            Check(
                action=f"sso:{action}",
                resources=(instance, arn),
                of_resource=resource_contexts(tags),
            ),
        )

    return Iam(checks=checks, owner=instances.owner_of, delegable=True)


def tags_or_none(tx: Tx, permission_set_arn: str) -> Tags:
    """The permission set's tags; none of one that is not there."""
    found = find_permission_set(tx, permission_set_arn)
    return found.tags if found is not None else ()
