"""Parameters and answers are those of AWS's model of `identitystore`."""

from typing import Any

import pytest

from genkan.identity_store import operations as identity_store
from tests.slices.identity_store.model import differences, parameters_not_taken, service
from tests.slices.identity_store.support import ENTERPRISE, a_group, members, op, run
from tests.slices.identity_store.test_users import EVERYTHING
from tests.support.store import Store

MODEL = service("identitystore")
NAMES = [operation.name for operation in identity_store.OPERATIONS]


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_of_the_model_is_taken(name: str) -> None:
    assert parameters_not_taken(op(name), MODEL.operation_model(name)) == set()


def test_create_user_takes_every_member_of_the_model(filled: Store) -> None:
    given = {**EVERYTHING, "extensions": {ENTERPRISE: {"department": "R&D"}}}
    shape = MODEL.operation_model("CreateUser").input_shape
    assert shape is not None
    assert len(given) + 1 == len(shape.members)
    assert differences({"identity_store_id": "d-1", **given}, shape) == []
    with filled.write() as tx:
        run(tx, "CreateUser", **given)


def test_every_answer_is_in_the_form_of_the_model(filled: Store) -> None:
    answers: dict[str, Any] = {}

    def ask(name: str, /, **params: Any) -> Any:
        with filled.write() as tx:
            answers[name] = run(tx, name, **params)
        return answers[name]

    external = {"external_ids": [{"issuer": "i", "id": "1"}]}
    enterprise = {"extensions": {ENTERPRISE: {"department": "R&D"}}}
    user_id = ask("CreateUser", **EVERYTHING, **external, **enterprise).user_id
    group_id = ask("CreateGroup", display_name="Admins", description="All").group_id
    both: dict[str, Any] = {"group_id": group_id, "member_id": {"user_id": user_id}}
    membership_id = ask("CreateGroupMembership", **both)["membership_id"]
    with filled.write() as tx:
        for number in range(2):
            run(tx, "CreateUser", **members(f"more{number}"))
            a_group(tx, f"more{number}")
    ask("DescribeUser", user_id=user_id, extensions=[ENTERPRISE])
    ask("ListUsers", extensions=[ENTERPRISE], max_results=2)
    ask("GetUserId", alternate_identifier={"external_id": {"issuer": "i", "id": "1"}})
    change = [{"attribute_path": "displayName", "attribute_value": "new"}]
    ask("UpdateUser", user_id=user_id, operations=change)
    ask("UpdateGroup", group_id=group_id, operations=change)
    ask("DescribeGroup", group_id=group_id)
    ask("ListGroups", max_results=2)
    unique = {"attribute_path": "displayName", "attribute_value": "new"}
    ask("GetGroupId", alternate_identifier={"unique_attribute": unique})
    ask("DescribeGroupMembership", membership_id=membership_id)
    ask("GetGroupMembershipId", **both)
    ask("ListGroupMemberships", group_id=group_id)
    ask("ListGroupMembershipsForMember", member_id={"user_id": user_id})
    ask("IsMemberInGroups", member_id={"user_id": user_id}, group_ids=[group_id])
    ask("DeleteGroupMembership", membership_id=membership_id)
    configuration = {
        "vpce_access_required": False,
        "api_allow_source_ips": ["127.0.0.0/8"],
        "scim_allow_source_ips": ["192.0.2.1"],
    }
    ask("UpdateIdentityStore", network_configuration=configuration)
    ask("DescribeIdentityStore")
    with filled.write() as tx:
        answers["ListIdentityStores"] = op("ListIdentityStores").run(tx)
    ask("DeleteGroup", group_id=group_id)
    ask("DeleteUser", user_id=user_id)
    assert answers.keys() == set(NAMES)
    for name, answer in answers.items():
        assert differences(answer, MODEL.operation_model(name).output_shape, name) == []


def test_only_operations_of_the_model_are_on_the_wire() -> None:
    assert set(NAMES) <= set(MODEL.operation_names)
    assert len(NAMES) == len(set(NAMES)) == 22
