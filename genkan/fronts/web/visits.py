"""One request to a page: who is there, in which language, and answering with a page.

Joins what `browser` knows of a request (session, sign-in attempt) with what a page needs around it
(`pages.Shell`). Reads from the application's state: `app`, `renderer`, `sandbox` (a `SandboxHint`)
and `instance_name`, the last two optional.
"""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from genkan.fronts import browser
from genkan.fronts.browser import BrowserAttempt
from genkan.fronts.web.pages import ErrorPage, Page, Person, Shell
from genkan.fronts.web.preferences import Preferences, read_preferences
from genkan.signin.records import LiveSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request with what is known of its browser.

    Without a session there is always an attempt, so that the forms of a page can be bound to it.
    """

    request: Request
    session: LiveSession | None
    attempt: BrowserAttempt | None

    @property
    def binding(self) -> str:
        """What the forms of this visit's pages are bound to."""
        if self.session is not None:
            return self.session.person.session_id
        return self.attempt.binding if self.attempt else ""

    @property
    def here(self) -> str:
        """Path and query of the request."""
        path: str = self.request.scope["path"]
        query = browser.query_of(self.request)
        return f"{path}?{query}" if query else path


async def visit_of(request: Request) -> Visit:
    """The visit of a request: its session, or else its attempt, or else a new attempt."""
    session = await browser.find_session(request)
    if session is not None:
        return Visit(request=request, session=session, attempt=None)
    attempt = browser.find_attempt(request) or browser.new_attempt(request)
    return Visit(request=request, session=None, attempt=attempt)


def preferences_of(request: Request) -> Preferences:
    """Language, theme and the like that this request asks for."""
    return read_preferences(
        query=request.query_params,
        cookies=request.cookies,
        accept_language=request.headers.get("accept-language"),
    )


def show(visit: Visit, page: Page, *, here: str | None = None) -> Response:
    """Answer with a page. `here` is the nearest GET of a page that answers a POST."""
    request = visit.request
    state = request.app.state
    preferences = preferences_of(request)
    app = browser.app_of(request)
    shell = Shell(
        lang=preferences.lang,
        theme=preferences.theme,
        csrf_token=browser.csrf_token(app, visit.binding),
        request_id=browser.request_id_of(request),
        here=here or visit.here,
        person=_shown_person(visit.session),
        instance_name=getattr(state, "instance_name", None),
        sandbox=getattr(state, "sandbox", None) if preferences.hint else None,
    )
    response: Response = state.renderer.respond(page, shell)
    for value in preferences.set_cookie_headers(secure=app.deployment.secure):
        response.headers.append("set-cookie", value)
    if visit.attempt is not None:
        browser.keep_attempt(request, response, visit.attempt)
    return response


def show_form_expired(visit: Visit, *, here: str) -> Response:
    """The answer to a form that was not made by a page of ours for this visit."""
    return show(visit, ErrorPage(status=403, reason="form_expired"), here=here)


def go(target: str, status: int = 303) -> Response:
    """Send the browser on; `target` is a path of ours or a checked redirect URI."""
    headers: dict[str, Any] = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    return RedirectResponse(target, status, headers)


def _shown_person(session: LiveSession | None) -> Person | None:
    if session is None:
        return None
    return Person(display_name=session.display_name, user_name=session.person.user_name)
