"""Every page in every state and language keeps the rules of the house."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from genkan.fronts.web import pages, rendering, urls
from genkan.fronts.web.i18n import LANGUAGES, Lang
from genkan.fronts.web.pages import Page, PortalPage, SamlPostPage, Shell
from genkan.fronts.web.rendering import Renderer
from tests.fronts.web.reading import Element, read
from tests.fronts.web.samples import CARDS, SAMPLES, Sample, credentials

TEMPLATES = Path(rendering.__file__).with_name("templates")
every_page = pytest.mark.parametrize(
    ("sample", "lang"),
    [
        pytest.param(sample, lang, id=f"{sample.name}-{lang}")
        for sample in SAMPLES
        for lang in LANGUAGES
    ],
)


def document(renderer: Renderer, sample: Sample, lang: Lang) -> Element:
    return read(renderer.render(sample.page, sample.shell(lang)))


def named(name: str) -> Sample:
    return next(sample for sample in SAMPLES if sample.name == name)


def test_every_page_class_is_sampled() -> None:
    classes = {
        value
        for value in vars(pages).values()
        if isinstance(value, type) and issubclass(value, Page) and value is not Page
    }
    assert {type(sample.page) for sample in SAMPLES} == classes


def test_every_sample_has_its_own_name() -> None:
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES)


@every_page
def test_page_is_a_whole_document_in_its_language(
    renderer: Renderer, sample: Sample, lang: Lang
) -> None:
    html = renderer.render(sample.page, sample.shell(lang))
    assert html.startswith("<!doctype html>")
    root = read(html)
    (page,) = root.all("html")
    assert page.get("lang") == lang
    assert len(root.all("title")) == len(root.all("main")) == len(root.all("h1")) == 1
    ids = [element.get("id") for element in root.all() if element.get("id")]
    assert len(ids) == len(set(ids))


@every_page
def test_every_posted_form_carries_the_csrf_token_and_no_other_form_does(
    renderer: Renderer, sample: Sample, lang: Lang
) -> None:
    for form in document(renderer, sample, lang).all("form"):
        tokens = [
            field.get("value")
            for field in form.all("input")
            if field.get("name") == urls.CSRF_FIELD
        ]
        ours = form.get("method") == "post" and not isinstance(sample.page, SamlPostPage)
        leaves_us = isinstance(sample.page, SamlPostPage) and "data-auto-submit" in form.attributes
        signs_out = form.get("action") == urls.SIGN_OUT
        if (ours or signs_out) and not leaves_us:
            assert tokens == [sample.shell(lang).csrf_token]
        else:
            assert tokens == []


@every_page
def test_nothing_is_inline(renderer: Renderer, sample: Sample, lang: Lang) -> None:
    for element in document(renderer, sample, lang).all():
        assert element.tag != "style"
        assert element.tag != "script" or (element.get("src") and not element.text.strip())
        for name, value in element.attributes.items():
            assert name != "style"
            assert not name.startswith("on")
            assert not (value or "").lower().startswith("javascript:")


@every_page
def test_every_field_has_a_label_and_every_button_and_image_a_name(
    renderer: Renderer, sample: Sample, lang: Lang
) -> None:
    root = document(renderer, sample, lang)
    bound = {label.get("for") for label in root.all("label")}
    wrapped = {id(field) for label in root.all("label") for field in label.all("input")}
    for field in root.all("input", "select", "textarea"):
        if field.get("type") != "hidden":
            labelled = field.get("id") in bound or id(field) in wrapped
            assert labelled or field.get("aria-label")
    for button in root.all("button", "a"):
        assert button.words() or button.get("aria-label")
    for image in root.all("img"):
        assert "alt" in image.attributes
    for drawing in root.all("svg"):
        assert drawing.get("aria-hidden") == "true"


@every_page
def test_nothing_is_approved_opened_or_signed_out_by_following_a_link(
    renderer: Renderer, sample: Sample, lang: Lang
) -> None:
    acting = {
        urls.SIGN_IN,
        urls.SIGN_OUT,
        urls.CONSOLE,
        urls.ACCOUNT_SIGN_OUT,
        urls.DEVICE_CONSENT,
        urls.AUTHORIZE_CONSENT,
    }
    root = document(renderer, sample, lang)
    for link in root.all("a"):
        assert link.get("href").split("?")[0] not in acting
    for form in root.all("form"):
        if form.get("method") != "post":
            assert form.get("action") == urls.PORTAL


@every_page
def test_every_reference_stays_on_this_server(
    renderer: Renderer, sample: Sample, lang: Lang
) -> None:
    root = document(renderer, sample, lang)
    for element in root.all():
        for name in ("href", "src"):
            if element.get(name):
                assert re.match(r"/(?!/)|#", element.get(name))
    for form in root.all("form"):
        target = form.get("action")
        assert re.match(r"/(?!/)", target) or target in sample.page.form_targets


@every_page
def test_language_and_theme_links_return_to_the_same_page(
    renderer: Renderer, sample: Sample, lang: Lang
) -> None:
    links = [link.get("href") for link in document(renderer, sample, lang).all("a")]
    for wanted in ({"lang": "en"}, {"lang": "ja"}, {"theme": "dark"}, {"theme": "auto"}):
        assert urls.with_query(sample.here, wanted) in links


def test_markup_in_names_is_shown_as_text(renderer: Renderer) -> None:
    html = renderer.render(named("authorize-consent-hostile").page, shell())
    assert "<b>Amazon" not in html
    assert "&lt;b&gt;Amazon" in html
    assert "made:up<scope>" not in html


def test_direction_changing_characters_are_taken_out_of_a_clients_name(
    renderer: Renderer,
) -> None:
    html = renderer.render(named("authorize-consent-hostile").page, shell())
    assert "\u202e" not in html


def test_a_very_long_client_name_is_cut(renderer: Renderer) -> None:
    html = renderer.render(named("authorize-consent-hostile").page, shell())
    assert "W" * 60 not in html


def test_consent_names_the_host_and_port_it_answers_to(renderer: Renderer) -> None:
    root = read(renderer.render(named("authorize-consent").page, shell()))
    assert "127.0.0.1:44029" in root.words()
    assert "a program on this computer" in root.words()


def test_a_host_elsewhere_is_not_called_a_program_on_this_computer(renderer: Renderer) -> None:
    root = read(renderer.render(named("authorize-consent-hostile").page, shell()))
    assert "app.example.org" in root.words()
    assert "a program on this computer" not in root.words()


def test_a_client_without_scopes_is_shown_what_it_gets(renderer: Renderer) -> None:
    page = pages.ConsentPage(
        action=urls.DEVICE_CONSENT, client_name="old", scopes=(), user_code="ABCD-EFGH"
    )
    words = read(renderer.render(page, shell())).words()
    assert "get temporary access keys for these roles" in words


def test_deny_stands_before_allow_so_that_enter_denies(renderer: Renderer) -> None:
    root = read(renderer.render(named("device-consent").page, shell()))
    decisions = [b.get("value") for b in root.all("button") if b.get("name") == "decision"]
    assert decisions == ["deny", "approve"]


def test_portal_shows_name_alias_id_and_colour_of_every_account(renderer: Renderer) -> None:
    root = read(renderer.render(named("portal-accounts").page, shell()))
    rows = [item for item in root.all("li") if "account" in item.get("class").split()]
    assert len(rows) == len(CARDS)
    for row, card in zip(rows, CARDS, strict=True):
        words = row.words()
        assert card.account.name in words
        assert card.account.account_id in words
        assert (card.account.alias or "") in words
        assert (card.account.environment or "") in words
        assert row.get("data-color") == card.account.color


def test_each_role_opens_by_posting_its_account_and_name(renderer: Renderer) -> None:
    root = read(renderer.render(PortalPage(accounts=CARDS[1:2], total=1), shell()))
    (form,) = [form for form in root.all("form") if form.get("action") == urls.CONSOLE]
    hidden = {field.get("name"): field.get("value") for field in form.all("input")}
    assert hidden["account_id"] == CARDS[1].account.account_id
    offered = [(b.get("name"), b.get("value"), b.get("formaction")) for b in form.all("button")]
    assert offered == [
        ("role_name", "ReadOnlyAccess", ""),
        ("role_name", "ReadOnlyAccess", urls.ACCESS_KEYS),
        ("role_name", "AdministratorAccess", ""),
        ("role_name", "AdministratorAccess", urls.ACCESS_KEYS),
    ]


def test_the_credentials_themselves_have_no_repr() -> None:
    issued = credentials()
    assert issued.credentials is not None
    for secret in ("secret_access_key", "session_token"):
        assert getattr(issued.credentials, secret) not in repr(issued)


def test_saml_post_does_not_tell_our_csrf_token_to_the_service_provider(
    renderer: Renderer,
) -> None:
    root = read(renderer.render(named("saml-post").page, shell()))
    (form,) = [form for form in root.all("form") if "data-auto-submit" in form.attributes]
    assert [field.get("name") for field in form.all("input")] == ["SAMLResponse", "RelayState"]


def test_unknown_and_known_user_names_give_the_same_page(renderer: Renderer) -> None:
    def page(name: str) -> str:
        asked = pages.SignInPage(step="password", user_name=name, problem="wrong")
        return renderer.render(asked, shell()).replace(name, "")

    assert page("mika.sato") == page("nobody.here")


def test_response_has_the_pages_status_headers_and_language(renderer: Renderer) -> None:
    page = pages.SignInPage(step="password", problem="locked", retry_after_seconds=300)
    response = renderer.respond(page, shell("ja"), headers={"x-amzn-requestid": "r"})
    assert response.status_code == 429
    assert response.headers["retry-after"] == "300"
    assert response.headers["content-language"] == "ja"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-amzn-requestid"] == "r"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_statuses_are_those_of_the_state(sample: Sample) -> None:
    problem = getattr(sample.page, "problem", None)
    status = sample.page.http_status
    assert (status >= 400) == bool(
        problem
        or isinstance(sample.page, pages.ErrorPage)
        or getattr(sample.page, "outcome", None) == "expired"
    )


def test_every_field_of_the_contract_is_read_by_a_template() -> None:
    templates = "".join(path.read_text("utf-8") for path in TEMPLATES.iterdir())
    for value in vars(pages).values():
        if isinstance(value, type) and is_dataclass(value):
            for declared in fields(value):
                read_by_code = declared.name == "redirects_to"
                assert read_by_code or re.search(rf"\b{declared.name}\b", templates), declared.name


def shell(lang: Lang = "en") -> Shell:
    return named("portal-one").shell(lang)
