"""What each change of sso-admin and identitystore is read back by: the pairs of operations.

Each entry asks another operation than the one that wrote, and returns what stands there by the
name of the member that wrote it. What is gone, or was never there to be read, is in `UNREAD`.
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fronts.aws.maximal import GRANTS, IDS, Params
from tests.fronts.aws.samples_instances import BY, wait_for_regions
from tests.fronts.aws.world import Clients, World, until

#: World, the request's members and the answer's; what stands now, by the request's members.
Reader = Callable[[World, Params, Params], Params]
ABSENT = "ResourceNotFoundException"

#: Members that say where, and not what, by the reason why nothing shows them.
UNREAD = {
    "InstanceArn": "names the instance",
    "PermissionSetArn": "names the permission set",
    "ApplicationArn": "names the application",
    "TrustedTokenIssuerArn": "names the issuer",
    "ResourceArn": "names what is tagged",
    "IdentityStoreId": "names the store",
    "ClientToken": "is never told",
    "Revision": "says which state is meant",
    "UpdateUser.UserId": "names the user",
    "UpdateGroup.GroupId": "names the group",
    "UpdateInstance.NetworkConfiguration": "restricts nothing here, and no answer shows it",
    "UpdateInstance.PermissionSetsEnabled": "no answer of this model shows it",
    "UpdateInstance.EncryptionConfiguration": "is shown with a status, compared by the reader",
    "AddRegion.RegionName": "is compared by the reader",
    "RemoveRegion.RegionName": "is gone",
}
#: Changes after which there is less: all their members name what is gone.
TAKES_AWAY = ("Delete", "Detach", "Untag", "Remove")


def tags_of(world: World, arn: str) -> list[Params]:
    """The tags of a resource."""
    found: list[Params] = world.admin.sso_admin.list_tags_for_resource(
        ResourceArn=arn, InstanceArn=world.instance
    )["Tags"]
    return sorted(found, key=lambda tag: str(tag["Key"]))


def absent(call: Callable[..., Any], *codes: str, **params: Any) -> Params:
    """Nothing: reading is refused by one of these codes."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] in (codes or (ABSENT,))
    return {}


def _sorted_tags(params: Params) -> Params:
    return {"Tags": sorted(params["Tags"], key=lambda tag: str(tag["Key"]))}


def _set(world: World, params: Params) -> Params:
    return {"InstanceArn": world.instance, "PermissionSetArn": params["PermissionSetArn"]}


def _created_set(world: World, params: Params, answer: Params) -> Params:
    arn = answer["PermissionSet"]["PermissionSetArn"]
    found = world.admin.sso_admin.describe_permission_set(
        InstanceArn=world.instance, PermissionSetArn=arn
    )["PermissionSet"]
    assert found == answer["PermissionSet"]
    return {**found, "Tags": tags_of(world, arn)}


def _updated_set(world: World, params: Params, answer: Params) -> Params:
    found: Params = world.admin.sso_admin.describe_permission_set(**_set(world, params))
    return dict(found["PermissionSet"])


def _managed(world: World, params: Params, answer: Params) -> Params:
    rows = world.admin.sso_admin.list_managed_policies_in_permission_set(**_set(world, params))
    arns = [row["Arn"] for row in rows["AttachedManagedPolicies"]]
    return {"ManagedPolicyArn": next((a for a in arns if a == params["ManagedPolicyArn"]), None)}


def _references(world: World, params: Params, answer: Params) -> Params:
    rows = world.admin.sso_admin.list_customer_managed_policy_references_in_permission_set(
        **_set(world, params)
    )["CustomerManagedPolicyReferences"]
    wanted = params["CustomerManagedPolicyReference"]
    return {"CustomerManagedPolicyReference": wanted if wanted in rows else None}


def _inline(world: World, params: Params, answer: Params) -> Params:
    sso = world.admin.sso_admin
    found = sso.get_inline_policy_for_permission_set(**_set(world, params))["InlinePolicy"]
    return {"InlinePolicy": found or None}


def _boundary(world: World, params: Params, answer: Params) -> Params:
    sso = world.admin.sso_admin
    found = sso.get_permissions_boundary_for_permission_set(**_set(world, params))
    return {"PermissionsBoundary": found["PermissionsBoundary"]}


