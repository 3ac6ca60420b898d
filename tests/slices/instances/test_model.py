"""Parameters and answers are those of AWS's model of `sso-admin`."""

from typing import Any

import pytest

from genkan.instances import operations as instances
from tests.slices.identity_store.model import differences, parameters_not_taken, service
from tests.slices.instances.support import ARN, MEMBER, call_of, op, settle, signer
from tests.support.store import MANAGEMENT, Store

MODEL = service("sso-admin")
CONFIGURATION = {
    "access_control_attributes": [{"key": "a", "value": {"source": ["${path:title}"]}}]
}
#: In an order in which each succeeds.
ASKED: dict[str, dict[str, Any]] = {
    "ListInstances": {"region_scope": "ALL_REGIONS"},
    "DescribeInstance": {"instance_arn": ARN},
    "CreateInstance": {"name": "own", "tags": [{"key": "a", "value": "b"}], "client_token": "c"},
    "UpdateInstance": {
        "instance_arn": ARN,
        "name": "new",
        "encryption_configuration": {"key_type": "AWS_OWNED_KMS_KEY"},
        "permission_sets_enabled": True,
        "network_configuration": {"vpce_access_required": False},
    },
    "AddRegion": {"instance_arn": ARN, "region_name": "us-west-2"},
    "DescribeRegion": {"instance_arn": ARN, "region_name": "us-west-2"},
    "ListRegions": {"instance_arn": ARN},
    "RemoveRegion": {"instance_arn": ARN, "region_name": "us-west-2"},
    "CreateInstanceAccessControlAttributeConfiguration": {
        "instance_arn": ARN,
        "instance_access_control_attribute_configuration": CONFIGURATION,
    },
    "UpdateInstanceAccessControlAttributeConfiguration": {
        "instance_arn": ARN,
        "instance_access_control_attribute_configuration": CONFIGURATION,
    },
    "DescribeInstanceAccessControlAttributeConfiguration": {"instance_arn": ARN},
    "DeleteInstanceAccessControlAttributeConfiguration": {"instance_arn": ARN},
    "DeleteInstance": {},
}


def test_every_operation_is_held_against_the_model() -> None:
    assert ASKED.keys() == {operation.name for operation in instances.OPERATIONS}


@pytest.mark.parametrize("name", ASKED)
def test_every_parameter_of_the_model_is_taken(name: str) -> None:
    assert parameters_not_taken(op(name), MODEL.operation_model(name)) == set()


def test_every_answer_is_in_the_form_of_the_model(enabled: Store) -> None:
    own: dict[str, str] = {}
    for name, params in ASKED.items():
        account_id = MEMBER if name in ("CreateInstance", "DeleteInstance") else MANAGEMENT
        given = own if name == "DeleteInstance" else params
        with enabled.write(signer(account_id)) as tx:
            tx.call = call_of(op(name), given, signer(account_id))
            answer = op(name).run(tx, **given)
            settle(tx)
        if name == "CreateInstance":
            own = dict(answer)
        assert differences(answer, MODEL.operation_model(name).output_shape, name) == []
