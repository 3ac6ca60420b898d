"""One good request for every operation of applications; `samples` gathers it with the others."""

from collections.abc import Callable
from typing import Any

from tests.fronts.aws.world import World

Params = dict[str, Any]

CUSTOM = "arn:aws:sso::aws:applicationProvider/custom"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ACTOR_POLICY: Params = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "sso-oauth:CreateTokenWithIAM",
            "Resource": "*",
        }
    ],
}


def furnish_applications(world: World) -> None:
    """Make the applications and issuers that samples spend."""
    sso = world.admin.sso_admin
    made = {}
    for name in ("application", "bare_application", "doomed_application"):
        made[name] = sso.create_application(
            InstanceArn=world.instance, ApplicationProviderArn=CUSTOM, Name=name
        )["ApplicationArn"]
    for name in ("issuer", "doomed_issuer"):
        made[name] = sso.create_trusted_token_issuer(**issuer(world, name))["TrustedTokenIssuerArn"]
    world.more |= made
    for spent in ("kept", "spent"):
        sso.put_application_access_scope(ApplicationArn=made["application"], Scope=f"{spent}:read")
    for grant_type in ("refresh_token", "authorization_code"):
        member = {"refresh_token": "RefreshToken", "authorization_code": "AuthorizationCode"}
        sso.put_application_grant(
            ApplicationArn=made["application"],
            GrantType=grant_type,
            Grant={member[grant_type]: {}},
        )
    sso.put_application_authentication_method(**_method(world))
    for user in ("ken", "maria"):
        sso.create_application_assignment(**_assignment(world, user))
    sso.create_application_assignment(
        **{**_assignment(world, "ken"), "ApplicationArn": made["bare_application"]}
    )


def issuer(world: World, name: str) -> Params:
    """What makes a trusted token issuer."""
    return {
        "InstanceArn": world.instance,
        "Name": name,
        "TrustedTokenIssuerType": "OIDC_JWT",
        "TrustedTokenIssuerConfiguration": {
            "OidcJwtConfiguration": {
                "IssuerUrl": f"https://{name}.example.com",
                "ClaimAttributePath": "email",
                "IdentityStoreAttributePath": "emails.value",
                "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
            }
        },
    }


def _app(world: World, name: str = "application", **more: Any) -> Params:
    invented = f"{_prefix(world, 'application')}/apl-0123456789abcdef"
    return {"ApplicationArn": world.more.get(name, invented), **more}


def _issuer(world: World, name: str = "issuer", **more: Any) -> Params:
    invented = f"{_prefix(world, 'trustedTokenIssuer')}/tti-00000000-0000-0000-0000-000000000000"
    return {"TrustedTokenIssuerArn": world.more.get(name, invented), **more}


def _prefix(world: World, kind: str) -> str:
    """Where nothing was furnished an ARN only has to name the instance."""
    return f"arn:aws:sso::{world.management}:{kind}/{world.instance.rpartition('/')[2]}"


def _assignment(world: World, user: str) -> Params:
    return _app(world, PrincipalId=world.users[user], PrincipalType="USER")


def _method(world: World) -> Params:
    return _app(
        world,
        AuthenticationMethodType="IAM",
        AuthenticationMethod={"Iam": {"ActorPolicy": ACTOR_POLICY}},
    )


def _in(world: World, **more: Any) -> Params:
    return {"InstanceArn": world.instance, **more}


SAMPLES: dict[str, Callable[[World], Params]] = {
    "ListApplicationProviders": lambda w: {},
    "DescribeApplicationProvider": lambda w: {"ApplicationProviderArn": CUSTOM},
    "CreateApplication": lambda w: _in(w, ApplicationProviderArn=CUSTOM, Name="Fresh"),
    "DescribeApplication": _app,
    "UpdateApplication": lambda w: _app(w, Description="Changed"),
    "DeleteApplication": lambda w: _app(w, "doomed_application"),
    "ListApplications": _in,
    "CreateApplicationAssignment": lambda w: _assignment(w, "alex"),
    "DescribeApplicationAssignment": lambda w: _assignment(w, "ken"),
    "DeleteApplicationAssignment": lambda w: _assignment(w, "maria"),
    "ListApplicationAssignments": _app,
    "ListApplicationAssignmentsForPrincipal": lambda w: _in(
        w, PrincipalId=w.users["ken"], PrincipalType="USER"
    ),
    "PutApplicationAssignmentConfiguration": lambda w: _app(w, AssignmentRequired=False),
    "GetApplicationAssignmentConfiguration": _app,
    "PutApplicationSessionConfiguration": lambda w: _app(
        w, UserBackgroundSessionApplicationStatus="ENABLED"
    ),
    "GetApplicationSessionConfiguration": _app,
    "PutApplicationAccessScope": lambda w: _app(
        w, Scope="fresh:read", AuthorizedTargets=[w.instance]
    ),
    "GetApplicationAccessScope": lambda w: _app(w, Scope="kept:read"),
    "DeleteApplicationAccessScope": lambda w: _app(w, Scope="spent:read"),
    "ListApplicationAccessScopes": _app,
    "PutApplicationAuthenticationMethod": _method,
    "GetApplicationAuthenticationMethod": lambda w: _app(w, AuthenticationMethodType="IAM"),
    "DeleteApplicationAuthenticationMethod": lambda w: _app(
        w, "bare_application", AuthenticationMethodType="IAM"
    ),
    "ListApplicationAuthenticationMethods": _app,
    "PutApplicationGrant": lambda w: _app(
        w,
        GrantType=JWT_BEARER,
        Grant={
            "JwtBearer": {
                "AuthorizedTokenIssuers": [
                    {**_issuer(w), "AuthorizedAudiences": ["https://app.example.com"]}
                ]
            }
        },
    ),
    "GetApplicationGrant": lambda w: _app(w, GrantType="refresh_token"),
    "DeleteApplicationGrant": lambda w: _app(w, GrantType="authorization_code"),
    "ListApplicationGrants": _app,
    "CreateTrustedTokenIssuer": lambda w: issuer(w, "fresh"),
    "DescribeTrustedTokenIssuer": _issuer,
    "UpdateTrustedTokenIssuer": lambda w: _issuer(w, Name="Renamed"),
    "DeleteTrustedTokenIssuer": lambda w: _issuer(w, "doomed_issuer"),
    "ListTrustedTokenIssuers": _in,
}
