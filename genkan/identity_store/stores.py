"""Identity stores themselves: describe, list, update, erase."""

from collections.abc import Mapping
from typing import Any

from genkan.core import arns
from genkan.core.call import Owner, Signer
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.identity_store import network, store
from genkan.identity_store.access import find
from genkan.identity_store.groups import delete_group
from genkan.identity_store.users import delete_user

_PAGE = 100


def describe_identity_store(tx: Tx, *, identity_store_id: str) -> Mapping[str, Any]:
    """DescribeIdentityStore; without a NetworkConfiguration until one was set."""
    named = find(tx, identity_store_id)
    found = store.find_identity_store(tx, named.identity_store_id)
    configuration = dict(found.network_configuration) if found is not None else {}
    return {
        **_named(named.identity_store_id, named.owner_account_id),
        "network_configuration": configuration or None,
    }


def list_identity_stores(
    tx: Tx, *, max_results: int = _PAGE, next_token: str | None = None
) -> Mapping[str, Any]:
    """ListIdentityStores: those of the caller's account, in the order of ids."""
    caller = tx.call.caller
    account_id = caller.account_id if isinstance(caller, Signer) else None
    query = f"ListIdentityStores:{account_id}"
    after = open_token(tx.vault, query, next_token) or ""
    rows = store.list_identity_stores(tx, account_id, after, max_results + 1)
    page = page_of(tx.vault, query, rows, max_results, lambda row: row[0])
    return {
        "identity_stores": [_named(*row) for row in page.items],
        "next_token": page.next_token,
    }


def update_identity_store(
    tx: Tx, *, identity_store_id: str, network_configuration: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """UpdateIdentityStore: the whole NetworkConfiguration, in force from the next call on.

    `Invalid` for VPCs, which there are none of, and for leaving out the caller's own address.
    """
    named = find(tx, identity_store_id)
    if network_configuration is not None:
        own = isinstance(tx.call.caller, Owner)
        kept = network.checked(network_configuration, None if own else tx.call.origin.source_ip)
        store.set_network_configuration(tx, named.identity_store_id, kept)
    return _named(named.identity_store_id, named.owner_account_id)


def erase_identity_store(tx: Tx, identity_store_id: str, limit: int) -> bool:
    """Delete up to `limit` users and groups, as their own deletions would; then the store itself.

    True once nothing is left.
    """
    at = {"identity_store_id": identity_store_id}
    people = store.user_ids(tx, identity_store_id, limit)
    for user_id in people:
        delete_user(tx, **at, user_id=user_id)
    teams = store.group_ids(tx, identity_store_id, limit - len(people))
    for group_id in teams:
        delete_group(tx, **at, group_id=group_id)
    if len(people) + len(teams) == limit:
        return False
    store.delete_identity_store(tx, identity_store_id)
    return True


def _named(identity_store_id: str, owner_account_id: str) -> dict[str, Any]:
    return {
        "identity_store_id": identity_store_id,
        "identity_store_arn": arns.identity_store(owner_account_id, identity_store_id),
    }
