"""Consent: /authorize for PKCE, /device for device codes (reference §8.3, browser side).

Nothing is approved by a GET: a link leads to a question, and only a form of ours, made for this
session, answers it. What the form carries is checked again by the operation that decides.
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from genkan.core.call import Operation
from genkan.core.errors import Denied, Invalid
from genkan.fronts import browser
from genkan.fronts.web import urls
from genkan.fronts.web.pages import (
    ConsentPage,
    DeviceCodePage,
    DeviceConfirmPage,
    DeviceOutcomePage,
    ErrorPage,
)
from genkan.fronts.web.signin_pages import ask_sign_in
from genkan.fronts.web.visits import Visit, go, show, show_form_expired, visit_of
from genkan.oauth.devices import shown_user_code
from genkan.oauth.operations import (
    DECIDE_DEVICE_REQUEST,
    DENY_AUTHORIZATION,
    GRANT_AUTHORIZATION,
    PREPARE_AUTHORIZATION,
    READ_DEVICE_REQUEST,
)
from genkan.oauth.records import (
    AuthorizationRefused,
    AuthorizationRequest,
    DeviceDecision,
    DeviceRequest,
    DeviceRequestProblem,
)
from genkan.signin.records import LiveSession

AUTHORIZE = "/authorize"
_REQUEST = "request"
_LONGEST_TYPED = 16


async def get_authorize(request: Request) -> Response:
    """GET /authorize: the question, after signing in if need be; or what is wrong."""
    visit = await visit_of(request)
    query = browser.query_of(request)
    asked: AuthorizationRequest | AuthorizationRefused = await browser.do(
        request, PREPARE_AUTHORIZATION, {"query": query}
    )
    if isinstance(asked, AuthorizationRefused):
        return _refused(visit, asked)
    if visit.session is None:
        return ask_sign_in(
            visit,
            continue_at=browser.safe_return(f"{AUTHORIZE}?{query}"),
            destination=asked.client.client_name,
        )
    return _ask_consent(visit, visit.session, asked, query)


async def post_authorize_consent(request: Request) -> Response:
    """POST /authorize/consent: the answer, sent to the program's own address."""
    visit = await visit_of(request)
    form = await _own_form(visit)
    if visit.session is None:
        # Where to go on may come from any form: it leads to the question again, never to an answer.
        query = (await _any_form(request)).get(_REQUEST, "")
        return ask_sign_in(visit, continue_at=browser.safe_return(f"{AUTHORIZE}?{query}"))
    if form is None:
        return show_form_expired(visit, here=urls.PORTAL)
    operation = _decision(form, GRANT_AUTHORIZATION, DENY_AUTHORIZATION)
    if operation is None:
        return show(visit, ErrorPage(status=400), here=urls.PORTAL)
    query = form.get(_REQUEST, "")
    try:
        answer = await browser.do(request, operation, {"query": query}, caller=visit.session.person)
    except Denied:
        return _session_ended(visit, browser.safe_return(f"{AUTHORIZE}?{query}"))
    if isinstance(answer, AuthorizationRefused):
        return _refused(visit, answer)
    return go(answer.redirect_to)


async def get_device(request: Request) -> Response:
    """GET /device: where a code is typed; for a link that carries one, whether it is yours."""
    visit = await visit_of(request)
    typed = request.query_params.get("user_code", "")
    code = shown_user_code(typed)
    if visit.session is None:
        return ask_sign_in(visit, continue_at=_device_path(code))
    if code is None:
        return show(visit, DeviceCodePage(user_code=typed[:_LONGEST_TYPED]))
    return show(visit, DeviceConfirmPage(user_code=code))


