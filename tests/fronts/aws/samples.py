"""One good request for every operation served, in botocore's spelling.

`furnish` makes what they name; afterwards each sample succeeds once, in any order (Logout last).
"""

from collections.abc import Callable
from typing import Any

from genkan.fronts.aws.services import SERVICES
from tests.fronts.aws.samples_accounts import IAM as _POLICIES
from tests.fronts.aws.samples_accounts import ORGANIZATIONS as _ACCOUNTS
from tests.fronts.aws.samples_accounts import furnish_accounts
from tests.fronts.aws.samples_applications import SAMPLES as _APPLICATIONS
from tests.fronts.aws.samples_applications import furnish_applications
from tests.fronts.aws.samples_instances import BY, furnish_instances
from tests.fronts.aws.samples_instances import SAMPLES as _INSTANCES
from tests.fronts.aws.wire import Keys
from tests.fronts.aws.world import (
    INLINE,
    MEMBER,
    SECURITY_AUDIT,
    VIEW_ONLY,
    World,
)

Params = dict[str, Any]

#: Every operation that is served, AssumeRoleWithSAML included, which the gateway itself answers.
OPERATIONS: tuple[tuple[str, str], ...] = (
    *((model, name) for model, service in SERVICES.items() for name in service.operations),
    ("sts", "AssumeRoleWithSAML"),
)
SIGNED = tuple(
    (model, name)
    for model, name in OPERATIONS
    if SERVICES[model].authentication == "signature" and name != "AssumeRoleWithSAML"
)
BEARER = tuple(name for model, name in OPERATIONS if model == "sso")


def writes(service: str, operation: str) -> bool:
    """Whether the operation changes anything, so that CloudTrail has a record of it."""
    found = SERVICES[service].operations.get(operation)
    return found is None or (found.reads is None and found.recorded)


def furnish(world: World) -> World:
    """Make the permission set, user, group, membership and requests that samples spend."""
    sso = world.admin.sso_admin
    spare = world.permission_set("Spare", Description="To be changed")
    target = {"InstanceArn": world.instance, "PermissionSetArn": spare}
    sso.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=VIEW_ONLY)
    sso.attach_customer_managed_policy_reference_to_permission_set(
        **target, CustomerManagedPolicyReference={"Name": "Mine", "Path": "/team/"}
    )
    sso.put_inline_policy_to_permission_set(**target, InlinePolicy=INLINE)
    sso.put_permissions_boundary_to_permission_set(
        **target, PermissionsBoundary={"ManagedPolicyArn": VIEW_ONLY}
    )
    clerk = world.permission_set("Clerk")
    sso.put_inline_policy_to_permission_set(
        InstanceArn=world.instance, PermissionSetArn=clerk, InlinePolicy=INLINE
    )
    ken, read_only = world.users["ken"], world.sets["ReadOnlyAccess"]
    world.assign(clerk, ken, "sakura-management")
    mates = world.group("Mates")
    world.more |= {
        "spare": spare,
        "clerk": clerk,
        "doomed": world.permission_set("Doomed"),
        "victim": world.user("victim"),
        "victims": world.group("Victims"),
        "member": world.user("member"),
        "mates": mates,
        "membership": world.join(mates, world.users["alex"]),
        "kept": world.join(mates, world.users["ken"]),
        "creation": world.assign(read_only, ken, "sakura-web-dev"),
        "deletion": world.unassign(read_only, ken, "sakura-web-dev"),
        "provisioning": world.provision(read_only, "sakura-security"),
    }
    role = _role_of(world, "AWSReservedSSO_Clerk_")
    provider = world.admin.iam.list_saml_providers()["SAMLProviderList"][0]["Arn"]
    world.more |= {
        "role": role,
        "provider": provider,
        "policy": f"arn:aws:iam::{world.account(MEMBER)}:policy/DataLakeReaders",
        "root": world.admin.organizations.list_roots()["Roots"][0]["Id"],
    }
    units = world.admin.organizations.list_organizational_units_for_parent(
        ParentId=world.more["root"]
    )
    world.more["unit"] = units["OrganizationalUnits"][0]["Id"]
    furnish_accounts(world)
    furnish_applications(world)
    furnish_instances(world)
    return world


