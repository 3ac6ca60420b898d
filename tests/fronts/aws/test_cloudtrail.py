"""cloudtrail LookupEvents by boto3: filters, times, pages, whose trail it is (reference §11)."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fronts.aws import trail
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.world import World, assumed

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def cloudtrail(world: World) -> Any:
    return world.admin.cloudtrail


def by(key: str, value: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def test_an_event_repeats_what_its_record_says(world: World) -> None:
    arn = world.permission_set("Watched")
    (event,) = trail.events(world, **by("AccessKeyId", world.wire.administrator["access_key_id"]))
    record = json.loads(event["CloudTrailEvent"])
    assert event["EventId"] == record["eventID"]
    assert event["EventName"] == record["eventName"] == "CreatePermissionSet"
    assert event["EventSource"] == record["eventSource"] == "sso.amazonaws.com"
    assert event["Username"] == record["userIdentity"]["userName"] == "administrator"
    assert event["ReadOnly"] == "false"
    assert event["AccessKeyId"] == record["userIdentity"]["accessKeyId"]
    assert event["EventTime"].replace(microsecond=0) == datetime.fromisoformat(record["eventTime"])
    assert record["eventVersion"] == "1.11"
    assert record["eventCategory"] == "Management"
    assert record["managementEvent"] is True
    assert record["requestParameters"] == {"instanceArn": world.instance, "name": "Watched"}
    made = record["responseElements"]["permissionSet"]
    assert (made["permissionSetArn"], made["name"]) == (arn, "Watched")
    assert "Boto3/" in record["userAgent"]


def test_events_are_found_by_one_attribute(world: World) -> None:
    world.user("watched")
    world.permission_set("Watched")
    outsider = world.member_administrator()
    del outsider
    everything = trail.events(world)
    mine = world.wire.administrator["access_key_id"]
    for key, member, value in (
        ("EventName", "EventName", "CreateUser"),
        ("EventSource", "EventSource", "identitystore.amazonaws.com"),
        ("Username", "Username", "administrator"),
        ("AccessKeyId", "AccessKeyId", mine),
        ("EventId", "EventId", everything[-1]["EventId"]),
        ("ReadOnly", "ReadOnly", "false"),
    ):
        wanted = [event["EventId"] for event in everything if event.get(member) == value]
        found = [event["EventId"] for event in trail.events(world, **by(key, value))]
        assert found == wanted, key
        assert found
    for key in ("EventName", "EventSource", "Username", "AccessKeyId", "EventId"):
        assert trail.events(world, **by(key, "Nothing")) == []
    assert trail.events(world, **by("ReadOnly", "true")) == []


def test_events_are_found_by_time_newest_first(world: World) -> None:
    world.user("early")
    middle = datetime.now(UTC)
    time.sleep(0.002)
    world.user("late")
    everything = trail.events(world)
    times = [event["EventTime"] for event in everything]
    assert times == sorted(times, reverse=True)
    after = trail.events(world, StartTime=middle)
    before = trail.events(world, EndTime=middle)
    assert [event["EventName"] for event in after] == ["CreateUser"]
    assert [event["EventId"] for event in after + before] == [
        event["EventId"] for event in everything
    ]
    assert trail.events(world, StartTime=middle, EndTime=middle) == []
    assert trail.events(world, StartTime=middle + timedelta(hours=1)) == []


def test_pages_hold_what_was_asked_and_nothing_is_seen_twice(world: World, cloudtrail: Any) -> None:
    whole = [event["EventId"] for event in trail.events(world)]
    assert len(whole) > 50
    assert len(cloudtrail.lookup_events()["Events"]) == 50
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = cloudtrail.lookup_events(MaxResults=20, **token)
        seen += [event["EventId"] for event in page["Events"]]
        # What happens meanwhile is newer than what is still to come.
        world.user(f"meanwhile{len(seen)}")
        if "NextToken" not in page:
            break
        assert len(page["Events"]) == 20
        token = {"NextToken": page["NextToken"]}
    assert seen == whole


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (
            {
                "LookupAttributes": [
                    {"AttributeKey": "EventName", "AttributeValue": "CreateUser"},
                    {"AttributeKey": "ReadOnly", "AttributeValue": "false"},
                ]
            },
            "InvalidLookupAttributesException",
        ),
        (by("Shoe", "43"), "InvalidLookupAttributesException"),
        (
            {"LookupAttributes": [{"AttributeKey": "EventName"}]},
            "InvalidLookupAttributesException",
        ),
        (
            {
                "StartTime": datetime(2026, 2, 1, tzinfo=UTC),
                "EndTime": datetime(2026, 1, 1, tzinfo=UTC),
            },
            "InvalidTimeRangeException",
        ),
        ({"MaxResults": 0}, "InvalidMaxResultsException"),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"NextToken": "AAAA"}, "InvalidNextTokenException"),
        ({"NextToken": "%"}, "InvalidNextTokenException"),
        ({"EventCategory": "management"}, "InvalidEventCategoryException"),
    ],
)
def test_a_question_that_makes_no_sense_has_its_own_error(
    cloudtrail: Any, params: dict[str, Any], code: str
) -> None:
    refused(cloudtrail.lookup_events, code, members={}, **params)


def test_insights_are_a_category_of_which_there_are_none(cloudtrail: Any) -> None:
    assert cloudtrail.lookup_events(EventCategory="insight")["Events"] == []


def test_a_page_token_is_good_for_its_own_question_only(world: World, cloudtrail: Any) -> None:
    token = cloudtrail.lookup_events(MaxResults=5)["NextToken"]
    assert cloudtrail.lookup_events(MaxResults=7, NextToken=token)["Events"]
    named = by("EventName", "CreateUser")
    middle = datetime.now(UTC)
    for params in (named, {"StartTime": middle - timedelta(days=1)}, {"EndTime": middle}):
        refused(cloudtrail.lookup_events, "InvalidNextTokenException", **params, NextToken=token)
    other = world.server.client("cloudtrail", world.member_administrator())
    refused(other.lookup_events, "InvalidNextTokenException", NextToken=token)
    broken = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    refused(cloudtrail.lookup_events, "InvalidNextTokenException", NextToken=broken)


def test_each_account_has_a_trail_of_its_own(world: World) -> None:
    answer = world.admin.sts.assume_role(
        RoleArn=f"arn:aws:iam::{world.account('sakura-web-dev')}:role/OrganizationAccountAccessRole",
        RoleSessionName="watcher",
    )
    keys = assumed(answer)
    account = world.account("sakura-web-dev")
    assert trail.events(world, keys) == []
    refused(
        world.server.client("identitystore", keys).create_group,
        "AccessDeniedException",
        IdentityStoreId=world.store,
        DisplayName="Mine",
    )
    (record,) = trail.records(world, keys)
    assert record["recipientAccountId"] == account
    assert record["errorCode"] == "AccessDenied"
    assert record["userIdentity"]["type"] == "AssumedRole"
    assert record["userIdentity"]["arn"].endswith("/watcher")
    assert "onBehalfOf" not in record["userIdentity"]
    (event,) = trail.events(world, keys)
    assert event["Username"] == "watcher"
    mine = trail.records(world, **trail.named("CreateGroup"))
    assert record["eventID"] not in {found["eventID"] for found in mine}


def test_a_records_session_issuer_is_the_role_as_iam_tells_it(world: World) -> None:
    """Of a person's session, and of one that AssumeRole gave."""
    began = datetime.now(UTC) - timedelta(seconds=1)
    person = world.member_administrator()
    account = world.account("sakura-web-dev")
    role = world.admin.sts.assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
        RoleSessionName="watcher",
    )
    for keys in (person, assumed(role)):
        arn = world.server.client("sts", keys).get_caller_identity()["Arn"]
        name = arn.split("/")[1]
        iam = world.server.client("iam", keys)
        issuer = iam.get_role(RoleName=name)["Role"]
        refused(iam.get_role, "NoSuchEntity", status=404, RoleName="Nothing")
        record = trail.records(world, keys)[0]
        context = record["userIdentity"]["sessionContext"]
        assert context["sessionIssuer"] == {
            "type": "Role",
            "principalId": issuer["RoleId"],
            "arn": issuer["Arn"],
            "accountId": issuer["Arn"].split(":")[4],
            "userName": name,
        }
        assert record["userIdentity"]["principalId"].startswith(issuer["RoleId"] + ":")
        created = datetime.fromisoformat(context["attributes"]["creationDate"])
        assert began.replace(microsecond=0) <= created <= datetime.now(UTC)
