"""What the instances' tests share."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genkan.core.call import Call, Caller, Operation, Signer
from genkan.db import jobs
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.instances.records import Instance
from genkan.organization import operations as organization
from tests.support.store import ADMINISTRATOR, MANAGEMENT, a_call

STORE = "d-1234567890"
INSTANCE = "ssoins-1234567890abcdef"
ARN = f"arn:aws:sso:::instance/{INSTANCE}"
UNKNOWN = "arn:aws:sso:::instance/ssoins-0000000000000000"
MEMBER = "222233334444"
REGION = "eu-west-1"


def an_instance(tx: Tx, **more: Any) -> Instance:
    """The organization instance, with all that it stands on."""
    made = organization.create_organization(
        tx, account_id=MANAGEMENT, name="Management", email="root@example.org"
    )
    organization.create_account(
        tx,
        account_id=MEMBER,
        name="member",
        email="member@example.org",
        environment="production",
        colour="red",
        parent_id=made.root_id,
    )
    identity_store.create_identity_store(tx, identity_store_id=STORE, owner_account_id=MANAGEMENT)
    params = {"identity_store_id": STORE, "owner_account_id": MANAGEMENT, "region": REGION}
    return instances.create_instance(
        tx, **{**params, "instance_id": INSTANCE, "name": "corp", **more}
    )


def an_account_instance(tx: Tx, account_id: str = MEMBER, **more: Any) -> Instance:
    """An account instance of a member account, over a store of its own."""
    identity_store.create_identity_store(
        tx, identity_store_id="d-ffffffffff", owner_account_id=account_id
    )
    return instances.create_instance(
        tx,
        identity_store_id="d-ffffffffff",
        owner_account_id=account_id,
        region=REGION,
        kind=instances.ACCOUNT,
        **more,
    )


def op(name: str) -> Operation:
    """A wire operation by AWS's name."""
    return next(operation for operation in instances.OPERATIONS if operation.name == name)


def signer(account_id: str) -> Signer:
    """Somebody in this account."""
    return replace(
        ADMINISTRATOR, account_id=account_id, arn=f"arn:aws:iam::{account_id}:user/somebody"
    )


def call_of(
    operation: Operation,
    params: Mapping[str, Any],
    caller: Caller | None = None,
    region: str = REGION,
) -> Call:
    """The call that a front would make."""
    return replace(
        a_call(caller or ADMINISTRATOR), operation=operation, params=params, region=region
    )


def settle(tx: Tx) -> None:
    """Do what a worker would do about instances and Regions, all of it."""
    for job in jobs.claim(tx, 10):
        while not instances.SETTLE_INSTANCE.run(tx, **job.payload):
            pass
        jobs.finish(tx, job.worker)
