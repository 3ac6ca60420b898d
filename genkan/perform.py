"""THE DOOR: the only way from a front or a worker to a slice.

begin → authorize → run → audit → commit. The operation, its authorization and its audit record
share one transaction. A refusal rolls the operation back and leaves its own audit record, a refused
read too; a bug propagates and leaves nothing. `perform` is awaited, never nested.
Refusals are recorded as far as `App.admits` lets them: whoever may nothing may ask for ever.
"""

import logging
from collections.abc import Awaitable
from typing import Any

from genkan.core import trace
from genkan.core.app import App
from genkan.core.call import Call, Owner, Worker
from genkan.core.errors import Refusal
from genkan.decide import decide

_log = logging.getLogger("genkan.perform")


async def perform(app: App, call: Call) -> Any:
    """Perform `call` and return its result once durable; raises a `Refusal` when it may not be."""
    watching = trace.current.get()
    if watching is not None:
        watching.begins(call)
    try:
        result = await _perform(app, call)
    except Refusal as refusal:
        if watching is not None:
            watching.refused(refusal)
        await _settle(app, call, refusal)
        raise
    if watching is not None:
        watching.ended(call, result)
    return result


async def record_refusal(app: App, call: Call, refusal: Refusal) -> None:
    """Record what was refused without a transaction of its own: a read, or before the door.

    Once, however often it is asked. A record that cannot be written is logged; the refusal stands
    either way.
    """
    if refusal.audit_admitted is not None or not _admitted(app, call, refusal):
        return
    try:
        await app.db.write(call, lambda tx: app.record(tx, call, refusal))
    except Exception:
        _log.exception("the refusal of request %s could not be recorded", call.origin.request_id)


async def _settle(app: App, call: Call, refusal: Refusal) -> None:
    """See to it that the refusal is recorded; one of a write was, in its transaction.

    What no front asked for by a name is a step of something else, whose refusal is told by whoever
    takes the step; a job that is refused is tried again.
    """
    if call.event_name and not isinstance(call.caller, Worker | Owner):
        await record_refusal(app, call, refusal)


def _perform(app: App, call: Call) -> Awaitable[Any]:
    operation = call.operation
    if operation.reads == "point":
        return app.db.point(call, lambda tx: _run(app, tx, call))
    if operation.reads == "scan":
        return app.db.scan(call, lambda tx: _run(app, tx, call))
    if not operation.recorded:
        return app.db.write(call, lambda tx: _run(app, tx, call))
    return app.db.write(
        call,
        lambda tx: _run_recorded(app, tx, call),
        lambda tx, refusal: _record_refused(app, tx, call, refusal),
    )


def _run(app: App, tx: Any, call: Call) -> Any:
    decide(app, tx, call)
    return call.operation.run(tx, **call.params)


def _run_recorded(app: App, tx: Any, call: Call) -> Any:
    result = _run(app, tx, call)
    app.record(tx, call, result)
    return result


def _record_refused(app: App, tx: Any, call: Call, refusal: Refusal) -> None:
    if _admitted(app, call, refusal):
        app.record(tx, call, refusal)


def _admitted(app: App, call: Call, refusal: Refusal) -> bool:
    """Whether the refusal is to be recorded, and not by whoever raised it.

    The same again for a record whose transaction was lost: it is one refusal.
    """
    if refusal.audit_admitted is None:
        silent = getattr(refusal, "audit_silent", False)
        refusal.audit_admitted = not silent and app.admits(call, refusal)
    return refusal.audit_admitted
