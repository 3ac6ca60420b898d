"""identitystore by boto3: what each operation answers and refuses (reference §2, §15.2)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.world import NOBODY, World

ENTERPRISE = "aws:identitystore:enterprise"
UNIQUE = {"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}
EVERYTHING: dict[str, Any] = {
    "UserName": "山田花子",
    "DisplayName": "山田 花子",
    "Name": {
        "GivenName": "花子",
        "FamilyName": "山田",
        "MiddleName": "M",
        "Formatted": "山田 花子",
        "HonorificPrefix": "Dr",
        "HonorificSuffix": "PhD",
    },
    "NickName": "hana",
    "ProfileUrl": "https://sakura.example/hana",
    "Emails": [{"Value": "Hana@Sakura.example", "Type": "work", "Primary": True}],
    "Addresses": [{"Locality": "Tokyo", "Country": "JP", "Type": "work", "Primary": True}],
    "PhoneNumbers": [{"Value": "+81 3 0000 0000", "Type": "work", "Primary": True}],
    "UserType": "employee",
    "Title": "Engineer",
    "PreferredLanguage": "ja",
    "Locale": "ja-JP",
    "Timezone": "Asia/Tokyo",
    "Website": "https://sakura.example",
    "Birthdate": "1990-04-01",
    "Photos": [{"Value": "https://sakura.example/p.png", "Type": "photo", "Primary": True}],
    "Roles": [{"Value": "lead", "Type": "work", "Primary": True}],
}
STARS = {"UserName": "star", "DisplayName": "Star", "Name": {"GivenName": "S", "FamilyName": "T"}}


@pytest.fixture
def store(world: World) -> Any:
    return world.admin.identitystore


@pytest.fixture
def at(world: World) -> dict[str, str]:
    return {"IdentityStoreId": world.store}


def user_arn(user_id: str) -> str:
    return f"arn:aws:identitystore:::user/{user_id}"


def test_a_user_comes_back_as_it_was_created(world: World, store: Any, at: dict[str, str]) -> None:
    made = store.create_user(
        **at, **EVERYTHING, Extensions={ENTERPRISE: {"department": "R&D", "costCenter": "42"}}
    )
    assert made["IdentityStoreId"] == world.store
    found = store.describe_user(**at, UserId=made["UserId"])
    about = found.pop("ResponseMetadata")
    assert about["HTTPStatusCode"] == 200
    administrator = f"arn:aws:iam::{world.management}:user/administrator"
    created = found.pop("CreatedAt")
    assert abs(created - datetime.now(UTC)) < timedelta(minutes=1)
    assert found.pop("UpdatedAt") == created
    assert found == {
        **EVERYTHING,
        **at,
        "UserId": made["UserId"],
        "UserArn": user_arn(made["UserId"]),
        "Revision": "1",
        "UserStatus": "ENABLED",
        "CreatedBy": administrator,
        "UpdatedBy": administrator,
    }
    asked = store.describe_user(**at, UserId=made["UserId"], Extensions=[ENTERPRISE])
    assert asked["Extensions"] == {ENTERPRISE: {"department": "R&D", "costCenter": "42"}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"UserName": None}, "userName is a required attribute"),
        (
            {"Name": None, "DisplayName": None},
            "displayname: The attribute displayname is required,"
            " name: The attribute name is required",
        ),
        (
            {"Name": {"GivenName": "S"}},
            "familyname: The attribute familyname is required",
        ),
        ({"UserName": "AWSAdministrators"}, "AWSAdministrators is a reserved name."),
        ({"UserName": "administrator"}, "administrator is a reserved name."),
        (
            {"UserName": "two words"},
            "1 validation error detected: Value at 'userName' failed to satisfy constraint:"
            " Member must satisfy regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+",
        ),
        (
            {"UserName": ""},
            "2 validation errors detected: Value at 'userName' failed to satisfy constraint:"
            " Member must satisfy regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+;"
            " Value at 'userName' failed to satisfy constraint: Member must have length greater"
            " than or equal to 1",
        ),
        ({"Birthdate": "01.04.1990"}, None),
        ({"Emails": [{"Value": "a@b.c"}, {"Value": "d@e.f"}]}, None),
        ({"Extensions": {"aws:identitystore:other": {}}}, None),
    ],
)
def test_a_user_that_is_none_is_a_validation_exception(
    store: Any, at: dict[str, str], change: dict[str, Any], message: str | None
) -> None:
    params = {name: value for name, value in {**STARS, **change}.items() if value is not None}
    refused(store.create_user, "ValidationException", message, members={}, **at, **params)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"UserName": "ALEX"}, "Duplicate UserName"),
        ({"UserName": "ａｌｅｘ"}, "Duplicate UserName"),
        ({"Emails": [{"Value": "Alex@sakura.example", "Primary": True}]}, "Duplicate Email"),
    ],
)
def test_a_name_or_address_that_is_taken_is_a_conflict(
    store: Any, at: dict[str, str], change: dict[str, Any], message: str
) -> None:
    params = {**at, **STARS, **change}
    refused(store.create_user, "ConflictException", message, members=UNIQUE, **params)


def test_a_user_is_changed_by_attribute_paths(world: World, store: Any, at: dict[str, str]) -> None:
    ken = world.users["ken"]
    before = store.describe_user(**at, UserId=ken)
    store.update_user(
        **at,
        UserId=ken,
        Operations=[
            {"AttributePath": "name.familyName", "AttributeValue": "Sato"},
            {"AttributePath": "DisplayName", "AttributeValue": "Ken Sato"},
            {"AttributePath": "emails", "AttributeValue": [{"value": "k@sakura.example"}]},
            {"AttributePath": "preferredLanguage"},
            {"AttributePath": f"{ENTERPRISE}.department", "AttributeValue": "Sales"},
        ],
    )
    found = store.describe_user(**at, UserId=ken, Extensions=[ENTERPRISE])
    assert found["Name"] == {"GivenName": "Ken", "FamilyName": "Sato"}
    assert found["DisplayName"] == "Ken Sato"
    assert found["Emails"] == [{"Value": "k@sakura.example"}]
    assert "PreferredLanguage" not in found
    assert found["Extensions"] == {ENTERPRISE: {"department": "Sales"}}
    assert int(found["Revision"]) == int(before["Revision"]) + 1
    assert found["UpdatedAt"] > before["UpdatedAt"]
    assert found["CreatedAt"] == before["CreatedAt"]


@pytest.mark.parametrize(
    ("operations", "code", "message"),
    [
        (
            [{"AttributePath": "shoeSize", "AttributeValue": "43"}],
            "ValidationException",
            "The attribute path shoeSize is not supported.",
        ),
        (
            [{"AttributePath": "userName"}],
            "ValidationException",
            "userName is a required attribute",
        ),
        (
            [
                {"AttributePath": "title", "AttributeValue": "kept?"},
                {"AttributePath": "userName", "AttributeValue": "maria"},
            ],
            "ConflictException",
            "Duplicate UserName",
        ),
        (
            [{"AttributePath": "displayName", "AttributeValue": 7}],
            "ValidationException",
            "The value of displayName must be a string.",
        ),
        ([], "ValidationException", None),
    ],
)
def test_a_change_that_may_not_be_changes_nothing(
    world: World,
    store: Any,
    at: dict[str, str],
    operations: list[dict[str, Any]],
    code: str,
    message: str | None,
) -> None:
    ken = world.users["ken"]
    before = store.describe_user(**at, UserId=ken)
    refused(store.update_user, code, message, **at, UserId=ken, Operations=operations)
    after = store.describe_user(**at, UserId=ken)
    assert {**after, "ResponseMetadata": 0} == {**before, "ResponseMetadata": 0}


def test_a_user_is_found_by_name_and_by_address_in_any_case(
    world: World, store: Any, at: dict[str, str]
) -> None:
    for path, value in (
        ("userName", "KEN"),
        ("USERNAME", "ken"),
        ("emails.value", "Ken@Sakura.example"),
    ):
        found = store.get_user_id(
            **at,
            AlternateIdentifier={
                "UniqueAttribute": {"AttributePath": path, "AttributeValue": value}
            },
        )
        assert found["UserId"] == world.users["ken"]
        assert found["IdentityStoreId"] == world.store
    filtered = store.list_users(
        **at, Filters=[{"AttributePath": "UserName", "AttributeValue": "佐藤健"}]
    )
    assert [user["UserId"] for user in filtered["Users"]] == [world.users["佐藤健"]]


def test_who_is_not_there_is_not_found(store: Any, at: dict[str, str]) -> None:
    nobody = {"ResourceType": "USER", "ResourceId": NOBODY}
    for call in (store.describe_user, store.delete_user):
        refused(
            call,
            "ResourceNotFoundException",
            "USER not found.",
            members=nobody,
            **at,
            UserId=NOBODY,
        )
    refused(
        store.get_user_id,
        "ResourceNotFoundException",
        "USER not found.",
        members={"ResourceType": "USER"},
        **at,
        AlternateIdentifier={
            "UniqueAttribute": {"AttributePath": "userName", "AttributeValue": "nobody"}
        },
    )
    group = {"ResourceType": "GROUP", "ResourceId": NOBODY}
    for call in (store.describe_group, store.delete_group, store.list_group_memberships):
        refused(
            call,
            "ResourceNotFoundException",
            "GROUP not found.",
            members=group,
            **at,
            GroupId=NOBODY,
        )
    refused(
        store.get_group_id,
        "ResourceNotFoundException",
        "GROUP not found.",
        members={"ResourceType": "GROUP"},
        **at,
        AlternateIdentifier={
            "UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "nobody"}
        },
    )
    membership = {"ResourceType": "GROUP_MEMBERSHIP", "ResourceId": NOBODY}
    for call in (store.describe_group_membership, store.delete_group_membership):
        refused(
            call,
            "ResourceNotFoundException",
            "MEMBERSHIP not found.",
            members=membership,
            **at,
            MembershipId=NOBODY,
        )


def test_an_identity_store_that_is_not_there_is_not_found(store: Any) -> None:
    refused(
        store.list_users,
        "ResourceNotFoundException",
        "IdentityStore not present for IdentityStoreId: d-0000000000",
        members={"ResourceType": "IDENTITY_STORE", "ResourceId": "d-0000000000"},
        IdentityStoreId="d-0000000000",
    )


def test_an_alternate_identifier_is_exactly_one_thing(store: Any, at: dict[str, str]) -> None:
    unique = {"AttributePath": "userName", "AttributeValue": "ken"}
    for identifier in (
        {},
        {"UniqueAttribute": unique, "ExternalId": {"Issuer": "i", "Id": "1"}},
        {"UniqueAttribute": {**unique, "AttributePath": "title"}},
    ):
        refused(store.get_user_id, "ValidationException", **at, AlternateIdentifier=identifier)


def test_a_deleted_user_is_gone_with_its_memberships(
    world: World, store: Any, at: dict[str, str]
) -> None:
    maria, auditors = world.users["maria"], world.groups["Auditors"]
    assert store.list_group_memberships(**at, GroupId=auditors)["GroupMemberships"] != []
    store.delete_user(**at, UserId=maria)
    assert store.list_group_memberships(**at, GroupId=auditors)["GroupMemberships"] == []
    refused(store.describe_user, "ResourceNotFoundException", **at, UserId=maria)
    listed = store.list_users(**at)["Users"]
    assert maria not in {user["UserId"] for user in listed}
    assert len(listed) == 4


def test_a_group_lives_from_creation_to_deletion(
    world: World, store: Any, at: dict[str, str]
) -> None:
    made = store.create_group(**at, DisplayName="Operators", Description="On call")
    group_id = made["GroupId"]
    found = store.describe_group(**at, GroupId=group_id)
    assert (found["DisplayName"], found["Description"]) == ("Operators", "On call")
    assert found["GroupArn"] == f"arn:aws:identitystore:::group/{group_id}"
    store.update_group(
        **at,
        GroupId=group_id,
        Operations=[
            {"AttributePath": "displayName", "AttributeValue": "Night shift"},
            {"AttributePath": "description"},
        ],
    )
    found = store.describe_group(**at, GroupId=group_id)
    assert found["DisplayName"] == "Night shift"
    assert "Description" not in found
    by_name = store.get_group_id(
        **at,
        AlternateIdentifier={
            "UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "NIGHT shift"}
        },
    )
    assert by_name["GroupId"] == group_id
    filtered = store.list_groups(
        **at, Filters=[{"AttributePath": "DisplayName", "AttributeValue": "Night shift"}]
    )
    assert [group["GroupId"] for group in filtered["Groups"]] == [group_id]
    store.delete_group(**at, GroupId=group_id)
    refused(store.describe_group, "ResourceNotFoundException", **at, GroupId=group_id)
    assert {group["DisplayName"] for group in store.list_groups(**at)["Groups"]} == {*world.groups}


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({}, "ValidationException", "displayName is a required attribute"),
        (
            {"DisplayName": "AWSAdministrators"},
            "ValidationException",
            "AWSAdministrators is a reserved name.",
        ),
        ({"DisplayName": "auditors"}, "ConflictException", "Duplicate GroupDisplayName"),
    ],
)
def test_a_group_that_may_not_be_is_refused(
    store: Any, at: dict[str, str], params: dict[str, str], code: str, message: str
) -> None:
    members = UNIQUE if code == "ConflictException" else {}
    refused(store.create_group, code, message, members=members, **at, **params)


def test_a_membership_lives_from_creation_to_deletion(
    world: World, store: Any, at: dict[str, str]
) -> None:
    ken, group = world.users["ken"], world.groups["Developers"]
    member = {"UserId": ken}
    refused(
        store.get_group_membership_id,
        "ResourceNotFoundException",
        "MEMBERSHIP not found.",
        **at,
        GroupId=group,
        MemberId=member,
    )
    made = store.create_group_membership(**at, GroupId=group, MemberId=member)
    membership_id = made["MembershipId"]
    assert made["IdentityStoreId"] == world.store
    refused(
        store.create_group_membership,
        "ConflictException",
        "Member and Group relationship already exists",
        members=UNIQUE,
        **at,
        GroupId=group,
        MemberId=member,
    )
    found = store.describe_group_membership(**at, MembershipId=membership_id)
    assert (found["GroupId"], found["MemberId"]) == (group, member)
    asked = store.get_group_membership_id(**at, GroupId=group, MemberId=member)
    assert asked["MembershipId"] == membership_id
    listed = store.list_group_memberships(**at, GroupId=group)["GroupMemberships"]
    assert {row["MemberId"]["UserId"] for row in listed} == {ken, world.users["alex"]}
    mine = store.list_group_memberships_for_member(**at, MemberId=member)["GroupMemberships"]
    assert [row["MembershipId"] for row in mine] == [membership_id]
    groups = [group, world.groups["Auditors"]]
    answered = store.is_member_in_groups(**at, MemberId=member, GroupIds=groups)["Results"]
    assert [(row["GroupId"], row["MembershipExists"]) for row in answered] == [
        (groups[0], True),
        (groups[1], False),
    ]
    store.delete_group_membership(**at, MembershipId=membership_id)
    mine = store.list_group_memberships_for_member(**at, MemberId=member)["GroupMemberships"]
    assert mine == []


def test_a_membership_needs_a_group_and_a_user(
    world: World, store: Any, at: dict[str, str]
) -> None:
    refused(
        store.create_group_membership,
        "ResourceNotFoundException",
        "GROUP not found.",
        members={"ResourceType": "GROUP", "ResourceId": NOBODY},
        **at,
        GroupId=NOBODY,
        MemberId={"UserId": world.users["ken"]},
    )
    refused(
        store.create_group_membership,
        "ResourceNotFoundException",
        "USER not found.",
        members={"ResourceType": "USER", "ResourceId": NOBODY},
        **at,
        GroupId=world.groups["Auditors"],
        MemberId={"UserId": NOBODY},
    )
    # A user is not a member of a group of users that is no group.
    refused(
        store.is_member_in_groups,
        "ResourceNotFoundException",
        "GROUP not found.",
        **at,
        MemberId={"UserId": world.users["ken"]},
        GroupIds=[world.groups["Auditors"], NOBODY],
    )


def test_every_broken_constraint_is_named_at_once(store: Any) -> None:
    message = refused(
        store.list_users,
        "ValidationException",
        members={},
        IdentityStoreId="x" * 37,
        MaxResults=101,
        NextToken="%",
    )
    assert " validation errors detected: " in message
    for part in ("'identityStoreId'", "'maxResults'", "'nextToken'"):
        assert part in message
    assert "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value" in (
        message
    )


def test_secret_attributes_are_not_repeated_in_errors(store: Any, at: dict[str, str]) -> None:
    message = refused(
        store.create_user, "ValidationException", **at, **{**STARS, "NickName": "\x07bell"}
    )
    assert "bell" not in message
    assert "Value at 'nickName' failed" in message


@pytest.mark.parametrize("field", ["UserId", "GroupId"])
def test_a_wrong_type_is_a_serialization_exception(
    world: World, at: dict[str, str], field: str
) -> None:
    operation = f"Describe{field.removesuffix('Id')}"
    answer = world.wire.call("identitystore", operation, {**at, field: "x"})
    assert answer.code == "ValidationException"
    sent = world.wire.request("identitystore", operation, {**at, field: 7})
    signed = world.wire.sign(sent, world.wire.administrator, "identitystore")
    answer = world.wire.send(signed)
    assert (answer.status, answer.code, answer.message) == (
        400,
        "SerializationException",
        "NUMBER_VALUE cannot be converted to String",
    )
