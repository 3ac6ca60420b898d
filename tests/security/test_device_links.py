"""Approve a device by making someone open a link.

The attacker starts a device login and has a signed-in person's browser open whatever address, or
send whatever form, another site can make it send.
"""

from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest

from tests.security.attacker import (
    DEVICE_GRANT,
    HTTP,
    Ledger,
    code_of,
    create_token,
    csrf_of,
    person,
    registered,
)
from tests.support.person import Person, access_token, forms_of
from tests.support.server import Server

CROSS_SITE: tuple[dict[str, str], ...] = (
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:1"},
    {"Origin": "http://localhost:1"},
    {"Origin": "http://localhost"},
)


class Trap:
    """A device login that the attacker started, waiting for a victim."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = registered(server, grantTypes=[DEVICE_GRANT])
        self.started = HTTP.post(
            f"{server.url}/device_authorization",
            json={**self.client, "startUrl": server.facts["start_url"]},
        ).json()

    @property
    def user_code(self) -> str:
        found: str = self.started["userCode"]
        return found

    def poll(self) -> str:
        """What the attacker's polling is told."""
        answer = create_token(
            self.server,
            **self.client,
            grantType=DEVICE_GRANT,
            deviceCode=self.started["deviceCode"],
        )
        return code_of(answer) or "TOKEN"


@pytest.fixture
def victim(server: Server) -> Person:
    return person(server, "hanako")


@pytest.fixture
def trap(server: Server) -> Iterator[Trap]:
    """A trap that nobody walked into: nothing is decided when the test is over."""
    made = Trap(server)
    yield made
    assert made.poll() == "AuthorizationPendingException"


def consent_page(victim: Person, user_code: str) -> httpx.Response:
    """The page that asks whether to allow the program."""
    page = victim.http.get("/device", params={"user_code": user_code})
    return victim.post_form(page, "/device", step="confirm", user_code=user_code)


def test_opening_the_link_asks_only_whether_it_is_your_code(victim: Person, trap: Trap) -> None:
    ledger = Ledger(victim.server)
    page = victim.http.get(trap.started["verificationUriComplete"])
    assert page.status_code == 200
    assert {form["action"] for form in forms_of(page.text) if form["method"] == "post"} == {
        "/device",
        "/signout",
    }
    assert ledger.changes() == {}


def test_no_link_decides_whatever_it_carries(victim: Person, trap: Trap) -> None:
    request_id = next(
        form["fields"]["request_id"]
        for form in forms_of(consent_page(victim, trap.user_code).text)
        if form["action"] == "/device/consent"
    )
    ledger = Ledger(victim.server)
    query = urlencode(
        {
            "user_code": trap.user_code,
            "request_id": request_id,
            "decision": "approve",
            "step": "confirm",
            "csrf_token": csrf_of(victim.http.get("/start")),
            "action": "approve",
        }
    )
    for path in ("/device", "/device/consent"):
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "TRACE", "DELETE", "PATCH"):
            answer = victim.http.request(method, f"{path}?{query}")
            shown = path == "/device" and method in ("GET", "HEAD")
            assert answer.status_code == (200 if shown else 405), (method, path)
    assert ledger.changes() == {}


def test_a_form_of_another_site_decides_nothing(victim: Person, trap: Trap) -> None:
    """Even one that has the right token: the browser says where the form came from."""
    form = next(
        form
        for form in forms_of(consent_page(victim, trap.user_code).text)
        if form["action"] == "/device/consent"
    )
    ledger = Ledger(victim.server)
    for headers in CROSS_SITE:
        data = {**form["fields"], "decision": "approve"}
        answer = victim.http.post("/device/consent", data=data, headers=headers)
        assert answer.status_code == 403, headers
    assert ledger.changes() == {}


