"""What is measured: each operation as the flows of its connections, its requests made beforehand.

A `Maker` takes a site, how many connections there will be and about how many operations one run may
do, and gives a flow for each connection. It runs before each run, and keeps what it may use again
(tokens, signed-in browsers) in the site.
"""

import itertools
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import httpx

from benchmarks import dataset, wire
from benchmarks.load import Answer, Flow, Repeated, Wrong
from benchmarks.sites import GENKAN, MOTO, Site
from tests.support import person as persons

Maker = Callable[[Site, int, int], list[Flow]]
PERSON = "hanako"
_PAGE = 100
_TOKENS = 16
_SIGN_IN_USERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An operation and how it is measured. `kinds`: the servers that have it.

    `changes`: "nothing" for a read; "rows" for a durable write and no more, of which a rate is
    expected; "more" for those that also compute at length or wait for several requests. `hashes`:
    it is set beside the bare password hash.
    """

    name: str
    make: Maker
    connections: int = 16
    kinds: frozenset[str] = frozenset({GENKAN})
    changes: Literal["nothing", "rows", "more"] = "more"
    hashes: bool = False


def _repeated(
    requests: Sequence[bytes], connections: int, contains: bytes, status: int = 200
) -> list[Flow]:
    """The same few requests over and over, each connection starting at another."""
    return [
        Repeated(
            itertools.islice(itertools.cycle(requests), number % len(requests), None),
            contains=contains,
            status=status,
        )
        for number in range(connections)
    ]


def _once(requests: Iterator[bytes], connections: int, contains: bytes) -> list[Flow]:
    """Each request once, whichever connection comes to it first."""
    return [Repeated(requests, contains=contains) for _ in range(connections)]


# --- reads of signed callers ----------------------------------------------------------------------


def get_caller_identity(site: Site, connections: int, most: int) -> list[Flow]:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    return _repeated([site.signer("sts").signed(body)], connections, b"<Arn>")


def describe_user(site: Site, connections: int, most: int) -> list[Flow]:
    signer, store = site.signer("identitystore"), site.facts["identity_store_id"]
    requests = [
        signer.json(
            "AWSIdentityStore.DescribeUser", {"IdentityStoreId": store, "UserId": user["UserId"]}
        )
        for user in some_users(site)
    ]
    return _repeated(requests, connections, b'"Emails"')


def some_users(site: Site) -> list[dict[str, Any]]:
    """A page of users, in the order of their ids."""
    if "users" not in site.kept:
        answer = site.client("identitystore").list_users(
            IdentityStoreId=site.facts["identity_store_id"], MaxResults=_PAGE
        )
        site.kept["users"] = [user for user in answer["Users"] if "Emails" in user]
    users: list[dict[str, Any]] = site.kept["users"]
    return users


def list_users(site: Site, connections: int, most: int) -> list[Flow]:
    members = {"IdentityStoreId": site.facts["identity_store_id"], "MaxResults": _PAGE}
    request = site.signer("identitystore").json("AWSIdentityStore.ListUsers", members)
    return [_Page(flow, _PAGE) for flow in _repeated([request], connections, b'"NextToken"')]


class _Page:
    """A list whose answer must have a whole page, counted in the first answer."""

    def __init__(self, flow: Flow, length: int) -> None:
        self._flow = flow
        self._length = length
        self._counted = False
        self.begin = flow.begin

    def answered(self, answer: Answer) -> bytes | None:
        following = self._flow.answered(answer)
        if not self._counted:
            items = next(value for value in json.loads(answer.body).values() if _is_list(value))
            if len(items) != self._length:
                raise Wrong(f"{len(items)} items and not {self._length}")
            self._counted = True
        return following


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def list_organization_accounts(site: Site, connections: int, most: int) -> list[Flow]:
    signer = site.signer("organizations")
    request = signer.json("AWSOrganizationsV20161128.ListAccounts", {"MaxResults": 20})
    return [_Page(flow, 20) for flow in _repeated([request], connections, b'"NextToken"')]


# --- the command line's: tokens and role credentials ----------------------------------------------


def tokens(site: Site, count: int = _TOKENS) -> list[dict[str, Any]]:
    """CreateToken's answers, with their clients, for devices that the benchmark person approved."""
    made: list[dict[str, Any]] = site.kept.setdefault("tokens", [])
    while len(made) < count:
        # A Site has what a Person needs of a server.
        made.append(persons.device_token(site, PERSON))  # type: ignore[arg-type]
    return made


def list_accounts(site: Site, connections: int, most: int) -> list[Flow]:
    requests = [
        wire.request(
            site.host,
            "GET",
            "/assignment/accounts?max_result=100",
            {"x-amz-sso_bearer_token": token["accessToken"]},
            b"",
        )
        for token in tokens(site)
    ]
    flows = _repeated(requests, connections, b'"accountList"')
    return [_Page(flow, dataset.PERSON_ACCOUNTS) for flow in flows]


