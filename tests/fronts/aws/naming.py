"""Members of requests that name a resource, and names for them: of nothing, or of another's.

Which members those are is read from botocore's models, by their shapes. The other is an account
instance of a member account, with a user, group, application and issuer of its own, all of whose
names have `STRANGER` in them.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.model import Shape

from tests.fronts.aws.samples import sample
from tests.fronts.aws.samples_applications import CUSTOM, issuer
from tests.fronts.aws.samples_instances import OWNER
from tests.fronts.aws.wire import Keys, service_model
from tests.fronts.aws.world import NOBODY, Clients, World

Params = dict[str, Any]
STRANGER = "Stranger"
UNKNOWN_ID = "ssoins-0000000000000000"
UNKNOWN_INSTANCE = f"arn:aws:sso:::instance/{UNKNOWN_ID}"
UNKNOWN_STORE = "d-0000000000"
UNKNOWN_ACCOUNT = "999999999999"
UNKNOWN_REQUEST = "00000000-0000-0000-0000-000000000000"

#: What a member of each shape names. Members of a store's are told apart by their names.
KINDS = {
    "InstanceArn": "instance",
    "PermissionSetArn": "permission set",
    "ApplicationArn": "application",
    "TrustedTokenIssuerArn": "issuer",
    "ApplicationProviderArn": "provider",
    "TaggableResourceArn": "tagged",
    "AccountId": "account",
    "TargetId": "account",
    "PrincipalId": "principal",
    "UUId": "request",
    "ManagedPolicyArn": "policy",
    "RegionName": "region",
    "Scope": "scope",
    "ScopeTarget": "target",
    "KmsKeyArn": "key",
    "AuthenticationMethodType": "method",
    "GrantType": "grant",
    "CustomerManagedPolicyReference": "reference",
    "IdentityStoreId": "store",
    "AlternateIdentifier": "identifier",
}
_OF_A_STORE = {
    "UserId": "user",
    "GroupId": "group",
    "GroupIds": "group",
    "MembershipId": "membership",
}


@dataclass(frozen=True, slots=True)
class Naming:
    """A member that names something: the way to it, a 0 for the first element of a list."""

    keys: tuple[Any, ...]
    kind: str

    @property
    def path(self) -> str:
        """The names of the members on the way."""
        return ".".join(key for key in self.keys if isinstance(key, str))


def namings(service: str, operation: str) -> list[Naming]:
    """Every member of an operation's input that names something."""
    shape = service_model(service).operation_model(operation).input_shape
    return list(_namings(shape, ()))


def _namings(shape: Shape, keys: tuple[Any, ...]) -> Iterator[Naming]:
    if shape.name in KINDS:
        yield Naming(keys, KINDS[shape.name])
    elif shape.name == "ResourceId":
        yield Naming(keys, _OF_A_STORE[next(k for k in reversed(keys) if isinstance(k, str))])
    elif shape.type_name == "structure":
        for name, inner in shape.members.items():
            yield from _namings(inner, (*keys, name))
    elif shape.type_name == "list":
        yield from _namings(shape.member, (*keys, 0))


def named(params: Params, naming: Naming, value: Any) -> Params:
    """A request that names something else."""
    changed = copy.deepcopy(params)
    inner: Any = changed
    for key, below in zip(naming.keys, naming.keys[1:], strict=False):
        if isinstance(inner, dict):
            inner = inner.setdefault(key, [None] if below == 0 else {})
        else:
            inner[key] = inner[key] or {}
            inner = inner[key]
    inner[naming.keys[-1]] = value
    return changed


# --- names of nothing -----------------------------------------------------------------------------


def unknown(world: World) -> dict[str, list[Any]]:
    """Names of the right shape that nothing has, by the kind."""
    instance = world.instance.rpartition("/")[2]
    application = f"arn:aws:sso::{world.management}:application/{instance}/apl-0000000000000000"
    token_issuer = (
        f"arn:aws:sso::{world.management}:trustedTokenIssuer/{instance}/tti-{UNKNOWN_REQUEST}"
    )
    permission_set = f"arn:aws:sso:::permissionSet/{instance}/ps-0000000000000000"
    return {
        "instance": [UNKNOWN_INSTANCE],
        "permission set": [permission_set],
        "application": [
            application,
            # Of no instance at all, and of an account that has none.
            application.replace(instance, UNKNOWN_ID),
            application.replace(world.management, UNKNOWN_ACCOUNT),
        ],
        "issuer": [token_issuer, token_issuer.replace(instance, UNKNOWN_ID)],
        "provider": ["arn:aws:sso::aws:applicationProvider/nothing"],
        "tagged": [UNKNOWN_INSTANCE, permission_set, application, token_issuer],
        "account": [UNKNOWN_ACCOUNT],
        "principal": [NOBODY],
        "request": [UNKNOWN_REQUEST],
        "policy": ["arn:aws:iam::aws:policy/NoSuchPolicy"],
        "region": ["xx-nowhere-9"],
        "scope": ["no:such:scope"],
        "target": [application, UNKNOWN_INSTANCE],
        "key": [f"arn:aws:kms:us-east-1:{world.management}:key/{UNKNOWN_REQUEST}"],
        "method": ["IAM"],
        "grant": ["urn:ietf:params:oauth:grant-type:token-exchange"],
        "reference": [
            {"Name": "NoSuchReference", "Path": "/nowhere/"},
            # One of that name is attached, with another path.
            {"Name": "Mine", "Path": "/Team/"},
        ],
        "store": [UNKNOWN_STORE, UNKNOWN_REQUEST],
        "user": [NOBODY, f"arn:aws:identitystore:::user/{NOBODY}"],
        "group": [NOBODY, f"arn:aws:identitystore:::group/{NOBODY}"],
        "membership": [NOBODY, f"arn:aws:identitystore:::membership/{NOBODY}"],
        "identifier": [{"ExternalId": {"Issuer": "nobody", "Id": "nothing"}}],
    }


