"""An account opened in the browser: the sandbox's own console of one account.

The browser arrives with a SAML response, as it would at signin.aws.amazon.com/saml; the account's
STS verifies it and the role session it gives is kept in a sealed cookie. The page reads the session
anew each time, so it says "ended" the moment the right ends. Production sends people to AWS.
"""

import base64
import binascii
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from genkan.core.clock import as_datetime
from genkan.core.errors import Denied, Invalid
from genkan.core.vault import Unsealable
from genkan.federation.exchange import assume_asserted_role
from genkan.fronts import browser
from genkan.fronts.web import urls
from genkan.fronts.web.pages import AccountPage, ErrorPage
from genkan.fronts.web.portal_pages import SAML_CONSOLE, account_identity, own_form
from genkan.fronts.web.signin_pages import ask_sign_in
from genkan.fronts.web.visits import Visit, go, show, show_form_expired, visit_of
from genkan.portal.operations import READ_CONSOLE
from genkan.portal.records import ConsoleSession
from genkan.sts.operations import END_ROLE_SESSION

ACCOUNT = "/account"
_COOKIE = "genkan_console"
_PLACE = "console cookie"


class _Kept(msgspec.Struct, array_like=True, frozen=True):
    access_key_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class _Opened:
    """The console session of this browser, and what it is now."""

    kept: _Kept
    session: ConsoleSession


async def post_saml_console(request: Request) -> Response:
    """POST /saml/console: verify the response, assume its role, go to the account page.

    The form comes from our own auto-posting page and carries no CSRF token: the signed response,
    good for one exchange within five minutes and only by the person it names, is the proof.
    """
    visit = await visit_of(request)
    if visit.session is None:
        return ask_sign_in(visit, continue_at=urls.PORTAL)
    if not browser.from_our_pages(request):
        return show_form_expired(visit, here=urls.PORTAL)
    try:
        form = await browser.read_form(request)
        assumed = await assume_asserted_role(
            browser.app_of(request),
            origin=browser.origin_of(request),
            saml_assertion=form.get("SAMLResponse", ""),
        )
    except Denied:
        return show(visit, ErrorPage(status=403, reason="not_assigned"), here=urls.PORTAL)
    except Invalid:
        return show(visit, ErrorPage(status=400), here=urls.PORTAL)
    if assumed.subject != visit.session.person.user_id:
        # Login CSRF: somebody else's response would put this browser into their session.
        return show(visit, ErrorPage(status=403), here=urls.PORTAL)
    response = go(ACCOUNT)
    _keep(
        visit,
        response,
        _Kept(assumed.credentials.access_key_id, visit.session.person.session_id),
        assumed.credentials.expiration,
    )
    return response


async def get_account(request: Request) -> Response:
    """GET /account: which account, which role, who, until when."""
    visit = await visit_of(request)
    if visit.session is None:
        return ask_sign_in(visit, continue_at=ACCOUNT)
    opened = await _opened(visit)
    if opened is None:
        return go(urls.PORTAL)
    session = opened.session
    page = AccountPage(
        account=account_identity(session.account),
        role_name=session.role_name,
        user_name=visit.session.person.user_name,
        session_arn=session.session_arn,
        issued_at=as_datetime(session.issued_at),
        expires_at=as_datetime(session.expires_at),
        now=as_datetime(browser.app_of(request).clock()),
        ended=session.ended,
    )
    return show(visit, page)


async def post_account_sign_out(request: Request) -> Response:
    """POST /account/signout: end this browser's session in the account."""
    visit = await visit_of(request)
    if visit.session is None:
        return ask_sign_in(visit, continue_at=urls.PORTAL)
    form = await own_form(visit)
    if form is None:
        return show_form_expired(visit, here=ACCOUNT)
    opened = await _opened(visit)
    if opened is not None:
        await browser.do(
            request,
            END_ROLE_SESSION,
            {"access_key_id": opened.kept.access_key_id},
            caller=visit.session.person,
            event_source="signin.amazonaws.com",
        )
    response = go(urls.PORTAL)
    _set(visit, response, "", 0)
    return response


async def _opened(visit: Visit) -> _Opened | None:
    """The browser's console session, if it belongs to the person who is signed in now."""
    assert visit.session is not None
    request = visit.request
    app = browser.app_of(request)
    text = request.cookies.get(browser.cookie_name(app, _COOKIE), "")
    try:
        sealed = base64.urlsafe_b64decode(text.encode("ascii"))
        kept = msgspec.msgpack.decode(app.vault.cipher(_PLACE).open(sealed, _PLACE), type=_Kept)
    except (binascii.Error, ValueError, Unsealable, msgspec.MsgspecError):
        return None
    if kept.session_id != visit.session.person.session_id:
        return None
    found: ConsoleSession | None = await browser.do(
        request,
        READ_CONSOLE,
        {"access_key_id": kept.access_key_id},
        caller=visit.session.person,
    )
    return _Opened(kept, found) if found is not None else None


def _keep(visit: Visit, response: Response, kept: _Kept, expires_at: int) -> None:
    app = browser.app_of(visit.request)
    sealed = app.vault.cipher(_PLACE).seal(msgspec.msgpack.encode(kept), _PLACE)
    seconds = max(0, expires_at - app.clock()) // 1000 + 3600
    _set(visit, response, base64.urlsafe_b64encode(sealed).decode("ascii"), seconds)


def _set(visit: Visit, response: Response, value: str, seconds: int) -> None:
    app = browser.app_of(visit.request)
    response.set_cookie(
        browser.cookie_name(app, _COOKIE),
        value,
        max_age=seconds,
        path="/",
        secure=app.deployment.secure,
        httponly=True,
        samesite="lax",
    )


routes = [
    Route(SAML_CONSOLE, post_saml_console, methods=["POST"]),
    Route(ACCOUNT, get_account, methods=["GET"]),
    Route(urls.ACCOUNT_SIGN_OUT, post_account_sign_out, methods=["POST"]),
]
