"""Finding the instance that an ARN means, and the account that administers it."""

from genkan.core.call import Call
from genkan.core.errors import Denied, Invalid, NotFound
from genkan.db.database import Tx
from genkan.instances import store
from genkan.instances.records import ACTIVE, ORGANIZATION, Instance, Tags

UNSUPPORTED = "The operation is not supported for this Identity Center instance"
"""AWS's sentence for what only an organization instance can do."""


def find_instance(tx: Tx, instance_arn: str) -> Instance | None:
    """The instance of this ARN, whatever its status, or None."""
    return tx.remembered(("instance", instance_arn), lambda: store.find(tx, instance_arn))


def instance_of_account(tx: Tx, account_id: str) -> Instance | None:
    """The one instance that the account owns, whatever its kind and status, or None."""
    return store.find_owned(tx, account_id)


def required_instance(tx: Tx, instance_arn: str) -> Instance:
    """The instance of this ARN, ready for use; `NotFound` or `Invalid` otherwise."""
    found = find_instance(tx, instance_arn)
    if found is None:
        raise NotFound(f"Instance with ARN {instance_arn} was not found.")
    if found.status != ACTIVE:
        raise Invalid(f"{UNSUPPORTED} while its status is {found.status}")
    return found


def required_organization_instance(tx: Tx, instance_arn: str) -> Instance:
    """The same, for what account instances do not have (reference §1.1); `Invalid` for those."""
    found = required_instance(tx, instance_arn)
    if found.kind != ORGANIZATION:
        raise Invalid(UNSUPPORTED)
    return found


def described_instance(tx: Tx, instance_arn: str) -> Instance:
    """The instance, whatever its status; `Denied` for an unknown one.

    For operations whose model has no ResourceNotFoundException.
    """
    found = find_instance(tx, instance_arn)
    if found is None:
        raise Denied("You do not have sufficient access to perform this action.")
    return found


def organization_instance(tx: Tx) -> Instance | None:
    """The organization instance, or None before there is one."""
    return tx.remembered(("the_instance",), lambda: store.find_organization_instance(tx))


def the_instance(tx: Tx) -> Instance:
    """The organization instance; `NotFound` before there is one."""
    found = organization_instance(tx)
    if found is None:
        raise NotFound("There is no organization instance.")
    return found


def tags_or_none(tx: Tx, instance_arn: str) -> Tags:
    """The instance's tags, as conditions see them; none of one that is not there."""
    found = find_instance(tx, instance_arn)
    return found.tags if found is not None else ()


def owner_of(tx: Tx, call: Call) -> str:
    """`Iam.owner` of every operation of sso-admin that names `instance_arn`.

    `NotFound` for an unknown instance.
    """
    instance_arn = call.params["instance_arn"]
    found = find_instance(tx, instance_arn)
    if found is None:
        raise NotFound(f"Instance with ARN {instance_arn} was not found.")
    return found.owner_account_id


def owner_or_denied(tx: Tx, call: Call) -> str:
    """The same for operations whose model has no ResourceNotFoundException."""
    return described_instance(tx, call.params["instance_arn"]).owner_account_id
