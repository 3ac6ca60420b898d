"""Fixtures of the security tests."""

from collections.abc import Iterator

import pytest

from tests.security.enclosed import Enclosed


@pytest.fixture(scope="session")
def running_enclosed(
    wire_engine: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Enclosed]:
    """One server in this process until the engine changes."""
    made = Enclosed(wire_engine, tmp_path_factory.mktemp("enclosed") / "data").start()
    yield made
    made.stop()


@pytest.fixture
def enclosed(running_enclosed: Enclosed) -> Enclosed:
    """The sandbox in this process, with a clean organization and the present time."""
    running_enclosed.reset()
    return running_enclosed
