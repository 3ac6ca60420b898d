"""Groups: create, describe, list, update, delete (reference §2.2-§2.6). Groups do not nest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from genkan.core import arns, ids
from genkan.core.events import GroupDeleted
from genkan.core.pages import open_token, page_of
from genkan.core.rendered import Rendered
from genkan.db.database import Tx
from genkan.identity_store import attributes, store
from genkan.identity_store.access import actor, resource_id, store_id
from genkan.identity_store.described import described_group, read
from genkan.identity_store.folding import fold
from genkan.identity_store.lookup import folded_filter, group_id_by
from genkan.identity_store.records import Group
from genkan.identity_store.refusals import changed_meanwhile, duplicate, not_found, quota_exceeded
from genkan.identity_store.users import check_external_ids

_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRevision:
    """CreateGroup's and UpdateGroup's answer."""

    identity_store_id: str
    group_id: str
    group_arn: str
    revision: str


def create_group(
    tx: Tx,
    *,
    identity_store_id: str,
    display_name: str | None = None,
    description: str | None = None,
    external_ids: Sequence[Mapping[str, str]] = (),
    group_id: str | None = None,
) -> GroupRevision:
    """CreateGroup; `external_ids` is for callers that provision, `group_id` for the seed of an
    organization that exists elsewhere: the model has neither.

    `Invalid` without a display name or with a reserved one, `Conflict` when it is taken,
    `QuotaExceeded` beyond the quota of groups.
    """
    identity_store_id = store_id(tx, identity_store_id)
    draft: dict[str, Any] = {"external_ids": external_ids}
    if display_name is not None:
        draft["display_name"] = display_name
    attributes.check_group(draft)
    if group_id is None:
        group_id = ids.resource_id()
    elif store.find_group(tx, group_id) is not None:
        raise duplicate("Duplicate GroupId")
    _check_unique(tx, identity_store_id, group_id, draft)
    found = store.find_identity_store(tx, identity_store_id)
    limit = tx.deployment.quotas.groups
    if found is not None and found.group_count >= limit:
        raise quota_exceeded("groups", limit)
    by = actor(tx)
    group = Group(
        group_id=group_id,
        identity_store_id=identity_store_id,
        display_name=draft["display_name"],
        description=description,
        external_ids=tuple(external_ids),
        revision=1,
        created_at=tx.now,
        created_by=by,
        updated_at=tx.now,
        updated_by=by,
    )
    store.insert_group(tx, group)
    store.count_group(tx, identity_store_id, 1)
    _keep_external_ids(tx, group)
    return _revision(group)


def update_group(
    tx: Tx,
    *,
    identity_store_id: str,
    group_id: str,
    operations: Sequence[Mapping[str, Any]],
    revision: str | None = None,
) -> GroupRevision:
    """UpdateGroup: every operation or none. `Conflict` when `revision` is not the current one."""
    group = required_group(tx, identity_store_id, group_id)
    _check_revision(group, revision)
    draft: dict[str, Any] = {"display_name": group.display_name, "external_ids": group.external_ids}
    if group.description is not None:
        draft["description"] = group.description
    for operation in operations:
        attributes.change(
            draft, attributes.GROUP, operation["attribute_path"], operation.get("attribute_value")
        )
    attributes.check_group(draft)
    _check_unique(tx, group.identity_store_id, group.group_id, draft)
    changed = replace(
        group,
        display_name=draft["display_name"],
        description=draft.get("description"),
        external_ids=tuple(draft.get("external_ids", ())),
        revision=group.revision + 1,
        updated_at=tx.now,
        updated_by=actor(tx),
    )
    store.update_group(tx, changed)
    _keep_external_ids(tx, changed)
    return _revision(changed)


def delete_group(
    tx: Tx, *, identity_store_id: str, group_id: str, revision: str | None = None
) -> Mapping[str, Any]:
    """DeleteGroup: the group goes with its memberships; subscribers of `GroupDeleted` run first."""
    group = required_group(tx, identity_store_id, group_id)
    _check_revision(group, revision)
    tx.publish(GroupDeleted(identity_store_id=group.identity_store_id, group_id=group.group_id))
    store.delete_group(tx, group.group_id)
    store.count_group(tx, group.identity_store_id, -1)
    return {}


def describe_group(tx: Tx, *, identity_store_id: str, group_id: str) -> Mapping[str, Any]:
    """DescribeGroup."""
    return described_group(required_group(tx, identity_store_id, group_id))


def list_groups(
    tx: Tx,
    *,
    identity_store_id: str,
    filters: list[Mapping[str, str]] | None = None,
    max_results: int = _PAGE,
    next_token: str | None = None,
) -> Mapping[str, Any]:
    """ListGroups, in the order of ids; `filters` may hold one equality on DisplayName."""
    identity_store_id = store_id(tx, identity_store_id)
    name = folded_filter(filters, "DisplayName")
    query = f"ListGroups:{identity_store_id}:{name}"
    after = open_token(tx.vault, query, next_token) or ""
    if name is not None:
        found = store.find_group_by_name(tx, identity_store_id, name)
        return {"groups": [described_group(found)] if found else [], "next_token": None}
    rows = store.list_groups(tx, identity_store_id, after, max_results + 1)
    page = page_of(tx.vault, query, rows, max_results, lambda row: str(row[0]))
    return {
        "groups": Rendered([row[1] for row in page.items], read),
        "next_token": page.next_token,
    }


def get_group_id(
    tx: Tx, *, identity_store_id: str, alternate_identifier: Mapping[str, Any]
) -> Mapping[str, Any]:
    """GetGroupId by display name or external id; `NotFound` when there is none."""
    identity_store_id = store_id(tx, identity_store_id)
    found = group_id_by(tx, identity_store_id, alternate_identifier)
    if found is None:
        raise not_found("GROUP")
    return {
        "identity_store_id": identity_store_id,
        "group_id": found,
        "group_arn": arns.group(found),
    }


def required_group(tx: Tx, identity_store_id: str, group_id: str) -> Group:
    """The group named by id or ARN in the store named by id or ARN; `NotFound` otherwise."""
    identity_store_id = store_id(tx, identity_store_id)
    group_id = resource_id(group_id, "group")
    group = store.find_group(tx, group_id)
    if group is None or group.identity_store_id != identity_store_id:
        raise not_found("GROUP", group_id)
    return group


def require_group(tx: Tx, identity_store_id: str, group_id: str) -> str:
    """The id of the group named by id or ARN in the store of this id; `NotFound` otherwise."""
    group_id = resource_id(group_id, "group")
    if store.store_of_group(tx, group_id) != identity_store_id:
        raise not_found("GROUP", group_id)
    return group_id


def _check_unique(tx: Tx, identity_store_id: str, group_id: str, draft: Mapping[str, Any]) -> None:
    holder = store.group_id_by_name(tx, identity_store_id, fold(draft["display_name"]))
    if holder not in (None, group_id):
        raise duplicate("Duplicate GroupDisplayName")
    check_external_ids(tx, identity_store_id, "GROUP", group_id, draft.get("external_ids", ()))


def _keep_external_ids(tx: Tx, group: Group) -> None:
    store.replace_external_ids(
        tx, group.identity_store_id, "GROUP", group.group_id, group.external_ids
    )


def _check_revision(group: Group, expected: str | None) -> None:
    if expected is not None and expected != str(group.revision):
        raise changed_meanwhile("group")


def _revision(group: Group) -> GroupRevision:
    return GroupRevision(
        identity_store_id=group.identity_store_id,
        group_id=group.group_id,
        group_arn=arns.group(group.group_id),
        revision=str(group.revision),
    )
