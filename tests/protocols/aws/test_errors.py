"""Errors as botocore reads them, and as AWS spells them byte by byte (reference §8.4)."""

import json

import pytest

from genkan.protocols import aws
from genkan.protocols.aws.errors import oauth_error
from genkan.protocols.aws.model import SERVICES
from genkan.protocols.aws.sigv4 import SignatureFault

from . import client

RID = "5f0c0000-0000-4000-8000-000000000000"


def error(service: str, code: str, message: str = "m", **rest: object) -> aws.Response:
    model = aws.load(service)
    return aws.encode_error(
        model.protocol, code=code, message=message, request_id=RID, model=model, **rest
    )


def header(response: aws.Response, name: bytes) -> bytes | None:
    return dict(response.headers).get(name)


@pytest.mark.parametrize("service", SERVICES)
def test_every_modelled_error_is_read_by_botocore(service):
    model = aws.load(service)
    name = model.operation_names[0]
    for code, shape in model.shapes.items():
        if not shape.exception:
            continue
        response = error(service, code)
        parsed = client.answer(service, name, response)
        wire_code = code
        if model.protocol == "query" and shape.error and shape.error.code:
            wire_code = shape.error.code
        assert parsed["Error"]["Code"] == wire_code
        if service != "sso-oidc":
            assert parsed["Error"]["Message"] == "m"
        assert parsed["ResponseMetadata"]["RequestId"] == RID
        assert response.status == (
            shape.error.http_status_code if shape.error else 500 if shape.fault else 400
        )


@pytest.mark.parametrize("service", ["sso-admin", "identitystore", "organizations"])
def test_modelled_message_is_spelled_as_the_model_spells_it(service):
    response = error(service, "AccessDeniedException", "no")
    body = json.loads(response.body)
    assert body["__type"] == "AccessDeniedException"
    assert body["Message"] == "no"
    assert header(response, b"x-amzn-errortype") == b"AccessDeniedException"
    assert header(response, b"content-type") == b"application/x-amz-json-1.1"


def test_identity_store_errors_carry_request_id_and_reason():
    members = {"reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}
    response = error("identitystore", "ConflictException", "Duplicate UserName", members=members)
    assert json.loads(response.body) == {
        "__type": "ConflictException",
        "Message": "Duplicate UserName",
        "Reason": "UNIQUENESS_CONSTRAINT_VIOLATION",
        "RequestId": RID,
    }


def test_members_may_be_named_as_on_the_wire_and_none_is_left_out():
    members = {"ResourceType": "USER", "resource_id": "x", "reason": None}
    body = json.loads(error("identitystore", "ResourceNotFoundException", members=members).body)
    assert (body["ResourceType"], body["ResourceId"]) == ("USER", "x")
    assert "Reason" not in body


def test_error_of_the_door_is_not_in_the_model_and_writes_message_small():
    response = error("sso-admin", "UnrecognizedClientException", "The security token …")
    assert response.status == 400
    assert json.loads(response.body)["message"] == "The security token …"


def test_recorded_refresh_failure_of_sso_oidc():
    response = error("sso-oidc", "InvalidGrantException", "Invalid refresh token provided")
    assert response.status == 400
    assert header(response, b"x-amzn-errortype") == b"InvalidGrantException"
    assert header(response, b"content-type") == b"application/json"
    assert response.body == (
        b'{"error":"invalid_grant","error_description":"Invalid refresh token provided"}'
    )


def test_pending_device_has_a_null_description():
    response = error("sso-oidc", "AuthorizationPendingException", "")
    assert response.body == b'{"error":"authorization_pending","error_description":null}'


def test_invalid_client_is_401():
    assert error("sso-oidc", "InvalidClientException").status == 401


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("InvalidRequestException", "invalid_request"),
        ("InvalidClientException", "invalid_client"),
        ("InvalidGrantException", "invalid_grant"),
        ("UnauthorizedClientException", "unauthorized_client"),
        ("UnsupportedGrantTypeException", "unsupported_grant_type"),
        ("InvalidScopeException", "invalid_scope"),
        ("AuthorizationPendingException", "authorization_pending"),
        ("SlowDownException", "slow_down"),
        ("AccessDeniedException", "access_denied"),
        ("ExpiredTokenException", "expired_token"),
        ("InternalServerException", "server_error"),
        ("InvalidRequestRegionException", "invalid_request"),
        ("InvalidClientMetadataException", "invalid_client_metadata"),
        ("InvalidRedirectUriException", "invalid_redirect_uri"),
    ],
)
def test_oauth_word_of_the_error_table(code, word):
    assert oauth_error(code) == word


def test_signature_refusal_at_sso_oidc_is_no_oauth_error():
    response = error("sso-oidc", "InvalidSignatureException", "x")
    assert (response.status, response.body) == (403, b'{"message":"x"}')


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("UnauthorizedException", "Session token not found or invalid", 401),
        ("ForbiddenException", "No access", 403),
        ("ResourceNotFoundException", "m", 404),
        ("TooManyRequestsException", "m", 429),
    ],
)
def test_portal_errors_have_their_status_and_message(code, message, status):
    response = error("sso", code, message)
    assert response.status == status
    assert json.loads(response.body) == {"message": message}
    assert header(response, b"x-amzn-errortype") == code.encode()


