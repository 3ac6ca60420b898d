"""The largest call of every operation of sso-admin and identitystore, made from botocore's model.

Every optional member is there, lists have several elements, strings are as long as they may be.
What only means something when it names something is in `MEANINGS`; what cannot be sent together,
or cannot be true here, is in `APART` and `LEFT_OUT` with the reason.
"""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.model import Shape

from tests.fronts.aws.samples import keys_of, sample
from tests.fronts.aws.samples_applications import ACTOR_POLICY, CUSTOM, issuer
from tests.fronts.aws.values import facts, longest
from tests.fronts.aws.wire import service_model
from tests.fronts.aws.world import INLINE, READ_ONLY, Clients, World

Params = dict[str, Any]
#: A value by the world and the number of the element it is in.
Meaning = Callable[[World, int], Any]
ENTERPRISE = "aws:identitystore:enterprise"
#: How ARNs of what an identity store has begin.
IDS = "arn:aws:identitystore:"
LONG = "x" * 1024
POLICY = INLINE.ljust(32_768)
_EXTENSION = {
    **dict.fromkeys(("employeeNumber", "costCenter", "organization", "division"), "é名" * 512),
    "department": LONG,
    "manager": {"value": LONG},
}
_ACTORS = {
    "Version": "2012-10-17",
    "Id": "whole",
    "Statement": [
        {
            **ACTOR_POLICY["Statement"][0],
            "Sid": f"Statement{number}",
            "Action": ["sso-oauth:CreateTokenWithIAM", "sso-oauth:IntrospectTokenWithIAM"],
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["a", "b"]}},
        }
        for number in range(2)
    ],
}
#: All paths that UpdateUser changes (reference §2.5), one attribute each.
USER_CHANGES: Params = {
    "userName": "u" * 128,
    "displayName": "é" * 1024,
    **{
        f"name.{part}": f"{part}名 ".ljust(1024, "x")
        for part in (
            "formatted",
            "familyName",
            "givenName",
            "middleName",
            "honorificPrefix",
            "honorificSuffix",
        )
    },
    **{
        name: f"{name}\u3000½".ljust(1024, "z")
        for name in (
            "nickName",
            "profileUrl",
            "userType",
            "title",
            "preferredLanguage",
            "locale",
            "timezone",
            "website",
        )
    },
    "birthdate": "1999-12-31",
    "emails": [{"value": "v" * 1024, "type": "work", "primary": True}],
    "addresses": [
        {
            **dict.fromkeys(("streetAddress", "locality", "region", "postalCode"), LONG),
            **dict.fromkeys(("country", "formatted", "type"), LONG),
            "primary": True,
        }
    ],
    "phoneNumbers": [{"value": LONG, "type": LONG, "primary": True}],
    "roles": [{"value": LONG, "type": LONG, "primary": False}],
    "photos": [
        {"value": f"{at}{LONG[1:]}", "type": LONG, "display": LONG, "primary": at == 0}
        for at in range(3)
    ],
    "externalIds": [{"issuer": f"{at}" * 256, "id": "é" * 256} for at in range(10)],
    **{f"{ENTERPRISE}.{name}": value for name, value in _EXTENSION.items() if name != "manager"},
    f"{ENTERPRISE}.manager.value": LONG,
}

