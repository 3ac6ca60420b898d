"""A person at our pages in Chromium, before a real `genkan up`.

Owns: what people do on the pages, whatever their language, with scripts and without. Leaves to
others: the browser itself (`tests/clients/browser.py`), the server, and what a journey proves.
"""

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.clients.browser import PATIENCE_MS
from tests.support.person import Person
from tests.support.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Response

_WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Visitor:
    """One window on the pages of `server`, and the sample user who sits before it."""

    page: "Page"
    server: Server
    user_name: str = "hanako"

    def open(self, path: str) -> "Response":
        """Open a page by its path; the answer that is shown in the end."""
        response = self.page.goto(f"{self.server.url}{path}")
        assert response is not None
        return response

    def press(self, selector: str) -> "Response":
        """Press a button or follow a link that leads to another page; its answer."""
        with self.page.expect_navigation() as navigation:
            self.page.locator(selector).click()
        return navigation.value

    @property
    def path(self) -> str:
        """The path of the page that is open."""
        return self.page.url.removeprefix(self.server.url)

    @property
    def heading(self) -> str:
        """The page's one first-level heading."""
        return self.page.inner_text("h1")

    # ── signing in ────────────────────────────────────────────────────────────────────────────────

    def name(self, user_name: str) -> "Response":
        """Give a user name on the sign-in page."""
        self.page.fill("#user_name", user_name)
        return self.press(".entrance__form button[value=continue]")

    def try_password(self, password: str) -> "Response":
        """Give a password on the sign-in page; the last answer, after any redirect."""
        self.page.fill("#password", password)
        return self.press(".entrance__form button[value=continue]")

    def sign_in(self, at: str = "/start") -> "Response":
        """Open a page, sign in before it, and see it."""
        self.open(at)
        self.name(self.user_name)
        shown = self.try_password(self.server.user(self.user_name)["password"])
        assert self.is_signed_in, self.page.inner_text("main")
        return shown

    def enter(self, at: str = "/start") -> "Response":
        """Sign in behind the pages, for journeys that begin after it, and open a page."""
        person = Person(self.server, self.user_name)
        person.sign_in()
        cookies = [(one.name, one.value or "") for one in person.http.cookies.jar]
        self.page.context.add_cookies(
            [{"name": name, "value": value, "url": self.server.url} for name, value in cookies]
        )
        return self.open(at)

    def sign_out(self) -> None:
        """Press the header's button."""
        self.press("form[action='/signout'] button")

    @property
    def is_signed_in(self) -> bool:
        """Whether the page that is open names a person."""
        return self.page.locator(".who").count() == 1

    # ── the portal ────────────────────────────────────────────────────────────────────────────────

    def accounts(self) -> list[str]:
        """The names of the accounts that can be seen, from top to bottom."""
        return self.page.locator("li.account:visible h2").all_inner_texts()

    def account(self, alias: str) -> "Locator":
        """An account of the portal."""
        return self.page.locator("li.account", has=self.page.get_by_text(alias, exact=True))

    def open_account(self, alias: str, role_name: str) -> None:
        """Open an account from the portal; with scripts this ends on the account's page."""
        self._role(alias, role_name).locator("button:not([formaction])").click()

    def open_console(self, alias: str, role_name: str) -> None:
        """Open an account from the portal and wait for its page."""
        self.open_account(alias, role_name)
        self.page.wait_for_url(f"{self.server.url}/account")

    def ask_for_keys(self, alias: str, role_name: str) -> "Response":
        """Press "Access keys" of a role."""
        with self.page.expect_navigation() as navigation:
            self._role(alias, role_name).locator("button[formaction='/access-keys']").click()
        return navigation.value

    def _role(self, alias: str, role_name: str) -> "Locator":
        roles = self.account(alias).locator(".role")
        return roles.filter(has=self.page.get_by_text(role_name, exact=False)).first

    # ── what the browser keeps ────────────────────────────────────────────────────────────────────

    def cookie(self, name: str) -> Any:
        """The cookie of that name, without the port that names carry; None when there is none."""
        wanted = {name, f"{name}_{self.server.port}"}
        found = [one for one in self.page.context.cookies() if one.get("name") in wanted]
        return found[0] if found else None

    def copied(self, target: str) -> str:
        """What the copy button of a text gives."""
        self.page.context.grant_permissions(
            ["clipboard-read", "clipboard-write"], origin=self.server.url
        )
        self.page.evaluate("navigator.clipboard.writeText('')")
        button = self.page.locator(f"button[data-copy='{target}']")
        button.click()
        deadline = time.monotonic() + _WAIT_SECONDS
        text: str
        while not (text := self.page.evaluate("navigator.clipboard.readText()")):
            assert time.monotonic() < deadline, f"{target} is not copied"
        # What the button says itself it says for two seconds only.
        expect(self.page.locator("#status")).to_have_text(button.get_attribute("data-copied") or "")
        return text


@contextlib.contextmanager
def plain_window(browser: "Browser") -> Iterator["Page"]:
    """A window that runs no JavaScript."""
    context = browser.new_context(locale="en-US", java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()


def without_tokens(html: str) -> str:
    """A page without what differs each time it is shown."""
    return re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", html)


def take_away(server: Server, user_name: str, permission_set: str, alias: str) -> None:
    """Delete a user's own assignment with the administrator's key, and wait until it is gone."""
    admin = server.client("sso-admin")
    instance = server.facts["instance_arn"]
    names = {
        admin.describe_permission_set(InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"][
            "Name"
        ]: arn
        for arn in admin.list_permission_sets(InstanceArn=instance)["PermissionSets"]
    }
    request_id = admin.delete_account_assignment(
        InstanceArn=instance,
        TargetId=server.account(alias),
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=names[permission_set],
        PrincipalType="USER",
        PrincipalId=server.user(user_name)["user_id"],
    )["AccountAssignmentDeletionStatus"]["RequestId"]
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        status = admin.describe_account_assignment_deletion_status(
            InstanceArn=instance, AccountAssignmentDeletionRequestId=request_id
        )["AccountAssignmentDeletionStatus"]["Status"]
        if status == "SUCCEEDED":
            return
        assert status == "IN_PROGRESS", status
        assert time.monotonic() < deadline
        time.sleep(0.02)