# --- names of another's ---------------------------------------------------------------------------


@dataclass(slots=True)
class Other:
    """The account instance of a member, and whose it is."""

    keys: Keys
    account: str
    instance: str
    store: str
    names: dict[str, list[Any]]


def furnish_other(world: World) -> Other:
    """Make what is the other's own."""
    keys = world.member_administrator(OWNER)
    own = Clients(world.server, keys)
    instance = world.more["account instance"]
    own.sso_admin.update_instance(InstanceArn=instance, Name=STRANGER)
    store = own.sso_admin.describe_instance(InstanceArn=instance)["IdentityStoreId"]
    at = {"IdentityStoreId": store}
    user = own.identitystore.create_user(
        **at,
        UserName=STRANGER,
        DisplayName=STRANGER,
        Name={"GivenName": STRANGER, "FamilyName": STRANGER},
    )["UserId"]
    group = own.identitystore.create_group(**at, DisplayName=STRANGER)["GroupId"]
    membership = own.identitystore.create_group_membership(
        **at, GroupId=group, MemberId={"UserId": user}
    )["MembershipId"]
    application = own.sso_admin.create_application(
        InstanceArn=instance,
        ApplicationProviderArn=CUSTOM,
        Name=STRANGER,
        Tags=[{"Key": "whose", "Value": STRANGER}],
    )["ApplicationArn"]
    own.sso_admin.put_application_access_scope(ApplicationArn=application, Scope="stranger:read")
    own.sso_admin.create_application_assignment(
        ApplicationArn=application, PrincipalId=user, PrincipalType="USER"
    )
    token_issuer = own.sso_admin.create_trusted_token_issuer(
        **{**issuer(world, STRANGER), "InstanceArn": instance}
    )["TrustedTokenIssuerArn"]
    names = {
        "instance": [instance],
        "application": [application],
        "issuer": [token_issuer],
        "tagged": [instance, application, token_issuer],
        "principal": [user, group],
        "scope": ["stranger:read"],
        "target": [application, instance],
        "store": [store, f"arn:aws:identitystore::{world.account(OWNER)}:identitystore/{store}"],
        "user": [user],
        "group": [group],
        "membership": [membership],
        "identifier": [
            {"UniqueAttribute": {"AttributePath": path, "AttributeValue": STRANGER}}
            for path in ("userName", "displayName")
        ],
    }
    return Other(keys, world.account(OWNER), instance, store, names)


def requests(
    world: World, service: str, operation: str, names: dict[str, list[Any]]
) -> Iterator[tuple[Naming, Any, Params]]:
    """The operation's sample with each naming member in turn replaced by each of these names."""
    good = sample(world, service, operation)
    for naming in namings(service, operation):
        for value in names.get(naming.kind, ()):
            if _fits(operation, naming, value):
                base = {**good, **_beside(world, operation, naming, value)}
                yield naming, value, named(base, naming, value)


def _fits(operation: str, naming: Naming, value: Any) -> bool:
    """Whether the value names what the operation finds: users by user name, groups by theirs."""
    if naming.kind == "reference":
        # What one operation attaches is there for the next.
        return (value["Name"] == "Mine") == operation.startswith("Detach")
    if naming.kind != "identifier" or "UniqueAttribute" not in value:
        return True
    wanted = "userName" if operation == "GetUserId" else "displayName"
    return bool(value["UniqueAttribute"]["AttributePath"] == wanted)


def _beside(world: World, operation: str, naming: Naming, value: Any) -> Params:
    """What has to stand beside a name, so that it alone is wrong."""
    if naming.kind == "key":
        return {"EncryptionConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY"}}
    if naming.path == "PermissionsBoundary.ManagedPolicyArn":
        return {"PermissionsBoundary": {}}
    if naming.kind == "tagged" and ":permissionSet/" in value:
        return {"InstanceArn": world.instance}
    if naming.kind == "method":
        # There is one kind of method: it is not there in an application that has none.
        return {"ApplicationArn": world.more["bare_application"]}
    return {}
