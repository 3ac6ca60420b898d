"""Signing in and out. The order of the steps is `signin.flow`'s; a page here only shows one.

The sign-in page stands in the place of whatever page needs a person; after it the browser is sent
back there, and only ever to a page of ours (`browser.safe_return`).
"""

import contextlib
import unicodedata
from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from genkan.core.errors import Denied, Invalid, Throttled
from genkan.fronts import browser
from genkan.fronts.browser import BrowserAttempt
from genkan.fronts.web import urls
from genkan.fronts.web.pages import (
    ErrorPage,
    Hidden,
    SignedOutPage,
    SignInPage,
    SignInProblem,
    SignInStep,
)
from genkan.fronts.web.visits import Visit, go, show, show_form_expired, visit_of
from genkan.signin.flow import Attempt, Policy, Step, expired, next_step
from genkan.signin.hashing import HashingPool
from genkan.signin.operations import END_SESSION
from genkan.signin.password_check import sign_in_with_password
from genkan.signin.records import NotSignedIn, SignedIn

CONTINUE = "continue"
_DESTINATION = "destination"
_POLICY = Policy()
_LONGEST_USER_NAME = 128
_LONGEST_DESTINATION = 256
_STEPS: dict[Step, SignInStep] = {Step.USER_NAME: "user_name", Step.PASSWORD: "password"}


def ask_sign_in(visit: Visit, *, continue_at: str, destination: str | None = None) -> Response:
    """The sign-in page in the place of a page that needs a person.

    `continue_at` is that page's own path; `destination` names the client that waits.
    """
    now = browser.app_of(visit.request).clock()
    kept = visit.attempt or browser.new_attempt(visit.request)
    if expired(kept.attempt, _POLICY, now):
        kept = _restarted(visit.request, kept)
    return _page(
        Visit(request=visit.request, session=None, attempt=kept),
        continue_at=continue_at,
        destination=destination,
    )


async def get_sign_in(request: Request) -> Response:
    """GET /signin: the step that the attempt has reached, or where to go when signed in already."""
    visit = await visit_of(request)
    continue_at = browser.safe_return(request.query_params.get(CONTINUE))
    if visit.session is not None:
        return go(continue_at)
    return ask_sign_in(visit, continue_at=continue_at)


async def post_sign_in(request: Request) -> Response:
    """POST /signin: one step further, or the same step with what was wrong."""
    known = browser.find_attempt(request)
    kept = known or browser.new_attempt(request)
    visit = Visit(request=request, session=None, attempt=kept)
    try:
        form = await browser.read_own_form(request, known.binding if known else "")
    except Invalid:
        return show(visit, ErrorPage(status=400), here=urls.SIGN_IN)
    if form is None:
        # The cookie ran out, or somebody else made this form: nothing in it is used.
        fresh = replace(visit, attempt=_restarted(request, kept))
        return _page(fresh, continue_at=browser.PORTAL, problem="expired")
    continue_at = browser.safe_return(form.get(CONTINUE))
    destination = form.get(_DESTINATION, "")[:_LONGEST_DESTINATION] or None
    typed = _clean(form.get("user_name", ""))
    problem: SignInProblem | None = None
    if form.get("action") == "restart":
        kept = _restarted(request, kept)
    elif form.get("step") != "password" or typed != kept.attempt.user_name:
        kept, problem = _named(request, kept, typed)
    elif expired(kept.attempt, _POLICY, browser.app_of(request).clock()):
        kept, problem = _restarted(request, kept), "expired"
    else:
        return await _check_password(
            visit,
            kept,
            form.get("password", ""),
            continue_at=continue_at,
            destination=destination,
        )
    return _page(
        replace(visit, attempt=kept),
        continue_at=continue_at,
        destination=destination,
        problem=problem,
        typed=typed,
    )


