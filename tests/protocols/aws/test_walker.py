"""The collecting validator: all violations at once, in AWS's wording, at AWS's paths."""

import json
from typing import Any

import pytest

from genkan.protocols import aws
from genkan.protocols.aws import ConstraintViolations, RequestRefused, SerializationFailure

USER = "544894e8-80c1-707f-60e3-3ba6510dfac1"
STORE = "d-1234567890"
INSTANCE = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
APPLICATION = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"


def decode(service: str, name: str, body: Any) -> dict[str, Any]:
    operation = aws.load(service).operation(name)
    assert operation is not None
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = aws.Request(
        method="POST",
        path=b"/",
        query=b"",
        headers=[(b"content-type", b"application/x-amz-json-1.1")],
        body=raw,
    )
    return aws.decode(operation, request)


def message(service: str, name: str, body: Any) -> str:
    with pytest.raises(ConstraintViolations) as caught:
        decode(service, name, body)
    return caught.value.message


def failure(service: str, name: str, body: Any) -> str:
    with pytest.raises(SerializationFailure) as caught:
        decode(service, name, body)
    return caught.value.message


# --- wording ---


def test_one_violation_is_worded_in_the_singular():
    assert message(
        "sso-admin", "CreatePermissionSet", {"Name": "a b", "InstanceArn": INSTANCE}
    ) == (
        "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]+"
    )


def test_all_violations_are_reported_at_once():
    assert message("sso-admin", "ListAccountAssignments", {"AccountId": "1", "MaxResults": 0}) == (
        "5 validation errors detected: "
        "Value null at 'instanceArn' failed to satisfy constraint: Member must not be null; "
        "Value '1' at 'accountId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: \d{12}; "
        "Value '1' at 'accountId' failed to satisfy constraint: "
        "Member must have length greater than or equal to 12; "
        "Value null at 'permissionSetArn' failed to satisfy constraint: Member must not be null; "
        "Value '0' at 'maxResults' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1"
    )


def test_member_of_a_structure_in_a_list_is_named_by_position():
    text = message(
        "sso-admin",
        "TagResource",
        {"ResourceArn": INSTANCE, "Tags": [{"Key": "ok", "Value": ""}, {"Key": "#"}]},
    )
    assert text.startswith("2 validation errors detected: Value '#' at 'tags.2.member.key' failed")
    assert "Value null at 'tags.2.member.value'" in text


def test_bad_element_of_a_list_of_strings_is_said_of_the_list():
    body = {"ResourceArn": INSTANCE, "TagKeys": ["ok", "#", "%"]}
    assert message("sso-admin", "UntagResource", body) == (
        "1 validation error detected: Value '[ok, #, %]' at 'tagKeys' failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must have length less than or equal "
        "to 128, Member must have length greater than or equal to 1, Member must satisfy regular "
        r"expression pattern: ([\p{L}\p{Z}\p{N}_.:/=+\-@]*)]"
    )


