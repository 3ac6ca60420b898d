"""Making instances: the rules that hold however one is made (reference §1.1)."""

import re

from genkan.core import arns, ids
from genkan.core.errors import Conflict, Denied, Invalid
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import store
from genkan.instances.records import ACTIVE, ORGANIZATION, Instance, Tags
from genkan.organization import operations as organization

_ALIAS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def create_instance(
    tx: Tx,
    *,
    identity_store_id: str,
    owner_account_id: str,
    region: str,
    kind: str = ORGANIZATION,
    name: str = "",
    alias: str = "",
    instance_id: str | None = None,
    status: str = ACTIVE,
    tags: Tags = (),
    client_token: str = "",
    request_digest: str = "",
) -> Instance:
    """Make an instance over an identity store of the same account.

    `Conflict` when the account, the store or the alias has an instance, or when there is an
    organization instance already; `Denied` for an organization instance of another account than
    the management account, and for an account instance of the management account (reference §1.1).
    """
    if identity_store.owner_of(tx, identity_store_id) != owner_account_id:
        raise Denied("The identity store belongs to another account.")
    if (owner_account_id == organization.management_account_id(tx)) != (kind == ORGANIZATION):
        raise Denied(f"The account {owner_account_id} cannot have an {kind.lower()} instance.")
    if alias and not (len(alias) <= 63 and _ALIAS.fullmatch(alias)):
        raise Invalid("An alias has up to 63 lower-case letters, digits and single hyphens.")
    _check_free(tx, identity_store_id, owner_account_id, kind, alias)
    instance_id = instance_id or ids.instance_id()
    instance = Instance(
        instance_id=instance_id,
        arn=arns.instance(instance_id),
        kind=kind,
        name=name,
        identity_store_id=identity_store_id,
        owner_account_id=owner_account_id,
        region=region,
        alias=alias,
        status=status,
        created_at=tx.now,
        tags=tags,
    )
    store.insert(tx, instance, client_token=client_token, request_digest=request_digest)
    if kind == ORGANIZATION:
        organization.trust_service(tx, service_principal=organization.IDENTITY_CENTER)
    return instance


def _check_free(
    tx: Tx, identity_store_id: str, owner_account_id: str, kind: str, alias: str
) -> None:
    if kind == ORGANIZATION and store.find_organization_instance(tx) is not None:
        raise Conflict("There is an organization instance already.")
    if store.find_owned(tx, owner_account_id) is not None:
        raise Conflict("The account has an instance already.")
    if store.find_by_store(tx, identity_store_id) is not None:
        raise Conflict("The identity store has an instance already.")
    if alias and store.alias_taken(tx, alias):
        raise Conflict("The alias is taken.")
