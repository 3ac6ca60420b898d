"""Reach the server under another host name (DNS rebinding), on every front.

A name of the attacker's is made to point at the loopback address, so that pages of his run in the
same origin as the server: it must not answer under that name. The connection itself is allowed.
"""

import pytest

from tests.security.attacker import (
    HTTP,
    Ledger,
    cookie_of,
    field_of,
    head,
    person,
    raw,
    status_of,
)
from tests.support.person import access_token
from tests.support.server import Server

ROUTES = (
    "GET /",
    "GET /start",
    "HEAD /start",
    "GET /signin",
    "POST /signin",
    "POST /signout",
    "GET /authorize?client_id=x",
    "POST /authorize/consent",
    "GET /device",
    "POST /device/consent",
    "GET /account",
    "POST /console",
    "POST /saml/console",
    "GET /access-keys",
    "POST /access-keys",
    "GET /static/x/genkan.css",
    "GET /nowhere",
    "POST /client/register",
    "POST /device_authorization",
    "POST /token",
    "POST /logout",
    "GET /assignment/accounts",
    "GET /federation/credentials",
    "POST /",
    "GET /?Action=GetCallerIdentity&Version=2011-06-15",
    "OPTIONS /",
)


def names(server: Server) -> list[str]:
    """Host values that a browser, or somebody with a socket, could send."""
    port = server.port
    return [
        "evil.example",
        f"evil.example:{port}",
        f"localhost.evil.example:{port}",
        f"evil-localhost:{port}",
        f"localhost:{port}.evil.example",
        f"localhost:{port}@evil.example",
        f"evil.example@localhost:{port}",
        f"localhost.:{port}",
        f"localhost:{port + 1}",
        "localhost",
        "localhost:80",
        f"127.0.0.2:{port}",
        f"127.1:{port}",
        f"2130706433:{port}",
        f"0.0.0.0:{port}",
        f"[::ffff:127.0.0.1]:{port}",
        f"localhost:{port}, evil.example",
        f"localhost:0{port}",
        "",
        "*",
        "d-1234567890.awsapps.com",
        "oidc.us-east-1.amazonaws.com",
    ]


def reset_of(server: Server) -> list[str]:
    """The route that only a sandbox has."""
    url = server.facts.get("reset_url")
    return [f"POST {url.removeprefix(server.url)}"] if url else []


def test_no_route_answers_under_another_name(server: Server) -> None:
    session = cookie_of(person(server, "hanako"), "genkan_session")
    token = access_token(server, "hanako")
    ledger = Ledger(server)
    fields = (
        f"Cookie: genkan_session{server.cookie_suffix}={session}",
        f"x-amz-sso_bearer_token: {token}",
        "Content-Length: 0",
    )
    every = names(server)
    for number, route in enumerate((*ROUTES, *reset_of(server))):
        # Each route with some of the names, each name with some of the routes.
        for name in every if number % 9 == 0 else every[number % 3 :: 3]:
            received = raw(server, head(server, f"{route} HTTP/1.1", *fields, host=name))
            assert status_of(received) in (400, 421), (route, name)
            assert field_of(received, "set-cookie") is None
            assert field_of(received, "location") is None
            assert field_of(received, "access-control-allow-origin") is None
            assert b"hanako" not in received
    assert ledger.changes() == {}


def test_no_host_and_two_hosts_are_refused(server: Server) -> None:
    own = f"Host: localhost:{server.port}\r\n"
    for hosts in ("", own + own, own + "Host: evil.example\r\n", "Host: evil.example\r\n" + own):
        for route in ("GET /start", "POST /token", "POST /"):
            sent = f"{route} HTTP/1.1\r\n{hosts}Content-Length: 0\r\nConnection: close\r\n\r\n"
            assert status_of(raw(server, sent.encode())) in (400, 421), (route, hosts)
    assert status_of(raw(server, b"GET /start HTTP/1.0\r\n\r\n")) in (400, 421)


def test_an_absolute_target_does_not_replace_the_host(server: Server) -> None:
    own = f"localhost:{server.port}"
    line = f"GET http://{own}/start HTTP/1.1"
    assert status_of(raw(server, head(server, line, host="evil.example"))) == 421
    # RFC 9112 §3.2.2 lets the target win; whichever a proxy believes, this server's links are own.
    received = raw(server, head(server, "GET http://evil.example/start HTTP/1.1"))
    assert b"evil.example" not in received


def test_names_in_other_headers_are_not_read(server: Server) -> None:
    claims = (
        f"X-Forwarded-Host: localhost:{server.port}",
        f"X-Host: localhost:{server.port}",
        f"Forwarded: host=localhost:{server.port}",
        f"X-Original-Host: localhost:{server.port}",
    )
    sent = head(server, "GET /start HTTP/1.1", *claims, host="evil.example")
    assert status_of(raw(server, sent)) == 421


@pytest.mark.sandbox_only("a node answers under the name of its base URL only")
def test_its_own_names_are_answered(server: Server) -> None:
    for name in ("localhost", "127.0.0.1", "[::1]", "LOCALHOST", "LocalHost"):
        sent = head(server, "GET /start HTTP/1.1", host=f"{name}:{server.port}")
        assert status_of(raw(server, sent)) == 200, name


def test_other_sites_may_not_read_answers(server: Server) -> None:
    """Without CORS a page of another origin sees nothing, whatever it sends."""
    headers = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-amz-target, authorization",
    }
    for method in ("OPTIONS", "GET", "POST"):
        for path in ("/", "/token", "/client/register", "/assignment/accounts", "/start"):
            answer = HTTP.request(method, f"{server.url}{path}", headers=headers)
            assert not any(name.startswith("access-control-") for name in answer.headers)
