"""Service control policies: what principals of member accounts may do at most (reference §10).

Levels go from the root over every unit to the account, and each must allow. The management account
has none. While the type is not enabled nothing is attached, and nobody is limited.
"""

import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from genkan.authorization import PolicyKind, PolicySyntaxError, parse
from genkan.core.call import Operation
from genkan.core.errors import Conflict, Invalid, NotFound, Refusal
from genkan.db.database import Tx
from genkan.organization import access, policy_store, store
from genkan.organization.access import find_account, find_organization, iam, organization, reading
from genkan.organization.answers import PAGE, Answer, page, violation
from genkan.organization.records import FULL_ACCESS, ControlPolicy, Organization
from genkan.organization.tags import with_tags

TYPE = "SERVICE_CONTROL_POLICY"
CONTENT_LIMIT = 5_120
ATTACHMENT_LIMIT = 5
POLICY_LIMIT = 1_000
_LETTERS = string.ascii_lowercase + string.digits

Levels = tuple[tuple[ControlPolicy, ...], ...]


def levels_of(tx: Tx, account_id: str) -> Levels:
    """What limits the account: a level for the root, each unit and itself.

    No level at all means no limit: while the type is not enabled, for the management account, and
    outside an organization.
    """
    enabled = tx.remembered(("control policies",), lambda: policy_store.type_enabled(tx, TYPE))
    if not enabled:
        return ()
    return tx.remembered(("control policies", account_id), lambda: _levels_of(tx, account_id))


def _levels_of(tx: Tx, account_id: str) -> Levels:
    whole, account = find_organization(tx), find_account(tx, account_id)
    if whole is None or account is None or account_id == whole.management_account_id:
        return ()
    targets = account.path.strip("/").split("/")[1:]
    attached = policy_store.attached_to_any(tx, targets)
    return tuple(
        tuple(policy for place, policy in attached if place == target) for target in targets
    )


def policy_arn(whole: Organization, policy: ControlPolicy) -> str:
    """The policy's ARN: AWS's own belongs to no organization."""
    if policy is FULL_ACCESS:
        return f"arn:aws:organizations::aws:policy/{TYPE.lower()}/{policy.policy_id}"
    return whole.arn("policy", f"{TYPE.lower()}/{policy.policy_id}")


def enable_policy_type(tx: Tx, *, root_id: str, policy_type: str) -> Answer:
    """EnablePolicyType: full access is attached to the root and to everything in it."""
    _require_root(tx, root_id)
    _require_available(policy_type)
    if policy_store.type_enabled(tx, TYPE):
        raise Conflict(
            "The specified policy type is already enabled.",
            code="PolicyTypeAlreadyEnabledException",
        )
    policy_store.enable_type(tx, TYPE)
    return {"root": root_answer(tx)}


def disable_policy_type(tx: Tx, *, root_id: str, policy_type: str) -> Answer:
    """DisablePolicyType: what was attached is forgotten; enabling begins anew."""
    _require_root(tx, root_id)
    if policy_type != TYPE or not policy_store.type_enabled(tx, TYPE):
        raise _not_enabled()
    policy_store.disable_type(tx, TYPE)
    return {"root": root_answer(tx)}


def root_answer(tx: Tx) -> Answer:
    """The root with the policy types that are enabled."""
    whole = organization(tx)
    enabled = policy_store.type_enabled(tx, TYPE)
    return {
        "id": whole.root_id,
        "arn": whole.arn("root", whole.root_id),
        "name": "Root",
        "policy_types": ({"type": TYPE, "status": "ENABLED"},) if enabled else (),
    }


def create_policy(
    tx: Tx,
    *,
    content: str,
    description: str,
    name: str,
    type: str,
    tags: Sequence[Mapping[str, str]] = (),
    policy_id: str | None = None,
) -> Answer:
    """CreatePolicy of type SERVICE_CONTROL_POLICY; attached to nothing yet.

    `policy_id` is for seeds; it is chosen otherwise.
    """
    _require_available(type)
    _require_content(content)
    if policy_store.name_taken(tx, name):
        raise _duplicate()
    if policy_store.count(tx) >= POLICY_LIMIT:
        raise violation(
            "You have exceeded the number of policies that you can have in an organization.",
            "POLICY_NUMBER_LIMIT_EXCEEDED",
        )
    policy = ControlPolicy(
        policy_id=policy_id or "p-" + "".join(secrets.choice(_LETTERS) for _ in range(10)),
        name=name,
        description=description,
        content=content,
    )
    policy_store.insert(tx, policy, dict(with_tags((), tags)))
    return {"policy": _whole(tx, policy)}


def describe_policy(tx: Tx, *, policy_id: str) -> Answer:
    """DescribePolicy, with its content."""
    return {"policy": _whole(tx, _existing(tx, policy_id))}


