"""AWS's own service models, to hold parameters and answers of operations against."""

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from genkan.core.call import Operation


def service(name: str) -> ServiceModel:
    """A service model by botocore's name for it."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def parameters_not_taken(operation: Operation, model: OperationModel) -> set[str]:
    """Members of the model's input that `operation.run` has no parameter for."""
    taken = inspect.signature(operation.run).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values()):
        return set()
    members = model.input_shape.members if model.input_shape else {}
    return {xform_name(member) for member in members} - taken.keys()


def differences(answer: Any, shape: Shape | None, path: str = "") -> list[str]:
    """What `answer` has beyond the shape, lacks of it, or gives another type."""
    if dataclasses.is_dataclass(answer) and not isinstance(answer, type):
        answer = dataclasses.asdict(answer)
    if isinstance(shape, StructureShape) and not shape.metadata.get("document"):
        return _structure(answer, shape, path)
    if isinstance(shape, ListShape):
        return [
            found
            for index, item in enumerate(answer)
            for found in differences(item, shape.member, f"{path}[{index}]")
        ]
    if shape is None or isinstance(shape, MapShape | StructureShape):
        return [] if answer is None or isinstance(answer, Mapping) else [f"{path}: not a map"]
    kinds: dict[str, type] = {"string": str, "timestamp": int, "boolean": bool, "integer": int}
    if not isinstance(answer, kinds[shape.type_name]):
        return [f"{path}: {answer!r} is no {shape.type_name}"]
    words = getattr(shape, "enum", ())
    if words and answer not in words:
        return [f"{path}: {answer!r} is none of {words}"]
    return []


def _structure(answer: Any, shape: StructureShape, path: str) -> list[str]:
    members = {xform_name(name): member for name, member in shape.members.items()}
    sent = {key: value for key, value in answer.items() if value is not None}
    found = [f"{path}.{key}: not in the model" for key in sent.keys() - members.keys()]
    required = {xform_name(name) for name in shape.required_members}
    found += [f"{path}.{key}: required" for key in required - sent.keys()]
    for key in sent.keys() & members.keys():
        found += differences(sent[key], members[key], f"{path}.{key}")
    return found
