"""One sandbox or node in this process for the tests of a module."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.perform.house import House, open_house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(wire_engine: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Its store is dumped by the tests, so nothing else may write meanwhile."""
    opened = await open_house(wire_engine, tmp_path_factory.mktemp("house") / "data")
    yield opened
    await opened.stop()
