"""Records of the applications slice. Times are epoch milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from genkan.core import arns

Tags = tuple[tuple[str, str], ...]
PartKind = Literal["scope", "authentication_method", "grant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application as DescribeApplication tells it.

    `sign_in_options` is the model's structure in snake_case, empty when none was given.
    """

    application_id: str
    instance_id: str
    application_account: str
    application_provider_arn: str
    name: str
    description: str
    status: str
    visibility: str
    sign_in_options: Mapping[str, str]
    assignment_required: bool
    background_sessions: str
    tags: Tags
    created_from: str
    created_at: int

    @property
    def application_arn(self) -> str:
        """The application's ARN."""
        return arns.application(self.application_account, self.instance_id, self.application_id)

    @property
    def instance_arn(self) -> str:
        """The ARN of its instance."""
        return arns.instance(self.instance_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An access scope, authentication method or grant of an application.

    `name` is the scope, the method's type or the grant's type; `document` is, in snake_case, the
    list of authorized targets (empty when none was given), the method or the grant.
    """

    name: str
    document: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedTokenIssuer:
    """An OIDC provider whose tokens applications may exchange (reference §5.6)."""

    issuer_id: str
    instance_id: str
    account_id: str
    name: str
    issuer_url: str
    claim_attribute_path: str
    identity_store_attribute_path: str
    jwks_retrieval_option: str
    tags: Tags
    created_at: int

    @property
    def arn(self) -> str:
        """The issuer's ARN."""
        return arns.trusted_token_issuer(self.account_id, self.instance_id, self.issuer_id)

    @property
    def configuration(self) -> dict[str, Any]:
        """`OidcJwtConfiguration` in snake_case."""
        return {
            "issuer_url": self.issuer_url,
            "claim_attribute_path": self.claim_attribute_path,
            "identity_store_attribute_path": self.identity_store_attribute_path,
            "jwks_retrieval_option": self.jwks_retrieval_option,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a client token made before: the ARN, and the digest of the request that made it."""

    arn: str
    request_digest: str
