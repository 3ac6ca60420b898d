"""Access keys from the portal: what is copied works as it is, wherever it is pasted."""

import configparser
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from playwright.sync_api import expect

from tests.clients.fixtures import NewAwsCli, NewWindow
from tests.journeys.visitor import Visitor
from tests.support.server import Server

SYSTEMS = {"posix": "macOS, Linux", "cmd": "Windows (cmd)", "powershell": "PowerShell"}
ALIAS, ROLE = "sakura-playground", "AdministratorAccess"
every_system = pytest.mark.parametrize("system", list(SYSTEMS))


@pytest.fixture(autouse=True)
def no_keys_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take every AWS variable and file away from boto3."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def visitor(window: NewWindow, server: Server) -> Visitor:
    """Alex, who has asked for keys of the playground."""
    alex = Visitor(window(), server, "alex")
    alex.enter()
    assert alex.ask_for_keys(ALIAS, ROLE).status == 200
    return alex


def assigned(system: str, text: str) -> dict[str, str]:
    """The variables that a shell sets when the text is pasted into it."""
    if system == "posix":
        done = subprocess.run(
            ["sh", "-c", f"{text}\nenv"], capture_output=True, text=True, check=True, env={}
        )
        set_there = dict(line.split("=", 1) for line in done.stdout.splitlines())
        return {name: value for name, value in set_there.items() if name.startswith("AWS_")}
    pattern = r"SET (\w+)=(\S+)" if system == "cmd" else r'\$Env:(\w+)="([^"$`]+)"'
    found = [re.fullmatch(pattern, line) for line in text.splitlines()]
    assert all(found), text
    return {match[1]: match[2] for match in found if match}


def caller_arn(session: boto3.Session, server: Server) -> str:
    """What GetCallerIdentity says to the session's credentials, wherever it finds its endpoint."""
    client = session.client("sts", region_name=server.facts["region"])
    assert client.meta.endpoint_url == server.url
    arn: str = client.get_caller_identity()["Arn"]
    return arn


def is_alex_in_the_playground(arn: str, server: Server) -> bool:
    account = server.account(ALIAS)
    pattern = rf"arn:aws:sts::{account}:assumed-role/AWSReservedSSO_{ROLE}_[0-9a-f]{{16}}/alex"
    return re.fullmatch(pattern, arn) is not None


def test_the_page_names_account_role_and_expiry(visitor: Visitor, server: Server) -> None:
    line = visitor.page.locator(".account-line")
    for text in ("Playground", "Sandbox", server.account(ALIAS), ALIAS, f"Role: {ROLE}"):
        expect(line).to_contain_text(text)
    expect(line).to_have_attribute("data-color", "green")
    until = visitor.page.locator(".expiry time").get_attribute("datetime") or ""
    left = datetime.fromisoformat(until) - datetime.now(UTC)
    assert timedelta(hours=3, minutes=58) < left <= timedelta(hours=4)
    expect(visitor.page.locator(".expiry")).to_contain_text("Valid until")


def test_secrets_are_veiled_until_asked_for(visitor: Visitor) -> None:
    secret = visitor.page.locator("#value-2")
    expect(secret).to_have_css("font-size", "0px")
    visitor.page.get_by_label("Show secret values").check()
    expect(secret).not_to_have_css("font-size", "0px")


@every_system
def test_copied_variables_work(
    system: str, visitor: Visitor, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.page.get_by_role("radio", name=SYSTEMS[system]).check()
    for name, value in assigned(system, visitor.copied(f"env-{system}")).items():
        monkeypatch.setenv(name, value)
    assert is_alex_in_the_playground(caller_arn(boto3.Session(), server), server)


@every_system
def test_copied_profile_works(
    system: str, visitor: Visitor, server: Server, tmp_path: Path
) -> None:
    visitor.page.get_by_role("radio", name=SYSTEMS[system]).check()
    (tmp_path / "credentials").write_text(visitor.copied(f"profile-{system}"))
    profile = f"{server.account(ALIAS)}_{ROLE}"
    session = boto3.Session(profile_name=profile)
    assert is_alex_in_the_playground(caller_arn(session, server), server)


def test_copied_single_values_work(visitor: Visitor, server: Server) -> None:
    keys = dict(
        zip(
            ("access_key_id", "secret_access_key", "session_token"),
            (visitor.copied(f"value-{number}") for number in (1, 2, 3)),
            strict=True,
        )
    )
    assert visitor.copied("value-endpoint") == server.url
    arn = server.client("sts", keys).get_caller_identity()["Arn"]
    assert is_alex_in_the_playground(arn, server)


def test_the_chosen_system_is_remembered(visitor: Visitor) -> None:
    visitor.page.get_by_role("radio", name="PowerShell").check()
    visitor.open("/start")
    visitor.ask_for_keys(ALIAS, ROLE)
    expect(visitor.page.locator("#os-powershell")).to_be_checked()
    expect(visitor.page.locator("#env-powershell")).to_be_visible()
    expect(visitor.page.locator("#env-posix")).to_be_hidden()


def test_following_a_link_issues_no_keys(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server, "alex")
    visitor.enter(f"/access-keys?account_id={server.account(ALIAS)}&role_name={ROLE}")
    assert "ASIA" not in visitor.page.content()
    visitor.press("main form[action='/access-keys'] button")
    assert visitor.page.inner_text("#env-posix").count("ASIA") == 1
    visitor.press("a[hreflang=ja]")  # A GET again, in the other language.
    assert "ASIA" not in visitor.page.content()
    assert visitor.heading == "アクセスキー"


def test_the_config_file_shown_logs_the_aws_cli_in(
    visitor: Visitor, server: Server, aws_cli: NewAwsCli
) -> None:
    cli = aws_cli("new", None)
    cli.configure(visitor.copied("sso"))
    command, *arguments = visitor.copied("login").split()
    assert command == "aws"
    parsed = configparser.RawConfigParser()
    parsed.read(cli.config)
    profile = f"{server.account(ALIAS)}_{ROLE}"
    assert parsed.has_section(f"profile {profile}")
    with cli.login(*arguments) as login:
        visitor.page.goto(login.page())
        with visitor.page.expect_navigation(url=re.compile("/oauth/callback")):
            visitor.page.click("#cli_login_button")
        assert login.finish().exit_code == 0
    done = cli.run(
        "sts", "get-caller-identity", "--query", "Arn", "--output", "text", "--profile", profile
    )
    assert is_alex_in_the_playground(done.stdout.strip(), server), done
