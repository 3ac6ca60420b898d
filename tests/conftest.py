"""Fixtures that every room of the tests may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import Server
from tests.support.store import Store, open_store

pytest_plugins = ["tests.clients.fixtures"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A real, migrated, empty store."""
    opened = open_store(tmp_path)
    yield opened
    opened.raw.close()


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One `genkan up` for this worker's whole session."""
    server = Server(tmp_path_factory.mktemp("sandbox") / "data").start()
    yield server
    server.stop()


@pytest.fixture
def server(running_server: Server) -> Server:
    """The running server with a clean organization."""
    running_server.reset()
    return running_server