async def post_device(request: Request) -> Response:
    """POST /device: the question about the program behind a code."""
    visit = await visit_of(request)
    form = await _own_form(visit)
    if visit.session is None:
        return ask_sign_in(visit, continue_at=await _device_path_again(request))
    if form is None:
        return show_form_expired(visit, here=urls.DEVICE)
    typed = form.get("user_code", "")
    try:
        found: DeviceRequest | DeviceRequestProblem = await browser.do(
            request, READ_DEVICE_REQUEST, {"user_code": typed}, caller=visit.session.person
        )
    except Denied:
        return _session_ended(visit, _device_path(shown_user_code(typed)))
    if isinstance(found, DeviceRequestProblem):
        page = DeviceCodePage(user_code=typed[:_LONGEST_TYPED], problem=found.problem)
        response = show(visit, page, here=urls.DEVICE)
        if found.retry_after_seconds is not None:
            response.headers["retry-after"] = str(found.retry_after_seconds)
        return response
    consent = ConsentPage(
        action=urls.DEVICE_CONSENT,
        client_name=found.client_name,
        scopes=found.scopes,
        user_code=found.user_code,
        lasts_seconds=found.lasts_seconds,
        hidden=(("user_code", found.user_code), ("request_id", found.request_id)),
    )
    return show(visit, consent, here=_device_path(found.user_code))


async def post_device_consent(request: Request) -> Response:
    """POST /device/consent: the answer, which the program learns at its next poll."""
    visit = await visit_of(request)
    form = await _own_form(visit)
    if visit.session is None:
        return ask_sign_in(visit, continue_at=await _device_path_again(request))
    if form is None:
        return show_form_expired(visit, here=urls.DEVICE)
    decision = form.get("decision")
    if decision not in ("approve", "deny"):
        return show(visit, ErrorPage(status=400), here=urls.DEVICE)
    try:
        decided: DeviceDecision = await browser.do(
            request,
            DECIDE_DEVICE_REQUEST,
            {
                "user_code": form.get("user_code", ""),
                "request_id": form.get("request_id", ""),
                "approve": decision == "approve",
            },
            caller=visit.session.person,
        )
    except Denied:
        return _session_ended(visit, _device_path(shown_user_code(form.get("user_code", ""))))
    page = DeviceOutcomePage(outcome=decided.outcome, client_name=decided.client_name)
    return show(visit, page, here=urls.DEVICE)


def _ask_consent(
    visit: Visit, session: LiveSession, asked: AuthorizationRequest, query: str
) -> Response:
    left = session.expires_at - browser.app_of(visit.request).clock()
    page = ConsentPage(
        action=urls.AUTHORIZE_CONSENT,
        client_name=asked.client.client_name,
        scopes=asked.scopes,
        redirect_uri=asked.redirect_uri,
        lasts_seconds=max(0, left) // 1000,
        hidden=((_REQUEST, query),),
    )
    return show(visit, page)


def _refused(visit: Visit, refused: AuthorizationRefused) -> Response:
    if refused.redirect_to is not None:
        return go(refused.redirect_to)
    return show(visit, ErrorPage(status=400, reason="bad_client"), here=urls.PORTAL)


async def _own_form(visit: Visit) -> dict[str, str] | None:
    try:
        return await browser.read_own_form(visit.request, visit.binding)
    except Invalid:
        return None


async def _any_form(request: Request) -> dict[str, str]:
    try:
        return await browser.read_form(request)
    except Invalid:
        return {}


async def _device_path_again(request: Request) -> str:
    return _device_path(shown_user_code((await _any_form(request)).get("user_code", "")))


def _session_ended(visit: Visit, continue_at: str) -> Response:
    request = visit.request
    nobody = Visit(request=request, session=None, attempt=browser.new_attempt(request))
    return ask_sign_in(nobody, continue_at=continue_at)


def _decision(form: dict[str, str], approve: Operation, deny: Operation) -> Operation | None:
    return {"approve": approve, "deny": deny}.get(form.get("decision", ""))


def _device_path(code: str | None) -> str:
    return f"{urls.DEVICE}?{urlencode({'user_code': code})}" if code else urls.DEVICE


routes = [
    Route(AUTHORIZE, get_authorize, methods=["GET"]),
    Route(urls.AUTHORIZE_CONSENT, post_authorize_consent, methods=["POST"]),
    Route(urls.DEVICE, get_device, methods=["GET"]),
    Route(urls.DEVICE, post_device, methods=["POST"]),
    Route(urls.DEVICE_CONSENT, post_device_consent, methods=["POST"]),
]
