"""The pages over a running application."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from genkan.fronts.web import authorize_pages, signin_pages
from genkan.fronts.web.rendering import Renderer
from genkan.signin.hashing import HashingPool
from tests.fronts.browser.person import Browser
from tests.slices.signin.household import CHEAP
from tests.slices.signin.running import Running, running


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Running]:
    """The application behind the pages."""
    async with running(tmp_path) as made:
        yield made


@pytest.fixture
async def pages(house: Running) -> AsyncIterator[Starlette]:
    """Sign-in and consent as one ASGI application."""
    application = Starlette(routes=[*signin_pages.routes, *authorize_pages.routes])
    application.state.app = house.app
    application.state.renderer = Renderer()
    application.state.hashing = HashingPool(CHEAP, threads=1)
    yield application
    await application.state.hashing.close()


@pytest.fixture
def browser(pages: Starlette) -> Browser:
    """A browser that was never here."""
    return Browser(pages)
