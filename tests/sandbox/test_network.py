"""Where the sandbox listens, under which names it answers, and how much it reads."""

import contextlib
import http.client
import re
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.lives import Cradle, Life
from tests.support.server import ANSWER_SECONDS, Server

pytestmark = pytest.mark.sandbox_only("the sandbox itself")
PAGES = ("/start", "/signin")
AWS = ("/", "/token", "/client/register", "/device_authorization", "/assignment/accounts")
LISTENING = "0A"
BODY_LIMITS = {
    "/": 1_048_576,
    "/assignment/accounts": 1_048_576,
    "/token": 65_536,
    "/client/register": 65_536,
    "/device_authorization": 65_536,
    "/signin": 262_144,
    "/device/consent": 262_144,
}
ENDLESS = 64 * 1_048_576


def listening_addresses(pid: int) -> set[str]:
    """The local addresses of the process's listening sockets, as /proc spells them."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if found := re.fullmatch(r"socket:\[(\d+)\]", target):
            inodes.add(found[1])
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                addresses.add(fields[1])
    return addresses


def test_it_listens_on_loopback_only(server: Server) -> None:
    assert server.process is not None
    port = f"{server.port:04X}"
    loopbacks = {f"0100007F:{port}", f"00000000000000000000000001000000:{port}"}
    found = listening_addresses(server.process.pid)
    assert f"0100007F:{port}" in found
    assert found <= loopbacks


def test_no_other_address_of_this_machine_reaches_it(server: Server) -> None:
    for address in other_addresses():
        with socket.socket() as probe:
            probe.settimeout(5)
            assert probe.connect_ex((address, server.port)) != 0, address


def other_addresses() -> Iterator[str]:
    yield "127.0.0.2"
    for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET):
        address = str(entry[4][0])
        if not address.startswith("127."):
            yield address


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "localhost",
        "localhost:1",
        "localhost.evil.example:{port}",
        "evil.example@localhost:{port}",
        "127.0.0.2:{port}",
        "[::2]:{port}",
        "",
    ],
)
def test_another_host_name_is_answered_421(server: Server, host: str) -> None:
    host = host.format(port=server.port)
    for path in (*PAGES, *AWS, "/static/genkan.css", server.facts["reset_url"]):
        for method in ("GET", "POST"):
            answer = raw(server, method, path.removeprefix(server.url), [("Host", host)])
            assert answer.status == 421
            assert answer.getheader("set-cookie") is None
            assert answer.read() == b"This server does not answer under that host name.\n"


def test_two_host_names_or_none_are_refused(server: Server) -> None:
    good = f"localhost:{server.port}"
    assert raw(server, "GET", "/start", []).status in (400, 421)
    assert raw(server, "GET", "/start", [("Host", good), ("Host", "evil.example")]).status in (
        400,
        421,
    )


def test_its_own_names_are_answered(server: Server) -> None:
    for host in ("localhost", "LocalHost", "127.0.0.1", "[::1]"):
        answer = raw(server, "GET", "/start", [("Host", f"{host}:{server.port}")])
        assert answer.status in (200, 302, 303), host


def test_a_forwarded_host_is_believed_by_nobody(server: Server) -> None:
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "192.0.2.1",
        "Forwarded": "host=evil.example;proto=https",
    }
    for path in PAGES:
        page = httpx.get(f"{server.url}{path}", headers=headers, timeout=ANSWER_SECONDS)
        assert "evil.example" not in page.text
        assert "evil.example" not in str(page.headers)
        assert "https://localhost" not in page.text
    (event,) = server.client("cloudtrail").lookup_events(MaxResults=1)["Events"]
    assert "192.0.2.1" not in event["CloudTrailEvent"]


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
@pytest.mark.parametrize(("path", "limit"), BODY_LIMITS.items())
def test_a_body_beyond_what_its_front_reads_is_answered_413(
    server: Server, path: str, limit: int, chunked: bool
) -> None:
    too_large, just_right = b"x" * (limit + 1), b"x" * limit
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for body, refused in ((too_large, True), (just_right, False)):
        content = iter([body]) if chunked else body
        answer = httpx.post(
            f"{server.url}{path}", content=content, headers=headers, timeout=ANSWER_SECONDS
        )
        assert (answer.status_code == 413) is refused
        assert answer.status_code < 500


@pytest.mark.parametrize("path", BODY_LIMITS)
def test_a_body_without_end_is_not_read_to_its_end(server: Server, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost:{server.port}\r\nContent-Length: {1 << 40}\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS) as connection:
        connection.sendall(head.encode() + b"\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < ENDLESS and not select.select([connection], [], [], 0)[0]:
                sent += connection.send(b"x" * 65_536)
    assert sent < ENDLESS


def test_a_target_too_long_is_refused(server: Server) -> None:
    own = [("Host", f"localhost:{server.port}")]
    assert raw(server, "GET", f"/start?{'x' * 60_000}", own).status == 200
    assert raw(server, "GET", f"/start?{'x' * 70_000}", own).status in (400, 414)


def test_it_answers_after_all_this(server: Server) -> None:
    assert server.client("sts").get_caller_identity()["Account"]
    assert "Traceback" not in server.log()


def test_told_to_listen_anywhere_it_does_but_answers_to_its_own_names_only(
    cradle: Cradle, directory: Path
) -> None:
    life = Life(cradle, directory, options=("--bind", "0.0.0.0", "--listen-anywhere")).start()
    assert listening_addresses(life.pid) == {f"00000000:{life.port:04X}"}
    for address in ("127.0.0.2", *other_addresses()):
        answer = httpx.get(f"http://{address}:{life.port}/start", timeout=ANSWER_SECONDS)
        assert answer.status_code == 421
    assert httpx.get(f"{life.url}/start", timeout=ANSWER_SECONDS).is_success
    life.stop(kill=True)


def test_a_base_url_is_a_name_of_its_own(cradle: Cradle, directory: Path) -> None:
    life = Life(
        cradle, directory, environment={"GENKAN_BASE_URL": "https://genkan.example"}
    ).start()
    assert life.facts["base_url"] == "https://genkan.example"
    assert life.facts["start_url"] == "https://genkan.example/start"
    page = raw(life, "GET", "/start", [("Host", "genkan.example")])
    assert page.status in (200, 302, 303)
    cookies = page.headers.get_all("set-cookie") or []
    assert all("secure" in cookie.lower() for cookie in cookies)
    assert raw(life, "GET", "/start", [("Host", "genkan.example:1")]).status == 421
    life.stop(kill=True)


def raw(
    server: Server, method: str, path: str, headers: list[tuple[str, str]]
) -> http.client.HTTPResponse:
    """A request with exactly these headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_SECONDS)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if method == "POST":
        connection.putheader("Content-Length", "0")
    connection.endheaders()
    return connection.getresponse()
