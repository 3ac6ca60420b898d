"""The OAuth errors of `sso-oidc`, with AWS's shapes and, where recorded, AWS's sentences."""

from genkan.oauth.records import Rejected


def _rejected(error: str, shape: str, description: str | None, *, silent: bool = False) -> Rejected:
    return Rejected(error=error, shape=shape, error_description=description, audit_silent=silent)


def invalid_request(description: str) -> Rejected:
    """Something is missing, malformed or not supported."""
    return _rejected("invalid_request", "InvalidRequestException", description)


def unauthorized_client() -> Rejected:
    """The client did not register for this grant type."""
    return _rejected(
        "unauthorized_client",
        "UnauthorizedClientException",
        "The client is not registered for this grant type",
    )


def unsupported_grant_type() -> Rejected:
    """No such grant type here."""
    return _rejected(
        "unsupported_grant_type", "UnsupportedGrantTypeException", "Unsupported grant type"
    )


def invalid_scope() -> Rejected:
    """A scope is unknown, or the client did not register it."""
    return _rejected("invalid_scope", "InvalidScopeException", "Invalid scope provided")


def invalid_client_metadata(description: str) -> Rejected:
    """RegisterClient: what the client says about itself is not acceptable."""
    return _rejected("invalid_client_metadata", "InvalidClientMetadataException", description)


def invalid_redirect_uri() -> Rejected:
    """RegisterClient: a redirect URI is not one of a program on the person's own machine."""
    return _rejected(
        "invalid_redirect_uri", "InvalidRedirectUriException", "Invalid redirect uri provided"
    )


INVALID_CLIENT = _rejected("invalid_client", "InvalidClientException", "Invalid client provided")
INVALID_START_URL = invalid_request("Invalid start url provided")
INVALID_GRANT = _rejected("invalid_grant", "InvalidGrantException", "Invalid grant provided")
INVALID_REFRESH_TOKEN = _rejected(
    "invalid_grant", "InvalidGrantException", "Invalid refresh token provided"
)
AUTHORIZATION_PENDING = _rejected(
    "authorization_pending", "AuthorizationPendingException", None, silent=True
)
SLOW_DOWN = _rejected("slow_down", "SlowDownException", None, silent=True)
ACCESS_DENIED = _rejected("access_denied", "AccessDeniedException", None)
EXPIRED_TOKEN = _rejected("expired_token", "ExpiredTokenException", None)
