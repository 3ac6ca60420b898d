"""A store with an organization, an identity store and the organization instance."""

import pytest

from tests.slices.instances.support import an_instance
from tests.support.store import Store


@pytest.fixture
def enabled(store: Store) -> Store:
    """Identity Center enabled."""
    with store.write() as tx:
        an_instance(tx)
    return store
