"""Every operation against bodies that are not what its protocol writes, and names that are none.

All requests here are well signed, so that what is refused is the body alone.
"""

import json
import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

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

JSON11 = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded"
LIMIT = 1_048_576
JSON = tuple(pair for pair in SIGNED if PROTOCOLS[pair[0]] == "json")
QUERY = tuple(pair for pair in SIGNED if PROTOCOLS[pair[0]] == "query")
REST_WITH_BODY = tuple(pair for pair in OPERATIONS if pair[0] == "sso-oidc")


@pytest.fixture(scope="module")
def world(refusing: World) -> World:
    return refusing


def part(kinds: Sequence[Any], pair: tuple[str, str], size: int) -> list[Any]:
    """Some of the kinds: others for the operation that follows, all of them for a service."""
    number = OPERATIONS.index(pair) * size
    return [kinds[(number + at) % len(kinds)] for at in range(size)]


def ask(world: World, service: str, operation: str, **changes: object) -> Answer:
    """The operation's request with parts replaced before it is signed."""
    sent = replace(world.wire.request(service, operation, {}), **changes)  # type: ignore[arg-type]
    return answered(world, service, sent)


def answered(world: World, service: str, sent: Sent) -> Answer:
    """The answer to a request, signed by the administrator where the service wants it."""
    if service != "sso-oidc":
        sent = world.wire.sign(sent, world.wire.administrator, scope_of(service))
    return world.wire.send(sent)


NO_JSON = (b"{", b"{}x", b"[]", b'"a"', b"null", b"\xff{}", b'{"a":"\\u0000"}')


@pytest.mark.parametrize(("service", "operation"), JSON)
def test_json_that_is_none_is_a_serialization_exception(
    world: World, service: str, operation: str
) -> None:
    bodies = part(NO_JSON, (service, operation), 3)
    answers = {body: ask(world, service, operation, body=body) for body in bodies}
    assert refusals(answers) == dict.fromkeys(bodies, (400, "SerializationException"))


@pytest.mark.parametrize("service", TARGETS)
def test_json_nested_without_end_is_a_serialization_exception(world: World, service: str) -> None:
    operation = next(name for model, name in JSON if model == service)
    body = b'{"Unknown":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    answer = ask(world, service, operation, body=body)
    assert (answer.status, answer.code) == (400, "SerializationException")


OTHER_TYPES = ("application/json", "application/x-amz-json-1.0", FORM, "text/plain", None)


@pytest.mark.parametrize(("service", "operation"), JSON)
def test_another_content_type_is_a_serialization_exception(
    world: World, service: str, operation: str
) -> None:
    sent = world.wire.request(service, operation, sample(world, service, operation))
    types = part(OTHER_TYPES, (service, operation), 2)
    answers = {
        kind: world.wire.signed(service, sent.with_header("Content-Type", kind)) for kind in types
    }
    assert refusals(answers) == dict.fromkeys(types, (400, "SerializationException"))
    assert {answer.message for answer in answers.values()} == {f"The Content-Type must be {JSON11}"}


NO_FORM = (b"&Broken=%zz", b"&Broken=%ff", b"&Broken=%00", b"&Version=2011-06-15", b"&A=1&A=2")


@pytest.mark.parametrize(("service", "operation"), QUERY)
def test_a_form_that_is_none_is_refused(world: World, service: str, operation: str) -> None:
    """Broken it is malformed; of another content type it names no operation."""
    sent = world.wire.request(service, operation, sample(world, service, operation))
    tails = part(NO_FORM, (service, operation), 2)
    answers: dict[Any, Answer] = {
        tail: world.wire.signed(service, replace(sent, body=sent.body + tail)) for tail in tails
    }
    assert refusals(answers) == dict.fromkeys(tails, (400, "MalformedInput"))
    types = part(("application/json", JSON11, "text/xml"), (service, operation), 1)
    answers = {
        kind: world.wire.signed(service, sent.with_header("Content-Type", kind)) for kind in types
    }
    assert refusals(answers) == dict.fromkeys(types, (400, "UnknownOperationException"))


def refusals(answers: dict[Any, Answer]) -> dict[Any, tuple[int, str]]:
    """Status and code by what was sent; each answer has its request's id."""
    assert all(is_request_id(answer.request_id) for answer in answers.values())
    return {sent: (answer.status, answer.code) for sent, answer in answers.items()}


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


@pytest.mark.parametrize(("service", "operation"), [*SIGNED[::12], *QUERY[::6], *REST_WITH_BODY])
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


@pytest.mark.parametrize(
    ("service", "operation"),
    # Those of the administrative services have it in their largest call.
    [pair for pair in JSON if pair[0] in ("organizations", "cloudtrail") and not writes(*pair)],
)
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
