"""Parameters and answers are those of AWS's model of `organizations`."""

import re
from typing import Any

import pytest

from genkan.organization import operations as organization
from genkan.organization import policy_store
from genkan.organization.records import ControlPolicy
from tests.slices.identity_store.model import differences, parameters_not_taken, service
from tests.slices.organization.support import INNER, OUTER, PRODUCTION, ROOT, SECURITY, op, run
from tests.support.store import Store

MODEL = service("organizations")
SSM = {"service_principal": "ssm.amazonaws.com"}
SCP = "SERVICE_CONTROL_POLICY"
FULL = "p-FullAWSAccess"
DENY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'
ASKED: dict[str, dict[str, Any]] = {
    "DescribeOrganization": {},
    "ListAccounts": {"max_results": 1},
    "DescribeAccount": {"account_id": PRODUCTION},
    "ListRoots": {},
    "ListOrganizationalUnitsForParent": {"parent_id": ROOT},
    "ListAccountsForParent": {"parent_id": OUTER},
    "ListChildren": {"parent_id": ROOT, "child_type": "ACCOUNT"},
    "ListParents": {"child_id": INNER},
    "DescribeOrganizationalUnit": {"organizational_unit_id": OUTER},
    "EnableAWSServiceAccess": {"service_principal": "config.amazonaws.com"},
    "DisableAWSServiceAccess": {"service_principal": "config.amazonaws.com"},
    "ListAWSServiceAccessForOrganization": {},
    "RegisterDelegatedAdministrator": {"account_id": PRODUCTION, **SSM},
    "DeregisterDelegatedAdministrator": {"account_id": SECURITY, **SSM},
    "ListDelegatedAdministrators": {},
    "ListDelegatedServicesForAccount": {"account_id": SECURITY},
    "CreatePolicy": {"name": "New", "description": "", "content": DENY, "type": SCP},
    "DescribePolicy": {"policy_id": FULL},
    "UpdatePolicy": {"policy_id": "p-0123456789", "description": "more"},
    "ListPolicies": {"filter": SCP},
    "ListPoliciesForTarget": {"filter": SCP, "target_id": ROOT},
    "ListTargetsForPolicy": {"policy_id": FULL},
    "AttachPolicy": {"policy_id": "p-0123456789", "target_id": ROOT},
    "DetachPolicy": {"policy_id": "p-0123456789", "target_id": PRODUCTION},
    "DeletePolicy": {"policy_id": "p-1123456789"},
    "DisablePolicyType": {"root_id": ROOT, "policy_type": SCP},
    "EnablePolicyType": {"root_id": ROOT, "policy_type": SCP},
    "TagResource": {"resource_id": ROOT, "tags": [{"key": "team", "value": "a"}]},
    "UntagResource": {"resource_id": PRODUCTION, "tag_keys": ["team"]},
    "ListTagsForResource": {"resource_id": "p-0123456789"},
}


def test_every_operation_is_held_against_the_model() -> None:
    assert ASKED.keys() == {operation.name for operation in organization.OPERATIONS}


@pytest.mark.parametrize("name", ASKED)
def test_every_parameter_of_the_model_is_taken(name: str) -> None:
    assert parameters_not_taken(op(name), MODEL.operation_model(name)) == set()


@pytest.mark.parametrize("name", ASKED)
def test_every_answer_is_in_the_form_of_the_model(organized: Store, name: str) -> None:
    with organized.write() as tx:
        run(tx, "EnableAWSServiceAccess", **SSM)
        run(tx, "RegisterDelegatedAdministrator", account_id=SECURITY, **SSM)
        if name != "EnablePolicyType":
            run(tx, "EnablePolicyType", root_id=ROOT, policy_type=SCP)
        for policy_id in ("p-0123456789", "p-1123456789"):
            policy = ControlPolicy(
                policy_id=policy_id, name=policy_id, description="", content=DENY
            )
            policy_store.insert(tx, policy, {"team": "a"})
        if name != "EnablePolicyType":
            run(tx, "AttachPolicy", policy_id="p-0123456789", target_id=PRODUCTION)
        answer = run(tx, name, **ASKED[name])
    assert differences(answer, MODEL.operation_model(name).output_shape, name) == []


def test_ids_arns_and_paths_match_the_models_patterns(organized: Store) -> None:
    with organized.write() as tx:
        account = run(tx, "DescribeAccount", account_id=PRODUCTION)["account"]
        whole = run(tx, "DescribeOrganization")["organization"]
        unit = run(tx, "DescribeOrganizationalUnit", organizational_unit_id=INNER)
        root = run(tx, "ListRoots")["roots"][0]
    for value, shape in (
        (account["arn"], "AccountArn"),
        (account["paths"][0], "Path"),
        (account["email"], "Email"),
        (whole["id"], "OrganizationId"),
        (whole["arn"], "OrganizationArn"),
        (unit["organizational_unit"]["arn"], "OrganizationalUnitArn"),
        (unit["organizational_unit"]["path"], "Path"),
        (root["id"], "RootId"),
        (root["arn"], "RootArn"),
    ):
        pattern = MODEL.shape_for(shape).metadata["pattern"]
        assert re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value), shape
