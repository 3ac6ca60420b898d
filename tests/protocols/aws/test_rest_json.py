"""REST JSON: members in query strings, header fields and bodies; null members in answers."""

import pytest

from genkan.protocols import aws

TOKEN = (b"x-amz-sso_bearer_token", b"aoaToken")
JSON = (b"content-type", b"application/json")


def decode(service: str, name: str, *headers: tuple[bytes, bytes], query=b"", body=b""):
    operation = aws.load(service).operation(name)
    request = aws.Request(
        method=operation.method,
        path=operation.path.encode(),
        query=query,
        headers=headers,
        body=body,
    )
    assert aws.identify(request) is operation
    return aws.decode(operation, request)


def body_of(service: str, name: str, result: object) -> bytes:
    operation = aws.load(service).operation(name)
    return aws.encode(operation, result, request_id="r").body


def test_members_come_from_header_and_query_string():
    found = decode("sso", "ListAccounts", TOKEN, query=b"max_result=5&next_token=a%2Fb+c")
    assert found == {"access_token": "aoaToken", "max_results": 5, "next_token": "a/b c"}


def test_body_cannot_give_what_belongs_in_a_header():
    with pytest.raises(aws.ConstraintViolations, match="Value null at 'accessToken'"):
        decode("sso", "Logout", JSON, body=b'{"accessToken":"x","x-amz-sso_bearer_token":"x"}')


def test_body_is_ignored_by_operations_that_take_none():
    assert decode("sso", "Logout", TOKEN, body=b"whatever") == {"access_token": "aoaToken"}


@pytest.mark.parametrize(
    "query",
    [
        b"max_result=x",
        b"max_result=",
        b"max_result=1.0",
        b"max_result=%EF%BC%95",
        b"max_result=1&max_result=1",
        b"next_token=%zz",
        b"next_token=%ff",
        b"next_token=%00",
    ],
)
def test_malformed_query_string_is_a_serialization_failure(query):
    with pytest.raises(aws.SerializationFailure):
        decode("sso", "ListAccounts", TOKEN, query=query)


def test_number_in_a_query_string_is_constrained_too():
    with pytest.raises(aws.ConstraintViolations, match="Value '101' at 'maxResults'"):
        decode("sso", "ListAccounts", TOKEN, query=b"max_result=101")


@pytest.mark.parametrize("value", [b"\xff", b"a\x00b"])
def test_malformed_header_is_a_serialization_failure(value):
    with pytest.raises(aws.SerializationFailure):
        decode("sso", "ListAccounts", (TOKEN[0], value))


def test_bearer_token_twice_is_refused():
    with pytest.raises(aws.SerializationFailure, match="repeated"):
        decode("sso", "ListAccounts", TOKEN, TOKEN)


def test_body_members_are_read_and_unknown_ones_ignored():
    body = b'{"clientName":"c","clientType":"public","scopes":["sso:account:access"],"x":1}'
    assert decode("sso-oidc", "RegisterClient", JSON, body=body) == {
        "client_name": "c",
        "client_type": "public",
        "scopes": ["sso:account:access"],
    }


@pytest.mark.parametrize(
    "headers", [(), ((b"content-type", b"application/x-www-form-urlencoded"),)]
)
def test_body_of_another_media_type_is_refused(headers):
    with pytest.raises(aws.UnsupportedMediaType):
        decode("sso-oidc", "RegisterClient", *headers, body=b"clientName=c&clientType=public")


def test_missing_members_name_none_of_the_secrets_given():
    body = b'{"clientSecret":"s3cret","deviceCode":5}'
    with pytest.raises(aws.SerializationFailure) as caught:
        decode("sso-oidc", "CreateToken", JSON, body=body)
    assert "s3cret" not in caught.value.message


def test_unset_members_of_an_answer_are_null():
    result = {"access_token": "aoa", "token_type": "Bearer", "expires_in": 3600}
    assert body_of("sso-oidc", "CreateToken", result) == (
        b'{"accessToken":"aoa","tokenType":"Bearer","expiresIn":3600,"refreshToken":null,'
        b'"idToken":null}'
    )


def test_unset_members_inside_an_answer_are_left_out():
    result = {"account_list": [{"account_id": "111122223333"}]}
    assert body_of("sso", "ListAccounts", result) == (
        b'{"nextToken":null,"accountList":[{"accountId":"111122223333"}]}'
    )


def test_expiration_of_role_credentials_is_given_and_written_in_milliseconds():
    credentials = {
        "access_key_id": "ASIA",
        "secret_access_key": "s",
        "session_token": "t",
        "expiration": 1798761600000,
    }
    assert body_of("sso", "GetRoleCredentials", {"role_credentials": credentials}) == (
        b'{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t",'
        b'"expiration":1798761600000}}'
    )


def test_logout_answers_an_empty_body():
    operation = aws.load("sso").operation("Logout")
    response = aws.encode(operation, None, request_id="r")
    assert response == (200, [(b"x-amzn-requestid", b"r")], b"")
