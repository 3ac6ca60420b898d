"""What an account's role must be for a permission set: AWS's names and documents (§3.4). Pure."""

import json

from genkan.assignments.records import RoleWork
from genkan.core import arns
from genkan.iam.operations import customer_policy_arn
from genkan.permission_sets.records import CustomerManagedPolicyReference, PermissionSetContent
from genkan.provisioning.state import RoleState

INLINE_POLICY_NAME = "AwsSSOInlinePolicy"
MAX_SESSION_DURATION = 43_200
"""Seconds; a session's own length is the permission set's, told when it is made."""

SIGN_IN_AUDIENCE = "https://signin.aws.amazon.com/saml"


def desired_role(work: RoleWork, content: PermissionSetContent) -> RoleState:
    """The role that says what `content` says, under the names recorded for it."""
    account_id = work.account_id
    inline = {(INLINE_POLICY_NAME, content.inline_policy)} if content.inline_policy else set()
    return RoleState(
        name=work.role_name,
        path=work.role_path,
        trust_policy=trust_policy(arns.saml_provider(account_id, work.saml_provider_name)),
        description=content.description,
        max_session_duration=MAX_SESSION_DURATION,
        managed_policies=frozenset(content.managed_policies)
        | {_arn(account_id, reference) for reference in content.customer_managed_policies},
        inline_policies=frozenset(inline),
        boundary=_boundary(account_id, content),
    )


def trust_policy(provider_arn: str) -> str:
    """Who may assume the role: whoever brings an assertion of the account's SAML provider."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": provider_arn},
                    "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                    "Condition": {"StringEquals": {"SAML:aud": SIGN_IN_AUDIENCE}},
                }
            ],
        },
        separators=(",", ":"),
    )


def customer_policies(role: RoleState, account_id: str) -> tuple[str, ...]:
    """The policies that the account itself must have for this role, boundary included."""
    own = f"arn:aws:iam::{account_id}:policy/"
    needed = role.managed_policies | ({role.boundary} if role.boundary else set())
    return tuple(sorted(arn for arn in needed if arn.startswith(own)))


def _boundary(account_id: str, content: PermissionSetContent) -> str | None:
    if content.boundary is None:
        return None
    reference = content.boundary.customer_managed_policy_reference
    if reference is None:
        return content.boundary.managed_policy_arn
    return _arn(account_id, reference)


def _arn(account_id: str, reference: CustomerManagedPolicyReference) -> str:
    return customer_policy_arn(account_id, reference.path, reference.name)
