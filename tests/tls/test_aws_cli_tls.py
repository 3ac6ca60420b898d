"""AWS CLI logs in over https, by the AWS-looking alias and by our own start URL (DESIGN §12)."""

import re
from collections.abc import Callable, Iterator

import pytest

from scripts.install_aws_cli import Slot
from tests.clients.fixtures import NewAwsCli, NewWindow
from tests.journeys.desk import ALLOW, CONFIRM, DEVICE, Desk, Requests
from tests.tls.serving import TlsServer

ROLE = ("sakura-playground", "AdministratorAccess")

NewDesk = Callable[..., Desk]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    started = TlsServer(
        tmp_path_factory.mktemp("tls-cli") / "data",
        "--tls",
        environment={"GENKAN_LOG_LEVEL": "info"},
    )
    started.start()
    yield started
    started.stop()


@pytest.fixture
def desk(
    server: TlsServer, aws_cli: NewAwsCli, window: NewWindow, monkeypatch: pytest.MonkeyPatch
) -> NewDesk:
    """AWS CLI and a browser before the server; the CLI trusts the authority unless told not to."""
    # For what the desk itself asks of the server; AWS CLI has an environment of its own.
    monkeypatch.setenv("SSL_CERT_FILE", server.facts["ca_file"])

    def make(slot: Slot, *, trusts: bool = True) -> Desk:
        bundle = {"AWS_CA_BUNDLE": server.facts["ca_file"]} if trusts else {}
        cli = aws_cli(slot, server.facts["base_url"], environment=bundle)
        return Desk(server, cli, window(), "alex")

    return make


@pytest.mark.parametrize(
    ("slot", "start_url"),
    [("new", "aws_start_url"), ("new", "start_url"), ("old", "start_url")],
)
def test_the_cli_logs_in_and_acts_over_https(
    slot: Slot, start_url: str, desk: NewDesk, server: TlsServer
) -> None:
    here = desk(slot)
    here.configure(start_url=server.facts[start_url], play=ROLE)
    requests = Requests(server)
    here.log_in()
    identity = here.aws("sts", "get-caller-identity", "--profile", "play")
    assert identity["Account"] == server.account(ROLE[0])
    assert re.search(r"/AWSReservedSSO_AdministratorAccess_\w{16}/alex$", identity["Arn"])
    asked = requests.seen()
    assert "POST /token 200" in asked
    # Only the new release asks where a start URL leads, and only one that AWS does not own.
    resolves = slot == "new" and start_url == "start_url"
    assert ("HEAD /start 302" in asked) == resolves


def test_a_device_is_approved_over_https(desk: NewDesk, server: TlsServer) -> None:
    here = desk("new")
    here.configure(start_url=server.facts["start_url"], play=ROLE)
    with here.logging_in(*DEVICE) as login:
        here.sign_in(at=login.page())
        here.window.click(CONFIRM)
        assert here.answer_device(ALLOW) == "Access allowed"
        done = login.finish()
    assert done.exit_code == 0, done


def test_a_cli_that_does_not_trust_the_authority_does_not_log_in(
    desk: NewDesk, server: TlsServer
) -> None:
    here = desk("new", trusts=False)
    here.configure(start_url=server.facts["aws_start_url"])
    done = here.cli.run("sso", "login", "--sso-session", "sakura")
    assert done.exit_code != 0
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr or "SSL validation failed" in done.stderr