def get_role_credentials(site: Site, connections: int, most: int) -> list[Flow]:
    role = roles(site)
    requests = [
        wire.request(
            site.host,
            "GET",
            "/federation/credentials?"
            + urlencode({"role_name": role[account], "account_id": account}),
            {"x-amz-sso_bearer_token": token["accessToken"]},
            b"",
        )
        for token, account in zip(itertools.cycle(tokens(site)), role)
    ]
    return _repeated(requests, connections, b'"secretAccessKey"')


def roles(site: Site) -> dict[str, str]:
    """The accounts of the benchmark person, and a role in each."""
    if "roles" not in site.kept:
        headers = {"x-amz-sso_bearer_token": tokens(site, 1)[0]["accessToken"]}
        with httpx.Client(base_url=site.url, headers=headers, timeout=30) as client:
            listed = client.get("/assignment/accounts", params={"max_result": 100})
            accounts = [found["accountId"] for found in listed.json()["accountList"]]
            site.kept["roles"] = {
                account: client.get("/assignment/roles", params={"account_id": account})
                .raise_for_status()
                .json()["roleList"][0]["roleName"]
                for account in accounts
            }
    found: dict[str, str] = site.kept["roles"]
    return found


class _Refresh:
    """CreateToken with a refresh token, which is good once: the next is in the answer."""

    def __init__(self, site: Site, token: dict[str, Any]) -> None:
        self._site = site
        self._token = token

    def begin(self) -> bytes:
        members = {
            "clientId": self._token["clientId"],
            "clientSecret": self._token["clientSecret"],
            "grantType": "refresh_token",
            "refreshToken": self._token["refreshToken"],
        }
        return wire.request(
            self._site.host,
            "POST",
            "/token",
            {"Content-Type": "application/json"},
            json.dumps(members).encode(),
        )

    def answered(self, answer: Answer) -> bytes | None:
        if answer.status != 200:
            raise Wrong(f"{answer.status}: {answer.body[:300]!r}")
        given = json.loads(answer.body)
        if given["refreshToken"] == self._token["refreshToken"] or not given["accessToken"]:
            raise Wrong("the refresh token did not rotate")
        self._token |= given
        return None


def create_token(site: Site, connections: int, most: int) -> list[Flow]:
    return [_Refresh(site, token) for token in tokens(site, connections)[:connections]]


# --- people's: signing in, opening an account -----------------------------------------------------


class _SignIn:
    """A browser that nobody knows: the sign-in page, the user name, the password; then again."""

    def __init__(self, site: Site, people: Iterator[tuple[str, str]]) -> None:
        self._site = site
        self._people = people
        self._step = 0

    def begin(self) -> bytes:
        self._browser = wire.Browser(self._site.host)
        self._user_name, self._password = next(self._people)
        self._step = 0
        return self._browser.get("/start")

    def answered(self, answer: Answer) -> bytes | None:
        self._browser.keep(answer.head)
        self._step += 1
        if self._step == 3:
            if answer.status != 303 or not any(
                b"session" in name for name in self._browser.cookies
            ):
                raise Wrong(f"not signed in: {answer.status}")
            return None
        if answer.status != 200:
            raise Wrong(f"{answer.status}: {answer.body[:300]!r}")
        fields = wire.hidden_fields(answer.body) | {"action": "continue"}
        fields["user_name"] = self._user_name
        if self._step == 2:
            fields["password"] = self._password
        return self._browser.post("/signin", fields)


def sign_in(site: Site, connections: int, most: int) -> list[Flow]:
    people = [(dataset.user_name(number), dataset.PASSWORD) for number in range(_SIGN_IN_USERS)]
    return [
        _SignIn(site, itertools.cycle(people[number::connections])) for number in range(connections)
    ]


def check_password(site: Site, connections: int, most: int) -> list[Flow]:
    """The last request of a sign-in alone: the pages before it are got before the run."""
    return [
        Repeated(itertools.repeat(_last_request(site, number)), contains=b"", status=303)
        for number in range(connections)
    ]


def _last_request(site: Site, number: int) -> bytes:
    browser = wire.Browser(site.host)
    fields = {"user_name": dataset.user_name(number), "action": "continue"}
    with httpx.Client(base_url=site.url, timeout=30) as client:
        page = client.get("/start").raise_for_status()
        page = client.post("/signin", data=wire.hidden_fields(page.content) | fields)
        for cookie in client.cookies.jar:
            browser.cookies[cookie.name.encode()] = (cookie.value or "").encode()
    fields["password"] = dataset.PASSWORD
    return browser.post("/signin", wire.hidden_fields(page.content) | fields)


