"""Every operation against bodies that are not what its protocol writes, and names that are none.

All requests here are well signed, so that what is refused is the body alone.
"""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.fronts.aws.samples import OPERATIONS, SIGNED, sample, writes
from tests.fronts.aws.wire import (
    PROTOCOLS,
    TARGETS,
    Answer,
    Sent,
    is_request_id,
    scope_of,
    service_model,
)
from tests.fronts.aws.world import World
from tests.perform.dump import AUDIT, changes, dump

JSON11 = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded"
LIMIT = 1_048_576
JSON = tuple(pair for pair in SIGNED if PROTOCOLS[pair[0]] == "json")
QUERY = tuple(pair for pair in SIGNED if PROTOCOLS[pair[0]] == "query")
REST_WITH_BODY = tuple(pair for pair in OPERATIONS if pair[0] == "sso-oidc")


@pytest.fixture(scope="module")
def world(furnished: World) -> Iterator[World]:
    """The organization; at the end the store must be what it was, but for records of refusals."""
    place = furnished.server.place
    before = dump(place)
    yield furnished
    after = dump(place)
    assert changes(before, after).keys() <= {AUDIT}
    assert before[AUDIT] <= after[AUDIT]
    for *_, record, _ in after[AUDIT] - before[AUDIT]:
        told = json.loads(record)
        assert told["errorCode"]
        assert told["requestParameters"] is None


def ask(world: World, service: str, operation: str, **changes: object) -> Answer:
    """The operation's request with parts replaced before it is signed."""
    sent = replace(world.wire.request(service, operation, {}), **changes)  # type: ignore[arg-type]
    return answered(world, service, sent)


def answered(world: World, service: str, sent: Sent) -> Answer:
    """The answer to a request, signed by the administrator where the service wants it."""
    if service != "sso-oidc":
        sent = world.wire.sign(sent, world.wire.administrator, scope_of(service))
    return world.wire.send(sent)


@pytest.mark.parametrize(
    "body", [b"{", b"{}x", b"[]", b'"a"', b"null", b"\xff{}", b'{"a":"\\u0000"}']
)
@pytest.mark.parametrize(("service", "operation"), JSON)
def test_json_that_is_none_is_a_serialization_exception(
    world: World, service: str, operation: str, body: bytes
) -> None:
    answer = ask(world, service, operation, body=body)
    assert (answer.status, answer.code) == (400, "SerializationException")
    assert is_request_id(answer.request_id)


@pytest.mark.parametrize("service", TARGETS)
def test_json_nested_without_end_is_a_serialization_exception(world: World, service: str) -> None:
    operation = next(name for model, name in JSON if model == service)
    body = b'{"Unknown":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    answer = ask(world, service, operation, body=body)
    assert (answer.status, answer.code) == (400, "SerializationException")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-amz-json-1.0", FORM, "text/plain", None]
)
@pytest.mark.parametrize(("service", "operation"), JSON)
def test_another_content_type_is_a_serialization_exception(
    world: World, service: str, operation: str, content_type: str | None
) -> None:
    sent = world.wire.request(service, operation, sample(world, service, operation))
    answer = answered(world, service, sent.with_header("Content-Type", content_type))
    assert (answer.status, answer.code) == (400, "SerializationException")
    assert answer.message == f"The Content-Type must be {JSON11}"


@pytest.mark.parametrize(("service", "operation"), QUERY)
@pytest.mark.parametrize("content_type", ["application/json", JSON11, "text/xml"])
def test_a_form_of_another_content_type_names_no_operation(
    world: World, service: str, operation: str, content_type: str
) -> None:
    sent = world.wire.request(service, operation, sample(world, service, operation))
    answer = answered(world, service, sent.with_header("Content-Type", content_type))
    assert (answer.status, answer.code) == (400, "UnknownOperationException")


@pytest.mark.parametrize(("service", "operation"), QUERY)
@pytest.mark.parametrize(
    "tail",
    [b"&Broken=%zz", b"&Broken=%ff", b"&Broken=%00", b"&Version=2011-06-15", b"&A=1&A=2"],
)
def test_a_form_that_is_none_is_malformed_input(
    world: World, service: str, operation: str, tail: bytes
) -> None:
    sent = world.wire.request(service, operation, sample(world, service, operation))
    answer = answered(world, service, replace(sent, body=sent.body + tail))
    assert (answer.status, answer.code) == (400, "MalformedInput")


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff{}", b'{"clientName":"\\u0000"}'])
@pytest.mark.parametrize(("service", "operation"), REST_WITH_BODY)
def test_rest_json_that_is_none_is_an_invalid_request(
    world: World, service: str, operation: str, body: bytes
) -> None:
    sent = world.wire.request(service, operation, {}).with_header(
        "Content-Type", "application/json"
    )
    answer = world.wire.send(replace(sent, body=body))
    assert (answer.status, answer.error_type) == (400, "InvalidRequestException")
    assert answer.json["error"] == "invalid_request"
    assert answer.json.keys() == {"error", "error_description"}


