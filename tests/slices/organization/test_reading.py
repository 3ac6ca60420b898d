"""AWS Organizations' reads (reference §10)."""

from typing import Any

import pytest

from genkan.core.errors import Invalid, NotFound
from genkan.organization import operations as organization
from tests.slices.organization.support import (
    INNER,
    LOOSE,
    ORGANIZATION,
    OUTER,
    PRODUCTION,
    ROOT,
    SECURITY,
    an_account,
    run,
)
from tests.support.store import MANAGEMENT, Store

ARN = f"arn:aws:organizations::{MANAGEMENT}"
PATH = f"{ORGANIZATION}/{ROOT}/"


def test_describe_organization_names_its_management_account(organized: Store) -> None:
    with organized.write() as tx:
        assert run(tx, "DescribeOrganization") == {
            "organization": {
                "id": ORGANIZATION,
                "arn": f"{ARN}:organization/{ORGANIZATION}",
                "feature_set": "ALL",
                "master_account_arn": f"{ARN}:account/{ORGANIZATION}/{MANAGEMENT}",
                "master_account_id": MANAGEMENT,
                "master_account_email": "root@example.org",
                "available_policy_types": (),
            }
        }
        assert organization.management_account_id(tx) == MANAGEMENT


def test_describe_account_tells_where_and_how_it_joined(organized: Store) -> None:
    with organized.write() as tx:
        assert run(tx, "DescribeAccount", account_id=PRODUCTION) == {
            "account": {
                "id": PRODUCTION,
                "arn": f"{ARN}:account/{ORGANIZATION}/{PRODUCTION}",
                "email": "production@example.org",
                "name": "production",
                "status": "ACTIVE",
                "state": "ACTIVE",
                "paths": (f"{PATH}{OUTER}/{INNER}/{PRODUCTION}/",),
                "joined_method": "CREATED",
                "joined_timestamp": organized.clock.now,
            }
        }
        manager = run(tx, "DescribeAccount", account_id=MANAGEMENT)["account"]
    assert manager["joined_method"] == "INVITED"
    assert manager["paths"] == (f"{PATH}{MANAGEMENT}/",)


def test_list_accounts_holds_every_account_in_the_order_of_ids(organized: Store) -> None:
    with organized.write() as tx:
        answer = run(tx, "ListAccounts")
    assert [account["id"] for account in answer["accounts"]] == [
        MANAGEMENT,
        PRODUCTION,
        SECURITY,
        LOOSE,
    ]
    assert answer["next_token"] is None


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_pages_of_accounts_stay_whole_while_accounts_are_added(organized: Store, size: int) -> None:
    seen: list[str] = []
    with organized.write() as tx:
        params: dict[str, Any] = {}
        added = 0
        while True:
            answer = run(tx, "ListAccounts", max_results=size, **params)
            seen += [account["id"] for account in answer["accounts"]]
            if answer["next_token"] is None:
                break
            params = {"next_token": answer["next_token"]}
            an_account(tx, f"10000000000{added}", f"early{added}", environment="sandbox")
            added += 1
    assert seen == [MANAGEMENT, PRODUCTION, SECURITY, LOOSE]


def test_a_page_without_a_size_holds_twenty(organized: Store) -> None:
    with organized.write() as tx:
        for number in range(17):
            an_account(tx, f"5000000000{number:02}", f"more{number}", environment="sandbox")
        answer = run(tx, "ListAccounts")
        assert len(answer["accounts"]) == 20
        rest = run(tx, "ListAccounts", next_token=answer["next_token"])
    assert len(rest["accounts"]) == 1


def test_list_roots_holds_the_one_root(organized: Store) -> None:
    with organized.write() as tx:
        assert run(tx, "ListRoots") == {
            "roots": [
                {
                    "id": ROOT,
                    "arn": f"{ARN}:root/{ORGANIZATION}/{ROOT}",
                    "name": "Root",
                    "policy_types": (),
                }
            ],
            "next_token": None,
        }


def test_units_are_listed_under_their_parent_only(organized: Store) -> None:
    with organized.write() as tx:
        below_root, below_outer, below_inner = (
            run(tx, "ListOrganizationalUnitsForParent", parent_id=parent)["organizational_units"]
            for parent in (ROOT, OUTER, INNER)
        )
    assert below_root == [
        {
            "id": OUTER,
            "arn": f"{ARN}:ou/{ORGANIZATION}/{OUTER}",
            "name": "Workloads",
            "path": f"{PATH}{OUTER}/",
        }
    ]
    assert [unit["path"] for unit in below_outer] == [f"{PATH}{OUTER}/{INNER}/"]
    assert below_inner == []


def test_describe_organizational_unit(organized: Store) -> None:
    with organized.write() as tx:
        described = run(tx, "DescribeOrganizationalUnit", organizational_unit_id=INNER)
    assert described["organizational_unit"]["name"] == "Production"


