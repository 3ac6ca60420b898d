"""Health and readiness: what they say, to whom, and what asking costs."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from genkan import health
from genkan.core.clock import system_clock
from genkan.db.postgres import PostgresDatabase
from genkan.health import Health, Operations, database_checks
from tests.operations.exchange import Answer, Listening, a_server, ask
from tests.support.engines import migrate_postgres_at
from tests.support.postgresql import Cluster, own_server
from tests.support.server import ANSWER_SECONDS
from tests.support.store import Store, some_services


class Checked:
    """A check whose answer the test decides, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.passes = True
        self.error: Exception | None = None
        self.hold: asyncio.Event | None = None

    async def __call__(self) -> bool:
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        return self.passes


def unavailable(answer: Answer, name: str) -> bool:
    """Whether it says that this check failed, and nothing else."""
    body = json.loads(answer.body)
    return (answer.status, body) == (503, {"status": "unavailable", "failing": name})


async def test_health_is_answered_by_address_and_nothing_else_is() -> None:
    front = Listening()
    server = a_server(front, health=Health({}))
    for path in ("/healthz", "/readyz"):
        answer = await ask(server, path, host="192.0.2.1:8420")
        assert (answer.status, answer.body) == (200, b'{"status":"ok"}\n')
        assert answer.header("cache-control") == "no-store"
        assert answer.header("x-amzn-requestid")
    for path in ("/metrics", "/", "/healthz/", "/readyz/x"):
        assert (await ask(server, path, host="192.0.2.1:8420")).status == 421
    assert front.clients == []


async def test_head_has_no_body_and_other_methods_are_refused() -> None:
    server = a_server(health=Health({}))
    answer = await ask(server, "/readyz", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.header("content-length")) > 0
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        refused = await ask(server, "/healthz", method=method)
        assert (refused.status, refused.header("allow")) == (405, "GET, HEAD")


async def test_the_failing_check_is_named_and_nothing_of_its_error() -> None:
    good, bad = Checked(), Checked()
    bad.error = RuntimeError("postgresql://user:password@host")
    server = a_server(health=Health({"first": good, "second": bad}))
    answer = await ask(server, "/readyz")
    assert unavailable(answer, "second")
    assert (await ask(server, "/healthz")).status == 200


async def test_a_node_that_stops_is_not_ready_from_that_moment_on() -> None:
    check = Checked()
    node = Health({"database": check})
    server = a_server(health=node)
    assert (await ask(server, "/readyz")).status == 200
    node.begin_stopping()
    assert unavailable(await ask(server, "/readyz"), "stopping")
    assert (await ask(server, "/healthz")).status == 200


async def test_a_stop_during_a_probe_is_seen_by_who_waits_for_it() -> None:
    check = Checked()
    check.hold = asyncio.Event()
    node = Health({"database": check})
    waiting = asyncio.create_task(node.failing())
    await asyncio.sleep(0)
    node.begin_stopping()
    check.hold.set()
    assert await waiting == "stopping"


async def test_a_node_that_stops_asks_clients_to_come_back_elsewhere() -> None:
    node = Health({})
    server = a_server(health=node)
    for path, method in (("/", "POST"), ("/start", "GET")):
        assert (await ask(server, path, method=method)).header("connection") == ""
    node.begin_stopping()
    for path, method in (("/", "POST"), ("/start", "GET")):
        answer = await ask(server, path, method=method)
        assert (answer.status, answer.header("connection")) == (200, "close")
    assert (await ask(server, "/", host="evil.example")).header("connection") == "close"


async def test_the_end_of_the_application_is_a_stop() -> None:
    seen: list[bool] = []
    node = Health({})

    async def stopped() -> None:
        seen.append(node.stopping)

    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> dict[str, str]:
        return next(messages)

    async def send(message: object) -> None:
        pass

    await a_server(health=node, stopped=stopped)({"type": "lifespan"}, receive, send)
    assert seen == [True]


async def test_many_requests_are_one_probe() -> None:
    check = Checked()
    check.hold = asyncio.Event()
    node = Health({"database": check})
    waiting = [asyncio.create_task(node.failing()) for _ in range(100)]
    await asyncio.sleep(0)
    check.hold.set()
    assert set(await asyncio.gather(*waiting)) == {""}
    for _ in range(100):
        await node.failing()
    assert check.asked == 1


async def test_readiness_is_probed_again_when_its_second_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(health.time, "monotonic", lambda: now)
    check = Checked()
    node = Health({"database": check})
    assert await node.failing() == ""
    check.passes = False
    now += 0.99
    assert await node.failing() == ""
    now += 0.01
    assert await node.failing() == "database"
    check.passes = True
    now += 1
    assert await node.failing() == ""
    assert check.asked == 3


