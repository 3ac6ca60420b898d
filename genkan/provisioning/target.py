"""Where roles are made: the interface that the sandbox and the connectors to AWS implement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from genkan.core.app import App
from genkan.db.jobs import Job
from genkan.provisioning.plan import Change
from genkan.provisioning.state import AccountState


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The account a job works in. Whatever a target writes into our store carries the job."""

    app: App
    job: Job
    account_id: str


class TargetRefused(Exception):
    """The account will not have it, and trying again will not help.

    Anything else a target raises is taken for passing trouble: the job runs again later.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    @property
    def reason(self) -> str:
        """AWS's FailureReason for it (reference §4)."""
        return f"Received a {self.status} status error: {self.message}"


class AccountTarget(Protocol):
    """An account seen from outside. Each change is idempotent where `plan` may repeat it."""

    async def read_account(self, site: Site, *, role_name: str, provider_name: str) -> AccountState:
        """What stands there under these names now."""

    async def missing_policies(self, site: Site, policy_arns: Sequence[str]) -> tuple[str, ...]:
        """Those of the account's own policies that it does not have."""

    async def apply(self, site: Site, changes: Sequence[Change]) -> None:
        """Make changes in their order; `TargetRefused` when the account will not have one.

        Those before a refusal, or before a crash, may have been made.
        """
