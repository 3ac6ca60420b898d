"""Changes of sso-admin and identitystore: each field alone, what is then read, how it is cleared.

One entry for each Update… and Put… operation. An entry says what is there before, how all of it is
read, and its changes, each with the members of the model that it writes.
"""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.fronts.aws.samples_applications import ACTOR_POLICY, CUSTOM, JWT_BEARER, issuer
from tests.fronts.aws.world import INLINE, READ_ONLY, VIEW_ONLY, World

Params = dict[str, Any]
GONE: Any = object()
"""What is read of a member that was cleared."""

ENTERPRISE = "aws:identitystore:enterprise"
NAMES = frozenset(
    {
        "InstanceArn",
        "PermissionSetArn",
        "ApplicationArn",
        "TrustedTokenIssuerArn",
        "IdentityStoreId",
        "UserId",
        "GroupId",
        "Revision",
    }
)
"""Members that say what is changed, and not how."""


@dataclass(frozen=True)
class Change:
    """`sent` is written; afterwards the state is as before but for `read`."""

    sent: Params
    read: Params


@dataclass(frozen=True)
class Changing:
    """Something with all that can be read of it, and the changes made to it, in order."""

    call: Callable[..., Any]
    names: Params
    look: Callable[[], Params]
    changes: list[Change]


def same(*changes: Params) -> list[Change]:
    """Changes that are read as they are written."""
    return [Change(one, one) for one in changes]


def members_of(answer: Params, *names: str) -> Params:
    """The members of an answer, those that are there."""
    return {name: answer[name] for name in names if name in answer}


# --- permission sets ------------------------------------------------------------------------------


def _permission_set(world: World) -> Params:
    arn = world.permission_set("Changing", Description="before", RelayState="https://a.example/")
    return {"InstanceArn": world.instance, "PermissionSetArn": arn}


def _look_at_set(world: World, names: Params) -> Callable[[], Params]:
    sso = world.admin.sso_admin

    def look() -> Params:
        found = sso.describe_permission_set(**names)["PermissionSet"]
        boundary = {}
        with contextlib.suppress(sso.exceptions.ResourceNotFoundException):
            boundary = sso.get_permissions_boundary_for_permission_set(**names)
        inline = sso.get_inline_policy_for_permission_set(**names)["InlinePolicy"]
        return {
            **members_of(found, "Name", "Description", "SessionDuration", "RelayState"),
            **({"InlinePolicy": inline} if inline else {}),
            **members_of(boundary, "PermissionsBoundary"),
        }

    return look


def _update_permission_set(world: World) -> Changing:
    """A full statement (reference §3.2): the others are sent again, and what is not is cleared."""
    names = _permission_set(world)
    all_of_it = {
        "Description": "before",
        "SessionDuration": "PT1H",
        "RelayState": "https://a.example/",
    }
    changes, said = [], dict(all_of_it)
    for change in (
        {"Description": "Ünïcode, changed"},
        {"SessionDuration": "PT12H"},
        {"RelayState": "https://b.example/?c=d"},
    ):
        said = said | change
        changes.append(Change(dict(said), change))
    cleared = {"SessionDuration": "PT1H", "RelayState": GONE}
    changes.append(Change({"Description": "alone"}, {"Description": "alone"} | cleared))
    changes.append(Change({}, {"Description": GONE}))
    return Changing(
        world.admin.sso_admin.update_permission_set, names, _look_at_set(world, names), changes
    )


def _put_inline_policy(world: World) -> Changing:
    names = _permission_set(world)
    other = INLINE.replace("s3:*", "ec2:*").replace(",", " ,\n")
    call = world.admin.sso_admin.put_inline_policy_to_permission_set
    changes = same({"InlinePolicy": INLINE}, {"InlinePolicy": other})
    return Changing(call, names, _look_at_set(world, names), changes)


