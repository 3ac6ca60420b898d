"""The portal in Chromium: every person sees where to go, and nothing else."""

import pytest
from playwright.sync_api import Browser, expect

from tests.clients.fixtures import NewWindow
from tests.journeys.visitor import Visitor, plain_window, take_away
from tests.support.server import Server

#: Name, alias, environment, colour, in the order in which the portal shows them.
EVERYWHERE = (
    ("Data Development", "sakura-data-dev", "Development", "teal"),
    ("Data Production", "sakura-data-prod", "Production", "orange"),
    ("Log Archive", "sakura-log-archive", "Security", "darkBlue"),
    ("Playground", "sakura-playground", "Sandbox", "green"),
    ("Sakura Holdings", "sakura-management", "Management", "purple"),
    ("Security Tooling", "sakura-security", "Security", "darkBlue"),
    ("Web Development", "sakura-web-dev", "Development", "lightBlue"),
    ("Web Production", "sakura-web-prod", "Production", "red"),
)


def test_every_account_is_told_apart_by_name_alias_id_and_colour(
    window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server, "hanako")
    visitor.enter()
    assert visitor.accounts() == [name for name, *_ in EVERYWHERE]
    for name, alias, environment, colour in EVERYWHERE:
        row = visitor.account(alias)
        expect(row).to_contain_text(name)
        expect(row).to_contain_text(server.account(alias))
        expect(row).to_have_attribute("data-color", colour)
        expect(row.locator(".badge")).to_have_text(environment)
        expect(row.locator(".role__name")).to_contain_text(["AdministratorAccess", "ReadOnlyAcc"])
    expect(visitor.page.get_by_text("8 accounts are open to you")).to_be_visible()


def test_colours_are_painted_and_differ(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server, "hanako")
    visitor.enter()
    painted = {
        visitor.account(alias).evaluate("e => getComputedStyle(e, '::before').backgroundColor")
        for alias in ("sakura-web-prod", "sakura-web-dev", "sakura-playground")
    }
    assert len(painted) == 3
    assert not any("0, 0, 0, 0" in colour for colour in painted)


def test_a_person_with_one_account_sees_that_one_and_no_search(
    window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server, "ken")
    visitor.enter()
    assert visitor.accounts() == ["Playground"]
    assert visitor.page.locator(".role").count() == 1
    expect(visitor.page.get_by_text("1 account is open to you")).to_be_visible()
    expect(visitor.page.get_by_role("searchbox")).to_have_count(0)


def test_a_person_without_any_is_told_whom_to_ask_and_what_to_say(
    window: NewWindow, server: Server
) -> None:
    take_away(server, "ken", "ReadOnlyAccess", "sakura-playground")
    visitor = Visitor(window(), server, "ken")
    visitor.enter()
    assert visitor.accounts() == []
    expect(visitor.page.get_by_role("heading", level=2)).to_have_text(
        "No account is open to you yet"
    )
    expect(visitor.page.locator(".empty")).to_contain_text("your user name: ken")


SEARCHES = {
    "prod": ["Data Production", "Web Production"],
    "web PROD": ["Web Production"],
    "sakura-data-dev": ["Data Development"],
    "ＤＡＴＡ　ｐｒｏｄ": ["Data Production"],
    "security": ["Log Archive", "Security Tooling"],
    "administrator play": ["Playground"],
    "nothing of the kind": [],
}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_search_finds_the_same_with_scripts_and_without(
    scripts: bool, window: NewWindow, browser: Browser, server: Server
) -> None:
    number = server.account("sakura-playground")
    grouped = f"{number[:4]}-{number[4:8]}-{number[8:]}"
    searches = {**SEARCHES, number: ["Playground"], grouped: ["Playground"]}
    with plain_window(browser) as plain:
        visitor = Visitor(window() if scripts else plain, server, "hanako")
        visitor.enter()
        for words, names in searches.items():
            visitor.page.get_by_role("searchbox").fill(words)
            if not scripts:
                visitor.press(".search button")
            assert visitor.accounts() == names, words
            found = visitor.page.get_by_text("Nothing matches")
            assert found.is_visible() == (not names)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_environments_are_named_and_found_in_japanese(
    scripts: bool, window: NewWindow, browser: Browser, server: Server
) -> None:
    with plain_window(browser) as plain:
        visitor = Visitor(window(language="ja-JP") if scripts else plain, server, "佐藤健")
        visitor.enter("/start?lang=ja")
        expect(visitor.account("sakura-data-prod").locator(".badge")).to_have_text("本番")
        visitor.page.get_by_role("searchbox").fill("本番")
        if not scripts:
            visitor.press(".search button")
        assert visitor.accounts() == ["Data Production"]


def test_what_is_not_ones_own_does_not_open(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server, "ken")
    visitor.enter()
    others = server.account("sakura-web-prod")
    for opens in ("button:not([formaction])", "button[formaction='/access-keys']"):
        visitor.open("/start")
        field = visitor.page.locator("li.account input[name=account_id]")
        field.evaluate("(field, id) => { field.value = id }", others)
        assert visitor.press(f"li.account {opens}").status == 403
        assert visitor.heading == "This role is not assigned to you"
    assert visitor.open(f"/access-keys?account_id={others}&role_name=ReadOnlyAccess").status == 403
    assert others not in visitor.page.inner_text("main")
