"""Making the organization, its units and accounts."""

import re
from typing import Any

import pytest

from genkan.core.errors import Conflict, Invalid, NotFound
from genkan.organization import operations as organization
from tests.slices.organization.support import (
    INNER,
    OUTER,
    PRODUCTION,
    ROOT,
    an_account,
    an_organization,
    run,
)
from tests.support.store import MANAGEMENT, Store


def test_ids_are_in_awss_forms(store: Store) -> None:
    with store.write() as tx:
        made = organization.create_organization(
            tx, account_id=MANAGEMENT, name="Management", email="root@example.org"
        )
        unit = organization.create_organizational_unit(tx, parent_id=made.root_id, name="A")
    assert re.fullmatch(r"o-[a-z0-9]{10,32}", made.organization_id)
    assert re.fullmatch(r"r-[0-9a-z]{4,32}", made.root_id)
    assert re.fullmatch(rf"ou-{made.root_id[2:]}-[a-z0-9]{{8,32}}", unit.unit_id)


def test_there_is_only_one_organization(organized: Store) -> None:
    with organized.write() as tx, pytest.raises(Conflict) as refused:
        an_organization(tx)
    assert refused.value.code == "AlreadyInOrganizationException"


def test_two_units_of_one_parent_cannot_share_a_name(organized: Store) -> None:
    with organized.write() as tx:
        organization.create_organizational_unit(tx, parent_id=OUTER, name="Workloads")
        with pytest.raises(Conflict) as refused:
            organization.create_organizational_unit(tx, parent_id=OUTER, name="Workloads")
    assert refused.value.code == "DuplicateOrganizationalUnitException"


def test_units_are_at_most_five_deep(organized: Store) -> None:
    with organized.write() as tx:
        parent = INNER
        for depth in (3, 4, 5):
            unit = organization.create_organizational_unit(tx, parent_id=parent, name="deeper")
            assert unit.depth == depth
            parent = unit.unit_id
        with pytest.raises(Conflict) as refused:
            organization.create_organizational_unit(tx, parent_id=parent, name="too deep")
    assert refused.value.members == {"reason": "OU_DEPTH_LIMIT_EXCEEDED"}


def test_an_unknown_parent_takes_neither_unit_nor_account(organized: Store) -> None:
    with organized.write() as tx:
        with pytest.raises(NotFound):
            organization.create_organizational_unit(tx, parent_id="ou-abcd-none0000", name="A")
        with pytest.raises(NotFound):
            an_account(tx, "555555555555", "lost", "ou-abcd-none0000", environment="sandbox")


def test_nothing_stands_outside_an_organization(store: Store) -> None:
    with store.write() as tx:
        with pytest.raises(NotFound) as refused:
            an_account(tx, "555555555555", "lost", environment="sandbox")
        with pytest.raises(NotFound):
            organization.create_organizational_unit(tx, parent_id=ROOT, name="A")
        with pytest.raises(NotFound):
            run(tx, "DescribeOrganization")
    assert refused.value.code == "AWSOrganizationsNotInUseException"


@pytest.mark.parametrize(
    ("account_id", "more"),
    [
        (PRODUCTION, {}),
        ("555555555555", {"email": "PRODUCTION@example.org"}),
        ("555555555555", {"alias": "example-production"}),
    ],
)
def test_id_e_mail_and_alias_of_an_account_are_unique(
    organized: Store, account_id: str, more: dict[str, str]
) -> None:
    with organized.write() as tx, pytest.raises(Conflict):
        an_account(tx, account_id, "other", environment="sandbox", **more)


def test_accounts_without_an_alias_do_not_conflict(organized: Store) -> None:
    with organized.write() as tx:
        for number in range(2):
            made = an_account(
                tx, f"55555555555{number}", f"x{number}", alias="", environment="sandbox"
            )
            assert made.alias == ""
            assert organization.find_account(tx, made.account_id) == made


def test_colours_are_awss_words(organized: Store) -> None:
    words = ("none", "pink", "purple", "darkBlue", "lightBlue", "teal", "green", "yellow", "red")
    with organized.write() as tx:
        for number, word in enumerate(words):
            made = an_account(
                tx, f"55555555555{number}", f"c{number}", colour=word, environment="sandbox"
            )
            assert made.colour == word


def test_an_account_may_have_no_environment(organized: Store) -> None:
    with organized.write() as tx:
        assert an_account(tx, "555555555555", "c", environment="").environment == ""


@pytest.mark.parametrize(
    "more",
    [
        {"account_id": "12345678901"},
        {"account_id": "1234567890123"},
        {"account_id": "12345678901x"},
        {"account_id": "１２３４５６７８９０１２"},
        {"name": ""},
        {"name": "x" * 129},
        {"name": "line\nbreak"},
        {"email": "nobody"},
        {"email": "a@b"},
        {"email": "a b@example.org"},
        {"email": f"{'a' * 60}@example.org"},
        {"alias": "ab"},
        {"alias": "Upper"},
        {"alias": "-edge"},
        {"alias": "two--hyphens"},
        {"alias": "x" * 64},
        {"environment": "Production"},
        {"colour": "#ff0000"},
        {"colour": "red; background: url(x)"},
        {"colour": "Red"},
        {"colour": ""},
    ],
)
def test_a_bad_word_about_an_account_is_invalid(organized: Store, more: dict[str, Any]) -> None:
    params = {
        "account_id": "555555555555",
        "name": "other",
        "environment": "sandbox",
        **more,
    }
    with organized.write() as tx, pytest.raises(Invalid):
        an_account(tx, params.pop("account_id"), params.pop("name"), **params)
