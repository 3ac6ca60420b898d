"""Rules about every operation that can be read off its declaration."""

import dataclasses

import pytest

from genkan.core.call import Iam, OwnSession, Public, System
from genkan.identity_store import attributes
from tests.perform.inventory import operations, parameters

OPERATIONS = operations()
RECORDED = {name: one for name, one in OPERATIONS.items() if one.reads is None and one.recorded}
#: Parts of the names of what must never be written down.
SECRET_WORDS = {"password", "secret", "token", "tokens", "verifier", "private", "claims", "code"}
#: What is called after tokens without being one: AWS's own word for an OIDC provider.
HARMLESS = "trusted_token_issuer"
#: Sign-ins are service events: CloudTrail shows no parameters of them (reference §11).
SIGN_IN = {"signin.operations.PreparePassword", "signin.operations.RecordPasswordOutcome"}


def test_there_are_four_ways_in_and_every_operation_has_one() -> None:
    assert len(OPERATIONS) > 120
    for name, operation in OPERATIONS.items():
        assert isinstance(operation.access, Iam | OwnSession | Public | System), name
        if isinstance(operation.access, Public):
            assert len(operation.access.reason) > 15, name


def test_what_members_may_read_is_read_only() -> None:
    for name, operation in OPERATIONS.items():
        if isinstance(operation.access, Iam) and operation.access.members_may_read:
            assert operation.reads is not None, name


def test_every_change_by_a_request_is_recorded() -> None:
    """Unrecorded writes are steps of jobs, bookkeeping of the process, or open to strangers."""
    for name, operation in OPERATIONS.items():
        if operation.reads is None and not operation.recorded:
            asked_again_and_again = operation.name in (
                "StartDeviceAuthorization",
                "ReadDeviceRequest",
            )
            assert isinstance(operation.access, System) or asked_again_and_again, name


@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if one.secret])
def test_secrets_are_named_as_the_operation_names_its_parameters(name: str) -> None:
    """A secret misspelt would be a secret written down."""
    operation = OPERATIONS[name]
    taken = parameters(operation)
    if operation.name == "CreateUser":
        taken |= attributes.USER.keys() | {"extensions"}
    for path in operation.secret:
        assert path.partition(".")[0] in taken, path


@pytest.mark.parametrize("name", RECORDED)
def test_what_sounds_like_a_secret_is_declared_one(name: str) -> None:
    operation = RECORDED[name]
    for parameter in parameters(operation):
        words = parameter.removeprefix(HARMLESS).split("_")
        if SECRET_WORDS.intersection(words) and name not in SIGN_IN:
            assert parameter in operation.secret, parameter


@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if one.conceals])
def test_what_is_concealed_is_a_member_of_some_answer(name: str) -> None:
    """Where the answer is a record of ours; the model's answers are tested with the models."""
    annotation = OPERATIONS[name].run.__annotations__["return"]
    kinds = getattr(annotation, "__args__", (annotation,))
    members = {
        field.name
        for kind in kinds
        if dataclasses.is_dataclass(kind)
        for field in dataclasses.fields(kind)
    }
    for path in OPERATIONS[name].conceals:
        assert path.partition(".")[0] in members, path
