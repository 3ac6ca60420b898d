"""Workers of several nodes on one PostgreSQL: beside each other, after each other, without it."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from genkan import worker
from genkan.core.app import App
from genkan.core.errors import Conflict
from genkan.db.jobs import Job
from tests.support.engines import migrate_postgres_at, new_postgres_database
from tests.support.postgresql import Cluster, own_server
from tests.worker.nodes import NOTES, Node
from tests.worker.workshop import PATIENCE_SECONDS, note

MakeNode = Callable[..., Node]


@pytest.fixture
def dsn() -> str:
    """A database with the table of the jobs' notes."""
    made = new_postgres_database()
    with psycopg.connect(made, autocommit=True) as raw:
        raw.execute(NOTES)
    return made


@pytest.fixture
async def make_node(dsn: str) -> AsyncIterator[MakeNode]:
    """Nodes on that database, closed at the end."""
    async with contextlib.AsyncExitStack() as closing:

        def make(handler: Callable[[App, Job], Awaitable[None]] = note, **options: Any) -> Node:
            node = Node(dsn, handler, **options)
            closing.push_async_callback(node.close)
            return node

        yield make


async def until(what: Callable[[], Awaitable[Any]]) -> None:
    """Return once it is true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await what():  # noqa: ASYNC110 - the table tells nobody
            await asyncio.sleep(0.01)


async def empty(node: Node) -> bool:
    """Whether no job is left."""
    return await node.rows("id") == []


def notes(dsn: str) -> Counter[str]:
    """What the jobs wrote."""
    with psycopg.connect(dsn) as raw:
        return Counter(body for (body,) in raw.execute("SELECT body FROM notes"))


async def test_four_workers_do_every_job_once_and_each_does_some(
    dsn: str, make_node: MakeNode
) -> None:
    running: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    done_by: Counter[int] = Counter()
    both: list[str] = []
    begun: set[int] = set()
    all_at_work = asyncio.Event()

    def handler_of(number: int) -> Callable[[App, Job], Awaitable[None]]:
        async def handle(app: App, job: Job) -> None:
            body = job.payload["body"]
            key = body.partition("/")[0]
            running[body] += 1
            keys[key] += 1
            if running[body] > 1 or keys[key] > 1:
                both.append(body)
            begun.add(number)
            if len(begun) == 4:
                all_at_work.set()
            await all_at_work.wait()  # there are more keys than three of them can hold
            await note(app, job)
            running[body] -= 1
            keys[key] -= 1
            done_by[number] += 1

        return handle

    nodes = [make_node(handler_of(number)) for number in range(4)]
    names = [f"key{number % 40}/{number}" for number in range(160)]
    for key in range(40):
        await nodes[0].enqueue(*names[key::40], key=f"key{key}")
    await asyncio.gather(*(node.worker.start() for node in nodes))
    await until(lambda: empty(nodes[0]))
    assert both == []
    assert notes(dsn) == Counter(names)
    assert sum(done_by.values()) == len(names)
    assert len(done_by) == 4


async def test_a_job_enqueued_by_another_node_is_found(dsn: str, make_node: MakeNode) -> None:
    working, other = make_node(), make_node()
    await working.worker.start()
    for name in ("one", "two"):
        await other.enqueue(name)
        await until(lambda: empty(other))
    assert notes(dsn) == Counter(["one", "two"])


async def test_an_idle_worker_writes_nothing(make_node: MakeNode) -> None:
    held, idle = make_node(_never), make_node(poll_seconds=0.001)
    await held.enqueue("running", key="busy")
    await held.worker.start()

    async def runs() -> bool:
        return held.worker.running == 1

    await until(runs)
    await held.enqueue("waits behind it", key="busy")
    await idle.worker.start()
    idle.db.wrote.clear()
    looks = 0
    real = idle.db.point

    def counted(*arguments: Any) -> Awaitable[Any]:
        nonlocal looks
        looks += 1
        return real(*arguments)

    idle.db.point = counted  # type: ignore[method-assign]

    async def looked_often() -> bool:
        return looks >= 10

    await until(looked_often)
    assert not idle.db.wrote
    held.worker.drop()


async def test_a_worker_beside_others_leaves_their_leases_alone(make_node: MakeNode) -> None:
    first, second = make_node(_never, concurrency=1), make_node()
    await first.enqueue("one")
    await first.worker.start()

    async def leased() -> bool:
        return await first.rows("state") == [("leased",)]

    await until(leased)
    await second.worker.start()
    await second.enqueue("two")

    async def only_the_first() -> bool:
        rest = await second.rows("state, fence")
        return rest == [("leased", 1)] and second.worker.counts["Work", "done"] == 1

    await until(only_the_first)
    first.worker.drop()


async def test_what_a_stopped_worker_hands_back_another_does_at_once_and_alone(
    dsn: str, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_CANCELLED_SECONDS", 0.01)
    begun, release, refused = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stubborn(app: App, job: Job) -> None:
        """Goes on after it was cancelled, as a thread would."""
        begun.set()
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()
        try:
            await note(app, job)
        except Conflict:
            refused.set()
            raise

    first = make_node(stubborn, stop_seconds=0.01)
    await first.enqueue("one")
    await first.worker.start()
    await begun.wait()
    await first.worker.stop()
    assert await first.rows("state, attempts") == [("ready", 0)]
    second = make_node()
    await second.worker.start()
    await until(lambda: empty(second))
    release.set()
    await refused.wait()
    assert notes(dsn) == Counter(["one"])
    assert first.worker.counts["Work", "released"] == 1


@pytest.mark.parametrize("moment", ["in the claim", "in the handler"])
async def test_a_stop_leaves_no_lease(make_node: MakeNode, moment: str) -> None:
    begun = asyncio.Event()

    async def never(app: App, job: Job) -> None:
        begun.set()
        await asyncio.Event().wait()

    first = make_node(never, stop_seconds=0.2)
    await first.enqueue("one", "two")
    if moment == "in the claim":
        real = first.db.write

        async def stopped_meanwhile(call: Any, work: Any, refused: Any = None) -> Any:
            if call.operation.name == "ClaimJobs":
                first.worker._stopping = True
            return await real(call, work, refused)

        first.db.write = stopped_meanwhile  # type: ignore[method-assign]
    await first.worker.start()
    if moment == "in the handler":
        await begun.wait()
    else:
        assert first.worker._loop_task is not None
        await first.worker._loop_task
    await first.worker.stop()
    assert begun.is_set() == (moment == "in the handler")
    assert await first.rows("state, attempts, fence") == [("ready", 0, 2)] * 2


async def _never(app: App, job: Job) -> None:
    await asyncio.Event().wait()


# --- the database goes away -----------------------------------------------------------------------


async def test_a_worker_whose_connections_are_cut_goes_on(dsn: str, make_node: MakeNode) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(app: App, job: Job) -> None:
        begun.set()
        await release.wait()
        await note(app, job)

    node = make_node(slow)
    await node.worker.start()
    await node.enqueue("one")
    await begun.wait()
    for _ in range(3):
        _cut_everybody(dsn)
    release.set()
    await until(lambda: empty(node))
    await node.enqueue("two")
    await until(lambda: empty(node))
    assert notes(dsn) == Counter(["one", "two"])


def _cut_everybody(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as raw:
        raw.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server of the test's own, with an empty store."""
    with own_server() as made:
        migrate_postgres_at(made.dsn())
        with psycopg.connect(made.dsn(), autocommit=True) as raw:
            raw.execute(NOTES)
        yield made


async def test_a_worker_goes_on_when_the_database_is_back_after_longer_than_anybody_waits(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    node = Node(cluster.dsn(), note, patience_seconds=0.05)
    await node.worker.start()
    await node.enqueue("one")
    await until(lambda: empty(node))
    await asyncio.to_thread(cluster.stop)

    async def noticed() -> bool:
        return node.worker._failures >= 2

    await until(noticed)
    assert caplog.text.count("looking for jobs failed") == 1
    assert not node.worker.stuck
    await asyncio.to_thread(cluster.start)
    await node.enqueue("two")
    await until(lambda: empty(node))
    assert notes(cluster.dsn()) == Counter(["one", "two"])
    assert "works again" in caplog.text
    await node.close()