def _put_boundary(world: World) -> Changing:
    names = _permission_set(world)
    reference = {"Name": "Edge", "Path": "/"}

    def by_name(name: str, path: str) -> Params:
        return {"CustomerManagedPolicyReference": {"Name": name, "Path": path}}

    changes = [
        *same(
            {"PermissionsBoundary": {"ManagedPolicyArn": VIEW_ONLY}},
            {"PermissionsBoundary": {"ManagedPolicyArn": READ_ONLY}},
            {"PermissionsBoundary": by_name("Edge", "/team/")},
            {"PermissionsBoundary": by_name("Other", "/team/")},
            {"PermissionsBoundary": by_name("Other", "/a/b/")},
        ),
        Change(
            {"PermissionsBoundary": {"CustomerManagedPolicyReference": {"Name": "Edge"}}},
            {"PermissionsBoundary": {"CustomerManagedPolicyReference": reference}},
        ),
    ]
    call = world.admin.sso_admin.put_permissions_boundary_to_permission_set
    return Changing(call, names, _look_at_set(world, names), changes)


# --- instances ------------------------------------------------------------------------------------


def _update_instance(world: World) -> Changing:
    sso, names = world.admin.sso_admin, {"InstanceArn": world.instance}

    def look() -> Params:
        found: Params = sso.describe_instance(**names)
        del found["ResponseMetadata"]
        return found

    owned = {"EncryptionConfiguration": {"KeyType": "AWS_OWNED_KMS_KEY"}}
    open_to_all = {"NetworkConfiguration": {"VpceAccessRequired": False}}
    changes = [
        *same({"Name": "renamed"}),
        # What is so already, and cannot be otherwise here.
        Change(owned, {}),
        Change({"PermissionSetsEnabled": True}, {}),
        Change(open_to_all, {}),
        Change({}, {}),
    ]
    return Changing(sso.update_instance, names, look, changes)


def _update_attributes(world: World) -> Changing:
    sso, names = world.admin.sso_admin, {"InstanceArn": world.instance}

    def configuration(**sources: str) -> Params:
        listed = [{"Key": key, "Value": {"Source": [value]}} for key, value in sources.items()]
        return {"InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": listed}}

    sso.create_instance_access_control_attribute_configuration(
        **names, **configuration(Team="${path:title}")
    )

    def look() -> Params:
        found = sso.describe_instance_access_control_attribute_configuration(**names)
        return members_of(found, "InstanceAccessControlAttributeConfiguration", "Status")

    return Changing(
        sso.update_instance_access_control_attribute_configuration,
        names,
        look,
        same(
            configuration(Team="${path:nickName}"),
            configuration(Squad="${path:nickName}"),
            configuration(Squad="${path:nickName}", Cost="${path:enterprise.costCenter}"),
            configuration(),
        ),
    )


# --- applications ---------------------------------------------------------------------------------


def _an_application(world: World) -> Params:
    made = world.admin.sso_admin.create_application(
        InstanceArn=world.instance,
        ApplicationProviderArn=CUSTOM,
        Name="Changing",
        Description="before",
        PortalOptions={"Visibility": "DISABLED"},
        Tags=[{"Key": "kept", "Value": "1"}],
    )
    return {"ApplicationArn": made["ApplicationArn"]}


def _look_at_application(world: World, names: Params) -> Callable[[], Params]:
    """The application with all its sub-resources."""
    sso = world.admin.sso_admin

    def look() -> Params:
        found: Params = sso.describe_application(**names)
        required = sso.get_application_assignment_configuration(**names)
        session = sso.get_application_session_configuration(**names)
        tags = sso.list_tags_for_resource(ResourceArn=names["ApplicationArn"])["Tags"]
        methods = sso.list_application_authentication_methods(**names)["AuthenticationMethods"]
        grants = sso.list_application_grants(**names)["Grants"]
        scopes = sso.list_application_access_scopes(**names)["Scopes"]
        return {
            **{key: value for key, value in found.items() if key != "ResponseMetadata"},
            "AssignmentRequired": required["AssignmentRequired"],
            **members_of(session, "UserBackgroundSessionApplicationStatus"),
            "Tags": tags,
            "Methods": {
                one["AuthenticationMethodType"]: one["AuthenticationMethod"] for one in methods
            },
            "Grants": {one["GrantType"]: one["Grant"] for one in grants},
            "Scopes": {one["Scope"]: one.get("AuthorizedTargets") for one in scopes},
        }

    return look