@pytest.mark.parametrize(
    ("parent", "accounts"),
    [(ROOT, [MANAGEMENT, LOOSE]), (OUTER, [SECURITY]), (INNER, [PRODUCTION])],
)
def test_accounts_are_listed_under_their_parent_only(
    organized: Store, parent: str, accounts: list[str]
) -> None:
    with organized.write() as tx:
        listed = run(tx, "ListAccountsForParent", parent_id=parent)["accounts"]
        children = run(tx, "ListChildren", parent_id=parent, child_type="ACCOUNT")["children"]
    assert [account["id"] for account in listed] == accounts
    assert children == [{"id": account_id, "type": "ACCOUNT"} for account_id in accounts]


def test_units_are_children_too(organized: Store) -> None:
    with organized.write() as tx:
        answer = run(tx, "ListChildren", parent_id=ROOT, child_type="ORGANIZATIONAL_UNIT")
    assert answer["children"] == [{"id": OUTER, "type": "ORGANIZATIONAL_UNIT"}]


@pytest.mark.parametrize(
    ("child", "parent", "kind"),
    [
        (MANAGEMENT, ROOT, "ROOT"),
        (PRODUCTION, INNER, "ORGANIZATIONAL_UNIT"),
        (INNER, OUTER, "ORGANIZATIONAL_UNIT"),
        (OUTER, ROOT, "ROOT"),
    ],
)
def test_list_parents_holds_the_one_parent(
    organized: Store, child: str, parent: str, kind: str
) -> None:
    with organized.write() as tx:
        answer = run(tx, "ListParents", child_id=child)
    assert answer == {"parents": [{"id": parent, "type": kind}], "next_token": None}


@pytest.mark.parametrize(
    ("name", "params", "code", "message"),
    [
        (
            "DescribeAccount",
            {"account_id": "999999999999"},
            "AccountNotFoundException",
            "You specified an account that doesn't exist.",
        ),
        (
            "DescribeOrganizationalUnit",
            {"organizational_unit_id": "ou-abcd-none0000"},
            "OrganizationalUnitNotFoundException",
            "You specified an organizational unit that doesn't exist.",
        ),
        (
            "ListParents",
            {"child_id": "999999999999"},
            "ChildNotFoundException",
            "You specified a child that doesn't exist.",
        ),
        (
            "ListParents",
            {"child_id": "ou-abcd-none0000"},
            "ChildNotFoundException",
            "You specified a child that doesn't exist.",
        ),
        *(
            (
                name,
                {"parent_id": parent, **more},
                "ParentNotFoundException",
                "You specified parent that doesn't exist.",
            )
            for parent in ("r-none", "ou-abcd-none0000")
            for name, more in (
                ("ListOrganizationalUnitsForParent", {}),
                ("ListAccountsForParent", {}),
                ("ListChildren", {"child_type": "ACCOUNT"}),
                ("ListChildren", {"child_type": "ORGANIZATIONAL_UNIT"}),
            )
        ),
    ],
)
def test_what_does_not_exist_is_refused_in_its_own_name(
    organized: Store, name: str, params: dict[str, str], code: str, message: str
) -> None:
    with organized.write() as tx, pytest.raises(NotFound) as refused:
        run(tx, name, **params)
    assert refused.value.code == code
    assert refused.value.message == message


def test_a_token_is_bound_to_its_operation_and_parent(organized: Store) -> None:
    with organized.write() as tx:
        token = run(tx, "ListAccountsForParent", parent_id=ROOT, max_results=1)["next_token"]
        rest = run(tx, "ListAccountsForParent", parent_id=ROOT, next_token=token)
        assert [account["id"] for account in rest["accounts"]] == [LOOSE]
        for name, params in (
            ("ListAccounts", {}),
            ("ListRoots", {}),
            ("ListParents", {"child_id": LOOSE}),
            ("ListAccountsForParent", {"parent_id": OUTER}),
            ("ListChildren", {"parent_id": ROOT, "child_type": "ACCOUNT"}),
            ("ListOrganizationalUnitsForParent", {"parent_id": ROOT}),
        ):
            with pytest.raises(Invalid) as refused:
                run(tx, name, next_token=token, **params)
            assert refused.value.code == "InvalidInputException"
            assert refused.value.members == {"reason": "INVALID_NEXT_TOKEN"}


def test_slices_find_accounts_one_by_one_and_together(organized: Store) -> None:
    with organized.write() as tx:
        found = organization.find_account(tx, PRODUCTION)
        assert found is not None
        assert (found.name, found.alias, found.environment, found.colour, found.email) == (
            "production",
            "example-production",
            "production",
            "red",
            "production@example.org",
        )
        assert organization.find_account(tx, "999999999999") is None
        asked = [PRODUCTION, SECURITY, PRODUCTION, "999999999999"]
        together = organization.accounts_by_id(tx, asked)
        assert together.keys() == {PRODUCTION, SECURITY}
        assert together[PRODUCTION] == found
        assert organization.accounts_by_id(tx, []) == {}


def test_more_accounts_than_one_statement_takes_are_found(organized: Store) -> None:
    with organized.write() as tx:
        for number in range(510):
            an_account(tx, f"{600000000000 + number}", f"many{number}", environment="sandbox")
        wanted = [f"{600000000000 + number}" for number in range(510)]
        assert organization.accounts_by_id(tx, wanted).keys() == set(wanted)
