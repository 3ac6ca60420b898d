"""What a burst of assignments must have brought about, asked of the server as its clients would."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import boto3

from benchmarks import wire
from benchmarks.burst import open_line
from benchmarks.load import Wrong
from benchmarks.sites import Site
from benchmarks.triples import Admin, Triple, members

LOOKED_AT = 8
"""Accounts whose roles, and a person's credentials, are looked at after each burst."""


def require_assignments(site: Site, wanted: Sequence[Triple], *, there: bool) -> None:
    """Each triple is, or is not, in ListAccountAssignments."""
    expected: dict[tuple[str, str], set[str]] = {}
    for triple in wanted:
        principals = expected.setdefault((triple.account_id, triple.permission_set_arn), set())
        principals.add(triple.principal_id)

    async def look() -> None:
        line, admin = await open_line(site.ports[0]), Admin(site)
        for (account, arn), principals in expected.items():
            request = admin.request(
                "ListAccountAssignments", AccountId=account, PermissionSetArn=arn, MaxResults=100
            )
            rows = members(await line.ask(request))["AccountAssignments"]
            found = principals & {row["PrincipalId"] for row in rows}
            if found != (principals if there else set()):
                raise Wrong(f"assignments of {arn} in {account}: {found} of {principals}")
        line.close()

    asyncio.run(look())


def require_roles(site: Site, wanted: Sequence[Triple], *, there: bool) -> None:
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


def require_credentials(site: Site, wanted: Sequence[Triple]) -> None:
    """A person who was assigned gets credentials of the roles that were made for it."""
    mine = [triple.account_id for triple in wanted if triple.principal_id == site.kept["person"]]
    headers = {"x-amz-sso_bearer_token": site.kept["token"]}

    async def look() -> None:
        line = await open_line(site.ports[0])

        async def get(path: str, query: Mapping[str, str]) -> Any:
            target = f"{path}?{urlencode(query)}"
            return members(await line.ask(wire.request(site.host, "GET", target, headers, b"")))

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
