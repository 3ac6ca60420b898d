"""`POST /sandbox/reset/<secret>`: for test suites that want a clean organization in no time."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from genkan.core import ids
from genkan.core.app import App
from genkan.core.call import Call, Operation, Origin, Owner
from genkan.core.vault import same
from genkan.perform import perform
from genkan.sandbox.facts import READ_RESET_SECRET
from genkan.sandbox.reset import RESET


def reset_routes(app: App, drop_running: Callable[[], None]) -> list[Route]:
    """The reset route; `drop_running` forgets jobs that run on rows about to vanish."""

    async def reset(request: Request) -> Response:
        expected = await perform(app, _call(READ_RESET_SECRET))
        if not same(request.path_params["secret"], expected):
            return JSONResponse({"message": "Not found"}, status_code=404)
        drop_running()
        await perform(app, _call(RESET))
        return Response(status_code=204)

    return [Route("/sandbox/reset/{secret}", reset, methods=["POST"])]


def _call(operation: Operation) -> Call:
    params: dict[str, Any] = {}
    return Call(
        operation=operation,
        params=params,
        caller=Owner(reason="sandbox reset"),
        origin=Origin(request_id=ids.request_id()),
        event_source="sandbox.genkan",
    )
