"""TagResource, UntagResource, ListTagsForResource (reference §1.4, §15.1)."""

from collections.abc import Mapping, Sequence
from typing import Any

from genkan.core.call import Call, Check, Iam, Operation
from genkan.core.errors import NotFound, Refusal
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.instances import operations as instances
from genkan.instances.records import Tags
from genkan.instances.tags import (
    TAG_LIMIT,
    request_context,
    resource_context,
    with_tags,
    without_tags,
)
from genkan.tags.taggable import check_instance, instance_arn_in, kind_of

Answer = Mapping[str, Any]


def tag_resource(
    tx: Tx,
    *,
    resource_arn: str,
    tags: Sequence[Mapping[str, str]],
    instance_arn: str | None = None,
) -> Answer:
    """TagResource: tags of the same keys are replaced; fifty in all, or `QuotaExceeded`."""
    check_instance(resource_arn, instance_arn)
    kind = kind_of(resource_arn)
    kind.set_tags(tx, resource_arn, with_tags(kind.tags_of(tx, resource_arn), tags))
    return {}


def untag_resource(
    tx: Tx, *, resource_arn: str, tag_keys: Sequence[str], instance_arn: str | None = None
) -> Answer:
    """UntagResource: keys that are not there are ignored."""
    check_instance(resource_arn, instance_arn)
    kind = kind_of(resource_arn)
    kind.set_tags(tx, resource_arn, without_tags(kind.tags_of(tx, resource_arn), tag_keys))
    return {}


def list_tags_for_resource(
    tx: Tx,
    *,
    resource_arn: str,
    instance_arn: str | None = None,
    next_token: str | None = None,
) -> Answer:
    """ListTagsForResource in the order of keys; a page holds as many as there can be."""
    check_instance(resource_arn, instance_arn)
    query = f"ListTagsForResource:{resource_arn}"
    after = open_token(tx.vault, query, next_token)
    tags = kind_of(resource_arn).tags_of(tx, resource_arn)
    rows = [pair for pair in tags if after is None or pair[0] > after]
    page = page_of(tx.vault, query, rows, TAG_LIMIT, lambda pair: pair[0])
    return {
        "tags": [{"key": key, "value": value} for key, value in page.items],
        "next_token": page.next_token,
    }


def _iam(action: str) -> Iam:
    """The action on the resource, with the tags it has and those that the request names."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        arn = call.params["resource_arn"]
        context = resource_context(_tags_or_none(tx, arn))
        context |= request_context(call.params.get("tags") or ())
        if keys := call.params.get("tag_keys"):
            context["aws:TagKeys"] = tuple(keys)
        return (Check(action=f"sso:{action}", resources=(arn,), context=context),)

    return Iam(checks=checks, owner=_owner, delegable=True)


def _tags_or_none(tx: Tx, resource_arn: str) -> Tags:
    try:
        return kind_of(resource_arn).tags_of(tx, resource_arn)
    except Refusal:  # why there are none is for those to know who may ask
        return ()


def _owner(tx: Tx, call: Call) -> str:
    arn = call.params["resource_arn"]
    instance = instances.find_instance(tx, instance_arn_in(arn))
    if instance is None:
        raise NotFound(f"Resource with ARN {arn} was not found.")
    return instance.owner_account_id


OPERATIONS: tuple[Operation, ...] = (
    Operation(name="TagResource", run=tag_resource, access=_iam("TagResource")),
    Operation(name="UntagResource", run=untag_resource, access=_iam("UntagResource")),
    Operation(
        name="ListTagsForResource",
        run=list_tags_for_resource,
        access=_iam("ListTagsForResource"),
        reads="point",
    ),
)
