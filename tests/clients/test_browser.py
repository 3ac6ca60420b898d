"""Chromium shows our pages as people see them: their language, their colours, their own cookies."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.clients.browser import accessibility_violations, screenshot
from tests.clients.fixtures import NewWindow

PAGE = """<!doctype html>
<html lang="ja">
<meta charset="utf-8">
<title>玄関</title>
<style>
  body { font: 2rem sans-serif; color: #111; background: #fff }
  @media (prefers-color-scheme: dark) { body { color: #eee; background: #111 } }
  .faint { color: #ddd; background: #fff }
</style>
<main>
<h1>玄関へようこそ</h1>
<p id="language">LANGUAGE</p>
<p id="cookie">COOKIE</p>
FAULT
</main>
</html>
"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = PAGE.replace("LANGUAGE", self.headers.get("Accept-Language", ""))
        page = page.replace("COOKIE", self.headers.get("Cookie", "none"))
        fault = '<p class="faint">faint</p><img src="x.png">' if self.path == "/faulty" else ""
        body = page.replace("FAULT", fault).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'self'; style-src 'unsafe-inline'")
        self.send_header("Set-Cookie", "seen=yes; HttpOnly; SameSite=Lax")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving() as address:
        yield address


def test_a_window_asks_in_its_language(window: NewWindow, site: str) -> None:
    page = window(language="ja-JP", base_url=site)
    page.goto("/")
    assert page.locator("#language").inner_text().startswith("ja")


def test_a_window_shows_its_colour_scheme(window: NewWindow, site: str) -> None:
    backgrounds = []
    for scheme in ("light", "dark"):
        page = window(scheme=scheme)
        page.goto(site)
        backgrounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert backgrounds == ["rgb(255, 255, 255)", "rgb(17, 17, 17)"]


def test_windows_do_not_share_cookies(window: NewWindow, site: str) -> None:
    first, second = window(), window()
    first.goto(site)
    first.reload()
    second.goto(site)
    assert first.locator("#cookie").inner_text() == "seen=yes"
    assert second.locator("#cookie").inner_text() == "none"


def test_japanese_is_drawn_with_glyphs(window: NewWindow, site: str) -> None:
    page = window()
    page.goto(site)
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    heading = session.send("DOM.querySelector", {"nodeId": root, "selector": "h1"})["nodeId"]
    fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": heading})["fonts"]
    assert sum(font["glyphCount"] for font in fonts) == len("玄関へようこそ")
    assert "CJK" in fonts[0]["familyName"] or "Gothic" in fonts[0]["familyName"], fonts
    path = screenshot(page, "clients/japanese")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_accessibility_faults_are_named(window: NewWindow, site: str) -> None:
    page = window()
    page.goto(f"{site}/faulty")
    faults = {violation.split(":")[0] for violation in accessibility_violations(page)}
    assert faults == {"color-contrast", "image-alt"}


def test_a_page_without_faults_has_none(window: NewWindow, site: str) -> None:
    page = window()
    page.goto(site)
    assert accessibility_violations(page) == []
