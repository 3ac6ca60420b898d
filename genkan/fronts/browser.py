"""What pages for people share: cookies, the session behind them, CSRF, where a sign-in returns.

Owns how a browser proves that it is the same one again. Leaves to `signin` whether a session
stands, to the pages what is shown.

Invariants
- Cookies are HttpOnly and SameSite=Lax, `__Host-` under TLS, and carry the port in the sandbox
  (browsers share cookies between the ports of a host).
- A form is accepted only from our own origin, with a token made for this very session or attempt.
- Nobody is sent anywhere but to a page of ours.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from genkan.core import ids
from genkan.core.app import App
from genkan.core.call import Anonymous, Call, Caller, Operation, Origin, Person
from genkan.core.errors import Invalid
from genkan.core.vault import Unsealable, Vault, same
from genkan.perform import perform
from genkan.signin.browsers import LIFETIME_MS, REMEMBERED
from genkan.signin.flow import Attempt
from genkan.signin.operations import FIND_SESSION
from genkan.signin.records import LiveSession

CSRF_FIELD = "csrf_token"
"""The form field of the CSRF token, the same name that the pages' templates write."""

PAGES = ("/start", "/authorize", "/device", "/console", "/access-keys", "/account")
"""Pages to which a sign-in may return; nothing else is ever a return path."""

PORTAL = "/start"
_SESSION, _ATTEMPT, _BROWSER = "genkan_session", "genkan_attempt", "genkan_browser"
_ATTEMPT_COOKIE_SECONDS = 12 * 3600
_DAY_MS = 24 * 3600 * 1000
_LONGEST_RETURN = 16_384
_MOST_FIELDS = 50
_SALT_BYTES = 12
_RETURN_PATH = re.compile(r"(/[a-z-]+)(/[A-Za-z0-9/_-]*)?(\?[!-~]*)?", re.ASCII)


# ── who asks, from where ──────────────────────────────────────────────────────────────────────────


def app_of(request: Request) -> App:
    """The application behind a request."""
    found: App = request.app.state.app
    return found


def request_id_of(request: Request) -> str:
    """The id that the outermost application gave this request."""
    found: str = request.scope.get("genkan.request_id") or ids.request_id()
    return found


def query_of(request: Request) -> str:
    """The query as it was sent, still encoded."""
    raw: bytes = request.scope["query_string"]
    return raw.decode("latin-1")


def origin_of(request: Request) -> Origin:
    """Where a request comes from.

    The address is the peer's as the server sees it. Forwarding headers are not read here: whoever
    runs behind a proxy lets the server replace the peer for trusted proxies only.
    """
    return Origin(
        request_id=request_id_of(request),
        source_ip=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
        secure_transport=app_of(request).deployment.secure,
    )


async def do(
    request: Request,
    operation: Operation,
    params: Mapping[str, Any],
    *,
    caller: Caller | None = None,
    event_source: str = "sso.amazonaws.com",
    event_name: str = "",
) -> Any:
    """Perform an operation for this request; `caller` is None for nobody in particular."""
    app = app_of(request)
    return await perform(
        app,
        Call(
            operation=operation,
            params=params,
            caller=caller or Anonymous(),
            origin=origin_of(request),
            event_source=event_source,
            event_name=event_name,
            region=app.deployment.region,
        ),
    )


# ── cookies ───────────────────────────────────────────────────────────────────────────────────────


def cookie_name(app: App, name: str) -> str:
    """The name under which this installation keeps a cookie (RFC 6265bis §4.1.3.2)."""
    prefix = "__Host-" if app.deployment.secure else ""
    return f"{prefix}{name}{app.deployment.cookie_suffix}"


def _set_cookie(app: App, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        cookie_name(app, name),
        value,
        max_age=seconds,
        path="/",
        secure=app.deployment.secure,
        httponly=True,
        samesite="lax",
    )


def _delete_cookie(app: App, response: Response, name: str) -> None:
    _set_cookie(app, response, name, "", 0)


def _cookie(request: Request, name: str) -> str:
    return request.cookies.get(cookie_name(app_of(request), name), "")


# ── sessions ──────────────────────────────────────────────────────────────────────────────────────


async def find_session(request: Request) -> LiveSession | None:
    """The session of this browser, if one stands; asked for once a request."""
    if not hasattr(request.state, "session"):
        token = _cookie(request, _SESSION)
        request.state.session = (
            await do(request, FIND_SESSION, {"session_token": token}) if token else None
        )
    found: LiveSession | None = request.state.session
    return found


async def find_person(request: Request) -> Person | None:
    """Who is signed in with this browser, as a caller for the door."""
    session = await find_session(request)
    return session.person if session else None


