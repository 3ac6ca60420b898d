"""Every change by a person's session in the management account, and what its record says of it.

The session is a real one, of GetRoleCredentials. What a record must show is read off the request,
the answer and botocore's models: members in lower camel case, sensitive ones hidden.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.parsers import create_parser

from genkan.audit.redaction import HIDDEN, camel
from genkan.protocols.aws.names import snake_case
from tests.fronts.aws import trail
from tests.fronts.aws.samples import SIGNED, keys_of, sample, writes
from tests.fronts.aws.samples_instances import BY
from tests.fronts.aws.trail import Record
from tests.fronts.aws.wire import Answer, Keys, service_model
from tests.fronts.aws.world import World
from tests.support.person import role_credentials

SERVICES = ("sso-admin", "identitystore", "iam", "organizations")
CHANGES = [pair for pair in SIGNED if pair[0] in SERVICES and writes(*pair)]
#: What says nothing of the change: who gives it twice wants it done once.
TOKENS = ("ClientToken",)


@pytest.fixture(scope="module")
def world(furnished: World) -> World:
    return furnished


@pytest.fixture(scope="module")
def alex(furnished: World) -> Keys:
    """The session of a person who administers the organization."""
    furnished.assign(
        furnished.sets["AdministratorAccess"], furnished.users["alex"], "sakura-management"
    )
    return role_credentials(furnished.server, "alex", "sakura-management", "AdministratorAccess")


def shown(value: Any, recorded: Any, at: str = "") -> list[str]:
    """Where a record does not show what was sent or answered, but for what it hides."""
    if recorded == HIDDEN:
        return []
    if isinstance(value, Mapping):
        if not isinstance(recorded, Mapping):
            return [f"{at}: {recorded!r}"]
        return [
            problem
            for name, member in value.items()
            # The members of a document are no model's, and stay as they are.
            for problem in shown(
                member, recorded.get(camel(snake_case(name)), recorded.get(name)), f"{at}.{name}"
            )
        ]
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not isinstance(recorded, Sequence) or len(value) != len(recorded):
            return [f"{at}: {recorded!r}"]
        pairs = zip(value, recorded, strict=True)
        return [problem for one, other in pairs for problem in shown(one, other, f"{at}[]")]
    if hasattr(value, "timestamp"):
        return [] if recorded is not None else [f"{at}: no time"]
    return [] if value == recorded or json.dumps(value) == recorded else [f"{at}: {recorded!r}"]


def answered(service: str, operation: str, answer: Answer) -> dict[str, Any]:
    """The answer's members, as botocore reads them."""
    model = service_model(service)
    output = model.operation_model(operation).output_shape
    if output is None:
        return {}
    parser = create_parser(model.metadata["protocol"])
    found = parser.parse(
        {"body": answer.body, "headers": dict(answer.headers), "status_code": answer.status},
        output,
    )
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}


def hidden(value: Any) -> int:
    """How many members are hidden."""
    if isinstance(value, Mapping):
        return sum(hidden(member) for member in value.values())
    if isinstance(value, list):
        return sum(hidden(member) for member in value)
    return int(value == HIDDEN)


@pytest.mark.parametrize(("service", "operation"), CHANGES)
def test_a_persons_change_is_recorded_with_what_was_asked_and_answered(
    world: World, alex: Keys, service: str, operation: str
) -> None:
    mine = operation not in BY
    keys = alex if mine else keys_of(world, service, operation)
    params = sample(world, service, operation)
    answer = world.wire.call(service, operation, params, keys)
    assert answer.status == 200, answer
    (record,) = trail.of_request(world, answer.request_id, operation, None if mine else keys)
    assert "errorCode" not in record
    assert record["readOnly"] is False
    asked = {name: value for name, value in params.items() if name not in TOKENS}
    assert shown(asked, record["requestParameters"] or {}) == []
    if service != "identitystore":
        assert hidden(record["requestParameters"]) == sum(name in params for name in TOKENS)
    told = answered(service, operation, answer)
    assert shown(told, record["responseElements"] or {}) == []
    assert bool(told) == bool(record["responseElements"])
    if mine:
        is_alexs(world, keys, record)


def is_alexs(world: World, keys: Keys, record: Record) -> None:
    """Who: the role's session, on behalf of the person."""
    identity = record["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["accountId"] == world.management
    assert identity["accessKeyId"] == keys["access_key_id"]
    assert "/AWSReservedSSO_AdministratorAccess_" in identity["arn"]
    assert identity["arn"].endswith("/alex")
    assert identity["onBehalfOf"] == {
        "userId": world.users["alex"],
        "identityStoreArn": (
            f"arn:aws:identitystore::{world.management}:identitystore/{world.store}"
        ),
    }


def test_every_change_of_the_four_services_is_tried() -> None:
    assert {service for service, _ in CHANGES} == set(SERVICES)
    assert len(CHANGES) > 60


def test_a_role_that_is_assumed_is_a_resource_of_the_record(world: World) -> None:
    role = f"arn:aws:iam::{world.account('sakura-playground')}:role/OrganizationAccountAccessRole"
    answer = world.admin.sts.assume_role(RoleArn=role, RoleSessionName="resources")
    request_id = answer["ResponseMetadata"]["RequestId"]
    (record,) = trail.of_request(world, request_id, "AssumeRole")
    assert record["resources"] == [
        {
            "accountId": world.account("sakura-playground"),
            "type": "AWS::IAM::Role",
            "ARN": role,
        }
    ]


def test_a_token_is_of_the_identity_store(world: World, alex: Keys) -> None:
    """Reference §11: the resource of CreateToken."""
    record = trail.records(world, **trail.named("CreateToken"))[0]
    assert record["resources"] == [
        {"accountId": world.management, "type": "IdentityStoreId", "ARN": world.store}
    ]
