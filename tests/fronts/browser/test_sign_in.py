"""Signing in and out over HTTP."""

from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette

from genkan.fronts.web.signin_pages import _clean
from genkan.signin import throttle
from genkan.signin.hashing import HashingPool
from tests.fronts.browser.person import Browser, Form, form_to, forms_of
from tests.slices.signin.household import CHEAP, PASSWORD
from tests.slices.signin.running import Running


def cookies_set(response: httpx.Response) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in response.headers.get_list("set-cookie")}


async def test_user_name_then_password_leads_to_the_portal(browser: Browser) -> None:
    page = await browser.name_oneself("hana")
    assert page.status_code == 200
    assert 'type="password"' in page.text
    answer = await browser.send(form_to(page, "/signin"), password=PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/start"


async def test_the_session_cookie_is_kept_from_scripts_and_other_sites(browser: Browser) -> None:
    answer = await browser.sign_in()
    cookie = cookies_set(answer)["genkan_session_8080"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=28800" in cookie


async def test_a_wrong_password_is_shown_on_the_same_page(browser: Browser) -> None:
    answer = await browser.sign_in(password="wrong")
    assert answer.status_code == 403
    assert "genkan_session_8080" not in cookies_set(answer)
    again = await browser.send(form_to(answer, "/signin"), password=PASSWORD)
    assert again.status_code == 303


async def test_an_unknown_user_gets_the_same_pages(browser: Browser, pages: Starlette) -> None:
    def shape(page: httpx.Response, name: str) -> tuple[int, str]:
        text = page.text.replace(name, "NAME")
        for form in forms_of(page):
            text = text.replace(form.fields["csrf_token"], "TOKEN")
        return page.status_code, text

    other = Browser(pages)
    assert shape(await browser.name_oneself("hana"), "hana") == shape(
        await other.name_oneself("nobody"), "nobody"
    )
    assert shape(await browser.sign_in("hana", "wrong"), "hana") == shape(
        await other.sign_in("nobody", "wrong"), "nobody"
    )


async def test_too_many_attempts_are_told_how_long_to_wait(browser: Browser) -> None:
    for _ in range(throttle.FREE_ATTEMPTS):
        await browser.sign_in(password="wrong")
    answer = await browser.sign_in()
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "15"


async def test_a_full_pool_is_503(browser: Browser, pages: Starlette) -> None:
    await pages.state.hashing.close()
    pages.state.hashing = HashingPool(CHEAP, threads=1, places=0)
    answer = await browser.sign_in()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_an_empty_field_is_asked_for_again(browser: Browser) -> None:
    page = await browser.name_oneself("  ")
    assert page.status_code == 400
    page = await browser.send(form_to(page, "/signin"), user_name="hana")
    page = await browser.send(form_to(page, "/signin"), password="")
    assert page.status_code == 400
    assert 'type="password"' in page.text


async def test_an_attempt_lasts_ten_minutes(browser: Browser, house: Running) -> None:
    page = await browser.name_oneself("hana")
    house.clock.advance(seconds=601)
    late = await browser.send(form_to(page, "/signin"), password=PASSWORD)
    assert late.status_code == 400
    assert "genkan_session_8080" not in cookies_set(late)
    assert 'type="password"' not in late.text


async def test_another_user_name_can_be_chosen(browser: Browser) -> None:
    page = await browser.name_oneself("ken")
    (restart,) = (form for form in forms_of(page) if "user_name" not in form.fields)
    page = await browser.send(restart, action="restart")
    assert 'type="password"' not in page.text
    page = await browser.send(form_to(page, "/signin"), user_name="hana")
    assert (await browser.send(form_to(page, "/signin"), password=PASSWORD)).status_code == 303


async def test_a_password_typed_in_another_tab_is_not_tried_on_another_name(
    browser: Browser, house: Running
) -> None:
    first = await browser.name_oneself("hana")
    await browser.name_oneself("ken")
    answer = await browser.send(form_to(first, "/signin"), password=PASSWORD)
    assert answer.status_code == 200
    assert house.rows("sign_in_attempts") == 0
    answer = await browser.send(form_to(answer, "/signin"), password=PASSWORD)
    assert answer.status_code == 303


async def test_the_password_step_cannot_come_first(browser: Browser, house: Running) -> None:
    page = await browser.get("/signin")
    answer = await browser.send(
        form_to(page, "/signin"), step="password", user_name="hana", password=PASSWORD
    )
    assert answer.status_code == 200
    assert 'type="password"' in answer.text
    assert house.rows("interactive_sessions") == 0


async def test_looking_at_pages_makes_no_row(browser: Browser, house: Running) -> None:
    rows = house.all_rows()
    for _ in range(10):
        await browser.get("/signin")
        await browser.name_oneself("hana")
        await browser.get("/authorize?client_id=x")
        await browser.get("/device?user_code=BBBB-BBBB")
    assert house.all_rows() == rows


async def test_the_attempt_cookie_shows_no_user_name(browser: Browser) -> None:
    await browser.name_oneself("hana")
    value = browser.client.cookies["genkan_attempt_8080"]
    assert "hana" not in value
    assert "aGFuYQ" not in value


async def test_a_changed_attempt_cookie_is_no_attempt(browser: Browser, house: Running) -> None:
    page = await browser.name_oneself("hana")
    value = browser.client.cookies["genkan_attempt_8080"]
    browser.client.cookies.set(
        "genkan_attempt_8080", value[:-4] + "AAAA", domain="localhost.local", path="/"
    )
    answer = await browser.send(form_to(page, "/signin"), password=PASSWORD)
    assert answer.status_code == 400
    assert house.rows("interactive_sessions") == 0


async def test_a_form_without_its_token_signs_nobody_in(browser: Browser, house: Running) -> None:
    page = await browser.name_oneself("hana")
    for token in ("", "x.y", "a" * 5000):
        answer = await browser.send(form_to(page, "/signin"), password=PASSWORD, csrf_token=token)
        assert answer.status_code == 400
    assert house.rows("sign_in_attempts") == 0


async def test_a_token_of_another_browser_does_not_fit(
    browser: Browser, pages: Starlette, house: Running
) -> None:
    attacker = Browser(pages)
    stolen = form_to(await attacker.name_oneself("hana"), "/signin").fields["csrf_token"]
    page = await browser.name_oneself("hana")
    answer = await browser.send(form_to(page, "/signin"), password=PASSWORD, csrf_token=stolen)
    assert answer.status_code == 400
    assert house.rows("interactive_sessions") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:8081"},
        {"origin": "file://localhost:8080"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_from_another_site_signs_nobody_in(
    browser: Browser, house: Running, headers: dict[str, str]
) -> None:
    page = await browser.name_oneself("hana")
    answer = await browser.send(form_to(page, "/signin"), headers, password=PASSWORD)
    assert answer.status_code == 400
    assert house.rows("interactive_sessions") == 0


async def test_a_form_from_our_own_origin_signs_in(browser: Browser) -> None:
    page = await browser.name_oneself("hana")
    headers = {"origin": "http://localhost:8080", "sec-fetch-site": "same-origin"}
    answer = await browser.send(form_to(page, "/signin"), headers, password=PASSWORD)
    assert answer.status_code == 303


async def test_a_body_that_is_no_form_is_refused(browser: Browser) -> None:
    await browser.get("/signin")
    answer = await browser.client.post("/signin", json={"user_name": "hana"})
    assert answer.status_code == 400
    answer = await browser.client.post(
        "/signin",
        content="&".join(f"a{n}=1" for n in range(1000)),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/start/..//evil.example",
        "/nowhere",
        "/signout",
        "javascript:alert(1)",
        "/start\r\nset-cookie: x=y",
        "/authorize evil",
        "",
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(browser: Browser, wanted: str) -> None:
    page = await browser.get(f"/signin?continue={quote(wanted, safe='')}")
    page = await browser.send(form_to(page, "/signin"), user_name="hana")
    form = form_to(page, "/signin")
    form.fields["continue"] = wanted
    answer = await browser.send(form, password=PASSWORD)
    assert answer.headers["location"] == "/start"


async def test_after_signing_in_one_is_back_at_the_page_that_asked(browser: Browser) -> None:
    answer = await browser.sign_in(at="/device?user_code=BCDF-GHJK")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/device?user_code=BCDF-GHJK"


async def test_signed_in_already_is_not_asked_again(browser: Browser) -> None:
    await browser.sign_in()
    answer = await browser.get("/signin?continue=/device")
    assert (answer.status_code, answer.headers["location"]) == (303, "/device")


async def test_every_sign_in_is_a_new_session(browser: Browser, pages: Starlette) -> None:
    fixed = "attackers-choice"
    browser.client.cookies.set("genkan_session_8080", fixed, domain="localhost.local", path="/")
    await browser.sign_in()
    value = browser.client.cookies["genkan_session_8080"]
    assert value != fixed
    other = Browser(pages)
    await other.sign_in()
    assert other.client.cookies["genkan_session_8080"] != value


async def test_signing_out_ends_the_session_on_the_server(browser: Browser, house: Running) -> None:
    await browser.sign_in()
    stolen = browser.client.cookies["genkan_session_8080"]
    page = await browser.get("/device")
    answer = await browser.send(form_to(page, "/signout"))
    assert answer.status_code == 200
    assert "Max-Age=0" in cookies_set(answer)["genkan_session_8080"]
    assert house.rows("interactive_sessions") == 0
    browser.client.cookies.set("genkan_session_8080", stolen, domain="localhost.local", path="/")
    assert forms_of(await browser.get("/device"))[0].action == "/signin"


async def test_another_site_cannot_sign_one_out(browser: Browser, house: Running) -> None:
    await browser.sign_in()
    page = await browser.get("/device")
    form = form_to(page, "/signout")
    assert (await browser.send(Form("/signout"))).status_code == 403
    answer = await browser.send(form, {"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert (await browser.get("/signout")).status_code == 405
    assert house.rows("interactive_sessions") == 1


async def test_signing_out_without_a_session_is_no_error(browser: Browser) -> None:
    answer = await browser.client.post("/signout", data={})
    assert answer.status_code == 200


async def test_a_disabled_person_is_asked_to_sign_in_again(
    browser: Browser, house: Running
) -> None:
    from genkan.core.call import Owner
    from genkan.identity_store.operations import SET_USER_STATUS
    from tests.slices.signin.household import STORE_ID

    await browser.sign_in()
    await house.do(
        SET_USER_STATUS,
        Owner(reason="test"),
        identity_store_id=STORE_ID,
        user_id=house.household.hana,
        status="DISABLED",
    )
    assert forms_of(await browser.get("/device"))[0].action == "/signin"


async def test_a_browser_that_signed_in_before_is_not_locked_out_by_its_network(
    browser: Browser, pages: Starlette
) -> None:
    await browser.sign_in()
    neighbour = Browser(pages)
    for _ in range(throttle.FREE_ATTEMPTS + 1):
        last = await neighbour.sign_in(password="wrong")
    assert last.status_code == 429
    browser.client.cookies.delete("genkan_session_8080")
    assert (await browser.sign_in()).status_code == 303


async def test_one_browser_is_recognised_for_the_last_few_people(browser: Browser) -> None:
    for user_name in ("hana", "ken", "hana"):
        browser.client.cookies.delete("genkan_session_8080")
        await browser.sign_in(user_name)
    tokens = browser.client.cookies["genkan_browser_8080"].split("~")
    assert len(tokens) == 2


async def test_the_page_in_japanese_is_remembered(browser: Browser) -> None:
    page = await browser.get("/signin?lang=ja")
    assert '<html lang="ja"' in page.text
    page = await browser.name_oneself("hana")
    assert page.headers["content-language"] == "ja"


async def test_a_query_that_is_no_text_is_answered(browser: Browser) -> None:
    answer = await browser.client.get(httpx.URL("http://localhost:8080/signin?a=%ff&b=%00"))
    assert answer.status_code == 200


def test_user_names_are_tidied_and_bounded() -> None:
    assert _clean("  hana\u3000\n\0") == "hana"
    assert _clean("花子") == "花子"
    assert len(_clean("x" * 10_000)) == 128
