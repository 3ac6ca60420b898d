"""Fixtures that every room of the tests may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A real, migrated, empty store."""
    opened = open_store(tmp_path)
    yield opened
    opened.raw.close()