def test_query_error_is_xml_with_type_code_and_request_id():
    response = error("iam", "NoSuchEntityException", "The role with name <R> cannot be found.")
    assert response.status == 404
    assert header(response, b"content-type") == b"text/xml"
    assert response.body.decode() == (
        '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error>'
        "<Type>Sender</Type><Code>NoSuchEntity</Code>"
        "<Message>The role with name &lt;R&gt; cannot be found.</Message></Error>"
        f"<RequestId>{RID}</RequestId></ErrorResponse>"
    )


@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [
        ("ValidationError", 400, "Sender"),
        ("MalformedInput", 400, "Sender"),
        ("AccessDenied", 403, "Sender"),
        ("InvalidClientTokenId", 403, "Sender"),
        ("SignatureDoesNotMatch", 403, "Sender"),
        ("ExpiredToken", 403, "Sender"),
        ("MissingAuthenticationToken", 403, "Sender"),
        ("IncompleteSignature", 400, "Sender"),
        ("InternalFailure", 500, "Receiver"),
        ("ServiceUnavailable", 503, "Receiver"),
    ],
)
def test_unmodelled_query_error_has_the_usual_status(code, status, fault):
    response = error("sts", code)
    assert response.status == status
    assert f"<Type>{fault}</Type>".encode() in response.body


def test_status_can_be_given():
    assert error("sso-admin", "ThrottlingException", status=429).status == 429


@pytest.mark.parametrize("protocol", ["json", "rest-json", "query"])
def test_error_can_be_written_before_any_service_is_known(protocol):
    response = aws.encode_error(
        protocol, code="UnknownOperationException", message="", request_id=RID
    )
    assert response.status == 400
    assert b"UnknownOperationException" in response.body + (
        header(response, b"x-amzn-errortype") or b""
    )


# --- names for refusals ---

VIOLATIONS = aws.ConstraintViolations([])
FAILURE = aws.SerializationFailure("bad")


@pytest.mark.parametrize(
    ("service", "name", "violations", "failure"),
    [
        ("sso-admin", "ListInstances", "ValidationException", "SerializationException"),
        ("identitystore", "ListUsers", "ValidationException", "SerializationException"),
        ("cloudtrail", "LookupEvents", "ValidationException", "SerializationException"),
        ("sts", "AssumeRole", "ValidationError", "MalformedInput"),
        ("iam", "ListRoles", "ValidationError", "MalformedInput"),
        ("sso", "ListAccounts", "InvalidRequestException", "InvalidRequestException"),
        ("sso-oidc", "CreateToken", "InvalidRequestException", "InvalidRequestException"),
    ],
)
def test_refusal_is_named_as_the_service_names_it(service, name, violations, failure):
    operation = aws.load(service).operation(name)
    assert aws.refusal_error(operation, VIOLATIONS).code == violations
    assert aws.refusal_error(operation, FAILURE) == (failure, "bad", {})


@pytest.mark.parametrize(
    ("body", "reason", "text"),
    [
        (
            b'{"AccountId":"12"}',
            "INVALID_PATTERN",
            "You provided a value that does not match the required pattern.",
        ),
        (b"{}", "INPUT_REQUIRED", "1 validation error detected: Value null at 'accountId'"),
    ],
)
def test_organizations_answers_with_a_reason(body, reason, text):
    operation = aws.load("organizations").operation("DescribeAccount")
    request = aws.Request(
        method="POST",
        path=b"/",
        query=b"",
        headers=[(b"content-type", b"application/x-amz-json-1.1")],
        body=body,
    )
    with pytest.raises(aws.RequestRefused) as caught:
        aws.decode(operation, request)
    answer = aws.refusal_error(operation, caught.value)
    assert (answer.code, answer.members) == ("InvalidInputException", {"Reason": reason})
    assert answer.message.startswith(text)


@pytest.mark.parametrize(
    ("kind", "query", "other"),
    [
        ("MISSING", "MissingAuthenticationToken", "MissingAuthenticationTokenException"),
        ("INCOMPLETE", "IncompleteSignature", "IncompleteSignatureException"),
        ("MISMATCH", "SignatureDoesNotMatch", "InvalidSignatureException"),
        ("EXPIRED", "SignatureDoesNotMatch", "InvalidSignatureException"),
        ("NOT_YET_CURRENT", "SignatureDoesNotMatch", "InvalidSignatureException"),
    ],
)
def test_signature_refusal_is_named_by_protocol(kind, query, other):
    refusal = aws.SignatureRefusal(SignatureFault[kind], "why")
    assert aws.signature_error("query", refusal)[:2] == (query, "why")
    assert aws.signature_error("json", refusal)[:2] == (other, "why")
    assert aws.signature_error("rest-json", refusal)[:2] == (other, "why")
