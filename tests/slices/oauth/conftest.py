"""A furnished store with Hana signed in."""

import pytest

from genkan.core.call import Person
from tests.slices.signin.household import Household, furnish, sign_in
from tests.support.store import Store


@pytest.fixture
def household(store: Store) -> Household:
    """Two people with a password, in the store of this test."""
    with store.write() as tx:
        return furnish(tx)


@pytest.fixture
def hana(store: Store, household: Household) -> Person:
    """Hana in her browser."""
    return sign_in(store, "hana")


@pytest.fixture
def ken(store: Store, household: Household) -> Person:
    """Ken in his."""
    return sign_in(store, "ken")
