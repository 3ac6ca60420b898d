"""Users: create, describe, list, update, delete, enable and disable (reference §2.2-§2.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from genkan.core import arns, ids
from genkan.core.errors import Invalid
from genkan.core.events import UserDeleted, UserDisabled
from genkan.core.pages import open_token, page_of
from genkan.core.rendered import Rendered, RenderedItem
from genkan.db.database import Tx
from genkan.identity_store import attributes, store
from genkan.identity_store.access import actor, resource_id, store_id
from genkan.identity_store.described import described, read
from genkan.identity_store.folding import fold
from genkan.identity_store.lookup import folded_filter, user_id_by
from genkan.identity_store.records import DISABLED, ENABLED, User
from genkan.identity_store.refusals import changed_meanwhile, duplicate, not_found, quota_exceeded

_PAGE = 100
_OWN_COLUMNS = frozenset({"user_name", "display_name", "extensions"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRevision:
    """CreateUser's and UpdateUser's answer."""

    identity_store_id: str
    user_id: str
    user_arn: str
    revision: str


def create_user(
    tx: Tx, *, identity_store_id: str, user_id: str | None = None, **members: Any
) -> UserRevision:
    """CreateUser: `members` are the model's, and `external_ids` for callers that provision.

    `user_id` is for the seed of an organization that exists elsewhere; the model has none.

    The user is enabled and has no password. `Invalid` for a missing required attribute or a
    reserved name, `Conflict` for a user name, e-mail or external id that is taken,
    `QuotaExceeded` beyond the quota of users.
    """
    if unknown := members.keys() - attributes.USER.keys() - {"extensions"}:
        raise TypeError(f"CreateUser has no {sorted(unknown)}")
    identity_store_id = store_id(tx, identity_store_id)
    draft = {**members, "extensions": attributes.extensions(members.get("extensions", {}))}
    attributes.check_user(draft)
    user_id = _free_id(tx, user_id)
    by = actor(tx)
    user = User(
        user_id=user_id,
        identity_store_id=identity_store_id,
        status=ENABLED,
        **_columns(draft),
        revision=1,
        created_at=tx.now,
        created_by=by,
        updated_at=tx.now,
        updated_by=by,
    )
    if not store.insert_user(tx, user):
        _check_unique(tx, identity_store_id, user_id, draft)
        raise duplicate("Duplicate UserId")
    limit = tx.deployment.quotas.users
    if not store.count_new_user(tx, identity_store_id, limit):
        raise quota_exceeded("users", limit)
    if "external_ids" in user.attributes:
        _check_external_ids_of(tx, user)
        _keep_external_ids(tx, user)
    return _revision(user)


def update_user(
    tx: Tx,
    *,
    identity_store_id: str,
    user_id: str,
    operations: Sequence[Mapping[str, Any]],
    revision: str | None = None,
) -> UserRevision:
    """UpdateUser: every operation or none. `Conflict` when `revision` is not the current one."""
    user = required_user(tx, identity_store_id, user_id)
    _check_revision(user, revision)
    draft = {
        "user_name": user.user_name,
        "display_name": user.display_name,
        **user.attributes,
        "extensions": dict(user.extensions),
    }
    for operation in operations:
        attributes.change(
            draft, attributes.USER, operation["attribute_path"], operation.get("attribute_value")
        )
    attributes.check_user(draft)
    _check_unique(tx, user.identity_store_id, user.user_id, draft)
    changed = replace(
        user,
        **_columns(draft),
        revision=user.revision + 1,
        updated_at=tx.now,
        updated_by=actor(tx),
    )
    store.update_user(tx, changed)
    _keep_external_ids(tx, changed)
    return _revision(changed)


def set_user_status(tx: Tx, *, identity_store_id: str, user_id: str, status: str) -> UserRevision:
    """Enable or disable a user: `ENABLED` or `DISABLED`. Doing it again changes nothing."""
    if status not in (ENABLED, DISABLED):
        raise Invalid(f"The user status must be {ENABLED} or {DISABLED}.")
    user = required_user(tx, identity_store_id, user_id)
    if user.status == status:
        return _revision(user)
    changed = replace(
        user, status=status, revision=user.revision + 1, updated_at=tx.now, updated_by=actor(tx)
    )
    store.update_user(tx, changed)
    if status == DISABLED:
        tx.publish(UserDisabled(identity_store_id=user.identity_store_id, user_id=user.user_id))
    return _revision(changed)


def delete_user(
    tx: Tx, *, identity_store_id: str, user_id: str, revision: str | None = None
) -> Mapping[str, Any]:
    """DeleteUser: the user goes with its memberships; subscribers of `UserDeleted` run first."""
    user = required_user(tx, identity_store_id, user_id)
    _check_revision(user, revision)
    tx.publish(UserDeleted(identity_store_id=user.identity_store_id, user_id=user.user_id))
    store.delete_user(tx, user.user_id)
    store.count_user(tx, user.identity_store_id, -1)
    return {}


def describe_user(
    tx: Tx, *, identity_store_id: str, user_id: str, extensions: Sequence[str] = ()
) -> Mapping[str, Any]:
    """DescribeUser: every attribute that is set; extensions only when asked for."""
    _check_extension_names(extensions)
    if extensions:
        return described(required_user(tx, identity_store_id, user_id), extensions)
    user_id = resource_id(user_id, "user")
    text = store.kept_user(tx, store_id(tx, identity_store_id), user_id)
    if text is None:
        raise not_found("USER", user_id)
    return RenderedItem(text, read)


def list_users(
    tx: Tx,
    *,
    identity_store_id: str,
    extensions: Sequence[str] = (),
    filters: list[Mapping[str, str]] | None = None,
    max_results: int = _PAGE,
    next_token: str | None = None,
) -> Mapping[str, Any]:
    """ListUsers, in the order of ids; `filters` may hold one equality on UserName."""
    _check_extension_names(extensions)
    identity_store_id = store_id(tx, identity_store_id)
    name = folded_filter(filters, "UserName")
    query = f"ListUsers:{identity_store_id}:{name}:{','.join(extensions)}"
    after = open_token(tx.vault, query, next_token) or ""
    if name is not None:
        found = store.find_user_by_name(tx, identity_store_id, name)
        return {"users": [described(found, extensions)] if found else [], "next_token": None}
    if extensions:
        users = store.page_of_users(tx, identity_store_id, after, max_results + 1)
        told = page_of(tx.vault, query, users, max_results, lambda user: user.user_id)
        items = [described(user, extensions) for user in told.items]
        return {"users": items, "next_token": told.next_token}
    rows = store.list_users(tx, identity_store_id, after, max_results + 1)
    page = page_of(tx.vault, query, rows, max_results, lambda row: str(row[0]))
    return {
        "users": Rendered([row[1] for row in page.items], read),
        "next_token": page.next_token,
    }


def get_user_id(
    tx: Tx, *, identity_store_id: str, alternate_identifier: Mapping[str, Any]
) -> Mapping[str, Any]:
    """GetUserId by user name, e-mail or external id; `NotFound` when there is none."""
    identity_store_id = store_id(tx, identity_store_id)
    found = user_id_by(tx, identity_store_id, alternate_identifier)
    if found is None:
        raise not_found("USER")
    return {
        "identity_store_id": identity_store_id,
        "user_id": found,
        "user_arn": arns.user(found),
    }


def required_user(tx: Tx, identity_store_id: str, user_id: str) -> User:
    """The user named by id or ARN in the store named by id or ARN; `NotFound` otherwise."""
    identity_store_id = store_id(tx, identity_store_id)
    user_id = resource_id(user_id, "user")
    user = store.find_user(tx, user_id)
    if user is None or user.identity_store_id != identity_store_id:
        raise not_found("USER", user_id)
    return user


def require_user(tx: Tx, identity_store_id: str, user_id: str) -> str:
    """The id of the user named by id or ARN in the store of this id; `NotFound` otherwise."""
    user_id = resource_id(user_id, "user")
    if store.store_of_user(tx, user_id) != identity_store_id:
        raise not_found("USER", user_id)
    return user_id


def _free_id(tx: Tx, user_id: str | None) -> str:
    if user_id is None:
        return ids.resource_id()
    if store.find_user(tx, user_id) is not None:
        raise duplicate("Duplicate UserId")
    return user_id


def _columns(draft: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a `User` that a draft says."""
    return {
        "user_name": draft["user_name"],
        "display_name": draft["display_name"],
        "attributes": {key: value for key, value in draft.items() if key not in _OWN_COLUMNS},
        "extensions": draft["extensions"],
    }


