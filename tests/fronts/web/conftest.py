"""Fixtures of the page tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page as BrowserPage

from genkan.fronts.web.rendering import Renderer
from tests.fronts.web import preview
from tests.fronts.web.preview import Chromium


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    """The process's renderer."""
    return Renderer()


@pytest.fixture(scope="module")
def chromium(renderer: Renderer) -> Iterator[Chromium]:
    """A browser that finds every sample page, with its headers."""
    with preview.chromium(renderer) as started:
        yield started


@pytest.fixture(scope="module")
def page(chromium: Chromium) -> BrowserPage:
    """A page of that browser."""
    return chromium.new_page()


@pytest.fixture(scope="module")
def page_without_scripts(chromium: Chromium) -> BrowserPage:
    """The same, with JavaScript switched off."""
    return chromium.new_page(scripts=False)