def _role_of(world: World, prefix: str) -> str:
    names = [role["RoleName"] for role in world.admin.iam.list_roles()["Roles"]]
    return next(name for name in names if name.startswith(prefix))


def keys_of(world: World, service: str, operation: str) -> Keys:
    """Whose key a sample succeeds with: some things are a member account's own."""
    if operation in BY:
        return world.member_administrator(BY[operation])
    if operation in ("GetPolicy", "GetPolicyVersion"):
        return world.member_administrator()
    return world.wire.administrator


def sample(world: World, service: str, operation: str) -> Params:
    """A good request."""
    return _SAMPLES[service, operation](world)


def _in(world: World, **more: Any) -> Params:
    return {"InstanceArn": world.instance, **more}


def _of(world: World, name: str = "spare", **more: Any) -> Params:
    arn = world.more.get(name) or world.sets[name]
    return _in(world, PermissionSetArn=arn, **more)


def _assignment(world: World, alias: str) -> Params:
    return _of(
        world,
        "ReadOnlyAccess",
        TargetId=world.account(alias),
        TargetType="AWS_ACCOUNT",
        PrincipalType="USER",
        PrincipalId=world.users["ken"],
    )


def _at(world: World, **more: Any) -> Params:
    return {"IdentityStoreId": world.store, **more}


def _unique(path: str, value: str) -> Params:
    return {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}


_REFERENCE = {"Name": "Mine", "Path": "/team/"}
_SSO: dict[str, Callable[[World], Params]] = {
    "ListInstances": lambda w: {},
    "DescribeInstance": _in,
    "CreatePermissionSet": lambda w: _in(w, Name="Fresh", Tags=[{"Key": "team", "Value": "a"}]),
    "DescribePermissionSet": _of,
    "ListPermissionSets": _in,
    "ListManagedPoliciesInPermissionSet": _of,
    "ListCustomerManagedPolicyReferencesInPermissionSet": _of,
    "GetInlinePolicyForPermissionSet": _of,
    "GetPermissionsBoundaryForPermissionSet": lambda w: _of(w, "spare"),
    "UpdatePermissionSet": lambda w: _of(w, SessionDuration="PT2H"),
    "DeletePermissionSet": lambda w: _of(w, "doomed"),
    "AttachManagedPolicyToPermissionSet": lambda w: _of(w, ManagedPolicyArn=SECURITY_AUDIT),
    "DetachManagedPolicyFromPermissionSet": lambda w: _of(w, ManagedPolicyArn=VIEW_ONLY),
    "AttachCustomerManagedPolicyReferenceToPermissionSet": lambda w: _of(
        w, CustomerManagedPolicyReference={"Name": "Yours"}
    ),
    "DetachCustomerManagedPolicyReferenceFromPermissionSet": lambda w: _of(
        w, CustomerManagedPolicyReference=_REFERENCE
    ),
    "PutInlinePolicyToPermissionSet": lambda w: _of(w, InlinePolicy=INLINE),
    "DeleteInlinePolicyFromPermissionSet": _of,
    "PutPermissionsBoundaryToPermissionSet": lambda w: _of(
        w, PermissionsBoundary={"CustomerManagedPolicyReference": {"Name": "Edge"}}
    ),
    "DeletePermissionsBoundaryFromPermissionSet": _of,
    "CreateAccountAssignment": lambda w: _assignment(w, "sakura-data-prod"),
    "DeleteAccountAssignment": lambda w: _assignment(w, "sakura-playground"),
    "ProvisionPermissionSet": lambda w: _of(
        w, "ReadOnlyAccess", TargetType="AWS_ACCOUNT", TargetId=w.account("sakura-log-archive")
    ),
    "ListAccountAssignments": lambda w: _of(w, "ReadOnlyAccess", AccountId=w.management),
    "ListAccountAssignmentsForPrincipal": lambda w: _in(
        w, PrincipalId=w.users["ken"], PrincipalType="USER"
    ),
    "ListPermissionSetsProvisionedToAccount": lambda w: _in(w, AccountId=w.management),
    "ListAccountsForProvisionedPermissionSet": lambda w: _of(w, "ReadOnlyAccess"),
    "DescribeAccountAssignmentCreationStatus": lambda w: _in(
        w, AccountAssignmentCreationRequestId=w.more["creation"]
    ),
    "DescribeAccountAssignmentDeletionStatus": lambda w: _in(
        w, AccountAssignmentDeletionRequestId=w.more["deletion"]
    ),
    "DescribePermissionSetProvisioningStatus": lambda w: _in(
        w, ProvisionPermissionSetRequestId=w.more["provisioning"]
    ),
    "ListAccountAssignmentCreationStatus": _in,
    "ListAccountAssignmentDeletionStatus": _in,
    "ListPermissionSetProvisioningStatus": _in,
}


