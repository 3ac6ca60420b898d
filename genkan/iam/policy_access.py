"""Finding the managed policy that a caller names, and the IAM question about it."""

from genkan.authorization import managed
from genkan.core.call import Call, Check, Iam, Signer
from genkan.core.errors import Denied, NotFound
from genkan.db.database import Tx
from genkan.iam import store
from genkan.iam.answers import account_of
from genkan.iam.policies import AWS_POLICY, customer_policy_arn
from genkan.iam.records import ManagedPolicy
from genkan.iam.tags import request_context, resource_context


def find_own(tx: Tx, policy_arn: str) -> ManagedPolicy | None:
    """The policy of the caller's account, or None: another account's does not exist."""
    policy = store.find_policy(tx, policy_arn)
    return policy if policy is not None and policy.account_id == account_of(tx.call) else None


def own(tx: Tx, policy_arn: str) -> ManagedPolicy:
    """The policy of the caller's account, to be read; NoSuchEntity otherwise."""
    policy = find_own(tx, policy_arn)
    if policy is None:
        raise NotFound(f"Policy {policy_arn} was not found.", code="NoSuchEntity")
    return policy


def changeable(tx: Tx, policy_arn: str) -> ManagedPolicy:
    """The policy of the caller's account, to be changed; `Denied` for one of AWS's own."""
    caller = tx.call.caller
    if isinstance(caller, Signer) and managed.lookup(policy_arn) is not None:
        raise Denied(
            f"User: {caller.arn} is not authorized to perform: iam:{tx.call.operation.name} on"
            f" resource: policy {policy_arn}",
            code="AccessDenied",
        )
    return own(tx, policy_arn)


def version_not_found(policy_arn: str, version_id: str) -> NotFound:
    """IAM's words for a version that a policy does not have."""
    return NotFound(
        f"Policy {policy_arn} version {version_id} does not exist or is not attachable.",
        code="NoSuchEntity",
    )


def on_policy(action: str) -> Iam:
    """The action on the policy named by its ARN, with its tags and those of the request."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        arn = call.params["policy_arn"]
        policy = None if arn.startswith(AWS_POLICY) else find_own(tx, arn)
        context = resource_context(policy.tags if policy is not None else ())
        context |= request_context(call.params.get("tags") or ())
        if keys := call.params.get("tag_keys"):
            context["aws:TagKeys"] = tuple(keys)
        return (Check(action=f"iam:{action}", resources=(arn,), context=context),)

    return Iam(checks=checks)


def creating(action: str) -> Iam:
    """The action on the policy that the request would make, with the tags it would have."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        params = call.params
        arn = customer_policy_arn(account_of(call), params.get("path", "/"), params["policy_name"])
        context = request_context(params.get("tags") or ())
        return (Check(action=f"iam:{action}", resources=(arn,), context=context),)

    return Iam(checks=checks)
