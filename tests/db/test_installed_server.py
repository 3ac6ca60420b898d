"""The tests' own node on PostgreSQL: a reset is the seed exactly, whatever runs at that moment."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.fronts.aws.adjustable import Knobs, held
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


@pytest.fixture
def holdable(tmp_path: Path) -> Iterator[tuple[Server, Knobs]]:
    """A node whose worker can be made to wait."""
    for server, knobs in held(PostgresServer, tmp_path):
        server.reset()
        yield server, knobs


def seed_of(server: Server) -> Dump:
    with closing(server.place.direct()) as database:
        ask = statements(database.tables(), "seed.")
        rows = database.read(
            lambda rows: {name: frozenset(rows.all(sql, ())) for name, sql in ask.items()}
        )
    return rows | {"jobs": frozenset()}


def stays(server: Server, seed: Dump) -> bool:
    """Nothing but the seed is in the store, also a moment later."""
    assert changes(seed, dump(server.place)) == {}
    time.sleep(QUIET_SECONDS)  # whatever still ran would write now
    assert changes(seed, dump(server.place)) == {}
    return True


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
    seed = seed_of(node)
    for _ in range(ROUNDS):
        assign_often(node)
        node.reset()
        assert stays(node, seed)
    assert "Traceback" not in node.log()


def test_jobs_that_wait_at_a_reset_leave_no_trace(holdable: tuple[Server, Knobs]) -> None:
    node, knobs = holdable
    seed = seed_of(node)
    for _ in range(ROUNDS):
        knobs.hold()
        assign_often(node)
        assert dump(node.place)["jobs"]
        node.reset()
        knobs.release()
        assert stays(node, seed)
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
