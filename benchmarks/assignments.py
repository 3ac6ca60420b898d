"""A thousand assignments asked for at once: how long until every one has SUCCEEDED.

    python -m benchmarks.assignments [--runs 3] [--only sqlite,postgres]

Owns the burst and its figures: CreateAccountAssignment for a thousand different (permission set,
account, principal), the same deleted again, and ProvisionPermissionSet for a thousand accounts.
The clock runs from the first request to the last SUCCEEDED that a client was told; a client beside
the burst asks GetCallerIdentity all the while, since whoever signs in meanwhile must not notice.
Each effect is looked at before a figure counts: the assignments, the roles, somebody's credentials.

Requests of one account and permission set follow each other (ConflictException, as on AWS); the
client asks again a moment later, as AWS tells clients to.
"""

import argparse
import asyncio
import itertools
import json
import secrets
import statistics
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3

from benchmarks import sites, wire
from benchmarks.dataset import Scale
from benchmarks.load import Answer, Wrong, cpu_seconds, take
from benchmarks.sites import Site
from tests.support import person as persons

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BEGIN = "<!-- assignments: what stands between these marks is written by `make bench` -->"
END = "<!-- end of assignments -->"
SCALE = Scale(
    users=1_000,
    groups=100,
    accounts=1_012,
    permission_sets=30,
    assignments=5_000,
    roles_of_an_account=4,
    everywhere=2,
)
EXPECTED_SECONDS = 5.0
CONNECTIONS = 32
MANY_ACCOUNTS, FEW_SETS = 200, 3
SHARED = 200
SETS_OF_ONE, PRINCIPALS_OF_ONE = 50, 4
LOOKED_AT = 8
"""Accounts whose roles, and credentials, are looked at after each burst."""
_PERSON = "hanako"
_LOOK_SECONDS = 0.05
_CONFLICT_SECONDS = 0.1
"""After which the client asks again for what was refused because of another request."""
_PATIENCE_SECONDS = 120.0
_PROBE_SECONDS = 0.005
_POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:%s","Resource":"*"}]}'
)
_READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@dataclass(frozen=True, slots=True)
class Triple:
    """What one assignment is about."""

    permission_set_arn: str
    account_id: str
    principal_type: str
    principal_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """One burst. `cpu_us` and `database_us` are of each act, `probe_p99` milliseconds."""

    name: str
    acts: int
    seconds: float
    cpu_us: float
    database_us: float
    conflicts: int
    probe_p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The median burst of its runs on one server."""

    server: str
    nodes: int
    burst: Burst


class Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answer = take(self._buffer)
        if answer is not None and self._waiting is not None:
            self._buffer = b""
            self._waiting.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Wrong(f"the connection was lost: {error}"))

    async def ask(self, request: bytes) -> Answer:
        """The answer to one request."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


@dataclass(kw_only=True)
class Asked:
    """What a burst knows of itself so far."""

    site: Site
    waiting: deque[bytes]
    again: deque[tuple[float, bytes]] = field(default_factory=deque)
    accepted: list[str] = field(default_factory=list)
    conflicts: int = 0
    probes: list[float] = field(default_factory=list)
    over: bool = False

    def next(self) -> bytes | None:
        """What is to be asked now: what waited long enough, then what was not asked yet."""
        if self.again and self.again[0][0] <= time.perf_counter():
            return self.again.popleft()[1]
        return self.waiting.popleft() if self.waiting else None


# --- what is asked for ----------------------------------------------------------------------------


class Admin:
    """Makes requests of sso-admin for one site."""

    def __init__(self, site: Site) -> None:
        self._signer = site.signer("sso")
        self.instance_arn: str = site.facts["instance_arn"]

    def request(self, operation: str, **members: object) -> bytes:
        """A signed request of one operation on the instance."""
        members = {"InstanceArn": self.instance_arn, **members}
        return self._signer.json(f"SWBExternalService.{operation}", members)

    def of_triple(self, operation: str, triple: Triple) -> bytes:
        """CreateAccountAssignment or DeleteAccountAssignment."""
        return self.request(
            operation,
            TargetId=triple.account_id,
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=triple.permission_set_arn,
            PrincipalType=triple.principal_type,
            PrincipalId=triple.principal_id,
        )


