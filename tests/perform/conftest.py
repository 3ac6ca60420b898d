"""One sandbox in this process for the tests of a module."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.perform.house import House, open_house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Its store is dumped by the tests, so nothing else may write meanwhile."""
    opened = await open_house(tmp_path_factory.mktemp("house") / "data")
    yield opened
    await opened.sandbox.stop()
