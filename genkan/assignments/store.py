"""The only SQL of the four tables of assignments."""

from collections.abc import Sequence

from genkan.assignments.records import IN_PROGRESS, Assignment, ProvisionedRole, Request
from genkan.db.database import Row, Tx

_REQUEST = (
    "request_id, instance_id, kind, status, account_id, permission_set_id, created_at,"
    " failure_reason, principal_type, principal_id, parent_id"
)
_PROVISIONED = (
    "account_id, permission_set_id, instance_id, role_name, role_path, role_arn,"
    " saml_provider_name, content_hash"
)
_MERGED = 32
"""Principals whose assignments are merged as they are read; of more they are sorted."""
PERSON_LIMIT = 100_000
"""Pairs read for one person: 7,000 accounts with a dozen permission sets each and some."""


# --- assignments ----------------------------------------------------------------------------------


def insert_assignment(tx: Tx, assignment: Assignment) -> None:
    """Add an assignment; adding it again changes nothing."""
    tx.run(
        "INSERT INTO assignments VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT"
        " (account_id, permission_set_id, principal_id, principal_type) DO NOTHING",
        assignment.instance_id,
        assignment.account_id,
        assignment.permission_set_id,
        assignment.principal_type,
        assignment.principal_id,
        tx.now,
    )


def delete_assignment(tx: Tx, assignment: Assignment) -> bool:
    """Remove an assignment; whether there was one."""
    return (
        tx.run(
            "DELETE FROM assignments WHERE account_id = ? AND permission_set_id = ?"
            " AND principal_id = ? AND principal_type = ?",
            assignment.account_id,
            assignment.permission_set_id,
            assignment.principal_id,
            assignment.principal_type,
        )
        > 0
    )


def any_assignment(tx: Tx, account_id: str, permission_set_id: str) -> bool:
    """Whether anybody has the permission set in the account."""
    return (
        tx.one(
            "SELECT 1 FROM assignments WHERE account_id = ? AND permission_set_id = ? LIMIT 1",
            account_id,
            permission_set_id,
        )
        is not None
    )


def any_assignment_of(
    tx: Tx, account_id: str, permission_set_id: str, principal_ids: Sequence[str]
) -> bool:
    """Whether any of these principals has the permission set in the account."""
    marks, values = _among(principal_ids)
    return (
        tx.one(
            "SELECT 1 FROM assignments WHERE account_id = ? AND permission_set_id = ?"  # noqa: S608
            f" AND principal_id IN ({marks}) LIMIT 1",
            account_id,
            permission_set_id,
            *values,
        )
        is not None
    )


