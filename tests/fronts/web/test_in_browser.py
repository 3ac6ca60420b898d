"""Pages in a real browser: accessible, within their policy, and quicker with scripts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import expect

from genkan.fronts.web.pages import SamlPostPage
from tests.fronts.web.preview import HOST, Chromium
from tests.fronts.web.samples import SAMPLES, Sample

STAYING = [sample for sample in SAMPLES if not isinstance(sample.page, SamlPostPage)]
ONE_OF_EACH = [*{type(sample.page): sample for sample in reversed(STAYING)}.values()]
each_page = pytest.mark.parametrize("sample", STAYING, ids=lambda sample: sample.name)
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}


def open_page(page: BrowserPage, name: str, lang: str = "en", theme: str = "light") -> None:
    page.goto(f"{HOST}/{name}/{lang}/{theme}")


one_of_each = pytest.mark.parametrize("sample", ONE_OF_EACH, ids=lambda sample: sample.name)


@each_page
def test_axe_finds_nothing(page: BrowserPage, sample: Sample) -> None:
    open_page(page, sample.name)
    assert_accessible(page)


@one_of_each
def test_axe_finds_nothing_in_the_dark(page: BrowserPage, sample: Sample) -> None:
    open_page(page, sample.name, "ja", "dark")
    assert_accessible(page)


def test_axe_would_find_something(page: BrowserPage) -> None:
    open_page(page, "signed-out")
    page.locator("h1").evaluate("element => element.remove()")
    with pytest.raises(AssertionError, match="level-one heading"):
        assert_accessible(page)


def assert_accessible(page: BrowserPage) -> None:
    found = Axe().run(page, options=AXE_OPTIONS)
    assert found.violations_count == 0, found.generate_report()


@each_page
def test_no_page_breaks_its_own_policy(page: BrowserPage, sample: Sample) -> None:
    complaints: list[str] = []

    def listen(message: object) -> None:
        complaints.append(str(message))

    page.on("console", listen)
    page.on("pageerror", listen)
    try:
        open_page(page, sample.name)
    finally:
        page.remove_listener("console", listen)
        page.remove_listener("pageerror", listen)
    assert complaints == []


@one_of_each
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_nothing_scrolls_sideways_on_a_phone_or_at_400_percent(
    page: BrowserPage, sample: Sample, lang: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})  # WCAG 2.2, 1.4.10
    try:
        open_page(page, sample.name, lang)
        width = page.evaluate("document.documentElement.scrollWidth")
    finally:
        page.set_viewport_size({"width": 1280, "height": 860})
    assert width <= 320


def test_search_narrows_the_portal_while_typing(page: BrowserPage) -> None:
    open_page(page, "portal-accounts")
    search = page.get_by_role("searchbox")
    rows = page.locator("li.account:visible")
    expect(rows).to_have_count(7)
    search.fill("shop  stag")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Shop staging")
    expect(page.locator("#status")).to_have_text("Accounts shown: 1")
    search.fill("1111-2222-3333")
    expect(rows).to_have_count(1)
    search.fill("ＳＨＯＰ")
    expect(rows).to_have_count(2)
    search.fill("securityaudit")
    expect(rows).to_contain_text("Security")
    search.fill("no such thing")
    expect(rows).to_have_count(0)
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def test_slash_goes_to_the_search_field(page: BrowserPage) -> None:
    open_page(page, "portal-accounts")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_search_asks_the_server_without_scripts(page_without_scripts: BrowserPage) -> None:
    open_page(page_without_scripts, "portal-accounts")
    page_without_scripts.get_by_role("searchbox").fill("shop")
    with page_without_scripts.expect_request(f"{HOST}/start?q=shop"):
        page_without_scripts.get_by_role("button", name="Search").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_systems_and_secrets_can_be_switched(
    page: BrowserPage, page_without_scripts: BrowserPage, scripts: bool
) -> None:
    page = page if scripts else page_without_scripts
    open_page(page, "credentials")
    page.get_by_label("macOS, Linux", exact=True).first.check()
    expect(page.locator("#env-posix")).to_be_visible()
    expect(page.locator("#env-cmd")).to_be_hidden()
    page.get_by_label("Windows (cmd)", exact=True).first.check()
    expect(page.locator("#env-cmd")).to_be_visible()
    expect(page.locator("#env-posix")).to_be_hidden()
    secret = page.locator("#value-2")
    expect(secret).to_have_css("font-size", "0px")
    page.get_by_label("Show secret values").check()
    expect(secret).not_to_have_css("font-size", "0px")


def test_copying_gives_the_text_with_its_secrets(page: BrowserPage) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=HOST)
    open_page(page, "credentials")
    page.get_by_label("macOS, Linux", exact=True).first.check()
    page.get_by_role("button", name="Copy: macOS, Linux").click()
    expect(page.locator("#status")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied[0] == 'export AWS_ACCESS_KEY_ID="ASIAEXAMPLE234567ABC"'
    assert copied[1] == 'export AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"'
    assert copied[2].startswith('export AWS_SESSION_TOKEN="IQoJ')
    assert copied[3:] == ['export AWS_ENDPOINT_URL="http://localhost:8080"']


def test_copy_buttons_are_not_shown_where_they_cannot_work(
    page_without_scripts: BrowserPage,
) -> None:
    open_page(page_without_scripts, "credentials")
    expect(page_without_scripts.locator("button.copy:visible")).to_have_count(0)


def test_theme_changes_at_once_and_is_remembered(page: BrowserPage) -> None:
    open_page(page, "signed-out", theme="light")
    page.get_by_role("link", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(20, 22, 27)")
    expect(page.locator("a[data-theme-choice][aria-current]")).to_have_text("Dark")
    stored = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert stored["genkan_theme"] == "dark"


def test_theme_is_a_link_without_scripts(page_without_scripts: BrowserPage) -> None:
    open_page(page_without_scripts, "signed-out")
    with page_without_scripts.expect_request(f"{HOST}/start?theme=dark"):
        page_without_scripts.get_by_role("link", name="Dark").click()


def test_sandbox_strip_goes_away_when_dismissed(page: BrowserPage) -> None:
    open_page(page, "sign-in-user-name")
    strip = page.get_by_role("complementary", name="Sandbox")
    expect(strip).to_be_visible()
    page.get_by_role("link", name="Dismiss").click()
    expect(strip).to_have_count(0)


def test_saml_form_is_sent_by_itself(page: BrowserPage) -> None:
    with page.expect_request("https://signin.aws.amazon.com/saml") as sent:
        page.goto(f"{HOST}/saml-post/en/light", wait_until="commit")
    assert sent.value.method == "POST"
    assert sent.value.post_data == "SAMLResponse=PHNhbWxwOlJlc3BvbnNlLz4%3D&RelayState="


def test_saml_form_has_a_button_without_scripts(page_without_scripts: BrowserPage) -> None:
    open_page(page_without_scripts, "saml-post")
    with page_without_scripts.expect_request("https://signin.aws.amazon.com/saml"):
        page_without_scripts.get_by_role("button", name="Continue").click()


def test_consent_answered_by_a_redirect_to_the_named_loopback_address_arrives(
    chromium: Chromium,
) -> None:
    with listener() as (port, arrived):
        follow_consent(chromium, named=port, redirected=port)
        # A browser that is there may look for an icon, too.
        answers = [path for path in arrived if path.startswith("/oauth/callback")]
        assert answers == ["/oauth/callback?code=c&state=s"]


def test_consent_answered_by_a_redirect_elsewhere_is_stopped_by_the_browser(
    chromium: Chromium,
) -> None:
    with listener() as (port, _), listener() as (other, arrived):
        complaints = follow_consent(chromium, named=port, redirected=other)
        assert arrived == []
        assert "form-action" in complaints


@contextmanager
def listener() -> Iterator[tuple[int, list[str]]]:
    """A program on this computer that waits for the answer, as the AWS CLI does."""
    arrived: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            arrived.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, arrived
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def follow_consent(chromium: Chromium, *, named: int, redirected: int) -> str:
    """Allows on a consent page that names one port and is redirected to another (or the same).

    Returns what the browser complained about, once it has gone there or refused to.
    """
    page = chromium.new_page()
    sample = next(sample for sample in SAMPLES if sample.name == "authorize-consent")
    consent = replace(sample.page, redirect_uri=f"http://127.0.0.1:{named}/oauth/callback")  # type: ignore[call-arg]
    page.context.route(f"{HOST}/asked", lambda it: chromium.show(it, consent, sample.shell("en")))
    target = f"http://127.0.0.1:{redirected}/oauth/callback?code=c&state=s"
    page.context.route(
        f"{HOST}/authorize/consent",
        lambda it: it.fulfill(status=303, headers={"location": target}),
    )
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{HOST}/asked")
    if named == redirected:
        page.get_by_role("button", name="Allow", exact=True).click()
        page.wait_for_url(target)
    else:
        with page.expect_console_message():
            page.get_by_role("button", name="Allow", exact=True).click(no_wait_after=True)
    page.close()
    return " ".join(complaints)


def test_first_tab_stop_skips_to_the_content(page: BrowserPage) -> None:
    open_page(page, "portal-accounts")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_countdown_follows_the_servers_clock(page: BrowserPage) -> None:
    open_page(page, "account")
    expect(page.locator(".remaining")).to_have_text("3 hours 22 minutes")
    open_page(page, "account", "ja")
    expect(page.locator(".remaining")).to_have_text("3 時間 22 分")
