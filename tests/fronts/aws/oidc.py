"""sso-oidc by hand: a client, a device, a browser that consents."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.fronts.aws.wire import Answer, Wire
from tests.support.person import Person

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
REDIRECT = "http://127.0.0.1/oauth/callback"
ACCOUNT_ACCESS = "sso:account:access"
PKCE = ("authorization_code", "refresh_token")


class Oidc:
    """The three operations over the plain wire."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def ask(self, operation: str, params: Mapping[str, Any]) -> Answer:
        """One request, as botocore writes it, and its answer."""
        return self.wire.send(self.wire.request("sso-oidc", operation, params))

    def client(self, **changed: Any) -> dict[str, str]:
        """A registered client, by default of the device flow with account access."""
        params = {
            "clientName": "tests",
            "clientType": "public",
            "scopes": [ACCOUNT_ACCESS],
            **changed,
        }
        answer = self.ask("RegisterClient", params)
        assert answer.status == 200, answer
        return {name: answer.json[name] for name in ("clientId", "clientSecret")}

    def pkce_client(self) -> dict[str, str]:
        """A client as AWS CLI registers one for PKCE."""
        return self.client(grantTypes=list(PKCE), redirectUris=[REDIRECT])

    def start(self, client: Mapping[str, str]) -> dict[str, Any]:
        """A device authorization."""
        start_url = self.wire.server.facts["start_url"]
        answer = self.ask("StartDeviceAuthorization", {**client, "startUrl": start_url})
        assert answer.status == 200, answer
        started: dict[str, Any] = answer.json
        return started

    def token(self, client: Mapping[str, str], grant_type: str, **params: Any) -> Answer:
        """CreateToken."""
        return self.ask("CreateToken", {**client, "grantType": grant_type, **params})

    def poll(self, client: Mapping[str, str], started: Mapping[str, Any]) -> Answer:
        """CreateToken with a device code."""
        return self.token(client, DEVICE_CODE, deviceCode=started["deviceCode"])


class Challenge:
    """A code verifier and its challenge (RFC 7636)."""

    def __init__(self) -> None:
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorization_code(
    person: Person,
    client: Mapping[str, str],
    challenge: Challenge,
    redirect_uri: str = "http://127.0.0.1:43210/oauth/callback",
    decision: str = "approve",
) -> str:
    """The code that the person's browser carries to the program, or the error."""
    query = urlencode(
        {
            "response_type": "code",
            "client_id": client["clientId"],
            "redirect_uri": redirect_uri,
            "state": "s",
            "code_challenge_method": "S256",
            "scopes": ACCOUNT_ACCESS,
            "code_challenge": challenge.challenge,
        }
    )
    page = person.http.get(f"/authorize?{query}")
    answer = person.post_form(page, "/authorize/consent", decision=decision)
    assert answer.is_redirect, answer.text
    location = urlsplit(answer.headers["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == redirect_uri
    given = parse_qs(location.query)
    assert given["state"] == ["s"]
    return given["code" if decision == "approve" else "error"][0]
