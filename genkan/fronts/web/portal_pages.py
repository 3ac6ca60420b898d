"""The access portal: where can I go, access keys, and opening an account in the browser.

Every page here needs a signed-in person; without one the sign-in page stands in its place. Access
keys are issued and accounts opened by POST only.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from genkan.core.clock import as_datetime
from genkan.core.errors import Denied, Invalid
from genkan.federation.identity_provider import sign_response
from genkan.fronts import browser
from genkan.fronts.web import urls
from genkan.fronts.web.i18n import Lang, format_environment
from genkan.fronts.web.pages import (
    AccountCard,
    AccountColor,
    AccountIdentity,
    CredentialsPage,
    ErrorPage,
    IssuedCredentials,
    PortalPage,
    RoleEntry,
    SamlPostPage,
)
from genkan.fronts.web.signin_pages import ask_sign_in
from genkan.fronts.web.visits import (
    Visit,
    go,
    preferences_of,
    show,
    show_form_expired,
    visit_of,
)
from genkan.portal.operations import (
    GET_ROLE_CREDENTIALS,
    OPEN_ACCOUNT,
    READ_ENTRANCE,
    READ_PORTAL,
)
from genkan.portal.records import Entrance, OpenedAccount, PortalAccount, RoleCredentials

SAML_CONSOLE = "/saml/console"
"""Where the sandbox's accounts take a SAML response: what signin.aws.amazon.com/saml is on AWS."""

_COLOURS: tuple[AccountColor, ...] = get_args(AccountColor)
_LONGEST_QUERY = 200
_GROUPED = re.compile(r"(?<=[0-9])-(?=[0-9])")


async def get_root(request: Request) -> Response:
    """GET /: the portal's own address."""
    return go(urls.PORTAL)


async def head_start(request: Request) -> Response:
    """HEAD /start: AWS CLI asks where a start URL leads; to the AWS-looking alias (DESIGN §12)."""
    entrance = await _entrance(request)
    return Response(status_code=302, headers={"location": entrance.aws_start_url})


async def get_portal(request: Request) -> Response:
    """GET /start: every account and role of the person, or the sign-in page in its place."""
    visit = await visit_of(request)
    if visit.session is None:
        return ask_sign_in(visit, continue_at=visit.here)
    accounts: tuple[PortalAccount, ...] = await browser.do(
        request, READ_PORTAL, {}, caller=visit.session.person
    )
    query = request.query_params.get("q", "")[:_LONGEST_QUERY].strip()
    words = found_by(query).split()
    lang = preferences_of(request).lang
    shown = [account for account in accounts if _matches(account, words, lang)]
    page = PortalPage(
        accounts=tuple(_card(account) for account in shown), total=len(accounts), query=query
    )
    return show(visit, page)


async def get_access_keys(request: Request) -> Response:
    """GET /access-keys: how to get keys for a role; issues nothing."""
    visit = await visit_of(request)
    if visit.session is None:
        return ask_sign_in(visit, continue_at=visit.here)
    query = request.query_params
    found = await _held(visit, query.get("account_id", ""), query.get("role_name", ""))
    if found is None:
        return _not_assigned(visit)
    return show(visit, await _credentials_page(visit, *found, issued=None))


async def post_access_keys(request: Request) -> Response:
    """POST /access-keys: temporary credentials of a role, shown once."""
    visit = await visit_of(request)
    if visit.session is None:
        return ask_sign_in(visit, continue_at=urls.PORTAL)
    form = await own_form(visit)
    if form is None:
        return show_form_expired(visit, here=urls.PORTAL)
    wanted = form.get("account_id", ""), form.get("role_name", "")
    found = await _held(visit, *wanted)
    if found is None:
        return _not_assigned(visit)
    try:
        answer = await browser.do(
            request,
            GET_ROLE_CREDENTIALS,
            {"account_id": wanted[0], "role_name": wanted[1]},
            caller=visit.session.person,
        )
    except Denied:
        return _not_assigned(visit)
    page = await _credentials_page(visit, *found, issued=answer.role_credentials)
    here = f"{urls.ACCESS_KEYS}?{urlencode({'account_id': wanted[0], 'role_name': wanted[1]})}"
    return show(visit, page, here=here)


