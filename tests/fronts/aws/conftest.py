"""The sample organization for these tests: a fresh one for a test, or one for a whole module."""

import pytest

from tests.fronts.aws.samples import furnish
from tests.fronts.aws.world import World, read_world
from tests.support.server import Server


@pytest.fixture
def world(server: Server) -> World:
    """A clean organization."""
    return read_world(server)


@pytest.fixture(scope="module")
def furnished(running_server: Server) -> World:
    """One organization for the tests of a module, with what `samples` name."""
    running_server.reset()
    return furnish(read_world(running_server))
