"""Applications: create, describe, list, update, delete (reference §5.2, §15.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from genkan.applications import (
    assignments,
    authentication_methods,
    grants,
    issuers,
    providers,
    scopes,
    sessions,
    store,
)
from genkan.applications.access import (
    creating_application,
    creating_issuer,
    maker,
    on_application,
    on_catalogue,
    on_instance,
    on_instance_by_members,
    on_issuer,
    on_provider,
)
from genkan.applications.idempotence import digest_of, made_before
from genkan.applications.lookup import existing_application, find_application, find_issuer
from genkan.applications.portal_options import on_create, on_update
from genkan.applications.records import Application, TrustedTokenIssuer
from genkan.applications.subscribers import (
    on_group_deleted,
    on_instance_deleted,
    on_user_deleted,
)
from genkan.applications.tags import set_tags, tags_of
from genkan.core import arns, ids
from genkan.core.call import Operation
from genkan.core.errors import QuotaExceeded
from genkan.core.pages import open_token, page_of
from genkan.db.database import Row, Tx
from genkan.instances import operations as instances
from genkan.instances.records import Instance
from genkan.instances.tags import read_tags

__all__ = [
    "OPERATIONS",
    "Application",
    "TrustedTokenIssuer",
    "find_application",
    "find_issuer",
    "on_group_deleted",
    "on_instance_deleted",
    "on_user_deleted",
    "set_tags",
    "tags_of",
]

_PAGE = 50

Answer = dict[str, Any]


def create_application(
    tx: Tx,
    *,
    instance_arn: str,
    application_provider_arn: str,
    name: str,
    description: str = "",
    portal_options: Mapping[str, Any] | None = None,
    tags: Sequence[Mapping[str, str]] = (),
    status: str = "ENABLED",
    client_token: str | None = None,
    application_id: str | None = None,
    application_account: str | None = None,
    created_from: str | None = None,
) -> Answer:
    """CreateApplication: of a provider in the catalogue; names need not be unique.

    The last three are for seeds: who asks otherwise tells them by the call itself.
    """
    instance = instances.required_instance(tx, instance_arn)
    account_id = application_account or maker(tx.call, instance.owner_account_id)
    request_digest = digest_of(
        application_provider_arn=application_provider_arn,
        name=name,
        description=description,
        portal_options=portal_options,
        tags=tags,
        status=status,
    )
    answer = {"instance_arn": instance.arn, "identity_store_arn": instance.identity_store_arn}
    if client_token is not None:
        made = store.application_of_token(tx, instance.instance_id, account_id, client_token)
        before = made_before(made, request_digest)
        if before is not None:
            return {"application_arn": before, **answer}
    providers.require_provider(application_provider_arn)
    visibility, sign_in_options = on_create(portal_options or {})
    limit = tx.deployment.quotas.applications
    if store.count_applications(tx, instance.instance_id) >= limit:
        raise QuotaExceeded(f"An instance has at most {limit} applications.")
    application = Application(
        application_id=application_id or ids.application_id(),
        instance_id=instance.instance_id,
        application_account=account_id,
        application_provider_arn=application_provider_arn,
        name=name,
        description=description,
        status=status,
        visibility=visibility,
        sign_in_options=sign_in_options,
        assignment_required=True,
        background_sessions=sessions.DEFAULT,
        tags=read_tags(tags),
        created_from=created_from or tx.call.region,
        created_at=tx.now,
    )
    store.insert_application(tx, application, client_token, request_digest)
    return {"application_arn": application.application_arn, **answer}


def describe_application(tx: Tx, *, application_arn: str) -> Answer:
    """DescribeApplication."""
    application = existing_application(tx, application_arn)
    instance = instances.required_instance(tx, application.instance_arn)
    return _shape(application, instance.identity_store_arn)


def list_applications(
    tx: Tx,
    *,
    instance_arn: str,
    filter: Mapping[str, str] | None = None,
    max_results: int = _PAGE,
    next_token: str | None = None,
) -> Answer:
    """ListApplications, fifty a page at most; members ask for those of their own account only."""
    instance = instances.required_instance(tx, instance_arn)
    account_id = (filter or {}).get("application_account")
    provider_arn = (filter or {}).get("application_provider")
    query = f"ListApplications:{instance_arn}:{account_id}:{provider_arn}"
    after = open_token(tx.vault, query, next_token)
    limit = min(max_results, _PAGE)
    rows = store.page_of_applications(
        tx, instance.instance_id, account_id, provider_arn, after, limit + 1
    )
    page = page_of(tx.vault, query, rows, limit, lambda row: str(row[0]))
    return {
        "applications": [_listed(row, instance) for row in page.items],
        "next_token": page.next_token,
    }


def update_application(
    tx: Tx,
    *,
    application_arn: str,
    name: str | None = None,
    description: str | None = None,
    status: str | None = None,
    portal_options: Mapping[str, Any] | None = None,
) -> Answer:
    """UpdateApplication: what is not sent stays; of the portal options the sign-in options."""
    found = existing_application(tx, application_arn)
    store.update_application(
        tx,
        replace(
            found,
            name=found.name if name is None else name,
            description=found.description if description is None else description,
            status=found.status if status is None else status,
            sign_in_options=on_update(found.sign_in_options, portal_options or {}),
        ),
    )
    return {}


def delete_application(tx: Tx, *, application_arn: str) -> Answer:
    """DeleteApplication with its assignments, scopes, authentication methods and grants."""
    found = existing_application(tx, application_arn)
    store.delete_application(tx, found.application_id)
    return {}


def _shape(application: Application, identity_store_arn: str) -> Answer:
    return {
        "application_arn": application.application_arn,
        "application_provider_arn": application.application_provider_arn,
        "name": application.name,
        "application_account": application.application_account,
        "instance_arn": application.instance_arn,
        "identity_store_arn": identity_store_arn,
        "status": application.status,
        "portal_options": {
            "sign_in_options": application.sign_in_options or None,
            "visibility": application.visibility,
        },
        "description": application.description or None,
        "created_date": application.created_at,
        "created_from": application.created_from,
    }


def _listed(row: Row, instance: Instance) -> Answer:
    """What `_shape` says, of a row of `store.page_of_applications`."""
    application_id, account_id, provider_arn, name, description, status, visibility, *rest = row
    options, created_from, created_at = rest
    return {
        "application_arn": arns.application(account_id, instance.instance_id, application_id),
        "application_provider_arn": provider_arn,
        "name": name,
        "application_account": account_id,
        "instance_arn": instance.arn,
        "identity_store_arn": instance.identity_store_arn,
        "status": status,
        "portal_options": {
            "sign_in_options": store.read_options(options) or None,
            "visibility": visibility,
        },
        "description": description or None,
        "created_date": created_at,
        "created_from": created_from,
    }


_CLIENT_TOKEN = frozenset({"client_token"})

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="ListApplicationProviders",
        run=providers.list_application_providers,
        access=on_catalogue("ListApplicationProviders"),
        reads="point",
    ),
    Operation(
        name="DescribeApplicationProvider",
        run=providers.describe_application_provider,
        access=on_provider("DescribeApplicationProvider"),
        reads="point",
    ),
    Operation(
        name="CreateApplication",
        run=create_application,
        access=creating_application("CreateApplication"),
        secret=_CLIENT_TOKEN,
    ),
    Operation(
        name="ListApplications",
        run=list_applications,
        access=on_instance_by_members("ListApplications", lambda by: by.get("application_account")),
        reads="point",
    ),
    Operation(
        name="ListApplicationAssignmentsForPrincipal",
        run=assignments.list_application_assignments_for_principal,
        access=on_instance_by_members(
            "ListApplicationAssignmentsForPrincipal", assignments.account_asked_for
        ),
        reads="point",
    ),
    Operation(
        name="CreateTrustedTokenIssuer",
        run=issuers.create_trusted_token_issuer,
        access=creating_issuer("CreateTrustedTokenIssuer"),
        secret=_CLIENT_TOKEN,
    ),
    Operation(
        name="ListTrustedTokenIssuers",
        run=issuers.list_trusted_token_issuers,
        access=on_instance("ListTrustedTokenIssuers"),
        reads="point",
    ),
    Operation(
        name="DescribeTrustedTokenIssuer",
        run=issuers.describe_trusted_token_issuer,
        access=on_issuer("DescribeTrustedTokenIssuer"),
        reads="point",
    ),
    Operation(
        name="UpdateTrustedTokenIssuer",
        run=issuers.update_trusted_token_issuer,
        access=on_issuer("UpdateTrustedTokenIssuer"),
    ),
    Operation(
        name="DeleteTrustedTokenIssuer",
        run=issuers.delete_trusted_token_issuer,
        access=on_issuer("DeleteTrustedTokenIssuer"),
    ),
    *(
        Operation(name=name, run=run, access=on_application(name), reads="point")
        for name, run in (
            ("DescribeApplication", describe_application),
            ("DescribeApplicationAssignment", assignments.describe_application_assignment),
            ("ListApplicationAssignments", assignments.list_application_assignments),
            ("GetApplicationAssignmentConfiguration", assignments.get_configuration),
            ("GetApplicationSessionConfiguration", sessions.get_configuration),
            ("GetApplicationAccessScope", scopes.get_application_access_scope),
            ("ListApplicationAccessScopes", scopes.list_application_access_scopes),
            (
                "GetApplicationAuthenticationMethod",
                authentication_methods.get_application_authentication_method,
            ),
            (
                "ListApplicationAuthenticationMethods",
                authentication_methods.list_application_authentication_methods,
            ),
            ("GetApplicationGrant", grants.get_application_grant),
            ("ListApplicationGrants", grants.list_application_grants),
        )
    ),
    *(
        Operation(name=name, run=run, access=on_application(name))
        for name, run in (
            ("UpdateApplication", update_application),
            ("DeleteApplication", delete_application),
            ("CreateApplicationAssignment", assignments.create_application_assignment),
            ("DeleteApplicationAssignment", assignments.delete_application_assignment),
            ("PutApplicationAssignmentConfiguration", assignments.put_configuration),
            ("PutApplicationSessionConfiguration", sessions.put_configuration),
            ("PutApplicationAccessScope", scopes.put_application_access_scope),
            ("DeleteApplicationAccessScope", scopes.delete_application_access_scope),
            (
                "PutApplicationAuthenticationMethod",
                authentication_methods.put_application_authentication_method,
            ),
            (
                "DeleteApplicationAuthenticationMethod",
                authentication_methods.delete_application_authentication_method,
            ),
            ("PutApplicationGrant", grants.put_application_grant),
            ("DeleteApplicationGrant", grants.delete_application_grant),
        )
    ),
)
