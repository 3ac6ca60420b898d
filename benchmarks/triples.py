"""A thousand assignments to ask for: which they are, and requests for them.

Owns the mix: new roles in many accounts, more principals of roles that stand, principals that share
new roles of one account. No two are the same, and none is there already.
"""

import itertools
import json
import secrets
from dataclasses import dataclass
from typing import Any

from benchmarks.load import Answer, Wrong
from benchmarks.sites import Site
from tests.support import person as persons

MANY_ACCOUNTS, FEW_SETS = 200, 3
SHARED = 200
SETS_OF_ONE, PRINCIPALS_OF_ONE = 100, 2
PERSON = "hanako"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:%s","Resource":"*"}]}'
_READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@dataclass(frozen=True, slots=True)
class Triple:
    """What one assignment is about."""

    permission_set_arn: str
    account_id: str
    principal_type: str
    principal_id: str


def members(answer: Answer) -> Any:
    """What an answer says; `Wrong` when it is a refusal."""
    if answer.status != 200:
        raise Wrong(f"{answer.status}: {answer.body[:300]!r}")
    return json.loads(answer.body)


class Admin:
    """Makes requests of sso-admin for one site."""

    def __init__(self, site: Site) -> None:
        self._signer = site.signer("sso")
        self.instance_arn: str = site.facts["instance_arn"]

    def request(self, operation: str, **given: object) -> bytes:
        """A signed request of one operation on the instance."""
        return self._signer.json(
            f"SWBExternalService.{operation}", {"InstanceArn": self.instance_arn, **given}
        )

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
    role that stands; one in five is in one account, where two principals share each of its roles.
    """
    accounts: list[str] = site.kept["accounts"]
    if "sets" not in site.kept:
        site.kept["sets"] = [_new_set(site, number) for number in range(FEW_SETS + SETS_OF_ONE)]
    few, sets = site.kept["sets"][:FEW_SETS], site.kept["sets"][FEW_SETS:]
    people = [("USER", site.kept["person"]), *site.kept["principals"]]
    cycle = itertools.cycle(people)
    many = [
        Triple(arn, account, *next(cycle)) for account in accounts[:MANY_ACCOUNTS] for arn in few
    ]
    new = _new_principal(site)
    shared = [Triple(site.kept["everywhere"], account, *new) for account in accounts[-SHARED:]]
    one = accounts[MANY_ACCOUNTS]
    shares = [
        Triple(arn, one, *principal) for principal in people[:PRINCIPALS_OF_ONE] for arn in sets
    ]
    mixed = [iter(many), iter(shared), iter(shares)]
    wanted = [next(mixed[turn]) for _ in range(SHARED) for turn in (0, 0, 0, 1, 2)]
    if len({*wanted}) != len(wanted):
        raise Wrong("the assignments are not all different")
    return wanted


def _new_set(site: Site, number: int) -> str:
    admin, instance = site.client("sso-admin"), site.facts["instance_arn"]
    made = admin.create_permission_set(
        InstanceArn=instance, Name=f"Burst{secrets.token_hex(4)}", Description=f"Number {number}"
    )
    arn: str = made["PermissionSet"]["PermissionSetArn"]
    target = {"InstanceArn": instance, "PermissionSetArn": arn}
    admin.attach_managed_policy_to_permission_set(**target, ManagedPolicyArn=_READ_ONLY)
    if number % 2:
        admin.put_inline_policy_to_permission_set(**target, InlinePolicy=POLICY % "ListBucket")
    return arn


def _new_principal(site: Site) -> tuple[str, str]:
    made = site.client("identitystore").create_group(
        IdentityStoreId=site.facts["identity_store_id"],
        DisplayName=f"Burst {secrets.token_hex(4)}",
    )
    return ("GROUP", made["GroupId"])


def learn(site: Site) -> None:
    """What triples need to know of a site, and an access token of the person among them."""
    admin, instance = site.client("sso-admin"), site.facts["instance_arn"]
    store = site.client("identitystore")
    directory = {"IdentityStoreId": site.facts["identity_store_id"]}
    groups = store.get_paginator("list_groups").paginate(**directory)
    users = store.list_users(**directory, MaxResults=30)["Users"]
    site.kept["principals"] = [
        *(("GROUP", group["GroupId"]) for page in groups for group in page["Groups"]),
        *(("USER", user["UserId"]) for user in users),
    ]
    identifier = {"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": PERSON}}
    site.kept["person"] = store.get_user_id(**directory, AlternateIdentifier=identifier)["UserId"]
    pages = admin.get_paginator("list_permission_sets").paginate(InstanceArn=instance)
    arns = [arn for page in pages for arn in page["PermissionSets"]]
    site.kept["everywhere"] = max(arns, key=lambda arn: len(accounts_of(site, arn)))
    site.kept["accounts"] = accounts_of(site, site.kept["everywhere"])[: 5 * SHARED]
    token = persons.device_token(site, PERSON)  # type: ignore[arg-type]
    site.kept["token"] = token["accessToken"]


def accounts_of(site: Site, permission_set_arn: str) -> list[str]:
    """The accounts that have a role of a permission set."""
    pages = (
        site.client("sso-admin")
        .get_paginator("list_accounts_for_provisioned_permission_set")
        .paginate(InstanceArn=site.facts["instance_arn"], PermissionSetArn=permission_set_arn)
    )
    return [account for page in pages for account in page["AccountIds"]]
