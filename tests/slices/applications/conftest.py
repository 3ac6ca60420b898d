"""A world with the slice's subscribers wired, as `assembly` does."""

import pytest

from tests.slices.applications.world import make_applications_world
from tests.slices.assignments.world import World
from tests.support.store import Store


@pytest.fixture
def world(store: Store) -> World:
    """The small organization with two instances."""
    return make_applications_world(store)
