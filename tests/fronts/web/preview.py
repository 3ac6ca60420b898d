"""Writes every page in every state, language and theme to a directory, and takes their pictures.

python -m tests.fronts.web.preview DIRECTORY                     HTML only, with an index
python -m tests.fronts.web.preview DIRECTORY --pictures [WORD]   PNG too (needs Chromium), of the
                                                                 samples with WORD in their name
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import Playwright, Route, sync_playwright

from genkan.fronts.web.assets import STATIC
from genkan.fronts.web.headers import page_headers
from genkan.fronts.web.i18n import LANGUAGES, Lang
from genkan.fronts.web.pages import Page, SamlPostPage, Shell, Theme
from genkan.fronts.web.rendering import Renderer
from tests.clients.browser import PATIENCE_MS
from tests.fronts.web.samples import SAMPLES, Sample

HOST = "http://localhost:9"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SIZES = {"wide": (1280, 860), "narrow": (390, 844)}


class Chromium:
    """A browser that finds each sample at `HOST/<name>/<lang>/<theme>`, with its real headers.

    Nothing leaves the process: every request is answered here, those for other pages with 204.
    """

    def __init__(self, playwright: Playwright, renderer: Renderer) -> None:
        self._renderer = renderer
        self._samples = {sample.name: sample for sample in SAMPLES}
        self._browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=CHROMIUM_ARGUMENTS,
            timeout=2 * PATIENCE_MS,
        )

    def new_page(self, *, scripts: bool = True) -> BrowserPage:
        """A page of its own, with its own cookies."""
        context = self._browser.new_context(java_script_enabled=scripts, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        context.route("**/*", self._answer)
        return context.new_page()

    def close(self) -> None:
        """Ends the browser."""
        self._browser.close()

    def show(self, route: Route, page: Page, shell: Shell) -> None:
        """Answers a request with a page and its headers."""
        headers = {name.decode(): value.decode() for name, value in page_headers(page.form_targets)}
        route.fulfill(
            body=self._renderer.render(page, shell),
            headers={**headers, "content-type": "text/html; charset=utf-8"},
        )

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOST)
        static = path.removeprefix(f"/static/{self._renderer.assets.version}/")
        name, _, rest = path.lstrip("/").partition("/")
        if static != path:
            route.fulfill(path=STATIC / static)
        elif route.request.method == "GET" and name in self._samples:
            lang, _, theme = rest.partition("/")
            sample = self._samples[name]
            self.show(route, sample.page, sample.shell(_lang(lang), _theme(theme)))
        else:
            route.fulfill(status=204)


@contextmanager
def chromium(renderer: Renderer) -> Iterator[Chromium]:
    """A running `Chromium`."""
    with sync_playwright() as playwright:
        started = Chromium(playwright, renderer)
        try:
            yield started
        finally:
            started.close()


def _lang(text: str) -> Lang:
    return "ja" if text == "ja" else "en"


def _theme(text: str) -> Theme:
    return "dark" if text == "dark" else "light"


def write_pages(directory: Path, renderer: Renderer) -> None:
    """One HTML file per sample and language, links to styles made relative, and an index."""
    shutil.copytree(STATIC, directory / "static", dirs_exist_ok=True)
    links = []
    for sample in SAMPLES:
        for lang in LANGUAGES:
            name = f"{sample.name}.{lang}.html"
            html = renderer.render(sample.page, sample.shell(lang))
            html = html.replace(f"/static/{renderer.assets.version}/", "static/")
            (directory / name).write_text(html, "utf-8")
            links.append(f'<li><a href="{name}">{name}</a>')
    index = "<!doctype html><meta charset=utf-8><title>Pages</title><ul>" + "\n".join(links)
    (directory / "index.html").write_text(index, "utf-8")


def take_pictures(directory: Path, renderer: Renderer, word: str, sizes: list[str]) -> None:
    """PNG files `<name>.<lang>.<theme>.<size>.png`."""
    pictured = [sample for sample in SAMPLES if word in sample.name]
    with chromium(renderer) as started:
        with_scripts, without_scripts = started.new_page(), started.new_page(scripts=False)
        for sample in pictured:
            # Scripts would send the SAML form away before its picture is taken.
            leaves = isinstance(sample.page, SamlPostPage)
            _pictures(without_scripts if leaves else with_scripts, directory, sample, sizes)


def _pictures(page: BrowserPage, directory: Path, sample: Sample, sizes: list[str]) -> None:
    for lang, theme in (("en", "light"), ("ja", "dark"), ("ja", "light"), ("en", "dark")):
        for size in sizes:
            _picture(page, directory, sample, lang, theme, size)


def _picture(
    page: BrowserPage, directory: Path, sample: Sample, lang: str, theme: str, size: str
) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{HOST}/{sample.name}/{lang}/{theme}", wait_until="load")
    page.screenshot(path=directory / f"{sample.name}.{lang}.{theme}.{size}.png", full_page=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--pictures", nargs="?", const="", metavar="WORD")
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    renderer = Renderer()
    write_pages(options.directory, renderer)
    if options.pictures is not None:
        take_pictures(options.directory, renderer, options.pictures, options.sizes)


if __name__ == "__main__":
    main()
