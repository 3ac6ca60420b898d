"""Return paths, CSRF tokens and cookie names, without HTTP."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request

from genkan.core.app import App, Deployment
from genkan.core.events import EventBus
from genkan.core.vault import Vault
from genkan.fronts import browser

PATH_LIKE = st.text(alphabet="/\\.:?#@%a-z-AZ09 \t\r\n&=~;é", max_size=40)


def an_app(base_url: str = "http://localhost:8080", suffix: str = "_8080") -> App:
    unused: Any = None
    return App(
        deployment=Deployment(
            accounts="embedded", base_url=base_url, region="us-east-1", cookie_suffix=suffix
        ),
        db=unused,
        clock=lambda: 1_800_000_000_000,
        vault=Vault(bytes(range(32))),
        events=EventBus(),
        standing=unused,
        require_session=unused,
        is_member=lambda tx, account_id, of: True,
        is_delegate=lambda tx, account_id, of: False,
        record=unused,
    )


def a_request(app: App, **headers: str) -> Request:
    application = Starlette()
    application.state.app = app
    return Request(
        {
            "type": "http",
            "method": "POST",
            "path": "/",
            "query_string": b"",
            "headers": [
                (key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()
            ],
            "client": ("192.0.2.1", 1),
            "app": application,
        }
    )


@given(st.text(max_size=60) | PATH_LIKE | PATH_LIKE.map(lambda tail: "/start" + tail))
def test_no_return_path_leaves_this_server(path: str) -> None:
    safe = browser.safe_return(path)
    assert safe in (path, browser.PORTAL)
    parts = urlsplit("http://localhost:8080" + safe)
    assert parts.netloc == "localhost:8080"
    assert not urlsplit(safe).netloc
    assert not safe.startswith(("//", "/\\"))
    assert safe.isascii()
    assert safe.isprintable()
    assert "/" + safe.partition("?")[0].split("/")[1] in browser.PAGES


@pytest.mark.parametrize(
    "path",
    [
        "/start",
        "/start?q=prod",
        "/device?user_code=BCDF-GHJK",
        "/authorize?response_type=code&state=a%2Fb&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fo",
    ],
)
def test_pages_of_ours_are_returned_to(path: str) -> None:
    assert browser.safe_return(path) == path


def test_a_return_path_too_long_is_the_portal() -> None:
    assert browser.safe_return("/authorize?" + "a" * 20_000) == browser.PORTAL
    assert browser.safe_return(None) == browser.PORTAL


@given(binding=st.text(min_size=1), other=st.text(), token=st.text())
def test_a_csrf_token_fits_its_binding_only(binding: str, other: str, token: str) -> None:
    app = an_app()
    made = browser.csrf_token(app, binding)
    assert browser.csrf_matches(app, binding, made)
    assert browser.csrf_matches(app, other, made) == (other == binding)
    assert not browser.csrf_matches(app, binding, token)


def test_no_two_pages_show_the_same_csrf_token() -> None:
    app = an_app()
    assert browser.csrf_token(app, "session") != browser.csrf_token(app, "session")


def test_without_a_session_or_attempt_no_token_fits() -> None:
    app = an_app()
    assert not browser.csrf_matches(app, "", browser.csrf_token(app, ""))


def test_cookies_have_the_host_prefix_under_tls_and_the_port_in_the_sandbox() -> None:
    assert browser.cookie_name(an_app(), "genkan_session") == "genkan_session_8080"
    over_tls = an_app("https://sso.example.org", "")
    assert browser.cookie_name(over_tls, "genkan_session") == "__Host-genkan_session"


def test_a_browser_that_says_nothing_is_believed_for_the_token_alone() -> None:
    assert browser.from_our_pages(a_request(an_app()))


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("http://localhost:8080", "localhost:8080", True),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("http://localhost:8080", "127.0.0.1:8080", True),
        ("http://127.0.0.1:8081", "127.0.0.1:8080", False),
        ("http://localhost", "localhost:8080", False),
        ("http://localhost:8080.evil.example", "localhost:8080", False),
        ("null", "localhost:8080", False),
        ("", "localhost:8080", False),
        ("http://[", "localhost:8080", False),
    ],
)
def test_only_our_own_origin_is_ours(origin: str, host: str, ours: bool) -> None:
    request = a_request(an_app(), origin=origin, host=host)
    assert browser.from_our_pages(request) is ours


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=60))
def test_no_origin_breaks_the_check(origin: str) -> None:
    request = a_request(an_app(), origin=origin, host="localhost:8080")
    assert browser.from_our_pages(request) in (True, False)


def test_under_tls_cookies_are_secure() -> None:
    from starlette.responses import Response

    request = a_request(an_app("https://sso.example.org", ""))
    response = Response()
    browser.keep_session(request, response, "token", 1_800_000_060_000)
    (cookie,) = response.headers.getlist("set-cookie")
    assert cookie.startswith("__Host-genkan_session=token;")
    for attribute in ("Secure", "HttpOnly", "SameSite=lax", "Path=/", "Max-Age=60"):
        assert attribute in cookie
    assert "Domain" not in cookie


def test_an_attempt_is_read_until_the_day_after() -> None:
    from starlette.responses import Response

    now = [1_800_000_000_000]
    app = an_app()
    app.clock = lambda: now[0]
    request = a_request(app)
    kept = browser.new_attempt(request)
    response = Response()
    browser.keep_attempt(request, response, kept)
    cookie = response.headers["set-cookie"].partition(";")[0]
    assert browser.find_attempt(a_request(app, cookie=cookie)) == kept
    now[0] += 24 * 3600 * 1000
    assert browser.find_attempt(a_request(app, cookie=cookie)) == kept
    now[0] += 24 * 3600 * 1000
    assert browser.find_attempt(a_request(app, cookie=cookie)) is None
