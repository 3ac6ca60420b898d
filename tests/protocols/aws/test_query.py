"""AWS Query: flattened forms in, XML out."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genkan.protocols import aws
from genkan.protocols.aws.query_xml import escape

ASSUME_ROLE = aws.load("sts").operation("AssumeRole")
TAG_ROLE = aws.load("iam").operation("TagRole")
GET_ROLE = aws.load("iam").operation("GetRole")
FORM = (b"content-type", b"application/x-www-form-urlencoded")
ROLE = b"RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FR&RoleSessionName=me"


def request(body: bytes, *, query: bytes = b"", headers=(FORM,)) -> aws.Request:
    method = "POST" if body else "GET"
    return aws.Request(method=method, path=b"/", query=query, headers=headers, body=body)


def decode(body: bytes, operation=ASSUME_ROLE, **kwargs):
    return aws.decode(operation, request(body, **kwargs))


# --- forms ---


def test_scalars_lists_and_structures_are_gathered():
    arn = b"arn:aws:iam::aws:policy/ReadOnlyAccess"
    body = ROLE + b"&DurationSeconds=3600&Tags.member.1.Key=a&Tags.member.1.Value=b%20c"
    body += b"&PolicyArns.member.1.arn=" + arn + b"&TransitiveTagKeys.member.1=a+b&X-Unknown.y=1"
    assert decode(body) == {
        "role_arn": "arn:aws:iam::111122223333:role/R",
        "role_session_name": "me",
        "duration_seconds": 3600,
        "tags": [{"key": "a", "value": "b c"}],
        "policy_arns": [{"arn": arn.decode()}],
        "transitive_tag_keys": ["a b"],
    }


def test_list_is_ordered_by_number_not_by_name():
    keys = "".join(f"&TransitiveTagKeys.member.{n}=k{n}" for n in (10, 9, 1, 2))
    assert decode(ROLE + keys.encode())["transitive_tag_keys"] == ["k1", "k2", "k9", "k10"]


def test_empty_list_is_written_as_an_empty_value():
    assert decode(ROLE + b"&Tags=")["tags"] == []


def test_parameters_may_stand_in_query_string_and_body():
    found = decode(b"RoleSessionName=me", query=ROLE.split(b"&")[0])
    assert found == {"role_arn": "arn:aws:iam::111122223333:role/R", "role_session_name": "me"}
    assert decode(b"", query=ROLE, headers=()) == found


@pytest.mark.parametrize(
    "extra",
    [
        b"&RoleSessionName=other",
        b"&RoleSessionName=me",
        b"&RoleSessionName.x=other",
        b"&Tags.member.1.Key=a&Tags.member.1.Key=b",
        b"&Tags.member.1=a&Tags.member.1.Key=b",
        b"&Tags.member.1.Key=a&Tags.member=b",
        b"&Tags.member.1.Key=a&Tags=",
        b"&Tags.member.0.Key=a",
        b"&Tags.member.01.Key=a",
        b"&Tags.member.x.Key=a",
        b"&Tags.member.99999.Key=a",
        b"&Tags.1.Key=a",
        b"&Tags=a",
        b"&Tags.member.1=a",
        b"&DurationSeconds=",
        b"&DurationSeconds=1e3",
        b"&DurationSeconds=99999999999",
        b"&DurationSeconds.member.1=1",
        b"&ExternalId=%ff",
        b"&ExternalId=%00",
        b"&ExternalId=a\x00",
        b"&ExternalId=%z",
        b"&A" + b".b" * 20 + b"=c",
    ],
)
def test_ambiguous_or_malformed_form_is_a_serialization_failure(extra):
    with pytest.raises(aws.SerializationFailure):
        decode(ROLE + extra)


def test_parameter_in_query_string_and_body_is_refused():
    with pytest.raises(aws.SerializationFailure, match="repeated"):
        decode(ROLE, query=b"RoleSessionName=me")


@pytest.mark.parametrize("content_type", [b"application/json", b"multipart/form-data", b""])
def test_body_of_another_media_type_is_refused(content_type):
    headers = [(b"content-type", content_type)] if content_type else []
    with pytest.raises(aws.UnsupportedMediaType):
        decode(ROLE, headers=headers)


def test_too_many_parameters_are_refused():
    with pytest.raises(aws.SerializationFailure, match="Too many"):
        decode(b"&".join(b"a%d=" % n for n in range(5000)))


def test_body_over_the_limit_is_refused():
    with pytest.raises(aws.SerializationFailure, match="too large"):
        decode(b"a=" + b"x" * aws.MAX_BODY)


def test_operation_without_input_still_refuses_a_malformed_form():
    operation = aws.load("iam").operation("GetAccountSummary")
    assert operation.input is None
    assert decode(b"Action=GetAccountSummary", operation) == {}
    with pytest.raises(aws.SerializationFailure):
        decode(b"Action=GetAccountSummary&x=%ff", operation)


def test_violations_are_worded_as_in_json():
    body = b"RoleName=R&Tags.member.1.Key=%23%23&Tags.member.1.Value="
    with pytest.raises(aws.ConstraintViolations) as caught:
        decode(body, TAG_ROLE)
    assert caught.value.message == (
        "1 validation error detected: Value '##' at 'tags.1.member.key' failed to satisfy "
        r"constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+"
    )


def test_recorded_refusal_of_a_session_name_is_ours_too():
    body = ROLE.replace(b"=me", b"=Session1%3A2")
    with pytest.raises(aws.ConstraintViolations) as caught:
        decode(body)
    assert caught.value.message == (
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy "
        r"constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*"
    )


@settings(deadline=None)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused_never_a_crash(body):
    with pytest.raises(aws.RequestRefused):
        decode(b"Action=AssumeRole&" + body)


# --- XML ---


def test_answer_has_namespace_wrapper_and_request_id():
    operation = aws.load("sts").operation("GetCallerIdentity")
    result = {"user_id": "AROA:me", "account": "111122223333", "arn": "arn:aws:sts::1:x/<&>"}
    response = aws.encode(operation, result, request_id="5f0c")
    assert response.headers == [(b"content-type", b"text/xml"), (b"x-amzn-requestid", b"5f0c")]
    assert response.body == (
        b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        b"<GetCallerIdentityResult><UserId>AROA:me</UserId><Account>111122223333</Account>"
        b"<Arn>arn:aws:sts::1:x/&lt;&amp;&gt;</Arn></GetCallerIdentityResult>"
        b"<ResponseMetadata><RequestId>5f0c</RequestId></ResponseMetadata>"
        b"</GetCallerIdentityResponse>"
    )


def test_operation_without_output_has_no_result_element():
    response = aws.encode(TAG_ROLE, None, request_id="r")
    assert response.body == (
        b'<TagRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        b"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></TagRoleResponse>"
    )


def role(**members: object) -> dict[str, object]:
    required = {"path": "/", "role_name": "R", "role_id": "AROAEXAMPLE", "arn": "arn:aws:iam::1:r"}
    return {"role": {**required, "create_date": 1650989104461, **members}}


def test_time_is_iso_8601_in_whole_seconds():
    body = aws.encode(GET_ROLE, role(), request_id="r").body
    assert datetime.fromtimestamp(1650989104, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode() in body


def test_lists_and_empty_lists_are_elements():
    body = aws.encode(GET_ROLE, role(tags=[{"key": "a", "value": ""}]), request_id="r").body
    assert b"<Tags><member><Key>a</Key><Value></Value></member></Tags>" in body
    assert b"<Tags></Tags>" in aws.encode(GET_ROLE, role(tags=()), request_id="r").body
    assert b"<Tags>" not in aws.encode(GET_ROLE, role(tags=None), request_id="r").body


def test_maps_are_entries():
    operation = aws.load("iam").operation("GetAccountSummary")
    body = aws.encode(operation, {"summary_map": {"Users": 3}}, request_id="r").body
    assert b"<SummaryMap><entry><key>Users</key><value>3</value></entry></SummaryMap>" in body


def test_result_that_does_not_fit_the_model_is_our_bug():
    with pytest.raises(aws.EncodingError, match="Role: Tags: list expected"):
        aws.encode(GET_ROLE, role(tags="x"), request_id="r")
    with pytest.raises(aws.EncodingError, match="Role: RoleName: required"):
        aws.encode(GET_ROLE, role(role_name=None), request_id="r")


@settings(deadline=None)
@given(value=st.text())
def test_any_text_survives_an_xml_parser_or_becomes_the_replacement_character(value):
    parsed = ElementTree.fromstring(f"<a>{escape(value)}</a>").text or ""
    assert len(parsed) == len(value)
    for got, given_ in zip(parsed, value, strict=True):
        assert got in (given_, "\ufffd")


@settings(deadline=None)
@given(value=st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), max_size=50))
def test_text_without_control_characters_survives_unchanged(value):
    value = value.replace("\ufffe", "").replace("\uffff", "")
    assert (ElementTree.fromstring(f"<a>{escape(value)}</a>").text or "") == value
