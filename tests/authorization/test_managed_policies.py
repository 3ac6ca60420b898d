"""AWS's managed policies, as shipped: complete, well-formed, and meaning what they say."""

from __future__ import annotations

import pytest

from genkan.authorization import PolicyKind, PolicySet, PolicySource, parse
from genkan.authorization.cache import shared_cache
from genkan.authorization.managed import ManagedPolicy, all_policies, lookup
from scripts.refresh_managed_policies import difference, installed_policies, shipped_policies
from tests.authorization.build import PERMISSION_SET, ask

PREDEFINED = [
    "AdministratorAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecurityAudit",
    "job-function/Billing",
    "job-function/DataScientist",
    "job-function/DatabaseAdministrator",
    "job-function/NetworkAdministrator",
    "job-function/SupportUser",
    "job-function/SystemAdministrator",
    "job-function/ViewOnlyAccess",
]


def managed(name: str) -> ManagedPolicy:
    found = lookup(f"arn:aws:iam::aws:policy/{name}")
    assert found is not None
    return found


def allowed(name: str, action: str) -> bool:
    source = PolicySource(name, managed(name).document())
    return ask(action, PolicySet(identity=(source,)), PERMISSION_SET).allowed


@pytest.mark.parametrize("name", PREDEFINED)
def test_policy_of_a_predefined_permission_set_is_there(name: str) -> None:
    policy = managed(name)
    assert policy.arn == f"arn:aws:iam::aws:policy{policy.path}{policy.name}"
    assert policy.default_version_id.startswith("v")
    assert policy.document().statements


@pytest.mark.parametrize(
    "action",
    [
        "sso:ListInstances",
        "sso:DescribeInstance",
        "sso:GetInlinePolicyForPermissionSet",
        "identitystore:ListUsers",
        "iam:GetRole",
        "ec2:DescribeInstances",
    ],
)
def test_read_only_access_reads(action: str) -> None:
    assert allowed("ReadOnlyAccess", action)


@pytest.mark.parametrize(
    "action",
    [
        "sso:CreatePermissionSet",
        "sso:DeleteInstance",
        "sso:PutInlinePolicyToPermissionSet",
        "identitystore:CreateUser",
        "iam:CreateRole",
        "sts:AssumeRole",
        "made-up:Listing",
    ],
)
def test_read_only_access_does_not_write(action: str) -> None:
    assert not allowed("ReadOnlyAccess", action)


@pytest.mark.parametrize("action", ["sso:CreatePermissionSet", "iam:CreateRole", "made-up:Thing"])
def test_administrator_access_does_everything(action: str) -> None:
    assert allowed("AdministratorAccess", action)


def test_power_user_access_leaves_out_iam() -> None:
    assert allowed("PowerUserAccess", "ec2:RunInstances")
    assert not allowed("PowerUserAccess", "iam:CreateRole")
    assert not allowed("PowerUserAccess", "organizations:CreateAccount")


def test_every_shipped_policy_parses_strictly_and_survives_serialization() -> None:
    count = 0
    for policy in all_policies():
        document = parse(policy.text())
        assert parse(document.to_json()) == document, policy.arn
        count += 1
    assert count > 1500


def test_the_index_is_sorted_and_every_policy_is_found_by_its_arn() -> None:
    listed = [policy.arn for policy in all_policies()]
    assert listed == sorted(set(listed))
    for arn in listed[::100]:
        assert lookup(arn) == next(policy for policy in all_policies() if policy.arn == arn)


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "ReadOnlyAccess",
        "arn:aws:iam::aws:policy/",
        "arn:aws:iam::aws:policy/readonlyaccess",
        "arn:aws:iam::aws:policy/ReadOnlyAcces",
        "arn:aws:iam::aws:policy/ReadOnlyAccess ",
        "arn:aws:iam::aws:policy/ReadOnlyAccess\tv190",
        "arn:aws:iam::111111111111:policy/ReadOnlyAccess",
        "arn:aws:iam::aws:policy/job-function/ReadOnlyAccess",
        "arn:aws:iam::aws:policy/" + "x" * 10_000,
        "arn:aws:iam::aws:policy/日本語",
    ],
)
def test_an_arn_that_aws_does_not_have_is_not_found(arn: str) -> None:
    assert lookup(arn) is None


def test_a_compiled_document_is_kept_by_kind() -> None:
    shared_cache().clear()
    policy = managed("AdministratorAccess")
    assert policy.document() is policy.document()
    boundary = policy.document(PolicyKind.BOUNDARY)
    assert boundary.kind is PolicyKind.BOUNDARY
    assert boundary is not policy.document()


def test_the_shipped_data_is_that_of_the_installed_source() -> None:
    _, installed = installed_policies()
    assert difference(shipped_policies(), installed) == []