def test_list_that_is_too_short_or_too_long():
    empty = {"ResourceArn": INSTANCE, "TagKeys": []}
    assert message("sso-admin", "UntagResource", empty) == (
        "1 validation error detected: Value '[]' at 'tagKeys' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )
    many = {"ResourceArn": INSTANCE, "TagKeys": ["k"] * 76}
    assert message("sso-admin", "UntagResource", many) == (
        "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: "
        "Member must have length less than or equal to 75"
    )


def test_null_in_a_list_is_a_violation():
    body = {"ResourceArn": INSTANCE, "TagKeys": ["ok", None]}
    assert "Value null at 'tagKeys.2.member'" in message("sso-admin", "UntagResource", body)


def test_keys_and_values_of_a_map_are_said_of_the_map():
    body = {"IdentityStoreId": STORE, "Extensions": {"other:x": {"department": "R&D"}}}
    assert message("identitystore", "CreateUser", body).startswith(
        "1 validation error detected: Value at 'extensions' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must have length less than or equal to 50, "
    )


def test_sensitive_value_is_never_repeated():
    body = {
        "IdentityStoreId": STORE,
        "UserName": "s3cret name",
        "Emails": [{"Value": "s3cret\x07"}],
    }
    text = message("identitystore", "CreateUser", body)
    assert "Value at 'userName' failed" in text
    assert "Value at 'emails.1.member.value' failed" in text
    assert "s3cret" not in text


def test_sensitive_password_in_a_form_is_never_repeated():
    operation = aws.load("iam").operation("CreateLoginProfile")
    request = aws.Request(
        method="POST",
        path=b"/",
        query=b"",
        headers=[(b"content-type", b"application/x-www-form-urlencoded")],
        body="Action=CreateLoginProfile&UserName=bob&Password=s3cret–".encode(),
    )
    with pytest.raises(ConstraintViolations, match="Value at 'password' failed") as caught:
        aws.decode(operation, request)
    assert "s3cret" not in caught.value.message


def test_very_long_value_is_not_repeated():
    body = {"Name": "x" * 5000, "InstanceArn": INSTANCE}
    text = message("sso-admin", "CreatePermissionSet", body)
    assert "Value at 'name' failed" in text
    assert len(text) < 300


def test_value_far_beyond_its_maximum_is_only_too_long():
    body = {"Name": "<" * 100_000, "InstanceArn": INSTANCE}
    assert message("sso-admin", "CreatePermissionSet", body).endswith(
        "at 'name' failed to satisfy constraint: Member must have length less than or equal to 32"
    )


def test_number_of_reported_violations_is_bounded():
    tags = [{"Key": "#", "Value": "#"}] * 75
    text = message("sso-admin", "TagResource", {"ResourceArn": INSTANCE, "Tags": tags})
    assert text.startswith("64 validation errors detected: ")


# --- unions ---


@pytest.mark.parametrize(
    "member", [{}, {"UserId": None}, {"Unknown": "x"}], ids=["none", "null", "unknown"]
)
def test_union_without_a_known_member_is_refused(member):
    body = {"IdentityStoreId": STORE, "MemberId": member}
    assert message("identitystore", "ListGroupMembershipsForMember", body) == (
        "1 validation error detected: Value at 'memberId' failed to satisfy constraint: "
        "Member must have exactly one member set: [userId]"
    )


def test_union_with_two_members_is_refused():
    identifier = {
        "ExternalId": {"Issuer": "i", "Id": "x"},
        "UniqueAttribute": {"AttributePath": "userName", "AttributeValue": "bob"},
    }
    body = {"IdentityStoreId": STORE, "AlternateIdentifier": identifier}
    assert "'alternateIdentifier'" in message("identitystore", "GetUserId", body)


def test_union_member_without_members_of_its_own_is_kept():
    body = {
        "ApplicationArn": APPLICATION,
        "GrantType": "refresh_token",
        "Grant": {"RefreshToken": {}},
    }
    assert decode("sso-admin", "PutApplicationGrant", body)["grant"] == {"refresh_token": {}}


# --- values ---


def test_unknown_members_are_ignored_and_null_is_absent():
    body = {"InstanceArn": INSTANCE, "Future": {"x": 1}, "NextToken": None}
    assert decode("sso-admin", "ListPermissionSets", body) == {"instance_arn": INSTANCE}


def test_documents_are_verbatim_and_map_keys_kept():
    document = {"costCenter": "42", "Manager": {"value": "x", "n": [1, 2.5, None, True]}}
    body = {"IdentityStoreId": STORE, "Extensions": {"aws:identitystore:enterprise": document}}
    assert decode("identitystore", "CreateUser", body)["extensions"] == {
        "aws:identitystore:enterprise": document
    }


@pytest.mark.parametrize("value", ["text", 3, False, [{"value": "a"}], {"Key": {"camelCase": 1}}])
def test_document_may_be_any_json_value(value):
    operations = [{"AttributePath": "emails", "AttributeValue": value}]
    body = {"IdentityStoreId": STORE, "UserId": USER, "Operations": operations}
    (found,) = decode("identitystore", "UpdateUser", body)["operations"]
    assert found == {"attribute_path": "emails", "attribute_value": value}


def test_document_nested_too_deeply_is_refused():
    value: Any = "x"
    for _ in range(40):
        value = [value]
    operations = [{"AttributePath": "emails", "AttributeValue": value}]
    body = {"IdentityStoreId": STORE, "UserId": USER, "Operations": operations}
    assert "nested too deeply" in failure("identitystore", "UpdateUser", body)


@pytest.mark.parametrize(("sent", "milliseconds"), [(1650989104.461, 1650989104461), (0, 0)])
def test_timestamps_become_epoch_milliseconds(sent, milliseconds):
    assert decode("cloudtrail", "LookupEvents", {"StartTime": sent}) == {"start_time": milliseconds}


def test_integral_decimal_is_an_integer():
    body = {"InstanceArn": INSTANCE, "MaxResults": 5.0}
    assert decode("sso-admin", "ListPermissionSets", body)["max_results"] == 5


# --- types ---

NAME = "CreatePermissionSet"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (23, "NUMBER_VALUE cannot be converted to String"),
        (1.5, "DECIMAL_VALUE cannot be converted to String"),
        (True, "TRUE_VALUE cannot be converted to String"),
        (False, "FALSE_VALUE cannot be converted to String"),
        ([], "Start of list found where not expected"),
        ({}, "Start of structure or map found where not expected"),
    ],
)
def test_other_type_where_a_string_belongs_is_a_serialization_failure(value, text):
    assert failure("sso-admin", NAME, {"Name": value, "InstanceArn": INSTANCE}) == text


