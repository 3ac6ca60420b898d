"""Tags of the root, of units, accounts and policies, by their ids (reference §10).

Keys are told apart by case. The rules are AWS's for tags; the errors are those of AWS
Organizations, which names the rule that was broken in `Reason`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genkan.core.call import Operation
from genkan.core.errors import Invalid, NotFound
from genkan.db.database import Tx
from genkan.organization import access, policy_store, store, tag_store
from genkan.organization.access import iam, organization, reading
from genkan.organization.answers import Answer, page, violation
from genkan.organization.records import FULL_ACCESS
from genkan.organization.tag_store import Tags

TAG_LIMIT = 50


def with_tags(before: Tags, given: Sequence[Mapping[str, str]]) -> Tags:
    """`before` with the tags given, which replace those of the same key, in the order of keys.

    `Invalid` for a key given twice or one of AWS's own, ConstraintViolationException beyond fifty.
    """
    pairs = [(tag["key"], tag["value"]) for tag in given]
    if len({key for key, _ in pairs}) < len(pairs):
        raise _invalid("You can't specify the same tag key more than once.", "DUPLICATE_TAG_KEY")
    _refuse_reserved(key for key, _ in pairs)
    after = tuple(sorted({**dict(before), **dict(pairs)}.items()))
    if len(after) > TAG_LIMIT:
        raise violation(
            f"You have exceeded the number of tags allowed on this resource: {TAG_LIMIT}.",
            "MAX_TAG_LIMIT_EXCEEDED",
        )
    return after


def tag_resource(tx: Tx, *, resource_id: str, tags: Sequence[Mapping[str, str]]) -> Answer:
    """TagResource: tags of the same keys are replaced. TargetNotFoundException."""
    _require_changeable(tx, resource_id)
    tag_store.replace(tx, resource_id, with_tags(tag_store.find(tx, resource_id), tags))
    return {}


def untag_resource(tx: Tx, *, resource_id: str, tag_keys: Sequence[str]) -> Answer:
    """UntagResource: keys that are not there are ignored."""
    _require_changeable(tx, resource_id)
    _refuse_reserved(tag_keys)
    gone = frozenset(tag_keys)
    left = tuple(pair for pair in tag_store.find(tx, resource_id) if pair[0] not in gone)
    tag_store.replace(tx, resource_id, left)
    return {}


def list_tags_for_resource(tx: Tx, *, resource_id: str, next_token: str | None = None) -> Answer:
    """ListTagsForResource in the order of keys; a page holds as many as there can be."""
    _require(tx, resource_id)
    tags, token = page(
        tx,
        f"ListTagsForResource:{resource_id}",
        TAG_LIMIT,
        next_token,
        lambda after, limit: [pair for pair in tag_store.find(tx, resource_id) if pair[0] > after][
            :limit
        ],
        lambda pair: pair[0],
    )
    return {"tags": [{"key": key, "value": value} for key, value in tags], "next_token": token}


def _require(tx: Tx, resource_id: str) -> None:
    """What the id names must be there; resource policies and transfers never are."""
    if resource_id.startswith("ou-"):
        there = store.find_unit(tx, resource_id) is not None
    elif resource_id.startswith("p-"):
        there = policy_store.find(tx, resource_id) is not None
    elif resource_id.startswith("r-"):
        there = resource_id == organization(tx).root_id
    else:
        there = access.find_account(tx, resource_id) is not None
    if not there:
        raise NotFound(
            "We can't find a root, OU, account, or policy with the TargetId that you specified.",
            code="TargetNotFoundException",
        )


def _require_changeable(tx: Tx, resource_id: str) -> None:
    _require(tx, resource_id)
    if resource_id == FULL_ACCESS.policy_id:
        raise _invalid("You can't tag a policy that AWS manages.", "IMMUTABLE_POLICY")


def _refuse_reserved(keys: Iterable[str]) -> None:
    if any(key.lower().startswith("aws:") for key in keys):
        raise _invalid(
            "Tag keys that begin with aws: are reserved.", "INVALID_SYSTEM_TAGS_PARAMETER"
        )


def _invalid(message: str, reason: str) -> Invalid:
    members: Mapping[str, Any] = {"reason": reason}
    return Invalid(message, code="InvalidInputException", members=members)


OPERATIONS: tuple[Operation, ...] = (
    Operation(name="TagResource", run=tag_resource, access=iam("TagResource", access.the_resource)),
    Operation(
        name="UntagResource", run=untag_resource, access=iam("UntagResource", access.the_resource)
    ),
    Operation(
        name="ListTagsForResource",
        run=list_tags_for_resource,
        access=reading("ListTagsForResource", access.the_resource),
        reads="point",
    ),
)