#: Shapes whose values only mean something when they name something: as in the sample.
NAMES = {
    "InstanceArn",
    "PermissionSetArn",
    "ApplicationArn",
    "TrustedTokenIssuerArn",
    "ApplicationProviderArn",
    "TaggableResourceArn",
    "AccountId",
    "TargetId",
    "TargetType",
    "ProvisionTargetType",
    "PrincipalId",
    "PrincipalType",
    "UUId",
    "ManagedPolicyArn",
    "RegionName",
    "GrantType",
    "AuthenticationMethodType",
    "IdentityStoreId",
    "ResourceId",
}
MEANINGS: dict[str, Meaning] = {
    # --- by the shape
    "Duration": lambda w, n: "PT11H59M59S",
    "ApplicationStatus": lambda w, n: "DISABLED",
    "ApplicationVisibility": lambda w, n: "DISABLED",
    "SignInOrigin": lambda w, n: "APPLICATION",
    "StatusValues": lambda w, n: "SUCCEEDED",
    "PermissionSetPolicyDocument": lambda w, n: POLICY,
    "ActorPolicyDocument": lambda w, n: _ACTORS,
    "URI": lambda w, n: f"https://app.example.com/callback/{n}",
    "JMESPath": lambda w, n: "externalIds.value",
    "AccessControlAttributeValueSource": lambda w, n: (
        "${path:" + ("userType", "name.familyName")[n % 2] + "}"
    ),
    "ScopeTargets": lambda w, n: [w.instance, w.more["application"]],
    "ExtensionName": lambda w, n: ENTERPRISE,
    "ExtensionNames": lambda w, n: [ENTERPRISE],
    "Extensions": lambda w, n: {ENTERPRISE: _EXTENSION},
    # --- by the place
    "TagResource.InstanceArn": lambda w, n: w.instance,
    "UntagResource.InstanceArn": lambda w, n: w.instance,
    "ListTagsForResource.InstanceArn": lambda w, n: w.instance,
    "ListAccountAssignmentsForPrincipal.Filter.AccountId": lambda w, n: w.account(
        "sakura-data-prod"
    ),
    "ListApplicationAssignmentsForPrincipal.Filter.ApplicationArn": lambda w, n: w.more[
        "application"
    ],
    "ListApplications.Filter.ApplicationAccount": lambda w, n: w.management,
    "ListApplications.Filter.ApplicationProvider": lambda w, n: CUSTOM,
    "DetachCustomerManagedPolicyReferenceFromPermissionSet.CustomerManagedPolicyReference": (
        lambda w, n: {"Name": "Mine", "Path": "/team/"}
    ),
    "PutPermissionsBoundaryToPermissionSet.PermissionsBoundary.ManagedPolicyArn": (
        lambda w, n: READ_ONLY
    ),
    "PutApplicationGrant.Grant.JwtBearer.AuthorizedTokenIssuers.TrustedTokenIssuerArn": (
        lambda w, n: w.more[("issuer", "second issuer")[n % 2]]
    ),
    **{
        f"{operation}.Scope": lambda w, n: w.more["max scope"]
        for operation in ("GetApplicationAccessScope", "DeleteApplicationAccessScope")
    },
    "UntagResource.TagKeys": lambda w, n: ["team", "absent"],
    "UpdateInstance.EncryptionConfiguration.KeyType": lambda w, n: "AWS_OWNED_KMS_KEY",
    "UpdateInstance.NetworkConfiguration": lambda w, n: {
        "VpceAccessRequired": False,
        "RestrictSourceVpcs": [],
        "AllowSourceIps": [],
        "ExcludeApplicationArns": [],
    },
    "UpdateIdentityStore.NetworkConfiguration": lambda w, n: {
        "VpceAccessRequired": False,
        "ApiAllowSourceIps": ["127.0.0.0/8", "::1/128", "10.0.0.0/8"],
        "ScimAllowSourceIps": ["192.0.2.1", "2001:db8::/32"],
    },
    "CreateUser.Birthdate": lambda w, n: "1990-02-28",
    "CreateUser.Photos.Primary": lambda w, n: n == 0,
    "GetUserId.AlternateIdentifier.UniqueAttribute": lambda w, n: {
        "AttributePath": "emails.value",
        "AttributeValue": "m@example.com".rjust(1024, "m"),
    },
    "GetUserId.AlternateIdentifier.ExternalId": lambda w, n: {"Issuer": "i" * 256, "Id": "d" * 256},
    "GetGroupId.AlternateIdentifier.UniqueAttribute": lambda w, n: {
        "AttributePath": "displayName",
        "AttributeValue": "n" * 1024,
    },
    "GetGroupId.AlternateIdentifier.ExternalId": lambda w, n: {
        "Issuer": "i" * 256,
        "Id": "d" * 256,
    },
    "ListUsers.Filters": lambda w, n: [
        {"AttributePath": "UserName", "AttributeValue": "max".ljust(128, "m")}
    ],
    "ListGroups.Filters": lambda w, n: [
        {"AttributePath": "DisplayName", "AttributeValue": "n" * 1024}
    ],
    "UpdateUser.Operations": lambda w, n: [
        {"AttributePath": path, "AttributeValue": value} for path, value in USER_CHANGES.items()
    ],
    "UpdateGroup.Operations": lambda w, n: [
        {"AttributePath": path, "AttributeValue": value}
        for path, value in (
            ("displayName", "g" * 1024),
            ("description", LONG),
            ("externalIds", USER_CHANGES["externalIds"]),
        )
    ],
    "IsMemberInGroups.GroupIds": lambda w, n: [
        f"{IDS}::group/{w.groups[name]}" for name in ("Auditors", "Developers")
    ],
    **{
        f"{operation}{kind}.Revision": lambda w, n, kind=kind, operation=operation: revision(
            w, kind, sample(w, "identitystore", f"{operation}{kind}")
        )
        for operation in ("Update", "Delete")
        for kind in ("User", "Group")
    },
}
#: Members of which one call can have one only; each stands in a call of its own.
APART: dict[str, tuple[str, ...]] = {
    # Exactly one of the two (reference §3.1).
    "PutPermissionsBoundaryToPermissionSet": (
        "PermissionsBoundary.ManagedPolicyArn",
        "PermissionsBoundary.CustomerManagedPolicyReference",
    ),
    # One user or group has a name: there is no second page.
    "ListUsers": ("Filters", "NextToken"),
    "ListGroups": ("Filters", "NextToken"),
}
LEFT_OUT = {
    "UpdateInstance.EncryptionConfiguration.KmsKeyArn": "not with a key that AWS owns (§1.5)",
    "UpdateIdentityStore.NetworkConfiguration.ApiRestrictSourceVpcs": "there is no VPC here",
    # Filters that leave one row, and lists of one.
    "ListInstances.NextToken": "there is one instance",
    "ListApplicationProviders.NextToken": "there is one provider",
    "ListIdentityStores.NextToken": "there is one identity store",
    "ListAccountAssignmentsForPrincipal.NextToken": "one assignment is in that account",
    "ListApplicationAssignmentsForPrincipal.NextToken": "one assignment is to that application",
    "ListApplicationAuthenticationMethods.NextToken": "there is one kind of method",
    "ListApplicationGrants.NextToken": "all kinds of grants are on one page",
    "ListTagsForResource.NextToken": "all tags are on one page",
}
GRANTS = {
    "AuthorizationCode": "authorization_code",
    "JwtBearer": "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "RefreshToken": "refresh_token",
    "TokenExchange": "urn:ietf:params:oauth:grant-type:token-exchange",
}


