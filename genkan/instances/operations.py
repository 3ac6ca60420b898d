"""Instances: list, describe, make, and finding the one that an ARN or a URL means."""

import re
from collections.abc import Mapping
from typing import Any

from genkan.core import arns, ids
from genkan.core.call import Call, Check, Iam, Operation, Signer, System
from genkan.core.errors import Conflict, Denied, Invalid, NotFound
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import store, urls
from genkan.instances.records import ACCOUNT, ORGANIZATION, Instance
from genkan.organization import operations as organization

_PAGE = 10
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
        status="ACTIVE",
        created_at=tx.now,
    )
    store.insert(tx, instance)
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


def find_instance(tx: Tx, instance_arn: str) -> Instance | None:
    """The instance of this ARN, whatever its status, or None."""
    return tx.remembered(("instance", instance_arn), lambda: store.find(tx, instance_arn))


def required_instance(tx: Tx, instance_arn: str) -> Instance:
    """The instance of this ARN; `NotFound` otherwise."""
    found = find_instance(tx, instance_arn)
    if found is None:
        raise NotFound(f"Instance with ARN {instance_arn} was not found.")
    return found


def the_instance(tx: Tx) -> Instance:
    """The organization instance; `NotFound` before there is one."""
    found = _organization_instance(tx)
    if found is None:
        raise NotFound("There is no organization instance.")
    return found


def _organization_instance(tx: Tx) -> Instance | None:
    return tx.remembered(("the_instance",), lambda: store.find_organization_instance(tx))


def owner_of(tx: Tx, call: Call) -> str:
    """`Iam.owner` of every operation of sso-admin that names `instance_arn`.

    `NotFound` for an unknown instance.
    """
    return required_instance(tx, call.params["instance_arn"]).owner_account_id


def accepts_start_url(tx: Tx, url: str) -> Instance | None:
    """The instance that a start or issuer URL means, or None (see `urls.url_matches`)."""
    instance = _organization_instance(tx)
    if instance is None:
        return None
    names = urls.names_of(instance, tx.deployment.base_url)
    return instance if any(urls.url_matches(url, name) for name in names) else None


def aws_start_url(instance: Instance) -> str:
    """The AWS-looking start URL, `https://<alias or identity store id>.awsapps.com/start`."""
    return urls.aws_start_url(instance)


def issuer_url(instance: Instance) -> str:
    """The issuer URL, `https://identitycenter.amazonaws.com/ssoins-…`."""
    return urls.issuer_url(instance)


def list_instances(
    tx: Tx,
    *,
    max_results: int = _PAGE,
    next_token: str | None = None,
    region_scope: str = "CURRENT_REGION",
) -> Mapping[str, Any]:
    """ListInstances: what the caller's account owns, and the organization instance for members.

    An instance is seen from its own Region only, unless `region_scope` is ALL_REGIONS. Members
    see a limited view (reference §1.1): enough to name the instance and its store.
    """
    account_id = _account(tx.call)
    query = f"ListInstances:{account_id}:{region_scope}:{tx.call.region}"
    after = open_token(tx.vault, query, next_token) or ""
    visible = [
        instance
        for instance in _visible(tx, account_id)
        if instance.instance_id > after
        and (region_scope == "ALL_REGIONS" or instance.region == tx.call.region)
    ]
    page = page_of(
        tx.vault, query, visible, min(max_results, _PAGE), lambda instance: instance.instance_id
    )
    return {
        "instances": [
            _metadata(instance)
            if account_id in (None, instance.owner_account_id)
            else _limited(instance)
            for instance in page.items
        ],
        "next_token": page.next_token,
    }


def describe_instance(tx: Tx, *, instance_arn: str) -> Mapping[str, Any]:
    """DescribeInstance; `Denied` for an unknown one, since it has no ResourceNotFoundException."""
    instance = _described_instance(tx, instance_arn)
    return {
        **_metadata(instance),
        "permission_sets_enabled": instance.kind == ORGANIZATION,
        "encryption_configuration_details": {
            "key_type": "AWS_OWNED_KMS_KEY",
            "encryption_status": "ENABLED",
        },
    }


def _visible(tx: Tx, account_id: str | None) -> list[Instance]:
    found: dict[str, Instance] = {}
    whole = _organization_instance(tx)
    if whole is not None and (
        account_id is None or organization.find_account(tx, account_id) is not None
    ):
        found[whole.instance_id] = whole
    owned = None if account_id is None else store.find_owned(tx, account_id)
    if owned is not None:
        found[owned.instance_id] = owned
    return sorted(found.values(), key=lambda instance: instance.instance_id)


def _account(call: Call) -> str | None:
    return call.caller.account_id if isinstance(call.caller, Signer) else None


def _described_instance(tx: Tx, instance_arn: str) -> Instance:
    found = find_instance(tx, instance_arn)
    if found is None:
        raise Denied("You do not have sufficient access to perform this action.")
    return found


def _limited(instance: Instance) -> dict[str, Any]:
    return {
        "instance_arn": instance.arn,
        "identity_store_id": instance.identity_store_id,
        "identity_store_arn": instance.identity_store_arn,
        "owner_account_id": instance.owner_account_id,
        "status": instance.status,
        "primary_region": instance.region,
    }


def _metadata(instance: Instance) -> dict[str, Any]:
    return {
        **_limited(instance),
        "name": instance.name or None,
        "created_date": instance.created_at,
        "regions": [
            {
                "region_name": instance.region,
                "status": "ACTIVE",
                "added_date": instance.created_at,
                "is_primary_region": True,
            }
        ],
    }


def _describe_owner(tx: Tx, call: Call) -> str:
    return _described_instance(tx, call.params["instance_arn"]).owner_account_id


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="ListInstances",
        run=list_instances,
        access=Iam(checks=lambda tx, call: (Check(action="sso:ListInstances"),)),
        reads="point",
    ),
    Operation(
        name="DescribeInstance",
        run=describe_instance,
        access=Iam(
            checks=lambda tx, call: (
                Check(action="sso:DescribeInstance", resources=(call.params["instance_arn"],)),
            ),
            owner=_describe_owner,
        ),
        reads="point",
    ),
)

CREATE_INSTANCE = Operation(name="CreateInstance", run=create_instance, access=System())

__all__ = [
    "ACCOUNT",
    "CREATE_INSTANCE",
    "OPERATIONS",
    "ORGANIZATION",
    "accepts_start_url",
    "aws_start_url",
    "create_instance",
    "describe_instance",
    "find_instance",
    "issuer_url",
    "list_instances",
    "owner_of",
    "required_instance",
    "the_instance",
]
