"""The largest call of every operation: it succeeds, its answer fits the model, and it is so.

What the model does not know is put into every structure of each request and ignored. What a change
wrote is read back equal by another operation.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.model import Shape
from botocore.parsers import create_parser

from tests.fronts.aws.maximal import (
    APART,
    LEFT_OUT,
    MEANINGS,
    NAMES,
    Params,
    furnish_maximal,
    maximal,
)
from tests.fronts.aws.reading_back import READ_BACK, TAKES_AWAY, UNREAD, wanted
from tests.fronts.aws.samples import SIGNED, keys_of, writes
from tests.fronts.aws.values import broken, broken_size, longest
from tests.fronts.aws.wire import Answer, scope_of, service_model
from tests.fronts.aws.world import World

OPERATIONS = [pair for pair in SIGNED if pair[0] in ("sso-admin", "identitystore")]


@pytest.fixture(scope="module")
def world(furnished: World) -> World:
    return furnish_maximal(furnished)


def with_the_unknown(shape: Shape, value: Any) -> Any:
    """A member from the future in every structure."""
    if getattr(shape, "is_document_type", False):
        return value
    if shape.type_name == "structure":
        known = {name: with_the_unknown(shape.members[name], item) for name, item in value.items()}
        return {**known, "FromTheFuture": {"A": [1, None]}}
    if shape.type_name == "list":
        return [with_the_unknown(shape.member, item) for item in value]
    return value


def call(world: World, service: str, operation: str, params: Params) -> Answer:
    """The answer to it as botocore would send it, with what the model does not know."""
    shape = service_model(service).operation_model(operation).input_shape
    sent = world.wire.request(service, operation, params)
    body = json.dumps(with_the_unknown(shape, json.loads(sent.body))).encode()
    keys = keys_of(world, service, operation)
    return world.wire.send(world.wire.sign(replace(sent, body=body), keys, scope_of(service)))


def parsed(service: str, operation: str, answer: Answer) -> Params:
    """The answer as botocore's parser reads it."""
    model = service_model(service)
    raw = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    output = model.operation_model(operation).output_shape
    if output is None:
        return {}
    found = create_parser(model.metadata["protocol"]).parse(raw, output)
    found.pop("ResponseMetadata")
    return dict(found)


def misfits(shape: Shape, value: Any, path: str = "") -> list[str]:
    """What in an answer's JSON is not as the model has it."""
    if getattr(shape, "is_document_type", False):
        return []
    match shape.type_name, value:
        case "structure", dict():
            found = [
                f"{path}.{name} is missing"
                for name in shape.required_members
                if value.get(name) is None
            ]
            found += [f"{path}.{name} is unknown" for name in value.keys() - shape.members.keys()]
            if shape.is_tagged_union and len(value) != 1:
                found.append(f"{path} is a union of {sorted(value)}")
            for name in value.keys() & shape.members.keys():
                found += misfits(shape.members[name], value[name], f"{path}.{name}")
            return found
        case "list", list():
            found = [f"{path}: {text}" for text in broken_size(shape, len(value))]
            return found + [text for item in value for text in misfits(shape.member, item, path)]
        case "map", dict():
            return [
                text
                for key, item in value.items()
                for text in misfits(shape.key, key, path) + misfits(shape.value, item, path)
            ]
        case "string", str():
            return [f"{path}: {text}" for text in broken(shape, value)]
        case "boolean", bool():
            return []
        case (("integer" | "long"), int()) if not isinstance(value, bool):
            return []
        case "timestamp", (int() | float()):
            return []
    return [f"{path} is {value!r}, not a {shape.type_name}"]


def lacking(operation: str, shape: Shape, calls: list[Params]) -> list[str]:
    """Members that are in none of the calls, and not left out for a reason."""
    found: list[str] = []
    _lacking(shape, calls, operation, found)
    return [path for path in found if path not in LEFT_OUT]


def _lacking(shape: Shape, values: list[Any], path: str, found: list[str]) -> None:
    if getattr(shape, "is_document_type", False) or not values:
        return
    if shape.type_name == "structure":
        for name, inner in shape.members.items():
            there = [value[name] for value in values if name in value]
            if not there:
                found.append(f"{path}.{name}")
            _lacking(inner, there, f"{path}.{name}", found)
    elif shape.type_name == "list":
        _lacking(shape.member, [item for value in values for item in value], path, found)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_the_largest_call_succeeds_and_is_read_back(
    world: World, service: str, operation: str
) -> None:
    model = service_model(service).operation_model(operation)
    calls = maximal(world, service, operation)
    assert lacking(operation, model.input_shape, calls) == []
    for params in calls:
        answer = call(world, service, operation, params)
        assert answer.status == 200, (answer, params)
        if model.output_shape is None:
            assert answer.json == {}
        else:
            assert misfits(model.output_shape, answer.json) == []
        found = parsed(service, operation, answer)
        if operation in READ_BACK:
            stands = READ_BACK[operation](world, params, found)
            expected = wanted(operation, params)
            assert {name: stands.get(name) for name in expected} == expected
            assert bool(expected) or operation.startswith(TAKES_AWAY) or unread(operation)
        else:
            # A read of something that is there says something.
            assert any(value not in ([], None) for value in found.values())


def unread(operation: str) -> bool:
    """Whether the table says why nothing of it is compared by name."""
    return any(name.startswith(f"{operation}.") for name in UNREAD)


def test_every_change_has_an_operation_that_reads_it_back() -> None:
    changing = {name for service, name in OPERATIONS if writes(service, name)}
    assert READ_BACK.keys() == changing


def test_what_is_left_out_or_apart_is_in_the_model() -> None:
    names = {name for _, name in OPERATIONS}
    for path in (*LEFT_OUT, *APART):
        assert path.partition(".")[0] in names


#: Strings that mean something, or whose patterns end before their maximum.
SHORT = {
    "Token",
    "NextToken",
    "KmsKeyArn",
    "VpcArn",
    "IpCidrType",
    "FirstOrThirdPartyApplicationArnType",
    "ScopeTarget",
}


def test_strings_are_as_long_as_they_may_be() -> None:
    for pair in OPERATIONS:
        for shape in strings(service_model(pair[0]).operation_model(pair[1]).input_shape):
            most = shape.metadata.get("max")
            if most is not None and shape.name not in {*NAMES, *MEANINGS, *SHORT}:
                assert len(longest(shape)) == most, (pair, shape.name)


def strings(shape: Shape) -> Iterator[Shape]:
    """Every string of an input."""
    if shape.type_name == "string":
        yield shape
    elif shape.type_name == "structure":
        for inner in shape.members.values():
            yield from strings(inner)
    elif shape.type_name in ("list", "map"):
        for inner in (shape.member,) if shape.type_name == "list" else (shape.key, shape.value):
            yield from strings(inner)