def _operations(path: str, value: str) -> list[Params]:
    return [{"AttributePath": path, "AttributeValue": value}]


_STORE: dict[str, Callable[[World], Params]] = {
    "DescribeIdentityStore": _at,
    "ListIdentityStores": lambda w: {},
    "UpdateIdentityStore": lambda w: _at(w, NetworkConfiguration={"VpceAccessRequired": False}),
    "CreateUser": lambda w: _at(
        w, UserName="fresh", DisplayName="Fresh", Name={"GivenName": "F", "FamilyName": "R"}
    ),
    "DescribeUser": lambda w: _at(w, UserId=w.users["ken"]),
    "ListUsers": _at,
    "GetUserId": lambda w: _at(w, AlternateIdentifier=_unique("userName", "ken")),
    "UpdateUser": lambda w: _at(
        w, UserId=w.more["member"], Operations=_operations("title", "Engineer")
    ),
    "DeleteUser": lambda w: _at(w, UserId=w.more["victim"]),
    "CreateGroup": lambda w: _at(w, DisplayName="Fresh"),
    "DescribeGroup": lambda w: _at(w, GroupId=w.groups["Auditors"]),
    "ListGroups": _at,
    "GetGroupId": lambda w: _at(w, AlternateIdentifier=_unique("displayName", "Auditors")),
    "UpdateGroup": lambda w: _at(
        w, GroupId=w.more["mates"], Operations=_operations("description", "Friends")
    ),
    "DeleteGroup": lambda w: _at(w, GroupId=w.more["victims"]),
    "CreateGroupMembership": lambda w: _at(
        w, GroupId=w.more["mates"], MemberId={"UserId": w.more["member"]}
    ),
    "DeleteGroupMembership": lambda w: _at(w, MembershipId=w.more["membership"]),
    "DescribeGroupMembership": lambda w: _at(w, MembershipId=w.more["kept"]),
    "GetGroupMembershipId": lambda w: _at(
        w, GroupId=w.groups["Auditors"], MemberId={"UserId": w.users["maria"]}
    ),
    "ListGroupMemberships": lambda w: _at(w, GroupId=w.groups["Auditors"]),
    "ListGroupMembershipsForMember": lambda w: _at(w, MemberId={"UserId": w.users["maria"]}),
    "IsMemberInGroups": lambda w: _at(
        w, MemberId={"UserId": w.users["maria"]}, GroupIds=[w.groups["Auditors"]]
    ),
}
_ORGANIZATIONS: dict[str, Callable[[World], Params]] = {
    "DescribeOrganization": lambda w: {},
    "ListAccounts": lambda w: {},
    "DescribeAccount": lambda w: {"AccountId": w.account(MEMBER)},
    "ListRoots": lambda w: {},
    "ListOrganizationalUnitsForParent": lambda w: {"ParentId": w.more["root"]},
    "ListAccountsForParent": lambda w: {"ParentId": w.more["root"]},
    "ListChildren": lambda w: {"ParentId": w.more["root"], "ChildType": "ACCOUNT"},
    "ListParents": lambda w: {"ChildId": w.account(MEMBER)},
    "DescribeOrganizationalUnit": lambda w: {"OrganizationalUnitId": w.more["unit"]},
}
_IAM: dict[str, Callable[[World], Params]] = {
    "ListRoles": lambda w: {},
    "GetRole": lambda w: {"RoleName": w.more["role"]},
    "GetRolePolicy": lambda w: {"RoleName": w.more["role"], "PolicyName": "AwsSSOInlinePolicy"},
    "ListRolePolicies": lambda w: {"RoleName": w.more["role"]},
    "ListAttachedRolePolicies": lambda w: {"RoleName": w.more["role"]},
    "ListSAMLProviders": lambda w: {},
    "GetSAMLProvider": lambda w: {"SAMLProviderArn": w.more["provider"]},
    "GetPolicy": lambda w: {"PolicyArn": w.more["policy"]},
    "GetPolicyVersion": lambda w: {"PolicyArn": w.more["policy"], "VersionId": "v1"},
}
_STS: dict[str, Callable[[World], Params]] = {
    "GetCallerIdentity": lambda w: {},
    "AssumeRole": lambda w: {
        "RoleArn": f"arn:aws:iam::{w.account(MEMBER)}:role/OrganizationAccountAccessRole",
        "RoleSessionName": "sample",
    },
    "AssumeRoleWithSAML": lambda w: {
        "RoleArn": f"arn:aws:iam::{w.management}:role/{w.more['role']}",
        "PrincipalArn": w.more["provider"],
        "SAMLAssertion": w.more["assertion"],
    },
}
_PORTAL: dict[str, Callable[[World], Params]] = {
    "ListAccounts": lambda w: {},
    "ListAccountRoles": lambda w: {"accountId": w.account("sakura-playground")},
    "Logout": lambda w: {},
    "GetRoleCredentials": lambda w: {
        "accountId": w.account("sakura-playground"),
        "roleName": "ReadOnlyAccess",
    },
}
_OIDC: dict[str, Callable[[World], Params]] = {
    "RegisterClient": lambda w: {"clientName": "sample", "clientType": "public"},
    "StartDeviceAuthorization": lambda w: {
        "clientId": w.more["client_id"],
        "clientSecret": w.more["client_secret"],
        "startUrl": w.server.facts["start_url"],
    },
    "CreateToken": lambda w: {
        "clientId": w.more["client_id"],
        "clientSecret": w.more["client_secret"],
        "grantType": "refresh_token",
        "refreshToken": w.more["refresh_token"],
    },
}
_SAMPLES: dict[tuple[str, str], Callable[[World], Params]] = {
    (service, name): make
    for service, makers in (
        ("sso-admin", _SSO),
        ("sso-admin", _APPLICATIONS),
        ("sso-admin", _INSTANCES),
        ("identitystore", _STORE),
        ("organizations", _ORGANIZATIONS),
        ("organizations", _ACCOUNTS),
        ("iam", _IAM),
        ("iam", _POLICIES),
        ("sts", _STS),
        ("cloudtrail", {"LookupEvents": lambda w: {}}),
        ("sso", _PORTAL),
        ("sso-oidc", _OIDC),
    )
    for name, make in makers.items()
}
if missing := set(OPERATIONS) ^ _SAMPLES.keys():
    raise LookupError(f"tests/fronts/aws/samples.py: no sample, or no operation: {missing}")
