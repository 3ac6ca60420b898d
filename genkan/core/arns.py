"""ARNs of the things Identity Center has (reference §1.2), built and taken apart in one place."""

from dataclasses import dataclass

from genkan.core.errors import Invalid


def instance(instance_id: str) -> str:
    """`arn:aws:sso:::instance/ssoins-…`."""
    return f"arn:aws:sso:::instance/{instance_id}"


def permission_set(instance_id: str, permission_set_id: str) -> str:
    """`arn:aws:sso:::permissionSet/ssoins-…/ps-…`."""
    return f"arn:aws:sso:::permissionSet/{instance_id}/{permission_set_id}"


def application(account_id: str, instance_id: str, application_id: str) -> str:
    """`arn:aws:sso::<account>:application/ssoins-…/apl-…`; the account is the one that made it."""
    return f"arn:aws:sso::{account_id}:application/{instance_id}/{application_id}"


def application_provider(name: str) -> str:
    """`arn:aws:sso::aws:applicationProvider/<name>`."""
    return f"arn:aws:sso::aws:applicationProvider/{name}"


def trusted_token_issuer(account_id: str, instance_id: str, issuer_id: str) -> str:
    """`arn:aws:sso::<account>:trustedTokenIssuer/ssoins-…/tti-…`."""
    return f"arn:aws:sso::{account_id}:trustedTokenIssuer/{instance_id}/{issuer_id}"


def sso_account(account_id: str) -> str:
    """The account as a resource of CreateAccountAssignment's authorization."""
    return f"arn:aws:sso:::account/{account_id}"


def identity_store(account_id: str, identity_store_id: str) -> str:
    """`arn:aws:identitystore::<account>:identitystore/d-…`."""
    return f"arn:aws:identitystore::{account_id}:identitystore/{identity_store_id}"


def user(user_id: str) -> str:
    """`arn:aws:identitystore:::user/…`."""
    return f"arn:aws:identitystore:::user/{user_id}"


def group(group_id: str) -> str:
    """`arn:aws:identitystore:::group/…`."""
    return f"arn:aws:identitystore:::group/{group_id}"


def membership(membership_id: str) -> str:
    """`arn:aws:identitystore:::membership/…`."""
    return f"arn:aws:identitystore:::membership/{membership_id}"


def role(account_id: str, path: str, name: str) -> str:
    """`arn:aws:iam::<account>:role<path><name>`; `path` starts and ends with a slash."""
    return f"arn:aws:iam::{account_id}:role{path}{name}"


def assumed_role(account_id: str, role_name: str, session_name: str) -> str:
    """`arn:aws:sts::<account>:assumed-role/<role>/<session>`, without the role's path."""
    return f"arn:aws:sts::{account_id}:assumed-role/{role_name}/{session_name}"


def saml_provider(account_id: str, name: str) -> str:
    """`arn:aws:iam::<account>:saml-provider/<name>`."""
    return f"arn:aws:iam::{account_id}:saml-provider/{name}"


def iam_user(account_id: str, name: str) -> str:
    """`arn:aws:iam::<account>:user/<name>`."""
    return f"arn:aws:iam::{account_id}:user/{name}"


@dataclass(frozen=True, slots=True)
class IamName:
    """An IAM ARN taken apart: `path` has both slashes, `/` when there is none."""

    account_id: str
    kind: str
    path: str
    name: str


def parse_iam(arn: str) -> IamName:
    """Take `arn:aws:iam::<account>:<kind>/<path><name>` apart; `Invalid` when it is not one."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "iam" or parts[3]:
        raise Invalid(f"{arn} is invalid")
    kind, slash, rest = parts[5].partition("/")
    path, _, name = rest.rpartition("/")
    if not slash or not name:
        raise Invalid(f"{arn} is invalid")
    return IamName(parts[4], kind, f"/{path}/" if path else "/", name)
