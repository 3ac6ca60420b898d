"""Instances: list, describe, which one a URL means; and all that the slice offers."""

from collections.abc import Mapping
from typing import Any

from genkan.core.call import Call, Check, Iam, Operation, Signer, System
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.instances import access_control, account_instances, regions, store, urls, work
from genkan.instances.access import in_own_account, on_instance
from genkan.instances.access_control import (
    access_control_attributes,
    session_tags,
)
from genkan.instances.access_control import (
    create_configuration as create_access_control_configuration,
)
from genkan.instances.lookup import (
    described_instance,
    find_instance,
    instance_of_account,
    organization_instance,
    owner_of,
    required_instance,
    required_organization_instance,
    tags_or_none,
    the_instance,
)
from genkan.instances.making import create_instance
from genkan.instances.records import ACCOUNT, ORGANIZATION, Instance, Tags
from genkan.instances.work import INSTANCE_JOB
from genkan.organization import operations as organization

_PAGE = 10


def accepts_start_url(tx: Tx, url: str) -> Instance | None:
    """The instance that a start or issuer URL means, or None (see `urls.url_matches`)."""
    instance = organization_instance(tx)
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

    An instance is seen from its own Regions only, unless `region_scope` is ALL_REGIONS. Members
    see a limited view (reference §1.1): enough to name the instance and its store.
    """
    account_id = _account(tx.call)
    query = f"ListInstances:{account_id}:{region_scope}:{tx.call.region}"
    after = open_token(tx.vault, query, next_token) or ""
    visible = [
        instance
        for instance in _visible(tx, account_id)
        if instance.instance_id > after
        and (region_scope == "ALL_REGIONS" or regions.seen_from(tx, instance, tx.call.region))
    ]
    page = page_of(
        tx.vault, query, visible, min(max_results, _PAGE), lambda instance: instance.instance_id
    )
    return {
        "instances": [
            _metadata(tx, instance)
            if _administers(tx, account_id, instance)
            else _limited(instance)
            for instance in page.items
        ],
        "next_token": page.next_token,
    }


def describe_instance(tx: Tx, *, instance_arn: str) -> Mapping[str, Any]:
    """DescribeInstance; `Denied` for an unknown one, since it has no ResourceNotFoundException."""
    instance = described_instance(tx, instance_arn)
    return {
        **_metadata(tx, instance),
        "permission_sets_enabled": instance.kind == ORGANIZATION,
        "encryption_configuration_details": {
            "key_type": "AWS_OWNED_KMS_KEY",
            "encryption_status": "ENABLED",
        },
    }


def _visible(tx: Tx, account_id: str | None) -> list[Instance]:
    found: dict[str, Instance] = {}
    whole = organization_instance(tx)
    if whole is not None and (
        account_id is None or organization.find_account(tx, account_id) is not None
    ):
        found[whole.instance_id] = whole
    owned = None if account_id is None else store.find_owned(tx, account_id)
    if owned is not None:
        found[owned.instance_id] = owned
    return sorted(found.values(), key=lambda instance: instance.instance_id)


def _administers(tx: Tx, account_id: str | None, instance: Instance) -> bool:
    owner = instance.owner_account_id
    return account_id in (None, owner) or organization.is_delegate(tx, str(account_id), owner)


def _account(call: Call) -> str | None:
    return call.caller.account_id if isinstance(call.caller, Signer) else None


def tags_of(tx: Tx, instance_arn: str) -> Tags:
    """The tags of the instance; `NotFound` when there is none of this ARN."""
    return required_instance(tx, instance_arn).tags


def set_tags(tx: Tx, instance_arn: str, tags: Tags) -> None:
    """Keep these tags instead of those before."""
    store.set_tags(tx, required_instance(tx, instance_arn).instance_id, tags)


def _limited(instance: Instance) -> dict[str, Any]:
    return {
        "instance_arn": instance.arn,
        "identity_store_id": instance.identity_store_id,
        "identity_store_arn": instance.identity_store_arn,
        "owner_account_id": instance.owner_account_id,
        "status": instance.status,
        "primary_region": instance.region,
    }


def _metadata(tx: Tx, instance: Instance) -> dict[str, Any]:
    return {
        **_limited(instance),
        "name": instance.name or None,
        "created_date": instance.created_at,
        "regions": regions.metadata(tx, instance),
    }


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
        access=on_instance("DescribeInstance", unknown_is_denied=True),
        reads="point",
    ),
    Operation(
        name="CreateInstance",
        run=account_instances.create_account_instance,
        access=in_own_account("CreateInstance"),
        secret=frozenset({"client_token"}),
    ),
    Operation(
        name="UpdateInstance",
        run=account_instances.update_instance,
        access=on_instance("UpdateInstance"),
    ),
    Operation(
        name="DeleteInstance",
        run=account_instances.delete_instance,
        access=on_instance("DeleteInstance", unknown_is_denied=True),
    ),
    Operation(
        name="AddRegion",
        run=regions.add_region,
        access=on_instance("AddRegion", unknown_is_denied=True),
    ),
    Operation(
        name="DescribeRegion",
        run=regions.describe_region,
        access=on_instance("DescribeRegion"),
        reads="point",
    ),
    Operation(
        name="ListRegions",
        run=regions.list_regions,
        access=on_instance("ListRegions", unknown_is_denied=True),
        reads="point",
    ),
    Operation(name="RemoveRegion", run=regions.remove_region, access=on_instance("RemoveRegion")),
    Operation(
        name="DescribeInstanceAccessControlAttributeConfiguration",
        run=access_control.describe_configuration,
        access=on_instance("DescribeInstanceAccessControlAttributeConfiguration"),
        reads="point",
    ),
    *(
        Operation(name=name, run=run, access=on_instance(name))
        for name, run in (
            (
                "UpdateInstanceAccessControlAttributeConfiguration",
                access_control.update_configuration,
            ),
            (
                "DeleteInstanceAccessControlAttributeConfiguration",
                access_control.delete_configuration,
            ),
            (
                "CreateInstanceAccessControlAttributeConfiguration",
                access_control.create_configuration,
            ),
        )
    ),
)

CREATE_INSTANCE = Operation(
    name="CreateInstance",
    run=create_instance,
    access=System(),
    secret=frozenset({"client_token"}),
)
SETTLE_INSTANCE = Operation(
    name="SettleInstance",
    run=work.settle_instance,
    access=System(jobs=frozenset({INSTANCE_JOB})),
    recorded=False,
)
ABANDON_INSTANCE = Operation(
    name="AbandonInstance", run=work.abandon_instance, access=System(), recorded=False
)

__all__ = [
    "ABANDON_INSTANCE",
    "ACCOUNT",
    "CREATE_INSTANCE",
    "INSTANCE_JOB",
    "OPERATIONS",
    "ORGANIZATION",
    "SETTLE_INSTANCE",
    "accepts_start_url",
    "access_control_attributes",
    "aws_start_url",
    "create_access_control_configuration",
    "create_instance",
    "describe_instance",
    "find_instance",
    "instance_of_account",
    "issuer_url",
    "list_instances",
    "owner_of",
    "required_instance",
    "required_organization_instance",
    "session_tags",
    "set_tags",
    "tags_of",
    "tags_or_none",
    "the_instance",
]
