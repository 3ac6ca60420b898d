"""organizations by boto3: the tree of the sample organization (reference §10)."""

from typing import Any

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.world import World


@pytest.fixture(scope="module")
def world(furnished: World) -> World:
    """Only read here."""
    return furnished


@pytest.fixture(scope="module")
def organizations(world: World) -> Any:
    return world.admin.organizations


@pytest.fixture(scope="module")
def root(organizations: Any) -> str:
    (found,) = organizations.list_roots()["Roots"]
    assert found["Name"] == "Root"
    root_id: str = found["Id"]
    return root_id


def test_the_organization_is_described_with_all_features(
    world: World, organizations: Any, root: str
) -> None:
    found = organizations.describe_organization()["Organization"]
    organization_id = found["Id"]
    assert organization_id.startswith("o-")
    prefix = f"arn:aws:organizations::{world.management}"
    assert found["Arn"] == f"{prefix}:organization/{organization_id}"
    assert found["FeatureSet"] == "ALL"
    assert found["MasterAccountId"] == world.management
    assert found["MasterAccountArn"] == f"{prefix}:account/{organization_id}/{world.management}"
    assert found["MasterAccountEmail"] == "aws+sakura-management@sakura.example"
    (described,) = organizations.list_roots()["Roots"]
    assert described["Arn"] == f"{prefix}:root/{organization_id}/{root}"


def test_members_read_the_organization_they_are_in(world: World, organizations: Any) -> None:
    keys = world.member_administrator()
    seen = world.server.client("organizations", keys).describe_organization()["Organization"]
    assert seen == organizations.describe_organization()["Organization"]


def test_every_account_is_listed_and_described(world: World, organizations: Any) -> None:
    listed = organizations.list_accounts()["Accounts"]
    by_id = {account["Id"]: account for account in listed}
    assert by_id.keys() == {entry["id"] for entry in world.server.facts["accounts"]}
    for entry in world.server.facts["accounts"]:
        account = by_id[entry["id"]]
        assert account["Name"] == entry["name"]
        assert account["Email"] == f"aws+{entry['alias']}@sakura.example"
        assert account["Status"] == "ACTIVE"
        assert account["Arn"].endswith(f"/{entry['id']}")
        joined = "INVITED" if entry["id"] == world.management else "CREATED"
        assert account["JoinedMethod"] == joined
        assert organizations.describe_account(AccountId=entry["id"])["Account"] == account


def test_the_tree_is_walked_from_the_root_to_every_account(
    world: World, organizations: Any, root: str
) -> None:
    found: dict[str, str] = {}

    def walk(parent: str, name: str) -> None:
        for account in organizations.list_accounts_for_parent(ParentId=parent)["Accounts"]:
            found[account["Name"]] = name
            (above,) = organizations.list_parents(ChildId=account["Id"])["Parents"]
            assert above["Id"] == parent
        units = organizations.list_organizational_units_for_parent(ParentId=parent)
        for unit in units["OrganizationalUnits"]:
            described = organizations.describe_organizational_unit(OrganizationalUnitId=unit["Id"])
            assert described["OrganizationalUnit"] == unit
            (above,) = organizations.list_parents(ChildId=unit["Id"])["Parents"]
            kind = "ROOT" if parent == root else "ORGANIZATIONAL_UNIT"
            assert above == {"Id": parent, "Type": kind}
            walk(unit["Id"], unit["Name"])

    walk(root, "")
    assert found == {
        "Sakura Holdings": "",
        "Web Production": "Production",
        "Data Production": "Production",
        "Web Development": "Development",
        "Data Development": "Development",
        "Log Archive": "Security",
        "Security Tooling": "Security",
        "Playground": "Sandbox",
    }
    children = organizations.list_children(ParentId=root, ChildType="ACCOUNT")["Children"]
    assert children == [{"Id": world.management, "Type": "ACCOUNT"}]
    units = organizations.list_children(ParentId=root, ChildType="ORGANIZATIONAL_UNIT")["Children"]
    assert len(units) == 3


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        (
            "describe_account",
            {"AccountId": "000000000000"},
            "AccountNotFoundException",
            "You specified an account that doesn't exist.",
        ),
        (
            "describe_organizational_unit",
            {"OrganizationalUnitId": "ou-abcd-12345678"},
            "OrganizationalUnitNotFoundException",
            "You specified an organizational unit that doesn't exist.",
        ),
        (
            "list_parents",
            {"ChildId": "000000000000"},
            "ChildNotFoundException",
            "You specified a child that doesn't exist.",
        ),
        ("list_parents", {"ChildId": "ou-abcd-12345678"}, "ChildNotFoundException", None),
        ("list_accounts_for_parent", {"ParentId": "r-zzzz"}, "ParentNotFoundException", None),
        (
            "list_organizational_units_for_parent",
            {"ParentId": "ou-abcd-12345678"},
            "ParentNotFoundException",
            None,
        ),
        (
            "list_children",
            {"ParentId": "ou-abcd-12345678", "ChildType": "ACCOUNT"},
            "ParentNotFoundException",
            None,
        ),
    ],
)
def test_what_is_not_in_the_tree_is_not_found(
    organizations: Any, operation: str, params: dict[str, str], code: str, message: str | None
) -> None:
    refused(getattr(organizations, operation), code, message, members={}, **params)


@pytest.mark.parametrize(
    ("operation", "params", "reason"),
    [
        ("describe_account", {}, "INPUT_REQUIRED"),
        ("describe_account", {"AccountId": "12"}, "INVALID_PATTERN"),
        ("list_accounts", {"MaxResults": 0}, "MIN_VALUE_EXCEEDED"),
        ("list_accounts", {"MaxResults": 21}, "MAX_VALUE_EXCEEDED"),
        ("list_accounts", {"NextToken": "x"}, "INVALID_NEXT_TOKEN"),
        ("list_children", {"ParentId": "r-abcd", "ChildType": "CHAIR"}, "INVALID_ENUM"),
    ],
)
def test_invalid_input_says_why(
    organizations: Any, operation: str, params: dict[str, Any], reason: str
) -> None:
    message = refused(
        getattr(organizations, operation),
        "InvalidInputException",
        members={"Reason": reason},
        **params,
    )
    if reason == "INVALID_PATTERN":
        assert message == "You provided a value that does not match the required pattern."
    if reason == "INVALID_NEXT_TOKEN":
        assert message == "You provided an invalid value for NextToken."