def keep_session(request: Request, response: Response, token: str, expires_at: int) -> None:
    """Give the browser its session cookie; `expires_at` in epoch milliseconds."""
    app = app_of(request)
    _set_cookie(app, response, _SESSION, token, max(0, expires_at - app.clock()) // 1000)


def forget_session(request: Request, response: Response) -> None:
    """Take the session cookie back."""
    _delete_cookie(app_of(request), response, _SESSION)


# ── recognised browsers ───────────────────────────────────────────────────────────────────────────


def browser_tokens(request: Request) -> tuple[str, ...]:
    """The tokens of users who signed in with this browser before (`signin.browsers`)."""
    return tuple(filter(None, _cookie(request, _BROWSER).split("~")))[:REMEMBERED]


def keep_browser_token(request: Request, response: Response, token: str) -> None:
    """Remember that a user has signed in with this browser, the last few users only."""
    browser_id = token.split(".")[0]
    others = [one for one in browser_tokens(request) if one.split(".")[0] != browser_id]
    value = "~".join([token, *others][:REMEMBERED])
    _set_cookie(app_of(request), response, _BROWSER, value, LIFETIME_MS // 1000)


# ── sign-in attempts ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserAttempt:
    """A sign-in attempt and the browser it is bound to. Kept in an encrypted cookie, in no row.

    `binding` is what forms of people who are not signed in are bound to.
    """

    binding: str
    attempt: Attempt


class _Sealed(msgspec.Struct, array_like=True, frozen=True):
    binding: str
    workflow_id: str
    started_at: int
    user_name: str | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Sealed).decode


def new_attempt(request: Request) -> BrowserAttempt:
    """A fresh attempt, bound to whoever will keep its cookie."""
    return BrowserAttempt(
        binding=ids.token(size=18),
        attempt=Attempt(workflow_id=ids.request_id(), started_at=app_of(request).clock()),
    )


def find_attempt(request: Request) -> BrowserAttempt | None:
    """The attempt in this browser's cookie, if we sealed it today or yesterday."""
    app = app_of(request)
    try:
        text = _cookie(request, _ATTEMPT).encode("ascii")
        sealed = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    today = app.clock() // _DAY_MS
    for day in (today, today - 1):
        try:
            kept = _decode(app.vault.cipher(_ATTEMPT).open(sealed, f"{_ATTEMPT}:{day}"))
        except (Unsealable, msgspec.MsgspecError):
            continue
        attempt = Attempt(
            workflow_id=kept.workflow_id, started_at=kept.started_at, user_name=kept.user_name
        )
        return BrowserAttempt(binding=kept.binding, attempt=attempt)
    return None


def keep_attempt(request: Request, response: Response, kept: BrowserAttempt) -> None:
    """Give the browser its attempt."""
    app = app_of(request)
    attempt = kept.attempt
    plain = _encode(
        _Sealed(kept.binding, attempt.workflow_id, attempt.started_at, attempt.user_name)
    )
    place = f"{_ATTEMPT}:{app.clock() // _DAY_MS}"
    sealed = app.vault.cipher(_ATTEMPT).seal(plain, place)
    value = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
    _set_cookie(app, response, _ATTEMPT, value, _ATTEMPT_COOKIE_SECONDS)


def forget_attempt(request: Request, response: Response) -> None:
    """Take the attempt back."""
    _delete_cookie(app_of(request), response, _ATTEMPT)


# ── forms ─────────────────────────────────────────────────────────────────────────────────────────


def csrf_token(app: App, binding: str) -> str:
    """A token for one page's forms: salted, so that no two pages show the same text (BREACH)."""
    salt = ids.token(size=_SALT_BYTES)
    return f"{salt}.{_csrf_signature(app.vault, salt, binding)}"


def csrf_matches(app: App, binding: str, token: str) -> bool:
    """Whether a token was made for this session or attempt."""
    salt, _, signature = token[:200].partition(".")
    return bool(binding) and same(signature, _csrf_signature(app.vault, salt, binding))


def _csrf_signature(vault: Vault, salt: str, binding: str) -> str:
    digest = hmac.digest(
        vault.derive("csrf"), f"{salt}\0{binding}".encode("utf-8", "replace"), hashlib.sha256
    )
    return base64.urlsafe_b64encode(digest).decode("ascii")


def from_our_pages(request: Request) -> bool:
    """Whether the browser says that a page of ours sent this form, or says nothing about it.

    The CSRF token is the proof; this also stops what has stolen one (fetch metadata; RFC 6454).
    """
    site = request.headers.get("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    scheme, separator, server = origin.partition("://")
    ours = (urlsplit(app_of(request).deployment.base_url).netloc, request.headers.get("host"))
    return bool(separator) and scheme in ("http", "https") and server in ours


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form, the last of each name; `Invalid` when it is not a form.

    The body's length is bounded by the outermost application.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Invalid("The request is not a form.")
    try:
        body = (await request.body()).decode("ascii")
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Invalid("The form cannot be read.") from None


async def read_own_form(request: Request, binding: str) -> dict[str, str] | None:
    """The fields of a form that a page of ours made for `binding`; None for any other form."""
    if not from_our_pages(request):
        return None
    form = await read_form(request)
    return form if csrf_matches(app_of(request), binding, form.get(CSRF_FIELD, "")) else None


# ── where to go on ────────────────────────────────────────────────────────────────────────────────


def safe_return(path: str | None) -> str:
    """`path` when it is a page of ours, the portal otherwise; never another server.

    The whole text must have the form of a path: no `//host`, backslash, blank or control character
    that a browser would read differently.
    """
    if path is None or len(path) > _LONGEST_RETURN:
        return PORTAL
    match = _RETURN_PATH.fullmatch(path)
    if match is None or match[1] not in PAGES or "//" in path.partition("?")[0]:
        return PORTAL
    return path
