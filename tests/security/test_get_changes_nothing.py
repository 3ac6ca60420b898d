"""Change state by a GET: a link, an image, a prefetch.

Every GET route of the pages is opened, signed in and not, with every parameter that a form of ours
posts; all tables are the same afterwards. What AWS's own protocols do by GET is listed by name.
"""

from urllib.parse import urlencode

import pytest
from starlette.routing import Route

from genkan.fronts.web import authorize_pages, console_pages, portal_pages, signin_pages
from genkan.fronts.web.assets import Assets
from tests.fronts.aws.wire import Sent, Wire
from tests.perform.dump import AUDIT
from tests.security.attacker import (
    DEVICE_GRANT,
    HTTP,
    Ledger,
    ask_by_pkce,
    csrf_of,
    person,
    registered,
    saml_response,
    with_token,
)
from tests.support.person import Person, access_token
from tests.support.server import Server

ROUTES = [
    route
    for module in (portal_pages, signin_pages, authorize_pages, console_pages)
    for route in module.routes
    if isinstance(route, Route)
]
GETS = sorted({route.path for route in ROUTES if "GET" in (route.methods or ())})
POSTS = sorted({route.path for route in ROUTES if "POST" in (route.methods or ())})


def parameters(server: Server, someone: Person) -> str:
    """Whatever any form of ours would post, as a query."""
    client = registered(server, grantTypes=[DEVICE_GRANT])
    started = HTTP.post(
        f"{server.url}/device_authorization",
        json={**client, "startUrl": server.facts["start_url"]},
    ).json()
    return urlencode(
        {
            "csrf_token": csrf_of(someone.http.get("/start")),
            "user_code": started["userCode"],
            "step": "confirm",
            "decision": "approve",
            "account_id": server.account("sakura-playground"),
            "role_name": "AdministratorAccess",
            "SAMLResponse": saml_response(someone, "sakura-playground", "AdministratorAccess"),
            "request": ask_by_pkce(server).query,
            "user_name": "alex",
            "password": server.user("alex")["password"],
            "action": "continue",
            "continue": "/start",
            "lang": "ja",
            "theme": "dark",
            "hint": "off",
        }
    )


def test_there_is_something_to_crawl() -> None:
    assert {"/", "/start", "/signin", "/authorize", "/device", "/account", "/access-keys"} <= set(
        GETS
    )
    assert {"/signout", "/console", "/device/consent", "/authorize/consent"} <= set(POSTS)


def test_opening_every_page_changes_no_row(server: Server) -> None:
    alex, nobody = person(server, "alex"), Person(server, "alex")
    query = parameters(server, alex)
    asked = ask_by_pkce(server).query
    ledger = Ledger(server)
    for path in GETS:
        for someone in (alex, nobody):
            for target in (path, f"{path}?{query}", f"{path}?{asked}"):
                for method in ("GET", "HEAD"):
                    status = someone.http.request(method, target).status_code
                    assert status in (200, 302, 303, 400, 403), (method, target)
    # Not even when a session was used: that is noted when something is issued under it.
    assert ledger.changes() == {}


def test_what_is_posted_is_not_taken_from_a_get(server: Server) -> None:
    alex = person(server, "alex")
    query = parameters(server, alex)
    ledger = Ledger(server)
    for path in POSTS:
        if path in GETS:
            continue
        for method in ("GET", "HEAD"):
            answer = alex.http.request(method, f"{path}?{query}")
            assert answer.status_code == 405, (method, path)
    if "reset_url" in server.facts:
        for method in ("GET", "HEAD"):
            assert HTTP.request(method, server.facts["reset_url"]).status_code == 405
    assert ledger.changes() == {}
    assert alex.http.get("/start").status_code == 200


def test_a_method_in_a_header_or_field_is_not_the_method(server: Server) -> None:
    alex = person(server, "alex")
    query = parameters(server, alex)
    ledger = Ledger(server)
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        for path in ("/signout", "/console", "/access-keys"):
            alex.http.get(f"{path}?{query}&_method=POST", headers={name: "POST"})
    assert ledger.changes() == {}


def test_static_files_change_nothing(server: Server) -> None:
    assets = Assets()
    ledger = Ledger(server)
    assert HTTP.get(f"{server.url}{assets.url('genkan.css')}").status_code == 200
    for name in ("../assets.py", "..%2fassets.py", "%2e%2e/assets.py", "x/../../assets.py", ""):
        answer = HTTP.get(f"{server.url}/static/{assets.version}/{name}")
        assert answer.status_code == 404, name
        assert "import" not in answer.text
    assert ledger.changes() == {}


def test_gets_of_aws_that_issue_something_need_more_than_a_cookie(server: Server) -> None:
    """GetRoleCredentials is a GET on AWS, and a presigned AssumeRole is a link.

    No browser sends either by itself: one needs a header, the other a signature.
    """
    alex = person(server, "alex")
    named = {"account_id": server.account("sakura-playground"), "role_name": "ReadOnlyAccess"}
    ledger = Ledger(server)
    assert alex.http.get("/federation/credentials", params=named).status_code == 401
    assert alex.http.get("/assignment/accounts").status_code == 401
    query = urlencode(
        {
            "Action": "AssumeRole",
            "Version": "2011-06-15",
            "RoleArn": f"arn:aws:iam::{named['account_id']}:role/OrganizationAccountAccessRole",
            "RoleSessionName": "link",
        }
    )
    assert alex.http.get(f"/?{query}").status_code == 403
    assert ledger.changes() == {}
    token = access_token(server, "alex")
    named["role_name"] = "AdministratorAccess"
    ledger = Ledger(server)
    assert with_token(server, "/federation/credentials", token, **named).status_code == 200
    assert ledger.changes() == {"role_sessions": (1, 0), AUDIT: (1, 0)}
    wire = Wire(server)
    link = wire.sign(Sent("GET", f"/?{query}"), wire.administrator, "sts", presign=60)
    ledger = Ledger(server)
    assert wire.send(link).status == 200
    assert ledger.changes() == {"role_sessions": (1, 0), AUDIT: (1, 0)}


@pytest.mark.parametrize("path", ["/start", "/device", "/account"])
def test_preferences_are_cookies_and_nothing_else(server: Server, path: str) -> None:
    """The one thing that a link may change, and why: `genkan.fronts.web.preferences`."""
    alex = person(server, "alex")
    ledger = Ledger(server)
    answer = alex.http.get(f"{path}?lang=ja&theme=dark&hint=off", follow_redirects=False)
    names = {line.partition("=")[0] for line in answer.headers.get_list("set-cookie")}
    assert names <= {"genkan_lang", "genkan_theme", "genkan_hint"}
    assert ledger.changes() == {}
