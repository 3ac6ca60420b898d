"""Tags of applications and trusted token issuers; the rules are everybody's (`instances.tags`)."""

from dataclasses import replace

from genkan.applications import store
from genkan.applications.lookup import existing_application, existing_issuer
from genkan.applications.records import Tags
from genkan.db.database import Tx


def tags_of(tx: Tx, resource_arn: str) -> Tags:
    """The tags of the application or trusted token issuer; `NotFound` when there is none."""
    if _is_application(resource_arn):
        return existing_application(tx, resource_arn).tags
    return existing_issuer(tx, resource_arn).tags


def set_tags(tx: Tx, resource_arn: str, tags: Tags) -> None:
    """Keep these tags instead of those before."""
    if _is_application(resource_arn):
        found = existing_application(tx, resource_arn)
        store.update_application(tx, replace(found, tags=tags))
    else:
        issuer = existing_issuer(tx, resource_arn)
        store.update_issuer(tx, replace(issuer, tags=tags))


def _is_application(resource_arn: str) -> bool:
    return resource_arn.split(":", 5)[5].startswith("application/")
