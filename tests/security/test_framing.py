"""Have one request read as two, or as another: methods, lengths, targets, protocols.

A proxy that reads a message differently from this server could be made to hand on a hidden request
(request smuggling): whatever is open to two readings is refused and the connection closed.
"""

import json

from tests.security.attacker import (
    DEVICE_GRANT,
    Ledger,
    answers_in,
    head,
    raw,
    registered,
    status_of,
)
from tests.support.server import Server

SMUGGLED = b"GET /start?smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


def two_readings(server: Server) -> dict[str, bytes]:
    """Messages that end at different places for different readers."""
    start = head(server, "POST /token HTTP/1.1", "Content-Type: application/json")[:-2].replace(
        b"Connection: close\r\n", b""
    )
    chunked = b"0\r\n\r\n" + SMUGGLED
    length = len(chunked)
    return {
        "two lengths": start + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
        "the same length twice": start + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        "a list of lengths": start + b"Content-Length: 2, 2\r\n\r\n{}",
        "length and chunks": start
        + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % length
        + chunked,
        "chunks and length": start
        + b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n" % length
        + chunked,
        "a negative length": start + b"Content-Length: -1\r\n\r\n{}",
        "a signed length": start + b"Content-Length: +2\r\n\r\n{}",
        "a hexadecimal length": start + b"Content-Length: 0x2\r\n\r\n{}",
        "a length with a blank": start + b"Content-Length: 1 2\r\n\r\n{}",
        "a huge length": start + b"Content-Length: 99999999999999999999\r\n\r\n{}",
        "no length at all": start + b"Content-Length:\r\n\r\n{}",
        "another coding": start + b"Transfer-Encoding: xchunked\r\n\r\n" + chunked,
        "identity after chunked": start + b"Transfer-Encoding: chunked, identity\r\n\r\n" + chunked,
        "two codings": start
        + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunked,
        "a coding with a tab": start + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + chunked,
        "a blank before the colon": start + b"Content-Length : 2\r\n\r\n{}",
        "a folded field": start + b"X: y\r\n Content-Length: 2\r\n\r\n{}",
        "a bare line feed": start + b"X: y\nContent-Length: 2\r\n\r\n{}",
        "a bare carriage return": start + b"X: y\rContent-Length: 2\r\n\r\n{}",
        "a NUL": start + b"X: y\x00z\r\nContent-Length: 2\r\n\r\n{}",
        "a bad chunk size": start + b"Transfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n0\r\n\r\n",
        "a huge chunk": start + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
        "a longer chunk": start + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/0.9": b"GET /start\r\n\r\n",
        "HTTP/9.9": b"GET /start HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "a target with a blank": head(server, "GET /start /x HTTP/1.1"),
        "a target in bytes": head(server, "GET /start HTTP/1.1").replace(b"/start", b"/\xff\xfe"),
        "a tunnel": head(server, "CONNECT evil.example:80 HTTP/1.1"),
    }


def test_what_can_be_read_in_two_ways_is_refused_and_the_connection_closed(server: Server) -> None:
    ledger = Ledger(server)
    for what, sent in two_readings(server).items():
        received = raw(server, sent + SMUGGLED, seconds=3)
        assert status_of(received) in (400, 0, 413, 421, 501, 505), what
        assert answers_in(received) <= 1, what
        assert b"smuggled" not in received
    assert ledger.changes() == {}


def test_two_requests_on_one_connection_get_their_own_answers(server: Server) -> None:
    """Pipelined, in order, each with its own body."""
    client = registered(server, grantTypes=[DEVICE_GRANT])
    start = json.dumps({**client, "startUrl": server.facts["start_url"]}).encode()
    host = f"Host: localhost:{server.port}\r\n".encode()
    first = b"POST /device_authorization HTTP/1.1\r\n" + host
    first += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(start) + start
    second = b"GET /nowhere HTTP/1.1\r\n" + host + b"\r\n"
    last = b"GET /assignment/accounts HTTP/1.1\r\nConnection: close\r\n" + host + b"\r\n"
    received = raw(server, first + second + last)
    statuses = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 404, 401]


def test_methods_that_no_route_knows_do_nothing(server: Server) -> None:
    ledger = Ledger(server)
    for method in ("TRACE", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND", "MERGE"):
        for path in (
            "/",
            "/start",
            "/signin",
            "/token",
            "/client/register",
            "/assignment/accounts",
            "/federation/credentials",
            "/saml/console",
            "/sandbox/reset/x",
            "*",
        ):
            sent = head(
                server,
                f"{method} {path} HTTP/1.1",
                "Cookie: a=secret-cookie",
                "X-Echo: secret-header",
                "Content-Length: 0",
            )
            received = raw(server, sent, seconds=3)
            assert status_of(received) in (400, 404, 405), (method, path)
            assert b"secret-cookie" not in received
            assert b"secret-header" not in received
    assert ledger.changes() == {}


def test_an_upgrade_is_not_made(server: Server) -> None:
    for protocol, more in (
        ("websocket", ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")),
        ("h2c", ("HTTP2-Settings: AAMAAABkAAQAAP__",)),
    ):
        sent = head(server, "GET /start HTTP/1.1", f"Upgrade: {protocol}", *more).replace(
            b"Connection: close", b"Connection: Upgrade"
        )
        received = raw(server, sent + SMUGGLED, seconds=1)
        assert status_of(received) != 101
        assert answers_in(received) <= 1
        assert b"smuggled" not in received


def test_bytes_behind_a_closing_request_are_no_request(server: Server) -> None:
    received = raw(server, head(server, "GET /nowhere HTTP/1.1") + SMUGGLED)
    assert answers_in(received) == 1


def test_a_path_is_what_was_sent(server: Server) -> None:
    """No dot segments, no double slashes, no second decoding lead to another route."""
    ledger = Ledger(server)
    for path in (
        "/x/../start",
        "/./start",
        "//start",
        "/start/",
        "/start/.",
        "/%2e%2e/start",
        "/start%2f",
        "/start%00",
        "/START",
        "/start;x",
        "/%73%74%61%72%74%2f..%2fstart",
        "/client/register/",
        "/client//register",
        "/client/x/../register",
        "/assignment/../start",
        "/federation/%2e%2e/start",
    ):
        received = raw(server, head(server, f"GET {path} HTTP/1.1"), seconds=3)
        assert status_of(received) in (400, 401, 403, 404, 405), path
    assert ledger.changes() == {}
