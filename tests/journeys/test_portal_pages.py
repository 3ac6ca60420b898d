"""What every page of the real product keeps: language, colours, errors that help, WCAG."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clients.browser import accessibility_violations
from tests.clients.fixtures import NewWindow
from tests.journeys.visitor import Visitor, plain_window
from tests.support.server import Server

ALIAS, ROLE = "sakura-playground", "AdministratorAccess"


def keys_path(server: Server) -> str:
    return f"/access-keys?{urlencode({'account_id': server.account(ALIAS), 'role_name': ROLE})}"


def language(page: Page) -> str | None:
    return page.locator("html").get_attribute("lang")


def background(page: Page) -> str:
    found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return found


# ── languages and colours ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("locale", "lang", "heading"),
    [("en-GB", "en", "Sign in"), ("ja-JP", "ja", "サインイン"), ("fr-FR", "en", "Sign in")],
)
def test_the_browsers_language_is_spoken(
    locale: str, lang: str, heading: str, window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(language=locale), server)
    answer = visitor.open("/start")
    assert (language(visitor.page), answer.headers["content-language"]) == (lang, lang)
    assert visitor.heading == heading


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_language_and_theme_once_chosen_stay(
    scripts: bool, window: NewWindow, browser: Browser, server: Server
) -> None:
    with plain_window(browser) as plain:
        page = window() if scripts else plain
        visitor = Visitor(page, server, "alex")
        visitor.open("/start")
        light = background(page)
        visitor.press("a[hreflang=ja]")
        page.get_by_role("link", name="ダーク").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        visitor.sign_in()
        for path in ("/start", "/device", keys_path(server), "/nowhere"):
            visitor.open(path)
            assert language(page) == "ja"
            assert page.locator("html").get_attribute("data-theme") == "dark"
        assert background(page) != light
        visitor.press("a[hreflang=en]")
        visitor.open("/start")
        assert (language(page), visitor.heading) == ("en", "Accounts")


def test_the_systems_colours_are_followed(window: NewWindow, server: Server) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        visitor = Visitor(window(scheme=scheme), server)
        visitor.open("/start")
        colours.add(background(visitor.page))
    assert len(colours) == 2


@pytest.mark.sandbox_only("only a sandbox has the strip")
def test_the_sandbox_strip_names_people_and_goes_away(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server)
    visitor.open("/start")
    strip = visitor.page.locator(".strip")
    expect(strip).to_contain_text("hanako, alex, 佐藤健, maria, ken")
    expect(strip).to_contain_text(str(server.data_dir / "sandbox.json"))
    for user in server.facts["users"]:
        assert user["password"] not in visitor.page.content()
    visitor.page.get_by_role("link", name="Dismiss").click()
    expect(strip).to_have_count(0)
    visitor.open("/start")
    expect(strip).to_have_count(0)


# ── errors ────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_that_is_not_there_leads_a_signed_in_person_home(
    window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server, "alex")
    answer = visitor.enter("/no/such/page")
    assert answer.status == 404
    assert visitor.is_signed_in
    assert visitor.heading == "There is nothing here"
    request_id = visitor.page.locator("main code").inner_text()
    assert answer.headers.get("x-amzn-requestid", request_id) == request_id
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", request_id)
    visitor.press("main a[href='/start']")
    assert visitor.heading == "Accounts"


def test_a_page_that_is_not_there_names_nobody_to_a_stranger(
    window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server)
    assert visitor.open("/no/such/page").status == 404
    assert not visitor.is_signed_in
    visitor.press("main a[href='/start']")
    assert visitor.heading == "Sign in"


def test_a_page_asked_with_a_wrong_method_says_so(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server, "alex")
    assert visitor.enter("/console").status == 405
    assert visitor.heading == "There is nothing here"


def _without_token(page: Page) -> None:
    page.evaluate("document.querySelectorAll('[name=csrf_token]').forEach(e => e.remove())")


def _with_a_changed_token(page: Page) -> None:
    page.evaluate(
        """() => document.querySelectorAll('[name=csrf_token]').forEach((field) => {
          field.value = field.value.replace(/[.](.)/, (_, c) => (c === 'A' ? '.B' : '.A'));
        })"""
    )


FORMS = {
    "sign out": "form[action='/signout'] button",
    "access keys": "button[formaction='/access-keys']",
    "console": "li.account button:not([formaction])",
}


@pytest.mark.parametrize("spoil", [_without_token, _with_a_changed_token])
def test_a_form_that_we_did_not_make_for_this_session_does_nothing(
    spoil: Callable[[Page], None], window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server, "ken")
    visitor.enter()
    for button in FORMS.values():
        visitor.open("/start")
        spoil(visitor.page)
        assert visitor.press(button).status == 403
        assert visitor.heading == "This form has expired"
        assert "ASIA" not in visitor.page.content()
    assert visitor.is_signed_in
    assert visitor.cookie("genkan_console") is None


def test_a_token_of_another_person_fits_no_form_of_mine(window: NewWindow, server: Server) -> None:
    alex, ken = Visitor(window(), server, "alex"), Visitor(window(), server, "ken")
    alex.enter()
    ken.enter()
    token = alex.page.locator("[name=csrf_token]").first.get_attribute("value")
    ken.page.locator("form[action='/signout'] [name=csrf_token]").evaluate(
        "(field, token) => { field.value = token }", token
    )
    assert ken.press("form[action='/signout'] button").status == 403
    ken.open("/start")
    assert ken.is_signed_in


# ── accessibility ─────────────────────────────────────────────────────────────────────────────────


def test_axe_finds_nothing_on_the_real_pages(window: NewWindow, server: Server) -> None:
    page = window()
    visitor = Visitor(page, server, "alex")
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        found[name] = accessibility_violations(page)

    visitor.open("/start")
    look("sign-in")
    visitor.name("alex")
    visitor.try_password("Wrong-Password-1")
    look("wrong password")
    visitor.enter()
    look("portal")
    visitor.open(keys_path(server))
    look("keys not issued")
    visitor.press("main form[action='/access-keys'] button")
    look("keys")
    visitor.open("/start")
    visitor.open_console(ALIAS, ROLE)
    look("account")
    for path in ("/device", "/device?user_code=BCDF-GHJK", "/nowhere", "/authorize?client_id=x"):
        visitor.open(path)
        look(path)
    visitor.sign_out()
    look("signed out")
    assert {name: violations for name, violations in found.items() if violations} == {}
    assert len(found) == 11


def test_the_whole_way_can_be_gone_by_keyboard(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server, "ken")
    page = visitor.page
    visitor.open("/start")
    for field, text in (("#user_name", "ken"), ("#password", server.user("ken")["password"])):
        # Where the page itself has put the cursor, once it is all there.
        expect(page.locator(field)).to_be_focused()
        page.wait_for_load_state()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    page.locator(".portal__head").wait_for()
    page.wait_for_load_state()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "role_name":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    assert visitor.heading == "Playground"
