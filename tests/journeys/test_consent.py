"""A person is asked by a program on the command line: approval, refusal, and nothing by a link."""

import base64
import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.clients.browser import accessibility_violations
from tests.clients.fixtures import NewWindow
from tests.journeys.visitor import Visitor, plain_window
from tests.support.person import post, register_client
from tests.support.server import ANSWER_SECONDS, Server

CONFIRM, ALLOW, DENY = "#cli_verification_btn", "#cli_login_button", "#deny"
VERIFIER = "v" * 64
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


# ── the program ───────────────────────────────────────────────────────────────────────────────────


@dataclass
class Device:
    """A program that waits for a device code to be decided."""

    server: Server
    client: dict[str, str] = field(init=False)
    started: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.client = register_client(self.server)
        start = {**self.client, "startUrl": self.server.facts["start_url"]}
        answer = post(self.server, "/device_authorization", start)
        self.started = answer.raise_for_status().json()

    @property
    def user_code(self) -> str:
        """What the program shows in the terminal."""
        code: str = self.started["userCode"]
        return code

    @property
    def link(self) -> str:
        """The path of the address that the program opens."""
        complete: str = self.started["verificationUriComplete"]
        return complete.removeprefix(self.server.url)

    def poll(self) -> dict[str, Any]:
        """CreateToken."""
        asked = {
            **self.client,
            "grantType": DEVICE_CODE,
            "deviceCode": self.started["deviceCode"],
        }
        found: dict[str, Any] = post(self.server, "/token", asked).json()
        return found


@dataclass
class Program:
    """A program that listens on the loopback address, as `aws sso login` does."""

    server: Server
    port: int
    arrived: list[dict[str, str]]
    name: str = "botocore-client-sakura"
    client: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        asked = {
            "clientName": self.name,
            "clientType": "public",
            "grantTypes": ["authorization_code", "refresh_token"],
            "redirectUris": ["http://127.0.0.1/oauth/callback"],
            "issuerUrl": self.server.facts["start_url"],
            "scopes": ["sso:account:access"],
        }
        answer = post(self.server, "/client/register", asked)
        self.client = answer.raise_for_status().json()

    @property
    def redirect_uri(self) -> str:
        """Where it wants its answer."""
        return f"http://127.0.0.1:{self.port}/oauth/callback"

    def authorize(self, **changes: str) -> str:
        """The path it opens in the browser."""
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client["clientId"],
            "redirect_uri": self.redirect_uri,
            "state": "a state",
            "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "scopes": "sso:account:access",
            **changes,
        }
        return f"/authorize?{urlencode(asked)}"

    def redeem(self, code: str) -> httpx.Response:
        """CreateToken."""
        asked = {
            "clientId": self.client["clientId"],
            "clientSecret": self.client["clientSecret"],
            "grantType": "authorization_code",
            "code": code,
            "redirectUri": self.redirect_uri,
            "codeVerifier": VERIFIER,
        }
        return post(self.server, "/token", asked)


@contextlib.contextmanager
def listening(server: Server, **options: str) -> Iterator[Program]:
    """A program with its listener."""
    arrived: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/oauth/callback":
                arrived.append({name: values[0] for name, values in parse_qs(parts.query).items()})
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>Back in the program</title>")

        def log_message(self, format: str, *args: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield Program(server, listener.server_port, arrived, **options)
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


# ── device codes ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_approved_device_gets_a_token_that_lists_ones_accounts(
    scripts: bool, window: NewWindow, browser: Browser, server: Server
) -> None:
    device = Device(server)
    with plain_window(browser) as plain:
        visitor = Visitor(window() if scripts else plain, server, "ken")
        visitor.enter(device.link)
        assert visitor.heading == "Is this your code?"
        assert visitor.page.inner_text(".code-shown") == device.user_code
        visitor.press(CONFIRM)
        assert visitor.heading == "Allow access?"
        facts = visitor.page.locator(".facts")
        for text in ("Ken Ito", "8 hours", device.user_code):
            expect(facts).to_contain_text(text)
        expect(visitor.page.locator(".grants")).to_contain_text("sso:account:access")
        expect(visitor.page.locator(".client-name")).to_have_text("“tests”")
        assert device.poll()["error"] == "authorization_pending"
        visitor.press(ALLOW)
        assert visitor.heading == "Access allowed"
    listed = httpx.get(
        f"{server.url}/assignment/accounts",
        headers={"x-amz-sso_bearer_token": device.poll()["accessToken"]},
        timeout=ANSWER_SECONDS,
    ).json()
    assert [entry["accountName"] for entry in listed["accountList"]] == ["Playground"]


