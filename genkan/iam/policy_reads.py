"""Reads of managed policies: those of the caller's account, and AWS's own.

AWS's policies stand in every account in their newest version only; how they are attached is told
of the caller's account. Lists leave out documents, descriptions and tags, as IAM's do.
"""

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from functools import cache, lru_cache
from itertools import islice

from genkan.authorization import managed
from genkan.core.call import Call, Check, Iam, Operation
from genkan.core.errors import NotFound
from genkan.core.pages import page_of
from genkan.db.database import Tx
from genkan.iam import policies, store, tags
from genkan.iam.answers import Answer, account_of, opened, page, short, url_encoded
from genkan.iam.policy_access import find_own, on_policy, own, version_not_found
from genkan.iam.records import ManagedPolicy, PolicyVersion, Usage

Policy = ManagedPolicy | managed.ManagedPolicy
_LOCAL, _AWS = "L", "W"
"""What a Marker of ListPolicies begins with: the account's own policies come first."""


def get_policy(tx: Tx, *, policy_arn: str) -> Answer:
    """GetPolicy."""
    return {"policy": describe(tx, _any(tx, policy_arn))}


def get_policy_version(tx: Tx, *, policy_arn: str, version_id: str) -> Answer:
    """GetPolicyVersion, with the document."""
    policy = _any(tx, policy_arn)
    found = next((one for one in _versions(tx, policy) if one.version_id == version_id), None)
    if found is None:
        raise version_not_found(policy_arn, version_id)
    answer = describe_version(found, policy.default_version_id)
    answer["document"] = url_encoded(_text(policy, found))
    return {"policy_version": answer}


def list_policy_versions(
    tx: Tx, *, policy_arn: str, marker: str | None = None, max_items: int = 100
) -> Answer:
    """ListPolicyVersions, newest first."""
    policy = _any(tx, policy_arn)

    def fetch(after: str | None, limit: int) -> list[PolicyVersion]:
        every = _versions(tx, policy)
        return [one for one in every if after is None or _number(one) < int(after)][:limit]

    return page(
        tx,
        "versions",
        f"ListPolicyVersions:{policy_arn}",
        fetch,
        key=lambda version: str(_number(version)),
        shape=lambda version: describe_version(version, policy.default_version_id),
        marker=marker,
        max_items=max_items,
    )


def list_policy_tags(
    tx: Tx, *, policy_arn: str, marker: str | None = None, max_items: int = 100
) -> Answer:
    """ListPolicyTags, in the order of keys; AWS's own policies have none."""
    pairs = own(tx, policy_arn).tags if managed.lookup(policy_arn) is None else ()

    def fetch(after: str | None, limit: int) -> list[tuple[str, str]]:
        rest = (pair for pair in pairs if short(pair[0]) > (after or ""))
        return sorted(rest, key=lambda pair: short(pair[0]))[:limit]

    return page(
        tx,
        "tags",
        f"ListPolicyTags:{account_of(tx.call)}:{policy_arn}",
        fetch,
        key=lambda pair: short(pair[0]),
        shape=tags.shape,
        marker=marker,
        max_items=max_items,
    )


def list_policies(
    tx: Tx,
    *,
    scope: str = "All",
    only_attached: bool = False,
    path_prefix: str = "/",
    policy_usage_filter: str | None = None,
    marker: str | None = None,
    max_items: int = 100,
) -> Answer:
    """ListPolicies: the account's own by name, then AWS's by ARN.

    A usage filter leaves what is used in that way; so does `only_attached`, in whichever way.
    """
    account_id = account_of(tx.call)
    used = _WAYS[policy_usage_filter] if policy_usage_filter or only_attached else None
    usages = store.usage_by_policy(tx, account_id)

    def fetch(after: str | None, limit: int) -> list[Policy]:
        found: list[Policy] = []
        if scope != "AWS" and (after is None or after.startswith(_LOCAL)):
            name = (after or _LOCAL)[1:]
            found += store.list_policies(tx, account_id, path_prefix, name, limit, used=used)
        if scope != "Local":
            name = after[1:] if after is not None and after.startswith(_AWS) else ""
            rest = (
                policy
                for policy in _aws_policies(name, path_prefix)
                if used is None or _is_used(usages.get(policy.arn), used)
            )
            found += islice(rest, limit - len(found))
        return found

    return page(
        tx,
        "policies",
        f"ListPolicies:{account_id}:{scope}:{used}:{path_prefix}",
        fetch,
        key=_list_key,
        shape=lambda policy: _listed(policy, usages.get(_arn(policy), Usage())),
        marker=marker,
        max_items=max_items,
    )


def list_entities_for_policy(
    tx: Tx,
    *,
    policy_arn: str,
    entity_filter: str | None = None,
    path_prefix: str = "/",
    policy_usage_filter: str | None = None,
    marker: str | None = None,
    max_items: int = 100,
) -> Answer:
    """ListEntitiesForPolicy: users, then roles, of the caller's account; there are no groups."""
    _any(tx, policy_arn)
    account_id = account_of(tx.call)
    query = f"ListEntitiesForPolicy:{account_id}:{policy_arn}:{path_prefix}"
    query += f":{entity_filter}:{policy_usage_filter}"
    after = opened(tx, query, marker) or ""
    rows: list[tuple[str, str, str]] = []
    for kind in _kinds(entity_filter, policy_usage_filter):
        if kind < after.partition(":")[0]:
            continue
        name = after.partition(":")[2] if after.startswith(f"{kind}:") else ""
        wanted = max_items + 1 - len(rows)
        found = store.entities_of(
            tx, policy_arn, account_id, path_prefix, name, wanted, kind=_KINDS[kind]
        )
        rows += [(kind, *one) for one in found]
    cut = page_of(tx.vault, query, rows, max_items, lambda row: f"{row[0]}:{row[1]}")
    return {
        "policy_groups": [],
        "policy_users": [
            {"user_name": name, "user_id": unique_id}
            for kind, name, unique_id in cut.items
            if kind == "1"
        ],
        "policy_roles": [
            {"role_name": name, "role_id": unique_id}
            for kind, name, unique_id in cut.items
            if kind != "1"
        ],
        "is_truncated": cut.next_token is not None,
        "marker": cut.next_token,
    }


