"""Lives of applications as infrastructure code leads them: ten at once, through boto3.

Each life is what a provider for Terraform asks for a resource: create, read, update each field,
read, import by id alone, delete, read again, delete again.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fronts.aws.samples_applications import CUSTOM, issuer
from tests.fronts.aws.world import Clients, World

AT_ONCE = 10


def gone(call: Callable[..., Any], **params: Any) -> None:
    """What a provider takes for "it is not there any more"."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def together(world: World, live: Callable[[Any, int], str]) -> list[str]:
    """The ids of ten lives led at once, each with a client of its own."""
    clients = [Clients(world.server).sso_admin for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(live, clients, range(AT_ONCE)))


def test_ten_applications_with_their_scopes_and_assignments(world: World) -> None:
    people = [world.user(f"tenant{number}") for number in range(AT_ONCE)]

    def live(sso: Any, number: int) -> str:
        arn: str = sso.create_application(
            InstanceArn=world.instance,
            ApplicationProviderArn=CUSTOM,
            Name=f"App {number}",
            ClientToken=f"token-{number}",
        )["ApplicationArn"]
        app = {"ApplicationArn": arn}
        changes = {"Name": f"Renamed {number}", "Description": "Changed", "Status": "DISABLED"}
        for name, value in changes.items():
            sso.update_application(**app, **{name: value})
            assert sso.describe_application(**app)[name] == value
        found = sso.describe_application(**app)
        assert {name: found[name] for name in changes} == changes

        scope = {**app, "Scope": "sso:account:access"}
        for targets in ([arn], [arn, world.instance]):
            sso.put_application_access_scope(**scope, AuthorizedTargets=targets)
            assert sso.get_application_access_scope(**scope)["AuthorizedTargets"] == targets
        sso.delete_application_access_scope(**scope)
        gone(sso.get_application_access_scope, **scope)

        assignment = {**app, "PrincipalId": people[number], "PrincipalType": "USER"}
        sso.create_application_assignment(**assignment)
        assert sso.describe_application_assignment(**assignment)["PrincipalId"] == people[number]
        sso.delete_application_assignment(**assignment)
        gone(sso.describe_application_assignment, **assignment)

        for required in (False, True):
            sso.put_application_assignment_configuration(**app, AssignmentRequired=required)
            got = sso.get_application_assignment_configuration(**app)
            assert got["AssignmentRequired"] is required

        sso.delete_application(**app)
        for call in (
            sso.describe_application,
            sso.delete_application,
            sso.get_application_assignment_configuration,
        ):
            gone(call, **app)
        return arn

    assert len(set(together(world, live))) == AT_ONCE
    sso = world.admin.sso_admin
    assert sso.list_applications(InstanceArn=world.instance)["Applications"] == []


def test_ten_trusted_token_issuers_fill_the_quota_and_leave(world: World) -> None:
    def make(sso: Any, number: int) -> str:
        arn: str = sso.create_trusted_token_issuer(
            **issuer(world, f"issuer{number}"), ClientToken=f"token-{number}"
        )["TrustedTokenIssuerArn"]
        return arn

    made = together(world, make)
    assert together(world, make) == made

    def change_and_leave(sso: Any, number: int) -> str:
        one = {"TrustedTokenIssuerArn": made[number]}
        sso.update_trusted_token_issuer(**one, Name=f"renamed{number}")
        sso.update_trusted_token_issuer(
            **one,
            TrustedTokenIssuerConfiguration={
                "OidcJwtConfiguration": {"ClaimAttributePath": "name"}
            },
        )
        found = sso.describe_trusted_token_issuer(**one)
        oidc = found["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"]
        assert (found["Name"], oidc["ClaimAttributePath"]) == (f"renamed{number}", "name")
        assert oidc["IssuerUrl"] == f"https://issuer{number}.example.com"
        sso.delete_trusted_token_issuer(**one)
        for call in (sso.describe_trusted_token_issuer, sso.delete_trusted_token_issuer):
            gone(call, **one)
        return made[number]

    assert together(world, change_and_leave) == made
    sso = world.admin.sso_admin
    assert sso.list_trusted_token_issuers(InstanceArn=world.instance)["TrustedTokenIssuers"] == []


def test_ten_requests_of_one_token_make_one_application(world: World) -> None:
    def live(sso: Any, number: int) -> str:
        arn: str = sso.create_application(
            InstanceArn=world.instance,
            ApplicationProviderArn=CUSTOM,
            Name="Wiki",
            ClientToken="once",
        )["ApplicationArn"]
        return arn

    assert len(set(together(world, live))) == 1


def test_of_ten_that_assign_the_same_person_nine_meet_a_conflict(world: World) -> None:
    arn = world.admin.sso_admin.create_application(
        InstanceArn=world.instance, ApplicationProviderArn=CUSTOM, Name="Wiki"
    )["ApplicationArn"]

    def live(sso: Any, number: int) -> str:
        try:
            sso.create_application_assignment(
                ApplicationArn=arn, PrincipalId=world.users["ken"], PrincipalType="USER"
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "assigned"

    outcomes = together(world, live)
    assert sorted(outcomes) == ["ConflictException"] * (AT_ONCE - 1) + ["assigned"]