def _assigned(kind: str) -> Reader:
    def read(world: World, params: Params, answer: Params) -> Params:
        member = f"AccountAssignment{kind.title()}Status"
        found = world.settled(kind, answer[member]["RequestId"])
        rows = world.admin.sso_admin.list_account_assignments(
            **_set(world, params), AccountId=params["TargetId"]
        )["AccountAssignments"]
        row = {
            "AccountId": params["TargetId"],
            "PermissionSetArn": params["PermissionSetArn"],
            "PrincipalType": params["PrincipalType"],
            "PrincipalId": params["PrincipalId"],
        }
        assert (row in rows) == (kind == "creation")
        return found

    return read


def _provisioned(world: World, params: Params, answer: Params) -> Params:
    status = answer["PermissionSetProvisioningStatus"]
    found = world.settled("provisioning", status["RequestId"])
    accounts = world.admin.sso_admin.list_accounts_for_provisioned_permission_set(
        **_set(world, params), ProvisioningStatus="LATEST_PERMISSION_SET_PROVISIONED"
    )["AccountIds"]
    assert params["TargetId"] in accounts
    return {"TargetId": found["AccountId"], "TargetType": "AWS_ACCOUNT"}


def _application(world: World, params: Params, answer: Params) -> Params:
    arn = params.get("ApplicationArn") or answer["ApplicationArn"]
    found: Params = world.admin.sso_admin.describe_application(ApplicationArn=arn)
    if "ApplicationArn" in params:
        # No update changes whether it is seen.
        assert found["PortalOptions"].pop("Visibility") == "ENABLED"
    return {**found, "Tags": tags_of(world, arn)}


def _assignment(world: World, params: Params, answer: Params) -> Params:
    found: Params = world.admin.sso_admin.describe_application_assignment(**params)
    return found


def _of_application(operation: str, *keys: str) -> Reader:
    """Read by an operation that takes the application and these members."""

    def read(world: World, params: Params, answer: Params) -> Params:
        named = {name: params[name] for name in ("ApplicationArn", *keys)}
        found: Params = getattr(world.admin.sso_admin, operation)(**named)
        return {**{name: params[name] for name in keys}, **found}

    return read


def _grant(world: World, params: Params, answer: Params) -> Params:
    named = {"ApplicationArn": params["ApplicationArn"]}
    kind = params["GrantType"]
    found = world.admin.sso_admin.get_application_grant(**named, GrantType=kind)["Grant"]
    rows = world.admin.sso_admin.list_application_grants(**named)["Grants"]
    assert {"GrantType": kind, "Grant": found} in rows
    return {"Grant": found, "GrantType": GRANTS[next(iter(found))]}


def _no_row(operation: str, result: str, member: str) -> Reader:
    """Not in the application's list any more."""

    def read(world: World, params: Params, answer: Params) -> Params:
        rows = getattr(world.admin.sso_admin, operation)(ApplicationArn=params["ApplicationArn"])
        assert all(row[member] != params[member] for row in rows[result])
        return {}

    return read


def _issuer(world: World, params: Params, answer: Params) -> Params:
    arn = params.get("TrustedTokenIssuerArn") or answer["TrustedTokenIssuerArn"]
    found: Params = world.admin.sso_admin.describe_trusted_token_issuer(TrustedTokenIssuerArn=arn)
    configuration = found["TrustedTokenIssuerConfiguration"]
    if "TrustedTokenIssuerArn" in params:
        # It stays what it was made with.
        configuration["OidcJwtConfiguration"].pop("IssuerUrl")
    return {**found, "Tags": tags_of(world, arn)}


def _new_instance(world: World, params: Params, answer: Params) -> Params:
    own = Clients(world.server, world.member_administrator(BY["CreateInstance"])).sso_admin
    arn = answer["InstanceArn"]
    found: Params = until(
        lambda: own.describe_instance(InstanceArn=arn),
        lambda described: described["Status"] != "CREATE_IN_PROGRESS",
        lambda described: described["Status"] == "ACTIVE",
    )
    tags = own.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return {**found, **_sorted_tags({"Tags": tags})}


def _instance(world: World, params: Params, answer: Params) -> Params:
    found: Params = world.admin.sso_admin.describe_instance(InstanceArn=world.instance)
    details = found["EncryptionConfigurationDetails"]
    assert details["KeyType"] == params["EncryptionConfiguration"]["KeyType"]
    assert details["EncryptionStatus"] == "ENABLED"
    return found


