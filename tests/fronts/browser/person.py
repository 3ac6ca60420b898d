"""A person's browser without JavaScript: keeps cookies, sends forms, follows no redirect."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

from tests.slices.signin.household import PASSWORD


@dataclass(slots=True)
class Form:
    """One form of a page: where it goes, and its fields as they stand."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and values.get("method") == "post":
            self.forms.append(Form(values["action"]))
        elif tag == "input" and self.forms and "name" in values:
            self.forms[-1].fields.setdefault(values["name"], values.get("value", ""))


def forms_of(page: httpx.Response) -> list[Form]:
    """The forms of a page that are posted."""
    parser = _Forms()
    parser.feed(page.text)
    return parser.forms


def form_to(page: httpx.Response, action: str) -> Form:
    """The form with this action; of several, the one with the most fields."""
    candidates = [form for form in forms_of(page) if form.action == action]
    return max(candidates, key=lambda form: len(form.fields))


class Browser:
    """One browser."""

    def __init__(self, application: Any, address: str = "192.0.2.1") -> None:
        transport = httpx.ASGITransport(app=application, client=(address, 1234))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8080")

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """Open a page."""
        return await self.client.get(path, **more)

    async def send(
        self, form: Form, headers: dict[str, str] | None = None, **fields: str
    ) -> httpx.Response:
        """Fill a form in and send it."""
        return await self.client.post(
            form.action, data={**form.fields, **fields}, headers=headers or {}
        )

    async def name_oneself(self, user_name: str, at: str = "/signin") -> httpx.Response:
        """Open a page that asks who one is, and answer."""
        page = await self.get(at)
        return await self.send(form_to(page, "/signin"), user_name=user_name, action="continue")

    async def sign_in(
        self, user_name: str = "hana", password: str = PASSWORD, at: str = "/signin"
    ) -> httpx.Response:
        """User name, then password."""
        page = await self.name_oneself(user_name, at)
        return await self.send(form_to(page, "/signin"), password=password, action="continue")