async def post_sign_out(request: Request) -> Response:
    """POST /signout: end this browser's session."""
    visit = await visit_of(request)
    if visit.session is not None:
        try:
            form = await browser.read_own_form(request, visit.binding)
        except Invalid:
            form = None
        if form is None:
            return show_form_expired(visit, here=urls.PORTAL)
        with contextlib.suppress(Denied):  # It had ended meanwhile, which is what was asked for.
            await browser.do(request, END_SESSION, {}, caller=visit.session.person)
    signed_out = Visit(request=request, session=None, attempt=None)
    page = SignedOutPage(reason="asked" if visit.session is not None else "ended")
    response = show(signed_out, page, here=urls.PORTAL)
    browser.forget_session(request, response)
    return response


async def _check_password(
    visit: Visit,
    kept: BrowserAttempt,
    password: str,
    *,
    continue_at: str,
    destination: str | None,
) -> Response:
    request = visit.request
    if not password:
        return _page(visit, continue_at=continue_at, destination=destination, problem="missing")
    pool: HashingPool = request.app.state.hashing
    try:
        outcome = await sign_in_with_password(
            browser.app_of(request),
            pool,
            user_name=kept.attempt.user_name or "",
            password=password,
            workflow_id=kept.attempt.workflow_id,
            origin=browser.origin_of(request),
            browser_tokens=browser.browser_tokens(request),
        )
    except Throttled as busy:
        return _page(
            visit,
            continue_at=continue_at,
            destination=destination,
            problem="busy",
            retry_after_seconds=busy.retry_after_seconds,
        )
    if isinstance(outcome, NotSignedIn):
        return _page(
            visit,
            continue_at=continue_at,
            destination=destination,
            problem=outcome.reason,
            retry_after_seconds=outcome.retry_after_seconds,
        )
    return _signed_in(request, outcome, continue_at)


def _signed_in(request: Request, outcome: SignedIn, continue_at: str) -> Response:
    response = go(continue_at)
    browser.keep_session(request, response, outcome.session_token, outcome.expires_at)
    browser.keep_browser_token(request, response, outcome.browser_token)
    browser.forget_attempt(request, response)
    return response


def _named(
    request: Request, kept: BrowserAttempt, typed: str
) -> tuple[BrowserAttempt, SignInProblem | None]:
    """The attempt with the user name that was typed; a new name is a new attempt."""
    if not typed:
        return _restarted(request, kept), "missing"
    return replace(kept, attempt=replace(_fresh(request), user_name=typed)), None


def _restarted(request: Request, kept: BrowserAttempt) -> BrowserAttempt:
    """A new attempt in the same browser, so that a page open in another tab still works."""
    return replace(kept, attempt=_fresh(request))


def _fresh(request: Request) -> Attempt:
    return browser.new_attempt(request).attempt


def _page(
    visit: Visit,
    *,
    continue_at: str,
    destination: str | None = None,
    problem: SignInProblem | None = None,
    retry_after_seconds: int | None = None,
    typed: str = "",
) -> Response:
    assert visit.attempt is not None
    attempt = visit.attempt.attempt
    hidden: Hidden = ((CONTINUE, continue_at),)
    if destination:
        hidden = (*hidden, (_DESTINATION, destination))
    page = SignInPage(
        step=_STEPS[next_step(attempt, _POLICY)],
        user_name=attempt.user_name or typed,
        problem=problem,
        retry_after_seconds=retry_after_seconds,
        destination=destination,
        hidden=hidden,
    )
    here = None
    if visit.request.method == "POST":
        here = f"{urls.SIGN_IN}?{urlencode({CONTINUE: continue_at})}"
    return show(visit, page, here=here)


def _clean(user_name: str) -> str:
    """A typed user name without what no user name holds: blanks around it, control characters."""
    kept = (c for c in user_name[: 2 * _LONGEST_USER_NAME] if unicodedata.category(c) != "Cc")
    return "".join(kept).strip()[:_LONGEST_USER_NAME]


routes = [
    Route(urls.SIGN_IN, get_sign_in, methods=["GET"]),
    Route(urls.SIGN_IN, post_sign_in, methods=["POST"]),
    Route(urls.SIGN_OUT, post_sign_out, methods=["POST"]),
]
