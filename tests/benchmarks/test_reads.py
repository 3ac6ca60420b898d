"""Every read operation is asked something that it answers, and answers while somebody changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import reads, signing_in, sites, stores
from benchmarks.operations import OPERATIONS
from benchmarks.reads import READS, Targets
from benchmarks.sites import GENKAN, QUOTAS, Site
from genkan.protocols.aws.model import load
from tests.benchmarks.test_dataset import TINY
from tests.support.server import Server

_WORDS = ("Describe", "Get", "Is", "List")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`genkan up` on the tiny data set."""
    directory: Path = tmp_path_factory.mktemp("reads") / "data"
    Server(directory).start().stop()
    stores.fill_sqlite(directory, TINY)
    server = Server(directory, environment=QUOTAS).start()
    assert server.process is not None
    yield Site(
        kind=GENKAN,
        host=f"localhost:{server.port}",
        ports=(server.port,),
        pids=(server.process.pid,),
        facts=server.facts,
        users=TINY.users,
    )
    server.stop()


def test_the_table_has_every_read_operation_of_both_models_once() -> None:
    wanted = {
        (service, name)
        for service in ("sso-admin", "identitystore")
        for name in load(service).operation_names
        if name.startswith(_WORDS)
    }
    told = [(read.service, read.operation) for read in READS]
    assert len(told) == len(set(told))
    assert set(told) == wanted


@pytest.fixture(scope="module")
def targets(site: Site) -> Targets:
    return Targets(site)


@pytest.mark.parametrize("read", READS, ids=lambda read: read.operation)
def test_every_request_has_the_answer_that_is_expected(
    site: Site, targets: Targets, read: reads.Read
) -> None:
    asked = [reads.signed(site, read, members) for members in read.asks(targets)]
    assert asked
    assert len(set(asked)) == len(asked)
    items = reads.looked_at(site, read, asked)
    assert items is None or items > 0 or read.operation == "ListTagsForResource"
    if read.operation.startswith("List"):
        assert items is not None


def test_a_read_is_measured_while_users_change(site: Site) -> None:
    site.kept.clear()
    read = next(read for read in READS if read.operation == "ListUsers")
    before = site.client("identitystore").list_users(**Targets(site).store)["Users"]
    figure = reads.measured(site, read)
    after = site.client("identitystore").list_users(**Targets(site).store)["Users"]
    assert figure.items is not None
    assert figure.items > 1
    assert figure.result.body_bytes > 1_000
    pairs = zip(before, after, strict=True)
    changed = sum(one["Revision"] != other["Revision"] for one, other in pairs)
    assert changed > 1


def test_a_sign_in_is_split_into_the_hash_the_loop_and_the_rest(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "_bare_hash_ms", lambda site: 20.0)
    operation = next(one for one in OPERATIONS if one.hashes)
    found = signing_in.measured(site, "small", operation, runs=1, seconds=0.3)
    assert (found.data, found.hash_ms) == ("small", 20.0)
    assert found.hashing_ms > found.loop_ms > 0
    assert found.rest_ms > 0
    parts = found.hashing_ms + found.loop_ms + found.rest_ms
    assert parts == pytest.approx(found.result.cpu_us / 1000, rel=0.2)


def test_the_trail_is_waited_for_no_longer_than_told(site: Site) -> None:
    assert not sites.settled(_with_unsealed(site, 1), seconds=0.0)
    assert sites.settled(_with_unsealed(site, 0), seconds=0.0)


def _with_unsealed(site: Site, count: int) -> Site:
    return Site(
        kind=site.kind,
        host=site.host,
        ports=site.ports,
        pids=site.pids,
        facts=site.facts,
        unsealed=lambda: count,
    )