def update_policy(
    tx: Tx,
    *,
    policy_id: str,
    name: str | None = None,
    description: str | None = None,
    content: str | None = None,
) -> Answer:
    """UpdatePolicy: what is given is replaced, in effect at the next call of whom it limits."""
    policy = _changeable(tx, policy_id)
    if content is not None:
        _require_content(content)
    if name is not None and policy_store.name_taken(tx, name, policy_id):
        raise _duplicate()
    changed = replace(
        policy,
        name=policy.name if name is None else name,
        description=policy.description if description is None else description,
        content=policy.content if content is None else content,
    )
    policy_store.update(tx, changed)
    return {"policy": _whole(tx, changed)}


def delete_policy(tx: Tx, *, policy_id: str) -> Answer:
    """DeletePolicy; PolicyInUseException while it is attached anywhere."""
    _changeable(tx, policy_id)
    if policy_store.is_attached(tx, policy_id):
        raise Conflict(
            "The policy is attached to one or more entities. You must detach it from all roots,"
            " OUs, and accounts before performing this operation.",
            code="PolicyInUseException",
        )
    policy_store.delete(tx, policy_id)
    return {}


def attach_policy(tx: Tx, *, policy_id: str, target_id: str) -> Answer:
    """AttachPolicy to a root, unit or account, at most five to each."""
    _existing(tx, policy_id)
    _target(tx, target_id)
    if not policy_store.type_enabled(tx, TYPE):
        raise _not_enabled()
    attached = policy_store.attached_to(tx, target_id, "", ATTACHMENT_LIMIT + 1)
    if policy_id in {policy.policy_id for policy in attached}:
        raise Conflict(
            "The selected policy is already attached to the specified target.",
            code="DuplicatePolicyAttachmentException",
        )
    if len(attached) >= ATTACHMENT_LIMIT:
        raise violation(
            "You have exceeded the number of policies that can be attached to an entity.",
            "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
        )
    policy_store.attach(tx, policy_id, target_id)
    return {}


def detach_policy(tx: Tx, *, policy_id: str, target_id: str) -> Answer:
    """DetachPolicy; the last one of a target stays."""
    _existing(tx, policy_id)
    _target(tx, target_id)
    attached = policy_store.attached_to(tx, target_id, "", ATTACHMENT_LIMIT + 1)
    if policy_id not in {policy.policy_id for policy in attached}:
        raise NotFound(
            "The policy isn't attached to the specified target in the specified root.",
            code="PolicyNotAttachedException",
        )
    if len(attached) == 1:
        raise violation(
            "You cannot remove the last policy from an entity: it would be allowed nothing.",
            "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
        )
    policy_store.detach(tx, policy_id, target_id)
    return {}


def list_policies(
    tx: Tx, *, filter: str, max_results: int = PAGE, next_token: str | None = None
) -> Answer:
    """ListPolicies of one type; there are none of the others."""
    policies, token = page(
        tx,
        f"ListPolicies:{filter}",
        max_results,
        next_token,
        lambda after, limit: policy_store.page(tx, after, limit) if filter == TYPE else [],
        lambda policy: policy.policy_id,
    )
    return {"policies": [_summary(tx, policy) for policy in policies], "next_token": token}


def list_policies_for_target(
    tx: Tx, *, target_id: str, filter: str, max_results: int = PAGE, next_token: str | None = None
) -> Answer:
    """ListPoliciesForTarget: those attached to it directly."""
    _target(tx, target_id)
    policies, token = page(
        tx,
        f"ListPoliciesForTarget:{target_id}:{filter}",
        max_results,
        next_token,
        lambda after, limit: (
            policy_store.attached_to(tx, target_id, after, limit) if filter == TYPE else []
        ),
        lambda policy: policy.policy_id,
    )
    return {"policies": [_summary(tx, policy) for policy in policies], "next_token": token}


def list_targets_for_policy(
    tx: Tx, *, policy_id: str, max_results: int = PAGE, next_token: str | None = None
) -> Answer:
    """ListTargetsForPolicy: roots, units and accounts that it is attached to."""
    _existing(tx, policy_id)
    targets, token = page(
        tx,
        f"ListTargetsForPolicy:{policy_id}",
        max_results,
        next_token,
        lambda after, limit: policy_store.targets_of(tx, policy_id, after, limit),
        lambda target: target,
    )
    return {"targets": [_target(tx, target) for target in targets], "next_token": token}


def _existing(tx: Tx, policy_id: str) -> ControlPolicy:
    policy = policy_store.find(tx, policy_id)
    if policy is None:
        raise NotFound(
            "We can't find a policy with the PolicyId that you specified.",
            code="PolicyNotFoundException",
        )
    return policy


