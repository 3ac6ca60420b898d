"""What the tests of `genkan audit` share."""

from pathlib import Path

import pytest

from tests.slices.audit.command import Command, command_on
from tests.support.store import Store


@pytest.fixture
def command(store: Store, tmp_path: Path) -> Command:
    """Commands on the test's store."""
    return command_on(store, tmp_path)
