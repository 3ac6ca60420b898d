"""Records of the instances slice. Times are epoch milliseconds."""

from dataclasses import dataclass

from genkan.core import arns

ORGANIZATION = "ORGANIZATION"
ACCOUNT = "ACCOUNT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance. `kind` is ORGANIZATION or ACCOUNT (reference §1.1); `alias` may be empty."""

    instance_id: str
    arn: str
    kind: str
    name: str
    identity_store_id: str
    owner_account_id: str
    region: str
    alias: str
    status: str
    created_at: int

    @property
    def identity_store_arn(self) -> str:
        """`arn:aws:identitystore::<owner>:identitystore/d-…`."""
        return arns.identity_store(self.owner_account_id, self.identity_store_id)