def triples(site: Site) -> list[Triple]:
    """A thousand assignments that nobody has, of permission sets made for this.

    Three in five need a new role each, in many accounts; one in five is another principal of a
    role that stands; one in five is in one account, where four principals share each of its roles.
    """
    accounts: list[str] = site.kept["accounts"]
    few = [_new_set(site, number) for number in range(FEW_SETS)]
    person = ("USER", site.kept["person"])
    people = [person, *site.kept["principals"]]
    cycle = itertools.cycle(people)
    many = [
        Triple(arn, account, *(person if place < LOOKED_AT else next(cycle)))
        for place, account in enumerate(accounts[:MANY_ACCOUNTS])
        for arn in few
    ]
    new = _new_principal(site)
    shared = [Triple(site.kept["everywhere"], account, *new) for account in accounts[-SHARED:]]
    sets = [_new_set(site, FEW_SETS + number) for number in range(SETS_OF_ONE)]
    one = accounts[MANY_ACCOUNTS]
    shares = [
        Triple(arn, one, *principal) for principal in people[:PRINCIPALS_OF_ONE] for arn in sets
    ]
    # As they would come from many clients, of which none waits for another.
    mixed = [itertools.cycle(kind) for kind in (many, shared, shares)]
    turns = (0, 0, 0, 1, 2)
    return [next(mixed[turn]) for turn, _ in zip(itertools.cycle(turns), range(5 * SHARED))]


def _new_set(site: Site, number: int) -> str:
    admin, instance = site.client("sso-admin"), site.facts["instance_arn"]
    made = admin.create_permission_set(
        InstanceArn=instance, Name=f"Burst{secrets.token_hex(4)}", Description=f"Number {number}"
    )
    arn: str = made["PermissionSet"]["PermissionSetArn"]
    target = {"InstanceArn": instance, "PermissionSetArn": arn}
    admin.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=_READ_ONLY)
    if number % 2:
        admin.put_inline_policy_to_permission_set(**target, InlinePolicy=_POLICY % "ListBucket")
    return arn


def _new_principal(site: Site) -> tuple[str, str]:
    made = site.client("identitystore").create_group(
        IdentityStoreId=site.facts["identity_store_id"],
        DisplayName=f"Burst {secrets.token_hex(4)}",
    )
    return ("GROUP", made["GroupId"])


def learn(site: Site) -> None:
    """What the bursts need to know of a site."""
    admin, instance = site.client("sso-admin"), site.facts["instance_arn"]
    store = site.client("identitystore")
    directory = {"IdentityStoreId": site.facts["identity_store_id"]}
    groups = store.get_paginator("list_groups").paginate(**directory)
    users = store.list_users(**directory, MaxResults=30)["Users"]
    site.kept["principals"] = [
        *(("GROUP", group["GroupId"]) for page in groups for group in page["Groups"]),
        *(("USER", user["UserId"]) for user in users),
    ]
    identifier = {"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": _PERSON}}
    site.kept["person"] = store.get_user_id(**directory, AlternateIdentifier=identifier)["UserId"]
    pages = admin.get_paginator("list_permission_sets").paginate(InstanceArn=instance)
    arns = [arn for page in pages for arn in page["PermissionSets"]]
    site.kept["everywhere"] = max(arns, key=lambda arn: len(_accounts_of(site, arn)))
    site.kept["accounts"] = _accounts_of(site, site.kept["everywhere"])[: 5 * SHARED]
    token = persons.device_token(site, _PERSON)  # type: ignore[arg-type]
    site.kept["token"] = token["accessToken"]


def _accounts_of(site: Site, permission_set_arn: str) -> list[str]:
    pages = (
        site.client("sso-admin")
        .get_paginator("list_accounts_for_provisioned_permission_set")
        .paginate(InstanceArn=site.facts["instance_arn"], PermissionSetArn=permission_set_arn)
    )
    return [account for page in pages for account in page["AccountIds"]]


# --- the bursts -----------------------------------------------------------------------------------


def create(site: Site, wanted: Sequence[Triple]) -> Burst:
    """Ask for every assignment, and look at the effects."""
    burst = _measured(site, "CreateAccountAssignment", wanted)
    _require_assignments(site, wanted, there=True)
    _require_roles(site, wanted, there=True)
    _require_credentials(site, wanted)
    return burst


def delete(site: Site, wanted: Sequence[Triple]) -> Burst:
    """Have every assignment deleted, and look at the effects."""
    burst = _measured(site, "DeleteAccountAssignment", wanted)
    _require_assignments(site, wanted, there=False)
    _require_roles(site, wanted, there=False)
    return burst


