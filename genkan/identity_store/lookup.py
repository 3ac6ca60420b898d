"""`AlternateIdentifier`: finding a user or group by an external id or a unique attribute (§2.3)."""

from collections.abc import Mapping
from typing import Any

from genkan.core.errors import Invalid
from genkan.db.database import Tx
from genkan.identity_store import store
from genkan.identity_store.documents import plain, string
from genkan.identity_store.folding import fold


def user_id_by(tx: Tx, identity_store_id: str, identifier: Mapping[str, Any]) -> str | None:
    """The user's id by `ExternalId`, or by `userName` or `emails.value`, paths in any case."""
    if "external_id" in identifier:
        return _by_external_id(tx, identity_store_id, "USER", identifier["external_id"])
    path, value = _unique_attribute(identifier)
    if path == "username":
        return store.user_id_by_name(tx, identity_store_id, fold(value))
    if path == "emails.value":
        return store.user_id_by_email(tx, identity_store_id, fold(value))
    raise _not_unique(identifier)


def group_id_by(tx: Tx, identity_store_id: str, identifier: Mapping[str, Any]) -> str | None:
    """The group's id by `ExternalId` or by `displayName`."""
    if "external_id" in identifier:
        return _by_external_id(tx, identity_store_id, "GROUP", identifier["external_id"])
    path, value = _unique_attribute(identifier)
    if path == "displayname":
        return store.group_id_by_name(tx, identity_store_id, fold(value))
    raise _not_unique(identifier)


def folded_filter(filters: list[Mapping[str, str]] | None, attribute: str) -> str | None:
    """The folded value of the one equality filter on `attribute` that a list takes, or None."""
    if not filters:
        return None
    if len(filters) > 1 or plain(filters[0]["attribute_path"]) != plain(attribute):
        raise Invalid(f"The only supported filter is one on the attribute path {attribute}.")
    return fold(filters[0]["attribute_value"])


def _by_external_id(
    tx: Tx, identity_store_id: str, resource_type: str, external_id: Mapping[str, str]
) -> str | None:
    return store.resource_id_by_external_id(
        tx, identity_store_id, resource_type, external_id["issuer"], external_id["id"]
    )


def _unique_attribute(identifier: Mapping[str, Any]) -> tuple[str, str]:
    attribute = identifier["unique_attribute"]
    path = attribute["attribute_path"]
    return path.lower(), string(path, attribute["attribute_value"])


def _not_unique(identifier: Mapping[str, Any]) -> Invalid:
    path = identifier["unique_attribute"]["attribute_path"]
    return Invalid(f"The attribute path {path} does not identify anything uniquely.")