def pairs_of(tx: Tx, principal_ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """(account, instance, permission set) that any of these principals has, each once."""
    marks, values = _among(principal_ids)
    rows = tx.all(
        "SELECT DISTINCT account_id, instance_id, permission_set_id FROM assignments"  # noqa: S608
        f" WHERE principal_id IN ({marks}) ORDER BY 1, 2, 3 LIMIT ?",
        *values,
        PERSON_LIMIT,
    )
    return [(row[0], row[1], row[2]) for row in rows]


def page_of_role(
    tx: Tx, account_id: str, permission_set_id: str, after: tuple[str, str] | None, limit: int
) -> list[Row]:
    """(principal id, type) with one permission set in one account, after one of them."""
    return tx.all(
        "SELECT principal_id, principal_type FROM assignments"
        " WHERE account_id = ? AND permission_set_id = ?"
        " AND (principal_id, principal_type) > (?, ?)"
        " ORDER BY principal_id, principal_type LIMIT ?",
        account_id,
        permission_set_id,
        *(after or ("", "")),
        limit,
    )


def page_of_principals(
    tx: Tx,
    principal_ids: Sequence[str],
    account_id: str | None,
    after: tuple[str, str, str, str] | None,
    limit: int,
) -> list[Row]:
    """Assignments of any of these principals, each named once, after one of them, in this order.

    Rows are (account, permission set, principal type, principal id, instance).
    """
    columns = "SELECT account_id, permission_set_id, principal_type, principal_id, instance_id"
    only, account = ("", ()) if account_id is None else (" AND account_id = ?", (account_id,))
    beyond = (
        f"{only} AND (account_id, permission_set_id, principal_type, principal_id) > (?, ?, ?, ?)"
    )
    start = (*account, *(after or ("", "", "", "")))
    in_order = " ORDER BY 1, 2, 3, 4 LIMIT ?"
    if len(principal_ids) <= _MERGED:
        # Each part is in order by its index: the engine merges them, and reads no more than a page.
        part = f"{columns} FROM assignments WHERE principal_id = ?{beyond}"
        given = [value for one in principal_ids for value in (one, *start)]
        return tx.all(" UNION ALL ".join([part] * len(principal_ids)) + in_order, *given, limit)
    marks, values = _among(principal_ids)
    return tx.all(
        f"{columns} FROM assignments WHERE principal_id IN ({marks}){beyond}{in_order}",
        *values,
        *start,
        limit,
    )


def delete_of_principal(tx: Tx, principal_id: str) -> list[tuple[str, str, str]]:
    """Remove all of a principal; (account, instance, permission set) that nobody has any more."""
    rows = tx.all(
        "SELECT DISTINCT mine.account_id, mine.instance_id, mine.permission_set_id"
        " FROM assignments AS mine WHERE mine.principal_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM assignments AS other WHERE other.account_id = mine.account_id"
        " AND other.permission_set_id = mine.permission_set_id"
        " AND other.principal_id <> mine.principal_id) ORDER BY 1, 2, 3 LIMIT ?",
        principal_id,
        PERSON_LIMIT,
    )
    tx.run("DELETE FROM assignments WHERE principal_id = ?", principal_id)
    return [(row[0], row[1], row[2]) for row in rows]


def _among(ids: Sequence[str]) -> tuple[str, list[str]]:
    """Placeholders and values for IN, padded to a power of two so that statements stay few."""
    size = 1
    while size < len(ids):
        size *= 2
    values = [*ids, *[ids[-1]] * (size - len(ids))]
    return ", ".join("?" * size), values


# --- requests -------------------------------------------------------------------------------------


def _request(row: Row) -> Request:
    return Request(
        request_id=row[0],
        instance_id=row[1],
        kind=row[2],
        status=row[3],
        account_id=row[4],
        permission_set_id=row[5],
        created_at=row[6],
        failure_reason=row[7],
        principal_type=row[8],
        principal_id=row[9],
        parent_id=row[10],
    )


def insert_request(tx: Tx, request: Request) -> None:
    """Add a request."""
    tx.run(
        f"INSERT INTO assignment_requests ({_REQUEST}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        request.request_id,
        request.instance_id,
        request.kind,
        request.status,
        request.account_id,
        request.permission_set_id,
        request.created_at,
        request.failure_reason,
        request.principal_type,
        request.principal_id,
        request.parent_id,
    )


def find_request(tx: Tx, request_id: str) -> Request | None:
    """One request."""
    row = tx.one(
        f"SELECT {_REQUEST} FROM assignment_requests WHERE request_id = ?",  # noqa: S608
        request_id,
    )
    return None if row is None else _request(row)


def finish_request(tx: Tx, request_id: str, status: str, failure_reason: str) -> bool:
    """Give a running request its terminal status; False when it has one already."""
    return (
        tx.run(
            "UPDATE assignment_requests SET status = ?, failure_reason = ?"
            " WHERE request_id = ? AND status = ?",
            status,
            failure_reason,
            request_id,
            IN_PROGRESS,
        )
        > 0
    )


def target_failures(tx: Tx, parent_id: str) -> list[str] | None:
    """The first failure among the targets of a request; None while one of them runs."""
    running = tx.one(
        "SELECT 1 FROM assignment_requests WHERE parent_id = ? AND status = ? LIMIT 1",
        parent_id,
        IN_PROGRESS,
    )
    if running is not None:
        return None
    rows = tx.all(
        "SELECT failure_reason FROM assignment_requests WHERE parent_id = ? AND status = 'FAILED'"
        " ORDER BY account_id LIMIT 1",
        parent_id,
    )
    return [row[0] for row in rows]


def running(tx: Tx, permission_set_id: str, account_id: str | None = None) -> bool:
    """Whether a request runs on the permission set, in the account if one is given."""
    only, account = ("", ()) if account_id is None else (" AND account_id = ?", (account_id,))
    return (
        tx.one(
            "SELECT 1 FROM assignment_requests"  # noqa: S608
            f" WHERE status = ? AND permission_set_id = ?{only} LIMIT 1",
            IN_PROGRESS,
            permission_set_id,
            *account,
        )
        is not None
    )


def outstanding(tx: Tx, kind: str, most: int) -> bool:
    """Whether as many requests of a kind run, those of one account of many not counted."""
    # An index has what runs, but not its kind: as a rule there is less than `most` of anything.
    anything = tx.one(
        "SELECT COUNT(*) FROM (SELECT 1 FROM assignment_requests"
        " WHERE parent_id = '' AND status = ? LIMIT ?) AS counted",
        IN_PROGRESS,
        most,
    )
    if anything is None or anything[0] < most:
        return False
    row = tx.one(
        "SELECT COUNT(*) FROM assignment_requests WHERE parent_id = '' AND status = ? AND kind = ?",
        IN_PROGRESS,
        kind,
    )
    return row is not None and row[0] >= most


def page_of_requests(
    tx: Tx,
    instance_id: str,
    kind: str,
    status: str | None,
    before: tuple[int, str] | None,
    limit: int,
) -> list[Row]:
    """(created at, id, status) of requests of a kind, newest first, older than the given one."""
    only, wanted = ("", ()) if status is None else (" AND status = ?", (status,))
    return tx.all(
        "SELECT created_at, request_id, status FROM assignment_requests"  # noqa: S608
        f" WHERE instance_id = ? AND kind = ?{only}"
        " AND (created_at, request_id) < (?, ?) ORDER BY created_at DESC, request_id DESC LIMIT ?",
        instance_id,
        kind,
        *wanted,
        *(before or (2**62, "")),
        limit,
    )


def forget_requests(tx: Tx, before: int) -> None:
    """Remove settled requests older than this."""
    tx.run(
        "DELETE FROM assignment_requests WHERE created_at < ? AND status <> ?", before, IN_PROGRESS
    )


# --- provisioned permission sets ------------------------------------------------------------------


def _provisioned(row: Row) -> ProvisionedRole:
    return ProvisionedRole(
        account_id=row[0],
        permission_set_id=row[1],
        instance_id=row[2],
        role_name=row[3],
        role_path=row[4],
        role_arn=row[5],
        saml_provider_name=row[6],
        content_hash=row[7],
    )


def find_provisioned(tx: Tx, account_id: str, permission_set_id: str) -> ProvisionedRole | None:
    """What stands, or is about to stand, for the permission set in the account."""
    row = tx.one(
        f"SELECT {_PROVISIONED} FROM provisioned_permission_sets"  # noqa: S608
        " WHERE account_id = ? AND permission_set_id = ?",
        account_id,
        permission_set_id,
    )
    return None if row is None else _provisioned(row)


def find_provisioned_by_role(tx: Tx, role_arn: str) -> ProvisionedRole | None:
    """What a role stands for."""
    row = tx.one(
        f"SELECT {_PROVISIONED} FROM provisioned_permission_sets WHERE role_arn = ?",  # noqa: S608
        role_arn,
    )
    return None if row is None else _provisioned(row)


def insert_provisioned(tx: Tx, role: ProvisionedRole) -> None:
    """Record the names of a role before it is made."""
    tx.run(
        "INSERT INTO provisioned_permission_sets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        role.account_id,
        role.permission_set_id,
        role.instance_id,
        role.role_name,
        role.role_path,
        role.role_arn,
        role.saml_provider_name,
        role.content_hash,
        tx.now,
        tx.now,
    )


def set_provisioned_content(
    tx: Tx, account_id: str, permission_set_id: str, content_hash: str
) -> None:
    """Record what the role says now."""
    tx.run(
        "UPDATE provisioned_permission_sets SET content_hash = ?, updated_at = ?"
        " WHERE account_id = ? AND permission_set_id = ?",
        content_hash,
        tx.now,
        account_id,
        permission_set_id,
    )


def delete_provisioned(tx: Tx, account_id: str, permission_set_id: str) -> None:
    """Forget a role that is gone."""
    tx.run(
        "DELETE FROM provisioned_permission_sets WHERE account_id = ? AND permission_set_id = ?",
        account_id,
        permission_set_id,
    )


def is_provisioned_anywhere(tx: Tx, permission_set_id: str) -> bool:
    """Whether any account has, or is about to have, a role for the permission set."""
    return (
        tx.one(
            "SELECT 1 FROM provisioned_permission_sets WHERE permission_set_id = ? LIMIT 1",
            permission_set_id,
        )
        is not None
    )


def count_provisioned(tx: Tx, account_id: str) -> int:
    """How many permission sets have a role in the account."""
    row = tx.one(
        "SELECT COUNT(*) FROM provisioned_permission_sets WHERE account_id = ?", account_id
    )
    return int(row[0]) if row else 0


def sets_in_account(
    tx: Tx, instance_id: str, account_id: str, after: str | None, limit: int
) -> list[Row]:
    """(permission set id, content hash) of completed roles of an account, after a set."""
    return tx.all(
        "SELECT permission_set_id, content_hash FROM provisioned_permission_sets"
        " WHERE account_id = ? AND permission_set_id > ? AND content_hash <> ''"
        " AND instance_id = ? ORDER BY permission_set_id LIMIT ?",
        account_id,
        after or "",
        instance_id,
        limit,
    )


def accounts_of_set(
    tx: Tx,
    permission_set_id: str,
    after: str | None,
    limit: int,
    *,
    saying: str | None = None,
    but_saying: str | None = None,
) -> list[str]:
    """Accounts with a completed role of a permission set, after an account.

    `saying` and `but_saying`: only those whose role has this content hash, or another.
    """
    only, hashes = "", []
    for comparison, wanted in (("=", saying), ("<>", but_saying)):
        if wanted is not None:
            only += f" AND content_hash {comparison} ?"
            hashes.append(wanted)
    rows = tx.all(
        "SELECT account_id FROM provisioned_permission_sets"  # noqa: S608
        f" WHERE permission_set_id = ? AND account_id > ? AND content_hash <> ''{only}"
        " ORDER BY account_id LIMIT ?",
        permission_set_id,
        after or "",
        *hashes,
        limit,
    )
    return [row[0] for row in rows]


def saml_provider_name(tx: Tx, instance_id: str, account_id: str) -> str | None:
    """The name of the account's SAML provider, once one was chosen."""
    row = tx.one(
        "SELECT saml_provider_name FROM provisioned_accounts"
        " WHERE instance_id = ? AND account_id = ?",
        instance_id,
        account_id,
    )
    return None if row is None else str(row[0])


def insert_saml_provider_name(tx: Tx, instance_id: str, account_id: str, name: str) -> None:
    """Choose the name of the account's SAML provider."""
    tx.run(
        "INSERT INTO provisioned_accounts VALUES (?, ?, ?)",
        instance_id,
        account_id,
        name,
    )
