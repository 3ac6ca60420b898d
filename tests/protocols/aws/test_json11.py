"""AWS JSON 1.1 on the wire: what is accepted as a body, what an answer looks like."""

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genkan.protocols import aws

DESCRIBE_USER = aws.load("identitystore").operation("DescribeUser")
LIST_INSTANCES = aws.load("sso-admin").operation("ListInstances")
STATUS = aws.load("sso-admin").operation("DescribeAccountAssignmentCreationStatus")
USER = {
    "identity_store_id": "d-1234567890",
    "user_id": "544894e8-80c1-707f-60e3-3ba6510dfac1",
    "user_arn": "arn:aws:identitystore:::user/544894e8-80c1-707f-60e3-3ba6510dfac1",
    "revision": "1",
}


def request(body: bytes, content_type: bytes = b"application/x-amz-json-1.1") -> aws.Request:
    headers = [(b"content-type", content_type)] if content_type else []
    return aws.Request(method="POST", path=b"/", query=b"", headers=headers, body=body)


def body_of(operation: aws.OperationModel, result: object) -> bytes:
    return aws.encode(operation, result, request_id="r").body


# --- bodies ---


@pytest.mark.parametrize(
    "content_type",
    [b"application/x-amz-json-1.1", b"Application/X-Amz-Json-1.1; charset=UTF-8"],
)
def test_body_of_the_media_type_is_read(content_type):
    assert aws.decode(LIST_INSTANCES, request(b'{"MaxResults":5}', content_type)) == {
        "max_results": 5
    }


@pytest.mark.parametrize(
    "content_type",
    [b"", b"application/json", b"application/x-amz-json-1.0", b"text/plain", b"a,b"],
)
def test_body_of_another_media_type_is_refused(content_type):
    with pytest.raises(aws.UnsupportedMediaType):
        aws.decode(LIST_INSTANCES, request(b"{}", content_type))


@pytest.mark.parametrize("body", [b"", b"{}", b" {} \n", b'{"NextToken":null}'])
def test_request_without_members_is_an_empty_one(body):
    assert aws.decode(LIST_INSTANCES, request(body)) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{} {}",
        b"{}x",
        b"[]",
        b'"x"',
        b"null",
        b"\xef\xbb\xbf{}",
        b'{"NextToken":"\xff"}',
        b'{"NextToken":"\xed\xa0\x80"}',
        b'{"NextToken":"\\ud800"}',
        b'{"NextToken":"\\udc00x"}',
        b'{"MaxResults":NaN}',
        b'{"MaxResults":Infinity}',
        b'{"MaxResults":1e999}',
        b'{"MaxResults":' + b"9" * 100_000 + b"}",
        b'{"NextToken":"a\x00b"}',
        b'{"X":' + b"[" * 100_000,
        b"{'NextToken':'x'}",
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_body_that_is_no_json_object_is_a_serialization_failure(body):
    with pytest.raises(aws.SerializationFailure):
        aws.decode(LIST_INSTANCES, request(body))


def test_body_over_the_limit_is_refused_unread():
    body = b'{"X":"' + b"x" * aws.MAX_BODY + b'"}'
    with pytest.raises(aws.SerializationFailure, match="too large"):
        aws.decode(LIST_INSTANCES, request(body))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
OPERATIONS = [
    aws.load("sso-admin").operation("CreatePermissionSet"),
    aws.load("sso-admin").operation("PutApplicationGrant"),
    aws.load("identitystore").operation("CreateUser"),
    aws.load("identitystore").operation("UpdateUser"),
    aws.load("cloudtrail").operation("LookupEvents"),
]


@settings(deadline=None)
@given(
    operation=st.sampled_from(OPERATIONS),
    data=st.data(),
)
def test_any_json_is_decoded_or_refused_never_a_crash(operation, data):
    members = st.sampled_from(sorted(operation.input.members))
    body = data.draw(st.dictionaries(members, JSON_VALUES, max_size=4))
    with suppress(aws.RequestRefused):
        found = aws.decode(operation, request(msgspec.json.encode(body)))
        assert len(found) <= len(body)


@settings(deadline=None)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused_never_a_crash(body):
    with pytest.raises(aws.RequestRefused):
        aws.decode(DESCRIBE_USER, request(body))


