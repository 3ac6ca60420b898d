"""How an application stands in the access portal: `PortalOptions` (reference §5.2)."""

from collections.abc import Mapping
from typing import Any

from genkan.core.errors import Invalid


def on_create(portal_options: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """(Visibility, SignInOptions) of a new application; visible unless it says otherwise."""
    sign_in_options = portal_options.get("sign_in_options") or {}
    return portal_options.get("visibility", "ENABLED"), _checked(sign_in_options)


def on_update(now: Mapping[str, str], portal_options: Mapping[str, Any]) -> Mapping[str, str]:
    """The sign-in options after UpdateApplication: those sent, or as they were."""
    sign_in_options = portal_options.get("sign_in_options")
    return now if sign_in_options is None else _checked(sign_in_options)


def _checked(sign_in_options: Mapping[str, str]) -> Mapping[str, str]:
    """`Invalid` unless there is a URL exactly when people sign in at the application."""
    at_application = sign_in_options.get("origin") == "APPLICATION"
    if at_application and "application_url" not in sign_in_options:
        raise Invalid("ApplicationUrl is required when the sign-in origin is APPLICATION.")
    if not at_application and "application_url" in sign_in_options:
        raise Invalid("ApplicationUrl is allowed only when the sign-in origin is APPLICATION.")
    return sign_in_options
