"""A world with the slice's subscribers wired, as `assembly` does."""

import pytest

from tests.slices.assignments.world import World, make_world
from tests.support.store import Store


@pytest.fixture
def world(store: Store) -> World:
    """The small organization."""
    return make_world(store)