async def post_console(request: Request) -> Response:
    """POST /console: sign an assertion for the account and have the browser post it there."""
    visit = await visit_of(request)
    if visit.session is None:
        return ask_sign_in(visit, continue_at=urls.PORTAL)
    form = await own_form(visit)
    if form is None:
        return show_form_expired(visit, here=urls.PORTAL)
    try:
        opened: OpenedAccount = await browser.do(
            request,
            OPEN_ACCOUNT,
            {
                "account_id": form.get("account_id", "")[:12],
                "role_name": form.get("role_name", "")[:32],
            },
            caller=visit.session.person,
        )
    except Denied:
        return _not_assigned(visit)
    page = SamlPostPage(
        destination=SAML_CONSOLE,
        saml_response=await sign_response(browser.app_of(request), opened.content),
        relay_state=opened.relay_state or None,
        account=account_identity(opened.account),
        role_name=opened.role.name,
    )
    return show(visit, page, here=urls.PORTAL)


async def own_form(visit: Visit) -> dict[str, str] | None:
    """The fields of a form that a page of ours made for this visit; None for anything else."""
    try:
        return await browser.read_own_form(visit.request, visit.binding)
    except Invalid:
        return None


def account_identity(account: PortalAccount) -> AccountIdentity:
    """An account as every page shows it."""
    color: AccountColor = "none"
    for known in _COLOURS:
        if known == account.colour:
            color = known
    return AccountIdentity(
        account_id=account.account_id,
        name=account.name,
        alias=account.alias or None,
        color=color,
        environment=account.environment or None,
    )


async def _entrance(request: Request) -> Entrance:
    found: Entrance = await browser.do(request, READ_ENTRANCE, {})
    return found


async def _held(visit: Visit, account_id: str, role_name: str) -> tuple[PortalAccount, str] | None:
    assert visit.session is not None
    accounts: tuple[PortalAccount, ...] = await browser.do(
        visit.request, READ_PORTAL, {}, caller=visit.session.person
    )
    for account in accounts:
        if account.account_id == account_id:
            for role in account.roles:
                if role.name == role_name:
                    return account, role.name
    return None


async def _credentials_page(
    visit: Visit, account: PortalAccount, role_name: str, *, issued: RoleCredentials | None
) -> CredentialsPage:
    app = browser.app_of(visit.request)
    entrance = await _entrance(visit.request)
    own_url = app.deployment.base_url
    embedded = app.deployment.accounts == "embedded"
    credentials = None
    if issued is not None:
        credentials = IssuedCredentials(
            access_key_id=issued.access_key_id,
            secret_access_key=issued.secret_access_key,
            session_token=issued.session_token,
            expires_at=as_datetime(issued.expiration),
        )
    return CredentialsPage(
        account=account_identity(account),
        role_name=role_name,
        now=as_datetime(app.clock()),
        start_url=entrance.aws_start_url,
        region=entrance.region,
        endpoints=() if embedded else (("sso_oidc", own_url), ("sso", own_url)),
        endpoint_url=own_url if embedded else None,
        credentials=credentials,
    )


def _not_assigned(visit: Visit) -> Response:
    return show(visit, ErrorPage(status=403, reason="not_assigned"), here=urls.PORTAL)


def found_by(text: str) -> str:
    """Text as search compares it, the same as in `static/js/filter.js`.

    Width and case do not matter, nor how an account id is grouped by hyphens.
    """
    return _GROUPED.sub("", unicodedata.normalize("NFKC", text).lower())


def _matches(account: PortalAccount, words: Sequence[str], lang: Lang) -> bool:
    names = (account.name, account.alias, account.account_id, account.email, account.environment)
    roles = (role.name for role in account.roles)
    environment = format_environment(account.environment, lang)
    text = found_by(" ".join((*names, environment, *roles)))
    return all(word in text for word in words)


def _card(account: PortalAccount) -> AccountCard:
    return AccountCard(
        account=account_identity(account),
        email=account.email or None,
        roles=tuple(
            RoleEntry(
                role_name=role.name,
                description=role.description or None,
            )
            for role in account.roles
        ),
    )


routes = [
    Route("/", get_root, methods=["GET"]),
    Route(urls.PORTAL, head_start, methods=["HEAD"]),
    Route(urls.PORTAL, get_portal, methods=["GET"]),
    Route(urls.ACCESS_KEYS, get_access_keys, methods=["GET"]),
    Route(urls.ACCESS_KEYS, post_access_keys, methods=["POST"]),
    Route(urls.CONSOLE, post_console, methods=["POST"]),
]
