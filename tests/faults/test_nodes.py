"""Two nodes and two workers on one PostgreSQL, before anything goes wrong: one installation."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.faults.scene import until
from tests.support.nodes import Nodes, new_database
from tests.support.person import Person, device_token, forms_of
from tests.support.postgresql import Cluster

SET_NAME = "Visitors"
ALIAS = "sakura-data-dev"


@pytest.fixture(scope="module")
def nodes(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Processes as a user starts them; the nodes themselves do no jobs."""
    folder = tmp_path_factory.mktemp("nodes")
    with new_database(cluster.dsn()) as database:
        made = Nodes(folder, database, nodes=2, workers=2, works=False).make()
        try:
            yield made.start()
        finally:
            made.stop()


@pytest.mark.parametrize(("here", "there"), [(0, 1), (1, 0)])
def test_who_signed_in_on_one_node_is_signed_in_on_the_other(
    nodes: Nodes, here: int, there: int
) -> None:
    person = Person(nodes, "ken")
    person.http = nodes.http(here)
    assert person.sign_in().is_success
    with nodes.http(there) as other:
        other.cookies = person.http.cookies
        page = other.get("/start")
        assert forms_at(page, "/signin") == []
        (form,) = forms_at(page, "/signout")
        assert not other.post("/signout", data=form["fields"]).is_error
    assert forms_at(person.http.get("/start"), "/signin") != []


def forms_at(page: httpx.Response, action: str) -> list[dict[str, Any]]:
    return [form for form in forms_of(page.text) if form["action"] == action]


def test_an_assignment_asked_for_on_one_node_is_a_role_on_the_other_until_it_is_removed(
    nodes: Nodes,
) -> None:
    admin = nodes.client("sso-admin", node=0)
    instance = {"InstanceArn": nodes.facts["instance_arn"]}
    made = admin.create_permission_set(**instance, Name=SET_NAME)
    assignment = {
        **instance,
        "TargetId": nodes.account(ALIAS),
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": made["PermissionSet"]["PermissionSetArn"],
        "PrincipalType": "USER",
        "PrincipalId": nodes.user("ken")["user_id"],
    }
    asked = admin.create_account_assignment(**assignment)["AccountAssignmentCreationStatus"]
    assert asked["Status"] == "IN_PROGRESS"
    elsewhere = nodes.client("sso-admin", node=1)

    def status() -> Any:
        return elsewhere.describe_account_assignment_creation_status(
            **instance, AccountAssignmentCreationRequestId=asked["RequestId"]
        )["AccountAssignmentCreationStatus"]["Status"]

    until(lambda: status() != "IN_PROGRESS")
    assert status() == "SUCCEEDED"
    token = device_token(nodes, "ken")["accessToken"]
    with nodes.http(1) as http:
        given = http.get(
            "/federation/credentials",
            params={"account_id": assignment["TargetId"], "role_name": SET_NAME},
            headers={"x-amz-sso_bearer_token": token},
        ).json()["roleCredentials"]
    keys = {
        "access_key_id": given["accessKeyId"],
        "secret_access_key": given["secretAccessKey"],
        "session_token": given["sessionToken"],
    }
    for node in (0, 1):
        caller = nodes.client("sts", keys, node=node).get_caller_identity()
        assert f"AWSReservedSSO_{SET_NAME}_" in caller["Arn"]
    elsewhere.delete_account_assignment(**assignment)
    for node in (0, 1):
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            nodes.client("sts", keys, node=node).get_caller_identity()


def test_a_token_given_by_one_node_is_refreshed_by_the_other(nodes: Nodes) -> None:
    token = device_token(nodes, "ken")
    with nodes.http(0) as one, nodes.http(1) as other:
        for node in (one, other, one):
            answer = node.post(
                "/token",
                json={
                    "clientId": token["clientId"],
                    "clientSecret": token["clientSecret"],
                    "grantType": "refresh_token",
                    "refreshToken": token["refreshToken"],
                },
            )
            assert answer.is_success
            token = {**token, **answer.json()}


def test_the_installation_goes_on_while_a_node_is_dead_and_one_worker(nodes: Nodes) -> None:
    nodes.kill(0)
    nodes.working[1].kill()
    for number in range(4):
        made = nodes.client("identitystore").create_user(
            IdentityStoreId=nodes.facts["identity_store_id"],
            UserName=f"while-dead-{number}",
            DisplayName="A",
            Name={"GivenName": "A", "FamilyName": "B"},
        )
        assert made["UserId"]
    nodes.restart(0)
    nodes.revive(nodes.working[1])
