"""A world with the slice's subscribers wired, as `assembly` does."""

import pytest

from genkan.assignments import subscribers
from tests.slices.assignments.world import World, make_world
from tests.support.store import Store


@pytest.fixture
def world(store: Store) -> World:
    """The small organization."""
    subscribers.subscribe(store.events)
    return make_world(store)
