"""IAM's reads of the caller's own account, and the changes that workers and the owner make.

Documents leave URL-encoded by RFC 3986, as IAM sends them. Lists are pages with IAM's Marker.
"""

from collections.abc import Callable
from typing import Any

from genkan.core import arns
from genkan.core.call import Call, Check, Iam, Operation, System
from genkan.core.errors import Invalid, NotFound
from genkan.db.database import Tx
from genkan.iam import customer_policies, policy_reads, roles, saml_providers, store, users
from genkan.iam.answers import Answer, account_of, page, short, url_encoded
from genkan.iam.policies import (
    customer_policy_arn,
    policies_of_role,
    policies_of_user,
    policy_text,
)
from genkan.iam.records import PROVISION_JOB, Role
from genkan.iam.saml_providers import find_saml_provider
from genkan.iam.users import find_user

__all__ = [
    "OPERATIONS",
    "customer_policy_arn",
    "find_role",
    "find_saml_provider",
    "find_user",
    "policies_of_role",
    "policies_of_user",
    "policy_text",
]


def find_role(tx: Tx, account_id: str, role_name: str) -> Role | None:
    """One role, or None."""
    return tx.remembered(
        ("iam.role", account_id, role_name), lambda: store.find_role(tx, account_id, role_name)
    )


def list_roles(
    tx: Tx, *, path_prefix: str = "/", marker: str | None = None, max_items: int = 100
) -> Answer:
    """ListRoles: without tags, boundary and last use, as IAM answers lists."""
    account_id = account_of(tx.call)
    return page(
        tx,
        "roles",
        f"ListRoles:{account_id}:{path_prefix}",
        lambda after, limit: store.list_roles(tx, account_id, path_prefix, after, limit),
        key=lambda role: role.role_name,
        shape=_role,
        marker=marker,
        max_items=max_items,
    )


def get_role(tx: Tx, *, role_name: str) -> Answer:
    """GetRole."""
    role = _existing_role(tx, role_name)
    answer = _role(role)
    if role.boundary_arn:
        answer["permissions_boundary"] = {
            "permissions_boundary_type": "Policy",
            "permissions_boundary_arn": role.boundary_arn,
        }
    if role.tags:
        answer["tags"] = [{"key": key, "value": value} for key, value in role.tags]
    answer["role_last_used"] = {}
    return {"role": answer}


def get_role_policy(tx: Tx, *, role_name: str, policy_name: str) -> Answer:
    """GetRolePolicy."""
    role = _existing_role(tx, role_name)
    document = store.role_policy(tx, role.account_id, role_name, policy_name)
    if document is None:
        raise NotFound(
            f"The role policy with name {policy_name} cannot be found.", code="NoSuchEntity"
        )
    return {
        "role_name": role_name,
        "policy_name": policy_name,
        "policy_document": url_encoded(document),
    }


def list_role_policies(
    tx: Tx, *, role_name: str, marker: str | None = None, max_items: int = 100
) -> Answer:
    """ListRolePolicies: names only."""
    role = _existing_role(tx, role_name)
    return page(
        tx,
        "policy_names",
        f"ListRolePolicies:{role.arn}",
        lambda after, limit: store.role_policy_names(tx, role.account_id, role_name, after, limit),
        key=str,
        shape=str,
        marker=marker,
        max_items=max_items,
    )


def list_attached_role_policies(
    tx: Tx,
    *,
    role_name: str,
    path_prefix: str = "/",
    marker: str | None = None,
    max_items: int = 100,
) -> Answer:
    """ListAttachedRolePolicies."""
    role = _existing_role(tx, role_name)

    def fetch(after: str | None, limit: int) -> list[str]:
        attached = store.role_attachments(
            tx, role.account_id, role_name, None, roles.ATTACHMENT_LIMIT
        )
        rest = sorted((arn for arn in attached if short(arn) > (after or "")), key=short)
        return [arn for arn in rest if arns.parse_iam(arn).path.startswith(path_prefix)][:limit]

    return page(
        tx,
        "attached_policies",
        f"ListAttachedRolePolicies:{role.arn}:{path_prefix}",
        fetch,
        key=short,
        shape=lambda arn: {"policy_name": arn.rpartition("/")[2], "policy_arn": arn},
        marker=marker,
        max_items=max_items,
    )


def list_saml_providers(tx: Tx) -> Answer:
    """ListSAMLProviders."""
    providers = store.list_saml_providers(tx, account_of(tx.call))
    return {
        "saml_provider_list": [
            {
                "arn": provider.arn,
                "valid_until": provider.valid_until,
                "create_date": provider.created_at,
            }
            for provider in providers
        ]
    }


