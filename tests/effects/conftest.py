"""The sample organization, and a person's session whose policies change at will."""

import pytest

from tests.effects.limited import Limited, sign_in
from tests.fronts.aws.conftest import world
from tests.fronts.aws.world import read_world
from tests.support.server import Server

__all__ = ["limited", "world"]


@pytest.fixture(scope="module")
def limited(running_server: Server) -> Limited:
    """Ken in the management account, for all tests of a module."""
    running_server.reset()
    return sign_in(read_world(running_server))