def test_a_typed_code_is_understood_however_it_is_typed_and_can_be_refused(
    window: NewWindow, server: Server
) -> None:
    device = Device(server)
    visitor = Visitor(window(language="ja-JP"), server, "佐藤健")
    visitor.enter("/device")
    visitor.page.fill("#user_code", f" {device.user_code.lower().replace('-', ' ')} ")
    visitor.press("main button")
    assert visitor.heading == "アクセスを許可しますか?"
    assert accessibility_violations(visitor.page) == []
    visitor.press(DENY)
    assert visitor.heading == "アクセスを拒否しました"
    assert device.poll()["error"] == "access_denied"


def test_opening_the_link_and_confirming_the_code_approve_nothing(
    window: NewWindow, server: Server
) -> None:
    device = Device(server)
    visitor = Visitor(window(), server, "hanako")
    visitor.enter(device.link)
    visitor.open(device.link)
    visitor.press(CONFIRM)
    visitor.page.reload()
    assert visitor.open("/device/consent?decision=approve").status == 405
    assert device.poll()["error"] == "authorization_pending"


def test_a_stranger_learns_nothing_about_a_code(window: NewWindow, server: Server) -> None:
    device = Device(server)
    visitor = Visitor(window(), server)
    visitor.open(device.link)
    assert visitor.heading == "Sign in"
    assert "tests" not in visitor.page.inner_text("main")
    assert device.poll()["error"] == "authorization_pending"


@pytest.mark.parametrize("typed", ["BCDF-GHJK", "1234", "AEIO-UUUU", "><script>"])
def test_an_unknown_code_is_asked_for_again(typed: str, window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server, "ken")
    visitor.enter("/device")
    visitor.page.fill("#user_code", typed)
    assert visitor.press("main button").status == 400
    expect(visitor.page.locator("#problem")).to_contain_text("There is no such code.")
    expect(visitor.page.locator("#user_code")).to_have_value(typed)


def test_a_code_works_once(window: NewWindow, server: Server) -> None:
    device = Device(server)
    visitor = Visitor(window(), server, "ken")
    visitor.enter(device.link)
    visitor.press(CONFIRM)
    visitor.press(ALLOW)
    visitor.open(device.link)
    assert visitor.press(CONFIRM).status == 400
    expect(visitor.page.locator("#problem")).to_contain_text("This code is no longer valid.")


def test_an_answer_after_another_answer_changes_nothing(window: NewWindow, server: Server) -> None:
    device = Device(server)
    slow, quick = Visitor(window(), server, "ken"), Visitor(window(), server, "hanako")
    for visitor in (slow, quick):
        visitor.enter(device.link)
        visitor.press(CONFIRM)
    quick.press(DENY)
    assert slow.press(ALLOW).status == 400
    assert slow.heading == "This request is no longer open"
    assert device.poll()["error"] == "access_denied"


# ── authorization codes ───────────────────────────────────────────────────────────────────────────