def _check_unique(tx: Tx, identity_store_id: str, user_id: str, draft: Mapping[str, Any]) -> None:
    holder = store.user_id_by_name(tx, identity_store_id, fold(draft["user_name"]))
    if holder not in (None, user_id):
        raise duplicate("Duplicate UserName")
    for email in draft.get("emails", ()):
        holder = store.user_id_by_email(tx, identity_store_id, fold(email.get("value", "")))
        if holder not in (None, user_id):
            raise duplicate("Duplicate Email")
    check_external_ids(tx, identity_store_id, "USER", user_id, draft.get("external_ids", ()))


def _check_external_ids_of(tx: Tx, user: User) -> None:
    check_external_ids(
        tx, user.identity_store_id, "USER", user.user_id, user.attributes["external_ids"]
    )


def check_external_ids(
    tx: Tx,
    identity_store_id: str,
    resource_type: str,
    resource_id: str,
    external_ids: Sequence[Mapping[str, str]],
) -> None:
    """`Conflict` when an external id belongs to another resource, or is given twice."""
    pairs = {(external_id["issuer"], external_id["id"]) for external_id in external_ids}
    if len(pairs) < len(external_ids):
        raise duplicate("Duplicate ExternalId")
    for issuer, external_id in pairs:
        holder = store.resource_id_by_external_id(
            tx, identity_store_id, resource_type, issuer, external_id
        )
        if holder not in (None, resource_id):
            raise duplicate("Duplicate ExternalId")


def _keep_external_ids(tx: Tx, user: User) -> None:
    store.replace_external_ids(
        tx, user.identity_store_id, "USER", user.user_id, user.attributes.get("external_ids", ())
    )


def _check_revision(user: User, expected: str | None) -> None:
    if expected is not None and expected != str(user.revision):
        raise changed_meanwhile("user")


def _check_extension_names(names: Sequence[str]) -> None:
    for name in names:
        if name != attributes.ENTERPRISE:
            raise Invalid(f"The extension {name} is not supported.")


def _revision(user: User) -> UserRevision:
    return UserRevision(
        identity_store_id=user.identity_store_id,
        user_id=user.user_id,
        user_arn=arns.user(user.user_id),
        revision=str(user.revision),
    )
