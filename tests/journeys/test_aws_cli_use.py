"""What AWS CLI v2 may do once a person has logged in: what is assigned, and nothing else."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from scripts.install_aws_cli import Slot
from tests.clients.aws_cli import AwsCli
from tests.journeys.desk import Desk
from tests.support.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def desks(
    logging_server: Server, browser: "Browser", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Slot], Desk]]:
    """Desks at which hanako, who has two roles in each account, is logged in: one per release."""
    from tests.clients.browser import open_window

    logging_server.reset()
    with contextlib.ExitStack() as windows:

        @functools.cache
        def logged_in(slot: Slot) -> Desk:
            cli = AwsCli(slot, tmp_path_factory.mktemp("home"), logging_server.url)
            window = windows.enter_context(open_window(browser))
            desk = Desk(logging_server, cli, window, "hanako")
            desk.configure(
                reader=("sakura-management", "ReadOnlyAccess"),
                administrator=("sakura-management", "AdministratorAccess"),
                member=("sakura-playground", "AdministratorAccess"),
            )
            desk.log_in()
            return desk

        yield logged_in


@pytest.fixture(params=["new", "old"])
def here(request: pytest.FixtureRequest, desks: Callable[[Slot], Desk]) -> Desk:
    """The desk with one of the releases."""
    slot: Slot = request.param
    return desks(slot)


def create_permission_set(here: Desk, profile: str, name: str) -> tuple[str, ...]:
    return (
        *("sso-admin", "create-permission-set", "--profile", profile, "--name", name),
        *("--instance-arn", here.server.facts["instance_arn"]),
    )


def portal(here: Desk, command: str, *arguments: str, token: str | None = None) -> tuple[str, ...]:
    """`aws sso <command>` with the person's access token, which no profile is needed for."""
    region = here.server.facts["region"]
    token = token or here.token["accessToken"]
    return "sso", command, "--region", region, "--access-token", token, *arguments


# ── roles of profiles ─────────────────────────────────────────────────────────────────────────────


def test_the_callers_identity_is_the_assigned_role_under_the_persons_name(here: Desk) -> None:
    identity = here.aws("sts", "get-caller-identity", "--profile", "reader")
    account = here.server.facts["management_account_id"]
    assert identity["Account"] == account
    role = identity["Arn"].removeprefix(f"arn:aws:sts::{account}:assumed-role/")
    assert role.startswith("AWSReservedSSO_ReadOnlyAccess_")
    assert role.endswith("/hanako")
    assert identity["UserId"].startswith("AROA")
    assert identity["UserId"].endswith(":hanako")


def test_the_read_only_role_lists_instances(here: Desk) -> None:
    listed = here.aws("sso-admin", "list-instances", "--profile", "reader")
    (instance,) = listed["Instances"]
    assert instance["InstanceArn"] == here.server.facts["instance_arn"]
    assert instance["IdentityStoreId"] == here.server.facts["identity_store_id"]


def test_the_read_only_role_creates_no_permission_set_and_the_administrators_role_does(
    here: Desk,
) -> None:
    said = here.refused(*create_permission_set(here, "reader", "Denied"))
    assert "(AccessDeniedException) when calling the CreatePermissionSet operation" in said
    assert "hanako is not authorized to perform: sso:CreatePermissionSet on resource" in said
    allowed = f"Allowed-{here.cli.home.name}"
    made = here.aws(*create_permission_set(here, "administrator", allowed))
    assert made["PermissionSet"]["Name"] == allowed
    names = permission_set_names(here.server)
    assert allowed in names
    assert "Denied" not in names


def permission_set_names(server: Server) -> set[str]:
    client = server.client("sso-admin")
    instance = {"InstanceArn": server.facts["instance_arn"]}
    return {
        client.describe_permission_set(**instance, PermissionSetArn=arn)["PermissionSet"]["Name"]
        for arn in client.list_permission_sets(**instance)["PermissionSets"]
    }


def test_the_administrators_role_of_a_member_account_does_not_administer_the_instance(
    here: Desk,
) -> None:
    said = here.refused(*create_permission_set(here, "member", "Taken"))
    assert "(AccessDeniedException)" in said
    assert "Taken" not in permission_set_names(here.server)


# ── the portal's own calls ────────────────────────────────────────────────────────────────────────


def test_every_account_with_an_assignment_is_listed_page_by_page(here: Desk) -> None:
    listed = here.aws(*portal(here, "list-accounts", "--page-size", "3"))
    expected = {(account["id"], account["name"]) for account in here.server.facts["accounts"]}
    assert {(a["accountId"], a["accountName"]) for a in listed["accountList"]} == expected
    assert len(listed["accountList"]) == len(expected)


def test_the_roles_of_an_account_are_the_assigned_permission_sets(here: Desk) -> None:
    account = here.server.account("sakura-web-prod")
    listed = here.aws(*portal(here, "list-account-roles", "--account-id", account))
    assert listed["roleList"] == [
        {"roleName": "AdministratorAccess", "accountId": account},
        {"roleName": "ReadOnlyAccess", "accountId": account},
    ]


def test_credentials_of_an_assigned_role_work_by_themselves(here: Desk) -> None:
    account = here.server.account("sakura-web-prod")
    role = ("--account-id", account, "--role-name", "ReadOnlyAccess")
    given = here.aws(*portal(here, "get-role-credentials", *role))["roleCredentials"]
    assert given["accessKeyId"].startswith("ASIA")
    keys = {
        "access_key_id": given["accessKeyId"],
        "secret_access_key": given["secretAccessKey"],
        "session_token": given["sessionToken"],
    }
    identity = here.server.client("sts", keys).get_caller_identity()
    assert identity["Account"] == account
    assert "AWSReservedSSO_ReadOnlyAccess_" in identity["Arn"]


def test_a_role_that_is_not_assigned_is_no_access(here: Desk) -> None:
    role = ("--account-id", here.server.account("sakura-data-prod"), "--role-name", "DataAnalyst")
    assert here.refused(*portal(here, "get-role-credentials", *role)).endswith(
        "An error occurred (ForbiddenException) when calling the GetRoleCredentials operation:"
        " No access"
    )


def test_a_forged_access_token_is_unauthorized(here: Desk) -> None:
    forged = here.token["accessToken"][:-4] + "AAAA"
    assert here.refused(*portal(here, "list-accounts", token=forged)).endswith(
        "An error occurred (UnauthorizedException) when calling the ListAccounts operation:"
        " Session token not found or invalid"
    )