class _Open:
    """A signed-in person opens an account: an assertion is signed, posted, verified, exchanged."""

    def __init__(
        self, site: Site, visitor: persons.Person, accounts: Iterator[tuple[str, str]]
    ) -> None:
        self._accounts = accounts
        self._browser = wire.Browser(site.host)
        for cookie in visitor.http.cookies.jar:
            self._browser.cookies[cookie.name.encode()] = (cookie.value or "").encode()
        portal = visitor.http.get("/start").raise_for_status()
        self._csrf = wire.hidden_fields(portal.content)["csrf_token"]

    def begin(self) -> bytes:
        account, role = next(self._accounts)
        fields = {"account_id": account, "role_name": role, "csrf_token": self._csrf}
        return self._browser.post("/console", fields)

    def answered(self, answer: Answer) -> bytes | None:
        if answer.status == 303 and b"location: /account" in answer.head.lower():
            return None
        response = wire.hidden_fields(answer.body).get("SAMLResponse")
        if answer.status != 200 or response is None:
            raise Wrong(f"{answer.status}: {answer.body[:300]!r}")
        return self._browser.post("/saml/console", {"SAMLResponse": response})


def open_account(site: Site, connections: int, most: int) -> list[Flow]:
    pairs = list(roles(site).items())
    visitors: list[persons.Person] = site.kept.setdefault("visitors", [])
    while len(visitors) < connections:
        visitor = persons.Person(site, PERSON)  # type: ignore[arg-type]
        visitor.sign_in().raise_for_status()
        visitors.append(visitor)
    return [
        _Open(site, visitor, itertools.cycle(pairs[number:] + pairs[:number]))
        for number, visitor in enumerate(visitors[:connections])
    ]


# --- durable writes -------------------------------------------------------------------------------


def create_user(site: Site, connections: int, most: int) -> list[Flow]:
    signer, store = site.signer("identitystore"), site.facts["identity_store_id"]
    batch = secrets.token_hex(4)
    requests = [
        signer.json(
            "AWSIdentityStore.CreateUser",
            {
                "IdentityStoreId": store,
                "UserName": f"new{batch}{number}",
                "DisplayName": "Yuki Sato",
                "Name": {"GivenName": "Yuki", "FamilyName": "Sato"},
                "Emails": [
                    {"Value": f"new{batch}{number}@sakura.example", "Type": "work", "Primary": True}
                ],
            },
        )
        for number in range(most)
    ]
    return _once(iter(requests), connections, b'"UserId"')


def create_group_membership(site: Site, connections: int, most: int) -> list[Flow]:
    signer, store = site.signer("identitystore"), site.facts["identity_store_id"]
    if "pairs" not in site.kept:
        site.kept["pairs"] = _new_pairs(site)
    requests = [
        signer.json(
            "AWSIdentityStore.CreateGroupMembership",
            {"IdentityStoreId": store, "GroupId": group_id, "MemberId": {"UserId": user_id}},
        )
        for group_id, user_id in itertools.islice(site.kept["pairs"], most)
    ]
    return _once(iter(requests), connections, b'"MembershipId"')


def _new_pairs(site: Site) -> Iterator[tuple[str, str]]:
    """Users and groups of which none is in another: groups made for this, users of the data set."""
    client, store = site.client("identitystore"), site.facts["identity_store_id"]
    pages = client.get_paginator("list_users").paginate(
        IdentityStoreId=store, PaginationConfig={"MaxItems": 900, "PageSize": _PAGE}
    )
    users = [user["UserId"] for page in pages for user in page["Users"]]
    batch = secrets.token_hex(4)
    for number in itertools.count():
        name = f"Benchmark {batch} {number}"
        made = client.create_group(IdentityStoreId=store, DisplayName=name)
        for user_id in users:
            yield made["GroupId"], user_id


_BOTH = frozenset({GENKAN, MOTO})
_MANY = 128
"""Connections among whom a group's one fsync is shared."""

OPERATIONS: tuple[Measured, ...] = (
    Measured(name="GetCallerIdentity", make=get_caller_identity, kinds=_BOTH, changes="nothing"),
    Measured(name="DescribeUser", make=describe_user, kinds=_BOTH, changes="nothing"),
    Measured(name="ListUsers (page of 100)", make=list_users, kinds=_BOTH, changes="nothing"),
    Measured(
        name="organizations ListAccounts (page of 20)",
        make=list_organization_accounts,
        changes="nothing",
    ),
    Measured(name="portal ListAccounts (20 accounts)", make=list_accounts, changes="nothing"),
    Measured(name="GetRoleCredentials", make=get_role_credentials),
    Measured(
        name="GetRoleCredentials, 128 at once",
        make=get_role_credentials,
        connections=_MANY,
        changes="rows",
    ),
    Measured(name="CreateToken (refresh)", make=create_token),
    Measured(
        name="password sign-in, its last request",
        make=check_password,
        connections=8,
        hashes=True,
    ),
    Measured(name="password sign-in, three requests", make=sign_in, connections=8),
    Measured(name="opening an account (SAML)", make=open_account, connections=8),
    Measured(name="CreateGroupMembership", make=create_group_membership),
    Measured(
        name="CreateGroupMembership, 128 at once",
        make=create_group_membership,
        connections=_MANY,
        changes="rows",
    ),
    Measured(name="CreateUser", make=create_user, kinds=_BOTH),
    Measured(
        name="CreateUser, 128 at once",
        make=create_user,
        connections=_MANY,
        changes="rows",
    ),
)
