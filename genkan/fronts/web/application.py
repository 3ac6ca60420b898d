"""The pages as one Starlette application: routes, state, and answers to unexpected errors."""

import logging
from collections.abc import Sequence
from typing import get_args

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from genkan.core.app import App
from genkan.db.failures import Unavailable
from genkan.fronts import browser
from genkan.fronts.web import (
    authorize_pages,
    console_pages,
    portal_pages,
    signin_pages,
    urls,
)
from genkan.fronts.web.pages import ErrorPage, ErrorStatus, SandboxHint
from genkan.fronts.web.rendering import Renderer
from genkan.fronts.web.visits import Visit, show, visit_of
from genkan.signin.hashing import HashingPool

_log = logging.getLogger("genkan.web")
_RETRY_AFTER_SECONDS = 5
_STATUSES: tuple[ErrorStatus, ...] = get_args(ErrorStatus)


def web_application(
    app: App,
    *,
    sandbox: SandboxHint | None = None,
    instance_name: str | None = None,
    more_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """All pages over `app`. `more_routes` are those of one assembly only."""
    renderer = Renderer()
    application = Starlette(
        routes=[
            *portal_pages.routes,
            *console_pages.routes,
            *signin_pages.routes,
            *authorize_pages.routes,
            renderer.assets.route(),
            *more_routes,
        ],
        exception_handlers={
            HTTPException: _http_error,
            Unavailable: _unavailable,
            Exception: _bug,
        },
    )
    application.router.redirect_slashes = False
    application.state.app = app
    application.state.renderer = renderer
    application.state.sandbox = sandbox
    application.state.instance_name = instance_name
    application.state.hashing = HashingPool()
    app.closing.append(application.state.hashing.close)
    return application


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status: ErrorStatus = 404
    for known in _STATUSES:
        if known == error.status_code:
            status = known
    response = show(await visit_of(request), ErrorPage(status=status), here=urls.PORTAL)
    response.status_code = error.status_code
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def _unavailable(request: Request, error: Exception) -> Response:
    _log.warning("503 to request %s: %s", browser.request_id_of(request), error)
    nobody = Visit(request=request, session=None, attempt=None)
    page = ErrorPage(status=503, retry_after_seconds=_RETRY_AFTER_SECONDS)
    response = show(nobody, page, here=urls.PORTAL)
    response.headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    return response


async def _bug(request: Request, error: Exception) -> Response:
    _log.error("a bug answered 500 to request %s", browser.request_id_of(request), exc_info=error)
    nobody = Visit(request=request, session=None, attempt=None)
    return show(nobody, ErrorPage(status=500), here=urls.PORTAL)
