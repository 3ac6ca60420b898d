"""AWS CLI v2 runs in a home of its own, and what it wants of its person is seen and answered."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from scripts.install_aws_cli import Slot, has_start_url_rule
from tests.clients.fixtures import NewAwsCli
from tests.clients.stub_identity_center import stub_identity_center

ALIAS = "https://d-0123456789.awsapps.com/start"
BOTH = pytest.mark.parametrize("slot", ["new", "old"])


def session(start_url: str) -> str:
    return (
        "[sso-session corp]\n"
        f"sso_start_url = {start_url}\n"
        "sso_region = eu-west-1\n"
        "sso_registration_scopes = sso:account:access\n"
    )


def come_back(page: str) -> None:
    """What a browser does at the end of an authorization: go to the CLI's loopback address."""
    query = parse_qs(urlsplit(page).query)
    callback = urlencode({"code": "code", "state": query["state"][0]})
    with urllib.request.urlopen(f"{query['redirect_uri'][0]}?{callback}") as answer:
        assert answer.status == 200


@pytest.fixture
def endpoint() -> Iterator[str]:
    with stub_identity_center() as address:
        yield address


@BOTH
def test_the_release_of_a_slot_is_on_its_side_of_the_start_url_rule(
    slot: Slot, aws_cli: NewAwsCli
) -> None:
    done = aws_cli(slot, None).run("--version")
    assert done.exit_code == 0
    version = done.stdout.removeprefix("aws-cli/").split()[0]
    assert has_start_url_rule(version) == (slot == "new")


def test_the_new_release_refuses_a_start_url_without_https(
    aws_cli: NewAwsCli, endpoint: str
) -> None:
    cli = aws_cli("new", endpoint)
    cli.configure(session(f"{endpoint}/start"))
    done = cli.run("sso", "login", "--sso-session", "corp")
    assert done.exit_code != 0
    assert "must use the https scheme" in done.stderr


def test_the_old_release_accepts_a_start_url_without_https(
    aws_cli: NewAwsCli, endpoint: str
) -> None:
    cli = aws_cli("old", endpoint)
    cli.configure(session(f"{endpoint}/start"))
    with cli.login("sso", "login", "--sso-session", "corp") as login:
        assert login.page().startswith(f"{endpoint}/authorize?")


@BOTH
def test_a_login_opens_its_page_and_ends_when_the_browser_comes_back(
    slot: Slot, aws_cli: NewAwsCli, endpoint: str
) -> None:
    cli = aws_cli(slot, endpoint)
    cli.configure(session(ALIAS))
    with cli.login("sso", "login", "--sso-session", "corp") as login:
        page = login.page()
        assert page.startswith(f"{endpoint}/authorize?")
        come_back(page)
        done = login.finish()
    assert done.exit_code == 0, done
    assert "Successfully logged into Start URL" in done.stdout
    tokens = [json.loads(path.read_text()) for path in cli.cached()]
    assert [token["accessToken"] for token in tokens if "accessToken" in token] == ["token"]


def test_a_login_that_fails_before_its_page_says_why(aws_cli: NewAwsCli) -> None:
    cli = aws_cli("new", "http://127.0.0.1:1")
    cli.configure(session(ALIAS))
    with (
        cli.login("sso", "login", "--sso-session", "corp") as login,
        pytest.raises(AssertionError, match="Could not connect"),
    ):
        login.page()


def test_two_homes_share_nothing(aws_cli: NewAwsCli) -> None:
    first, second = aws_cli("new", None), aws_cli("new", None)
    first.configure("[default]\nregion = eu-west-1\n")
    assert first.run("configure", "get", "region").stdout.strip() == "eu-west-1"
    assert second.run("configure", "get", "region").stdout.strip() == ""


@BOTH
def test_configure_sso_is_answered_on_a_terminal(
    slot: Slot, aws_cli: NewAwsCli, endpoint: str
) -> None:
    cli = aws_cli(slot, endpoint)
    with cli.terminal("configure", "sso") as terminal:
        terminal.answer("SSO session name (Recommended):", "corp")
        terminal.answer("SSO start URL", ALIAS)
        terminal.answer("SSO region", "eu-west-1")
        terminal.answer("SSO registration scopes", "")
        come_back(cli.opened_page())
        terminal.answer("efault client Region", "eu-west-1")
        terminal.answer("CLI default output format", "")
        terminal.answer("rofile name", "work")
        assert terminal.finish() == 0, terminal.shown
    written = cli.config.read_text()
    assert "[profile work]" in written
    assert "sso_account_id = 111122223333" in written
    assert "sso_role_name = ReadOnly" in written


def test_a_command_that_is_missing_says_how_to_get_it(
    aws_cli: NewAwsCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="make test"):
        aws_cli("new", None)
