"""AWS's rates against real clients: who comes too fast is told so, backs off, and gets through.

The time of the server's rates is in the test's hand, so a burst is beyond its rate on any machine.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.clients.fixtures import NewAwsCli
from tests.fronts.aws import trail
from tests.fronts.aws.conftest import StartProgram
from tests.fronts.aws.held_rates import Time
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.world import Clients, World, read_world, until
from tests.support.person import access_token, register_client
from tests.support.server import Server

THROTTLED = "ThrottlingException"


@pytest.fixture(scope="module")
def throttling(
    start_program: StartProgram, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Server, Time]:
    """A server with AWS's rates."""
    rates = Time(tmp_path_factory.mktemp("rates"))
    environment = {"GENKAN_THROTTLING": "aws", "GENKAN_LOG_LEVEL": "info"}
    return start_program("held_rates", {**rates.environment, **environment}), rates


@pytest.fixture
def rates(throttling: tuple[Server, Time]) -> Time:
    """Held, with nothing spent."""
    throttling[1].hold()
    throttling[1].add(60)
    return throttling[1]


@pytest.fixture
def world(throttling: tuple[Server, Time], rates: Time) -> World:
    """A clean organization."""
    throttling[0].reset()
    world = read_world(throttling[0])
    rates.add(60)
    return world


def client(world: World, service: str, mode: str, seen: Callable[[], None]) -> Any:
    """A client as programs make it; `seen` is called when it has been refused."""
    keys = world.server.facts["administrator"]
    made = boto3.client(
        service,
        endpoint_url=world.server.url,
        region_name=world.server.facts["region"],
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
        config=Config(retries={"mode": mode, "total_max_attempts": 12}),
    )

    def look(response: Any, **_: Any) -> None:
        if response is not None and response[1].get("Error", {}).get("Code") == THROTTLED:
            seen()

    made.meta.events.register_first(f"needs-retry.{service}", look)
    return made


@pytest.mark.parametrize("mode", ["standard", "adaptive"])
def test_a_client_that_backs_off_gets_everything_done_once(
    world: World, rates: Time, mode: str
) -> None:
    """Time passes from its first refusal on: what it is refused, it has to ask for again."""
    sso = client(world, "sso-admin", mode, rates.release)
    names = [f"Burst{number:02}" for number in range(30)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(
            threads.map(
                lambda name: sso.create_permission_set(InstanceArn=world.instance, Name=name), names
            )
        )
    assert [answer["PermissionSet"]["Name"] for answer in answers] == names
    assert sum(answer["ResponseMetadata"]["RetryAttempts"] for answer in answers) > 0
    pages = sso.get_paginator("list_permission_sets").paginate(InstanceArn=world.instance)
    arns = [arn for page in pages for arn in page["PermissionSets"]]
    made = {answer["PermissionSet"]["PermissionSetArn"] for answer in answers}
    assert len(made) == 30
    assert len(arns) == len(set(arns)) == 30 + len(world.sets)
    assert made < set(arns)


def test_a_client_that_does_not_is_refused(world: World) -> None:
    sso, identitystore = world.admin.sso_admin, world.admin.identitystore
    for _ in range(20):
        sso.list_permission_sets(InstanceArn=world.instance)
        identitystore.list_users(IdentityStoreId=world.store)
    refused(
        sso.list_permission_sets,
        THROTTLED,
        "Rate exceeded",
        members={},
        InstanceArn=world.instance,
    )
    refused(
        identitystore.list_users,
        THROTTLED,
        "Rate exceeded",
        members={"RetryAfterSeconds": 1},
        IdentityStoreId=world.store,
    )
    identitystore.list_groups(IdentityStoreId=world.store)
    assert isinstance(world.admin.sts.get_caller_identity()["Account"], str)


def test_a_store_has_one_rate_by_whichever_name_it_is_called(world: World) -> None:
    identitystore = world.admin.identitystore
    arn = f"arn:aws:identitystore::{world.management}:identitystore/{world.store}"
    for name in (world.store, arn) * 10:
        identitystore.list_users(IdentityStoreId=name)
    for name in (world.store, arn):
        refused(identitystore.list_users, THROTTLED, "Rate exceeded", IdentityStoreId=name)


def test_another_account_is_not_slowed(world: World) -> None:
    member = Clients(world.server, world.member_administrator())
    for _ in range(20):
        member.sso_admin.list_instances()
    refused(member.sso_admin.list_instances, THROTTLED, "Rate exceeded", members={})
    for _ in range(20):
        world.admin.sso_admin.list_instances()
    refused(world.admin.sso_admin.list_instances, THROTTLED, "Rate exceeded", members={})


def test_a_refusal_is_in_the_trail_as_aws_has_it(world: World) -> None:
    for _ in range(20):
        world.admin.sso_admin.list_instances()
    with pytest.raises(world.admin.sso_admin.exceptions.ThrottlingException) as caught:
        world.admin.sso_admin.create_permission_set(InstanceArn=world.instance, Name="TooFast")
    request_id = caught.value.response["ResponseMetadata"]["RequestId"]
    (record,) = trail.of_request(world, request_id, "CreatePermissionSet")
    assert (record["errorCode"], record["errorMessage"]) == (THROTTLED, "Rate exceeded")
    assert record["userIdentity"]["arn"] == world.admin.sts.get_caller_identity()["Arn"]


def test_a_login_is_slowed_in_the_words_of_oauth(world: World) -> None:
    oidc = world.admin.sso_oidc
    for _ in range(20):
        oidc.register_client(clientName="tests", clientType="public")
    refused(
        oidc.register_client,
        "SlowDownException",
        members={"error": "slow_down", "error_description": "Rate exceeded"},
        clientName="tests",
        clientType="public",
    )


def test_a_login_at_an_ordinary_pace_is_not_slowed(world: World, rates: Time) -> None:
    rates.release()
    register_client(world.server)
    token = access_token(world.server, "alex")
    accounts = world.admin.sso.list_accounts(accessToken=token)["accountList"]
    assert accounts


def test_the_aws_cli_backs_off_as_long_as_it_may(
    world: World, rates: Time, aws_cli: NewAwsCli
) -> None:
    keys = world.server.facts["administrator"]
    cli = aws_cli(
        "new",
        world.server.facts["base_url"],
        environment={
            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
            "AWS_DEFAULT_REGION": world.server.facts["region"],
        },
    )
    for _ in range(20):
        world.admin.sso_admin.list_instances()
    ask = ("sso-admin", "list-permission-sets", "--instance-arn", world.instance)
    before = _refusals(world.server)
    done = cli.run(*ask, environment={"AWS_MAX_ATTEMPTS": "1"})
    assert done.exit_code == 254
    assert "(ThrottlingException)" in done.stderr
    assert "Rate exceeded" in done.stderr
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(cli.run, *ask, environment={"AWS_MAX_ATTEMPTS": "12"})
        # One is of the run before, whenever its line comes.
        until(lambda: _refusals(world.server), lambda found: found > before + 1)
        rates.release()
        done = asked.result()
    assert (done.exit_code, done.stderr) == (0, "")
    assert "permissionSet/" in done.stdout


def _refusals(server: Server) -> int:
    """Requests that the server has answered 400 so far."""
    return server.log().count("POST / 400")


def test_nobody_is_refused_where_nobody_asked_for_it(server: Server) -> None:
    world = read_world(server)
    for _ in range(60):
        world.admin.sso_admin.list_instances()
        world.admin.identitystore.list_users(IdentityStoreId=world.store)
        world.admin.cloudtrail.lookup_events(MaxResults=1)
