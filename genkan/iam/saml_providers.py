"""SAML providers of an account: whose assertions its roles may trust."""

from genkan.core import arns, ids
from genkan.core.errors import Invalid, NotFound
from genkan.db.database import Tx
from genkan.iam import store
from genkan.iam.records import SamlProvider

_HUNDRED_YEARS_MS = 36_525 * 86_400_000
"""How long a provider is valid: IAM answers a date a hundred years after creation."""


def put_saml_provider(
    tx: Tx, *, account_id: str, name: str, saml_metadata_document: str
) -> SamlProvider:
    """Create the provider, or replace its metadata (CreateSAMLProvider, UpdateSAMLProvider)."""
    found = store.find_saml_provider(tx, account_id, name)
    provider = SamlProvider(
        account_id=account_id,
        name=name,
        uuid=found.uuid if found else ids.unique_id("") + ids.unique_id(""),
        metadata=saml_metadata_document,
        created_at=found.created_at if found else tx.now,
        valid_until=found.valid_until if found else tx.now + _HUNDRED_YEARS_MS,
    )
    store.put_saml_provider(tx, provider)
    return provider


def delete_saml_provider(tx: Tx, *, account_id: str, name: str) -> None:
    """Remove a provider; sessions made with it live on."""
    if not store.delete_saml_provider(tx, account_id, name):
        raise manifest_not_found(arns.saml_provider(account_id, name))


def find_saml_provider(tx: Tx, provider_arn: str) -> SamlProvider | None:
    """The provider of this ARN, or None; also None for what is not a provider's ARN."""
    try:
        parsed = arns.parse_iam(provider_arn)
    except Invalid:
        return None
    if parsed.kind != "saml-provider" or parsed.path != "/":
        return None
    return tx.remembered(
        ("iam.saml_provider", provider_arn),
        lambda: store.find_saml_provider(tx, parsed.account_id, parsed.name),
    )


def manifest_not_found(provider_arn: str) -> NotFound:
    """IAM's words for a missing SAML provider."""
    return NotFound(f"Manifest not found for arn {provider_arn}", code="NoSuchEntity")
