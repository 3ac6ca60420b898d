"""Who keeps an installation busy: each actor a thread with names of its own and its own dice.

Leaves to others: what may be concluded at the end (`verdict`). What may never happen at any moment
is looked at here, at once: what was acknowledged is there for the next reader, on whichever node;
what was removed is gone; a session ends with its right; a refresh token survives a lost answer.
"""

import random
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import httpx

from tests.faults.journal import REFUSED, Act, Asker, Journal
from tests.support.person import Person, device_token, forms_of
from tests.support.server import Server

PATIENCE_SECONDS = 120
"""How long an asynchronous request may take while everything around it is being killed."""
_PAUSE_SECONDS = 0.02


class Actor(threading.Thread):
    """Acts until told to stop."""

    def __init__(self, name: str, journal: Journal, server: Server, seed: int) -> None:
        super().__init__(name=name, daemon=True)
        self.journal = journal
        self.server = server
        self.dice = random.Random(f"{seed}/{name}")
        self.asker = Asker(name, journal, server)
        self.stopping = threading.Event()
        self._number = 0

    def prepare(self) -> None:
        """What is needed before anything goes wrong."""

    def step(self) -> None:
        """Some acts."""
        raise NotImplementedError

    def run(self) -> None:
        """One step after the other."""
        while not self.stopping.is_set():
            before = len(self.journal.acts)
            try:
                self.step()
            except Exception:
                self.journal.object_to(f"{self.name} fell: {traceback.format_exc()}")
                return
            if any(act.outcome != "done" for act in self.journal.acts[before:]):
                time.sleep(_PAUSE_SECONDS)

    def aws(self, service: str, name: str, **params: Any) -> Act:
        """Ask an operation of AWS's as the administrator."""
        return self.asker.aws(service, name, **params)

    def a_name(self) -> str:
        """One that nobody had yet."""
        self._number += 1
        return f"load-{self.name}-{self._number}"

    def until(self, act: Callable[[], Act]) -> Act | None:
        """The first answer, after as many lost ones as it takes; None when it is time to stop."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            asked = act()
            if asked.done or asked.outcome == REFUSED:
                return asked
            if self.stopping.wait(_PAUSE_SECONDS):
                return None
        self.journal.object_to(f"{self.name}: no answer to {asked.name} for so long: {asked.told}")
        return None


class Holder(Actor):
    """Holds a token of one sample user: refreshes and uses it, signs out, signs in again."""

    def __init__(self, *arguments: Any, user_name: str) -> None:
        super().__init__(*arguments)
        self._user_name = user_name
        self.token: dict[str, Any] = {}
        self.ended: list[str] = []
        """Access tokens of sessions that were signed out."""

    def prepare(self) -> None:
        """The first token."""
        self.token = device_token(self.server, self._user_name)

    def step(self) -> None:
        """Refresh or use the token, or give it back."""
        if not self.token:
            self._sign_in_again()
        elif self.dice.random() < 0.6:
            self._refresh()
        elif self.dice.random() < 0.9:
            self._use()
        else:
            self._give_back()
        time.sleep(_PAUSE_SECONDS)

    def _refresh(self) -> None:
        held = self.token
        answered = self.until(
            lambda: self.asker.plain(
                "CreateToken",
                {"user": self._user_name},
                "POST",
                "/token",
                json={
                    "clientId": held["clientId"],
                    "clientSecret": held["clientSecret"],
                    "grantType": "refresh_token",
                    "refreshToken": held["refreshToken"],
                },
            )
        )
        if answered is not None and answered.done:
            self.token = {**held, **answered.answer}
        elif answered is not None:
            self.journal.object_to(f"a refresh token was lost: {answered.told}")
            self.token = {}

    def accounts(self, token: str) -> Act | None:
        """What the portal says to an access token, once it says something."""
        return self.until(
            lambda: self.asker.plain(
                "ListAccounts",
                {"user": self._user_name},
                "GET",
                "/assignment/accounts",
                headers={"x-amz-sso_bearer_token": token},
            )
        )

    def _use(self) -> None:
        listed = self.accounts(self.token["accessToken"])
        if listed is not None and not listed.done:
            self.journal.object_to(f"a good access token is refused: {listed.told}")

    def _give_back(self) -> None:
        held, self.token = self.token["accessToken"], {}

        def sign_out(agent: str) -> Any:
            headers = {"x-amz-sso_bearer_token": held, "User-Agent": agent}
            self.asker.http.post("/logout", headers=headers).raise_for_status()
            return {}

        asked = {"user": self._user_name}
        act = self.until(lambda: self.journal.ask(self.name, "Logout", asked, sign_out))
        if act is None:
            return
        # The second time, after a lost answer, the token may have been unknown already.
        self.ended.append(held)
        listed = self.accounts(held)
        if listed is not None and listed.done:
            self.journal.object_to("an access token outlives its sign-out")

    def _sign_in_again(self) -> None:
        try:
            self.token = device_token(self.server, self._user_name)
        except (httpx.HTTPError, AssertionError, KeyError):
            time.sleep(_PAUSE_SECONDS)


class Visitor(Actor):
    """Signs in and out through the pages."""

    def __init__(self, *arguments: Any, user_name: str) -> None:
        super().__init__(*arguments)
        self._user_name = user_name

    def step(self) -> None:
        """One visit."""
        person = Person(self.server, self._user_name)
        person.http.event_hooks = {"response": [_fail_on_5xx]}
        asked = {"user": self._user_name}

        def sign_in(agent: str) -> Any:
            person.http.headers["User-Agent"] = agent
            return {"page": person.sign_in().raise_for_status().text}

        def look(agent: str) -> Any:
            return {"page": person.http.get("/start").raise_for_status().text}

        def sign_out(agent: str) -> Any:
            person.http.headers["User-Agent"] = agent
            person.post_form(person.http.get("/start"), "/signout")
            return {}

        try:
            if not self.journal.ask(self.name, "SignIn", asked, sign_in).done:
                return
            seen = self.until(lambda: self.journal.ask(self.name, "Start", asked, look))
            if seen is not None and _asks_to_sign_in(seen):
                self.journal.object_to("who signed in is asked to sign in")
            if not self.journal.ask(self.name, "SignOut", asked, sign_out).done:
                return
            seen = self.until(lambda: self.journal.ask(self.name, "Start", asked, look))
            if seen is not None and not _asks_to_sign_in(seen):
                self.journal.object_to("a browser's session outlives its sign-out")
        finally:
            person.http.close()
            time.sleep(_PAUSE_SECONDS)


def _asks_to_sign_in(seen: Act) -> bool:
    return any(form["action"] == "/signin" for form in forms_of(seen.answer.get("page", "")))


def _fail_on_5xx(response: httpx.Response) -> None:
    if response.status_code >= 500:
        response.read()
        response.raise_for_status()
