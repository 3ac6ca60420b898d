"""Records of the organization. Times are epoch milliseconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """The organization; all features are enabled, as Identity Center needs."""

    organization_id: str
    management_account_id: str
    root_id: str
    created_at: int

    @property
    def path(self) -> str:
        """The path of the root: `o-…/r-…/`."""
        return f"{self.organization_id}/{self.root_id}/"

    def arn(self, kind: str, name: str = "") -> str:
        """`arn:aws:organizations::<management account>:<kind>/o-…[/<name>]`."""
        account = self.management_account_id
        tail = f"{self.organization_id}/{name}" if name else self.organization_id
        return f"arn:aws:organizations::{account}:{kind}/{tail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationalUnit:
    """A unit; `path` names every unit from the root to itself, `depth` is 1 below the root."""

    unit_id: str
    parent_id: str
    name: str
    path: str
    depth: int
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account and how people recognise it. `alias` is empty when there is none."""

    account_id: str
    parent_id: str
    path: str
    name: str
    email: str
    alias: str
    environment: str
    colour: str
    status: str
    joined_method: str
    joined_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccess:
    """A service that may work in the organization: trusted access."""

    service_principal: str
    enabled_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """An account that administers a service for the management account."""

    account_id: str
    service_principal: str
    enabled_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPolicy:
    """A service control policy; `content` is its text as it was given."""

    policy_id: str
    name: str
    description: str
    content: str


FULL_ACCESS = ControlPolicy(
    policy_id="p-FullAWSAccess",
    name="FullAWSAccess",
    description="Allows access to every operation",
    content='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
)
"""AWS's own policy, which everything has once service control policies are enabled."""
