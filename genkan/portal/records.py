"""Records of the portal slice. Times are epoch milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from genkan.sts.records import AssertionContent


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInfo:
    """`sso` AccountInfo."""

    account_id: str
    account_name: str
    email_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountList:
    """ListAccounts' answer."""

    account_list: Sequence[AccountInfo]
    next_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleInfo:
    """`sso` RoleInfo: `role_name` is the permission set's name."""

    role_name: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleList:
    """ListAccountRoles' answer."""

    role_list: Sequence[RoleInfo]
    next_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCredentials:
    """`sso` RoleCredentials; `expiration` in epoch milliseconds."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRoleCredentialsAnswer:
    """GetRoleCredentials' answer; `role_arn` and `account_name` are for pages, not the wire."""

    role_credentials: RoleCredentials


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalRole:
    """A permission set that the person may use in an account."""

    name: str
    permission_set_arn: str
    description: str
    session_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalAccount:
    """An account as the portal shows it: name, alias, id, environment and colour."""

    account_id: str
    name: str
    alias: str
    email: str
    environment: str
    colour: str
    roles: Sequence[PortalRole]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSession:
    """A person's role session as the account page shows it."""

    account: PortalAccount
    role_name: str
    session_arn: str
    issued_at: int
    expires_at: int
    ended: Literal["expired", "revoked"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """What anyone may know of the portal: the AWS-looking start URL and the Region."""

    aws_start_url: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAccount:
    """What must be asserted to open an account, and where the person then goes."""

    content: AssertionContent
    account: PortalAccount
    role: PortalRole
    relay_state: str
