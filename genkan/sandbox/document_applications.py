"""The part of the seed document that describes applications and trusted token issuers.

Both belong to an instance. They refer to each other by name; where a name means several, an
application by its id and an issuer by its URL.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from genkan.applications.providers import CUSTOM
from genkan.sandbox import seed_rules as rules
from genkan.sandbox.document_parts import KEPT, Policy, Reference, Tags
from genkan.sandbox.seed_rules import text

_ACCOUNT = "The account that made it; the instance's own when left out."

THE_INSTANCE = "instance"
"""Among `authorized_targets`: the instance itself."""


class _Part(Struct, forbid_unknown_fields=True):
    """What every part of a document has in common."""


class TrustedTokenIssuer(_Part, kw_only=True):
    """An OpenID Connect provider whose tokens applications may exchange."""

    name: Annotated[str, text(rules.ISSUER_NAME)]
    id: Annotated[str, text(rules.ISSUER_ID, KEPT)] = ""
    issuer_url: Annotated[str, text(rules.ISSUER_URL, "Unique in the instance.")]
    claim_attribute_path: Annotated[str, text(rules.CLAIM_PATH)]
    identity_store_attribute_path: Annotated[str, text(rules.STORE_PATH)]
    jwks_retrieval_option: Literal["OPEN_ID_DISCOVERY"] = "OPEN_ID_DISCOVERY"
    account: Annotated[str, text(rules.REFERENCE, _ACCOUNT)] = ""
    tags: Tags = {}


class SignInOptions(_Part, kw_only=True):
    """Where a person who opens the application begins."""

    origin: Literal["IDENTITY_CENTER", "APPLICATION"]
    application_url: Annotated[str, text(rules.APPLICATION_URL, "With APPLICATION only.")] = ""


class AccessScope(_Part, kw_only=True):
    """What the application may ask for, and of whom."""

    scope: Annotated[str, text(rules.SCOPE)]
    authorized_targets: Annotated[
        list[Reference],
        Meta(max_length=10, description="Applications, or the word instance; anyone if left out."),
    ] = []


class AuthorizationCode(_Part, kw_only=True):
    """Tokens for a code."""

    redirect_uris: Annotated[
        list[Annotated[str, text(rules.REDIRECT_URI)]], Meta(max_length=10)
    ] = []


class AuthorizedTokenIssuer(_Part, kw_only=True):
    """An issuer whose tokens are exchanged, and whom they must be meant for."""

    issuer: Annotated[str, text(rules.REFERENCE, "A trusted token issuer's name or URL.")]
    audiences: Annotated[list[Annotated[str, text(rules.AUDIENCE)]], Meta(max_length=10)] = []


class JwtBearer(_Part, kw_only=True):
    """Tokens for a token of another issuer."""

    authorized_token_issuers: Annotated[list[AuthorizedTokenIssuer], Meta(max_length=10)] = []


class Grants(_Part, kw_only=True):
    """The ways in which the application gets tokens."""

    authorization_code: AuthorizationCode | UnsetType = UNSET
    jwt_bearer: JwtBearer | UnsetType = UNSET
    refresh_token: bool = False
    token_exchange: bool = False


class Application(_Part, kw_only=True):
    """An application with all that hangs on it."""

    name: Annotated[str, text(rules.APPLICATION_NAME, "Need not be unique.")]
    id: Annotated[str, text(rules.APPLICATION_ID, KEPT)] = ""
    account: Annotated[str, text(rules.REFERENCE, _ACCOUNT)] = ""
    provider: Annotated[str, text(rules.APPLICATION_PROVIDER)] = CUSTOM
    description: Annotated[str, text(rules.APPLICATION_DESCRIPTION)] = ""
    status: Literal["ENABLED", "DISABLED"] = "ENABLED"
    visibility: Literal["ENABLED", "DISABLED"] = "ENABLED"
    sign_in_options: SignInOptions | UnsetType = UNSET
    created_from: Annotated[str, text(rules.REGION, "The instance's Region when left out.")] = ""
    assignment_required: bool = True
    users: Annotated[list[Reference], Meta(description="Who may use it: user names.")] = []
    groups: Annotated[list[Reference], Meta(description="Who may use it: groups.")] = []
    background_sessions: Literal["ENABLED", "DISABLED"] = "DISABLED"
    access_scopes: list[AccessScope] = []
    actor_policy: Policy = ""
    grants: Grants | UnsetType = UNSET
    tags: Tags = {}
