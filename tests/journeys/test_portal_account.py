"""An account opened in the browser through our SAML IdP and the account's own STS."""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clients.fixtures import NewWindow
from tests.journeys.visitor import Visitor, plain_window, take_away
from tests.support.server import Server

ALIAS, ROLE = "sakura-playground", "AdministratorAccess"
TOKYO = timezone(timedelta(hours=9))


@pytest.fixture
def in_tokyo(browser: Browser) -> Iterator[Page]:
    """A window whose clock shows Japanese time."""
    context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo")
    yield context.new_page()
    context.close()


def facts(visitor: Visitor) -> list[str]:
    """What the page says of the session."""
    return visitor.page.locator(".facts dd").all_inner_texts()


def posted_response(visitor: Visitor) -> str:
    """Open the playground and catch the SAML response that the browser posts to the account."""
    with visitor.page.expect_request("**/saml/console") as caught:
        visitor.open_console(ALIAS, ROLE)
    form = caught.value.post_data_json
    assert isinstance(form, dict)
    response: str = form["SAMLResponse"]
    return response


def test_the_browser_carries_a_signed_response_that_names_role_and_provider(
    window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server, "alex")
    visitor.enter()
    xml = base64.b64decode(posted_response(visitor)).decode()
    account = server.account(ALIAS)
    assert re.search(rf"arn:aws:iam::{account}:role/\S*AWSReservedSSO_{ROLE}_[0-9a-f]{{16}}", xml)
    assert f"arn:aws:iam::{account}:saml-provider/" in xml
    assert "SignatureValue>" in xml


def test_the_page_says_which_account_which_role_who_and_until_when(
    window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server, "alex")
    visitor.enter()
    visitor.open_console(ALIAS, ROLE)
    main = visitor.page.locator("main")
    expect(main).to_have_attribute("data-color", "green")
    assert visitor.heading == "Playground"
    assert visitor.page.title() == f"Playground · {ROLE} · Sakura Holdings"
    for text in ("You are in · Sandbox", server.account(ALIAS), ALIAS):
        expect(visitor.page.locator(".curtain")).to_contain_text(text)
    role, who, arn, _ = facts(visitor)
    assert (role, who) == (ROLE, "alex")
    assert re.fullmatch(
        rf"arn:aws:sts::{server.account(ALIAS)}:assumed-role/AWSReservedSSO_{ROLE}_\w{{16}}/alex",
        arn,
    )
    expect(visitor.page.locator(".remaining")).to_have_text(re.compile("4 hours|3 hours 59 min"))
    until = datetime.fromisoformat(
        visitor.page.locator("time").last.get_attribute("datetime") or ""
    )
    left = until - datetime.now(UTC)
    assert timedelta(hours=3, minutes=58) < left <= timedelta(hours=4)


def test_times_are_in_the_readers_own_zone_and_say_so(in_tokyo: Page, server: Server) -> None:
    visitor = Visitor(in_tokyo, server, "佐藤健")
    visitor.enter()
    visitor.open_console("sakura-data-dev", "DataAnalyst")
    for element in visitor.page.locator("time").all():
        there = datetime.fromisoformat(element.get_attribute("datetime") or "").astimezone(TOKYO)
        expect(element).to_have_text(
            f"{there.year}年{there.month}月{there.day}日 {there.hour}:{there.minute:02} JST"
        )


def test_a_japanese_user_name_gets_a_session_named_by_the_user_id(
    window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(language="ja-JP"), server, "佐藤健")
    visitor.enter()
    visitor.open_console("sakura-data-prod", "DataAnalyst")
    role, who, arn, _ = facts(visitor)
    assert (role, who) == ("DataAnalyst", "佐藤健")
    assert arn.endswith(f"/{server.user('佐藤健')['user_id']}")
    expect(visitor.page.locator(".curtain__over")).to_have_text("現在のアカウント · 本番")


