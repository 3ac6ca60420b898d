"""Consent over HTTP: nothing is approved by a link, and answers go where they should."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from starlette.applications import Starlette

from genkan.oauth import devices
from genkan.oauth import operations as oauth
from genkan.oauth.clients import DEVICE_CODE
from genkan.oauth.records import Registration, Rejected, StartedDeviceAuthorization, Token
from tests.fronts.browser.person import Browser, Form, form_to, forms_of
from tests.slices.oauth.program import DEVICE, PKCE, REDIRECT, START_URL, VERIFIER, query
from tests.slices.signin.running import Running

WIRE = {operation.name: operation for operation in oauth.OPERATIONS}


async def register(house: Running, **members: Any) -> Registration:
    answer = await house.do(
        WIRE["RegisterClient"], client_name="aws-cli", client_type="public", **members
    )
    assert isinstance(answer, Registration)
    return answer


async def start(house: Running, client: Registration) -> StartedDeviceAuthorization:
    answer = await house.do(
        WIRE["StartDeviceAuthorization"],
        client_id=client.client_id,
        client_secret=client.client_secret,
        start_url=START_URL,
    )
    assert isinstance(answer, StartedDeviceAuthorization)
    return answer


async def poll(
    house: Running, client: Registration, started: StartedDeviceAuthorization
) -> Token | Rejected:
    answer: Token | Rejected = await house.do(
        WIRE["CreateToken"],
        client_id=client.client_id,
        client_secret=client.client_secret,
        grant_type=DEVICE_CODE,
        device_code=started.device_code,
    )
    return answer


# ── /authorize ────────────────────────────────────────────────────────────────────────────────────


async def test_the_whole_way_by_pkce(browser: Browser, house: Running) -> None:
    client = await register(house, **PKCE)
    address = f"/authorize?{query(client)}"
    page = await browser.get(address)
    assert "aws-cli" in page.text
    answer = await browser.sign_in(at=address)
    assert answer.headers["location"] == address
    page = await browser.get(address)
    assert "aws-cli" in page.text
    answer = await browser.send(form_to(page, "/authorize/consent"), decision="approve")
    assert answer.status_code == 303
    target = answer.headers["location"]
    assert target.startswith(REDIRECT + "?code=")
    assert answer.headers["cache-control"] == "no-store"
    token = await house.do(
        WIRE["CreateToken"],
        client_id=client.client_id,
        client_secret=client.client_secret,
        grant_type="authorization_code",
        code=parse_qs(urlsplit(target).query)["code"][0],
        redirect_uri=REDIRECT,
        code_verifier=VERIFIER,
    )
    assert isinstance(token, Token)
    person = await house.do(oauth.FIND_TOKEN, access_token=token.access_token)
    assert person.user_id == house.household.hana


async def test_the_consent_page_may_send_its_form_to_the_program_and_nowhere_else(
    browser: Browser, house: Running
) -> None:
    client = await register(house, **PKCE)
    await browser.sign_in()
    page = await browser.get(f"/authorize?{query(client)}")
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' http://127.0.0.1:44029;" in policy
    other = await browser.get("/device")
    assert "form-action 'self';" in other.headers["content-security-policy"]


async def test_opening_the_address_approves_nothing(browser: Browser, house: Running) -> None:
    client = await register(house, **PKCE)
    await browser.sign_in()
    for _ in range(3):
        page = await browser.get(f"/authorize?{query(client)}&decision=approve")
        assert page.status_code == 200
    assert house.rows("authorization_codes") == 0
    assert (await browser.get("/authorize/consent?decision=approve")).status_code == 405


async def test_refusing_tells_the_program(browser: Browser, house: Running) -> None:
    client = await register(house, **PKCE)
    await browser.sign_in()
    page = await browser.get(f"/authorize?{query(client)}")
    answer = await browser.send(form_to(page, "/authorize/consent"), decision="deny")
    assert answer.headers["location"].startswith(f"{REDIRECT}?error=access_denied&state=")
    assert house.rows("authorization_codes") == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "forged"},
        {"redirect_uri": None},
    ],
)
async def test_a_request_in_doubt_is_answered_on_our_own_page(
    browser: Browser, house: Running, changed: dict[str, str | None]
) -> None:
    client = await register(house, **PKCE)
    page = await browser.get(f"/authorize?{query(client, **changed)}")
    assert page.status_code == 400
    assert "location" not in page.headers
    assert "evil.example" not in page.headers["content-security-policy"]


async def test_a_faulty_request_of_a_known_program_is_told_to_it(
    browser: Browser, house: Running
) -> None:
    client = await register(house, **PKCE)
    answer = await browser.get(f"/authorize?{query(client, code_challenge_method='plain')}")
    assert answer.headers["location"].startswith(f"{REDIRECT}?error=invalid_request&state=")


async def test_another_site_cannot_consent(browser: Browser, house: Running) -> None:
    client = await register(house, **PKCE)
    await browser.sign_in()
    forged = Form("/authorize/consent", {"request": query(client), "decision": "approve"})
    assert (await browser.send(forged)).status_code == 403
    page = await browser.get(f"/authorize?{query(client)}")
    real = form_to(page, "/authorize/consent")
    answer = await browser.send(real, {"sec-fetch-site": "cross-site"}, decision="approve")
    assert answer.status_code == 403
    assert house.rows("authorization_codes") == 0


async def test_consent_of_one_session_does_not_fit_another(
    browser: Browser, pages: Starlette, house: Running
) -> None:
    client = await register(house, **PKCE)
    attacker = Browser(pages)
    await attacker.sign_in("ken")
    page = await attacker.get(f"/authorize?{query(client)}")
    await browser.sign_in("hana")
    answer = await browser.send(form_to(page, "/authorize/consent"), decision="approve")
    assert answer.status_code == 403
    assert house.rows("authorization_codes") == 0


async def test_a_form_that_was_changed_sends_no_code_elsewhere(
    browser: Browser, house: Running
) -> None:
    client = await register(house, **PKCE)
    await browser.sign_in()
    page = await browser.get(f"/authorize?{query(client)}")
    changed = query(client, redirect_uri="https://evil.example/")
    answer = await browser.send(
        form_to(page, "/authorize/consent"), decision="approve", request=changed
    )
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_consent_after_the_session_ended_asks_to_sign_in_and_comes_back(
    browser: Browser, house: Running
) -> None:
    client = await register(house, **PKCE)
    await browser.sign_in()
    page = await browser.get(f"/authorize?{query(client)}")
    house.clock.advance(seconds=8 * 3600)
    answer = await browser.send(form_to(page, "/authorize/consent"), decision="approve")
    assert house.rows("authorization_codes") == 0
    form = form_to(answer, "/signin")
    assert form.fields["continue"] == f"/authorize?{query(client)}"


@pytest.mark.parametrize("decision", ["", "maybe", "APPROVE"])
async def test_no_decision_is_no_consent(browser: Browser, house: Running, decision: str) -> None:
    client = await register(house, **PKCE)
    await browser.sign_in()
    page = await browser.get(f"/authorize?{query(client)}")
    answer = await browser.send(form_to(page, "/authorize/consent"), decision=decision)
    assert answer.status_code == 400
    assert house.rows("authorization_codes") == 0


async def test_a_programs_name_is_text_and_nothing_else(browser: Browser, house: Running) -> None:
    answer = await house.do(
        WIRE["RegisterClient"],
        **{**PKCE, "client_name": "<script>alert(1)</script>", "client_type": "public"},
    )
    await browser.sign_in()
    page = await browser.get(f"/authorize?{query(answer)}")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


# ── /device ───────────────────────────────────────────────────────────────────────────────────────


async def test_the_whole_way_by_device_code(browser: Browser, house: Running) -> None:
    client = await register(house, **DEVICE)
    started = await start(house, client)
    path = started.verification_uri_complete.removeprefix("http://localhost:8080")
    answer = await browser.sign_in(at=path)
    page = await browser.get(answer.headers["location"])
    assert started.user_code in page.text
    page = await browser.send(form_to(page, "/device"))
    assert "aws-cli" in page.text
    waiting = await poll(house, client, started)
    assert isinstance(waiting, Rejected)
    assert waiting.error == "authorization_pending"
    page = await browser.send(form_to(page, "/device/consent"), decision="approve")
    assert page.status_code == 200
    assert isinstance(await poll(house, client, started), Token)


async def test_a_typed_code_works_too_and_can_be_refused(browser: Browser, house: Running) -> None:
    client = await register(house, **DEVICE)
    started = await start(house, client)
    await browser.sign_in()
    page = await browser.get("/device")
    typed = started.user_code.lower().replace("-", " ")
    page = await browser.send(form_to(page, "/device"), user_code=typed)
    page = await browser.send(form_to(page, "/device/consent"), decision="deny")
    assert page.status_code == 200
    refused = await poll(house, client, started)
    assert isinstance(refused, Rejected)
    assert refused.error == "access_denied"


async def test_opening_a_link_approves_no_device(browser: Browser, house: Running) -> None:
    client = await register(house, **DEVICE)
    started = await start(house, client)
    await browser.sign_in()
    for path in (
        f"/device?user_code={started.user_code}",
        f"/device?user_code={started.user_code}&step=confirm&decision=approve",
        f"/device/consent?user_code={started.user_code}&decision=approve",
    ):
        await browser.get(path)
    waiting = await poll(house, client, started)
    assert isinstance(waiting, Rejected)
    assert waiting.error == "authorization_pending"


async def test_another_site_cannot_approve_a_device(browser: Browser, house: Running) -> None:
    client = await register(house, **DEVICE)
    started = await start(house, client)
    await browser.sign_in()
    forged = {"user_code": started.user_code, "decision": "approve", "request_id": "x"}
    assert (await browser.send(Form("/device", forged))).status_code == 403
    assert (await browser.send(Form("/device/consent", forged))).status_code == 403
    page = await browser.get(f"/device?user_code={started.user_code}")
    page = await browser.send(form_to(page, "/device"))
    consent = form_to(page, "/device/consent")
    answer = await browser.send(consent, {"origin": "https://evil.example"}, decision="approve")
    assert answer.status_code == 403
    waiting = await poll(house, client, started)
    assert isinstance(waiting, Rejected)
    assert waiting.error == "authorization_pending"


async def test_nobody_but_a_signed_in_person_learns_about_a_code(
    browser: Browser, house: Running
) -> None:
    client = await register(house, **DEVICE)
    started = await start(house, client)
    page = await browser.get(f"/device?user_code={started.user_code}")
    assert "aws-cli" not in page.text
    attempt = form_to(page, "/signin").fields["csrf_token"]
    page = await browser.send(
        Form("/device", {"user_code": started.user_code, "csrf_token": attempt})
    )
    assert "aws-cli" not in page.text
    assert form_to(page, "/signin").fields["continue"].startswith("/device?user_code=")


async def test_an_unknown_code_is_told_and_guessing_is_stopped(
    browser: Browser, house: Running
) -> None:
    await browser.sign_in()
    page = await browser.get("/device")
    form = form_to(page, "/device")
    for _ in range(devices.WRONG_GUESSES):
        assert (await browser.send(form, user_code="BBBB-BBBB")).status_code == 400
    stopped = await browser.send(form, user_code="BBBB-BBBB")
    assert stopped.status_code == 429
    assert int(stopped.headers["retry-after"]) > 0


async def test_an_answered_code_is_no_longer_open(browser: Browser, house: Running) -> None:
    client = await register(house, **DEVICE)
    started = await start(house, client)
    await browser.sign_in()
    page = await browser.get(f"/device?user_code={started.user_code}")
    consent = form_to(await browser.send(form_to(page, "/device")), "/device/consent")
    assert (await browser.send(consent, decision="deny")).status_code == 200
    assert (await browser.send(consent, decision="approve")).status_code == 400
    assert (await browser.send(form_to(page, "/device"))).status_code == 400


@pytest.mark.parametrize("typed", ["<script>", "A" * 300, "%00", "ÄÖÜ", "AEIO-AEIO"])
async def test_a_link_with_a_strange_code_shows_the_field_to_type_one(
    browser: Browser, typed: str
) -> None:
    await browser.sign_in()
    page = await browser.get(f"/device?user_code={quote(typed)}")
    assert page.status_code == 200
    assert form_to(page, "/device").fields["step"] == "check"
    assert "<script>" not in page.text


async def test_signing_out_elsewhere_kills_the_tokens_of_the_session(
    browser: Browser, house: Running
) -> None:
    client = await register(house, **DEVICE)
    started = await start(house, client)
    await browser.sign_in()
    page = await browser.get(f"/device?user_code={started.user_code}")
    consent = form_to(await browser.send(form_to(page, "/device")), "/device/consent")
    await browser.send(consent, decision="approve")
    token = await poll(house, client, started)
    assert isinstance(token, Token)
    assert await house.do(oauth.FIND_TOKEN, access_token=token.access_token)
    await browser.send(form_to(await browser.get("/device"), "/signout"))
    assert await house.do(oauth.FIND_TOKEN, access_token=token.access_token) is None


async def test_every_form_of_every_page_carries_a_token(browser: Browser, house: Running) -> None:
    client = await register(house, **PKCE)
    seen = [await browser.get("/signin"), await browser.name_oneself("hana")]
    await browser.sign_in()
    seen += [
        await browser.get("/device"),
        await browser.get("/device?user_code=BCDF-GHJK"),
        await browser.get(f"/authorize?{query(client)}"),
    ]
    forms = [form for page in seen for form in forms_of(page)]
    assert len(forms) >= 8
    assert all(form.fields["csrf_token"] for form in forms)
