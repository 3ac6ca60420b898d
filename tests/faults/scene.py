"""An act whose every step is a place to die at, and what must be true whatever happened.

Ken gets (or loses) a permission set of every kind of policy in one account. Organization, tokens
and sessions are made once; each case works on a copy of the data directory.
"""

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from botocore.exceptions import ClientError

from tests.support.person import access_token
from tests.support.server import ANSWER_SECONDS, Server

ALIAS = "sakura-data-dev"
SET_NAME = "Everything"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POWER_USER = "arn:aws:iam::aws:policy/PowerUserAccess"
INLINE = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
PATIENCE_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What was made before: ids, Ken's access token, keys of the member account."""

    facts: dict[str, Any]
    permission_set_arn: str
    account_id: str
    ken_id: str
    ken_token: str
    member_keys: dict[str, str]
    known_requests: frozenset[str]
    known_events: frozenset[str]

    @property
    def assignment(self) -> dict[str, str]:
        """The parameters of CreateAccountAssignment and DeleteAccountAssignment."""
        return {
            "InstanceArn": self.facts["instance_arn"],
            "TargetId": self.account_id,
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": self.permission_set_arn,
            "PrincipalType": "USER",
            "PrincipalId": self.ken_id,
        }


def make_scene(server: Server) -> Scene:
    """Everything but the assignment."""
    admin = server.client("sso-admin")
    instance = {"InstanceArn": server.facts["instance_arn"]}
    made = admin.create_permission_set(**instance, Name=SET_NAME)
    target = {**instance, "PermissionSetArn": made["PermissionSet"]["PermissionSetArn"]}
    admin.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=READ_ONLY)
    admin.attach_customer_managed_policy_reference_to_permission_set(
        **target, CustomerManagedPolicyReference={"Name": "DataLakeReaders"}
    )
    admin.put_inline_policy_to_permission_set(**target, InlinePolicy=INLINE)
    admin.put_permissions_boundary_to_permission_set(
        **target, PermissionsBoundary={"ManagedPolicyArn": POWER_USER}
    )
    account_id = server.account(ALIAS)
    keys = server.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole",
        RoleSessionName="tests",
    )["Credentials"]
    return Scene(
        facts=server.facts,
        permission_set_arn=target["PermissionSetArn"],
        account_id=account_id,
        ken_id=server.user("ken")["user_id"],
        ken_token=access_token(server, "ken"),
        member_keys={
            "access_key_id": keys["AccessKeyId"],
            "secret_access_key": keys["SecretAccessKey"],
            "session_token": keys["SessionToken"],
        },
        known_requests=frozenset(
            entry["RequestId"]
            for page in admin.get_paginator("list_account_assignment_creation_status").paginate(
                **instance
            )
            for entry in page["AccountAssignmentsCreationStatus"]
        ),
        known_events=frozenset(
            event["EventId"]
            for page in server.client("cloudtrail").get_paginator("lookup_events").paginate()
            for event in page["Events"]
        ),
    )


def take_the_provider_away(directory: Path, scene: Scene) -> None:
    """Somebody removed our SAML provider from the account, so that it has to be made again."""
    raw = sqlite3.connect(directory / "genkan.sqlite")
    with raw:
        removed = raw.execute(
            "DELETE FROM iam_saml_providers WHERE account_id = ?", (scene.account_id,)
        ).rowcount
    raw.close()
    assert removed == 1


class Witness:
    """Looks at one server from outside: over HTTP, as administrator, member account and Ken.

    Its clients outlive the server: all lives of a module listen on one port.
    """

    def __init__(self, scene: Scene, server: Server) -> None:
        self.scene = scene
        self.url = server.url
        self.admin = server.client("sso-admin")
        self.trail = server.client("cloudtrail")
        self.iam = server.client("iam", scene.member_keys)
        self._server = server

    def creation(self) -> dict[str, Any]:
        """Ask for the assignment; the accepted request."""
        status: dict[str, Any] = self.admin.create_account_assignment(**self.scene.assignment)[
            "AccountAssignmentCreationStatus"
        ]
        return status

    def deletion(self) -> dict[str, Any]:
        """Ask for its end; the accepted request."""
        status: dict[str, Any] = self.admin.delete_account_assignment(**self.scene.assignment)[
            "AccountAssignmentDeletionStatus"
        ]
        return status

    def requests(self, kind: str) -> list[dict[str, Any]]:
        """The requests of this kind ("creation", "deletion") that were not there before."""
        instance = {"InstanceArn": self.scene.facts["instance_arn"]}
        operation = f"account_assignment_{kind}_status"
        describe = getattr(self.admin, f"describe_{operation}")
        pages = self.admin.get_paginator(f"list_{operation}").paginate(**instance)
        word = kind.title()
        ids = {
            entry["RequestId"]
            for page in pages
            for entry in page[f"AccountAssignments{word}Status"]
        }
        return [
            describe(**instance, **{f"AccountAssignment{word}RequestId": one})[
                f"AccountAssignment{word}Status"
            ]
            for one in ids - self.scene.known_requests
        ]

    def roles(self) -> list[dict[str, Any]]:
        """The roles that stand in the account for our permission set."""
        found = self.iam.list_roles(PathPrefix="/aws-reserved/")["Roles"]
        return [role for role in found if f"_{SET_NAME}_" in role["RoleName"]]

    def assignments(self) -> list[tuple[str, str]]:
        """Who is assigned now."""
        answer = self.admin.list_account_assignments(
            InstanceArn=self.scene.facts["instance_arn"],
            AccountId=self.scene.account_id,
            PermissionSetArn=self.scene.permission_set_arn,
        )
        return [(one["PrincipalType"], one["PrincipalId"]) for one in answer["AccountAssignments"]]

    def records(self, event_name: str) -> list[dict[str, Any]]:
        """The audit records of this name that were not there before."""
        pages = self.trail.get_paginator("lookup_events").paginate(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": event_name}]
        )
        return [
            json.loads(event["CloudTrailEvent"])
            for page in pages
            for event in page["Events"]
            if event["EventId"] not in self.scene.known_events
        ]

    def open_session(self) -> httpx.Response:
        """Ken asks for credentials of the role."""
        return httpx.get(
            f"{self.url}/federation/credentials",
            params={"account_id": self.scene.account_id, "role_name": SET_NAME},
            headers={"x-amz-sso_bearer_token": self.scene.ken_token},
            timeout=ANSWER_SECONDS,
        )

    def is_alive(self, session: dict[str, str]) -> bool:
        """Whether a session's credentials are still taken."""
        try:
            self._server.client("sts", session).get_caller_identity()
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidClientTokenId":
                return False
            raise
        return True


def until(what: Callable[[], Any]) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := what()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)
    return found


def recorded_suffixes(directory: Path, scene: Scene) -> list[str]:
    """The role names written down for our permission set; of a server that is dead."""
    raw = sqlite3.connect(directory / "genkan.sqlite")
    found = raw.execute(
        "SELECT role_name FROM provisioned_permission_sets WHERE permission_set_id = ?",
        (scene.permission_set_arn.rpartition("/")[2],),
    ).fetchall()
    raw.close()
    return [row[0] for row in found]
