"""The only SQL of the tables `application*` and `trusted_token_issuers`."""

from typing import Any

import msgspec

from genkan.applications.records import (
    Application,
    Made,
    Part,
    PartKind,
    Tags,
    TrustedTokenIssuer,
)
from genkan.core import arns
from genkan.db.database import Row, Tx

_APPLICATION = (
    "SELECT application_id, instance_id, application_account, application_provider_arn, name,"
    " description, status, visibility, sign_in_options, assignment_required, background_sessions,"
    " tags, created_from, created_at FROM applications"
)
_LISTED_APPLICATION = (
    "SELECT application_id, application_account, application_provider_arn, name, description,"
    " status, visibility, sign_in_options, created_from, created_at FROM applications"
)
_ISSUER = (
    "SELECT issuer_id, instance_id, account_id, name, issuer_url, claim_attribute_path,"
    " identity_store_attribute_path, jwks_retrieval_option, tags, created_at"
    " FROM trusted_token_issuers"
)

_decode_options = msgspec.json.Decoder(dict[str, str]).decode


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _tags(text: str) -> Tags:
    return tuple((key, value) for key, value in msgspec.json.decode(text))


def _application(row: Row) -> Application:
    return Application(
        application_id=row[0],
        instance_id=row[1],
        application_account=row[2],
        application_provider_arn=row[3],
        name=row[4],
        description=row[5],
        status=row[6],
        visibility=row[7],
        sign_in_options=msgspec.json.decode(row[8]),
        assignment_required=bool(row[9]),
        background_sessions=row[10],
        tags=_tags(row[11]),
        created_from=row[12],
        created_at=row[13],
    )


def _issuer(row: Row) -> TrustedTokenIssuer:
    return TrustedTokenIssuer(
        issuer_id=row[0],
        instance_id=row[1],
        account_id=row[2],
        name=row[3],
        issuer_url=row[4],
        claim_attribute_path=row[5],
        identity_store_attribute_path=row[6],
        jwks_retrieval_option=row[7],
        tags=_tags(row[8]),
        created_at=row[9],
    )


def find_application(tx: Tx, application_id: str) -> Application | None:
    """One application."""
    row = tx.one(_APPLICATION + " WHERE application_id = ?", application_id)
    return None if row is None else _application(row)


def count_applications(tx: Tx, instance_id: str) -> int:
    """How many applications an instance has."""
    row = tx.one("SELECT COUNT(*) FROM applications WHERE instance_id = ?", instance_id)
    return int(row[0]) if row else 0


def page_of_applications(
    tx: Tx,
    instance_id: str,
    account_id: str | None,
    provider_arn: str | None,
    after: str | None,
    limit: int,
) -> list[Row]:
    """Applications by id, after an id; of one account or provider where given.

    Rows are (id, account, provider, name, description, status, visibility, sign-in options as
    `read_options` takes them, created from, created at).
    """
    sql = _LISTED_APPLICATION + " WHERE instance_id = ? AND application_id > ?"
    given: list[Any] = [instance_id, after or ""]
    for column, value in (
        ("application_account", account_id),
        ("application_provider_arn", provider_arn),
    ):
        if value is not None:
            sql += f" AND {column} = ?"
            given.append(value)
    return tx.all(f"{sql} ORDER BY application_id LIMIT ?", *given, limit)


def read_options(text: str) -> dict[str, str]:
    """An application's sign-in options as a row has them."""
    return _decode_options(text)


def application_of_token(
    tx: Tx, instance_id: str, account_id: str, client_token: str
) -> Made | None:
    """What a client token made, while it stands."""
    row = tx.one(
        "SELECT application_id, request_digest FROM applications"
        " WHERE instance_id = ? AND application_account = ? AND client_token = ?",
        instance_id,
        account_id,
        client_token,
    )
    if row is None:
        return None
    return Made(arn=arns.application(account_id, instance_id, row[0]), request_digest=row[1])


def insert_application(
    tx: Tx, application: Application, client_token: str | None, request_digest: str
) -> None:
    """Add an application."""
    tx.run(
        "INSERT INTO applications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        application.application_id,
        application.instance_id,
        application.application_account,
        application.application_provider_arn,
        application.name,
        application.description,
        application.status,
        application.visibility,
        _json(application.sign_in_options),
        int(application.assignment_required),
        application.background_sessions,
        _json(application.tags),
        client_token,
        request_digest,
        application.created_from,
        application.created_at,
    )


