"""Make a redirect go elsewhere: after signing in, after consent, and in the links of a page."""

import re
from urllib.parse import quote, urlsplit

import pytest

from tests.fronts.aws.world import read_world
from tests.security.attacker import (
    HTTP,
    REDIRECT_URI,
    ask_by_pkce,
    code_of,
    csrf_of,
    field_of,
    head,
    person,
    raw,
    registered,
    saml_response,
    status_of,
)
from tests.support.person import Person, forms_of
from tests.support.server import Server

#: What browsers read as another server, or as a script, though it begins like a path or a page.
ELSEWHERE = (
    "https://evil.example/",
    "http://evil.example/start",
    "//evil.example",
    "///evil.example",
    "////evil.example/start",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\r\n//evil.example",
    " //evil.example",
    "/start//evil.example",
    "/start/../../evil.example",
    "/start\r\nLocation: https://evil.example",
    "/start%0d%0aLocation:%20https://evil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "/.evil.example",
    "/@evil.example",
    "@evil.example",
    ".evil.example",
    ":80@evil.example",
    "http:evil.example",
    "http:/evil.example",
    "https:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "/\u2028/evil.example",
    "/／evil.example",
    "／／evil.example",
    "/start\u0000",
    "?q=//evil.example",
    "#//evil.example",
    "/signout",
    "/sandbox/reset/x",
    "/static/../evil",
    "/start/" + "x" * 20_000,
)


def is_ours(location: str) -> bool:
    """Whether a browser stays on this server, whatever page it is sent from."""
    return re.fullmatch(r"/[a-z][a-z-]*([/?][ -~]*)?", location) is not None and (
        "\\" not in location.partition("?")[0]
        and "//" not in location.partition("?")[0]
        and ".." not in location
    )