def provision(site: Site) -> Burst:
    """Change a permission set that a thousand accounts have, and have them all provisioned."""
    arn = site.kept["everywhere"]
    site.client("sso-admin").put_inline_policy_to_permission_set(
        InstanceArn=site.facts["instance_arn"],
        PermissionSetArn=arn,
        InlinePolicy=_POLICY % f"Get{secrets.token_hex(4)}",
    )
    accounts = _accounts_of(site, arn)

    async def all_accounts(asked: Asked, lines: Sequence[Line]) -> None:
        admin = Admin(site)
        request = admin.request(
            "ProvisionPermissionSet", PermissionSetArn=arn, TargetType="ALL_PROVISIONED_ACCOUNTS"
        )
        status = _members(await lines[0].ask(request))["PermissionSetProvisioningStatus"]
        look = admin.request(
            "DescribePermissionSetProvisioningStatus",
            ProvisionPermissionSetRequestId=status["RequestId"],
        )
        while status["Status"] == "IN_PROGRESS":
            await asyncio.sleep(_LOOK_SECONDS)
            status = _members(await lines[0].ask(look))["PermissionSetProvisioningStatus"]
        if status["Status"] != "SUCCEEDED":
            raise Wrong(f"{status}")

    burst = _run(site, f"ProvisionPermissionSet, {len(accounts):,} accounts", [], all_accounts)
    behind = site.client("sso-admin").list_accounts_for_provisioned_permission_set(
        InstanceArn=site.facts["instance_arn"],
        PermissionSetArn=arn,
        ProvisioningStatus="LATEST_PERMISSION_SET_NOT_PROVISIONED",
    )
    if behind["AccountIds"]:
        raise Wrong(f"accounts were left behind: {behind['AccountIds'][:3]}")
    return _of(burst, len(accounts))


def _measured(site: Site, operation: str, wanted: Sequence[Triple]) -> Burst:
    admin = Admin(site)
    requests = [admin.of_triple(operation, triple) for triple in wanted]
    kind = "Creation" if operation.startswith("Create") else "Deletion"

    async def all_of_them(asked: Asked, lines: Sequence[Line]) -> None:
        await asyncio.gather(*(_ask(asked, line, kind, len(requests)) for line in lines))
        look = admin.request(
            f"ListAccountAssignment{kind}Status", Filter={"Status": "IN_PROGRESS"}, MaxResults=1
        )
        while _members(await lines[0].ask(look))[f"AccountAssignments{kind}Status"]:
            await asyncio.sleep(_LOOK_SECONDS)
        left = deque(asked.accepted)
        await asyncio.gather(*(_describe(admin, line, kind, left) for line in lines))

    name = f"{len(requests):,} {operation}"
    return _of(_run(site, name, requests, all_of_them), len(requests))


async def _ask(asked: Asked, line: Line, kind: str, wanted: int) -> None:
    while len(asked.accepted) < wanted:
        request = asked.next()
        if request is None:
            await asyncio.sleep(_CONFLICT_SECONDS / 10)
            continue
        answer = await line.ask(request)
        if b"ConflictException" in answer.body:
            asked.conflicts += 1
            asked.again.append((time.perf_counter() + _CONFLICT_SECONDS, request))
            continue
        status = _members(answer)[f"AccountAssignment{kind}Status"]
        if status["Status"] != "IN_PROGRESS":
            raise Wrong(f"not in progress first: {status}")
        asked.accepted.append(status["RequestId"])


async def _describe(admin: Admin, line: Line, kind: str, left: deque[str]) -> None:
    while left:
        request = admin.request(
            f"DescribeAccountAssignment{kind}Status",
            **{f"AccountAssignment{kind}RequestId": left.popleft()},
        )
        status = _members(await line.ask(request))[f"AccountAssignment{kind}Status"]
        if status["Status"] != "SUCCEEDED":
            raise Wrong(f"{status}")


def _members(answer: Answer) -> Any:
    if answer.status != 200:
        raise Wrong(f"{answer.status}: {answer.body[:300]!r}")
    return json.loads(answer.body)


