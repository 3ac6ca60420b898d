"""THE DOOR: the only way from a front or a worker to a slice.

begin → authorize → run → audit → commit. The operation, its authorization and its audit record
share one transaction. A refusal rolls the operation back and leaves its own audit record; a bug
propagates and leaves nothing. `perform` is awaited, never nested.
"""

from collections.abc import Awaitable
from typing import Any

from genkan.core import trace
from genkan.core.app import App
from genkan.core.call import Call
from genkan.core.errors import Refusal
from genkan.decide import decide


async def perform(app: App, call: Call) -> Any:
    """Perform `call` and return its result once durable; raises a `Refusal` when it may not be."""
    watching = trace.current.get()
    if watching is None:
        return await _perform(app, call)
    watching.begins(call)
    try:
        result = await _perform(app, call)
    except Refusal as refusal:
        watching.refused(refusal)
        raise
    watching.ended(call, result)
    return result


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
        lambda tx, refusal: app.record(tx, call, refusal),
    )


def _run(app: App, tx: Any, call: Call) -> Any:
    decide(app, tx, call)
    return call.operation.run(tx, **call.params)


def _run_recorded(app: App, tx: Any, call: Call) -> Any:
    result = _run(app, tx, call)
    app.record(tx, call, result)
    return result