def _on_application(
    world: World, operation: str, changes: Callable[[Params], Iterable[Change]]
) -> Changing:
    names = _an_application(world)
    call = getattr(world.admin.sso_admin, operation)
    return Changing(call, names, _look_at_application(world, names), list(changes(names)))


def _update_application(world: World) -> Changing:
    def options(origin: str, **more: str) -> Params:
        return {"PortalOptions": {"SignInOptions": {"Origin": origin, **more}}}

    def shown(change: Params) -> Params:
        return {"PortalOptions": change["PortalOptions"] | {"Visibility": "DISABLED"}}

    by_url = [
        options("APPLICATION", ApplicationUrl="https://a.example/"),
        options("APPLICATION", ApplicationUrl="https://b.example/"),
        options("IDENTITY_CENTER"),
    ]
    return _on_application(
        world,
        "update_application",
        lambda names: [
            *same({"Name": "Renamed"}, {"Description": "After"}, {"Status": "DISABLED"}),
            *(Change(one, shown(one)) for one in by_url),
            *same({"Status": "ENABLED"}),
            Change({}, {}),
        ],
    )


def _put_assignment_configuration(world: World) -> Changing:
    changes = same({"AssignmentRequired": False}, {"AssignmentRequired": True})
    operation = "put_application_assignment_configuration"
    return _on_application(world, operation, lambda names: changes)


def _put_session_configuration(world: World) -> Changing:
    name = "UserBackgroundSessionApplicationStatus"
    changes = same({name: "DISABLED"}, {name: "ENABLED"})
    # Leaving it out leaves it.
    changes.append(Change({}, {}))
    operation = "put_application_session_configuration"
    return _on_application(world, operation, lambda names: changes)


def _put_method(world: World) -> Changing:
    other = {**ACTOR_POLICY, "Id": "another"}

    def method(policy: Params) -> Change:
        sent = {"Iam": {"ActorPolicy": policy}}
        return Change(
            {"AuthenticationMethodType": "IAM", "AuthenticationMethod": sent},
            {"Methods": {"IAM": sent}},
        )

    operation = "put_application_authentication_method"
    return _on_application(world, operation, lambda names: [method(ACTOR_POLICY), method(other)])


def _put_grant(world: World) -> Changing:
    made = world.admin.sso_admin.create_trusted_token_issuer(**issuer(world, "changing"))
    arn = made["TrustedTokenIssuerArn"]

    def bearer(*audiences: str) -> Params:
        one = {"TrustedTokenIssuerArn": arn, "AuthorizedAudiences": list(audiences)}
        return {"JwtBearer": {"AuthorizedTokenIssuers": [one]}}

    code, refresh = "authorization_code", "refresh_token"
    exchange = JWT_BEARER.replace("jwt-bearer", "token-exchange")
    steps: list[tuple[str, Params]] = [
        (code, {"AuthorizationCode": {"RedirectUris": ["https://a.example/1"]}}),
        (code, {"AuthorizationCode": {"RedirectUris": ["https://a.example/2", "x:/y"]}}),
        (JWT_BEARER, bearer("a")),
        (JWT_BEARER, bearer("b", "a")),
        (refresh, {"RefreshToken": {}}),
        (exchange, {"TokenExchange": {}}),
        (code, {"AuthorizationCode": {}}),
    ]
    changes, there = [], {}
    for grant_type, grant in steps:
        there = there | {grant_type: grant}
        changes.append(Change({"GrantType": grant_type, "Grant": grant}, {"Grants": there}))
    return _on_application(world, "put_application_grant", lambda names: changes)


def _put_scope(world: World) -> Changing:
    def changes(names: Params) -> Iterable[Change]:
        own = names["ApplicationArn"]
        there: Params = {}
        steps = [("a:b", [own]), ("a:b", [world.instance, own]), ("c", [own]), ("a:b", None)]
        for scope, targets in steps:
            there = there | {scope: targets}
            sent: Params = {"Scope": scope}
            if targets is not None:
                sent["AuthorizedTargets"] = targets
            yield Change(sent, {"Scopes": there})

    return _on_application(world, "put_application_access_scope", changes)