def update_application(tx: Tx, application: Application) -> None:
    """Store everything that can change."""
    tx.run(
        "UPDATE applications SET name = ?, description = ?, status = ?, sign_in_options = ?,"
        " assignment_required = ?, background_sessions = ?, tags = ? WHERE application_id = ?",
        application.name,
        application.description,
        application.status,
        _json(application.sign_in_options),
        int(application.assignment_required),
        application.background_sessions,
        _json(application.tags),
        application.application_id,
    )


def delete_application(tx: Tx, application_id: str) -> None:
    """Remove an application with its assignments and parts."""
    for table in ("application_assignments", "application_parts", "applications"):
        tx.run(f"DELETE FROM {table} WHERE application_id = ?", application_id)  # noqa: S608


def delete_of_instance(tx: Tx, instance_id: str) -> None:
    """Remove every application of an instance with what hangs on it, and its issuers."""
    for table in ("application_assignments", "application_parts"):
        tx.run(
            f"DELETE FROM {table} WHERE application_id IN"  # noqa: S608
            " (SELECT application_id FROM applications WHERE instance_id = ?)",
            instance_id,
        )
    for table in ("applications", "trusted_token_issuers"):
        tx.run(f"DELETE FROM {table} WHERE instance_id = ?", instance_id)  # noqa: S608


def insert_assignment(tx: Tx, application_id: str, principal_id: str, principal_type: str) -> bool:
    """Assign; False when the principal already is."""
    return (
        tx.run(
            "INSERT INTO application_assignments VALUES (?, ?, ?)"
            " ON CONFLICT (application_id, principal_id, principal_type) DO NOTHING",
            application_id,
            principal_id,
            principal_type,
        )
        > 0
    )


def delete_assignment(tx: Tx, application_id: str, principal_id: str, principal_type: str) -> None:
    """End an assignment, if there is one."""
    tx.run(
        "DELETE FROM application_assignments"
        " WHERE application_id = ? AND principal_id = ? AND principal_type = ?",
        application_id,
        principal_id,
        principal_type,
    )


def delete_assignments_of(tx: Tx, principal_id: str, principal_type: str) -> None:
    """End every assignment of a principal."""
    tx.run(
        "DELETE FROM application_assignments WHERE principal_id = ? AND principal_type = ?",
        principal_id,
        principal_type,
    )


def is_assigned(tx: Tx, application_id: str, principal_id: str, principal_type: str) -> bool:
    """Whether this very principal is assigned."""
    row = tx.one(
        "SELECT 1 FROM application_assignments"
        " WHERE application_id = ? AND principal_id = ? AND principal_type = ?",
        application_id,
        principal_id,
        principal_type,
    )
    return row is not None


def page_of_assignments(
    tx: Tx, application_id: str, after: tuple[str, str] | None, limit: int
) -> list[Row]:
    """(principal id, type) of an application's assignments, after one of them."""
    return tx.all(
        "SELECT principal_id, principal_type FROM application_assignments"
        " WHERE application_id = ? AND (principal_id, principal_type) > (?, ?)"
        " ORDER BY principal_id, principal_type LIMIT ?",
        application_id,
        *(after or ("", "")),
        limit,
    )


def page_of_principals(
    tx: Tx,
    principal_ids: tuple[str, ...],
    instance_id: str,
    application_id: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Row]:
    """(application id, principal id, type, account of the application), by the first two."""
    places = ", ".join("?" for _ in principal_ids)
    sql = (
        "SELECT a.application_id, a.principal_id, a.principal_type, p.application_account"  # noqa: S608
        " FROM application_assignments a JOIN applications p ON p.application_id = a.application_id"
        f" WHERE a.principal_id IN ({places}) AND p.instance_id = ?"
        " AND (a.application_id, a.principal_id) > (?, ?)"
    )
    given: list[Any] = [*principal_ids, instance_id, *(after or ("", ""))]
    if application_id is not None:
        sql += " AND a.application_id = ?"
        given.append(application_id)
    return tx.all(f"{sql} ORDER BY a.application_id, a.principal_id LIMIT ?", *given, limit)


