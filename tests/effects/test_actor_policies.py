"""Actor policies of applications: what was written by boto3 is what the evaluator decides by.

Nothing served asks for them yet: CreateTokenWithIAM comes with trusted identity propagation. So the
policy is read back as written and put to the evaluator that will ask it.
"""

import json

import pytest

from genkan.authorization import (
    PolicyKind,
    PolicySet,
    PolicySource,
    Principal,
    PrincipalKind,
    Request,
    compile_policy,
    decide,
)
from tests.effects.limited import document, may, statement
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.world import Clients, World

CUSTOM = "arn:aws:sso::aws:applicationProvider/custom"
OWNER, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{OTHER}:role/app"
TOKEN = "sso-oauth:CreateTokenWithIAM"
ALLOWS = compile_policy(document(statement("Allow", "sso-oauth:*")))


@pytest.fixture
def application(world: World) -> str:
    arn: str = world.admin.sso_admin.create_application(
        InstanceArn=world.instance, ApplicationProviderArn=CUSTOM, Name="Actors"
    )["ApplicationArn"]
    return arn


def asks(world: World, application: str, role: str, action: str, *, own: bool = True) -> bool:
    """Whether a session of the role may, by the actor policy as it is read and its own policy."""
    method = world.admin.sso_admin.get_application_authentication_method(
        ApplicationArn=application, AuthenticationMethodType="IAM"
    )["AuthenticationMethod"]
    policy = json.dumps(method["Iam"]["ActorPolicy"])
    account = role.split(":")[4]
    principal = Principal(
        kind=PrincipalKind.ROLE_SESSION,
        arn=f"arn:aws:sts::{account}:assumed-role/app/session",
        account=account,
        issuer_arn=role,
        unique_id="AROAEXAMPLEEXAMPLE01:session",
    )
    policies = PolicySet(
        identity=(PolicySource("own", ALLOWS),) if own else (),
        resource=(PolicySource("actor policy", compile_policy(policy, PolicyKind.RESOURCE)),),
        resource_account=OWNER,
    )
    request = Request(principal=principal, action=action, resources=(application,))
    return decide(request, policies).allowed


def put(world: World, application: str, **member: object) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": TOKEN, "Resource": "*", **member}],
    }
    world.admin.sso_admin.put_application_authentication_method(
        ApplicationArn=application,
        AuthenticationMethodType="IAM",
        AuthenticationMethod={"Iam": {"ActorPolicy": policy}},
    )


def test_an_actor_policy_lets_in_whom_it_names_and_nobody_else(
    world: World, application: str
) -> None:
    put(world, application, Principal={"AWS": ROLE})
    assert asks(world, application, ROLE, TOKEN)
    assert not asks(world, application, ROLE, TOKEN, own=False)
    assert not asks(world, application, ROLE, "sso-oauth:RevokeTokenWithIAM")
    assert not asks(world, application, ROLE + "2", TOKEN)
    put(world, application, Principal={"AWS": OTHER})
    assert asks(world, application, ROLE + "2", TOKEN)
    assert not asks(world, application, ROLE.replace(OTHER, "777788889999"), TOKEN)


def test_an_actor_policy_that_is_no_resource_policy_is_refused(
    world: World, application: str
) -> None:
    sso = world.admin.sso_admin
    without_principal = json.loads(document(statement("Allow", TOKEN)))
    refused(
        sso.put_application_authentication_method,
        "ValidationException",
        ApplicationArn=application,
        AuthenticationMethodType="IAM",
        AuthenticationMethod={"Iam": {"ActorPolicy": without_principal}},
    )
    assert (
        sso.list_application_authentication_methods(ApplicationArn=application)[
            "AuthenticationMethods"
        ]
        == []
    )


def test_only_who_may_write_it_changes_who_comes_in(world: World, application: str) -> None:
    """A member account's administrator does not make itself an actor."""
    member = Clients(world.server, world.member_administrator()).sso_admin
    assert not may(
        member.put_application_authentication_method,
        ApplicationArn=application,
        AuthenticationMethodType="IAM",
        AuthenticationMethod={"Iam": {"ActorPolicy": json.loads(document())}},
    )