def get_saml_provider(tx: Tx, *, saml_provider_arn: str) -> Answer:
    """GetSAMLProvider; another account's provider does not exist for the caller."""
    parsed = _parsed(saml_provider_arn)
    provider = None
    if parsed.account_id == account_of(tx.call):
        provider = find_saml_provider(tx, saml_provider_arn)
    if provider is None:
        raise saml_providers.manifest_not_found(saml_provider_arn)
    return {
        "saml_provider_uuid": provider.uuid,
        "saml_metadata_document": provider.metadata,
        "create_date": provider.created_at,
        "valid_until": provider.valid_until,
    }


def _parsed(arn: str) -> arns.IamName:
    try:
        return arns.parse_iam(arn)
    except Invalid:
        raise Invalid("Invalid ARN:  Could not be parsed!", code="ValidationError") from None


def _existing_role(tx: Tx, role_name: str) -> Role:
    role = find_role(tx, account_of(tx.call), role_name)
    if role is None:
        raise roles.role_not_found(role_name)
    return role


def _role(role: Role) -> Answer:
    return {
        "path": role.path,
        "role_name": role.role_name,
        "role_id": role.role_id,
        "arn": role.arn,
        "create_date": role.created_at,
        "assume_role_policy_document": url_encoded(role.trust_policy),
        "description": role.description or None,
        "max_session_duration": role.max_session_duration,
    }


def _role_resource(tx: Tx, call: Call) -> str:
    name = call.params["role_name"]
    role = find_role(tx, account_of(call), name)
    return role.arn if role else arns.role(account_of(call), "/", name)


def _on_role(action: str) -> Iam:
    return Iam(
        checks=lambda tx, call: (Check(action=action, resources=(_role_resource(tx, call),)),)
    )


def _on_param(action: str, param: str) -> Iam:
    return Iam(checks=lambda tx, call: (Check(action=action, resources=(call.params[param],)),))


def _roles_under(tx: Tx, call: Call) -> tuple[Check, ...]:
    prefix = call.params.get("path_prefix", "/")
    resource = f"arn:aws:iam::{account_of(call)}:role{prefix}"
    return (Check(action="iam:ListRoles", resources=(resource,)),)


OPERATIONS: tuple[Operation, ...] = (
    Operation(name="ListRoles", run=list_roles, access=Iam(checks=_roles_under), reads="scan"),
    Operation(name="GetRole", run=get_role, access=_on_role("iam:GetRole"), reads="point"),
    Operation(
        name="GetRolePolicy",
        run=get_role_policy,
        access=_on_role("iam:GetRolePolicy"),
        reads="point",
    ),
    Operation(
        name="ListRolePolicies",
        run=list_role_policies,
        access=_on_role("iam:ListRolePolicies"),
        reads="point",
    ),
    Operation(
        name="ListAttachedRolePolicies",
        run=list_attached_role_policies,
        access=_on_role("iam:ListAttachedRolePolicies"),
        reads="point",
    ),
    Operation(
        name="ListSAMLProviders",
        run=list_saml_providers,
        access=Iam(checks=lambda tx, call: (Check(action="iam:ListSAMLProviders"),)),
        reads="point",
    ),
    Operation(
        name="GetSAMLProvider",
        run=get_saml_provider,
        access=_on_param("iam:GetSAMLProvider", "saml_provider_arn"),
        reads="point",
    ),
    *policy_reads.OPERATIONS,
    *customer_policies.OPERATIONS,
)


def _step(name: str, run: Callable[..., Any]) -> Operation:
    """A step of provisioning: bookkeeping of the assignment that was asked for and audited."""
    jobs = frozenset({PROVISION_JOB})
    return Operation(name=name, run=run, access=System(jobs=jobs), recorded=False)


PUT_ROLE = _step("PutRole", roles.put_role)
DELETE_ROLE = _step("DeleteRole", roles.delete_role)
PUT_ROLE_POLICY = _step("PutRolePolicy", roles.put_role_policy)
DELETE_ROLE_POLICY = _step("DeleteRolePolicy", roles.delete_role_policy)
ATTACH_ROLE_POLICY = _step("AttachRolePolicy", roles.attach_role_policy)
DETACH_ROLE_POLICY = _step("DetachRolePolicy", roles.detach_role_policy)
PUT_ROLE_PERMISSIONS_BOUNDARY = _step(
    "PutRolePermissionsBoundary", roles.put_role_permissions_boundary
)
DELETE_ROLE_PERMISSIONS_BOUNDARY = _step(
    "DeleteRolePermissionsBoundary", roles.delete_role_permissions_boundary
)
PUT_SAML_PROVIDER = _step("PutSAMLProvider", saml_providers.put_saml_provider)
DELETE_SAML_PROVIDER = _step("DeleteSAMLProvider", saml_providers.delete_saml_provider)

CREATE_USER = Operation(name="CreateUser", run=users.create_user, access=System())
ATTACH_USER_POLICY = Operation(
    name="AttachUserPolicy", run=users.attach_user_policy, access=System()
)