def furnish_maximal(world: World) -> World:
    """Make what the largest calls name beyond what samples do."""
    sso, store = world.admin.sso_admin, world.admin.identitystore
    made = sso.create_trusted_token_issuer(**issuer(world, "second"))
    world.more["second issuer"] = made["TrustedTokenIssuerArn"]
    scope = service_model("sso-admin").shape_for("Scope")
    world.more["max scope"] = longest(scope)
    for more in ({"Scope": world.more["max scope"]}, {"Scope": "third:read"}):
        sso.put_application_access_scope(
            ApplicationArn=world.more["application"],
            **more,
            AuthorizedTargets=[world.instance],
        )
    # A second row for each list.
    target = {"InstanceArn": world.instance, "PermissionSetArn": world.more["spare"]}
    sso.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=READ_ONLY)
    sso.attach_customer_managed_policy_reference_to_permission_set(
        **target, CustomerManagedPolicyReference={"Name": "Second"}
    )
    world.join(world.groups["Auditors"], world.users["ken"])
    world.join(world.groups["Developers"], world.users["maria"])
    at = {"IdentityStoreId": world.store}
    long = world.user("max".ljust(128, "m"))
    external = [{"issuer": "i" * 256, "id": "d" * 256}]
    store.update_user(
        **at,
        UserId=long,
        Operations=[
            {
                "AttributePath": "emails",
                "AttributeValue": [{"value": "m@example.com".rjust(1024, "m"), "primary": True}],
            },
            {"AttributePath": "externalIds", "AttributeValue": external},
        ],
    )
    named = world.group("n" * 1024)
    store.update_group(
        **at,
        GroupId=named,
        Operations=[{"AttributePath": "externalIds", "AttributeValue": external}],
    )
    world.more |= {"long user": long, "long group": named}
    return world


def revision(world: World, kind: str, params: Params) -> str:
    """The revision of a user or group as it stands."""
    named = {name: params[name] for name in ("IdentityStoreId", f"{kind}Id")}
    found: str = getattr(world.admin.identitystore, f"describe_{kind.lower()}")(**named)["Revision"]
    return found


