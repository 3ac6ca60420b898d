"""Chromium as a person: windows with their own cookies, language and colour scheme.

Owns: starting Debian's Chromium under Playwright, opening windows, screenshots, and checking
accessibility. Leaves to others: installing it (`scripts/install_chromium.py`), and what people do.
Invariant: the browser opens no connection of its own accord (updates, sync and the like are off),
and no window sees another's cookies.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scripts.install_chromium import chromium

Scheme = Literal["light", "dark"]

PATIENCE_MS = 60_000
"""How long a page may take where the machine is slow."""
expect.set_options(timeout=PATIENCE_MS)

#: Looked at by people; `make clean` removes it.
SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"

_FLAGS = [
    "--headless=new",
    # Chromium's own sandbox refuses to run as root, as in a container; only our pages are visited.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """Chromium with an empty profile of its own.

    While it is open, this thread counts as running an event loop: no test of it may be `async` or
    call `asyncio.run`.
    """
    path = chromium()
    if path is None:
        raise FileNotFoundError("Chromium is missing: run `make test`, which installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=_FLAGS, headless=True, timeout=2 * PATIENCE_MS
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def open_window(
    browser: Browser,
    *,
    language: str = "en-US",
    scheme: Scheme = "light",
    width: int = 1280,
    height: int = 800,
    base_url: str | None = None,
) -> Iterator[Page]:
    """A window with no cookies yet; `language` is what `Accept-Language` says."""
    context = browser.new_context(
        locale=language,
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        base_url=base_url,
        ignore_https_errors=True,
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()


def screenshot(page: Page, name: str) -> Path:
    """The whole page as `screenshots/<name>.png`, to be looked at."""
    path = SCREENSHOTS / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True, animations="disabled")
    return path


def accessibility_violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA on the page as it stands: rule, element, advice."""
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": _WCAG}})
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {violation['help']}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