def _deleted_instance(world: World, params: Params, answer: Params) -> Params:
    own = Clients(world.server, world.member_administrator(BY["DeleteInstance"])).sso_admin
    until(
        lambda: own.list_instances()["Instances"],
        lambda rows: all(row["InstanceArn"] != params["InstanceArn"] for row in rows),
    )
    return absent(own.describe_instance, "AccessDeniedException", **params)


def _region(world: World, params: Params, answer: Params) -> Params:
    wait_for_regions(world)
    found = world.admin.sso_admin.describe_region(**params)
    assert (found["RegionName"], found["Status"]) == (params["RegionName"], "ACTIVE")
    return {}


def _no_region(world: World, params: Params, answer: Params) -> Params:
    wait_for_regions(world)
    return absent(world.admin.sso_admin.describe_region, **params)


def _access_control(world: World, params: Params, answer: Params) -> Params:
    found = world.admin.sso_admin.describe_instance_access_control_attribute_configuration(
        InstanceArn=world.instance
    )
    assert found["Status"] == "ENABLED"
    return dict(found)


def _tagged(world: World, params: Params, answer: Params) -> Params:
    keys = [tag["Key"] for tag in params["Tags"]]
    return {"Tags": [t for t in tags_of(world, params["ResourceArn"]) if t["Key"] in keys]}


def _untagged(world: World, params: Params, answer: Params) -> Params:
    left = {tag["Key"] for tag in tags_of(world, params["ResourceArn"])}
    assert not left & set(params["TagKeys"])
    return {}


def _user(world: World, params: Params, answer: Params) -> Params:
    found: Params = world.admin.identitystore.describe_user(
        IdentityStoreId=world.store,
        UserId=answer["UserId"],
        Extensions=["aws:identitystore:enterprise"],
    )
    return found


def _group(world: World, params: Params, answer: Params) -> Params:
    found: Params = world.admin.identitystore.describe_group(
        IdentityStoreId=world.store, GroupId=answer["GroupId"]
    )
    return found


def _changed(kind: str) -> Reader:
    """Each path of the operations, read from the description of the user or group."""

    def read(world: World, params: Params, answer: Params) -> Params:
        more = {"Extensions": ["aws:identitystore:enterprise"]} if kind == "User" else {}
        found = getattr(world.admin.identitystore, f"describe_{kind.lower()}")(
            IdentityStoreId=world.store, **{f"{kind}Id": params[f"{kind}Id"]}, **more
        )
        return {
            "Operations": [
                {
                    "AttributePath": operation["AttributePath"],
                    "AttributeValue": at_path(found, operation["AttributePath"]),
                }
                for operation in params["Operations"]
            ]
        }

    return read


def at_path(found: Params, path: str) -> Any:
    """What stands at an attribute path, in the lower camel case that operations are written in."""
    extension, _, rest = path.rpartition(":")
    value: Any = found
    if extension:
        name, _, path = rest.partition(".")
        value = found["Extensions"][f"{extension}:{name}"]
        for part in path.split("."):
            value = value[part]
        return value
    for part in path.split("."):
        value = value[part[0].upper() + part[1:]]
    return _camel(value)


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: _camel(item) for name, item in value.items()}
    return value


def _membership(world: World, params: Params, answer: Params) -> Params:
    found: Params = world.admin.identitystore.describe_group_membership(
        IdentityStoreId=world.store, MembershipId=answer["MembershipId"]
    )
    return found


def _store(world: World, params: Params, answer: Params) -> Params:
    found: Params = world.admin.identitystore.describe_identity_store(IdentityStoreId=world.store)
    # Further calls may come from anywhere again.
    world.admin.identitystore.update_identity_store(
        IdentityStoreId=world.store, NetworkConfiguration={"VpceAccessRequired": False}
    )
    return found


def _sso_gone(operation: str, *keys: str) -> Reader:
    return lambda w, p, a: absent(
        getattr(w.admin.sso_admin, operation), **{key: p[key] for key in keys}
    )


def _store_gone(kind: str, member: str) -> Reader:
    return lambda w, p, a: absent(
        getattr(w.admin.identitystore, f"describe_{kind}"),
        IdentityStoreId=w.store,
        **{member: p[member]},
    )


def _none(read: Reader, member: str) -> Reader:
    """Nothing of it stands any more."""

    def check(world: World, params: Params, answer: Params) -> Params:
        assert read(world, params, answer)[member] is None
        return {}

    return check