@pytest.mark.parametrize(("service", "operation"), REST_WITH_BODY)
def test_a_form_is_no_request_of_sso_oidc(world: World, service: str, operation: str) -> None:
    sent = world.wire.request(service, operation, {}).with_header("Content-Type", FORM)
    answer = world.wire.send(replace(sent, body=b"clientName=a&clientType=public"))
    assert (answer.status, answer.error_type) == (400, "InvalidRequestException")


@pytest.mark.parametrize(("service", "operation"), [*SIGNED, *REST_WITH_BODY])
def test_a_body_beyond_a_mebibyte_is_not_read(world: World, service: str, operation: str) -> None:
    sent = world.wire.request(service, operation, {})
    answer = world.wire.send(replace(sent, body=b" " * (LIMIT + 1)))
    assert answer.status == 413
    assert is_request_id(answer.request_id)
    assert answer.headers["connection"] == "close"


def test_a_body_without_an_announced_length_is_bounded_too(world: World) -> None:
    with socket.create_connection(("127.0.0.1", world.server.port), timeout=30) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost:%d\r\n"
            b"X-Amz-Target: AWSIdentityStore.ListUsers\r\nTransfer-Encoding: chunked\r\n\r\n"
            % world.server.port
        )
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        sent = 0
        try:
            while sent < 64:
                connection.sendall(chunk)
                sent += 1
        except OSError:
            pass
        else:
            connection.sendall(b"0\r\n\r\n")
        try:
            head = connection.recv(65536)
        except OSError:
            head = b""
    assert head.startswith(b"HTTP/1.1 413 ") or (not head and sent < 64)


@pytest.mark.parametrize(("service", "operation"), [pair for pair in JSON if not writes(*pair)])
def test_what_the_model_does_not_know_is_ignored(
    world: World, service: str, operation: str
) -> None:
    sent = world.wire.request(service, operation, sample(world, service, operation))
    body = {**json.loads(sent.body), "FromTheFuture": {"A": [1]}}
    answer = answered(world, service, replace(sent, body=json.dumps(body).encode()))
    assert answer.status == 200, answer


@pytest.mark.parametrize("target", ["Nothing", ".", "", "CreateUser.", "createuser"])
@pytest.mark.parametrize("service", TARGETS)
def test_an_unknown_target_is_an_unknown_operation(world: World, service: str, target: str) -> None:
    sent = Sent("POST", "/", (("Content-Type", JSON11),), b"{}")
    for prefix in (TARGETS[service], "AWSIdentityStoreX", ""):
        named = sent.with_header("X-Amz-Target", f"{prefix}.{target}")
        answer = answered(world, service, named)
        assert (answer.status, answer.code) == (400, "UnknownOperationException")
        assert answer.headers["content-type"] == JSON11
        assert is_request_id(answer.request_id)


@pytest.mark.parametrize(
    ("form", "code", "message"),
    [
        (b"Version=2011-06-15", "MissingAction", "Missing Action"),
        (
            b"Action=Nothing&Version=2011-06-15",
            "InvalidAction",
            "Could not find operation Nothing for version 2011-06-15",
        ),
        (
            b"Action=GetRole&Version=2011-06-15",
            "InvalidAction",
            "Could not find operation GetRole for version 2011-06-15",
        ),
        (
            b"Action=GetCallerIdentity",
            "InvalidAction",
            "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
        ),
        (
            b"Action=GetCallerIdentity&Version=1999-01-01",
            "InvalidAction",
            "Could not find operation GetCallerIdentity for version 1999-01-01",
        ),
        (
            b"Action=%3Cscript%3E&Version=2011-06-15",
            "InvalidAction",
            "Could not find operation <script> for version 2011-06-15",
        ),
    ],
)
def test_an_unknown_action_is_an_invalid_action(
    world: World, form: bytes, code: str, message: str
) -> None:
    answer = answered(world, "sts", Sent("POST", "/", (("Content-Type", FORM),), form))
    assert (answer.status, answer.code, answer.message) == (400, code, message)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/logout"),
        ("POST", "/assignment/accounts"),
        ("GET", "/assignment/nothing"),
        ("GET", "/federation/"),
        ("DELETE", "/federation/credentials"),
        ("GET", "/token"),
        ("PUT", "/client/register"),
        ("GET", "/device_authorization"),
    ],
)
def test_an_unknown_route_of_rest_json_is_not_found(world: World, method: str, path: str) -> None:
    answer = world.wire.send(Sent(method, path))
    assert (answer.status, answer.code) == (404, "UnknownOperationException")
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("service", PROTOCOLS)
def test_every_operation_of_the_model_that_is_not_served_says_so(
    world: World, service: str
) -> None:
    served = {name for model, name in OPERATIONS if model == service}
    names = set(service_model(service).operation_names)
    assert served <= names
    for name in sorted(names - served):
        sent = world.wire.request(service, name, {})
        # A path of its own parameters cannot be filled in without them.
        sent = world.wire.sign(sent, world.wire.administrator, scope_of(service))
        answer = world.wire.send(sent)
        wanted = "InvalidAction" if PROTOCOLS[service] == "query" else "UnknownOperationException"
        assert (answer.status, answer.code) == (400, wanted), name


def test_what_is_not_served_is_refused_after_the_signature_only(world: World) -> None:
    answer = world.wire.send(world.wire.request("sso-admin", "CreateApplication", {}))
    assert answer.code == "MissingAuthenticationTokenException"