def maximal(world: World, service: str, operation: str) -> list[Params]:
    """The largest calls: one, or one for each branch of a union and each of `APART`."""
    shape = service_model(service).operation_model(operation).input_shape
    good = sample(world, service, operation)
    makers = _Maker(world, operation).variants(shape, "", 0, good)
    calls = [_fitting(operation, params) for params in makers]
    if "NextToken" not in shape.members or f"{operation}.NextToken" in LEFT_OUT:
        return calls
    return [_paged(world, service, operation, params) for params in calls]


def _fitting(operation: str, params: Params) -> Params:
    """A grant is of the type that is said."""
    if operation == "PutApplicationGrant":
        return {**params, "GrantType": GRANTS[next(iter(params["Grant"]))]}
    return params


def _paged(world: World, service: str, operation: str, params: Params) -> Params:
    """With the token of the page before."""
    if operation in APART and "NextToken" not in params:
        return params
    client = getattr(
        Clients(world.server, keys_of(world, service, operation)), service.replace("-", "_")
    )
    first = {name: value for name, value in params.items() if name != "NextToken"}
    if "MaxResults" in first:
        first["MaxResults"] = 1
    answer = client._make_api_call(operation, first)
    return {**params, "NextToken": answer["NextToken"]}


class _Maker:
    """Fills in one operation's input."""

    def __init__(self, world: World, operation: str) -> None:
        self.world = world
        self.operation = operation

    def variants(self, shape: Shape, path: str, number: int, good: Any) -> Iterator[Any]:
        """Each value of a shape: as many as there are branches below."""
        found = self._meaning(shape, path, number, good)
        if found is not None:
            yield found[0]
        elif shape.type_name == "structure":
            yield from self._structures(shape, path, number, good if isinstance(good, dict) else {})
        elif shape.type_name == "list":
            yield self._list(shape, path)
        else:
            yield self._scalar(shape, number)

    def _meaning(self, shape: Shape, path: str, number: int, good: Any) -> tuple[Any] | None:
        for name in (f"{self.operation}.{path}", shape.name):
            if name in MEANINGS:
                return (MEANINGS[name](self.world, number),)
        if shape.name in NAMES:
            assert good is not None, f"{self.operation}.{path} has no meaning"
            return (self._in_full(shape, path, good),)
        return None

    def _in_full(self, shape: Shape, path: str, name: str) -> str:
        """What has a short name and an ARN by its ARN."""
        if shape.name == "IdentityStoreId":
            return f"{IDS}:{self.world.management}:identitystore/{name}"
        if shape.name == "ResourceId":
            kind = path.rpartition(".")[2].removesuffix("Id").lower()
            return f"{IDS}::{kind}/{name}"
        return name

    def _structures(self, shape: Shape, path: str, number: int, good: Params) -> Iterator[Params]:
        names = [name for name in shape.members if self._key(path, name) not in LEFT_OUT]
        apart = [
            way.removeprefix(f"{path}.").partition(".")[0] if path else way
            for way in APART.get(self.operation, ())
            if way.rpartition(".")[0] == path
        ]
        branches = names if shape.is_tagged_union else apart or [""]
        for branch in branches:
            kept = (
                [branch]
                if shape.is_tagged_union
                else [name for name in names if name == branch or name not in apart]
            )
            yield from self._filled(shape, path, number, good, kept)

    def _filled(
        self, shape: Shape, path: str, number: int, good: Params, names: list[str]
    ) -> Iterator[Params]:
        filled: list[Params] = [{}]
        for name in names:
            inner = f"{path}.{name}" if path else name
            values = list(self.variants(shape.members[name], inner, number, good.get(name)))
            filled = [{**params, name: value} for params in filled for value in values]
        yield from filled

    def _list(self, shape: Shape, path: str) -> list[Any]:
        size = min(3 if "AuthorizedTokenIssuers" not in path else 2, facts(shape).get("max", 3))
        if path.endswith("AuthorizedAudiences"):
            size = 10
        return [next(self.variants(shape.member, path, number, None)) for number in range(size)]

    def _scalar(self, shape: Shape, number: int) -> Any:
        if shape.type_name == "string":
            return "AAAA" if shape.name in ("Token", "NextToken") else longest(shape, number)
        return {"boolean": True, "integer": facts(shape).get("max")}[shape.type_name]

    def _key(self, path: str, name: str) -> str:
        return ".".join(part for part in (self.operation, path, name) if part)