def put_part(tx: Tx, application_id: str, kind: PartKind, part: Part) -> None:
    """Add a part, or replace the one of its name."""
    tx.run(
        "INSERT INTO application_parts VALUES (?, ?, ?, ?)"
        " ON CONFLICT (application_id, kind, name) DO UPDATE SET document = excluded.document",
        application_id,
        kind,
        part.name,
        _json(part.document),
    )


def find_part(tx: Tx, application_id: str, kind: PartKind, name: str) -> Part | None:
    """One part, or None."""
    row = tx.one(
        "SELECT name, document FROM application_parts"
        " WHERE application_id = ? AND kind = ? AND name = ?",
        application_id,
        kind,
        name,
    )
    return None if row is None else Part(name=row[0], document=msgspec.json.decode(row[1]))


def delete_part(tx: Tx, application_id: str, kind: PartKind, name: str) -> None:
    """Remove a part, if there is one."""
    tx.run(
        "DELETE FROM application_parts WHERE application_id = ? AND kind = ? AND name = ?",
        application_id,
        kind,
        name,
    )


def page_of_parts(
    tx: Tx, application_id: str, kind: PartKind, after: str | None, limit: int
) -> list[Part]:
    """Parts of a kind by name, after a name."""
    rows = tx.all(
        "SELECT name, document FROM application_parts"
        " WHERE application_id = ? AND kind = ? AND name > ? ORDER BY name LIMIT ?",
        application_id,
        kind,
        after or "",
        limit,
    )
    return [Part(name=row[0], document=msgspec.json.decode(row[1])) for row in rows]


def find_issuer(tx: Tx, issuer_id: str) -> TrustedTokenIssuer | None:
    """One trusted token issuer."""
    row = tx.one(_ISSUER + " WHERE issuer_id = ?", issuer_id)
    return None if row is None else _issuer(row)


def issuer_of_url(tx: Tx, instance_id: str, issuer_url: str) -> TrustedTokenIssuer | None:
    """The trusted token issuer of exactly this URL."""
    row = tx.one(_ISSUER + " WHERE instance_id = ? AND issuer_url = ?", instance_id, issuer_url)
    return None if row is None else _issuer(row)


def page_of_issuers(
    tx: Tx, instance_id: str, after: str | None, limit: int
) -> list[TrustedTokenIssuer]:
    """Trusted token issuers by id, after an id."""
    rows = tx.all(
        _ISSUER + " WHERE instance_id = ? AND issuer_id > ? ORDER BY issuer_id LIMIT ?",
        instance_id,
        after or "",
        limit,
    )
    return [_issuer(row) for row in rows]


def issuer_of_token(tx: Tx, instance_id: str, account_id: str, client_token: str) -> Made | None:
    """What a client token made, while it stands."""
    row = tx.one(
        "SELECT issuer_id, request_digest FROM trusted_token_issuers"
        " WHERE instance_id = ? AND account_id = ? AND client_token = ?",
        instance_id,
        account_id,
        client_token,
    )
    if row is None:
        return None
    arn = arns.trusted_token_issuer(account_id, instance_id, row[0])
    return Made(arn=arn, request_digest=row[1])


def insert_issuer(
    tx: Tx, issuer: TrustedTokenIssuer, client_token: str | None, request_digest: str
) -> None:
    """Add a trusted token issuer."""
    tx.run(
        "INSERT INTO trusted_token_issuers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        issuer.issuer_id,
        issuer.instance_id,
        issuer.account_id,
        issuer.name,
        issuer.issuer_url,
        issuer.claim_attribute_path,
        issuer.identity_store_attribute_path,
        issuer.jwks_retrieval_option,
        _json(issuer.tags),
        client_token,
        request_digest,
        issuer.created_at,
    )


def update_issuer(tx: Tx, issuer: TrustedTokenIssuer) -> None:
    """Store everything that can change."""
    tx.run(
        "UPDATE trusted_token_issuers SET name = ?, claim_attribute_path = ?,"
        " identity_store_attribute_path = ?, jwks_retrieval_option = ?, tags = ?"
        " WHERE issuer_id = ?",
        issuer.name,
        issuer.claim_attribute_path,
        issuer.identity_store_attribute_path,
        issuer.jwks_retrieval_option,
        _json(issuer.tags),
        issuer.issuer_id,
    )


def delete_issuer(tx: Tx, issuer_id: str) -> None:
    """Remove a trusted token issuer."""
    tx.run("DELETE FROM trusted_token_issuers WHERE issuer_id = ?", issuer_id)
