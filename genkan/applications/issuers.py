"""Trusted token issuers: whose tokens applications may exchange (reference §5.6).

The issuer's URL is never fetched here, so a mistake in it shows when a token is exchanged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from genkan.applications import store
from genkan.applications.access import maker
from genkan.applications.idempotence import digest_of, made_before
from genkan.applications.lookup import existing_issuer
from genkan.applications.records import TrustedTokenIssuer
from genkan.core import ids
from genkan.core.errors import Conflict, Invalid, QuotaExceeded
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.instances import operations as instances
from genkan.instances.tags import read_tags

ISSUER_LIMIT = 10
"""Trusted token issuers of one instance (reference §12)."""

OIDC_JWT = "OIDC_JWT"
IDENTITY_STORE_ATTRIBUTES = frozenset({"userName", "emails.value", "externalIds.value"})
"""What identifies one user of the identity store (reference §5.6)."""

_DISCOVERY = "/.well-known/openid-configuration"

Answer = dict[str, Any]


def create_trusted_token_issuer(
    tx: Tx,
    *,
    instance_arn: str,
    name: str,
    trusted_token_issuer_type: str,
    trusted_token_issuer_configuration: Mapping[str, Any],
    client_token: str | None = None,
    tags: Sequence[Mapping[str, str]] = (),
    issuer_id: str | None = None,
    issuer_account: str | None = None,
) -> Answer:
    """CreateTrustedTokenIssuer: at most ten of an instance, each URL once.

    The last two are for seeds: who asks otherwise tells them by the call itself.
    """
    instance = instances.required_instance(tx, instance_arn)
    account_id = issuer_account or maker(tx.call, instance.owner_account_id)
    request_digest = digest_of(
        name=name,
        trusted_token_issuer_type=trusted_token_issuer_type,
        trusted_token_issuer_configuration=trusted_token_issuer_configuration,
        tags=tags,
    )
    if client_token is not None:
        made = store.issuer_of_token(tx, instance.instance_id, account_id, client_token)
        before = made_before(made, request_digest)
        if before is not None:
            return {"trusted_token_issuer_arn": before}
    configuration = trusted_token_issuer_configuration["oidc_jwt_configuration"]
    check_configuration(configuration)
    issuer = TrustedTokenIssuer(
        issuer_id=issuer_id or ids.trusted_token_issuer_id(),
        instance_id=instance.instance_id,
        account_id=account_id,
        name=name,
        tags=read_tags(tags),
        created_at=tx.now,
        **configuration,
    )
    _check_free(tx, issuer)
    store.insert_issuer(tx, issuer, client_token, request_digest)
    return {"trusted_token_issuer_arn": issuer.arn}


def describe_trusted_token_issuer(tx: Tx, *, trusted_token_issuer_arn: str) -> Answer:
    """DescribeTrustedTokenIssuer."""
    issuer = existing_issuer(tx, trusted_token_issuer_arn)
    return {
        **_metadata(issuer),
        "trusted_token_issuer_configuration": {"oidc_jwt_configuration": issuer.configuration},
    }


def list_trusted_token_issuers(
    tx: Tx, *, instance_arn: str, max_results: int = 100, next_token: str | None = None
) -> Answer:
    """ListTrustedTokenIssuers: without their configuration."""
    instance = instances.required_instance(tx, instance_arn)
    query = f"ListTrustedTokenIssuers:{instance_arn}"
    after = open_token(tx.vault, query, next_token)
    rows = store.page_of_issuers(tx, instance.instance_id, after, max_results + 1)
    page = page_of(tx.vault, query, rows, max_results, lambda row: row.issuer_id)
    return {
        "trusted_token_issuers": [_metadata(row) for row in page.items],
        "next_token": page.next_token,
    }


def update_trusted_token_issuer(
    tx: Tx,
    *,
    trusted_token_issuer_arn: str,
    name: str | None = None,
    trusted_token_issuer_configuration: Mapping[str, Any] | None = None,
) -> Answer:
    """UpdateTrustedTokenIssuer: what is not sent stays; the URL always does."""
    found = existing_issuer(tx, trusted_token_issuer_arn)
    configuration = (trusted_token_issuer_configuration or {}).get("oidc_jwt_configuration", {})
    changed = replace(found, name=found.name if name is None else name, **configuration)
    check_configuration(changed.configuration)
    store.update_issuer(tx, changed)
    return {}


def delete_trusted_token_issuer(tx: Tx, *, trusted_token_issuer_arn: str) -> Answer:
    """DeleteTrustedTokenIssuer: grants that name it stay, and give no more tokens (§15.1)."""
    store.delete_issuer(tx, existing_issuer(tx, trusted_token_issuer_arn).issuer_id)
    return {}


def check_configuration(configuration: Mapping[str, str]) -> None:
    """`Invalid` for what could never find a user, or an issuer's own keys."""
    if configuration["issuer_url"].rstrip("/").endswith(_DISCOVERY):
        raise Invalid(f"The issuer URL must not contain {_DISCOVERY}.")
    path = configuration["identity_store_attribute_path"]
    if path not in IDENTITY_STORE_ATTRIBUTES:
        raise Invalid(
            f"The identity store attribute path {path} is not one of:"
            f" {', '.join(sorted(IDENTITY_STORE_ATTRIBUTES))}."
        )


def _check_free(tx: Tx, issuer: TrustedTokenIssuer) -> None:
    if store.issuer_of_url(tx, issuer.instance_id, issuer.issuer_url) is not None:
        raise Conflict(
            f"A trusted token issuer with the issuer URL {issuer.issuer_url} already exists."
        )
    if len(store.page_of_issuers(tx, issuer.instance_id, None, ISSUER_LIMIT)) >= ISSUER_LIMIT:
        raise QuotaExceeded(f"An instance has at most {ISSUER_LIMIT} trusted token issuers.")


def _metadata(issuer: TrustedTokenIssuer) -> Answer:
    return {
        "trusted_token_issuer_arn": issuer.arn,
        "name": issuer.name,
        "trusted_token_issuer_type": OIDC_JWT,
    }
