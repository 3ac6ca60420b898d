"""The provisioned world of the sts and portal tests."""

import pytest

from tests.slices.sts.world import Provisioned, provision
from tests.support.store import Store


@pytest.fixture
def world(store: Store) -> Provisioned:
    """Alice may use a role that stands."""
    return provision(store)
