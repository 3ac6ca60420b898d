"""Changes to customer managed policies of the caller's account, as IAM's API makes them.

A policy has one to five versions, one of them in effect: a session's rights follow it at the next
call. What is attached, or is a boundary, stays: whatever is attached exists.
"""

from collections.abc import Mapping, Sequence

from genkan.core.call import Operation
from genkan.core.errors import Conflict, QuotaExceeded
from genkan.db.database import Tx
from genkan.iam import policies, store
from genkan.iam import tags as _tags
from genkan.iam.answers import Answer, account_of
from genkan.iam.policy_access import changeable, creating, on_policy, version_not_found
from genkan.iam.policy_reads import describe, describe_version
from genkan.iam.records import PolicyVersion

VERSION_LIMIT = 5


def create_policy(
    tx: Tx,
    *,
    policy_name: str,
    policy_document: str,
    path: str = "/",
    description: str = "",
    tags: Sequence[Mapping[str, str]] = (),
) -> Answer:
    """CreatePolicy: version v1, in effect. Names are unique in an account in any case and path."""
    made = policies.create_policy(
        tx,
        account_id=account_of(tx.call),
        policy_name=policy_name,
        policy_document=policy_document,
        path=path,
        description=description,
        tags=_tags.with_tags((), tags),
    )
    answer = describe(tx, made)
    del answer["description"]
    return {"policy": answer}


def create_policy_version(
    tx: Tx, *, policy_arn: str, policy_document: str, set_as_default: bool = False
) -> Answer:
    """CreatePolicyVersion: numbers go on, whatever was deleted; in effect only when asked for."""
    policy = changeable(tx, policy_arn)
    policies.require_managed_document(policy_document)
    if len(store.policy_versions(tx, policy_arn)) >= VERSION_LIMIT:
        raise QuotaExceeded(
            f"A managed policy can have up to {VERSION_LIMIT} versions. Before you create a new"
            " version, you must delete an existing version.",
            code="LimitExceeded",
        )
    number = policy.last_version + 1
    version = PolicyVersion(version_id=f"v{number}", document=policy_document, created_at=tx.now)
    store.insert_policy_version(tx, policy_arn, number, version)
    if set_as_default:
        store.set_default_version(tx, policy_arn, version.version_id)
    in_effect = version.version_id if set_as_default else policy.default_version_id
    return {"policy_version": describe_version(version, in_effect)}


def set_default_policy_version(tx: Tx, *, policy_arn: str, version_id: str) -> Answer:
    """SetDefaultPolicyVersion: in effect for whatever the policy is attached to, at once."""
    changeable(tx, policy_arn)
    if store.policy_version(tx, policy_arn, version_id) is None:
        raise version_not_found(policy_arn, version_id)
    store.set_default_version(tx, policy_arn, version_id)
    return {}


def delete_policy_version(tx: Tx, *, policy_arn: str, version_id: str) -> Answer:
    """DeletePolicyVersion; `Conflict` (DeleteConflict) for the one in effect."""
    policy = changeable(tx, policy_arn)
    if version_id == policy.default_version_id:
        raise Conflict("Cannot delete the default version of a policy.", code="DeleteConflict")
    if not store.delete_policy_version(tx, policy_arn, version_id):
        raise version_not_found(policy_arn, version_id)
    return {}


def delete_policy(tx: Tx, *, policy_arn: str) -> Answer:
    """DeletePolicy; `Conflict` (DeleteConflict) while it is used or has several versions."""
    policy = changeable(tx, policy_arn)
    used = store.usage(tx, policy_arn, policy.account_id)
    if used.attached or used.boundaries:
        raise Conflict("Cannot delete a policy attached to entities.", code="DeleteConflict")
    if len(store.policy_versions(tx, policy_arn)) > 1:
        raise Conflict(
            "This policy has more than one version. Before you delete a policy, you must delete"
            " the policy's versions. The default version is deleted with the policy.",
            code="DeleteConflict",
        )
    store.delete_policy(tx, policy_arn)
    return {}


def tag_policy(tx: Tx, *, policy_arn: str, tags: Sequence[Mapping[str, str]]) -> Answer:
    """TagPolicy: adds tags, or gives those of the same key another value."""
    policy = changeable(tx, policy_arn)
    store.set_policy_tags(tx, policy_arn, _tags.with_tags(policy.tags, tags))
    return {}


def untag_policy(tx: Tx, *, policy_arn: str, tag_keys: Sequence[str]) -> Answer:
    """UntagPolicy; keys that it does not have are ignored."""
    policy = changeable(tx, policy_arn)
    store.set_policy_tags(tx, policy_arn, _tags.without_tags(policy.tags, tag_keys))
    return {}


OPERATIONS: tuple[Operation, ...] = (
    Operation(name="CreatePolicy", run=create_policy, access=creating("CreatePolicy")),
    *(
        Operation(name=name, run=run, access=on_policy(name))
        for name, run in (
            ("CreatePolicyVersion", create_policy_version),
            ("SetDefaultPolicyVersion", set_default_policy_version),
            ("DeletePolicyVersion", delete_policy_version),
            ("DeletePolicy", delete_policy),
            ("TagPolicy", tag_policy),
            ("UntagPolicy", untag_policy),
        )
    ),
)