READ_BACK: dict[str, Reader] = {
    "CreatePermissionSet": _created_set,
    "UpdatePermissionSet": _updated_set,
    "DeletePermissionSet": _sso_gone("describe_permission_set", "InstanceArn", "PermissionSetArn"),
    "AttachManagedPolicyToPermissionSet": _managed,
    "DetachManagedPolicyFromPermissionSet": _none(_managed, "ManagedPolicyArn"),
    "AttachCustomerManagedPolicyReferenceToPermissionSet": _references,
    "DetachCustomerManagedPolicyReferenceFromPermissionSet": _none(
        _references, "CustomerManagedPolicyReference"
    ),
    "PutInlinePolicyToPermissionSet": _inline,
    "DeleteInlinePolicyFromPermissionSet": _none(_inline, "InlinePolicy"),
    "PutPermissionsBoundaryToPermissionSet": _boundary,
    "DeletePermissionsBoundaryFromPermissionSet": _sso_gone(
        "get_permissions_boundary_for_permission_set", "InstanceArn", "PermissionSetArn"
    ),
    "CreateAccountAssignment": _assigned("creation"),
    "DeleteAccountAssignment": _assigned("deletion"),
    "ProvisionPermissionSet": _provisioned,
    "CreateApplication": _application,
    "UpdateApplication": _application,
    "DeleteApplication": _sso_gone("describe_application", "ApplicationArn"),
    "CreateApplicationAssignment": _assignment,
    "DeleteApplicationAssignment": _sso_gone(
        "describe_application_assignment", "ApplicationArn", "PrincipalId", "PrincipalType"
    ),
    "PutApplicationAssignmentConfiguration": _of_application(
        "get_application_assignment_configuration"
    ),
    "PutApplicationSessionConfiguration": _of_application("get_application_session_configuration"),
    "PutApplicationAccessScope": _of_application("get_application_access_scope", "Scope"),
    "DeleteApplicationAccessScope": _no_row("list_application_access_scopes", "Scopes", "Scope"),
    "PutApplicationAuthenticationMethod": _of_application(
        "get_application_authentication_method", "AuthenticationMethodType"
    ),
    "DeleteApplicationAuthenticationMethod": _no_row(
        "list_application_authentication_methods",
        "AuthenticationMethods",
        "AuthenticationMethodType",
    ),
    "PutApplicationGrant": _grant,
    "DeleteApplicationGrant": _no_row("list_application_grants", "Grants", "GrantType"),
    "CreateTrustedTokenIssuer": _issuer,
    "UpdateTrustedTokenIssuer": _issuer,
    "DeleteTrustedTokenIssuer": _sso_gone("describe_trusted_token_issuer", "TrustedTokenIssuerArn"),
    "CreateInstance": _new_instance,
    "UpdateInstance": _instance,
    "DeleteInstance": _deleted_instance,
    "AddRegion": _region,
    "RemoveRegion": _no_region,
    "CreateInstanceAccessControlAttributeConfiguration": _access_control,
    "UpdateInstanceAccessControlAttributeConfiguration": _access_control,
    "DeleteInstanceAccessControlAttributeConfiguration": _sso_gone(
        "describe_instance_access_control_attribute_configuration", "InstanceArn"
    ),
    "TagResource": _tagged,
    "UntagResource": _untagged,
    "CreateUser": _user,
    "UpdateUser": _changed("User"),
    "DeleteUser": _store_gone("user", "UserId"),
    "CreateGroup": _group,
    "UpdateGroup": _changed("Group"),
    "DeleteGroup": _store_gone("group", "GroupId"),
    "CreateGroupMembership": _membership,
    "DeleteGroupMembership": _store_gone("group_membership", "MembershipId"),
    "UpdateIdentityStore": _store,
}


def _named(value: Any) -> Any:
    """What an ARN of a store's own names, as answers name it."""
    if isinstance(value, dict):
        return {name: _named(item) for name, item in value.items()}
    if isinstance(value, str) and value.startswith(IDS):
        return value.rpartition("/")[2]
    return value


def wanted(operation: str, params: Params) -> Params:
    """What is to stand after a change: each member that says what."""
    if operation.startswith(TAKES_AWAY):
        return {}
    kept = {
        name: _named(value)
        for name, value in params.items()
        if name not in UNREAD and f"{operation}.{name}" not in UNREAD
    }
    return {**kept, **_sorted_tags(kept)} if "Tags" in kept else kept
