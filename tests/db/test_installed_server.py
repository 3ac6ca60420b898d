"""The tests' own node on PostgreSQL: a reset is the seed exactly, whatever runs at that moment."""

import time
from contextlib import closing

import pytest
from botocore.exceptions import ClientError

from tests.perform.dump import Dump, changes, dump, statements
from tests.support.engines import POSTGRES
from tests.support.installation import PostgresServer
from tests.support.person import role_credentials
from tests.support.server import Server
from tests.support.wire_engines import Servers

BURST = 15
ROUNDS = 3
QUIET_SECONDS = 0.3


@pytest.fixture
def node(servers: Servers) -> PostgresServer:
    server = servers(POSTGRES)
    assert isinstance(server, PostgresServer)
    server.reset()
    return server


def seed_of(server: Server) -> Dump:
    with closing(server.place.direct()) as database:
        ask = statements(database.tables(), "seed.")
        rows = database.read(
            lambda rows: {name: frozenset(rows.all(sql, ())) for name, sql in ask.items()}
        )
    return rows | {"jobs": frozenset()}


def assign_often(server: Server) -> None:
    """Ask for assignments and wait for none of them."""
    admin = server.client("sso-admin")
    instance = {"InstanceArn": server.facts["instance_arn"]}
    sets = admin.list_permission_sets(**instance)["PermissionSets"]
    for number in range(BURST):
        account = server.facts["accounts"][number % len(server.facts["accounts"])]
        try:
            admin.create_account_assignment(
                **instance,
                TargetId=account["id"],
                TargetType="AWS_ACCOUNT",
                PermissionSetArn=sets[number % len(sets)],
                PrincipalType="USER",
                PrincipalId=server.user("maria")["user_id"],
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConflictException":
                raise


def test_a_reset_amid_a_burst_of_assignments_leaves_no_trace_of_them(node: PostgresServer) -> None:
    seed, waiting = seed_of(node), 0
    for _ in range(ROUNDS):
        assign_often(node)
        waiting += len(dump(node.place)["jobs"])
        node.reset()
        assert changes(seed, dump(node.place)) == {}
        time.sleep(QUIET_SECONDS)  # whatever still ran would write now
        assert changes(seed, dump(node.place)) == {}
    assert waiting, "no job ran at any of these resets"
    assert "Traceback" not in node.log()


def test_after_a_reset_the_node_has_forgotten_what_was_and_knows_what_is(
    node: PostgresServer,
) -> None:
    credentials = role_credentials(node, "hanako", "sakura-web-prod", "ReadOnlyAccess")
    assert node.client("sts", credentials).get_caller_identity()["Arn"].endswith("/hanako")
    node.reset()
    with pytest.raises(ClientError):
        node.client("sts", credentials).get_caller_identity()
    assert role_credentials(node, "hanako", "sakura-web-prod", "ReadOnlyAccess")
