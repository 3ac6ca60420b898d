"""Who keeps an installation busy: each actor a thread with names of its own and its own dice.

Leaves to others: what may be concluded at the end (`verdict`). What may never happen at any moment
is looked at here, at once: what was acknowledged is there for the next reader, on whichever node;
what was removed is gone; a session ends with its right; a refresh token survives a lost answer.
"""

import random
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.faults.journal import REFUSED, Act, Asker, Journal
from tests.support.person import Person, device_token, forms_of
from tests.support.server import Server

PATIENCE_SECONDS = 60
"""How long an asynchronous request may take while everything around it is being killed."""
_AT_MOST = 10
_PAUSE_SECONDS = 0.02
_IN_PROGRESS = "IN_PROGRESS"
_READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
_INLINE = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"%s","Effect":"Allow","Action":"s3:*",'
    '"Resource":"*"}]}'
)


@dataclass(frozen=True)
class Session:
    """Credentials of a role, and the assignment that they stand on: (account, set, principal)."""

    credentials: Mapping[str, str]
    stands_on: tuple[str, str, str]


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


class Access(Actor):
    """Gives people permission sets in accounts, uses them, and takes them away."""

    def __init__(self, *arguments: Any, user_name: str, accounts: list[str]) -> None:
        super().__init__(*arguments)
        self._instance = {"InstanceArn": self.server.facts["instance_arn"]}
        self._store = {"IdentityStoreId": self.server.facts["identity_store_id"]}
        self._accounts = accounts
        self._user_name = user_name
        self._user_id = self.server.user(user_name)["user_id"]
        self._token = ""
        self.sessions: list[Session] = []

    def prepare(self) -> None:
        """Somebody to use what is given."""
        self._token = device_token(self.server, self._user_name)["accessToken"]

    def step(self) -> None:
        """The life of one permission set."""
        name = self.a_name().replace("load-access", "L")
        made = self._ask("CreatePermissionSet", Name=name)
        if not made.done:
            return
        arn = made.answer["PermissionSet"]["PermissionSetArn"]
        self._fill(arn)
        given = {account: self._give(arn, account) for account in self._some_accounts()}
        if self.dice.random() < 0.25:
            self._give_to_somebody_who_leaves(arn)
        live = [
            session
            for account, status in given.items()
            if status == "SUCCEEDED" and (session := self._session(name, arn, account))
        ]
        if self.dice.random() < 0.4:
            self._edit(arn)
        if self.dice.random() < 0.3:
            self.sessions += live
            return
        gone = [self._take(arn, account) for account in given]
        self._all_ended(live)
        if all(gone) and self.dice.random() < 0.5:
            self._ask("DeletePermissionSet", PermissionSetArn=arn)

    def _some_accounts(self) -> list[str]:
        return self.dice.sample(self._accounts, self.dice.randint(1, 2))

    def _ask(self, name: str, **params: Any) -> Act:
        return self.aws("sso-admin", name, **self._instance, **params)

    def _fill(self, arn: str) -> None:
        if self.dice.random() < 0.7:
            self._ask(
                "AttachManagedPolicyToPermissionSet",
                PermissionSetArn=arn,
                ManagedPolicyArn=_READ_ONLY,
            )
        if self.dice.random() < 0.7:
            self._put(arn)

    def _put(self, arn: str) -> str:
        """The new inline policy; empty if nobody knows whether it is one."""
        policy = _INLINE % self.a_name().replace("-", "")
        put = self._ask("PutInlinePolicyToPermissionSet", PermissionSetArn=arn, InlinePolicy=policy)
        return policy if put.done else ""

    def _assignment(self, arn: str, account: str, **principal: str) -> dict[str, str]:
        return {
            "TargetId": account,
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": arn,
            "PrincipalType": "USER",
            "PrincipalId": self._user_id,
            **principal,
        }

    def _give(self, arn: str, account: str) -> str:
        asked = self._ask("CreateAccountAssignment", **self._assignment(arn, account))
        return self._end_of(asked, "AccountAssignmentCreation")

    def _give_to_somebody_who_leaves(self, arn: str) -> None:
        """A principal that is removed while its assignment is being made."""
        made = self.aws(
            "identitystore",
            "CreateUser",
            **self._store,
            UserName=self.a_name(),
            DisplayName="A",
            Name={"GivenName": "A", "FamilyName": "B"},
        )
        if not made.done:
            return
        user = made.answer["UserId"]
        account = self.dice.choice(self._accounts)
        self._ask("CreateAccountAssignment", **self._assignment(arn, account, PrincipalId=user))
        if self.dice.random() < 0.6:
            time.sleep(self.dice.random() / 10)
            self.aws("identitystore", "DeleteUser", **self._store, UserId=user)

    def _edit(self, arn: str) -> None:
        policy = self._put(arn)
        asked = self._ask(
            "ProvisionPermissionSet", PermissionSetArn=arn, TargetType="ALL_PROVISIONED_ACCOUNTS"
        )
        status = self._end_of(asked, "PermissionSetProvisioning")
        if policy and status == "SUCCEEDED":
            self.journal.provisioned[arn] = policy

    def _take(self, arn: str, account: str) -> bool:
        """Whether the assignment is known to be gone, with all that hung on it."""
        asked = self._ask("DeleteAccountAssignment", **self._assignment(arn, account))
        if not asked.done:
            return False
        self._all_ended([one for one in self.sessions if one.stands_on[:2] == (account, arn)])
        return self._end_of(asked, "AccountAssignmentDeletion") == "SUCCEEDED"

    def _end_of(self, asked: Act, kind: str) -> str:
        """The terminal status of an accepted request; empty for one that was not accepted."""
        if not asked.done:
            return ""
        member = f"{kind}Status"
        request_id = asked.answer[member]["RequestId"]
        name = {
            "AccountAssignmentCreation": "AccountAssignmentCreationRequestId",
            "AccountAssignmentDeletion": "AccountAssignmentDeletionRequestId",
            "PermissionSetProvisioning": "ProvisionPermissionSetRequestId",
        }[kind]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.stopping.is_set():
            act = self._ask(f"Describe{member}", **{name: request_id})
            if act.outcome == REFUSED and not act.told.startswith("400 Throttling"):
                self.journal.object_to(f"an accepted request is unknown: {request_id} {act.told}")
                return ""
            status: str = act.answer[member]["Status"] if act.done else _IN_PROGRESS
            if status != _IN_PROGRESS:
                return status
            if time.monotonic() > deadline:
                self.journal.object_to(f"{kind} {request_id} does not end")
                return ""
            time.sleep(_PAUSE_SECONDS)
        return ""

    def _session(self, name: str, arn: str, account: str) -> Session | None:
        """A session of the role that was just given, which must be usable at once."""
        answered = self.until(
            lambda: self.asker.plain(
                "GetRoleCredentials",
                {"account": account, "role": name},
                "GET",
                "/federation/credentials",
                params={"account_id": account, "role_name": name},
                headers={"x-amz-sso_bearer_token": self._token},
            )
        )
        if answered is None:
            return None
        if not answered.done:
            self.journal.object_to(f"{name} is assigned but cannot be used: {answered.told}")
            return None
        given = answered.answer["roleCredentials"]
        keys = {
            "access_key_id": given["accessKeyId"],
            "secret_access_key": given["secretAccessKey"],
            "session_token": given["sessionToken"],
        }
        caller = self.until(lambda: self.asker.identity(keys))
        if caller is not None and not caller.done:
            self.journal.object_to(f"a fresh session of {name} is dead: {caller.told}")
        return Session(keys, (account, arn, self._user_id))

    def _all_ended(self, sessions: list[Session]) -> None:
        """The sessions of assignments that an acknowledged deletion took away are dead."""
        gone = {
            (act.asked["TargetId"], act.asked["PermissionSetArn"], act.asked["PrincipalId"])
            for act in self.journal.acts[-200:]
            if act.name == "DeleteAccountAssignment" and act.done and act.actor == self.name
        }
        for session in sessions:
            if session.stands_on not in gone:
                self.sessions.append(session)
                continue
            caller = self.until(lambda kept=session: self.asker.identity(kept.credentials))  # type: ignore[misc]
            if caller is not None and caller.done:
                self.journal.object_to(f"a session outlives its assignment {session.stands_on}")


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
