"""The shipped models: complete, trimmed, true to the botocore they were taken from."""

import importlib.util
import json
import sys
from pathlib import Path

import botocore
import pytest
from botocore import xform_name

from genkan.protocols.aws.model import SERVICES, load
from genkan.protocols.aws.names import lower_camel, snake_case

ROOT = Path(__file__).resolve().parents[3]
MODELS = ROOT / "genkan" / "protocols" / "aws" / "models"


@pytest.fixture(scope="module")
def refresh():
    spec = importlib.util.spec_from_file_location(
        "refresh_models", ROOT / "scripts" / "refresh_models.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("service", "operations", "signing_name", "protocol"),
    [
        ("sso-admin", 79, "sso", "json"),
        ("identitystore", 22, "identitystore", "json"),
        ("sso", 4, "awsssoportal", "rest-json"),
        ("sso-oidc", 4, "sso-oauth", "rest-json"),
        ("sts", 11, "sts", "query"),
        ("iam", 180, "iam", "query"),
        ("organizations", 63, "organizations", "json"),
        ("cloudtrail", 60, "cloudtrail", "json"),
    ],
)
def test_model_has_its_operations_and_signing_name(service, operations, signing_name, protocol):
    model = load(service)
    assert len(model.operation_names) == operations
    assert (model.signing_name, model.protocol) == (signing_name, protocol)


def test_unknown_service_has_no_model():
    with pytest.raises(KeyError):
        load("../../../etc/passwd")


def test_operation_is_one_object_and_an_unknown_one_none():
    model = load("sts")
    assert model.operation("GetCallerIdentity") is model.operation("GetCallerIdentity")
    assert model.operation("getCallerIdentity") is None


def test_unsigned_operations_are_those_of_the_reference():
    unsigned = {
        f"{service}.{name}"
        for service in SERVICES
        for name in load(service).operation_names
        if load(service).operation(name).unsigned
    }
    assert unsigned == {
        "sso.GetRoleCredentials",
        "sso.ListAccountRoles",
        "sso.ListAccounts",
        "sso.Logout",
        "sso-oidc.CreateToken",
        "sso-oidc.RegisterClient",
        "sso-oidc.StartDeviceAuthorization",
        "sts.AssumeRoleWithSAML",
        "sts.AssumeRoleWithWebIdentity",
    }


def test_error_shape_is_found_by_name_and_by_code():
    model = load("iam")
    assert model.error_shape("NoSuchEntity") is model.error_shape("NoSuchEntityException")
    assert model.error_shape("NoSuchEntity").error.http_status_code == 404
    assert model.error_shape("Role") is None


@pytest.mark.parametrize("service", SERVICES)
def test_every_member_is_spelled_as_botocore_spells_it(service):
    for shape in load(service).shapes.values():
        for member in shape.members:
            assert snake_case(member) == xform_name(member)


def test_messages_only_lower_the_first_letter():
    assert lower_camel("InstanceArn") == "instanceArn"
    assert lower_camel("SAMLAssertion") == "sAMLAssertion"


@pytest.mark.parametrize("service", SERVICES)
def test_shipped_model_names_its_source_and_carries_no_prose(service):
    text = (MODELS / f"{service}.json").read_text("utf-8")
    source = json.loads(text)["source"]
    assert source["package"] == "botocore"
    assert source["licence"] == "Apache-2.0"
    assert '"documentation":' not in text
    assert "<p>" not in text


@pytest.mark.parametrize("service", SERVICES)
def test_shipped_model_is_what_the_refresh_writes(refresh, service):
    if load(service).version != botocore.__version__:
        pytest.skip(f"models are of botocore {load(service).version}")
    written = refresh.rendered(refresh.trimmed_model(service))
    assert (MODELS / f"{service}.json").read_text("utf-8") == written


def test_refresh_stops_at_a_trait_it_does_not_know(refresh):
    with pytest.raises(SystemExit, match="hostLabel"):
        refresh.trimmed_shape("S", {"type": "string", "hostLabel": True, "documentation": "d"})


def test_refresh_tells_which_operations_came_and_went(refresh):
    before = {"operations": {"A": {}, "B": {}}, "shapes": {}}
    after = {"operations": {"B": {"x": 1}, "C": {}}, "shapes": {}}
    assert refresh.difference("sts", before, after) == [
        "sts: + operation C",
        "sts: - operation A",
        "sts: ~ operation B",
    ]
