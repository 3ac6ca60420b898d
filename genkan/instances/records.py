"""Records of the instances slice. Times are epoch milliseconds."""

from dataclasses import dataclass

from genkan.core import arns

ORGANIZATION = "ORGANIZATION"
ACCOUNT = "ACCOUNT"

CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
CREATE_FAILED = "CREATE_FAILED"
ACTIVE = "ACTIVE"
DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"

ADDING = "ADDING"
REMOVING = "REMOVING"

Tags = tuple[tuple[str, str], ...]
"""Key and value pairs in the order of keys."""


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
    tags: Tags = ()

    @property
    def identity_store_arn(self) -> str:
        """`arn:aws:identitystore::<owner>:identitystore/d-…`."""
        return arns.identity_store(self.owner_account_id, self.identity_store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A Region of an instance beside its primary one; `status` is ADDING, ACTIVE or REMOVING."""

    region_name: str
    status: str
    added_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessControlAttribute:
    """A session tag and where its value comes from: `${path:title}` (reference §3.5)."""

    key: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a ClientToken was used for: the instance, and a digest of the request."""

    arn: str
    request_digest: str
