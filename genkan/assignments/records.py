"""Records of the assignments slice. Times are epoch milliseconds."""

from dataclasses import dataclass
from typing import Literal

from genkan.core import arns
from genkan.permission_sets.records import PermissionSetContent

IN_PROGRESS = "IN_PROGRESS"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"

LATEST = "LATEST_PERMISSION_SET_PROVISIONED"
NOT_LATEST = "LATEST_PERMISSION_SET_NOT_PROVISIONED"

RequestKind = Literal["CREATION", "DELETION", "PROVISIONING", "TARGET"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One principal's right to one permission set in one account."""

    instance_id: str
    account_id: str
    permission_set_id: str
    principal_type: str
    principal_id: str

    @property
    def permission_set_arn(self) -> str:
        """The permission set's ARN."""
        return arns.permission_set(self.instance_id, self.permission_set_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An asynchronous request.

    A PROVISIONING of all accounts has no account of its own but a TARGET for each, whose
    `parent_id` it is. Principal members are empty for these two kinds.
    """

    request_id: str
    instance_id: str
    kind: RequestKind
    status: str
    account_id: str
    permission_set_id: str
    created_at: int
    failure_reason: str = ""
    principal_type: str = ""
    principal_id: str = ""
    parent_id: str = ""

    @property
    def permission_set_arn(self) -> str:
        """The permission set's ARN."""
        return arns.permission_set(self.instance_id, self.permission_set_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedRole:
    """The role that stands for a permission set in an account.

    `content_hash` is `PermissionSet.content_hash` of what the role says; empty while the role's
    name is chosen but the role was never completely made.
    """

    account_id: str
    permission_set_id: str
    instance_id: str
    role_name: str
    role_path: str
    role_arn: str
    saml_provider_name: str
    content_hash: str

    @property
    def permission_set_arn(self) -> str:
        """The permission set's ARN."""
        return arns.permission_set(self.instance_id, self.permission_set_id)

    @property
    def saml_provider_arn(self) -> str:
        """The SAML provider that the role trusts."""
        return arns.saml_provider(self.account_id, self.saml_provider_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleWork:
    """What a claimed job has to bring about for one account and permission set.

    `content` is what the role must say, None when the role must go. `new` tells that the role was
    never completely made, so that a failure takes it away again.
    """

    instance_id: str
    account_id: str
    role_name: str
    role_path: str
    saml_provider_name: str
    content: PermissionSetContent | None
    content_hash: str
    new: bool
