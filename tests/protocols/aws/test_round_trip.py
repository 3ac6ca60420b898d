"""Every operation of every model, spoken with botocore both ways."""

from typing import Any

import pytest

from genkan.protocols import aws
from genkan.protocols.aws.model import SERVICES, Model, OperationModel, Shape, load

from . import client
from .samples import WHEN, ours, parameters

OPERATIONS = [(service, name) for service in SERVICES for name in load(service).operation_names]

ANSWERING = [
    (service, name) for service, name in OPERATIONS if load(service).operation(name).output
]


def operation_of(service: str, name: str) -> OperationModel:
    operation = load(service).operation(name)
    assert operation is not None
    return operation


def test_all_operations_of_the_eight_models_are_covered():
    assert len(OPERATIONS) == 423


@pytest.mark.parametrize("full", [False, True], ids=["required members", "all members"])
@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_request_of_botocore_is_identified_and_decoded(service, name, full):
    operation = operation_of(service, name)
    sent: dict[str, Any] = {}
    if operation.input is not None:
        sent = parameters(operation.model, operation.input, full=full)
    request = client.request(service, name, sent)
    assert aws.identify(request) is operation
    expected = ours(operation.model, operation.input, sent) if operation.input else {}
    assert aws.decode(operation, request) == expected


def parsed_form(model: Model, shape: Shape, value: Any, *, top: bool = True) -> Any:
    """What botocore's parser returns for a value in the spelling of SDKs."""
    match shape.type:
        case "structure" if not shape.document:
            return {
                name: parsed_form(model, model.shapes[shape.members[name].shape], item, top=False)
                for name, item in value.items()
            }
        case "list":
            inner = model.shapes[shape.member.shape]
            return [parsed_form(model, inner, item, top=False) for item in value]
    return value


@pytest.mark.parametrize("full", [False, True], ids=["required members", "all members"])
@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_result_is_read_by_botocore(service, name, full):
    operation = operation_of(service, name)
    value: dict[str, Any] = {}
    if operation.output is not None:
        value = parameters(operation.model, operation.output, full=full)
    result = ours(operation.model, operation.output, value) if operation.output else None
    response = aws.encode(operation, result, request_id="5f0c0000-0000-4000-8000-000000000000")
    assert response.status == 200
    parsed = client.answer(service, name, response)
    metadata = parsed.pop("ResponseMetadata")
    assert metadata["RequestId"] == "5f0c0000-0000-4000-8000-000000000000"
    expected = value if operation.output else {}
    assert parsed == expected


@pytest.mark.parametrize(("service", "name"), ANSWERING)
def test_result_given_as_objects_is_written_like_mappings(service, name):
    operation = operation_of(service, name)
    value = ours(
        operation.model,
        operation.output,
        parameters(operation.model, operation.output, full=True),
    )

    class Record:
        def __init__(self, fields: dict[str, Any]) -> None:
            self.__dict__.update(fields)

    def as_object(shape: Shape, item: Any) -> Any:
        shapes = operation.model.shapes
        if shape.document:
            return item
        if shape.type == "structure":
            names = {aws.names.snake_case(name): ref for name, ref in shape.members.items()}
            return Record({k: as_object(shapes[names[k].shape], v) for k, v in item.items()})
        if shape.type == "list":
            return tuple(as_object(shapes[shape.member.shape], entry) for entry in item)
        if shape.type == "map":
            inner = shapes[shape.value.shape]
            return {key: as_object(inner, entry) for key, entry in item.items()}
        return item

    written = aws.encode(operation, as_object(operation.output, value), request_id="r")
    assert written == aws.encode(operation, value, request_id="r")


def test_sample_time_is_the_one_decoded():
    assert WHEN.timestamp() * 1000 == 1_650_994_704_000
