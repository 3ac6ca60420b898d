"""A person with a browser, without the browser: signs in and answers forms over plain HTTP.

For tests whose matter lies behind the pages; the pages themselves are tested in Chromium.
"""

import html.parser
from collections.abc import Mapping
from typing import Any

import httpx

from tests.support.server import ANSWER_SECONDS, Server


class _Forms(html.parser.HTMLParser):
    """Collects every form of a page: action, hidden and other input fields."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(
                {"action": found.get("action", ""), "method": found.get("method", ""), "fields": {}}
            )
        elif tag == "input" and self.forms and found.get("name"):
            self.forms[-1]["fields"][found["name"]] = found.get("value", "")


def forms_of(page: str) -> list[dict[str, Any]]:
    """The forms of an HTML page."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms


class Person:
    """One browser's cookies. `user_name` is a sample user unless a password is given."""

    def __init__(self, server: Server, user_name: str, password: str | None = None) -> None:
        self.server = server
        self.user_name = user_name
        self.password = password or server.user(user_name)["password"]
        self.http = httpx.Client(base_url=server.url, timeout=ANSWER_SECONDS)

    def post_form(self, page: httpx.Response, target: str, **fields: str) -> httpx.Response:
        """Fill in the form of `page` that posts to `target`, as a browser would."""
        found = [form for form in forms_of(page.text) if form["action"] == target]
        assert found, f"no form for {target} on {page.url}: {page.status_code}"
        form = max(found, key=lambda form: len(form["fields"].keys() & fields.keys()))
        return self.http.post(target, data={**form["fields"], **fields})

    def sign_in(self, at: str = "/start") -> httpx.Response:
        """Open `at`, sign in, and return the page reached."""
        page = self.http.get(at)
        page = self.post_form(page, "/signin", user_name=self.user_name, action="continue")
        page = self.post_form(page, "/signin", password=self.password, action="continue")
        return self.http.get(page.headers["location"]) if page.is_redirect else page

    def approve_device(self, user_code: str, decision: str = "approve") -> httpx.Response:
        """Confirm a device's code and answer its consent; the person must be signed in."""
        page = self.http.get("/device", params={"user_code": user_code})
        page = self.post_form(page, "/device", step="confirm", user_code=user_code)
        return self.post_form(page, "/device/consent", decision=decision)


def post(server: Server, path: str, json: Mapping[str, Any]) -> httpx.Response:
    """The answer to a program that posts JSON."""
    return httpx.post(f"{server.url}{path}", json=json, timeout=ANSWER_SECONDS)


def register_client(server: Server, *, scopes: bool = True) -> dict[str, str]:
    """A client of sso-oidc, refresh-capable unless `scopes` is False."""
    members: dict[str, Any] = {"clientName": "tests", "clientType": "public"}
    if scopes:
        members["scopes"] = ["sso:account:access"]
    answer = post(server, "/client/register", members).raise_for_status().json()
    return {"clientId": answer["clientId"], "clientSecret": answer["clientSecret"]}


def device_token(server: Server, user_name: str, *, scopes: bool = True) -> dict[str, Any]:
    """CreateToken's answer for a device that the sample user approved."""
    client = register_client(server, scopes=scopes)
    start = {**client, "startUrl": server.facts["start_url"]}
    started = post(server, "/device_authorization", start).raise_for_status()
    person = Person(server, user_name)
    person.sign_in()
    person.approve_device(started.json()["userCode"]).raise_for_status()
    answer = post(
        server,
        "/token",
        {
            **client,
            "grantType": "urn:ietf:params:oauth:grant-type:device_code",
            "deviceCode": started.json()["deviceCode"],
        },
    ).raise_for_status()
    return {**client, **answer.json()}


def access_token(server: Server, user_name: str) -> str:
    """An access token of a sample user."""
    token: str = device_token(server, user_name)["accessToken"]
    return token


def role_credentials(server: Server, user_name: str, alias: str, role_name: str) -> dict[str, str]:
    """A role session of a sample user, in the form that `Server.client` takes."""
    answer = httpx.get(
        f"{server.url}/federation/credentials",
        params={"account_id": server.account(alias), "role_name": role_name},
        headers={"x-amz-sso_bearer_token": access_token(server, user_name)},
        timeout=ANSWER_SECONDS,
    ).raise_for_status()
    given = answer.json()["roleCredentials"]
    return {
        "access_key_id": given["accessKeyId"],
        "secret_access_key": given["secretAccessKey"],
        "session_token": given["sessionToken"],
    }
