"""Parameters and answers are those of AWS's model of `sso-admin`."""

import pytest

from genkan.instances import operations as instances
from tests.slices.identity_store.model import differences, parameters_not_taken, service
from tests.slices.instances.support import ARN, REGION, op
from tests.support.store import Store

MODEL = service("sso-admin")
ASKED = {
    "ListInstances": {"region_scope": "ALL_REGIONS"},
    "DescribeInstance": {"instance_arn": ARN},
}


def test_every_operation_is_held_against_the_model() -> None:
    assert ASKED.keys() == {operation.name for operation in instances.OPERATIONS}


@pytest.mark.parametrize("name", ASKED)
def test_every_parameter_of_the_model_is_taken(name: str) -> None:
    assert parameters_not_taken(op(name), MODEL.operation_model(name)) == set()


@pytest.mark.parametrize("name", ASKED)
def test_every_answer_is_in_the_form_of_the_model(enabled: Store, name: str) -> None:
    with enabled.write() as tx:
        answer = op(name).run(tx, **ASKED[name])
    assert differences(answer, MODEL.operation_model(name).output_shape, name) == []
    assert REGION in str(answer)
