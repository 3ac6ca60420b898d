"""A store with an identity store in it."""

import pytest

from tests.slices.identity_store.support import a_store
from tests.support.store import Store


@pytest.fixture
def filled(store: Store) -> Store:
    """A migrated store with one empty identity store."""
    with store.write() as tx:
        a_store(tx)
    return store
