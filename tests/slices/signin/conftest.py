"""A furnished store."""

import pytest

from tests.slices.signin.household import Household, furnish
from tests.support.store import Store


@pytest.fixture
def household(store: Store) -> Household:
    """Two people with a password, in the store of this test."""
    with store.write() as tx:
        return furnish(tx)