async def test_a_check_that_hangs_fails_and_is_not_asked_a_second_time_meanwhile() -> None:
    check = Checked()
    check.hold = asyncio.Event()
    node = Health({"database": check}, probe_seconds=0, deadline_seconds=0.01)
    for _ in range(5):
        assert await node.failing() == "database"
    assert check.asked == 1
    check.hold.set()
    await asyncio.sleep(0)
    check.hold = None
    assert await node.failing() == ""


async def test_a_client_that_hangs_up_does_not_end_the_probe_of_others() -> None:
    check = Checked()
    check.hold = asyncio.Event()
    node = Health({"database": check})
    first, second = (asyncio.create_task(node.failing()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    check.hold.set()
    assert await second == ""


# --- the database ---------------------------------------------------------------------------------


async def test_a_store_of_this_release_is_ready_and_any_other_is_not(store: Store) -> None:
    db = store.database()
    node = Health(database_checks(db), probe_seconds=0, deadline_seconds=ANSWER_SECONDS)
    assert await node.failing() == ""
    assert await node.failing() == ""
    store.raw.execute("INSERT INTO schema_migrations VALUES (9999, 'later', 'x', 0)")
    assert await node.failing() == "schema"
    store.raw.execute("DELETE FROM schema_migrations WHERE number = 9999")
    assert await node.failing() == ""
    (*_, last) = store.rows(
        "SELECT number, name, digest, applied_at FROM schema_migrations ORDER BY number"
    )
    store.raw.execute(f"DELETE FROM schema_migrations WHERE number = {last[0]}")
    try:
        assert await node.failing() == "schema"
    finally:
        with store.write() as tx:
            tx.run("INSERT INTO schema_migrations VALUES (?, ?, ?, ?)", *last)
        await db.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A server of the test's own, with an empty store."""
    with own_server() as made:
        migrate_postgres_at(made.dsn())
        yield made


async def test_a_node_without_its_database_is_alive_and_ready_again_with_it(
    cluster: Cluster,
) -> None:
    db = PostgresDatabase(
        cluster.dsn(), services=some_services(), clock=system_clock, patience_seconds=0.05
    )
    node = Health(database_checks(db), probe_seconds=0, deadline_seconds=ANSWER_SECONDS)
    server = a_server(health=node)
    assert (await ask(server, "/readyz")).status == 200
    await asyncio.to_thread(cluster.stop)
    assert unavailable(await ask(server, "/readyz"), "database")
    assert (await ask(server, "/healthz")).status == 200
    await asyncio.to_thread(cluster.start)
    assert (await ask(server, "/readyz")).status == 200
    await db.close()


async def test_a_database_that_does_not_answer_is_asked_once_whoever_waits(
    cluster: Cluster,
) -> None:
    db = PostgresDatabase(cluster.dsn(), services=some_services(), clock=system_clock)
    node = Health(database_checks(db), probe_seconds=0, deadline_seconds=3)
    async with asyncio.timeout(120):
        while await node.failing():  # noqa: ASYNC110 - the first connections take their time
            await asyncio.sleep(0.01)
    with psycopg.connect(cluster.dsn()) as other:
        other.execute("LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE")
        for _ in range(2):
            assert await node.failing() == "schema"
        assert db._points._waiting == 1
        other.rollback()
    async with asyncio.timeout(120):
        while await node.failing():  # noqa: ASYNC110 - the lock tells nobody
            await asyncio.sleep(0.01)
    await db.close()


# --- the operations port --------------------------------------------------------------------------


async def test_the_operations_port_has_health_readiness_and_metrics_and_nothing_else() -> None:
    async def metrics() -> tuple[str, bytes]:
        return "text/plain; version=0.0.4", b"genkan_up 1\n"

    node = Health({"database": Checked()})
    port = Operations(node, metrics)
    assert (await ask(port, "/healthz", host="anything")).status == 200
    assert (await ask(port, "/readyz", host="anything")).status == 200
    scrape = await ask(port, "/metrics", host="anything")
    assert (scrape.status, scrape.body) == (200, b"genkan_up 1\n")
    assert scrape.header("content-type") == "text/plain; version=0.0.4"
    assert (await ask(port, "/metrics", method="POST")).status == 405
    for path in ("/", "/start", "/metrics/"):
        assert (await ask(port, path)).status == 404
    assert (await ask(Operations(node), "/metrics")).status == 404
    node.begin_stopping()
    assert unavailable(await ask(port, "/readyz"), "stopping")
