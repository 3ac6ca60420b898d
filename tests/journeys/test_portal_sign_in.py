"""A person signs in and out in Chromium, and strangers learn nothing on the way."""

import pytest

from tests.clients.fixtures import NewWindow
from tests.journeys.visitor import Visitor, without_tokens
from tests.support.server import Server


def test_user_name_and_password_lead_to_the_portal(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server)
    assert visitor.open("/").status == 200
    assert visitor.path == "/start"
    assert visitor.heading == "Sign in"
    visitor.name("hanako")
    assert visitor.heading == "Enter your password"
    visitor.try_password(server.user("hanako")["password"])
    assert visitor.path == "/start"
    assert visitor.heading == "Accounts"
    assert visitor.page.inner_text(".who__name").split("\n") == ["Hanako Yamada", "hanako"]
    assert visitor.page.title() == "Accounts · Sakura Holdings"


def test_scripts_cannot_read_the_session(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server)
    visitor.sign_in()
    cookie = visitor.cookie("genkan_session")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["value"] not in visitor.page.evaluate("document.cookie")


def test_wrong_password_and_unknown_user_get_the_very_same_pages(
    window: NewWindow, server: Server
) -> None:
    shown = []
    for user_name in ("alex", "nobody-here"):
        visitor = Visitor(window(), server)
        visitor.open("/start?hint=off")  # The strip names sample users.
        pages = []
        for step, text in ((visitor.name, user_name), (visitor.try_password, "Wrong-Password-1")):
            answer = step(text)
            pages.append((answer.status, without_tokens(answer.text()).replace(user_name, "…")))
        shown.append(pages)
        assert visitor.page.inner_text("#problem").startswith("That did not match.")
        assert not visitor.is_signed_in
    assert shown[0] == shown[1]
    assert [status for status, _ in shown[0]] == [200, 403]


def test_another_user_name_can_be_chosen(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(), server, "alex")
    visitor.open("/start")
    visitor.name("hanako")
    visitor.press("button[value=restart]")
    visitor.name("alex")
    assert visitor.page.inner_text(".chosen__value") == "alex"
    visitor.try_password(server.user("alex")["password"])
    assert "alex" in visitor.page.inner_text(".who__name")


@pytest.mark.parametrize("path", ["/device?user_code=BCDF-GHJK", "/start?q=prod", "/account"])
def test_sign_in_stands_before_a_page_and_leads_back_to_it(
    path: str, window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server)
    asked = visitor.open(path)
    assert asked.status == 200
    assert visitor.heading == "Sign in"
    visitor.sign_in(at=path)
    assert visitor.path == ("/start" if path == "/account" else path)


def test_signing_out_ends_the_session_in_the_browser_and_on_the_server(
    window: NewWindow, server: Server
) -> None:
    visitor = Visitor(window(), server)
    visitor.sign_in()
    kept = visitor.cookie("genkan_session")
    visitor.sign_out()
    assert visitor.heading == "You have signed out"
    assert visitor.cookie("genkan_session") is None
    visitor.page.go_back()
    assert visitor.heading == "Sign in"
    visitor.page.context.add_cookies([kept])
    visitor.open("/start")
    assert visitor.heading == "Sign in"
    visitor.sign_in()
    assert visitor.heading == "Accounts"


def test_a_japanese_user_name_signs_in(window: NewWindow, server: Server) -> None:
    visitor = Visitor(window(language="ja-JP"), server, "佐藤健")
    visitor.sign_in()
    assert visitor.heading == "アカウント"
    assert visitor.page.inner_text(".who__name").split("\n") == ["佐藤 健", "佐藤健"]