# --- answers ---


class Status(StrEnum):
    IN_PROGRESS = "IN_PROGRESS"


class Plain(Enum):
    GROUP = "GROUP"


@dataclass(frozen=True, slots=True)
class Assignment:
    status: Status
    principal_type: Plain
    created_date: int
    request_id: str | None = None
    private: str = "not on the wire"


def test_answer_carries_type_request_id_and_json():
    response = aws.encode(LIST_INSTANCES, {"instances": []}, request_id="5f0c")
    assert response.status == 200
    assert response.headers == [
        (b"content-type", b"application/x-amz-json-1.1"),
        (b"x-amzn-requestid", b"5f0c"),
    ]
    assert response.body == b'{"Instances":[]}'


def test_records_enumerations_and_times_are_written_as_aws_writes_them():
    record = Assignment(Status.IN_PROGRESS, Plain.GROUP, 1650989104461)
    assert body_of(STATUS, {"account_assignment_creation_status": record}) == (
        b'{"AccountAssignmentCreationStatus":{"Status":"IN_PROGRESS","PrincipalType":"GROUP",'
        b'"CreatedDate":1650989104.461}}'
    )


def test_other_mappings_are_read_by_key():
    assert body_of(LIST_INSTANCES, OrderedDict(next_token="t")) == b'{"NextToken":"t"}'


#: A dictionary, another mapping and an object are each read by code of their own.
KINDS = {"dict": dict, "mapping": OrderedDict, "object": lambda given: SimpleNamespace(**given)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_of_any_kind_is_written_alike(kind):
    of = KINDS[kind]
    emails = [of({"value": "a@example.org", "primary": True, "private": 1}), of({"type": "work"})]
    name = of({"given_name": "Hana", "family_name": None})
    made = of(USER | {"name": name, "emails": emails, "created_at": 1500, "private": object()})
    assert msgspec.json.decode(body_of(DESCRIBE_USER, made)) == {
        "IdentityStoreId": USER["identity_store_id"],
        "UserId": USER["user_id"],
        "UserArn": USER["user_arn"],
        "Revision": "1",
        "Name": {"GivenName": "Hana"},
        "Emails": [{"Value": "a@example.org", "Primary": True}, {"Type": "work"}],
        "CreatedAt": 1.5,
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"user_id": None}, "UserId: required"),
        ({"user_id": 5}, "UserId: string expected, not int"),
        ({"emails": [{"value": "x"}, {"primary": 1}]}, "Emails: Primary: boolean expected"),
    ],
)
def test_what_does_not_fit_is_told_by_its_path_whatever_the_kind(kind, change, path):
    with pytest.raises(aws.EncodingError, match=path):
        body_of(DESCRIBE_USER, KINDS[kind](USER | change))


@pytest.mark.parametrize("result", [None, {}, object()])
def test_result_without_members_is_an_empty_object(result):
    assert body_of(LIST_INSTANCES, result) == b"{}"


def test_operation_without_output_answers_an_empty_object():
    operation = aws.load("organizations").operation("LeaveOrganization")
    assert operation.output is None
    assert body_of(operation, {"anything": 1}) == b"{}"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"user_id": None}, "UserId: required"),
        ({"user_id": 5}, "UserId: string expected, not int"),
        ({"name": {"given_name": b"x"}}, "Name: GivenName: string expected, not bytes"),
        ({"name": "Bob"}, "Name: structure expected, not str"),
        ({"emails": {"value": "x"}}, "Emails: list expected, not dict"),
        ({"emails": [{"primary": 1}]}, "Emails: Primary: boolean expected, not int"),
        ({"created_at": 1.5}, "CreatedAt: integer expected, not float"),
        ({"created_at": True}, "CreatedAt: integer expected, not bool"),
        ({"extensions": []}, "Extensions: map expected, not list"),
    ],
)
def test_result_that_does_not_fit_the_model_is_our_bug(change, path):
    with pytest.raises(aws.EncodingError, match=path):
        aws.encode(DESCRIBE_USER, USER | change, request_id="r")


def test_encoding_error_is_no_refusal():
    assert not issubclass(aws.EncodingError, aws.RequestRefused)
