"""The pages as one Starlette application."""

from starlette.applications import Starlette

from genkan.core.app import App
from genkan.fronts.web.pages import SandboxHint


def web_application(app: App, *, sandbox: SandboxHint | None, more_routes: list) -> Starlette:
    return Starlette(routes=[*more_routes])