def _run(site: Site, name: str, requests: Iterable[bytes], work: Any) -> Burst:
    asked = Asked(site=site, waiting=deque(requests))
    cpu, database = cpu_seconds(site.pids), cpu_seconds(site.database_pids())
    seconds = asyncio.run(asyncio.wait_for(_clocked(asked, work), _PATIENCE_SECONDS))
    return Burst(
        name=name,
        acts=1,
        seconds=seconds,
        cpu_us=(cpu_seconds(site.pids) - cpu) * 1e6,
        database_us=max(0.0, cpu_seconds(site.database_pids()) - database) * 1e6,
        conflicts=asked.conflicts,
        probe_p99=sorted(asked.probes)[int(len(asked.probes) * 0.99)],
    )


def _of(burst: Burst, acts: int) -> Burst:
    return Burst(
        name=burst.name,
        acts=acts,
        seconds=burst.seconds,
        cpu_us=burst.cpu_us / acts,
        database_us=burst.database_us / acts,
        conflicts=burst.conflicts,
        probe_p99=burst.probe_p99,
    )


async def _clocked(asked: Asked, work: Any) -> float:
    ports = asked.site.ports
    lines = [await _open(port) for _, port in zip(range(CONNECTIONS), itertools.cycle(ports))]
    beside = await _open(ports[0])
    probing = asyncio.create_task(_probe(asked, beside))
    began = time.perf_counter()
    try:
        await work(asked, lines)
        return time.perf_counter() - began
    finally:
        asked.over = True
        await probing
        for line in (*lines, beside):
            line.close()


async def _open(port: int) -> Line:
    _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
    return line


async def _probe(asked: Asked, line: Line) -> None:
    """Somebody else who wants an answer, again and again."""
    request = asked.site.signer("sts").signed(b"Action=GetCallerIdentity&Version=2011-06-15")
    while not asked.over:
        began = time.perf_counter()
        answer = await line.ask(request)
        asked.probes.append((time.perf_counter() - began) * 1000)
        if b"<Arn>" not in answer.body:
            raise Wrong(f"{answer.status}: {answer.body[:300]!r}")
        await asyncio.sleep(_PROBE_SECONDS)


# --- the effects ----------------------------------------------------------------------------------


def _require_assignments(site: Site, wanted: Sequence[Triple], *, there: bool) -> None:
    """Each triple is, or is not, in ListAccountAssignments."""
    expected: dict[tuple[str, str], set[str]] = {}
    for triple in wanted:
        principals = expected.setdefault((triple.account_id, triple.permission_set_arn), set())
        principals.add(triple.principal_id)

    async def look() -> None:
        line, admin = await _open(site.ports[0]), Admin(site)
        for (account, arn), principals in expected.items():
            request = admin.request(
                "ListAccountAssignments", AccountId=account, PermissionSetArn=arn, MaxResults=100
            )
            rows = _members(await line.ask(request))["AccountAssignments"]
            found = principals & {row["PrincipalId"] for row in rows}
            if found != (principals if there else set()):
                raise Wrong(f"assignments of {arn} in {account}: {found} of {principals}")
        line.close()

    asyncio.run(look())


