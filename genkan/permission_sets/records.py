"""Records of the permission_sets slice."""

from dataclasses import dataclass

from genkan.core import arns


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerManagedPolicyReference:
    """A policy named in every account by name and path; `path` has both slashes."""

    name: str
    path: str = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionsBoundary:
    """Exactly one of the two members is set."""

    managed_policy_arn: str | None = None
    customer_managed_policy_reference: CustomerManagedPolicyReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionSet:
    """A permission set without its policies. `description` and `relay_state` are empty when unset.

    `content_hash` changes whenever anything that ProvisionPermissionSet would carry to an account
    changes, and returns when the change is taken back.
    """

    permission_set_id: str
    instance_id: str
    name: str
    description: str
    session_duration: str
    relay_state: str
    content_hash: str
    tags: tuple[tuple[str, str], ...]
    created_at: int

    @property
    def permission_set_arn(self) -> str:
        """`arn:aws:sso:::permissionSet/ssoins-…/ps-…`."""
        return arns.permission_set(self.instance_id, self.permission_set_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionSetContent:
    """All that a permission set says, as an account's role must say it; tuples are sorted.

    `inline_policy` is empty when there is none.
    """

    name: str
    description: str
    session_duration: str
    relay_state: str
    managed_policies: tuple[str, ...]
    customer_managed_policies: tuple[CustomerManagedPolicyReference, ...]
    inline_policy: str
    boundary: PermissionsBoundary | None
