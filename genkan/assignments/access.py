"""Which IAM question each operation of assignments asks (reference §1.2, §15.1)."""

from typing import Any

from genkan.core import arns
from genkan.core.call import Call, Check, Iam
from genkan.db.database import Tx
from genkan.instances import operations as instances
from genkan.instances.tags import resource_contexts
from genkan.permission_sets import access as permission_sets


def iam(action: str, *params: str) -> Iam:
    """The action on the instance and on the things that these parameters name, where given.

    The instance and the permission set bring their tags; an account has none here.
    """

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        instance, named = call.params["instance_arn"], call.params.get("permission_set_arn")
        resources = tuple(
            _resource(name, call.params[name])
            for name in ("instance_arn", *params)
            if call.params.get(name) is not None
        )
        tags = {instance: instances.tags_or_none(tx, instance)}
        if named is not None:
            tags[named] = permission_sets.tags_or_none(tx, named)
        return (
            Check(action=f"sso:{action}", resources=resources, of_resource=resource_contexts(tags)),
        )

    return Iam(checks=checks, owner=instances.owner_of, delegable=True)


def _resource(name: str, value: Any) -> str:
    return str(value) if name.endswith("_arn") else arns.sso_account(value)
