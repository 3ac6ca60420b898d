"""The sample organization for these tests: a fresh one for a test, or one for a whole module."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from tests.fronts.aws.samples import furnish
from tests.fronts.aws.trail import only_refusals
from tests.fronts.aws.world import Clients, World, at_rest, read_world
from tests.support.server import Server
from tests.support.wire_engines import new_server

StartProgram = Callable[[str, Mapping[str, str]], Server]


@pytest.fixture
def world(server: Server) -> World:
    """A clean organization."""
    return read_world(server)


@pytest.fixture(scope="module")
def furnished(running_server: Server) -> World:
    """One organization for the tests of a module, with what `samples` name."""
    running_server.reset()
    return furnish(read_world(running_server))


@pytest.fixture(scope="module")
def refusing(furnished: World) -> Iterator[World]:
    """The organization; at the end the store must be what it was, but for records of refusals."""
    before = at_rest(furnished)
    yield furnished
    only_refusals(before, at_rest(furnished))


@pytest.fixture(scope="module")
def start_program(
    wire_engine: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartProgram]:
    """Starts a program of these tests, by its name, in the place of `genkan`, for a module."""
    with ExitStack() as stopping:

        def start(name: str, environment: Mapping[str, str]) -> Server:
            server = new_server(
                wire_engine,
                tmp_path_factory.mktemp(name) / "data",
                command=("-m", f"tests.fronts.aws.{name}"),
                environment=environment,
            ).start()
            stopping.callback(server.stop)
            return server

        yield start


@pytest.fixture(scope="module")
def two_clients(running_server: Server) -> tuple[Clients, Clients]:
    """Two clients, each with connections of its own."""
    return Clients(running_server), Clients(running_server)
