"""Asynchronous requests: begin one, give it its one end, enqueue the work behind it.

The request, its job and its audit record are one transaction. Requests of one account and
permission set follow each other: a second one is refused while the first runs (reference §4).
"""

from genkan.assignments import store
from genkan.assignments.records import FAILED, IN_PROGRESS, SUCCEEDED, Request
from genkan.core.errors import Conflict
from genkan.db import jobs
from genkan.db.database import Tx
from genkan.iam.records import PROVISION_JOB

_KEEP_MS = 90 * 86_400_000
"""How long a settled request can be asked about: the ninety days of CloudTrail's event history."""


def require_free(tx: Tx, permission_set_id: str, account_id: str | None = None) -> None:
    """Refuse while a request runs on the permission set, in the account if one is given."""
    if store.running(tx, permission_set_id, account_id):
        raise Conflict("There is a conflicting operation in process.")


def begin(tx: Tx, request: Request) -> None:
    """Record a request; when it runs, enqueue its work."""
    if not request.parent_id:
        store.forget_requests(tx, tx.now - _KEEP_MS)
    store.insert_request(tx, request)
    if request.status == IN_PROGRESS:
        enqueue(
            tx,
            request.instance_id,
            request.account_id,
            request.permission_set_id,
            request_id=request.request_id,
        )


def settle(tx: Tx, request: Request, failure_reason: str = "") -> None:
    """Give a running request its terminal status: failed with a reason, succeeded without."""
    status = FAILED if failure_reason else SUCCEEDED
    if store.finish_request(tx, request.request_id, status, failure_reason) and request.parent_id:
        failures = store.target_failures(tx, request.parent_id)
        if failures is not None:
            reason = failures[0] if failures else ""
            store.finish_request(tx, request.parent_id, FAILED if reason else SUCCEEDED, reason)


def enqueue(
    tx: Tx,
    instance_id: str,
    account_id: str,
    permission_set_id: str,
    *,
    request_id: str = "",
    delay_ms: int = 0,
) -> None:
    """Have the role of the permission set in the account become what it should be.

    Without a request: a clean-up, which removes the role when nobody is assigned.
    """
    jobs.enqueue(
        tx,
        PROVISION_JOB,
        {
            "instance_id": instance_id,
            "account_id": account_id,
            "permission_set_id": permission_set_id,
            "request_id": request_id,
        },
        key=f"{account_id}/{permission_set_id}",
        delay_ms=delay_ms,
    )