def _update_issuer(world: World) -> Changing:
    sso = world.admin.sso_admin
    made = sso.create_trusted_token_issuer(**issuer(world, "changing"))
    names = {"TrustedTokenIssuerArn": made["TrustedTokenIssuerArn"]}

    def look() -> Params:
        found: Params = sso.describe_trusted_token_issuer(**names)
        oidc = found.pop("TrustedTokenIssuerConfiguration")["OidcJwtConfiguration"]
        return {**{key: one for key, one in found.items() if key != "ResponseMetadata"}, **oidc}

    def oidc(**member: str) -> Change:
        return Change(
            {"TrustedTokenIssuerConfiguration": {"OidcJwtConfiguration": member}}, dict(member)
        )

    changes = [
        *same({"Name": "Renamed"}),
        oidc(ClaimAttributePath="preferred_username"),
        oidc(IdentityStoreAttributePath="userName"),
        oidc(JwksRetrievalOption="OPEN_ID_DISCOVERY"),
        Change({}, {}),
    ]
    return Changing(sso.update_trusted_token_issuer, names, look, changes)


# --- the identity store ---------------------------------------------------------------------------

_TEXTS = [
    "NickName",
    "ProfileUrl",
    "UserType",
    "Title",
    "PreferredLanguage",
    "Locale",
    "Timezone",
    "Website",
]
_LISTS: dict[str, list[Params]] = {
    "Emails": [{"Value": "c@example.org", "Type": "work", "Primary": True}],
    "PhoneNumbers": [{"Value": "+81 3 0000 0000", "Type": "work", "Primary": True}],
    "Roles": [{"Value": "lead", "Type": "work", "Primary": True}],
    "Photos": [{"Value": "https://a.example/p.png", "Type": "t", "Display": "d", "Primary": True}],
    "Addresses": [
        {
            "StreetAddress": "1-1",
            "Locality": "Chiyoda",
            "Region": "Tokyo",
            "PostalCode": "100-0001",
            "Country": "JP",
            "Formatted": "1-1 Chiyoda",
            "Type": "work",
            "Primary": True,
        }
    ],
}
_NAME_PARTS = ["Formatted", "MiddleName", "HonorificPrefix", "HonorificSuffix"]
_EXTENSION = ["employeeNumber", "costCenter", "organization", "division", "department"]


def lower(name: str) -> str:
    """A member of the model as an attribute path says it."""
    return name[0].lower() + name[1:]


def _set(path: str, value: Any = None) -> Params:
    operation = {"AttributePath": path} | ({} if value is None else {"AttributeValue": value})
    return {"Operations": [operation]}


