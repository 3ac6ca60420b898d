"""What access scopes, authentication methods and grants have in common: found, listed, deleted."""

from collections.abc import Callable
from typing import Any

from genkan.applications import store
from genkan.applications.lookup import existing_application
from genkan.applications.records import Part, PartKind
from genkan.core.errors import NotFound
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx

_WORDS: dict[PartKind, str] = {
    "scope": "access scope",
    "authentication_method": "authentication method",
    "grant": "grant",
}


def existing_part(tx: Tx, application_arn: str, kind: PartKind, name: str) -> Part:
    """The application's part; `NotFound` otherwise."""
    application = existing_application(tx, application_arn)
    found = store.find_part(tx, application.application_id, kind, name)
    if found is None:
        raise NotFound(
            f"The {_WORDS[kind]} {name} was not found for the application {application_arn}."
        )
    return found


def delete_part(tx: Tx, application_arn: str, kind: PartKind, name: str) -> None:
    """Remove a part of an application that exists; the part need not."""
    application = existing_application(tx, application_arn)
    store.delete_part(tx, application.application_id, kind, name)


def list_parts(
    tx: Tx,
    application_arn: str,
    kind: PartKind,
    shape: Callable[[Part], dict[str, Any]],
    limit: int,
    next_token: str | None,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of parts by name as the model shapes them, and the token for the next."""
    application = existing_application(tx, application_arn)
    query = f"parts:{kind}:{application_arn}"
    after = open_token(tx.vault, query, next_token)
    rows = store.page_of_parts(tx, application.application_id, kind, after, limit + 1)
    page = page_of(tx.vault, query, rows, limit, lambda row: row.name)
    return [shape(row) for row in page.items], page.next_token
