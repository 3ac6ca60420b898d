"""Which start URLs AWS CLI v2 takes, and that each which it takes logs in (reference §0.1).

From 2.35.13 on it takes `https` on AWS's own hosts, or what leads there by one redirect; earlier
releases take any. Ours in the sandbox is `http`: the AWS-looking alias stands for it.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scripts.install_aws_cli import Slot
from tests.journeys.conftest import NewDesk
from tests.journeys.desk import ALLOW, CONFIRM, DEVICE, PKCE, Requests
from tests.journeys.tls_front import TlsFront
from tests.support.server import ANSWER_SECONDS, Server, free_port


def test_a_head_of_the_start_url_leads_to_the_alias_and_a_get_does_not(house: Server) -> None:
    head = httpx.head(house.facts["start_url"], timeout=ANSWER_SECONDS)
    assert head.status_code == 302
    assert head.headers["location"] == house.facts["aws_start_url"]
    got = httpx.get(house.facts["start_url"], timeout=ANSWER_SECONDS)
    assert got.status_code == 200


def test_the_new_cli_refuses_our_own_start_url_because_it_is_not_https(
    desk: NewDesk, house: Server
) -> None:
    here = desk("new", "maria")
    here.configure(start_url=house.facts["start_url"])
    requests = Requests(house)
    done = here.cli.run(*PKCE)
    assert done.exit_code != 0
    assert "The sso_start_url must use the https scheme." in done.stderr
    assert requests.seen() == []


def test_the_old_cli_logs_in_at_our_own_start_url(desk: NewDesk, house: Server) -> None:
    here = desk("old", "maria")
    here.configure(start_url=house.facts["start_url"])
    done = here.log_in()
    assert f"logged into Start URL: {house.facts['start_url']}" in done.stdout
    assert here.token["startUrl"] == house.facts["start_url"]


def test_the_new_cli_logs_in_at_the_issuer_url(desk: NewDesk, house: Server) -> None:
    here = desk("new", "maria")
    here.configure(start_url=house.facts["issuer_url"])
    assert f"logged into Start URL: {house.facts['issuer_url']}" in here.log_in().stdout


@pytest.mark.parametrize(
    ("slot", "login", "operation"),
    [("new", PKCE, "RegisterClient"), ("old", DEVICE, "StartDeviceAuthorization")],
)
def test_a_start_url_of_another_organization_is_refused(
    slot: Slot, login: tuple[str, ...], operation: str, desk: NewDesk
) -> None:
    here = desk(slot, "maria")
    here.configure(start_url="https://d-0000000000.awsapps.com/start")
    said = here.refused(*login)
    assert f"(InvalidRequestException) when calling the {operation} operation" in said


@pytest.fixture
def https_server(tmp_path: Path) -> Iterator[Server]:
    """A server of its own that people reach by https, through a front that ends TLS."""
    port = free_port()
    server = Server(
        tmp_path / "data",
        environment={
            "GENKAN_BASE_URL": f"https://localhost:{port}",
            "GENKAN_LOG_LEVEL": "info",
        },
    )
    with contextlib.closing(TlsFront(tmp_path, port, server.port)):
        yield server.start()
        server.stop()


def test_the_new_cli_follows_our_own_https_start_url_to_the_alias_and_logs_in(
    desk: NewDesk, https_server: Server, tmp_path: Path
) -> None:
    here = desk("new", "maria", server=https_server)
    here.cli.environment["AWS_CA_BUNDLE"] = str(tmp_path / "certificate.pem")
    here.configure(
        start_url=https_server.facts["start_url"], reader=("sakura-playground", "ReadOnlyAccess")
    )
    requests = Requests(https_server)
    here.log_in()
    assert requests.seen()[:2] == ["HEAD /start 302", "POST /client/register 200"]
    with here.logging_in(*DEVICE) as login:
        here.open(login.page())
        here.window.click(CONFIRM)
        here.answer_device(ALLOW)
        assert login.finish().exit_code == 0
    assert here.aws("sts", "get-caller-identity", "--profile", "reader")["Arn"].endswith("/maria")
    names = {cookie.get("name", "") for cookie in here.window.context.cookies()}
    assert any(name.startswith("__Host-genkan_session") for name in names), names
