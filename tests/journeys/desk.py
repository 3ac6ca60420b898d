"""A person's desk: a terminal with AWS CLI v2 and a browser, both before a real `genkan up`.

Owns: what a person does at the two (the profile in `~/.aws/config`, signing in, the answer on the
consent page) and what of it reached the server. Leaves to others: the clients themselves
(`tests/clients`), the server (`tests/support`), and what a journey proves (the tests).
"""

import contextlib
import json
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.clients.aws_cli import AwsCli, Finished, Login
from tests.support.server import ANSWER_SECONDS, Server

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

SESSION = "sakura"
PKCE = ("sso", "login", "--sso-session", SESSION)
DEVICE = (*PKCE, "--use-device-code")

#: Buttons of the device and consent pages.
CONFIRM, ALLOW, DENY = "#cli_verification_btn", "#cli_login_button", "#deny"

_CALLBACK = re.compile(r"http://127\.0\.0\.1:\d+/oauth/callback\?")
_REQUEST = re.compile(r" genkan\.access (?P<request>[A-Z]+ \S+ \d{3}) ")
_WAIT_SECONDS = 60


class Requests:
    """The requests that a server answered since this was made, each as `POST /token 200`.

    The server must log them: `GENKAN_LOG_LEVEL=info`.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._from = len(server.log())
        self._wait_for_the_lines_of_answers()
        self._from = len(server.log())

    def seen(self) -> list[str]:
        """What was answered until now, in order, without the pages' own files."""
        self._wait_for_the_lines_of_answers()
        return [request for request in self._logged() if not request.startswith("GET /nothing-")]

    def wait_for(self, request: str, count: int = 1) -> None:
        """Wait until `request` was answered `count` times."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while self._logged().count(request) < count:
            assert time.monotonic() < deadline, f"{request} not {count} times: {self._logged()}"
            time.sleep(0.02)

    def _wait_for_the_lines_of_answers(self) -> None:
        # A line follows its answer, so an answer may be here before its line. Ours is the last.
        last = f"/nothing-here/{uuid.uuid4()}"
        httpx.get(f"{self._server.url}{last}", timeout=ANSWER_SECONDS)
        self.wait_for(f"GET {last} 404")

    def _logged(self) -> list[str]:
        found = _REQUEST.findall(self._server.log()[self._from :])
        return [request for request in found if " /static/" not in request]


@dataclass(frozen=True, slots=True)
class Desk:
    """A home folder with AWS CLI and a browser window, of a sample user of `server`."""

    server: Server
    cli: AwsCli
    window: "Page"
    user_name: str

    # ── the terminal ──────────────────────────────────────────────────────────────────────────────

    def configure(self, *, start_url: str | None = None, **profiles: tuple[str, str]) -> None:
        """Write `~/.aws/config`: the session, and profiles as `name=(account's alias, role)`."""
        region = self.server.facts["region"]
        lines = [
            f"[sso-session {SESSION}]",
            f"sso_start_url = {start_url or self.server.facts['aws_start_url']}",
            f"sso_region = {region}",
            "sso_registration_scopes = sso:account:access",
        ]
        for name, (alias, role_name) in profiles.items():
            lines += [
                f"[profile {name}]",
                f"sso_session = {SESSION}",
                f"sso_account_id = {self.server.account(alias)}",
                f"sso_role_name = {role_name}",
                f"region = {region}",
            ]
        self.cli.configure("\n".join(lines) + "\n")

    def aws(self, *arguments: str) -> Any:
        """What a command answers; it must succeed."""
        done = self.cli.run(*arguments, "--output", "json")
        assert done.exit_code == 0, done
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, *arguments: str) -> str:
        """What a command says that a service refuses: AWS CLI ends with 254 for those."""
        done = self.cli.run(*arguments)
        assert done.exit_code == 254, done
        return done.stderr.strip()

    @property
    def token_file(self) -> Path:
        """The one cached token of `~/.aws/sso/cache`; other files there are registrations."""
        (found,) = (path for path in self.cli.cached() if "accessToken" in path.read_text())
        return found

    @property
    def token(self) -> dict[str, str]:
        """The cached token."""
        found: dict[str, str] = json.loads(self.token_file.read_text())
        return found

    def forget_role_credentials(self) -> None:
        """Empty AWS CLI's cache of role credentials, as time does."""
        for path in (self.cli.home / ".aws" / "cli" / "cache").glob("*.json"):
            path.unlink()

    def printed(self, pattern: str) -> str:
        """The group of `pattern`, once the waiting login has printed something like it."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            shown = (self.cli.home / "stdout").read_text()
            if found := re.search(pattern, shown):
                return found[1]
            assert time.monotonic() < deadline, f"{pattern} not in:\n{shown}"
            time.sleep(0.02)

    # ── the browser ───────────────────────────────────────────────────────────────────────────────

    def sign_in(self, at: str | None = None) -> None:
        """Open `at` (the portal, if not said), sign in, and be back there."""
        self.window.goto(at or f"{self.server.facts['base_url']}/start")
        password = self.server.user(self.user_name)["password"]
        for field, text in (("#user_name", self.user_name), ("#password", password)):
            self.window.fill(field, text)
            # Not Enter: on a page of which only half is there it sends a form without its button.
            with self.window.expect_navigation():
                self.window.click(".entrance__form button[value=continue]")
        self.window.wait_for_selector(f"{ALLOW}, {CONFIRM}, .portal__head")

    def open(self, address: str) -> "Response":
        """Open an address; its own answer, not that of a page redirected to."""
        response = self.window.goto(address)
        assert response is not None
        assert response.request.redirected_from is None
        return response

    def answer(self, button: str) -> None:
        """Answer the consent page of `/authorize`; the browser ends at AWS CLI's own address."""
        with self.window.expect_navigation(url=_CALLBACK):
            self.window.click(button)

    def answer_device(self, button: str) -> str:
        """Answer the consent page of `/device`; the outcome's heading."""
        self.window.click(button)
        self.window.wait_for_selector(".outcome")
        return self.window.inner_text("h1")

    # ── both ──────────────────────────────────────────────────────────────────────────────────────

    def is_signed_in(self) -> bool:
        """Whether the portal opens in this window without asking who one is."""
        self.open(f"{self.server.facts['base_url']}/start")
        return self.window.locator(".portal__head").count() == 1

    @contextlib.contextmanager
    def logging_in(self, *arguments: str) -> Iterator[Login]:
        """A login of AWS CLI that waits for the person."""
        with self.cli.login(*(arguments or PKCE)) as login:
            yield login

    def log_in(self, *arguments: str) -> Finished:
        """`aws sso login` by authorization code, with sign-in where it is asked for, to its end."""
        with self.logging_in(*arguments) as login:
            page = login.page()
            self.window.goto(page)
            if self.window.locator("#user_name").count():
                self.sign_in(at=page)
            self.answer(ALLOW)
            done = login.finish()
        assert done.exit_code == 0, done
        assert "Successfully logged into Start URL" in done.stdout
        return done
