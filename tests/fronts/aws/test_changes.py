"""Every field that Update… and Put… may write: changed alone, read back, the others unchanged."""

from collections.abc import Iterator
from typing import Any

import pytest

from genkan.protocols.aws.model import Model, Shape, load
from tests.fronts.aws.changes import CHANGING, GONE, NAMES, Changing, lower
from tests.fronts.aws.refusal import refused
from tests.fronts.aws.world import World

SERVICES = ("sso-admin", "identitystore")
OPERATIONS = {
    name: service
    for service in SERVICES
    for name in load(service).operation_names
    if name.startswith(("Update", "Put"))
}
KEY = "arn:aws:kms:us-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
#: What cannot be true here is refused, and nothing of the request happens.
REFUSED: dict[str, dict[str, Any]] = {
    "UpdateInstance.EncryptionConfiguration.KmsKeyArn": {
        "Name": "half",
        "EncryptionConfiguration": {
            "KeyType": "CUSTOMER_MANAGED_KEY",
            "KmsKeyArn": KEY,
        },
    },
    "UpdateInstance.NetworkConfiguration.RestrictSourceVpcs[]": {
        "Name": "half",
        "NetworkConfiguration": {
            "VpceAccessRequired": False,
            "RestrictSourceVpcs": ["vpc-12345678"],
        },
    },
    "UpdateInstance.NetworkConfiguration.AllowSourceIps[]": {
        "Name": "half",
        "NetworkConfiguration": {"VpceAccessRequired": False, "AllowSourceIps": ["192.0.2.0/24"]},
    },
    "UpdateInstance.NetworkConfiguration.ExcludeApplicationArns[]": {
        "Name": "half",
        "NetworkConfiguration": {
            "VpceAccessRequired": False,
            "ExcludeApplicationArns": [
                "arn:aws:sso::111122223333:application/ssoins-1111111111111111/apl-1111111111111111"
            ],
        },
    },
    "UpdateIdentityStore.NetworkConfiguration.ApiRestrictSourceVpcs[]": {
        "NetworkConfiguration": {
            "VpceAccessRequired": False,
            "ApiRestrictSourceVpcs": ["vpc-12345678"],
        },
    },
}


def leaves(model: Model, shape: Shape, path: str = "") -> Iterator[str]:
    """The dotted paths of all that a request may say."""
    if shape.type == "list" and shape.member is not None:
        yield from leaves(model, model.shapes[shape.member.shape], f"{path}[]")
    elif shape.type == "structure" and shape.members and not shape.document:
        for name, member in shape.members.items():
            inner = f"{path}.{name}" if path else name
            yield from leaves(model, model.shapes[member.shape], inner)
    else:
        yield path


def writable(service: str, operation: str) -> set[str]:
    """What the model lets the operation write."""
    model = load(service)
    found = model.operation(operation)
    assert found is not None
    assert found.input is not None
    return {path for path in leaves(model, found.input) if path.partition(".")[0] not in NAMES}


def paths_in(sent: Any, path: str = "") -> Iterator[str]:
    """The dotted paths that a request says."""
    if isinstance(sent, dict) and sent and not path.endswith(("ActorPolicy", "AttributeValue")):
        for name, value in sent.items():
            yield from paths_in(value, f"{path}.{name}" if path else name)
    elif isinstance(sent, list) and not path.endswith("AttributeValue"):
        for one in sent:
            yield from paths_in(one, f"{path}[]")
    else:
        yield path


def test_every_operation_that_changes_is_here() -> None:
    assert CHANGING.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("operation", CHANGING)
def test_each_field_changes_alone_and_is_read_back(world: World, operation: str) -> None:
    changing: Changing = CHANGING[operation](world)
    covered: set[str] = set()
    state = changing.look()
    for change in changing.changes:
        changing.call(**changing.names, **change.sent)
        covered |= set(paths_in(change.sent))
        state = {name: value for name, value in (state | change.read).items() if value is not GONE}
        assert changing.look() == state, change.sent
    refused_fields = {
        path.partition(".")[2] for path in REFUSED if path.partition(".")[0] == operation
    }
    missing = writable(OPERATIONS[operation], operation) - covered - refused_fields
    assert not missing, "fields that nothing here changes"


@pytest.mark.parametrize("field", REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(world: World, field: str) -> None:
    changing = CHANGING[field.partition(".")[0]](world)
    before = changing.look()
    code = "ResourceNotFoundException" if "KmsKey" in field else "ValidationException"
    refused(changing.call, code, **changing.names, **REFUSED[field])
    assert changing.look() == before


def test_every_attribute_of_a_user_is_changed_by_its_path(world: World) -> None:
    """What CreateUser takes, UpdateUser changes: by the model's members, not by our list."""
    model = load("identitystore")
    created = model.operation("CreateUser")
    assert created is not None
    assert created.input is not None
    wanted = {
        path
        for path in leaves(model, created.input)
        if path.partition(".")[0] not in ("IdentityStoreId", "Extensions")
    }
    written: set[str] = set()
    for change in CHANGING["UpdateUser"](world).changes:
        (operation,) = change.sent["Operations"]
        path, value = operation["AttributePath"], operation.get("AttributeValue")
        for name in wanted:
            head, _, member = name.partition("[].")
            in_list = bool(member) and lower(head) == path
            if in_list and isinstance(value, list) and any(member in one for one in value):
                written.add(name)
            if not member and ".".join(map(lower, name.split("."))) == path and value is not None:
                written.add(name)
    assert written == wanted
