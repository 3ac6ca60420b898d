"""The sample organization as tests name it, with something more to change and to delete."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fronts.aws.wire import Keys, Wire
from tests.perform.dump import Dump, dump
from tests.support.server import Server

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
VIEW_ONLY = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
SECURITY_AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
NOBODY = "00000000-0000-7000-0000-000000000000"
INLINE = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
#: The account that has a customer managed policy of its own.
MEMBER = "sakura-data-dev"


class Clients:
    """boto3 clients of one key by attribute: `clients.sso_admin`."""

    def __init__(self, server: Server, keys: Keys | None = None) -> None:
        self._server = server
        self._keys = keys

    def __getattr__(self, name: str) -> Any:
        client = self._server.client(name.replace("_", "-"), self._keys)
        setattr(self, name, client)
        return client


@dataclass(slots=True, repr=False)
class World:
    """Ids of the sample organization, by the sample's names."""

    server: Server
    wire: Wire
    admin: Clients
    instance: str
    store: str
    management: str
    users: dict[str, str]
    groups: dict[str, str]
    sets: dict[str, str]
    more: dict[str, str] = field(default_factory=dict)

    def account(self, alias: str) -> str:
        """An account's id."""
        return self.server.account(alias)

    def member_administrator(self, alias: str = MEMBER) -> Keys:
        """A session of the role that AWS Organizations puts into each member account."""
        return assumed(
            self.admin.sts.assume_role(
                RoleArn=f"arn:aws:iam::{self.account(alias)}:role/OrganizationAccountAccessRole",
                RoleSessionName="outsider",
            )
        )

    def assign(self, permission_set: str, principal: str, alias: str, kind: str = "USER") -> str:
        """Assign and wait; the request's id."""
        answer = self.admin.sso_admin.create_account_assignment(
            InstanceArn=self.instance,
            TargetId=self.account(alias),
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=permission_set,
            PrincipalType=kind,
            PrincipalId=principal,
        )["AccountAssignmentCreationStatus"]
        self.settled("creation", answer["RequestId"])
        request_id: str = answer["RequestId"]
        return request_id

    def unassign(self, permission_set: str, principal: str, alias: str, kind: str = "USER") -> str:
        """Take an assignment away and wait; the request's id."""
        answer = self.admin.sso_admin.delete_account_assignment(
            InstanceArn=self.instance,
            TargetId=self.account(alias),
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=permission_set,
            PrincipalType=kind,
            PrincipalId=principal,
        )["AccountAssignmentDeletionStatus"]
        self.settled("deletion", answer["RequestId"])
        request_id: str = answer["RequestId"]
        return request_id

    def provision(self, permission_set: str, alias: str) -> str:
        """Bring one role up to date and wait; the request's id."""
        request_id: str = self.admin.sso_admin.provision_permission_set(
            InstanceArn=self.instance,
            PermissionSetArn=permission_set,
            TargetType="AWS_ACCOUNT",
            TargetId=self.account(alias),
        )["PermissionSetProvisioningStatus"]["RequestId"]
        self.settled("provisioning", request_id)
        return request_id

    def status(self, kind: str, request_id: str) -> dict[str, Any]:
        """The status of a request: "creation", "deletion" or "provisioning"."""
        sso = self.admin.sso_admin
        if kind == "provisioning":
            found = sso.describe_permission_set_provisioning_status(
                InstanceArn=self.instance, ProvisionPermissionSetRequestId=request_id
            )["PermissionSetProvisioningStatus"]
        else:
            name = f"account_assignment_{kind}"
            member = f"AccountAssignment{kind.title()}"
            found = getattr(sso, f"describe_{name}_status")(
                **{"InstanceArn": self.instance, f"{member}RequestId": request_id}
            )[f"{member}Status"]
        status: dict[str, Any] = found
        return status

    def settled(self, kind: str, request_id: str, wanted: str = "SUCCEEDED") -> dict[str, Any]:
        """The status once it is terminal."""
        return until(
            lambda: self.status(kind, request_id),
            lambda found: found["Status"] != "IN_PROGRESS",
            lambda found: found["Status"] == wanted,
        )

    def permission_set(self, name: str, **more: Any) -> str:
        """A new permission set's ARN."""
        arn: str = self.admin.sso_admin.create_permission_set(
            InstanceArn=self.instance, Name=name, **more
        )["PermissionSet"]["PermissionSetArn"]
        return arn

    def user(self, name: str) -> str:
        """A new user's id."""
        user_id: str = self.admin.identitystore.create_user(
            IdentityStoreId=self.store,
            UserName=name,
            DisplayName=name.title(),
            Name={"GivenName": name, "FamilyName": "Doe"},
        )["UserId"]
        return user_id

    def group(self, name: str) -> str:
        """A new group's id."""
        group_id: str = self.admin.identitystore.create_group(
            IdentityStoreId=self.store, DisplayName=name
        )["GroupId"]
        return group_id

    def join(self, group_id: str, user_id: str) -> str:
        """A new membership's id."""
        membership_id: str = self.admin.identitystore.create_group_membership(
            IdentityStoreId=self.store, GroupId=group_id, MemberId={"UserId": user_id}
        )["MembershipId"]
        return membership_id


def until(
    ask: Callable[[], Any],
    done: Callable[[Any], object],
    good: Callable[[Any], object] = lambda found: True,
    seconds: float = 120,
) -> Any:
    """Ask again until it is done; then it must be good."""
    deadline = time.monotonic() + seconds
    while not done(found := ask()):
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    assert good(found), found
    return found


def assumed(answer: Mapping[str, Any]) -> Keys:
    """The key of an answer of AssumeRole, as `Server.client` takes it."""
    given = answer["Credentials"]
    return {
        "access_key_id": given["AccessKeyId"],
        "secret_access_key": given["SecretAccessKey"],
        "session_token": given["SessionToken"],
    }


def at_rest(world: World) -> Dump:
    """All that the store holds once no job is left: those that are done stay for a moment."""
    found: Dump = until(lambda: dump(world.server.place), lambda held: not held["jobs"])
    return found


def read_world(server: Server) -> World:
    """The sample organization as it stands."""
    facts = server.facts
    admin = Clients(server)
    groups = admin.identitystore.list_groups(IdentityStoreId=facts["identity_store_id"])["Groups"]
    sets = {}
    for arn in admin.sso_admin.list_permission_sets(InstanceArn=facts["instance_arn"])[
        "PermissionSets"
    ]:
        found = admin.sso_admin.describe_permission_set(
            InstanceArn=facts["instance_arn"], PermissionSetArn=arn
        )
        sets[found["PermissionSet"]["Name"]] = arn
    return World(
        server=server,
        wire=Wire(server),
        admin=admin,
        instance=facts["instance_arn"],
        store=facts["identity_store_id"],
        management=facts["management_account_id"],
        users={user["user_name"]: user["user_id"] for user in facts["users"]},
        groups={group["DisplayName"]: group["GroupId"] for group in groups},
        sets=sets,
    )