def _changeable(tx: Tx, policy_id: str) -> ControlPolicy:
    policy = _existing(tx, policy_id)
    if policy is FULL_ACCESS:
        raise _invalid("You can't change or delete a policy that AWS manages.", "IMMUTABLE_POLICY")
    return policy


def _target(tx: Tx, target_id: str) -> dict[str, Any]:
    whole = organization(tx)
    if target_id == whole.root_id:
        return _place(whole, target_id, "root", "Root")
    if target_id.startswith("ou-"):
        unit = store.find_unit(tx, target_id)
        if unit is not None:
            return {**_place(whole, target_id, "ou", unit.name), "type": "ORGANIZATIONAL_UNIT"}
    elif (account := find_account(tx, target_id)) is not None:
        return _place(whole, target_id, "account", account.name)
    raise NotFound(
        "We can't find a root, OU, account, or policy with the TargetId that you specified.",
        code="TargetNotFoundException",
    )


def _place(whole: Organization, target_id: str, kind: str, name: str) -> dict[str, Any]:
    arn = whole.arn(kind, target_id)
    return {"target_id": target_id, "arn": arn, "name": name, "type": kind.upper()}


def _require_root(tx: Tx, root_id: str) -> None:
    if root_id != organization(tx).root_id:
        raise NotFound("You specified a root that doesn't exist.", code="RootNotFoundException")


def _require_available(policy_type: str) -> None:
    if policy_type != TYPE:
        raise Conflict(
            "You can't use the specified policy type with the feature set currently enabled for"
            " this organization.",
            code="PolicyTypeNotAvailableForOrganizationException",
        )


def _require_content(content: str) -> None:
    try:
        parse(content, PolicyKind.SCP)
    except PolicySyntaxError as error:
        raise Invalid(
            "The provided policy document does not meet the requirements of the specified policy"
            f" type: {error.message}",
            code="MalformedPolicyDocumentException",
            detail=error.detail,
        ) from None
    if len(content) > CONTENT_LIMIT:
        raise violation(
            f"The policy has more than {CONTENT_LIMIT} characters.",
            "POLICY_CONTENT_LIMIT_EXCEEDED",
        )


def _summary(tx: Tx, policy: ControlPolicy) -> dict[str, Any]:
    return {
        "id": policy.policy_id,
        "arn": policy_arn(organization(tx), policy),
        "name": policy.name,
        "description": policy.description,
        "type": TYPE,
        "aws_managed": policy is FULL_ACCESS,
    }


def _whole(tx: Tx, policy: ControlPolicy) -> dict[str, Any]:
    return {"policy_summary": _summary(tx, policy), "content": policy.content}


def _not_enabled() -> Conflict:
    return Conflict(
        "This operation can be performed only for enabled policy types.",
        code="PolicyTypeNotEnabledException",
    )


def _duplicate() -> Conflict:
    return Conflict("A policy with the same name already exists.", code="DuplicatePolicyException")


def _invalid(message: str, reason: str) -> Refusal:
    return Invalid(message, code="InvalidInputException", members={"reason": reason})


OPERATIONS: tuple[Operation, ...] = (
    Operation(name="CreatePolicy", run=create_policy, access=iam("CreatePolicy")),
    Operation(
        name="DescribePolicy",
        run=describe_policy,
        access=reading("DescribePolicy", access.the_policy),
        reads="point",
    ),
    Operation(
        name="UpdatePolicy", run=update_policy, access=iam("UpdatePolicy", access.the_policy)
    ),
    Operation(
        name="ListPolicies", run=list_policies, access=reading("ListPolicies"), reads="point"
    ),
    Operation(
        name="ListPoliciesForTarget",
        run=list_policies_for_target,
        access=reading("ListPoliciesForTarget", access.the_target),
        reads="point",
    ),
    Operation(
        name="ListTargetsForPolicy",
        run=list_targets_for_policy,
        access=reading("ListTargetsForPolicy", access.the_policy),
        reads="point",
    ),
    Operation(
        name="AttachPolicy",
        run=attach_policy,
        access=iam("AttachPolicy", access.the_policy_and_target),
    ),
    Operation(
        name="DetachPolicy",
        run=detach_policy,
        access=iam("DetachPolicy", access.the_policy_and_target),
    ),
    Operation(
        name="DeletePolicy", run=delete_policy, access=iam("DeletePolicy", access.the_policy)
    ),
    Operation(
        name="DisablePolicyType",
        run=disable_policy_type,
        access=iam("DisablePolicyType", access.the_root),
    ),
    Operation(
        name="EnablePolicyType",
        run=enable_policy_type,
        access=iam("EnablePolicyType", access.the_root),
    ),
)
