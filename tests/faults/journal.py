"""What was asked of an installation and what it answered; the witness of every run.

Each act carries its own name as its user agent, which the audit records: so each record belongs to
exactly one act, also where the answer was lost. An act is `done` or `refused` when the server said
so; whatever else happened to it (no answer, a 5xx) its outcome is `unknown`.
"""

import itertools
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from tests.support.server import Server

DONE, REFUSED, UNKNOWN = "done", "refused", "unknown"


@dataclass(frozen=True)
class Says:
    """What a role says: names of attached policies, the inline document, the boundary's name."""

    attached: frozenset[str]
    inline: str
    boundary: str


@dataclass(slots=True)
class Act:
    """One request. `told` is the refusal's code or what is known of a lost answer."""

    agent: str
    name: str
    actor: str
    asked: Mapping[str, Any]
    outcome: str = UNKNOWN
    told: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    service: str = ""
    """AWS's name of the service ("sso-admin"); empty for what is no operation of AWS's."""
    began: float = 0
    ended: float = 0

    @property
    def done(self) -> bool:
        """Whether the server said that it is done."""
        return self.outcome == DONE


class Journal:
    """The acts of all actors, and what was wrong at once. May be used by several threads."""

    def __init__(self, file: Path) -> None:
        self.acts: list[Act] = []
        self.wrong: list[str] = []
        self.unrecorded = 0
        """Refusals of which a node said in its log that they could not be recorded."""
        self.says: dict[str, list[Says]] = {}
        """What a permission set's roles may say, by its ARN: one thing, where that is known."""
        self._numbers = itertools.count(1)
        self._own = secrets.token_hex(3)  # another journal's acts may be on the same record
        self._file = file.open("a", buffering=1)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many acts are known to be done."""
        return sum(act.done for act in self.acts)

    def note(self, event: str) -> None:
        """Write down what was done to the installation."""
        self._write({"at": time.time(), "fault": event})

    def object_to(self, what: str) -> None:
        """Something happened that never may."""
        self.wrong.append(what)
        self._write({"at": time.time(), "wrong": what})

    def ask(
        self,
        actor: str,
        name: str,
        asked: Mapping[str, Any],
        request: Callable[[str], Any],
        service: str = "",
    ) -> Act:
        """Perform one act; `request` is given its user agent and returns the answer."""
        agent = f"act-{self._own}-{next(self._numbers)}"
        act = Act(agent, name, actor, asked, service=service, began=time.time())
        try:
            act.answer = request(act.agent)
            act.outcome, act.told = (UNKNOWN, "cut off") if _is_cut_off(act) else (DONE, "")
        except ClientError as error:
            self._judge(
                act,
                error.response["ResponseMetadata"]["HTTPStatusCode"],
                error.response["Error"]["Code"],
            )
        except httpx.HTTPStatusError as error:
            told = error.response.text[:200]
            self._judge(act, error.response.status_code, told)
        except (BotoCoreError, ResponseParserError, httpx.TransportError) as error:
            act.told = type(error).__name__
        act.ended = time.time()
        with self._lock:
            self.acts.append(act)
        self._write(
            {"at": act.ended, "agent": act.agent, "actor": actor, "name": name}
            | {"asked": dict(asked), "outcome": act.outcome, "told": act.told}
        )
        return act

    def counts(self) -> Counter[str]:
        """How many acts ended how."""
        return Counter(act.outcome for act in self.acts)

    def _judge(self, act: Act, status: int, told: str) -> None:
        act.told = f"{status} {told}"
        # Of an answer that was cut off botocore has the status only, and gives it as the code.
        act.outcome = REFUSED if status < 500 and told != str(status) else UNKNOWN

    def _write(self, entry: Mapping[str, Any]) -> None:
        with self._lock:
            self._file.write(json.dumps(entry, default=str) + "\n")


class Asker:
    """One actor's way to ask: AWS operations by signed requests, and plain HTTP.

    By default as the administrator, at the balancer. To be used by one thread at a time.
    """

    def __init__(
        self,
        actor: str,
        journal: Journal,
        server: Server,
        *,
        credentials: Mapping[str, str] | None = None,
        node: int | None = None,
    ) -> None:
        self._credentials = credentials
        self._node = {} if node is None else {"node": node}
        self.actor = actor
        self.journal = journal
        self.server = server
        self.facts = server.facts
        self._clients: dict[str, Any] = {}
        self._agent = ""
        self.http = httpx.Client(base_url=server.url, timeout=30)

    def aws(self, service: str, name: str, **params: Any) -> Act:
        """Ask an operation of AWS's ("CreateUser")."""
        client = self._clients.get(service) or self._client(service)
        method = getattr(client, xform_name(name))

        def request(agent: str) -> Any:
            self._agent = agent
            return method(**params)

        return self.journal.ask(self.actor, name, params, request, service)

    def plain(
        self,
        name: str,
        asked: Mapping[str, Any],
        method: str,
        path: str,
        **options: Any,
    ) -> Act:
        """Ask by plain HTTP; the answer's JSON."""

        def request(agent: str) -> Any:
            headers = {**options.get("headers", {}), "User-Agent": agent}
            answer = self.http.request(method, path, **{**options, "headers": headers})
            return answer.raise_for_status().json()

        return self.journal.ask(self.actor, name, asked, request)

    def identity(self, credentials: Mapping[str, str]) -> Act:
        """GetCallerIdentity with somebody's credentials."""
        client = self.server.client("sts", credentials)
        asked = {"AccessKeyId": credentials["access_key_id"]}
        return self.journal.ask(
            self.actor, "GetCallerIdentity", asked, lambda agent: client.get_caller_identity()
        )

    def _client(self, service: str) -> Any:
        made = self.server.client(service, self._credentials, **self._node)

        def name_the_act(request: Any, **_: Any) -> None:
            request.headers["User-Agent"] = self._agent

        made.meta.events.register("before-sign.*", name_the_act)
        self._clients[service] = made
        return made


def _is_cut_off(act: Act) -> bool:
    """Whether botocore took half of an answer for an empty one, as it does of JSON and of heads."""
    if act.answer.keys() != {"ResponseMetadata"}:
        return False
    headers = act.answer["ResponseMetadata"]["HTTPHeaders"]
    if "xml" in headers.get("content-type", ""):
        return False
    return headers.get("content-length") not in ("0", "2")  # nothing, or `{}`
