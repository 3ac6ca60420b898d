"""What the portal's access-keys page says to paste works in AWS CLI v2 as it stands."""

from tests.journeys.conftest import NewDesk
from tests.journeys.desk import Desk, Requests
from tests.support.server import Server


def open_access_keys(here: Desk, alias: str, role_name: str) -> None:
    """Sign in to the portal and press a role's button for access keys."""
    here.sign_in()
    card = here.window.locator(f'.account[data-search*=" {alias} "]')
    card.locator(f'button[value="{role_name}"][formaction]').click()
    here.window.wait_for_selector("#env-posix")


def test_the_config_of_the_access_keys_page_logs_in_with_no_variable_set(
    desk: NewDesk, house: Server
) -> None:
    here = desk("new", "maria", environment={})
    open_access_keys(here, "sakura-playground", "ReadOnlyAccess")
    here.cli.configure(here.window.inner_text("#sso") + "\n")
    command = here.window.inner_text("#login").split()
    assert command[:3] == ["aws", "sso", "login"]
    here.log_in(*command[1:])
    profile = command[-1]
    identity = here.aws("sts", "get-caller-identity", "--profile", profile)
    assert identity["Account"] == house.account("sakura-playground")
    assert identity["Arn"].endswith("/maria")
    requests = Requests(house)
    assert here.cli.run("sso", "logout", "--profile", profile).exit_code == 0
    assert requests.seen() == ["POST /logout 200"]


def test_the_environment_variables_of_the_access_keys_page_are_the_role(
    desk: NewDesk, house: Server
) -> None:
    here = desk("old", "maria", environment={})
    open_access_keys(here, "sakura-playground", "ReadOnlyAccess")
    lines = here.window.locator("#env-posix").text_content() or ""
    exported = dict(
        line.removeprefix("export ").replace('"', "").split("=", 1)
        for line in lines.strip().splitlines()
    )
    here.cli.environment.update(exported, AWS_REGION=house.facts["region"])
    identity = here.aws("sts", "get-caller-identity")
    assert identity["Account"] == house.account("sakura-playground")
    assert "AWSReservedSSO_ReadOnlyAccess_" in identity["Arn"]