def test_approval_brings_the_program_a_code_for_a_token(window: NewWindow, server: Server) -> None:
    with listening(server) as program:
        visitor = Visitor(window(), server, "alex")
        visitor.open(program.authorize())
        expect(visitor.page.locator(".lede")).to_have_text(
            "to continue to “botocore-client-sakura”"
        )
        visitor.sign_in(at=program.authorize())
        assert visitor.heading == "Allow access?"
        expect(visitor.page.locator(".client-name")).to_have_text("“botocore-client-sakura”")
        expect(visitor.page.locator(".facts")).to_contain_text(f"127.0.0.1:{program.port}")
        expect(visitor.page.locator(".facts")).to_contain_text("a program on this computer")
        assert program.arrived == []
        visitor.press(ALLOW)
        assert visitor.page.title() == "Back in the program"
        (answer,) = program.arrived
        assert answer.keys() == {"code", "state"}
        assert answer["state"] == "a state"
        token = program.redeem(answer["code"])
        assert token.status_code == 200
        assert token.json()["accessToken"]
        assert program.redeem(answer["code"]).status_code == 400


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_refusal_is_told_to_the_program(
    scripts: bool, window: NewWindow, browser: Browser, server: Server
) -> None:
    with listening(server) as program, plain_window(browser) as plain:
        visitor = Visitor(window() if scripts else plain, server, "alex")
        visitor.enter(program.authorize())
        visitor.press(DENY)
        (answer,) = program.arrived
        assert (answer["error"], answer["state"]) == ("access_denied", "a state")
        assert "code" not in answer


def test_the_language_can_be_changed_on_the_question(window: NewWindow, server: Server) -> None:
    with listening(server) as program:
        visitor = Visitor(window(), server, "alex")
        visitor.enter(program.authorize())
        visitor.press("a[hreflang=ja]")
        assert visitor.heading == "アクセスを許可しますか?"
        visitor.press(ALLOW)
        assert program.arrived[0].keys() == {"code", "state"}


def test_opening_the_address_tells_the_program_nothing(window: NewWindow, server: Server) -> None:
    with listening(server) as program:
        visitor = Visitor(window(), server, "alex")
        visitor.enter(program.authorize())
        visitor.page.reload()
        assert visitor.open("/authorize/consent?decision=approve").status == 405
        assert program.arrived == []


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1/elsewhere"},
        {"client_id": "nobody"},
    ],
    ids=["foreign host", "foreign path", "unknown client"],
)
def test_a_request_in_doubt_is_answered_here_and_goes_nowhere(
    changes: dict[str, str], window: NewWindow, server: Server
) -> None:
    with listening(server) as program:
        visitor = Visitor(window(), server, "alex")
        answer = visitor.enter(program.authorize(**changes))
        assert answer.status == 400
        assert answer.url.startswith(server.url)
        assert visitor.heading == "This sign-in request is not valid"


def test_a_programs_name_is_text_and_never_a_link(window: NewWindow, server: Server) -> None:
    name = "<a href=//evil>AWS</a> console"
    with listening(server, name=name) as program:
        visitor = Visitor(window(), server, "alex")
        visitor.enter(program.authorize())
        expect(visitor.page.locator(".client-name")).to_have_text(f"“{name}”")
        expect(visitor.page.locator(".card a")).to_have_count(0)


@pytest.mark.parametrize("spoilt", ["csrf_token", "request"])
def test_a_changed_form_gives_the_program_nothing(
    spoilt: str, window: NewWindow, server: Server
) -> None:
    with listening(server) as program:
        visitor = Visitor(window(), server, "alex")
        visitor.enter(program.authorize())
        elsewhere = urlsplit(program.authorize(redirect_uri="https://evil.example/")).query
        visitor.page.locator(f".decide [name={spoilt}]").evaluate(
            "(field, value) => { field.value = value }",
            elsewhere if spoilt == "request" else "x.y",
        )
        assert visitor.press(ALLOW).status in (400, 403)
        assert re.match(r"This (form has expired|sign-in request is not valid)", visitor.heading)
        assert program.arrived == []