def _update_user(world: World) -> Changing:
    store = world.admin.identitystore
    names = {"IdentityStoreId": world.store, "UserId": world.user("changing")}

    def look() -> Params:
        found: Params = store.describe_user(**names, Extensions=[ENTERPRISE])
        unstable = {"ResponseMetadata", "UpdatedAt", "Revision"}
        return {key: value for key, value in found.items() if key not in unstable}

    name = {"GivenName": "changing", "FamilyName": "Doe"}
    changes = [
        Change(_set("userName", "changed"), {"UserName": "changed"}),
        Change(_set("displayName", "Changed"), {"DisplayName": "Changed"}),
        Change(_set("birthdate", "1990-04-01"), {"Birthdate": "1990-04-01"}),
    ]
    for part in ("GivenName", "FamilyName"):
        name = name | {part: f"New {part}"}
        changes.append(Change(_set(f"name.{lower(part)}", name[part]), {"Name": name}))
    for text in _TEXTS:
        changes.append(Change(_set(lower(text), f"a {text}"), {text: f"a {text}"}))
    for part in _NAME_PARTS:
        name = name | {part: f"a {part}"}
        changes.append(Change(_set(f"name.{lower(part)}", name[part]), {"Name": name}))
    for listed, (whole,) in _LISTS.items():
        changes.append(Change(_set(lower(listed), [whole]), {listed: [whole]}))
        for member, value in whole.items():
            # A list is replaced as a whole: what the new one leaves out is gone.
            other = {"Value": whole["Value"]} if listed == "Photos" else {}
            other |= {member: (not value) if value is True else f"x{value}"}
            changes.append(Change(_set(lower(listed), [other]), {listed: [other]}))
    extension: Params = {}
    for attribute in _EXTENSION:
        extension = extension | {attribute: f"a {attribute}"}
        changes.append(
            Change(
                _set(f"{ENTERPRISE}.{attribute}", extension[attribute]),
                {"Extensions": {ENTERPRISE: extension}},
            )
        )
    extension = extension | {"manager": {"value": "boss"}}
    changes.append(
        Change(_set(f"{ENTERPRISE}.manager.value", "boss"), {"Extensions": {ENTERPRISE: extension}})
    )
    # And everything that may go, goes again.
    for attribute in (*_EXTENSION, "manager.value"):
        extension = {k: v for k, v in extension.items() if k != attribute.partition(".")[0]}
        left = {ENTERPRISE: extension} if extension else GONE
        changes.append(Change(_set(f"{ENTERPRISE}.{attribute}"), {"Extensions": left}))
    for part in _NAME_PARTS:
        name = {k: v for k, v in name.items() if k != part}
        changes.append(Change(_set(f"name.{lower(part)}"), {"Name": name}))
    for gone in (*_TEXTS, *_LISTS, "Birthdate"):
        changes.append(Change(_set(lower(gone)), {gone: GONE}))
    return Changing(store.update_user, names, look, changes)


def _update_group(world: World) -> Changing:
    store = world.admin.identitystore
    names = {"IdentityStoreId": world.store, "GroupId": world.group("Changing")}

    def look() -> Params:
        found: Params = store.describe_group(**names)
        unstable = {"ResponseMetadata", "UpdatedAt", "Revision"}
        return {key: value for key, value in found.items() if key not in unstable}

    changes = [
        Change(_set("displayName", "Changed"), {"DisplayName": "Changed"}),
        Change(_set("description", "After"), {"Description": "After"}),
        Change(_set("description"), {"Description": GONE}),
    ]
    return Changing(store.update_group, names, look, changes)


def _update_store(world: World) -> Changing:
    store, names = world.admin.identitystore, {"IdentityStoreId": world.store}
    base: Params = {"VpceAccessRequired": False}
    own = ["127.0.0.1", "::1"]

    def look() -> Params:
        found: Params = store.describe_identity_store(**names)
        del found["ResponseMetadata"]
        return found

    configurations = [
        base | {"ApiAllowSourceIps": own},
        base | {"ApiAllowSourceIps": [*own, "192.0.2.0/24"]},
        base | {"ApiAllowSourceIps": own, "ScimAllowSourceIps": ["198.51.100.7"]},
        base | {"ScimAllowSourceIps": ["2001:db8::/32"]},
    ]
    changes = same(*({"NetworkConfiguration": one} for one in configurations))
    # Leaving it out leaves it.
    changes.append(Change({}, {}))
    return Changing(store.update_identity_store, names, look, changes)


CHANGING: dict[str, Callable[[World], Changing]] = {
    "UpdatePermissionSet": _update_permission_set,
    "PutInlinePolicyToPermissionSet": _put_inline_policy,
    "PutPermissionsBoundaryToPermissionSet": _put_boundary,
    "UpdateInstance": _update_instance,
    "UpdateInstanceAccessControlAttributeConfiguration": _update_attributes,
    "UpdateApplication": _update_application,
    "PutApplicationAssignmentConfiguration": _put_assignment_configuration,
    "PutApplicationSessionConfiguration": _put_session_configuration,
    "PutApplicationAuthenticationMethod": _put_method,
    "PutApplicationGrant": _put_grant,
    "PutApplicationAccessScope": _put_scope,
    "UpdateTrustedTokenIssuer": _update_issuer,
    "UpdateUser": _update_user,
    "UpdateGroup": _update_group,
    "UpdateIdentityStore": _update_store,
}
