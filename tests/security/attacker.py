"""What an attacker has: sockets that send any bytes, what a person's browser was given, and threads
that come at once.
"""

import base64
import hashlib
import json
import re
import secrets
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from genkan.db.place import Place
from tests.perform.dump import AUDIT, changes, dump
from tests.support.person import Person, forms_of
from tests.support.server import Server

T = TypeVar("T")
REDIRECT_URI = "http://127.0.0.1:8765/oauth/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
#: Another of the loopback's addresses, from which one connects like from another network.
ELSEWHERE = "127.0.0.2"
#: For calls without cookies: one pool of connections, and no certificates read for each.
HTTP = httpx.Client(timeout=30, limits=httpx.Limits(max_connections=None))


# ── bytes ─────────────────────────────────────────────────────────────────────────────────────────


def raw(server: Server, sent: bytes, *, address: str = "127.0.0.1", seconds: float = 5) -> bytes:
    """Everything that comes back for these bytes until the server closes or says nothing more."""
    received = b""
    with socket.create_connection((address, server.port), timeout=seconds) as connection:
        try:
            connection.sendall(sent)
            while part := connection.recv(65_536):
                received += part
        except OSError:
            pass
    return received


def head(server: Server, line: str, *fields: str, host: str | None = None) -> bytes:
    """A request's head; the connection is to be closed after the answer."""
    named = f"localhost:{server.port}" if host is None else host
    lines = [line, f"Host: {named}", "Connection: close", *fields]
    return "\r\n".join((*lines, "", "")).encode()


def status_of(received: bytes) -> int:
    """The status of the first answer; 0 when there is none."""
    found = re.match(rb"HTTP/1\.1 ([0-9]{3}) ", received)
    return int(found[1]) if found else 0


def answers_in(received: bytes) -> int:
    """How many answers came."""
    return len(re.findall(rb"HTTP/1\.1 [0-9]{3} ", received))


def field_of(received: bytes, name: str) -> str | None:
    """A header field of the first answer."""
    lines = received.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")[1:]
    for line in lines:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    return None


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────


def database(server: Server) -> Place:
    """Where the server's rows are."""
    return server.place


MOST_RECORDS = 250
"""Of refusals of one network by one node, in as long as a test lasts (`audit.refusals`)."""


def _of_strangers(row: tuple[Any, ...]) -> bool:
    """Whether a record says that somebody was refused who is not proven, and nothing of his."""
    record = json.loads(row[-2])
    if record["eventName"] == "RefusalsNotRecorded":
        return True
    return record["userIdentity"]["type"] == "Unknown" and "errorCode" in record


class Ledger:
    """What changed in the tables since it was opened, as new and gone rows by table.

    But for records of refusals of strangers, of which there may be so many and no more.
    """

    def __init__(self, server: Server) -> None:
        self._place = database(server)
        self._most = MOST_RECORDS * server.nodes
        self._before = dump(self._place)

    def changes(self) -> dict[str, tuple[int, int]]:
        """All tables that differ."""
        after = dump(self._place)
        told = frozenset(row for row in after[AUDIT] - self._before[AUDIT] if _of_strangers(row))
        assert len(told) <= self._most
        return changes(self._before, {**after, AUDIT: after[AUDIT] - told})

    def changes_unaudited(self) -> dict[str, tuple[int, int]]:
        """All tables that differ but the audit table."""
        return {name: counts for name, counts in self.changes().items() if name != AUDIT}


# ── people ────────────────────────────────────────────────────────────────────────────────────────


def person(server: Server, user_name: str) -> Person:
    """A sample user, signed in."""
    made = Person(server, user_name)
    assert made.sign_in().status_code == 200
    return made


def elsewhere(server: Server, user_name: str, password: str | None = None) -> Person:
    """A sample user in another network, before a browser that nobody used yet."""
    made = Person(server, user_name, password)
    transport = httpx.HTTPTransport(local_address=ELSEWHERE)
    made.http = httpx.Client(base_url=server.url, timeout=30, transport=transport)
    return made


def csrf_of(page: httpx.Response) -> str:
    """The CSRF token that a page's forms carry."""
    token: str = next(
        form["fields"]["csrf_token"]
        for form in forms_of(page.text)
        if "csrf_token" in form["fields"]
    )
    return token


def post(someone: Person, path: str, **fields: str) -> httpx.Response:
    """A form posted with the token of this very session, whatever the page would have offered."""
    token = csrf_of(someone.http.get("/start"))
    return someone.http.post(path, data={"csrf_token": token, **fields})


