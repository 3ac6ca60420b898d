"""The sample organization for these tests: a fresh one for a test, or one for a whole module."""

import json
from collections.abc import Iterator

import pytest

from tests.fronts.aws.samples import furnish
from tests.fronts.aws.world import World, at_rest, read_world
from tests.perform.dump import AUDIT, changes
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


@pytest.fixture(scope="module")
def refusing(furnished: World) -> Iterator[World]:
    """The organization; at the end the store must be what it was, but for records of refusals."""
    before = at_rest(furnished)
    yield furnished
    after = at_rest(furnished)
    assert changes(before, after).keys() <= {AUDIT}
    assert before[AUDIT] <= after[AUDIT]
    for *_, record, _ in after[AUDIT] - before[AUDIT]:
        told = json.loads(record)
        assert told["errorCode"]
        assert told["requestParameters"] is None
