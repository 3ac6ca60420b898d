"""Fixtures for tests that drive the outside: load this module as a pytest plugin.

Owns: the life time of browsers, windows and AWS CLI homes. A missing client is an error that says
how to get it, never a skip.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.install_aws_cli import Slot
from tests.clients.aws_cli import AwsCli

# Playwright takes a third of a second to import, which most test runs can do without.
if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: `aws_cli("new", "http://localhost:8000")`: that release in an empty home folder.
NewAwsCli = Callable[..., AwsCli]
#: `window(language="ja", scheme="dark")`: a page in a window of its own.
NewWindow = Callable[..., "Page"]


@pytest.fixture
def aws_cli(tmp_path: Path) -> NewAwsCli:
    """Make homes with AWS CLI v2 in them; each call gives a new, empty one."""
    made = 0

    def make(slot: Slot, endpoint: str | None, **options: Any) -> AwsCli:
        nonlocal made
        made += 1
        return AwsCli(slot, tmp_path / f"home-{made}", endpoint, **options)

    return make


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One Chromium for the tests of a module; see `open_browser` about asyncio."""
    from tests.clients.browser import open_browser

    with open_browser() as opened:
        yield opened


@pytest.fixture
def window(browser: "Browser") -> Iterator[NewWindow]:
    """Open windows, each a person of its own; all are closed after the test."""
    from tests.clients.browser import open_window

    with contextlib.ExitStack() as windows:
        yield lambda **options: windows.enter_context(open_window(browser, **options))
