"""Every constraint of every operation's model broken, alone and all at once (reference §8.4, §16).

One test sends all bad requests of an operation and names those that were answered otherwise.
"""

import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.fronts.aws.breaking import UNION, Bad, bad_requests, wrong_types
from tests.fronts.aws.samples import SIGNED
from tests.fronts.aws.wire import PROTOCOLS, Answer, service_model
from tests.fronts.aws.world import World

#: Services whose answers list what is wrong, with their word for it.
LISTED = {
    "sso-admin": "ValidationException",
    "identitystore": "ValidationException",
    "iam": "ValidationError",
    "sts": "ValidationError",
}
_HEAD = re.compile(r"(\d+) validation errors? detected: ")
_ONE = re.compile(
    r"Value(?: '(?P<shown>.*)'| null)? at '(?P<at>[^']*)' failed to satisfy constraint:"
    r" (?P<text>.*)",
    re.DOTALL,
)


def input_of(service: str, operation: str) -> Any:
    """botocore's shape of an operation's input."""
    return service_model(service).operation_model(operation).input_shape


CONSTRAINED = [
    (service, operation)
    for service, operation in SIGNED
    if service in LISTED and input_of(service, operation) is not None
]


def sendable(service: str, bad: Bad) -> bool:
    """Whether the protocol can write it: a form has no null, and nothing empty but a list."""
    if PROTOCOLS[service] == "json":
        return True
    return "null" not in json.dumps(bad.params) and all(bad.params.values())


def send(world: World, service: str, operation: str, bad: Bad) -> Answer:
    """The answer to it, signed by the administrator."""
    if PROTOCOLS[service] == "json":
        sent = world.wire.request(service, operation, {})
        sent = replace(sent, body=json.dumps(bad.params).encode())
    else:
        sent = world.wire.request(service, operation, bad.params)
    return world.wire.signed(service, sent)


def complaint(answer: Answer, code: str, bad: Bad) -> str | None:
    """What is wrong with an answer, or None."""
    if (answer.status, answer.code) != (400, code):
        return f"{answer.status} {answer.code} instead of {code}"
    message = answer.message or ""
    head = _HEAD.match(message)
    if head is None:
        return f"not a list: {message[:200]}"
    listed = [_ONE.fullmatch(text) for text in re.split("; (?=Value)", message[head.end() :])]
    if None in listed or int(head[1]) != len(listed):
        return f"{head[1]} announced, {len(listed)} told"
    found = [match for match in listed if match is not None]
    unions = {at for at, text in bad.said if text == UNION}
    told = Counter((m["at"], UNION if m["at"] in unions else m["text"]) for m in found)
    if told != Counter(bad.said):
        missing, strange = Counter(bad.said) - told, told - Counter(bad.said)
        return f"not told: {list(missing)[:3]}; told: {list(strange)[:3]}"
    # XML cannot write every character.
    control = "\ufffd" if answer.body.startswith(b"<") else "\x07"
    shown = {m["at"]: m["shown"] for m in found}
    for breach in bad.breaches:
        at = breach.said[0][0]
        if breach.shown is not None and shown[at] != breach.shown.replace("\x07", control):
            return f"{at} shown as {shown[at]!r}"
        if breach.secret is not None and breach.secret in message:
            return f"{at} is told though it is sensitive"
    return None


@pytest.mark.parametrize(("service", "operation"), CONSTRAINED)
def test_every_broken_constraint_is_told_and_all_at_once(
    refusing: World, service: str, operation: str
) -> None:
    shape = input_of(service, operation)
    requests = [bad for bad in bad_requests(shape) if sendable(service, bad)]
    assert requests or PROTOCOLS[service] != "json" or not shape.members
    complaints = {
        bad.name: complaint(send(refusing, service, operation, bad), LISTED[service], bad)
        for bad in requests
    }
    assert {name: text for name, text in complaints.items() if text} == {}


@pytest.mark.parametrize(
    ("service", "operation"),
    [pair for pair in CONSTRAINED if PROTOCOLS[pair[0]] == "json" and input_of(*pair).members],
)
def test_a_value_of_another_type_is_a_serialization_exception(
    refusing: World, service: str, operation: str
) -> None:
    requests = wrong_types(input_of(service, operation))
    assert requests
    answers = {bad.name: send(refusing, service, operation, bad) for bad in requests}
    assert {
        name: answer
        for name, answer in answers.items()
        if (answer.status, answer.code) != (400, "SerializationException")
    } == {}


#: What AWS Organizations calls a constraint, by how its text begins.
REASONS = {
    "Member must not be null": "INPUT_REQUIRED",
    "Member must satisfy regular expression pattern": "INVALID_PATTERN",
    "Member must satisfy enum value set": "INVALID_ENUM",
    "Member must have length less": "MAX_LENGTH_EXCEEDED",
    "Member must have length greater": "MIN_LENGTH_EXCEEDED",
    "Member must have value less": "MAX_VALUE_EXCEEDED",
    "Member must have value greater": "MIN_VALUE_EXCEEDED",
}


@pytest.mark.parametrize(
    "operation",
    [
        operation
        for service, operation in SIGNED
        if service == "organizations" and input_of(service, operation) is not None
    ],
)
def test_organizations_gives_the_reason_of_a_broken_constraint(
    refusing: World, operation: str
) -> None:
    """Its errors have a member for it, and one sentence for many (botocore's model)."""
    model = service_model("organizations")
    known = model.shape_for("InvalidInputExceptionReason").metadata["enum"]
    for bad in bad_requests(input_of("organizations", operation)):
        answer = send(refusing, "organizations", operation, bad)
        assert (answer.status, answer.code) == (400, "InvalidInputException"), (bad, answer)
        possible = {
            reason
            for _, text in bad.said
            for start, reason in REASONS.items()
            if text.startswith(start)
        }
        assert answer.json["Reason"] in (possible or known), (bad, answer)
