"""A person with one permission set, whose inline policy is written anew for each question."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.fronts.aws.world import Clients, World
from tests.support.person import role_credentials

MANAGEMENT = "sakura-management"
NAME = "Limited"
DENIALS = frozenset({"AccessDenied", "AccessDeniedException"})

Statement = Mapping[str, Any]


def statement(effect: str, actions: str | list[str], **more: Any) -> dict[str, Any]:
    """A statement about everything, unless `more` says about what; `Action` may be another."""
    return {"Effect": effect, "Action": actions, "Resource": "*", **more}


def document(*statements: Statement) -> str:
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def may(call: Callable[..., Any], **params: Any) -> bool:
    """Whether a call is allowed; any refusal but that of access is a failure of the test."""
    try:
        call(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIALS:
            raise
        return False
    return True


@dataclass(frozen=True)
class Limited:
    """The session of a person by GetRoleCredentials; it begins once and follows its role."""

    world: World
    permission_set: str
    session: Clients
    alias: str = MANAGEMENT

    def by(self, *statements: Statement) -> Clients:
        """The session once these statements are all that its role has."""
        self.world.admin.sso_admin.put_inline_policy_to_permission_set(
            InstanceArn=self.world.instance,
            PermissionSetArn=self.permission_set,
            InlinePolicy=document(*statements),
        )
        self.world.provision(self.permission_set, self.alias)
        return self.session


def sign_in(world: World, user: str = "ken", alias: str = MANAGEMENT) -> Limited:
    """Sign a person in with a permission set of their own that allows nothing yet."""
    arn = world.permission_set(NAME)
    world.admin.sso_admin.put_inline_policy_to_permission_set(
        InstanceArn=world.instance,
        PermissionSetArn=arn,
        InlinePolicy=document(statement("Deny", "*")),
    )
    world.assign(arn, world.users[user], alias)
    keys = role_credentials(world.server, user, alias, NAME)
    return Limited(world, arn, Clients(world.server, keys), alias)
