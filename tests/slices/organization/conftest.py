"""A store with a small organization."""

import pytest

from tests.slices.organization.support import an_organization
from tests.support.store import Store


@pytest.fixture
def organized(store: Store) -> Store:
    """Management account in the root, two nested units, an account in each and in the root."""
    with store.write() as tx:
        an_organization(tx)
    return store