def cookie_of(someone: Person, name: str) -> str:
    """A cookie's value."""
    return next(c.value or "" for c in someone.http.cookies.jar if c.name.startswith(name))


def saml_response(someone: Person, alias: str, role_name: str) -> str:
    """The SAML response, in base64, that the portal gives for opening an account."""
    account_id = someone.server.account(alias)
    page = post(someone, "/console", account_id=account_id, role_name=role_name)
    assert page.status_code == 200, page.status_code
    found: str = next(
        form["fields"]["SAMLResponse"]
        for form in forms_of(page.text)
        if "SAMLResponse" in form["fields"]
    )
    return found


def role_pair(response: str) -> tuple[str, str]:
    """The role and the SAML provider that a response names."""
    document = base64.b64decode(response).decode()
    found = re.search(r"(arn:aws:iam::\d{12}:role/[^,<]+),(arn:aws:iam::[^<]+)<", document)
    assert found is not None
    return found[1], found[2]


def assume(server: Server, response: str, pair: tuple[str, str] | None = None) -> httpx.Response:
    """AssumeRoleWithSAML, which needs no signature; the pair is the response's own by default."""
    role, provider = pair or role_pair(response)
    return HTTP.post(
        f"{server.url}/",
        data={
            "Action": "AssumeRoleWithSAML",
            "Version": "2011-06-15",
            "RoleArn": role,
            "PrincipalArn": provider,
            "SAMLAssertion": response,
        },
    )


def credentials_in(answer: httpx.Response) -> dict[str, str]:
    """The key in an answer of AssumeRoleWithSAML, as `Server.client` takes it."""
    assert answer.status_code == 200, answer.text
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    values = [re.search(f"<{name}>([^<]+)</{name}>", answer.text) for name in names]
    key, secret, token = (found[1] if found else "" for found in values)
    return {"access_key_id": key, "secret_access_key": secret, "session_token": token}


def code_of(answer: httpx.Response) -> str:
    """The code of an AWS error in any protocol; empty for a success."""
    if answer.status_code < 400:
        return ""
    found = re.search(r"<Code>([^<]+)</Code>", answer.text)
    return found[1] if found else answer.headers.get("x-amzn-errortype", "")


# ── command lines ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request by PKCE, and what only its client knows."""

    client: dict[str, str]
    verifier: str
    query: str

    def redemption(self, code: str) -> dict[str, str]:
        """CreateToken's body for a code."""
        return {
            **self.client,
            "grantType": "authorization_code",
            "code": code,
            "redirectUri": REDIRECT_URI,
            "codeVerifier": self.verifier,
        }


def registered(server: Server, **members: Any) -> dict[str, str]:
    """A client for PKCE."""
    answer = HTTP.post(
        f"{server.url}/client/register",
        json={
            "clientName": "attacker",
            "clientType": "public",
            "scopes": ["sso:account:access"],
            "grantTypes": ["authorization_code", "refresh_token"],
            "redirectUris": ["http://127.0.0.1/oauth/callback"],
            "issuerUrl": server.facts["start_url"],
            **members,
        },
    ).raise_for_status()
    return {name: answer.json()[name] for name in ("clientId", "clientSecret")}


def ask_by_pkce(server: Server, client: dict[str, str] | None = None, **parameters: str) -> Asked:
    """A client's request to /authorize; a new client's, unless one is given."""
    client = client or registered(server)
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client["clientId"],
        "redirect_uri": REDIRECT_URI,
        "state": "its-state",
        "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "scopes": "sso:account:access",
        **parameters,
    }
    return Asked(client, verifier, urlencode(query))


def authorization_code(someone: Person, asked: Asked) -> str:
    """The code that the signed-in person's consent gives."""
    page = someone.http.get(f"/authorize?{asked.query}")
    answer = someone.post_form(page, "/authorize/consent", decision="approve")
    assert answer.status_code == 303, answer.status_code
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return query["code"][0]


def create_token(server: Server, **members: Any) -> httpx.Response:
    """CreateToken, as it answers."""
    return HTTP.post(f"{server.url}/token", json=members)


def with_token(server: Server, path: str, token: str, **query: str) -> httpx.Response:
    """A GET of the access portal's API with an access token."""
    return HTTP.get(f"{server.url}{path}", params=query, headers={"x-amz-sso_bearer_token": token})


# ── at once ───────────────────────────────────────────────────────────────────────────────────────


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """All acts, begun in the same moment in threads of their own."""
    barrier = Barrier(len(acts))

    def act(one: Callable[[], T]) -> T:
        barrier.wait()
        return one()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))
