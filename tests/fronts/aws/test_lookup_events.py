"""LookupEvents by resources, and what of refused requests it shows (reference §11)."""

import json
from typing import Any

import pytest

from tests.fronts.aws import trail
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.trail import Record
from tests.fronts.aws.wire import Answer, Sent
from tests.fronts.aws.world import World

SECRET_NAME = "Zebra<finch"


def by(key: str, value: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def names(event: dict[str, Any]) -> set[tuple[str, str]]:
    """Type and name of every resource of an event."""
    return {(each["ResourceType"], each["ResourceName"]) for each in event["Resources"]}


# --- resources ------------------------------------------------------------------------------------


def test_events_name_what_they_are_about(world: World) -> None:
    arn = world.permission_set("Watched")
    (event,) = trail.events(world, **by("ResourceName", arn))
    assert event["EventName"] == "CreatePermissionSet"
    assert names(event) == {
        ("AWS::SSO::Instance", world.instance),
        ("AWS::SSO::PermissionSet", arn),
    }
    user = world.user("watched")
    (event,) = trail.events(world, **by("ResourceName", user))
    assert names(event) == {
        ("AWS::IdentityStore::IdentityStore", world.store),
        ("AWS::IdentityStore::User", user),
    }


def test_an_assignment_is_about_the_account_the_set_and_the_person(world: World) -> None:
    arn = world.sets["ReadOnlyAccess"]
    user = world.user("assigned")
    world.assign(arn, user, "sakura-playground")
    account = world.account("sakura-playground")
    (event,) = trail.events(world, **by("EventName", "CreateAccountAssignment"))[:1]
    assert names(event) >= {
        ("AWS::SSO::Instance", world.instance),
        ("AWS::SSO::PermissionSet", arn),
        ("AWS::Organizations::Account", account),
        ("AWS::IdentityStore::User", user),
    }
    for name in (arn, user, account):
        found = trail.events(world, **by("ResourceName", name))
        assert event["EventId"] in {each["EventId"] for each in found}


def test_a_role_session_is_about_the_role_and_its_key(world: World) -> None:
    keys = world.member_administrator()
    (event, *_) = trail.events(world, **by("ResourceName", keys["access_key_id"]))
    assert event["EventName"] == "AssumeRole"
    kinds = {kind for kind, _ in names(event)}
    assert kinds >= {"AWS::IAM::Role", "AWS::IAM::AccessKey", "AWS::STS::AssumedRole"}


def test_events_are_found_by_the_type_of_a_resource(world: World) -> None:
    world.permission_set("Watched")
    world.user("watched")
    everything = trail.events(world)
    for kind in ("AWS::SSO::PermissionSet", "AWS::IdentityStore::User", "AWS::SSO::Instance"):
        wanted = [
            event["EventId"]
            for event in everything
            if kind in {each["ResourceType"] for each in event["Resources"]}
        ]
        found = [event["EventId"] for event in trail.events(world, **by("ResourceType", kind))]
        assert found == wanted
        assert found


@pytest.mark.parametrize(
    "value",
    [
        "AWS::SSO",
        "aws::sso::permissionset",
        "AWS::SSO::PermissionSe%",
        "AWS::SSO::PermissionSe_",
        "%",
    ],
)
def test_a_resource_is_found_by_all_of_its_name_only(world: World, value: str) -> None:
    world.permission_set("Watched")
    assert trail.events(world, **by("ResourceType", value)) == []
    assert trail.events(world, **by("ResourceName", value)) == []


def test_what_a_record_hides_cannot_be_searched_for(world: World) -> None:
    world.user("zebrafinch")
    assert trail.events(world, **by("ResourceName", "zebrafinch")) == []
    assert trail.events(world, **by("ResourceName", "HIDDEN_DUE_TO_SECURITY_REASONS")) == []


@pytest.mark.parametrize("value", ["yes", "1", "TRUE "])
def test_read_only_is_true_or_false(world: World, value: str) -> None:
    refused(
        world.admin.cloudtrail.lookup_events,
        "InvalidLookupAttributesException",
        members={},
        **by("ReadOnly", value),
    )


# --- what was refused before anything was done ----------------------------------------------------


def recorded(world: World, answer: Answer, operation: str) -> Record:
    """The record of the refusal; there is one."""
    (record,) = trail.of_request(world, answer.request_id, operation)
    assert record["errorCode"] == answer.code
    assert record["requestParameters"] is None
    assert record["responseElements"] is None
    assert record["userIdentity"]["userName"] == "administrator"
    assert record["sourceIPAddress"]
    return record


def test_a_request_that_breaks_constraints_is_recorded_without_its_values(world: World) -> None:
    params = {"InstanceArn": world.instance, "Name": SECRET_NAME, "Description": "fine"}
    answer = world.wire.call("sso-admin", "CreatePermissionSet", params)
    assert answer.code == "ValidationException"
    assert SECRET_NAME in (answer.message or "")
    record = recorded(world, answer, "CreatePermissionSet")
    assert record["eventSource"] == "sso.amazonaws.com"
    assert record["readOnly"] is False
    assert "at 'name' failed to satisfy constraint" in record["errorMessage"]
    assert SECRET_NAME not in json.dumps(record)


def test_a_read_that_breaks_constraints_is_recorded_as_a_read(world: World) -> None:
    params = {"InstanceArn": world.instance, "MaxResults": 1000}
    answer = world.wire.call("sso-admin", "ListPermissionSets", params)
    assert recorded(world, answer, "ListPermissionSets")["readOnly"] is True
    (event,) = trail.events(world, **by("ReadOnly", "true"))
    assert event["ReadOnly"] == "true"
    assert event["EventName"] == "ListPermissionSets"


def test_a_body_that_is_no_json_is_recorded(world: World) -> None:
    sent = world.wire.request("identitystore", "CreateUser", {"IdentityStoreId": world.store})
    sent = Sent(sent.method, sent.target, sent.headers, b'{"UserName": "Zebrafinch')
    answer = world.wire.send(world.wire.sign(sent, world.wire.administrator, "identitystore"))
    record = recorded(world, answer, "CreateUser")
    assert record["eventSource"] == "identitystore.amazonaws.com"
    assert record["errorCode"] == "SerializationException"
    assert "Zebrafinch" not in json.dumps(record)


@pytest.mark.parametrize(
    ("service", "target", "source"),
    [
        ("sso", "SWBExternalService.MakeTea", "sso.amazonaws.com"),
        ("identitystore", "AWSIdentityStore.MakeTea", "identitystore.amazonaws.com"),
    ],
)
def test_an_unknown_operation_is_recorded_when_its_signature_is_good(
    world: World, service: str, target: str, source: str
) -> None:
    headers = (("X-Amz-Target", target), ("Content-Type", "application/x-amz-json-1.1"))
    sent = Sent("POST", "/", headers, b"{}")
    answer = world.wire.send(world.wire.sign(sent, world.wire.administrator, service))
    assert answer.code == "UnknownOperationException"
    assert recorded(world, answer, "MakeTea")["eventSource"] == source


def test_an_unknown_action_of_the_query_protocol_is_recorded(world: World) -> None:
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    sent = Sent("POST", "/", headers, b"Action=MakeTea&Version=2010-05-08&Secret=Zebrafinch")
    answer = world.wire.send(world.wire.sign(sent, world.wire.administrator, "iam"))
    assert answer.code == "InvalidAction"
    record = recorded(world, answer, "MakeTea")
    assert record["eventSource"] == "iam.amazonaws.com"
    assert "Zebrafinch" not in json.dumps(record)


def test_an_operation_that_nobody_has_is_not_recorded_for_strangers(world: World) -> None:
    """What they call it is no word of ours."""
    before = len(trail.events(world))
    headers = (("X-Amz-Target", "SWBExternalService.MakeTea"),)
    unsigned = Sent("POST", "/", headers, b"{}")
    forged = {**world.wire.administrator, "secret_access_key": "A" * 40}
    wrong = world.wire.sign(unsigned, forged, "sso")
    for sent in (unsigned, wrong, unsigned.and_header("Authorization", "AWS4-HMAC-SHA256 x")):
        assert world.wire.send(sent).status == 400
    assert len(trail.events(world)) == before


@pytest.mark.parametrize("name", ["Make\ttea", "Make Tea", "x" * 129, "1Tea", ""])
def test_what_can_be_no_operations_name_is_not_recorded(world: World, name: str) -> None:
    before = len(trail.events(world))
    headers = (("X-Amz-Target", f"SWBExternalService.{name}"),)
    sent = world.wire.sign(Sent("POST", "/", headers, b"{}"), world.wire.administrator, "sso")
    assert world.wire.send(sent).status == 400
    assert len(trail.events(world)) == before