def test_a_form_without_this_sessions_token_decides_nothing(
    server: Server, victim: Person, trap: Trap
) -> None:
    attacker = person(server, "ken")
    form = next(
        form
        for form in forms_of(consent_page(victim, trap.user_code).text)
        if form["action"] == "/device/consent"
    )
    theirs = csrf_of(attacker.http.get("/start"))
    nobodys = csrf_of(Person(server, "ken").http.get("/start"))
    right = form["fields"]["csrf_token"]
    ledger = Ledger(server)
    for token in ("", "x", theirs, nobodys, right[:-2], f"{right}=", right.partition(".")[2]):
        data = {**form["fields"], "csrf_token": token, "decision": "approve"}
        assert victim.http.post("/device/consent", data=data).status_code == 403, token
    assert ledger.changes() == {}


def test_a_form_that_a_browser_can_send_across_sites_is_read_as_a_form_only(
    victim: Person, trap: Trap
) -> None:
    form = next(
        form
        for form in forms_of(consent_page(victim, trap.user_code).text)
        if form["action"] == "/device/consent"
    )
    body = urlencode({**form["fields"], "decision": "approve"}).encode()
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json", ""):
        answer = victim.http.post("/device/consent", content=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 403), kind


def test_consent_to_one_program_cannot_be_sent_for_another(victim: Person, trap: Trap) -> None:
    """The person saw the page of a program of their own; its form is sent for the attacker's."""
    own = Trap(victim.server)
    form = next(
        form
        for form in forms_of(consent_page(victim, own.user_code).text)
        if form["action"] == "/device/consent"
    )
    data = {**form["fields"], "user_code": trap.user_code, "decision": "approve"}
    assert victim.http.post("/device/consent", data=data).status_code == 400
    assert own.poll() == "AuthorizationPendingException"


def test_the_pages_that_ask_cannot_be_framed(victim: Person, trap: Trap) -> None:
    for page in (
        victim.http.get("/device", params={"user_code": trap.user_code}),
        consent_page(victim, trap.user_code),
    ):
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["x-frame-options"] == "DENY"


def test_the_question_names_the_program_and_quotes_it_as_text(server: Server) -> None:
    client = registered(
        server, grantTypes=[DEVICE_GRANT], clientName='AWS <b>official</b>" onload="x'
    )
    started = HTTP.post(
        f"{server.url}/device_authorization",
        json={**client, "startUrl": server.facts["start_url"]},
    ).json()
    page = consent_page(person(server, "ken"), started["userCode"])
    assert "AWS &lt;b&gt;official&lt;/b&gt;&#34; onload=&#34;x" in page.text
    assert "<b>official" not in page.text


def test_a_person_cannot_guess_codes_for_long(server: Server, trap: Trap) -> None:
    someone = person(server, "ken")
    codes = [f"BCDF-GHJ{letter}" for letter in "BCDFGHJKLM"]
    page = someone.http.get("/device")
    statuses = [
        someone.post_form(page, "/device", user_code=code).status_code
        for code in (*codes, codes[0])
    ]
    assert statuses == [400] * 10 + [429]
    assert someone.post_form(page, "/device", user_code=trap.user_code).status_code == 429


def test_an_access_token_approves_nothing(server: Server, trap: Trap) -> None:
    """A program that holds a token is no person at a browser."""
    token = access_token(server, "alex")
    headers = {"x-amz-sso_bearer_token": token, "Authorization": f"Bearer {token}"}
    for path in ("/device", "/device/consent"):
        data = {"user_code": trap.user_code, "decision": "approve", "step": "confirm"}
        answer = HTTP.post(f"{server.url}{path}", data=data, headers=headers)
        assert answer.status_code == 200
        assert 'action="/signin"' in answer.text


def test_a_device_that_was_refused_stays_refused(server: Server, victim: Person) -> None:
    trap = Trap(server)
    page = consent_page(victim, trap.user_code)
    assert victim.post_form(page, "/device/consent", decision="deny").status_code == 200
    assert victim.post_form(page, "/device/consent", decision="approve").status_code == 400
    assert trap.poll() == "AccessDeniedException"


def test_a_device_is_approved_by_the_person_who_confirms_and_consents(server: Server) -> None:
    """The tests above can fail: done as a person does it, the same trap gives a token."""
    trap = Trap(server)
    person(server, "ken").approve_device(trap.user_code).raise_for_status()
    assert trap.poll() == "TOKEN"
