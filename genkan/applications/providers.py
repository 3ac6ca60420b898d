"""The catalogue of application providers: what kinds of application can be made here.

AWS lists its own services besides (reference §5.1); none of them runs here, and a list must not
offer what cannot be had.
"""

from typing import Any

from genkan.core import arns
from genkan.core.errors import NotFound
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx

CUSTOM = arns.application_provider("custom")
"""Customer managed OAuth 2.0 applications."""

Answer = dict[str, Any]

_PROVIDERS: dict[str, Answer] = {
    CUSTOM: {
        "application_provider_arn": CUSTOM,
        "federation_protocol": "OAUTH",
        "display_data": {
            "display_name": "Custom application",
            "description": "An OAuth 2.0 application that its owner manages",
        },
        "resource_server_config": {"scopes": {}},
    },
}


def require_provider(application_provider_arn: str) -> Answer:
    """The provider of this ARN; `NotFound` otherwise."""
    found = _PROVIDERS.get(application_provider_arn)
    if found is None:
        raise NotFound(f"Application provider with ARN {application_provider_arn} was not found.")
    return found


def describe_application_provider(tx: Tx, *, application_provider_arn: str) -> Answer:
    """DescribeApplicationProvider."""
    return require_provider(application_provider_arn)


def list_application_providers(
    tx: Tx, *, max_results: int = 100, next_token: str | None = None
) -> Answer:
    """ListApplicationProviders, by ARN."""
    query = "ListApplicationProviders"
    after = open_token(tx.vault, query, next_token) or ""
    rows = [_PROVIDERS[arn] for arn in sorted(_PROVIDERS) if arn > after]
    page = page_of(
        tx.vault, query, rows, max_results, lambda row: str(row["application_provider_arn"])
    )
    return {"application_providers": list(page.items), "next_token": page.next_token}
