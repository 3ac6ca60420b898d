"""Use the browser against its person: cookies that travel too far, pages that may be framed, kept,
sniffed or made to run scripts.
"""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.security.attacker import (
    HTTP,
    ask_by_pkce,
    head,
    person,
    post,
    raw,
    saml_response,
)
from tests.support.person import Person
from tests.support.server import Server

SECRETS = {"genkan_session", "genkan_attempt", "genkan_browser", "genkan_console"}
PREFERENCES = {"genkan_lang", "genkan_theme", "genkan_hint"}


class Recorder:
    """Every answer that a browser has got."""

    def __init__(self, someone: Person) -> None:
        self.answers: list[httpx.Response] = []
        someone.http.event_hooks = {"response": [self.answers.append]}

    def cookies(self) -> list[tuple[str, list[str]]]:
        """Cookies that were set: the whole name, and the attributes."""
        found = []
        for answer in self.answers:
            for line in answer.headers.get_list("set-cookie"):
                pair, *attributes = (part.strip() for part in line.split(";"))
                found.append((pair.partition("=")[0], [text.lower() for text in attributes]))
        return found

    def pages(self) -> Iterator[httpx.Response]:
        """Answers in HTML."""
        for answer in self.answers:
            if answer.headers.get("content-type", "").startswith("text/html"):
                yield answer


def whole_visit(server: Server) -> Recorder:
    """Every kind of page, errors included."""
    someone = Person(server, "alex")
    seen = Recorder(someone)
    someone.sign_in("/start?lang=en&theme=light")
    named = {"account_id": server.account("sakura-playground"), "role_name": "DeveloperAccess"}
    asked = ask_by_pkce(server)
    for path in (
        "/start",
        "/signin",
        "/device",
        "/device?user_code=BCDF-GHJK",
        f"/authorize?{asked.query}",
        "/authorize?client_id=x",
        "/account",
        "/nowhere",
        "/signout",
        "/static/x/y",
        "/access-keys?account_id=1&role_name=x",
    ):
        someone.http.get(path)
    someone.http.get("/access-keys", params=named)
    post(someone, "/access-keys", **named)
    response = saml_response(someone, "sakura-playground", "DeveloperAccess")
    someone.http.post("/saml/console", data={"SAMLResponse": response})
    someone.http.post("/saml/console", data={"SAMLResponse": response})
    someone.http.get("/account")
    someone.http.post("/console", data={})
    post(someone, "/device", user_code="BCDF-GHJK")
    post(someone, "/account/signout")
    someone.post_form(someone.http.get("/start"), "/signout")
    wrong = Person(server, "alex", "wrong")
    wrong.http.event_hooks = someone.http.event_hooks
    wrong.sign_in()
    return seen


@pytest.fixture
def seen(server: Server) -> Recorder:
    return whole_visit(server)


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(
    server: Server, seen: Recorder
) -> None:
    found = seen.cookies()
    suffix = server.cookie_suffix
    assert {name.removesuffix(suffix) for name, _ in found} == SECRETS | {
        "genkan_lang",
        "genkan_theme",
    }
    for name, attributes in found:
        assert "path=/" in attributes
        assert "samesite=lax" in attributes
        assert not any(text.startswith("domain") for text in attributes)
        if name.removesuffix(suffix) in SECRETS:
            # Browsers share cookies between the ports of a host, so the name carries the port.
            assert name.endswith(suffix)
            assert "httponly" in attributes
            assert any(text.startswith("max-age=") for text in attributes)


