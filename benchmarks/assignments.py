"""A thousand assignments asked for at once: how long until every one has SUCCEEDED.

    python -m benchmarks.assignments [--runs 3] [--only sqlite,postgres]

CreateAccountAssignment for a thousand different (permission set, account, principal), the same
deleted again, and ProvisionPermissionSet for a thousand accounts. The clock runs from the first
request to the last SUCCEEDED that a client was told; somebody beside the burst asks
GetCallerIdentity all the while, since whoever needs an answer meanwhile must not notice. Effects
are looked at before a figure counts: assignments, roles, a person's credentials.
"""

import argparse
import asyncio
import itertools
import os
import secrets
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import nodes, sites, table
from benchmarks.burst import Asked, Burst, Line, ask_all, middle, run
from benchmarks.dataset import Scale
from benchmarks.effects import require_assignments, require_credentials, require_roles
from benchmarks.load import Wrong
from benchmarks.sites import Site
from benchmarks.triples import POLICY, Admin, Triple, accounts_of, learn, members, triples

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
SERVERS = ("sqlite", "postgres")
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The middle burst of its runs on one server."""

    server: str
    nodes: int
    burst: Burst


# --- the bursts -----------------------------------------------------------------------------------


def create(site: Site, wanted: Sequence[Triple]) -> Burst:
    """Ask for every assignment, and look at the effects."""
    burst = _each(site, "CreateAccountAssignment", "Creation", wanted)
    require_assignments(site, wanted, there=True)
    require_roles(site, wanted, there=True)
    require_credentials(site, wanted)
    return burst


def delete(site: Site, wanted: Sequence[Triple]) -> Burst:
    """Have every assignment deleted, and look at the effects."""
    burst = _each(site, "DeleteAccountAssignment", "Deletion", wanted)
    require_assignments(site, wanted, there=False)
    require_roles(site, wanted, there=False)
    return burst


def _each(site: Site, operation: str, kind: str, wanted: Sequence[Triple]) -> Burst:
    admin = Admin(site)
    requests = [admin.of_triple(operation, triple) for triple in wanted]
    look = admin.request(
        f"ListAccountAssignment{kind}Status", Filter={"Status": "IN_PROGRESS"}, MaxResults=1
    )

    async def work(asked: Asked, lines: Sequence[Line]) -> None:
        await ask_all(asked, lines)
        begun = [members(answer)[f"AccountAssignment{kind}Status"] for answer in asked.accepted]
        if any(one["Status"] != "IN_PROGRESS" for one in begun):
            raise Wrong("something was not in progress first")
        # The server tells nobody by itself.
        while members(await lines[0].ask(look))[f"AccountAssignments{kind}Status"]:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)
        left = deque(one["RequestId"] for one in begun)
        await asyncio.gather(*(_describe(admin, line, kind, left) for line in lines))

    return run(site, f"{len(requests):,} {operation}", len(requests), requests, work)


async def _describe(admin: Admin, line: Line, kind: str, left: deque[str]) -> None:
    """Each is described by itself, and must have succeeded."""
    while left:
        request = admin.request(
            f"DescribeAccountAssignment{kind}Status",
            **{f"AccountAssignment{kind}RequestId": left.popleft()},
        )
        status = members(await line.ask(request))[f"AccountAssignment{kind}Status"]
        if status["Status"] != "SUCCEEDED":
            raise Wrong(f"{status}")


def provision(site: Site) -> Burst:
    """Change a permission set that a thousand accounts have, and have them all provisioned."""
    arn, instance = site.kept["everywhere"], site.facts["instance_arn"]
    client = site.client("sso-admin")
    client.put_inline_policy_to_permission_set(
        InstanceArn=instance,
        PermissionSetArn=arn,
        InlinePolicy=POLICY % f"Get{secrets.token_hex(4)}",
    )
    accounts = len(accounts_of(site, arn))
    admin = Admin(site)
    request = admin.request(
        "ProvisionPermissionSet", PermissionSetArn=arn, TargetType="ALL_PROVISIONED_ACCOUNTS"
    )

    async def work(asked: Asked, lines: Sequence[Line]) -> None:
        status = members(await lines[0].ask(request))["PermissionSetProvisioningStatus"]
        look = admin.request(
            "DescribePermissionSetProvisioningStatus",
            ProvisionPermissionSetRequestId=status["RequestId"],
        )
        while status["Status"] == "IN_PROGRESS":
            await asyncio.sleep(_LOOK_SECONDS)
            status = members(await lines[0].ask(look))["PermissionSetProvisioningStatus"]
        if status["Status"] != "SUCCEEDED":
            raise Wrong(f"{status}")

    burst = run(site, f"ProvisionPermissionSet, {accounts:,} accounts", accounts, [], work)
    behind = client.list_accounts_for_provisioned_permission_set(
        InstanceArn=instance,
        PermissionSetArn=arn,
        ProvisioningStatus="LATEST_PERMISSION_SET_NOT_PROVISIONED",
    )
    if behind["AccountIds"]:
        raise Wrong(f"accounts were left behind: {behind['AccountIds'][:3]}")
    return burst


# --- figures --------------------------------------------------------------------------------------


def measure(site: Site, runs: int) -> list[Burst]:
    """Creation, deletion and provisioning: of each the middle one of so many runs."""
    learn(site)
    rounds = []
    for _ in range(runs):
        wanted = triples(site)
        rounds.append((create(site, wanted), delete(site, wanted), provision(site)))
    return [middle(bursts) for bursts in zip(*rounds, strict=True)]


def figures(only: Sequence[str], runs: int) -> Iterator[Figure]:
    """Every figure, server by server."""
    if "sqlite" in only:
        with sites.on_sqlite("assignments", SCALE) as site:
            for burst in measure(site, runs):
                yield Figure(server="SQLite", nodes=1, burst=burst)
    if "postgres" in only:
        with nodes.installation(SCALE) as made:
            for count in (1, 2):
                with nodes.on_postgres(made, count) as site:
                    for burst in measure(site, runs):
                        yield Figure(server="PostgreSQL", nodes=count, burst=burst)
    sites.unpin()


_HEAD = ("act", "server", "nodes", "seconds", "a second", "CPU µs each", "database µs")
_BESIDE = ("asked again", "GetCallerIdentity p99 ms")


def told(found: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    head = (*_HEAD, *_BESIDE)
    rule = ["---", "---", *itertools.repeat("---:", len(head) - 2)]
    rows = [head, rule, *map(_row, found)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(figure: Figure) -> Sequence[str]:
    burst = figure.burst
    return (
        burst.name,
        figure.server,
        f"{figure.nodes}",
        f"{burst.seconds:.2f}",
        f"{burst.acts / burst.seconds:,.0f}",
        f"{burst.cpu_us:,.0f}",
        f"{burst.database_us:,.0f}" if burst.database_us else "",
        f"{burst.conflicts:,}",
        f"{burst.probe_p99:.1f}",
    )


def expectation(found: Sequence[Figure]) -> str:
    """Whether the one figure that was expected was reached; empty when it was not measured."""
    for figure in found:
        if figure.server == "SQLite" and "Create" in figure.burst.name:
            seconds = figure.burst.seconds
            said = "reached" if seconds < EXPECTED_SECONDS else "**not reached**"
            return (
                f"Expected: all SUCCEEDED in under {EXPECTED_SECONDS:.0f} s in the sandbox."
                f" Measured: {seconds:.2f} s, {said}."
            )
    return ""


def rewrite(page: Path, written: str) -> None:
    """Put the figures into the page, between their own marks."""
    table.rewrite(page, written, BEGIN, END)


def section(only: Sequence[str], runs: int) -> str:
    """Measure, and say what was found."""
    load_average = os.getloadavg()[0]
    found = []
    for figure in figures(only, runs):
        print(f"{figure.server:10} {figure.nodes} {figure.burst}", file=sys.stderr, flush=True)
        found.append(figure)
    described = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on the machine above; of {runs} runs the middle"
        f" one; load average before: {load_average:.1f}."
    )
    return f"{described}\n\n{expectation(found)}\n\n{told(found)}"


def main() -> None:
    """The command: a whole run rewrites its part of the page, less is printed."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.assignments")
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--only", default=",".join(SERVERS), help="of sqlite,postgres")
    chosen = arguments.parse_args()
    only = chosen.only.split(",")
    written = section(only, chosen.runs)
    if {*only} == {*SERVERS}:
        rewrite(PAGE, written)
    else:
        print(written)


if __name__ == "__main__":
    main()
