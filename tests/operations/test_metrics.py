"""Metrics: what is counted, under which names, and what a scrape costs."""

import asyncio
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from genkan import metrics as module
from genkan.audit.refusals import RefusalLimit
from genkan.core.errors import Denied, Throttled
from genkan.core.trace import Trace
from genkan.db import jobs
from genkan.db.postgres import Counts as PostgresCounts
from genkan.fronts.aws.throttling import Throttle
from genkan.metrics import MOST_LABELS, Metrics
from tests.operations.exchange import Listening, a_server, ask
from tests.support.store import Store

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class NoDatabase:
    """One that cannot be reached, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.hold: asyncio.Event | None = None

    async def scan(self, call: Any, work: Any) -> Any:
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        raise OSError("postgresql://user:password@host")

    point = write = scan


async def scraped(made: Metrics) -> Samples:
    """All samples of a scrape, by name and labels."""
    kind, text = await made.scrape()
    assert kind.startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def labels_of(samples: Samples, name: str, label: str) -> set[str]:
    return {dict(labels)[label] for found, labels in samples if found == name}


class Door(Listening):
    """A front whose operations end as the test says."""

    refusal: Any = None

    async def answer(self, request: Any, origin: Any) -> Any:
        from genkan.core import trace

        running = trace.current.get()
        assert running is not None
        running.operation = "DescribeUser"
        if self.refusal is not None:
            running.refused(self.refusal)
        return await super().answer(request, origin)

    async def pages(self, scope: Any, receive: Any, send: Any) -> None:
        async def get_portal() -> None: ...

        if scope["path"] == "/start":
            scope["endpoint"] = get_portal
        await super().pages(scope, receive, send)


async def test_requests_are_counted_by_front_operation_and_code() -> None:
    made = Metrics(NoDatabase())
    server = a_server(Door(), metrics=made)
    for _ in range(3):
        await ask(server, "/", method="POST")
    await ask(server, "/start")
    await ask(server, "/start/of/a/path?that=nobody&knows")
    await ask(server, "/start", host="evil.example")
    samples = await scraped(made)
    name = "genkan_requests_total"
    assert of(samples, name, front="aws", operation="DescribeUser", code="200") == 3
    assert of(samples, name, front="pages", operation="get_portal", code="200") == 1
    assert of(samples, name, front="pages", operation="none", code="200") == 1
    assert of(samples, name, front="none", operation="none", code="421") == 1
    count = "genkan_request_duration_seconds_count"
    assert of(samples, count, front="aws", operation="DescribeUser") == 3


async def test_durations_fall_into_the_bucket_that_bounds_them() -> None:
    made = Metrics(NoDatabase())
    for seconds in (0.001, 0.0011, 0.3, 11.0):
        made.request("aws", Trace(), "Work", 200, seconds)
    samples = await scraped(made)

    def below(bound: str) -> float:
        name = "genkan_request_duration_seconds_bucket"
        return of(samples, name, front="aws", operation="Work", le=bound)

    assert [below(bound) for bound in ("0.001", "0.0025", "0.25", "0.5", "10.0", "+Inf")] == [
        *(1, 2, 2, 3, 3, 4)
    ]
    total = of(samples, "genkan_request_duration_seconds_sum", front="aws", operation="Work")
    assert total == pytest.approx(11.3021)


async def test_however_many_names_there_are_labels_stay_bounded() -> None:
    made = Metrics(NoDatabase())
    for number in range(MOST_LABELS * 2):
        running = Trace()
        running.refusal = f"Refusal{number}"
        made.request("aws", running, f"Operation{number}", 400, 0.1)
    samples = await scraped(made)
    for name, label in (("genkan_requests_total", "operation"), ("genkan_refusals_total", "code")):
        labels = labels_of(samples, name, label)
        assert len(labels) == MOST_LABELS + 1
        assert "other" in labels
    total = sum(value for (name, _), value in samples.items() if name == "genkan_requests_total")
    assert total == MOST_LABELS * 2


async def test_refusals_are_counted_by_code() -> None:
    made = Metrics(NoDatabase())
    door = Door()
    server = a_server(door, metrics=made)
    for refusal in (Denied("no"), Denied("no"), Throttled("later", code="SlowDown")):
        door.refusal = refusal
        await ask(server, "/", method="POST")
    samples = await scraped(made)
    assert of(samples, "genkan_refusals_total", code="Denied") == 2
    assert of(samples, "genkan_refusals_total", code="SlowDown") == 1


async def test_the_job_table_is_told_by_state_and_by_the_age_of_the_oldest_due_job(
    store: Store,
) -> None:
    with store.write() as tx:
        for _ in range(3):
            jobs.enqueue(tx, "Work", {})
        jobs.enqueue(tx, "Work", {}, delay_ms=60_000)
        jobs.claim(tx, 1)
    store.clock.advance(seconds=12.5)
    db = store.database()
    samples = await scraped(Metrics(db))
    assert of(samples, "genkan_jobs", state="ready") == 3
    assert of(samples, "genkan_jobs", state="leased") == 1
    assert of(samples, "genkan_jobs", state="dead") == 0
    assert of(samples, "genkan_jobs_oldest_due_seconds") == 12.5
    await db.close()


async def test_the_job_table_is_counted_no_further_than_it_must_be(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_COUNTED", 2)
    with store.watched() as seen, store.write() as tx:
        for _ in range(5):
            jobs.enqueue(tx, "Work", {})
        seen.clear()
        assert jobs.backlog(tx).states["ready"] == 2
    for sql, parameters in seen:
        reads = store.data.whole_reads(sql, parameters)
        assert [read for read in reads if read != "SCAN counted"] == [], sql


async def test_the_database_is_asked_at_most_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    db = NoDatabase()
    made = Metrics(db)
    for _ in range(10):
        await asyncio.gather(*(made.scrape() for _ in range(10)))
    assert db.asked == 1
    now += 1
    await made.scrape()
    assert db.asked == 2


async def test_without_a_database_everything_else_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DEADLINE_SECONDS", 0.01)
    db = NoDatabase()
    db.hold = asyncio.Event()
    made = Metrics(db)
    made.request("aws", Trace(), "Work", 200, 0.1)
    for _ in range(3):
        samples = await scraped(made)
        assert ("genkan_requests_total", "aws") in {
            (name, dict(labels).get("front")) for name, labels in samples
        }
        assert not [name for name, _ in samples if name.startswith("genkan_jobs")]
    assert db.asked == 1
    db.hold.set()


async def test_the_worker_the_hashing_pool_and_the_engine_are_read_at_the_scrape() -> None:
    class Worker:
        running = 2

        def __init__(self) -> None:
            self.counts = Counter({("ProvisionRole", "done"): 7})

    class Pool:
        taken = 3
        refused = 4

    class Counts:
        conflicts = 5
        given_up = 1

    db = NoDatabase()
    db.counts = Counts  # type: ignore[attr-defined]
    throttle = Throttle()
    throttle.refused["sso-admin"] += 6
    samples = await scraped(Metrics(db, worker=Worker(), hashing=Pool(), throttle=throttle))
    assert of(samples, "genkan_throttled_requests_total", rate="sso-admin") == 6
    assert of(samples, "genkan_throttled_requests_total", rate="cloudtrail") == 0
    assert of(samples, "genkan_jobs_ended_total", kind="ProvisionRole", end="done") == 7
    assert of(samples, "genkan_jobs_running") == 2
    assert of(samples, "genkan_password_hashing_places") == 3
    assert of(samples, "genkan_password_hashing_refusals_total") == 4
    assert of(samples, "genkan_database_conflicts_total") == 5
    assert of(samples, "genkan_database_given_up_total") == 1
    assert labels_of(samples, "genkan_build_info", "version")
    assert of(samples, "process_resident_memory_bytes") > 1_000_000


async def test_every_metric_is_in_the_operators_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()

    class Worker:
        running = 0

        def __init__(self) -> None:
            self.counts = Counter({("Work", "done"): 1})

    class Pool:
        taken = refused = 0

    class Found(NoDatabase):
        counts = PostgresCounts()

        async def scan(self, call: Any, work: Any) -> jobs.Backlog:
            return jobs.Backlog(states={"ready": 1}, oldest_due_ms=0)

    made = Metrics(
        Found(),
        worker=Worker(),
        hashing=Pool(),
        throttle=Throttle(),
        refusals=RefusalLimit(clock=lambda: 0),
    )
    running = Trace()
    running.refusal, running.sign_in = "Denied", "wrong"
    made.request("aws", running, "Work", 400, 0.1)
    _, text = await made.scrape()
    families = [family.name for family in text_string_to_metric_families(text.decode())]
    named = set(re.findall(r"^\| `(genkan_\w+)`", page, re.MULTILINE))
    ours = {name for name in families if name.startswith("genkan_")}
    assert {name.removesuffix("_total").removesuffix("_info") for name in named} == {
        name.removesuffix("_info") for name in ours
    }


async def test_two_nodes_of_one_process_have_a_registry_each() -> None:
    first, second = Metrics(NoDatabase()), Metrics(NoDatabase())
    first.request("aws", Trace(), "Work", 200, 0.1)
    assert not labels_of(await scraped(second), "genkan_requests_total", "front")


def test_the_client_library_is_loaded_by_those_who_count_only() -> None:
    code = "import sys, genkan.asgi, genkan.worker; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


async def test_sign_ins_are_counted_by_what_their_person_is_told() -> None:
    made = Metrics(NoDatabase())
    for outcome in ("SignedIn", "wrong", "wrong", "locked", "PasswordChallenge"):
        running = Trace()
        running.sign_in = outcome
        made.request("pages", running, "post_sign_in", 200, 0.1)
    samples = await scraped(made)
    assert labels_of(samples, "genkan_sign_ins_total", "outcome") == {
        "succeeded",
        "wrong",
        "locked",
    }
    assert of(samples, "genkan_sign_ins_total", outcome="wrong") == 2


async def test_refusals_that_left_no_record_are_counted_by_their_budget() -> None:
    limit = RefusalLimit(clock=lambda: 0)
    limit.not_recorded["network"] += 7
    _, text = await Metrics(NoDatabase(), refusals=limit).scrape()
    name = "genkan_audit_refusals_not_recorded_total"
    for budget, number in (("network", 7), ("strangers", 0), ("caller", 0), ("callers", 0)):
        assert f'{name}{{budget="{budget}"}} {number}.0' in text.decode()
