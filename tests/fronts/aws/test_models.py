"""The table of services against AWS's models: names, parameters, secrets, errors."""

import inspect
from typing import Any

import pytest

from genkan.core.call import Iam, OwnSession, Public
from genkan.fronts.aws.services import SERVICES
from genkan.protocols.aws.model import OperationModel, Shape, load
from genkan.protocols.aws.names import snake_case
from genkan.sts.operations import ASSUME_ROLE_WITH_SAML
from tests.fronts.aws.samples import OPERATIONS
from tests.fronts.aws.wire import PROTOCOLS, service_model

WIRE = tuple(pair for pair in OPERATIONS if pair != ("sts", "AssumeRoleWithSAML"))
BY_SERVICE = [(name, [op for model, op in WIRE if model == name]) for name in SERVICES]
each_service = pytest.mark.parametrize(("service", "operations"), BY_SERVICE, ids=list(SERVICES))
#: The header that carries the access token is read by the gateway, not by an operation.
READ_BY_THE_GATEWAY = {"sso": {"access_token"}}


def model_of(service: str, operation: str) -> OperationModel:
    found = load(service).operation(operation)
    assert found is not None
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_served_is_in_our_model_and_in_botocores(service: str) -> None:
    names = set(SERVICES[service].operations)
    assert names <= set(load(service).operation_names)
    assert names <= set(service_model(service).operation_names)
    assert load(service).protocol == PROTOCOLS[service]


def test_every_operation_of_the_first_issue_is_served() -> None:
    wanted = {
        "sso-oidc": "RegisterClient StartDeviceAuthorization CreateToken",
        "sso": "ListAccounts ListAccountRoles GetRoleCredentials Logout",
        "sts": "GetCallerIdentity AssumeRoleWithSAML AssumeRole",
        "sso-admin": "ListInstances DescribeInstance CreatePermissionSet DescribePermissionSet"
        " ListPermissionSets DeletePermissionSet AttachManagedPolicyToPermissionSet"
        " PutInlinePolicyToPermissionSet CreateAccountAssignment DeleteAccountAssignment"
        " DescribeAccountAssignmentCreationStatus DescribeAccountAssignmentDeletionStatus"
        " ListAccountAssignments ListAccountAssignmentsForPrincipal",
        "identitystore": "CreateUser DescribeUser ListUsers DeleteUser CreateGroup ListGroups"
        " CreateGroupMembership GetUserId",
        "iam": "ListRoles GetRole GetRolePolicy ListAttachedRolePolicies ListSAMLProviders"
        " GetSAMLProvider",
        "cloudtrail": "LookupEvents",
        "organizations": "DescribeOrganization ListAccounts",
    }
    served = set(OPERATIONS)
    for service, names in wanted.items():
        assert {(service, name) for name in names.split()} <= served


@each_service
def test_every_parameter_of_the_model_is_taken(service: str, operations: list[str]) -> None:
    """A member that `run` does not know would be a bug's 500 to whoever sends it."""
    read_by_the_gateway = READ_BY_THE_GATEWAY.get(service, set())
    for name in operations:
        given = members_of(model_of(service, name).input) - read_by_the_gateway
        assert given <= taken(SERVICES[service].operations[name].run, given), name


def test_assume_role_with_saml_takes_what_its_front_hands_on() -> None:
    given = members_of(model_of("sts", "AssumeRoleWithSAML").input) - {"saml_assertion"}
    assert given <= taken(ASSUME_ROLE_WITH_SAML.run, given)


@each_service
def test_required_parameters_of_run_are_required_by_the_model(
    service: str, operations: list[str]
) -> None:
    """The decoder refuses what is missing; a parameter it does not know to require would be 500."""
    for name in operations:
        shape = model_of(service, name).input
        required = {snake_case(member) for member in shape.required} if shape else set()
        run = SERVICES[service].operations[name].run
        needed = {
            parameter.name
            for parameter in list(inspect.signature(run).parameters.values())[1:]
            if parameter.default is inspect.Parameter.empty
            and parameter.kind is not inspect.Parameter.VAR_KEYWORD
        }
        assert needed <= required, name


@each_service
def test_what_audit_must_not_see_is_named_as_the_model_names_it(
    service: str, operations: list[str]
) -> None:
    """A secret misspelt would be a secret written down."""
    for name in operations:
        model, found = model_of(service, name), SERVICES[service].operations[name]
        for path in found.secret:
            # What only callers that provision give is no member of the model.
            if path != "external_ids":
                assert resolves(model, model.input, path), (name, path)
        for path in found.conceals:
            assert resolves(model, model.output, path), (name, path)


@each_service
def test_sensitive_answers_of_a_recorded_operation_are_concealed(
    service: str, operations: list[str]
) -> None:
    read_by_the_gateway = READ_BY_THE_GATEWAY.get(service, set())
    for name in operations:
        model, found = model_of(service, name), SERVICES[service].operations[name]
        if found.reads is not None or not found.recorded or service == "identitystore":
            continue
        for path in sensitive(model, model.output):
            assert path in found.conceals or path == "id_token", (name, path)
        for path in sensitive(model, model.input):
            assert path in found.secret | read_by_the_gateway, (name, path)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_the_way_in_is_the_one_of_its_service(service: str, operation: str) -> None:
    found = SERVICES[service].operations.get(operation, ASSUME_ROLE_WITH_SAML)
    wanted = {"signature": (Iam, OwnSession), "bearer": OwnSession, "none": Public}
    if found is ASSUME_ROLE_WITH_SAML:
        assert isinstance(found.access, Public)
        return
    assert isinstance(found.access, wanted[SERVICES[service].authentication])
    if isinstance(found.access, OwnSession):
        assert found.access.of == ("person" if service == "sso" else "signer")


def members_of(shape: Shape | None) -> set[str]:
    return {snake_case(name) for name in shape.members} if shape else set()


def taken(run: Any, given: set[str]) -> set[str]:
    """Those of `given` that the function takes."""
    parameters = inspect.signature(run).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return given
    return {parameter.name for parameter in list(parameters)[1:]}


def resolves(model: OperationModel, shape: Shape | None, path: str) -> bool:
    """Whether a dotted path of snake_case members exists under a shape."""
    for part in path.split("."):
        if shape is None:
            return False
        if shape.type == "list" and shape.member:
            shape = model.model.shapes[shape.member.shape]
        names = {snake_case(name): member for name, member in shape.members.items()}
        if part not in names:
            return False
        shape = model.model.shapes[names[part].shape]
    return True


def sensitive(model: OperationModel, shape: Shape | None, path: str = "") -> list[str]:
    """Dotted paths of members that the model calls sensitive."""
    found: list[str] = []
    for name, member in (shape.members if shape else {}).items():
        inner = model.model.shapes[member.shape]
        here = f"{path}{snake_case(name)}"
        if inner.sensitive:
            found.append(here)
        elif inner.type == "structure":
            found += sensitive(model, inner, f"{here}.")
    return found