def describe(tx: Tx, policy: Policy) -> Answer:
    """A policy as GetPolicy tells it."""
    answer = _listed(policy, store.usage(tx, _arn(policy), account_of(tx.call)))
    if isinstance(policy, ManagedPolicy):
        answer["description"] = policy.description or None
        answer["tags"] = [tags.shape(pair) for pair in policy.tags]
    return answer


def describe_version(version: PolicyVersion, in_effect: str) -> Answer:
    """A version without its document."""
    return {
        "version_id": version.version_id,
        "is_default_version": version.version_id == in_effect,
        "create_date": version.created_at,
    }


def _listed(policy: Policy, used: Usage) -> Answer:
    if isinstance(policy, ManagedPolicy):
        name, unique_id = policy.policy_name, policy.policy_id
        created_at, updated_at = policy.created_at, policy.updated_at
    else:
        name = policy.name
        unique_id, created_at, updated_at = _of_aws(policy)
    return {
        "policy_name": name,
        "policy_id": unique_id,
        "arn": _arn(policy),
        "path": policy.path,
        "default_version_id": policy.default_version_id,
        "attachment_count": used.attached,
        "permissions_boundary_usage_count": used.boundaries,
        "is_attachable": True,
        "create_date": created_at,
        "update_date": updated_at,
    }


def _any(tx: Tx, policy_arn: str) -> Policy:
    found: Policy | None = managed.lookup(policy_arn) or find_own(tx, policy_arn)
    if found is None:
        raise NotFound(f"Policy {policy_arn} was not found.", code="NoSuchEntity")
    return found


def _versions(tx: Tx, policy: Policy) -> list[PolicyVersion]:
    if isinstance(policy, ManagedPolicy):
        return store.policy_versions(tx, policy.policy_arn)
    changed_at = _millis(policy.update_date)
    return [PolicyVersion(version_id=policy.default_version_id, document="", created_at=changed_at)]


def _text(policy: Policy, version: PolicyVersion) -> str:
    return version.document if isinstance(policy, ManagedPolicy) else policy.text()


def _number(version: PolicyVersion) -> int:
    return int(version.version_id.removeprefix("v"))


def _arn(policy: Policy) -> str:
    return policy.policy_arn if isinstance(policy, ManagedPolicy) else policy.arn


def _list_key(policy: Policy) -> str:
    if isinstance(policy, ManagedPolicy):
        return _LOCAL + policy.policy_name.lower()
    return _AWS + policy.arn.removeprefix(policies.AWS_POLICY)


def _aws_policies(after: str, path_prefix: str) -> Iterator[managed.ManagedPolicy]:
    every = _every_aws_policy()
    start = bisect_right(every, after, key=lambda policy: _list_key(policy)[1:])
    for policy in islice(every, start, None):
        if policy.path.startswith(path_prefix):
            yield policy


@cache
def _every_aws_policy() -> tuple[managed.ManagedPolicy, ...]:
    return tuple(managed.all_policies())


_WAYS = {None: "either", "PermissionsPolicy": "attached", "PermissionsBoundary": "boundary"}
_KINDS = {"1": "User", "2": "Role", "3": "BoundedOnly", "4": "Bounded"}
"""What uses a policy, in the order in which it is listed."""


def _is_used(used: Usage | None, way: str) -> bool:
    if used is None:
        return False
    return bool((used.attached and way != "boundary") or (used.boundaries and way != "attached"))


def _kinds(entity_filter: str | None, usage: str | None) -> tuple[str, ...]:
    users = ("1",) if entity_filter in (None, "User") and usage != "PermissionsBoundary" else ()
    if entity_filter not in (None, "Role"):
        return users
    return (
        users
        + {None: ("2", "3"), "PermissionsPolicy": ("2",), "PermissionsBoundary": ("4",)}[usage]
    )


def _millis(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1000)


@lru_cache(maxsize=2048)
def _of_aws(policy: managed.ManagedPolicy) -> tuple[str, int, int]:
    """The unique id and the dates of a policy of AWS's.

    Its real id is not public: this one has the form, and is the same wherever it is asked for.
    """
    made = base64.b32encode(hashlib.sha256(policy.arn.encode()).digest()).decode()
    return f"ANPA{made[:17]}", _millis(policy.create_date), _millis(policy.update_date)


def _policies_under(tx: Tx, call: Call) -> tuple[Check, ...]:
    return (Check(action="iam:ListPolicies"),)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="ListPolicies", run=list_policies, access=Iam(checks=_policies_under), reads="scan"
    ),
    *(
        Operation(name=name, run=run, access=on_policy(name), reads="point")
        for name, run in (
            ("GetPolicy", get_policy),
            ("GetPolicyVersion", get_policy_version),
            ("ListPolicyVersions", list_policy_versions),
            ("ListPolicyTags", list_policy_tags),
            ("ListEntitiesForPolicy", list_entities_for_policy),
        )
    ),
)
