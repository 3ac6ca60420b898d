"""Managed policies: those of an account, those of AWS, and the texts that limit a principal.

`policies_of_role` and `policies_of_user` feed the evaluation of each request, so they are one or
two queries and remembered.
"""

from collections.abc import Mapping
from functools import lru_cache

from genkan.authorization import PolicyKind, PolicySyntaxError, compile_policy, managed, policy_size
from genkan.core import ids
from genkan.core.errors import Conflict, Invalid, NotFound, QuotaExceeded
from genkan.db.database import Tx
from genkan.iam import store
from genkan.iam.records import ManagedPolicy, PolicyVersion, RolePolicies, UserPolicies

POLICY_LIMIT = 6_144
"""Characters of a managed policy, white space not counted (IAM quota)."""

POLICIES_PER_ACCOUNT = 1_500
"""Customer managed policies of one account (IAM quota)."""

AWS_POLICY = "arn:aws:iam::aws:policy/"

_NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'
"""Stands for an attached policy whose text is gone: it might have denied anything."""


def create_policy(
    tx: Tx,
    *,
    account_id: str,
    policy_name: str,
    policy_document: str,
    path: str = "/",
    description: str = "",
    tags: tuple[tuple[str, str], ...] = (),
    policy_id: str | None = None,
) -> ManagedPolicy:
    """Create a customer managed policy, version v1. Errors as IAM's CreatePolicy.

    `policy_id` is for seeds; it is chosen otherwise.
    """
    if store.policy_name_taken(tx, account_id, policy_name):
        raise Conflict(
            f"A policy called {policy_name} already exists. Duplicate names are not allowed.",
            code="EntityAlreadyExists",
        )
    require_managed_document(policy_document)
    if store.count_policies(tx, account_id) >= POLICIES_PER_ACCOUNT:
        raise QuotaExceeded(
            f"Cannot exceed quota for PoliciesPerAccount: {POLICIES_PER_ACCOUNT}",
            code="LimitExceeded",
        )
    policy = ManagedPolicy(
        policy_arn=customer_policy_arn(account_id, path, policy_name),
        account_id=account_id,
        policy_name=policy_name,
        path=path,
        policy_id=policy_id or ids.unique_id("ANPA"),
        description=description,
        default_version_id="v1",
        document=policy_document,
        created_at=tx.now,
        updated_at=tx.now,
        tags=tags,
    )
    store.insert_policy(tx, policy)
    return policy


def customer_policies(tx: Tx, account_id: str) -> list[ManagedPolicy]:
    """Every customer managed policy of an account, in the order of ARNs: for exports."""
    found: list[ManagedPolicy] = []
    while arns := store.policy_arns(tx, account_id, found[-1].policy_arn if found else None, 100):
        found += [policy for arn in arns if (policy := store.find_policy(tx, arn)) is not None]
    return found


def versions_of(tx: Tx, policy_arn: str) -> list[PolicyVersion]:
    """Every version of a customer managed policy, newest first: for exports."""
    return store.policy_versions(tx, policy_arn)


def replace_versions(
    tx: Tx,
    *,
    policy_arn: str,
    documents: Mapping[int, str],
    default_version: int,
    last_version: int,
) -> None:
    """Give a policy these versions, by number, instead of those it has: for seeds.

    `last_version` is the highest number ever given to one, so that numbers go on from there.
    """
    for version in store.policy_versions(tx, policy_arn):
        store.delete_policy_version(tx, policy_arn, version.version_id)
    for number, document in documents.items():
        require_managed_document(document)
        version = PolicyVersion(version_id=f"v{number}", document=document, created_at=tx.now)
        store.insert_policy_version(tx, policy_arn, last_version, version)
    store.set_default_version(tx, policy_arn, f"v{default_version}")


def customer_policy_arn(account_id: str, path: str, name: str) -> str:
    """`arn:aws:iam::<account>:policy<path><name>`; `path` starts and ends with a slash."""
    return f"arn:aws:iam::{account_id}:policy{path}{name}"


def policy_text(tx: Tx, policy_arn: str) -> str | None:
    """The text of a managed policy, AWS's or a customer's, or None."""
    if policy_arn.startswith(AWS_POLICY):
        return _aws_text(policy_arn)
    policy = store.find_policy(tx, policy_arn)
    return policy.document if policy is not None else None


def require_attachable(tx: Tx, account_id: str, policy_arn: str) -> None:
    """Refuse the ARN of a policy that is neither AWS's nor one of this account."""
    own = policy_arn.startswith((AWS_POLICY, f"arn:aws:iam::{account_id}:policy/"))
    if not own or policy_text(tx, policy_arn) is None:
        raise NotFound(
            f"Policy {policy_arn} does not exist or is not attachable.", code="NoSuchEntity"
        )


def policies_of_role(tx: Tx, account_id: str, role_name: str) -> RolePolicies | None:
    """All that limits a session of the role, texts included, or None when there is no such role."""
    return tx.remembered(
        ("iam.policies_of_role", account_id, role_name),
        lambda: _policies_of_role(tx, account_id, role_name),
    )


def policies_of_user(tx: Tx, account_id: str, user_name: str) -> UserPolicies | None:
    """All that limits an IAM user, texts included, or None when there is no such user."""
    return tx.remembered(
        ("iam.policies_of_user", account_id, user_name),
        lambda: _policies_of_user(tx, account_id, user_name),
    )


def _policies_of_role(tx: Tx, account_id: str, role_name: str) -> RolePolicies | None:
    role = store.find_role(tx, account_id, role_name)
    if role is None:
        return None
    inline, attached, boundary = [], [], None
    for kind, name, document in store.role_policy_rows(tx, account_id, role_name):
        text = _text(name, document)
        if kind == "inline":
            inline.append((name, text))
        elif kind == "managed":
            attached.append((name, text))
        else:
            boundary = text
    return RolePolicies(
        role_id=role.role_id,
        role_arn=role.arn,
        inline=tuple(inline),
        managed=tuple(attached),
        boundary=boundary,
    )


def _policies_of_user(tx: Tx, account_id: str, user_name: str) -> UserPolicies | None:
    user = store.find_user(tx, account_id, user_name)
    if user is None:
        return None
    rows = store.user_policy_rows(tx, account_id, user_name)
    attached = tuple((arn, _text(arn, document)) for arn, document in rows)
    return UserPolicies(user_id=user.user_id, managed=attached)


def _text(name: str, document: str | None) -> str:
    if document is not None:
        return document
    return _aws_text(name) or _NOTHING


@lru_cache(maxsize=32)
def _aws_text(policy_arn: str) -> str | None:
    found = managed.lookup(policy_arn)
    return found.text() if found is not None else None


def require_managed_document(document: str) -> None:
    """Refuse what is no document of a managed policy, or a longer one than IAM takes."""
    require_well_formed(document, PolicyKind.IDENTITY)
    if policy_size(document) > POLICY_LIMIT:
        raise QuotaExceeded(
            f"Cannot exceed quota for PolicySize: {POLICY_LIMIT}", code="LimitExceeded"
        )


def require_well_formed(document: str, kind: PolicyKind) -> None:
    """Refuse a document that the strict parser does not read (MalformedPolicyDocument)."""
    try:
        compile_policy(document, kind)
    except PolicySyntaxError as error:
        raise Invalid(error.message, code="MalformedPolicyDocument", detail=error.detail) from None
