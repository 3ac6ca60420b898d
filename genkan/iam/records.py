"""Records of the iam slice. Documents are the policy texts as they were given, not URL-encoded."""

from dataclasses import dataclass

from genkan.core import arns

PROVISION_JOB = "ProvisionRole"
"""The one kind of job that may write roles under `RESERVED_PATH`."""

RESERVED_PATH = "/aws-reserved/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role. `max_session_duration` in seconds; `boundary_arn` is empty without a boundary."""

    account_id: str
    role_name: str
    path: str
    role_id: str
    trust_policy: str
    description: str
    max_session_duration: int
    boundary_arn: str
    tags: tuple[tuple[str, str], ...]
    created_at: int

    @property
    def arn(self) -> str:
        """The role's ARN, with its path."""
        return arns.role(self.account_id, self.path, self.role_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePolicies:
    """Everything that limits a session of one role: names or ARNs with their texts.

    `role_id` tells a role from an earlier one of the same name. `boundary` is a policy text, or
    None where no boundary is set.
    """

    role_id: str
    role_arn: str
    inline: tuple[tuple[str, str], ...]
    managed: tuple[tuple[str, str], ...]
    boundary: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPolicies:
    """Everything that limits an IAM user: ARNs of managed policies with their texts."""

    user_id: str
    managed: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicy:
    """A customer managed policy with the document of its default version."""

    policy_arn: str
    account_id: str
    policy_name: str
    path: str
    policy_id: str
    description: str
    default_version_id: str
    document: str
    created_at: int
    updated_at: int
    last_version: int = 1
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """One version of a customer managed policy."""

    version_id: str
    document: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Usage:
    """How many roles and users of an account a policy is attached to, and bounds."""

    attached: int = 0
    boundaries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlProvider:
    """A SAML provider; `metadata` is the identity provider's XML as given."""

    account_id: str
    name: str
    uuid: str
    metadata: str
    created_at: int
    valid_until: int

    @property
    def arn(self) -> str:
        """The provider's ARN."""
        return arns.saml_provider(self.account_id, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class IamUser:
    """A user inside an account: who a long-term key belongs to, not a person of the directory."""

    account_id: str
    user_name: str
    path: str
    user_id: str
    created_at: int

    @property
    def arn(self) -> str:
        """The user's ARN."""
        return f"arn:aws:iam::{self.account_id}:user{self.path}{self.user_name}"
