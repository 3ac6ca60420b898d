"""`genkan up` over https: with an authority of its own, and with files that are exchanged."""

import http.client
import json
import re
import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import ANSWER_SECONDS
from tests.tls.certificates import write_pair
from tests.tls.serving import TlsServer, refused_start, wait_until

_MARK = "Invalid HTTP request received."
"""Logged for each of a few strangers a second who speak TLS, but not HTTP."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    started = TlsServer(tmp_path_factory.mktemp("tls") / "data", "--tls")
    started.start()
    yield started
    started.stop()


# ── --tls ─────────────────────────────────────────────────────────────────────────────────────────


def test_sandbox_json_and_the_banner_name_the_authority(server: TlsServer) -> None:
    ca_file = server.facts["ca_file"]
    assert Path(ca_file).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert server.facts["base_url"] == server.url
    assert server.facts["start_url"] == f"{server.url}/start"
    assert f"AWS_CA_BUNDLE={ca_file}" in server.log()
    assert stat.S_IMODE((Path(ca_file).parent / "ca-key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_who_trusts_the_authority_is_answered(server: TlsServer, host: str) -> None:
    connection = server.connect(host=host)
    connection.request("GET", "/start")
    answer = connection.getresponse()
    assert answer.status == 200
    assert b"<form" in answer.read()


def test_cookies_are_for_this_host_and_for_https_alone(server: TlsServer) -> None:
    connection = server.connect()
    connection.request("GET", "/start")
    cookies = connection.getresponse().msg.get_all("set-cookie", [])
    (attempt,) = (cookie for cookie in cookies if "genkan_attempt" in cookie)
    assert attempt.startswith(f"__Host-genkan_attempt_{server.port}=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(re.split("; ?", attempt))
    assert all("Secure" in cookie for cookie in cookies)


def test_the_start_url_leads_a_command_line_to_the_alias(server: TlsServer) -> None:
    connection = server.connect()
    connection.request("HEAD", "/start")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("location")) == (302, server.facts["aws_start_url"])


def test_plain_http_is_told_the_https_address(server: TlsServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS) as plain:
        plain.sendall(b"POST /start HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"x" * 20_000)
        answer = b""
        while got := plain.recv(4096):
            answer += got
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"set-cookie" not in head.lower()
    assert body.decode() == f"This port speaks https: {server.url}/\n"


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00", b"\x16", b"\x16\x03\x01\x00\x05garbage", b"\xff" * 100]
)
def test_who_breaks_off_or_sends_garbage_leaves_the_server_working(
    server: TlsServer, garbage: bytes
) -> None:
    before = log_up_to_now(server)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS) as plain:
            plain.sendall(garbage)
    connection = server.connect()
    connection.request("HEAD", "/start")
    assert connection.getresponse().status == 302
    more = log_up_to_now(server)[len(before) :]
    assert [line.endswith(_MARK) for line in more] == [True], "what strangers cause is not logged"


def log_up_to_now(server: TlsServer) -> list[str]:
    """The lines of the log, the last of them one that this causes: those of before are there."""
    marks = server.log().count(_MARK)

    def is_marked() -> bool:
        with (
            socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS) as plain,
            server.trust.wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            secured.sendall(b"no request\r\n\r\n")
            assert secured.recv(4096).startswith(b"HTTP/1.1 400 ")
        # The line comes before the answer, or not at all when there were many in this second.
        return server.log().count(_MARK) > marks

    wait_until(is_marked)
    return server.log().splitlines()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_1_1_is_not_spoken_and_1_2_is(server: TlsServer) -> None:
    old = server.trust
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1_1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError):
        server.connect(old).request("HEAD", "/start")
    enough = server.trust
    enough.maximum_version = ssl.TLSVersion.TLSv1_2
    connection = server.connect(enough)
    connection.request("HEAD", "/start")
    assert connection.getresponse().status == 302


def test_who_does_not_trust_the_authority_does_not_connect(server: TlsServer) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        server.connect(ssl.create_default_context()).request("HEAD", "/start")


def test_who_asks_for_another_name_finds_the_wrong_certificate(server: TlsServer) -> None:
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
    ):
        server.trust.wrap_socket(plain, server_hostname="sso.example.org")


def test_another_name_that_nobody_checks_is_refused_by_the_host_field(server: TlsServer) -> None:
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS) as plain,
        careless.wrap_socket(plain, server_hostname="sso.example.org") as secured,
    ):
        secured.sendall(b"GET /start HTTP/1.1\r\nHost: sso.example.org\r\n\r\n")
        assert secured.recv(4096).startswith(b"HTTP/1.1 421 ")


def test_signed_requests_are_answered_over_tls(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", server.facts["ca_file"])
    identity = server.client("sts").get_caller_identity()
    assert identity["Account"] == server.facts["management_account_id"]


def test_a_restart_keeps_the_trust_and_fresh_does_too(tmp_path: Path) -> None:
    bundles = []
    for options in (["--tls"], ["--tls"], ["--tls", "--fresh"]):
        started = TlsServer(tmp_path / "data", *options)
        started.start()
        bundles.append(Path(started.facts["ca_file"]).read_bytes())
        connection = started.connect()
        connection.request("HEAD", "/start")
        assert connection.getresponse().status == 302
        started.stop()
    assert len(set(bundles)) == 1


def test_the_base_urls_host_is_among_the_names(tmp_path: Path) -> None:
    started = TlsServer(
        tmp_path / "data", environment={"GENKAN_TLS": "1", "GENKAN_BASE_URL": "https://sso.test"}
    )
    started.start()
    try:
        with (
            socket.create_connection(("127.0.0.1", started.port), timeout=ANSWER_SECONDS) as plain,
            started.trust.wrap_socket(plain, server_hostname="sso.test") as secured,
        ):
            secured.sendall(b"HEAD /start HTTP/1.1\r\nHost: sso.test\r\n\r\n")
            assert secured.recv(4096).startswith(b"HTTP/1.1 302 ")
        assert started.facts["start_url"] == "https://sso.test/start"
    finally:
        started.stop()


def read(connection: http.client.HTTPSConnection) -> int:
    """The status of an answer that is read to its end, so that the connection can be used on."""
    answer = connection.getresponse()
    answer.read()
    return answer.status


# ── --tls-certificate and --tls-key ───────────────────────────────────────────────────────────────


def test_files_are_exchanged_without_dropping_a_connection(tmp_path: Path) -> None:
    files = tmp_path / "server.crt", tmp_path / "server.key"
    first = write_pair(*files)
    started = TlsServer(tmp_path / "data", "--tls-certificate", files[0], "--tls-key", files[1])
    started.start()
    try:
        assert "ca_file" not in started.facts
        assert started.certificate().serial_number == first.serial_number
        standing = started.connect(ssl.create_default_context(cafile=str(files[0])))
        standing.request("HEAD", "/start")
        assert read(standing) == 302
        its_socket = standing.sock

        second = write_pair(*files)
        wait_until(lambda: started.certificate().serial_number == second.serial_number)
        standing.request("HEAD", "/start")
        assert read(standing) == 302
        assert standing.sock is its_socket, "the connection that stood was not made anew"

        write_pair(files[0], tmp_path / "elsewhere.key")
        complaint = (
            f"the certificate in {files[0]} and the key in {files[1]} do not belong together;"
            " the certificate in use stays"
        )
        wait_until(lambda: complaint in started.log())
        assert started.certificate().serial_number == second.serial_number
        standing.request("HEAD", "/start")
        assert read(standing) == 302
        assert started.log().count(complaint) == 1
    finally:
        started.stop()


def test_bad_files_are_refused_in_one_line_before_anything_is_made(tmp_path: Path) -> None:
    files = tmp_path / "server.crt", tmp_path / "server.key"
    write_pair(*files)
    write_pair(tmp_path / "other.crt", tmp_path / "other.key")
    said = refused_start(
        tmp_path / "data", "--tls-certificate", files[0], "--tls-key", tmp_path / "other.key"
    )
    assert said == (
        f"Error: the certificate in {files[0]} and the key in {tmp_path / 'other.key'} do not"
        " belong together\n"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        (
            ["--tls-certificate", "x"],
            {},
            "Error: --tls-certificate and --tls-key are given together\n",
        ),
        (
            ["--tls", "--tls-certificate", "x", "--tls-key", "y"],
            {},
            "Error: --tls makes a certificate: leave it out, or --tls-certificate\n",
        ),
        (
            ["--tls"],
            {"GENKAN_BASE_URL": "http://localhost:1"},
            "Error: GENKAN_BASE_URL http://localhost:1 is no https address, which TLS makes it\n",
        ),
        ([], {"GENKAN_TLS": "perhaps"}, "Error: GENKAN_TLS must be true or false\n"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_one_line(
    tmp_path: Path, options: list[str], environment: dict[str, str], said: str
) -> None:
    assert refused_start(tmp_path / "data", *options, environment=environment) == said
    assert not (tmp_path / "data").exists()


def test_without_tls_nothing_is_made_of_it(server: TlsServer, tmp_path: Path) -> None:
    """What the other tests see comes from the option: sandbox.json has no authority without."""
    from tests.support.server import Server

    plain = Server(tmp_path / "data").start()
    plain.stop()
    assert "ca_file" not in json.loads((tmp_path / "data" / "sandbox.json").read_text())
    assert not (tmp_path / "data" / "tls").exists()