def _require_roles(site: Site, wanted: Sequence[Triple], *, there: bool) -> None:
    """A sample of the accounts has, or has no longer, the roles of the permission sets made."""
    names = {
        arn: site.client("sso-admin").describe_permission_set(
            InstanceArn=site.facts["instance_arn"], PermissionSetArn=arn
        )["PermissionSet"]["Name"]
        for arn in {triple.permission_set_arn for triple in wanted}
    }
    accounts = dict.fromkeys(triple.account_id for triple in wanted)
    step = max(1, len(accounts) // LOOKED_AT)
    for account in itertools.islice(accounts, 0, None, step):
        found = _roles(site, account)
        for triple in wanted:
            if triple.account_id != account or triple.permission_set_arn == site.kept["everywhere"]:
                continue
            name = names[triple.permission_set_arn]
            if any(role.startswith(f"AWSReservedSSO_{name}_") for role in found) != there:
                raise Wrong(f"the role of {name} in {account}: {found}")


def _roles(site: Site, account: str) -> list[str]:
    """Identity Center's roles in an account, as the account itself sees them, policies and all."""
    keys = site.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
        RoleSessionName="benchmark",
    )["Credentials"]
    made: Any = boto3.client
    iam = made(
        "iam",
        endpoint_url=site.url,
        region_name=site.facts["region"],
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    pages = iam.get_paginator("list_roles").paginate(PathPrefix="/aws-reserved/")
    names = [role["RoleName"] for page in pages for role in page["Roles"]]
    for name in names:
        iam.get_role(RoleName=name)
    return names


def _require_credentials(site: Site, wanted: Sequence[Triple]) -> None:
    """A person who was assigned gets credentials of the roles that were made for it."""
    mine = [triple.account_id for triple in wanted if triple.principal_id == site.kept["person"]]
    headers = {"x-amz-sso_bearer_token": site.kept["token"]}

    async def look() -> None:
        line = await _open(site.ports[0])

        async def get(path: str, query: Mapping[str, str]) -> Any:
            target = f"{path}?{urlencode(query)}"
            return _members(await line.ask(wire.request(site.host, "GET", target, headers, b"")))

        for account in itertools.islice(dict.fromkeys(mine), LOOKED_AT):
            roles = (await get("/assignment/roles", {"account_id": account}))["roleList"]
            if not any(role["roleName"].startswith("Burst") for role in roles):
                raise Wrong(f"no role of the burst in {account}: {roles}")
            for role in roles:
                query = {"role_name": role["roleName"], "account_id": account}
                found = await get("/federation/credentials", query)
                if not found["roleCredentials"]["sessionToken"]:
                    raise Wrong(f"no credentials: {found}")
        line.close()

    asyncio.run(look())


# --- figures --------------------------------------------------------------------------------------


def measure(site: Site, runs: int) -> list[Burst]:
    """Creation, deletion and provisioning, the median of so many runs each by seconds."""
    learn(site)
    kinds: tuple[list[Burst], ...] = ([], [], [])
    for _ in range(runs):
        wanted = triples(site)
        if len({*wanted}) != 5 * SHARED:
            raise Wrong("the assignments are not all different")
        for kind, burst in zip(
            kinds, (create(site, wanted), delete(site, wanted), provision(site)), strict=True
        ):
            kind.append(burst)
    return [sorted(kind, key=lambda one: one.seconds)[(runs - 1) // 2] for kind in kinds]


def figures(only: Sequence[str], runs: int) -> Iterator[Figure]:
    """Every figure, server by server."""
    if "sqlite" in only:
        with sites.on_sqlite("assignments", SCALE) as site:
            for burst in measure(site, runs):
                yield Figure(server="SQLite", nodes=1, burst=burst)
    if "postgres" in only:
        from benchmarks import nodes

        with nodes.installation(SCALE) as made:
            for count in (1, 2):
                with nodes.on_postgres(made, count) as site:
                    for burst in measure(site, runs):
                        yield Figure(server="PostgreSQL", nodes=count, burst=burst)
    sites.unpin()


def section(found: Sequence[Figure]) -> str:
    """The figures as Markdown."""
    head = ("act", "server", "nodes", "seconds", "a second", "CPU µs each", "database µs")
    head += ("asked again", "GetCallerIdentity p99 ms")
    rows = [
        (
            figure.burst.name,
            figure.server,
            f"{figure.nodes}",
            f"{figure.burst.seconds:.2f}",
            f"{figure.burst.acts / figure.burst.seconds:,.0f}",
            f"{figure.burst.cpu_us:,.0f}",
            f"{figure.burst.database_us:,.0f}" if figure.burst.database_us else "",
            f"{figure.burst.conflicts:,}",
            f"{figure.burst.probe_p99:.1f}",
        )
        for figure in found
    ]
    rule = ["---", "---", *["---:"] * (len(head) - 2)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def expectation(found: Sequence[Figure]) -> str:
    """Whether the one figure that was expected was reached."""
    for figure in found:
        if figure.server == "SQLite" and "Create" in figure.burst.name:
            reached = figure.burst.seconds < EXPECTED_SECONDS
            return (
                f"Expected: all SUCCEEDED in under {EXPECTED_SECONDS:.0f} s in the sandbox. Measured:"
                f" {figure.burst.seconds:.2f} s, {'reached' if reached else '**not reached**'}."
            )
    return ""


def write(found: Sequence[Figure], machine: str) -> None:
    """Put the figures into the page, between their own marks."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{PAGE} has not the marks of the assignments")
    written = f"{machine}\n\n{expectation(found)}\n\n{section(found)}"
    PAGE.write_text(f"{before}{BEGIN}\n\n{written}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    """The command: prints the figures."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.assignments")
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--only", default="sqlite,postgres", help="of sqlite,postgres")
    chosen = arguments.parse_args()
    found = []
    for figure in figures(chosen.only.split(","), chosen.runs):
        print(figure, file=sys.stderr, flush=True)
        found.append(figure)
    print(expectation(found), section(found), sep="\n\n")


if __name__ == "__main__":
    main()