@pytest.mark.parametrize("value", ["5", 1.5, True, [], {}, 2**31, 10**400])
def test_other_type_where_an_integer_belongs_is_a_serialization_failure(value):
    failure("sso-admin", "ListPermissionSets", {"InstanceArn": INSTANCE, "MaxResults": value})


@pytest.mark.parametrize("value", ["true", 1, 0, [], {}])
def test_other_type_where_a_boolean_belongs_is_a_serialization_failure(value):
    body = {"ApplicationArn": APPLICATION, "AssignmentRequired": value}
    failure("sso-admin", "PutApplicationAssignmentConfiguration", body)


@pytest.mark.parametrize("value", ["2022-01-01T00:00:00Z", True, [], 1e15, -1e15])
def test_other_type_where_a_timestamp_belongs_is_a_serialization_failure(value):
    failure("cloudtrail", "LookupEvents", {"StartTime": value})


@pytest.mark.parametrize("value", ["x", 1, {}, True])
def test_other_type_where_a_list_belongs_is_a_serialization_failure(value):
    failure("sso-admin", NAME, {"Name": "x", "InstanceArn": INSTANCE, "Tags": value})


@pytest.mark.parametrize("value", ["x", 1, [], True])
def test_other_type_where_a_structure_belongs_is_a_serialization_failure(value):
    failure("sso-admin", NAME, {"Name": "x", "InstanceArn": INSTANCE, "Tags": [value]})
    failure("identitystore", "CreateUser", {"IdentityStoreId": STORE, "Name": value})
    failure("identitystore", "CreateUser", {"IdentityStoreId": STORE, "Extensions": value})


# --- NUL ---


@pytest.mark.parametrize(
    "body",
    [
        {"Name": "a\0b", "InstanceArn": INSTANCE},
        {"Name": "a", "InstanceArn": INSTANCE, "Unknown": ["\0"]},
        {"Name": "a", "InstanceArn": INSTANCE, "\0": 1},
    ],
)
def test_nul_anywhere_is_refused(body):
    assert failure("sso-admin", NAME, body) == "NUL is not allowed in a string"


def test_backslash_u0000_spelled_out_is_no_nul():
    operations = [{"AttributePath": "nickName", "AttributeValue": r"\u0000"}]
    body = {"IdentityStoreId": STORE, "UserId": USER, "Operations": operations}
    decode("identitystore", "UpdateUser", body)


def test_every_refusal_is_one_kind_of_exception():
    assert issubclass(ConstraintViolations, RequestRefused)
    assert issubclass(SerializationFailure, RequestRefused)
