"""CreateInstance, UpdateInstance and DeleteInstance (reference §1.1, §1.4, §1.5).

Requests make and delete account instances only: the organization instance comes and goes with its
installation.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from genkan.core import ids
from genkan.core.call import Signer
from genkan.core.errors import Conflict, Invalid, NotFound
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import store, work
from genkan.instances.lookup import UNSUPPORTED, described_instance, required_instance
from genkan.instances.making import create_instance
from genkan.instances.records import (
    ACCOUNT,
    CREATE_IN_PROGRESS,
    DELETE_IN_PROGRESS,
    ORGANIZATION,
    Instance,
)
from genkan.instances.tags import read_tags

Answer = Mapping[str, Any]


def create_account_instance(
    tx: Tx,
    *,
    name: str = "",
    client_token: str = "",
    tags: Sequence[Mapping[str, str]] = (),
) -> Answer:
    """CreateInstance: an account instance of the caller's account, over a new identity store.

    Answered CREATE_IN_PROGRESS. A ClientToken that made the account's instance is answered with
    that instance again, `Conflict` when the request is another. `Conflict` when the account has an
    instance, `Denied` for the management account.
    """
    caller = tx.call.caller
    if not isinstance(caller, Signer):
        raise Invalid("An account instance is made by its own account.")
    digest = _digest(name, tags)
    if client_token:
        before = store.asked_before(tx, caller.account_id, client_token)
        if before is not None and before.request_digest != digest:
            raise Conflict("The client token was used for a request with different parameters.")
        if before is not None:
            return {"instance_arn": before.arn}
    identity_store_id = ids.identity_store_id()
    identity_store.create_identity_store(
        tx, identity_store_id=identity_store_id, owner_account_id=caller.account_id
    )
    made = create_instance(
        tx,
        identity_store_id=identity_store_id,
        owner_account_id=caller.account_id,
        region=tx.call.region,
        kind=ACCOUNT,
        name=name,
        status=CREATE_IN_PROGRESS,
        tags=read_tags(tags),
        client_token=client_token,
        request_digest=digest,
    )
    work.enqueue(tx, made.instance_id)
    return {"instance_arn": made.arn}


def update_instance(
    tx: Tx,
    *,
    instance_arn: str,
    name: str | None = None,
    encryption_configuration: Mapping[str, str] | None = None,
    permission_sets_enabled: bool | None = None,
    network_configuration: Mapping[str, Any] | None = None,
) -> Answer:
    """UpdateInstance: what is not sent stays; everything or nothing.

    `Invalid` for what cannot be true here: permission sets switched off (AWS never does either),
    networks restricted; `NotFound` for a KMS key, of which there are none.
    """
    instance = required_instance(tx, instance_arn)
    if encryption_configuration is not None:
        _check_encryption(encryption_configuration)
    if permission_sets_enabled is not None:
        _check_permission_sets(instance, enabled=permission_sets_enabled)
    if network_configuration is not None:
        _check_network(network_configuration)
    if name is not None:
        store.set_name(tx, instance.instance_id, name)
    return {}


def delete_instance(tx: Tx, *, instance_arn: str) -> Answer:
    """DeleteInstance: an account instance with its users, groups and applications.

    From now on it can only be described, DELETE_IN_PROGRESS, until it is gone. `Conflict` while it
    is being deleted, `Invalid` for the organization instance.
    """
    instance = described_instance(tx, instance_arn)
    if instance.kind == ORGANIZATION:
        raise Invalid("The organization instance is deleted with the installation it belongs to.")
    if instance.status == DELETE_IN_PROGRESS:
        raise Conflict("There is a conflicting operation in process.")
    store.set_status(tx, instance.instance_id, DELETE_IN_PROGRESS)
    work.enqueue(tx, instance.instance_id)
    return {}


def _check_encryption(configuration: Mapping[str, str]) -> None:
    key_arn = configuration.get("kms_key_arn")
    if configuration["key_type"] == "AWS_OWNED_KMS_KEY":
        if key_arn is not None:
            raise Invalid("KmsKeyArn is not allowed for AWS_OWNED_KMS_KEY.")
        return
    if key_arn is None:
        raise Invalid("KmsKeyArn is required for CUSTOMER_MANAGED_KEY.")
    raise NotFound(f"Key '{key_arn}' does not exist", members={"reason": "KMS_NotFoundException"})


def _check_permission_sets(instance: Instance, *, enabled: bool) -> None:
    if instance.kind != ORGANIZATION:
        if enabled:
            raise Invalid(UNSUPPORTED)
    elif not enabled:
        raise Invalid("Permission sets cannot be disabled once they are enabled.")


def _check_network(configuration: Mapping[str, Any]) -> None:
    if configuration["vpce_access_required"] or any(
        configuration.get(name)
        for name in ("restrict_source_vpcs", "allow_source_ips", "exclude_application_arns")
    ):
        raise Invalid("The network of this Identity Center instance cannot be restricted.")


def _digest(name: str, tags: Sequence[Mapping[str, str]]) -> str:
    pairs = sorted((tag["key"], tag["value"]) for tag in tags)
    return hashlib.sha256(msgspec.json.encode([name, pairs])).hexdigest()
