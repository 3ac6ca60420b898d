"""Which IAM question each operation of assignments asks (reference §1.2, §15.1)."""

from typing import Any

from genkan.core import arns
from genkan.core.call import Call, Check, Iam
from genkan.db.database import Tx
from genkan.instances import operations as instances


def iam(action: str, *params: str) -> Iam:
    """The action on the instance and on the things that these parameters name, where given."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        resources = tuple(
            _resource(name, call.params[name])
            for name in ("instance_arn", *params)
            if call.params.get(name) is not None
        )
        return (Check(action=f"sso:{action}", resources=resources),)

    return Iam(checks=checks, owner=instances.owner_of, delegable=True)


def _resource(name: str, value: Any) -> str:
    return str(value) if name.endswith("_arn") else arns.sso_account(value)