def test_a_sign_in_returns_to_a_page_of_ours(server: Server) -> None:
    someone = Person(server, "ken")
    for target in ELSEWHERE:
        page = someone.http.get("/signin", params={"continue": target})
        hidden = {form["fields"].get("continue") for form in forms_of(page.text)} - {None}
        assert hidden == {"/start"}, target
    # The field is the attacker's as well: what comes back is checked, not what was sent.
    page = someone.post_form(page, "/signin", user_name="ken", action="continue")
    attempt = dict(someone.http.cookies)
    for target in ELSEWHERE:
        someone.http.cookies.clear()
        someone.http.cookies.update(attempt)
        answer = someone.post_form(
            page, "/signin", password=someone.password, **{"continue": target}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/start"), target


def test_a_signed_in_person_is_sent_on_to_a_page_of_ours(server: Server) -> None:
    ken = person(server, "ken")
    for target in ELSEWHERE:
        answer = ken.http.get("/signin", params={"continue": target})
        assert (answer.status_code, answer.headers["location"]) == (303, "/start"), target
    for target in ("/device?user_code=BCDF-GHJK", "/start?q=//evil.example", "/authorize?a=b%0d"):
        answer = ken.http.get("/signin", params={"continue": target})
        assert answer.headers["location"] == target
        assert is_ours(answer.headers["location"])


def test_every_link_and_form_of_a_page_stays_here(server: Server) -> None:
    """A page repeats where it was asked for: in its language links, its forms, its answers."""
    ken = person(server, "ken")
    for target in ("//evil.example/start", "/\\evil.example", "/start/%2f%2fevil.example"):
        sent = head(server, f"GET {target} HTTP/1.1")
        received = raw(server, sent)
        assert status_of(received) in (400, 404)
        assert field_of(received, "location") is None
        assert b"evil.example" not in received
    for path in (
        "/start?q=//evil.example&lang=ja",
        "/start?//evil.example",
        "/device?user_code=https://evil.example",
        "/access-keys?account_id=//evil.example",
        "/signin?continue=//evil.example",
        "/nowhere//evil.example",
        "/account",
    ):
        page = ken.http.get(path)
        for link in re.findall(r'(?:href|action|formaction|src)="([^"]*)"', page.text):
            link = link.replace("&amp;", "&")
            assert link.startswith("#") or is_ours(link), (path, link)


@pytest.mark.sandbox_only("a node has one name, and answers under no other")
def test_changing_the_host_of_a_request_changes_no_link(server: Server) -> None:
    client = registered(server, grantTypes=["urn:ietf:params:oauth:grant-type:device_code"])
    answer = HTTP.post(
        f"{server.url}/device_authorization",
        json={**client, "startUrl": server.facts["start_url"]},
        headers={
            "Host": f"127.0.0.1:{server.port}",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
            "Forwarded": "host=evil.example;proto=https",
        },
    )
    assert answer.json()["verificationUri"] == f"{server.url}/device"


#: Each differs from `http://127.0.0.1/oauth/callback` in more than the port.
OTHER_REDIRECT_URIS = (
    "",
    "http://evil.example/oauth/callback",
    "http://127.0.0.1.evil.example/oauth/callback",
    "http://127.0.0.1@evil.example/oauth/callback",
    "http://127.0.0.1:8765@evil.example/oauth/callback",
    "http://evil.example@127.0.0.1/oauth/callback",
    "http://user:pass@127.0.0.1/oauth/callback",
    "http://@127.0.0.1/oauth/callback",
    "http://127.0.0.1:@evil.example/oauth/callback",
    "http://127.0.0.1\\@evil.example/oauth/callback",
    "http://127.0.0.1%2f@evil.example/oauth/callback",
    "http://127.0.0.1#@evil.example/oauth/callback",
    "http://127.0.0.1?@evil.example/oauth/callback",
    "http://evil.example#127.0.0.1/oauth/callback",
    "http://evil.example/http://127.0.0.1/oauth/callback",
    "https://127.0.0.1/oauth/callback",
    "HTTP://127.0.0.1/oauth/callback",
    "ftp://127.0.0.1/oauth/callback",
    "//127.0.0.1/oauth/callback",
    "http:/127.0.0.1/oauth/callback",
    "http:127.0.0.1/oauth/callback",
    "http:\\\\127.0.0.1\\oauth\\callback",
    "javascript://127.0.0.1/oauth/callback",
    "http://localhost/oauth/callback",
    "http://[::1]/oauth/callback",
    "http://[::ffff:127.0.0.1]/oauth/callback",
    "http://[::127.0.0.1]/oauth/callback",
    "http://[::1%25eth0]/oauth/callback",
    "http://127.1/oauth/callback",
    "http://127.0.0.2/oauth/callback",
    "http://0.0.0.0/oauth/callback",
    "http://2130706433/oauth/callback",
    "http://0x7f000001/oauth/callback",
    "http://0177.0.0.1/oauth/callback",
    "http://127.0.0.1./oauth/callback",
    "http://127。0。0。1/oauth/callback",
    "http://１２７.0.0.1/oauth/callback",
    "http://127.0.0.1:0/oauth/callback",
    "http://127.0.0.1:65536/oauth/callback",
    "http://127.0.0.1:99999999999999999999/oauth/callback",
    "http://127.0.0.1:08765/oauth/callback",
    "http://127.0.0.1:+8765/oauth/callback",
    "http://127.0.0.1:-1/oauth/callback",
    "http://127.0.0.1:８７６５/oauth/callback",
    "http://127.0.0.1:8765:80/oauth/callback",
    "http://127.0.0.1:8765 /oauth/callback",
    "http://127.0.0.1:/oauth/callback",
    "http://127.0.0.1/oauth/callback/",
    "http://127.0.0.1/oauth/callback/../evil",
    "http://127.0.0.1/oauth/Callback",
    "http://127.0.0.1/oauth%2fcallback",
    "http://127.0.0.1/oauth/callback?x=1",
    "http://127.0.0.1/oauth/callback#x",
    "http://127.0.0.1/oauth/callback;x",
    "http://127.0.0.1/oauth//callback",
    "http://127.0.0.1",
    "http://127.0.0.1/",
    " http://127.0.0.1/oauth/callback",
    "http://127.0.0.1/oauth/callback ",
    "http://127.0.0.1/oauth/callback\n",
    "http://127.0.0.1/oauth/callback\r\nX: y",
    "http://127.0.0.1/oauth/callback\u0000",
    "http://127.0.0.1\t/oauth/callback",
    "http://127.0.0.1/oauth/callback" + "x" * 600,
)


def test_an_authorization_is_answered_at_the_registered_address_only(server: Server) -> None:
    ken, nobody = person(server, "ken"), Person(server, "ken")
    client, csrf_token = registered(server), csrf_of(ken.http.get("/start"))
    for uri in OTHER_REDIRECT_URIS:
        asked = ask_by_pkce(server, client, redirect_uri=uri)
        form = {"csrf_token": csrf_token, "decision": "approve", "request": asked.query}
        for answer in (
            ken.http.get(f"/authorize?{asked.query}"),
            nobody.http.get(f"/authorize?{asked.query}"),
            ken.http.post("/authorize/consent", data=form),
        ):
            assert answer.status_code == 400, uri
            assert "location" not in answer.headers
            assert 'action="/authorize/consent"' not in answer.text
    good = ask_by_pkce(server, client)
    form["request"] = good.query
    assert ken.http.post("/authorize/consent", data=form).status_code == 303


def test_an_error_is_told_to_nobody_while_client_or_address_is_in_doubt(server: Server) -> None:
    ken = person(server, "ken")
    for change in ({"client_id": "x"}, {"client_id": ""}, {"redirect_uri": "https://evil.example"}):
        asked = ask_by_pkce(server, None, **change, response_type="token", scopes="all")
        assert "location" not in ken.http.get(f"/authorize?{asked.query}").headers
    twice = f"{ask_by_pkce(server).query}&redirect_uri={quote('https://evil.example/')}"
    answer = ken.http.get(f"/authorize?{twice}")
    assert (answer.status_code, answer.headers.get("location")) == (400, None)


def test_an_error_of_a_good_request_goes_to_the_registered_address(server: Server) -> None:
    ken = person(server, "ken")
    asked = ask_by_pkce(server, code_challenge_method="plain", state="a b&c=d#\r\nX: y")
    location = ken.http.get(f"/authorize?{asked.query}").headers["location"]
    assert location == f"{REDIRECT_URI}?error=invalid_request&state=a+b%26c%3Dd%23%0D%0AX%3A+y"


def test_consent_leads_to_the_address_that_was_shown(server: Server) -> None:
    ken = person(server, "ken")
    asked = ask_by_pkce(server)
    page = ken.http.get(f"/authorize?{asked.query}")
    assert "127.0.0.1:8765" in page.text
    assert "form-action 'self' http://127.0.0.1:8765;" in page.headers["content-security-policy"]
    for decision in ("approve", "deny"):
        answer = ken.post_form(page, "/authorize/consent", decision=decision)
        parts = urlsplit(answer.headers["location"])
        assert (parts.scheme, parts.netloc, parts.path) == (
            "http",
            "127.0.0.1:8765",
            "/oauth/callback",
        )
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_client_registers_loopback_addresses_only(server: Server) -> None:
    others = [uri for uri in OTHER_REDIRECT_URIS if not _is_registrable(uri)]
    assert len(others) > 40
    for uri in others:
        answer = HTTP.post(
            f"{server.url}/client/register",
            json={
                "clientName": "attacker",
                "clientType": "public",
                "grantTypes": ["authorization_code"],
                "redirectUris": ["http://127.0.0.1/ok", uri],
            },
        )
        assert code_of(answer) in ("InvalidRedirectUriException", "InvalidRequestException"), uri


def _is_registrable(uri: str) -> bool:
    """Loopback addresses in their plain form may be registered, with whatever path."""
    plain = r"http://(127\.0\.0\.1|\[::1\]|localhost)(:[1-9]\d{0,4})?(/[A-Za-z0-9/.;%]{0,100})?"
    found = re.fullmatch(plain, uri)
    return found is not None and int((found[2] or ":1")[1:]) < 65_536


def test_a_start_url_of_another_server_starts_nothing(server: Server) -> None:
    client = registered(server, grantTypes=["urn:ietf:params:oauth:grant-type:device_code"])
    own = server.facts["start_url"]
    for url in (
        "https://evil.example/start",
        own.replace("http://", "http://evil@"),
        own + ".evil.example",
        own.replace("localhost", "localhost.evil.example"),
        "",
        "javascript:alert(1)",
        server.facts["aws_start_url"].replace("awsapps.com", "awsapps.com.evil.example"),
    ):
        answer = HTTP.post(f"{server.url}/device_authorization", json={**client, "startUrl": url})
        assert code_of(answer) == "InvalidRequestException", url


def test_the_start_url_leads_to_the_alias_and_nowhere_else(server: Server) -> None:
    for query in ("", "?to=//evil.example", "?continue=https://evil.example"):
        answer = HTTP.head(f"{server.url}/start{query}", follow_redirects=False)
        assert answer.headers["location"] == server.facts["aws_start_url"]


@pytest.mark.parametrize("relay_state", ["https://evil.example/", "//evil.example"])
def test_the_relay_state_of_a_permission_set_is_followed_nowhere(
    server: Server, relay_state: str
) -> None:
    """Its administrator may name any page of AWS; the sandbox has but one of its own."""
    world = read_world(server)
    world.admin.sso_admin.update_permission_set(
        InstanceArn=world.instance,
        PermissionSetArn=world.sets["ReadOnlyAccess"],
        RelayState=relay_state,
    )
    ken = person(server, "ken")
    response = saml_response(ken, "sakura-playground", "ReadOnlyAccess")
    answer = ken.http.post(
        "/saml/console", data={"SAMLResponse": response, "RelayState": relay_state}
    )
    assert answer.headers["location"] == "/account"
