"""Fill the disk or the CPU with unauthenticated requests.

The disk: rows of all tables and lines of the log, before and after. The CPU: work that costs much
is refused beyond a bound, and what is refused costs little. Memory belongs to it: what a stranger
may have held for him, and for how long.
"""

import contextlib
import http.client
import json
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from genkan import asgi, connections
from genkan.oauth import devices
from genkan.signin import hashing, throttle
from tests.perform.dump import AUDIT, dump
from tests.security.attacker import (
    DEVICE_GRANT,
    ELSEWHERE,
    HTTP,
    Ledger,
    code_of,
    database,
    elsewhere,
    field_of,
    head,
    person,
    raw,
    registered,
    role_pair,
    saml_response,
    status_of,
)
from tests.security.enclosed import Enclosed
from tests.support.person import Person
from tests.support.server import Server

MANY = 1000
SOME = 400
"""Of what costs the server a transaction each."""
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Flood:
    """One connection that asks again and again."""

    def __init__(self, server: Server, source: str = "127.0.0.1") -> None:
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", server.port, timeout=30, source_address=(source, 0)
        )
        self._host = f"localhost:{server.port}"

    def ask(
        self, method: str, target: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of the answer."""
        fields = {"Host": self._host, **(headers or {})}
        self._connection.request(method, target, body.encode() or None, fields)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def log_lines(server: Server) -> int:
    return server.log().count("\n")


@contextlib.contextmanager
def log_stays_short(server: Server) -> Iterator[None]:
    """What happens meanwhile adds no more than the documented lines a second, twice over: fronts
    and the server's own connections count apart."""
    before, began = log_lines(server), time.monotonic()
    yield
    seconds = int(time.monotonic() - began) + 2
    assert log_lines(server) - before <= 2 * connections.LINES_A_SECOND * seconds


def test_registering_clients_makes_no_row(server: Server) -> None:
    flood, ledger = Flood(server), Ledger(server)
    for number in range(MANY):
        body = {"clientName": f"flood {number}", "clientType": "public"}
        status, _ = flood.ask("POST", "/client/register", json.dumps(body), JSON)
        assert status == 200
    assert ledger.changes() == {}


def test_starting_device_logins_makes_a_bounded_number_of_rows(server: Server) -> None:
    client = registered(server, grantTypes=[DEVICE_GRANT])
    body = json.dumps({**client, "startUrl": server.facts["start_url"]})
    flood, ledger = Flood(server), Ledger(server)
    seen = Counter(flood.ask("POST", "/device_authorization", body, JSON)[0] for _ in range(SOME))
    bound = devices.OPEN_OF_ONE_SOURCE
    assert seen == {200: bound, 400: SOME - bound}
    assert ledger.changes() == {"device_authorizations": (bound, 0)}
    # Somebody elsewhere still logs in.
    assert Flood(server, ELSEWHERE).ask("POST", "/device_authorization", body, JSON)[0] == 200


def test_polling_and_guessing_at_the_token_endpoint_makes_no_row(server: Server) -> None:
    client = registered(server, grantTypes=[DEVICE_GRANT, "authorization_code", "refresh_token"])
    flood, ledger = Flood(server), Ledger(server)
    guesses = (
        {"grantType": DEVICE_GRANT, "deviceCode": "guess"},
        {"grantType": "refresh_token", "refreshToken": "aorguess"},
        {
            "grantType": "authorization_code",
            "code": "guess",
            "redirectUri": "http://127.0.0.1/oauth/callback",
            "codeVerifier": "a" * 43,
        },
        {"grantType": "password"},
        {"grantType": DEVICE_GRANT, "deviceCode": "guess", "clientSecret": "wrong"},
    )
    for guess in guesses:
        for number in range(SOME // len(guesses)):
            members = {**client, **guess, "scope": [f"x{number}"]}
            status, _ = flood.ask("POST", "/token", json.dumps(members), JSON)
            assert status in (400, 401)
    assert ledger.changes() == {}


def test_bad_signatures_and_forged_tokens_make_no_row_and_few_lines(server: Server) -> None:
    flood, ledger = Flood(server), Ledger(server)
    key = server.facts["administrator"]["access_key_id"]
    with log_stays_short(server):
        for number in range(MANY):
            moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            status, _ = flood.ask(
                "POST",
                "/",
                "Action=GetCallerIdentity&Version=2011-06-15",
                {
                    **FORM,
                    "X-Amz-Date": moment,
                    "Authorization": "AWS4-HMAC-SHA256 Credential="
                    f"{key if number % 2 else f'AKIA{number:016}'}/{moment[:8]}/us-east-1/sts/"
                    "aws4_request, SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
                },
            )
            assert status == 403
            token = {"x-amz-sso_bearer_token": f"aoa{number}"}
            assert flood.ask("GET", "/assignment/accounts", "", token)[0] == 401
    assert ledger.changes() == {}


def test_unverified_assertions_make_no_row(server: Server) -> None:
    alex = person(server, "alex")
    response = saml_response(alex, "sakura-playground", "DeveloperAccess")
    role, provider = role_pair(response)
    flood, ledger = Flood(server), Ledger(server)
    for number in range(40):
        form = {
            "Action": "AssumeRoleWithSAML",
            "Version": "2011-06-15",
            "RoleArn": role,
            "PrincipalArn": provider if number % 2 else provider + "x",
            "SAMLAssertion": response[:-8] + f"{number:04}PC94",
        }
        assert flood.ask("POST", "/", urlencode(form), FORM)[0] in (400, 403)
    assert ledger.changes() == {}


def test_pages_make_no_row(server: Server) -> None:
    flood, ledger = Flood(server), Ledger(server)
    for number in range(100):
        assert flood.ask("GET", f"/start?q={number}")[0] == 200
        assert flood.ask("GET", f"/device?user_code=BCDF-{number}")[0] == 200
        assert flood.ask("GET", f"/nowhere/{number}")[0] == 404
        assert flood.ask("POST", "/signin", f"user_name=x{number}&step=user_name", FORM)[0] == 400
        assert flood.ask("POST", "/saml/console", f"SAMLResponse=x{number}", FORM)[0] == 200
        assert flood.ask("POST", f"/sandbox/reset/{number}")[0] == 404
    assert ledger.changes() == {}


def guess(someone: Person, user_name: str) -> int:
    """One attempt with a wrong password; the status."""
    page = someone.http.get("/signin")
    page = someone.post_form(page, "/signin", user_name=user_name, action="continue")
    return someone.post_form(page, "/signin", password="a guess", action="continue").status_code


def test_sign_in_attempts_make_a_bounded_number_of_rows(server: Server) -> None:
    """Each attempt is counted and audited, so attempts themselves must end."""
    known = person(server, "ken")
    someone, before = Person(server, "nobody", "a guess"), dump(database(server))
    statuses = Counter(guess(someone, f"user{number:04}") for number in range(120))
    free = throttle.NETWORK_ATTEMPTS
    assert statuses == {403: free, 429: 120 - free}
    after = dump(database(server))
    grown = {name: len(after[name]) - len(before[name]) for name in after}
    # Attempts that must wait are recorded within the budget of strangers.
    refused = grown[AUDIT] - 2 * free
    assert 0 <= refused <= 120 - free
    assert {name: count for name, count in grown.items() if count} == {
        "sign_in_attempts": 2 * free + 1,
        AUDIT: 2 * free + refused,
    }
    # A browser that its user knows is not a stranger's, and neither is another network.
    known.post_form(known.http.get("/start"), "/signout")
    assert known.sign_in().status_code == 200
    assert elsewhere(server, "maria").sign_in().status_code == 200


def prepared_attempts(server: Server, count: int) -> list[bytes]:
    """Requests that each make the server hash, for as many user names."""
    someone = Person(server, "nobody", "a guess")
    requests = []
    for number in range(count):
        page = someone.http.get("/signin")
        page = someone.post_form(page, "/signin", user_name=f"user{number}", action="continue")
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found
        fields = {
            "csrf_token": found[1],
            "step": "password",
            "user_name": f"user{number}",
            "password": "a guess",
            "action": "continue",
        }
        body = urlencode(fields).encode()
        cookies = "; ".join(f"{c.name}={c.value}" for c in someone.http.cookies.jar)
        requests.append(
            head(
                server,
                "POST /signin HTTP/1.1",
                f"Cookie: {cookies}",
                f"Content-Type: {FORM['Content-Type']}",
                f"Content-Length: {len(body)}",
            )
            + body
        )
    return requests


def test_password_hashes_wait_in_a_bounded_queue(server: Server) -> None:
    """More at once than one address may have: 503, uncounted, and room is left for others."""
    count = 4 * hashing.PLACES_OF_ONE_SOURCE
    requests = prepared_attempts(server, count)
    maria = elsewhere(server, "maria")
    page = maria.http.get("/start")
    page = maria.post_form(page, "/signin", user_name="maria", action="continue")
    sockets = []
    for request in requests:
        opened = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        opened.sendall(request[:-1])
        sockets.append(opened)
    for opened in sockets:
        opened.sendall(b"e")
    answer = maria.post_form(page, "/signin", password=maria.password, action="continue")
    assert answer.status_code == 303
    answers = []
    for opened in sockets:
        received = b""
        while part := opened.recv(65_536):
            received += part
        answers.append(received)
        opened.close()
    statuses = Counter(map(status_of, answers))
    assert set(statuses) == {403, 503}
    assert statuses[503] >= hashing.PLACES_OF_ONE_SOURCE
    assert all(
        int(field_of(answer, "retry-after") or 0) > 0
        for answer in answers
        if status_of(answer) == 503
    )
    assert len(dump(database(server))["sign_in_attempts"]) == 2 * statuses[403] + 1


def test_a_body_longer_than_its_front_reads_is_refused(server: Server) -> None:
    ledger = Ledger(server)
    with log_stays_short(server):
        for path, limit, kind in (
            ("/", asgi.AWS_BODY_LIMIT, "application/x-amz-json-1.1"),
            ("/token", asgi.UNSIGNED_BODY_LIMIT, "application/json"),
            ("/client/register", asgi.UNSIGNED_BODY_LIMIT, "application/json"),
            ("/signin", asgi.WEB_BODY_LIMIT, FORM["Content-Type"]),
            ("/saml/console", asgi.WEB_BODY_LIMIT, FORM["Content-Type"]),
            ("/nowhere", asgi.WEB_BODY_LIMIT, "text/plain"),
        ):
            fields = (f"Content-Type: {kind}", f"Content-Length: {limit + 1}")
            sent = head(server, f"POST {path} HTTP/1.1", *fields) + b"x" * (limit + 1)
            assert status_of(raw(server, sent)) == 413, path
            chunked = head(server, f"POST {path} HTTP/1.1", "Transfer-Encoding: chunked")
            chunked += b"%x\r\n%s\r\n" % (limit + 1, b"x" * (limit + 1))
            assert status_of(raw(server, chunked)) == 413, path
    assert ledger.changes() == {}


def test_hanging_up_in_the_middle_leaves_no_trace(server: Server) -> None:
    """Neither a traceback nor half a request that is taken for a whole one."""
    ledger = Ledger(server)
    with log_stays_short(server):
        for number in range(100):
            path = ("/signin", "/token", "/", "/console")[number % 4]
            fields = (f"Content-Type: {FORM['Content-Type']}", "Content-Length: 300")
            sent = head(server, f"POST {path} HTTP/1.1", *fields) + b"user_name=x&step=user_name"
            with socket.create_connection(("127.0.0.1", server.port)) as opened:
                opened.sendall(sent)
        assert status_of(raw(server, head(server, "GET /robots.txt HTTP/1.1"))) == 404
    assert ledger.changes() == {}
    assert "Traceback" not in server.log()


def test_a_head_without_end_is_cut_off(server: Server) -> None:
    """uvicorn by itself would keep all of it."""
    line = head(server, "GET /start HTTP/1.1")[:-2]
    for sent in (
        line + b"".join(b"X-%d: y\r\n" % number for number in range(5000)),
        line + b"X-Long: " + b"a" * 2_000_000,
        line + b"X" * 2_000_000,
        b"GET /start?" + b"a" * 2_000_000,
    ):
        opened = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        # The server closes while this is sent or is waited for; otherwise this times out.
        with opened, contextlib.suppress(ConnectionResetError, BrokenPipeError):
            opened.sendall(sent)
            while opened.recv(65_536):
                pass


def test_a_slow_request_is_cut_off(enclosed: Enclosed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger cannot hold a connection open by sending nothing, half a head, or half a body."""
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)
    start = head(enclosed, "POST /token HTTP/1.1", "Content-Length: 10")
    for sent in (b"", start[:20], start, start + b"half", b"\r\n", b"\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", enclosed.port), timeout=10) as opened:
            opened.sendall(sent)
            assert opened.recv(65_536) == b"", sent


def test_trailing_fields_of_a_chunked_body_are_refused(server: Server) -> None:
    """They come after the header fields were judged, and would be taken for some of them."""
    client = registered(server, grantTypes=[DEVICE_GRANT])
    body = json.dumps({**client, "startUrl": server.facts["start_url"]}).encode()
    for trailer in (b"", b"Host: evil.example\r\n", b"x-amz-sso_bearer_token: x\r\n", b"A: b\r\n"):
        sent = head(
            server,
            "POST /device_authorization HTTP/1.1",
            "Content-Type: application/json",
            "Transfer-Encoding: chunked",
        )
        sent += b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, trailer)
        assert status_of(raw(server, sent)) == (200 if not trailer else 400), trailer


def test_invalid_requests_leave_few_lines_in_the_log(server: Server) -> None:
    with log_stays_short(server):
        for number in range(300):
            sent = (b"\x16\x03\x01", b"GET /\xff HTTP/1.1\r\n\r\n", b"x\r\n\r\n")[number % 3]
            raw(server, sent)


def test_a_line_of_the_log_cannot_be_forged(server: Server) -> None:
    """The path of a request, decoded, may hold a line break and whatever comes after it."""
    forged = "%0a2026-01-01 00:00:00,000 WARNING genkan.audit all is well".replace(" ", "%20")
    HTTP.get(f"{server.url}/nowhere{forged}")
    HTTP.get(f"{server.url}/start", headers={"User-Agent": "x"}, params={"q": "\n2026 forged"})
    assert not re.search(r"(?m)^2026-01-01 00:00:00,000 WARNING genkan\.audit", server.log())


def test_work_of_a_stranger_ends_at_the_first_thing_wrong(server: Server) -> None:
    """Long lists, deep nestings and long texts, within the size that is read at all."""
    room = asgi.UNSIGNED_BODY_LIMIT - 200
    register = {"clientName": "flood", "clientType": "public"}
    for members in (
        {"scopes": ["x"] * (room // 4)},
        {"redirectUris": ["http://127.0.0.1/" + "a/" * 200] * (room // 420)},
        {"grantTypes": ["authorization_code"] * (room // 22)},
        {"clientName": "é" * (room // 6)},
    ):
        answer = HTTP.post(f"{server.url}/client/register", json={**register, **members})
        assert answer.status_code == 400
    nested = '{"clientType":"public","clientName":' + "[" * (room // 2)
    answer = HTTP.post(f"{server.url}/client/register", content=nested, headers=JSON)
    assert code_of(answer) == "InvalidRequestException"