def test_a_removed_assignment_ends_the_session_at_the_next_look(
    window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server, "alex")
    visitor.enter()
    visitor.open_console(ALIAS, ROLE)
    expect(visitor.page.locator(".alert")).to_have_count(0)
    take_away(server, "alex", ROLE, ALIAS)
    visitor.page.reload()
    expect(visitor.page.locator(".alert h2")).to_have_text("This session has ended")
    expect(visitor.page.locator(".alert")).to_contain_text("no longer assigned to you")
    expect(visitor.page.locator("main")).to_have_attribute("data-color", "none")
    expect(visitor.page.locator(".remaining")).to_have_count(0)
    visitor.press("main a[href='/start']")
    assert ROLE not in visitor.account(ALIAS).inner_text()


def test_signing_out_of_the_account_leads_back_and_ends_its_session(
    window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server, "alex")
    visitor.enter()
    visitor.open_console(ALIAS, ROLE)
    kept = visitor.cookie("genkan_console")
    visitor.press("form[action='/account/signout'] button")
    assert visitor.path == "/start"
    assert visitor.is_signed_in
    visitor.open("/account")
    assert visitor.path == "/start"
    visitor.page.context.add_cookies([kept])
    assert visitor.cookie("genkan_console") is not None
    visitor.open("/account")
    assert visitor.path == "/start"


def test_back_from_the_account_leads_to_the_portal(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server, "alex")
    visitor.enter()
    visitor.open_console(ALIAS, ROLE)
    visitor.page.go_back()
    assert visitor.path == "/start"
    assert visitor.heading == "Accounts"


def test_signing_out_of_the_portal_hides_the_account(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server, "alex")
    visitor.enter()
    visitor.open_console(ALIAS, ROLE)
    visitor.sign_out()
    visitor.open("/account")
    assert visitor.heading == "Sign in"


def test_another_persons_open_account_is_not_shown(window: NewWindow, server: Server) -> None:
    alex = Visitor(window(), server, "alex")
    alex.enter()
    alex.open_console(ALIAS, ROLE)
    ken = Visitor(window(), server, "ken")
    ken.enter()
    ken.page.context.add_cookies([alex.cookie("genkan_console")])
    ken.open("/account")
    assert ken.path == "/start"
    assert ken.accounts() == ["Playground"]
    # The same browser, after the next person has signed in with it.
    alex.sign_out()
    ken_here = Visitor(alex.page, server, "ken")
    ken_here.sign_in()
    ken_here.open("/account")
    assert ken_here.path == "/start"


def test_a_response_for_somebody_else_puts_nobody_into_their_session(
    window: NewWindow, server: Server
) -> None:
    alex = Visitor(window(), server, "alex")
    alex.enter()
    with alex.page.expect_request("**/saml/console") as caught:
        alex.page.route("**/saml/console", lambda route: route.abort())
        alex.open_account(ALIAS, ROLE)
    form = caught.value.post_data_json
    assert isinstance(form, dict)
    ken = Visitor(window(), server, "ken")
    ken.enter()
    answer = ken.page.context.request.post(f"{server.url}/saml/console", form=form)
    assert answer.status == 403
    assert ken.cookie("genkan_console") is None


def test_a_response_opens_an_account_once(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server, "alex")
    visitor.enter()
    used = posted_response(visitor)
    answer = visitor.page.context.request.post(
        f"{server.url}/saml/console", form={"SAMLResponse": used}
    )
    assert answer.status == 400


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_account_opens_with_scripts_and_by_a_button_without(
    scripts: bool, window: NewWindow, browser: Browser, server: Server
) -> None:
    with plain_window(browser) as plain:
        visitor = Visitor(window() if scripts else plain, server, "ken")
        visitor.enter()
        visitor.open_account(ALIAS, "ReadOnlyAccess")
        if not scripts:
            expect(visitor.page.locator("h1")).to_have_text("Opening Playground")
            expect(visitor.page.locator(".account-line")).to_contain_text("ReadOnlyAccess")
            visitor.press("form[action='/saml/console'] button")
        visitor.page.wait_for_url("**/account")
        assert visitor.heading == "Playground"
        if not scripts:
            expect(visitor.page.locator("time").last).to_have_text(re.compile(r" UTC$"))
