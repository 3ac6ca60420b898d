"""Grants: the ways in which an application may get tokens, one of each type (reference §5.3)."""

from collections.abc import Mapping
from typing import Any

from genkan.applications import store
from genkan.applications.lookup import existing_application, find_issuer, no_issuer
from genkan.applications.parts import delete_part, existing_part, list_parts
from genkan.applications.records import Application, Part
from genkan.applications.redirects import check_redirect_uri
from genkan.core.errors import Invalid
from genkan.db.database import Tx

_MEMBERS = {
    "authorization_code": "authorization_code",
    "refresh_token": "refresh_token",
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "jwt_bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange": "token_exchange",
}
"""The member of the union that each grant type has."""

_PAGE = 100

Answer = dict[str, Any]


def put_application_grant(
    tx: Tx, *, application_arn: str, grant_type: str, grant: Mapping[str, Any]
) -> Answer:
    """PutApplicationGrant: adds or replaces the grant of this type."""
    application = existing_application(tx, application_arn)
    if grant.keys() != {_MEMBERS[grant_type]}:
        raise Invalid(f"The grant is not of the type {grant_type}.")
    for uri in grant.get("authorization_code", {}).get("redirect_uris", ()):
        check_redirect_uri(uri)
    _check_issuers(tx, application, grant.get("jwt_bearer", {}))
    part = Part(name=grant_type, document=grant)
    store.put_part(tx, application.application_id, "grant", part)
    return {}


def get_application_grant(tx: Tx, *, application_arn: str, grant_type: str) -> Answer:
    """GetApplicationGrant."""
    return {"grant": existing_part(tx, application_arn, "grant", grant_type).document}


def delete_application_grant(tx: Tx, *, application_arn: str, grant_type: str) -> Answer:
    """DeleteApplicationGrant; there need not be one."""
    delete_part(tx, application_arn, "grant", grant_type)
    return {}


def list_application_grants(
    tx: Tx, *, application_arn: str, next_token: str | None = None
) -> Answer:
    """ListApplicationGrants."""
    grants, token = list_parts(tx, application_arn, "grant", _shape, _PAGE, next_token)
    return {"grants": grants, "next_token": token}


def _check_issuers(tx: Tx, application: Application, jwt_bearer: Mapping[str, Any]) -> None:
    """Each authorized issuer is named once and stands in the application's instance."""
    named: set[str] = set()
    for authorized in jwt_bearer.get("authorized_token_issuers", ()):
        arn = authorized.get("trusted_token_issuer_arn")
        if arn is None:
            raise Invalid("An authorized token issuer needs a TrustedTokenIssuerArn.")
        if arn in named:
            raise Invalid(f"The trusted token issuer {arn} is named more than once.")
        named.add(arn)
        issuer = find_issuer(tx, arn)
        if issuer is None or issuer.instance_id != application.instance_id:
            raise no_issuer(arn)


def _shape(part: Part) -> Answer:
    return {"grant_type": part.name, "grant": part.document}
