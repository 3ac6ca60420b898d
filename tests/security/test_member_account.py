"""Administer the instance from a member account.

The attacker is the administrator of a member account, with every permission that IAM there can
give. Every operation is tried as such in `tests/fronts/aws/test_access`; here is what he would
really try, to the end.
"""

import json

import pytest
from botocore.exceptions import ClientError

from tests.fronts.aws.world import Clients, World, assumed, read_world
from tests.security.attacker import (
    Ledger,
    assume,
    code_of,
    person,
    role_pair,
    saml_response,
)
from tests.support.person import role_credentials
from tests.support.server import Server

MINE = "sakura-playground"


@pytest.fixture
def world(server: Server) -> World:
    return read_world(server)


@pytest.fixture
def mine(world: World) -> Clients:
    """alex has AdministratorAccess in the playground, through Identity Center."""
    return Clients(
        world.server, role_credentials(world.server, "alex", MINE, "AdministratorAccess")
    )


def denied(client: object, operation: str, **parameters: object) -> str:
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_his_administrator_gives_himself_nothing_elsewhere(world: World, mine: Clients) -> None:
    ledger = Ledger(world.server)
    assignment = {
        "InstanceArn": world.instance,
        "TargetId": world.management,
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": world.sets["AdministratorAccess"],
        "PrincipalType": "USER",
        "PrincipalId": world.users["alex"],
    }
    own = {**assignment, "TargetId": world.account(MINE)}
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    wider = {
        "InstanceArn": world.instance,
        "PermissionSetArn": world.sets["DeveloperAccess"],
        "InlinePolicy": policy,
    }
    membership = {
        "IdentityStoreId": world.store,
        "GroupId": world.groups["Administrators"],
        "MemberId": {"UserId": world.users["alex"]},
    }
    for client, operation, parameters in (
        (mine.sso_admin, "create_account_assignment", assignment),
        (mine.sso_admin, "create_account_assignment", own),
        (mine.sso_admin, "delete_account_assignment", own),
        (mine.sso_admin, "put_inline_policy_to_permission_set", wider),
        (mine.sso_admin, "create_permission_set", {"InstanceArn": world.instance, "Name": "Evil"}),
        (mine.identitystore, "create_group_membership", membership),
        (
            mine.identitystore,
            "delete_user",
            {
                "IdentityStoreId": world.store,
                "UserId": world.users["hanako"],
            },
        ),
        (mine.organizations, "list_accounts", {}),
    ):
        assert denied(client, operation, **parameters) == "AccessDeniedException"
    assert ledger.changes_unaudited() == {}


def test_another_spelling_of_the_instance_is_not_another_owner(world: World, mine: Clients) -> None:
    """The instance's ARN names no account: a caller cannot put his own into it."""
    ledger = Ledger(world.server)
    account = world.account(MINE)
    name = world.instance.rpartition("/")[2]
    for arn in (
        f"arn:aws:sso::{account}:instance/{name}",
        world.instance.upper(),
        f"{world.instance} ",
        f"arn:aws:sso:::instance/{name[:-1]}",
    ):
        refused = denied(mine.sso_admin, "create_permission_set", InstanceArn=arn, Name="Evil")
        assert refused in (
            "ValidationException",
            "AccessDeniedException",
            "ResourceNotFoundException",
        ), arn
    for store in (
        f"arn:aws:identitystore::{account}:identitystore/{world.store}",
        world.store.upper(),
        f"{world.store}/x",
    ):
        refused = denied(mine.identitystore, "create_group", IdentityStoreId=store, DisplayName="E")
        assert refused in (
            "ValidationException",
            "AccessDeniedException",
            "ResourceNotFoundException",
        ), store
    assert ledger.changes_unaudited() == {}


def test_roles_of_other_accounts_do_not_trust_him(world: World, mine: Clients) -> None:
    reserved = [
        role["Arn"]
        for role in mine.iam.list_roles(PathPrefix="/aws-reserved/sso.amazonaws.com/")["Roles"]
    ]
    assert len(reserved) > 1
    others = [
        f"arn:aws:iam::{account['id']}:role/OrganizationAccountAccessRole"
        for account in world.server.facts["accounts"]
    ]
    ledger = Ledger(world.server)
    for role in (*reserved, *others):
        refused = denied(mine.sts, "assume_role", RoleArn=role, RoleSessionName="evil")
        assert refused == "AccessDenied", role
    assert ledger.changes_unaudited() == {}


def test_what_stands_in_other_accounts_is_not_shown_to_him(world: World, mine: Clients) -> None:
    theirs = Clients(world.server, world.member_administrator("sakura-security"))
    provider = theirs.iam.list_saml_providers()["SAMLProviderList"][0]["Arn"]
    role = next(
        role["RoleName"]
        for role in theirs.iam.list_roles()["Roles"]
        if role["RoleName"].startswith("AWSReservedSSO_ReadOnlyAccess")
    )
    assert denied(mine.iam, "get_saml_provider", SAMLProviderArn=provider) == "NoSuchEntity"
    assert denied(mine.iam, "get_role", RoleName=role) == "NoSuchEntity"
    named = [{"AttributeKey": "EventName", "AttributeValue": "CreatePermissionSet"}]
    assert world.admin.cloudtrail.lookup_events(LookupAttributes=named)["Events"]
    assert mine.cloudtrail.lookup_events(LookupAttributes=named)["Events"] == []


def test_a_session_made_narrow_cannot_be_made_wide_again(world: World) -> None:
    """A session policy stays with every session that is assumed from it."""
    narrow = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}],
        }
    )
    admin = role_credentials(world.server, "hanako", "sakura-management", "AdministratorAccess")
    role = f"arn:aws:iam::{world.account(MINE)}:role/OrganizationAccountAccessRole"
    given = assumed(
        Clients(world.server, admin).sts.assume_role(
            RoleArn=role, RoleSessionName="narrow", Policy=narrow
        )
    )
    clients = Clients(world.server, given)
    assert denied(clients.iam, "list_roles") == "AccessDenied"
    assert (
        denied(clients.sts, "assume_role", RoleArn=role, RoleSessionName="wide") == "AccessDenied"
    )


def test_the_read_only_role_of_the_management_account_changes_nothing(world: World) -> None:
    keys = role_credentials(world.server, "maria", "sakura-management", "ReadOnlyAccess")
    reader = Clients(world.server, keys)
    assert reader.sso_admin.list_permission_sets(InstanceArn=world.instance)["PermissionSets"]
    ledger = Ledger(world.server)
    refused = denied(
        reader.sso_admin, "create_permission_set", InstanceArn=world.instance, Name="Evil"
    )
    assert refused == "AccessDeniedException"
    assert ledger.changes_unaudited() == {}


def test_a_members_root_of_trust_opens_no_other_account(world: World) -> None:
    """alex's true assertion for his own account, offered to every other account's roles."""
    response = saml_response(person(world.server, "alex"), MINE, "AdministratorAccess")
    role, provider = role_pair(response)
    own = world.account(MINE)
    ledger = Ledger(world.server)
    for account in world.server.facts["accounts"]:
        if account["id"] == own:
            continue
        pair = (role.replace(own, account["id"]), provider.replace(own, account["id"]))
        for tried in (pair, (pair[0], provider), (role, pair[1])):
            refused = code_of(assume(world.server, response, tried))
            assert refused in ("AccessDenied", "InvalidIdentityToken")
    assert ledger.changes_unaudited() == {}