def test_cookies_of_an_https_installation_are_bound_to_its_host(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """As behind a TLS proxy: the base URL says how people come."""
    data_dir = tmp_path_factory.mktemp("https") / "data"
    environment = {"GENKAN_BASE_URL": "https://sso.example.org"}
    server = Server(data_dir, environment=environment).start()
    try:
        answer = HTTP.get(
            f"http://localhost:{server.port}/start?lang=ja", headers={"Host": "sso.example.org"}
        )
        lines = answer.headers.get_list("set-cookie")
        assert len(lines) == 2
        for line in lines:
            assert "secure" in line.lower()
            if not line.startswith("genkan_lang"):
                assert line.startswith("__Host-genkan_")
                assert "httponly" in line.lower()
                assert "domain" not in line.lower()
        links = re.findall(r'(?:href|action)="(https?://[^"]*)"', answer.text)
        assert [link for link in links if "sso.example.org" not in link] == []
    finally:
        server.stop()


def test_every_page_carries_its_security_headers(seen: Recorder) -> None:
    pages = list(seen.pages())
    assert {page.status_code for page in pages} >= {200, 400, 403, 404, 405}
    assert len({page.url.path for page in pages}) >= 10
    for page in pages:
        policy = dict(
            part.strip().partition(" ")[::2]
            for part in page.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["img-src"] == "'self'"
        assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["form-action"].startswith("'self'")
        assert "unsafe" not in page.headers["content-security-policy"]
        assert "*" not in page.headers["content-security-policy"]
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] in ("same-origin", "no-referrer")
        assert page.headers["cross-origin-opener-policy"] == "same-origin"
        assert page.headers["cross-origin-resource-policy"] == "same-origin"
        assert "content-language" in page.headers
        assert len(page.headers.get_list("content-security-policy")) == 1


def test_no_page_holds_a_script_or_a_style_of_its_own(seen: Recorder) -> None:
    for page in seen.pages():
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page.text)
        assert not re.search(r"\son[a-z]+\s*=", page.text)
        assert not re.search(r"\sstyle\s*=|<style", page.text)
        assert "javascript:" not in page.text


def test_answers_that_lead_on_are_not_kept(seen: Recorder) -> None:
    led = [answer for answer in seen.answers if answer.is_redirect]
    assert len(led) >= 3
    for answer in led:
        assert answer.headers["cache-control"] == "no-store"


def test_no_answer_tells_the_servers_make(server: Server, seen: Recorder) -> None:
    answers = [*seen.answers, HTTP.get(f"{server.url}/assignment/accounts")]
    for answer in answers:
        assert "server" not in answer.headers
        assert "x-powered-by" not in answer.headers
    assert b"uvicorn" not in raw(server, b"nonsense\r\n\r\n").lower()


def test_what_people_type_is_shown_as_text(server: Server) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{1234567*7}}'
    someone = person(server, "alex")
    pages = [
        someone.http.get("/start", params={"q": evil}),
        someone.http.get("/device", params={"user_code": evil}),
        post(someone, "/device", user_code=evil),
        someone.http.get("/access-keys", params={"account_id": evil, "role_name": evil}),
        someone.http.get(f"/nowhere/{evil}"),
        someone.http.get("/authorize", params={"client_id": evil, "state": evil}),
    ]
    stranger = Person(server, "alex")
    page = stranger.http.get("/signin", params={"continue": evil})
    pages.append(page)
    pages.append(stranger.post_form(page, "/signin", user_name=evil, action="continue"))
    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "8641969" not in page.text
    assert "&lt;script&gt;alert(1)" in pages[0].text


def test_a_name_in_the_directory_is_shown_as_text(server: Server) -> None:
    """Who may create a user, group or permission set is not therefore trusted with scripts."""
    evil = "<script>alert(1)</script>"
    store = server.client("identitystore")
    store.update_user(
        IdentityStoreId=server.facts["identity_store_id"],
        UserId=server.user("ken")["user_id"],
        Operations=[{"AttributePath": "displayName", "AttributeValue": evil}],
    )
    page = person(server, "ken").http.get("/start")
    assert evil not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("line", ["GET /start HTTP/1.1", "POST /token HTTP/1.1", "GET /x HTTP/1.1"])
def test_a_line_break_in_a_header_adds_no_header(server: Server, line: str) -> None:
    for field in ("Cookie: genkan_lang=ja%0d%0aX-Evil: 1", "Accept-Language: ja%0d%0aX-Evil: 1"):
        received = raw(server, head(server, line, field, "Content-Length: 0"))
        assert b"x-evil" not in received.lower()
