"""Which engine a test of the wire runs on: load this module as a pytest plugin.

Whatever asks for `wire_engine`, itself or through `server`, runs on SQLite, where the server is the
sandbox, and on PostgreSQL, where it is two `genkan serve`, each request at another one than the
request before; a server that a test starts for itself is one process on both engines.
GENKAN_TEST_ENGINES says on which:

- unset: everything on SQLite, and a sample on PostgreSQL. What is in the sample depends on a test's
  id and the seed GENKAN_TEST_SAMPLE only, so it stays the same until one of them changes; of the
  many cases of one test it has a smaller part. A sample, too, of what starts processes for each
  test and differs from another test in one respect only (`TWINS`).
- `all`: everything on both, and every twin. `sqlite`, `postgres`: everything on that one.

Tests marked `sandbox_only("why")` run on SQLite in any case.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import ENGINES, POSTGRES, SQLITE, chosen
from tests.support.installation import PostgresServer
from tests.support.pair import Pair
from tests.support.server import Server

Servers = Callable[[str], Server]

SAMPLE = 0.12
"""The part of the tests that is in the sample."""
SAMPLE_OF_MANY = 0.03
"""The part of the cases of one test, when it has `MANY`: what is generated from a list."""
MANY = 20
SAMPLE_OF_TWINS = 0.25
"""The part of the second of two tests that differ in one parameter, of `TWINS`."""
TWINS = {"tests/commands/": (SQLITE, POSTGRES), "tests/journeys/test_aws_cli": ("new", "old")}
"""Where, the first one's parameter, and the second one's: engines, releases of the AWS CLI."""
_VARIABLE = "GENKAN_TEST_ENGINES"


def new_server(engine: str, data_dir: Path, **options: Any) -> Server:
    """A server on an engine with the sample organization; not started."""
    return (PostgresServer if engine == POSTGRES else Server)(data_dir, **options)


@pytest.fixture(scope="session")
def wire_engine(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgres`."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """This worker's running servers by engine, each started when it is first needed."""
    running: dict[str, Server] = {}

    def of(engine: str) -> Server:
        if engine not in running:
            make = Pair if engine == POSTGRES else Server
            running[engine] = make(tmp_path_factory.mktemp(engine) / "data").start()
        return running[engine]

    yield of
    for server in running.values():
        server.stop()


@pytest.fixture(scope="session")
def running_server(wire_engine: str, servers: Servers) -> Server:
    """One server for this worker's whole session."""
    return servers(wire_engine)


@pytest.fixture
def server(running_server: Server) -> Server:
    """The running server with a clean organization."""
    running_server.reset()
    return running_server


# --- the choice -----------------------------------------------------------------------------------


def engines_of(item: pytest.Item) -> tuple[str, ...]:
    """The engines on which a test of the wire may run in this session."""
    marker = item.get_closest_marker("sandbox_only")
    if marker is None:
        return ENGINES if _VARIABLE not in os.environ else chosen()
    if not marker.args:
        raise pytest.UsageError(f"{item.nodeid}: sandbox_only needs its reason")
    return (SQLITE,)


def is_sampled(test_id: str, seed: str, part: float = SAMPLE) -> bool:
    """Whether a test is in the sample, which is that part of all tests."""
    digest = hashlib.sha256(f"{seed}\n{test_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < part * 2**64


def is_second_twin(test_id: str, ids: Collection[str]) -> bool:
    """Whether a test is in `TWINS` and `ids` have the first one, too."""
    function, _, parameters = test_id.partition("[")
    words = parameters.removesuffix("]").split("-")
    for where, (first, second) in TWINS.items():
        if test_id.startswith(where) and second in words:
            words[words.index(second)] = first
            return f"{function}[{'-'.join(words)}]" in ids
    return False


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have tests of the wire once for each engine."""
    if "wire_engine" not in metafunc.fixturenames:
        return
    # Where there is one engine only, too: a fixture without a parameter would be another one, and
    # everything that stands on it made again.
    engines = engines_of(metafunc.definition)
    metafunc.parametrize("wire_engine", engines, indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not in the sample, unless everything is wanted."""
    if _VARIABLE in os.environ:
        return
    seed = os.environ.get("GENKAN_TEST_SAMPLE", "")
    possible = [item for item in items if _engine(item) == POSTGRES]
    cases = Counter(_function(item) for item in possible)
    parts = {
        item: SAMPLE_OF_MANY if cases[_function(item)] >= MANY else SAMPLE for item in possible
    }
    ids = {item.nodeid for item in items}
    twins = (item for item in items if item not in parts and is_second_twin(item.nodeid, ids))
    parts |= dict.fromkeys(twins, SAMPLE_OF_TWINS)
    left_out = {item for item, part in parts.items() if not is_sampled(item.nodeid, seed, part)}
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def _function(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _engine(item: pytest.Item) -> str | None:
    params: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    return params.get("wire_engine")
